//! A played GitLab: the note under a merge request, and the files that its pages read.

use serde_json::{Value, json};

use loadgate::archive;

use super::desk::{CANARY, GATE, HEAD, based, judge};
use crate::support::cases::{failing, no_answers, passing};
use crate::support::gate::Gate;
use crate::support::server::{Act, Script, Server, answer, ok, status};

/// Notes of the merge request, in the project it would be merged into.
const NOTES: &str = "/api/v4/projects/42/merge_requests/7/notes";
const NOTE: &str = "/api/v4/projects/42/merge_requests/7/notes/31";
const USER: &str = r#"{"id":9,"username":"project_42_bot","name":"loadgate","state":"active"}"#;
const POSTED: &str = r#"{"id":31,"body":"x","author":{"id":9,"username":"project_42_bot"},
    "system":false,"noteable_id":377,"noteable_type":"MergeRequest","noteable_iid":7}"#;

/// A job in the pipeline of a merge request that comes from a fork.
fn job(passes: bool, server: &Server) -> Gate {
    let (_, run) = if passes { passing() } else { failing() };
    based(Gate::new(GATE))
        .file("run.json", archive::write(&run))
        .set("GITLAB_CI", "true")
        .set("CI_API_V4_URL", &server.url("/api/v4"))
        .set("CI_COMMIT_SHA", HEAD)
        .set("CI_JOB_TOKEN", "glcbt-64_job")
        .set("CI_JOB_URL", "https://gitlab.test/fork/shop/-/jobs/5")
        .set("CI_MERGE_REQUEST_IID", "7")
        .set("CI_MERGE_REQUEST_PROJECT_ID", "42")
        .set("CI_MERGE_REQUEST_PROJECT_URL", "https://gitlab.test/octo/shop")
        .set("CI_PIPELINE_ID", "17")
        .set("CI_PIPELINE_SOURCE", "merge_request_event")
        .set("CI_PROJECT_ID", "99")
        .set("NO_PROXY", "127.0.0.1")
}

fn with_token(passes: bool, server: &Server) -> Gate {
    job(passes, server).set("LOADGATE_GITLAB_TOKEN", CANARY)
}

/// What the forge answers at the notes, turn by turn; every change of note 31 is granted.
fn forge(turns: impl Into<Vec<Vec<Act>>>) -> Server {
    let script = Script::new().on("/api/v4/user", [ok(USER)]).on(NOTE, [ok(POSTED)]);
    Server::start(script.turns(NOTES, turns))
}

fn none() -> Vec<Act> {
    vec![ok("[]")]
}

fn created() -> Vec<Act> {
    vec![answer(201, "", POSTED)]
}

fn note(id: u64, author: &str, system: bool, body: &str) -> Value {
    json!({ "id": id, "body": body, "author": { "id": 1, "username": author }, "system": system,
            "attachment": null, "resolvable": false, "confidential": false, "noteable_iid": 7 })
}

/// The methods of the requests for notes, in order.
fn methods(server: &Server) -> String {
    let asked = server.heard().into_iter().filter(|ask| ask.contains("/notes"));
    let asked = asked.map(|ask| ask.split(' ').next().unwrap_or_default().to_owned());
    asked.collect::<Vec<_>>().join(" ")
}

#[test]
fn the_first_run_writes_a_note_in_the_project_it_is_merged_into() {
    let server = forge([none(), created()]);
    let done = judge(&with_token(false, &server), &["--publish", "require"]);
    done.code(1).says("https://gitlab.test/octo/shop/-/merge_requests/7#note_31");
    let asked = server.heard();
    let post = asked.iter().find(|ask| ask.starts_with("POST")).expect("a note was posted");
    assert!(post.to_lowercase().contains(&format!("private-token: {}", CANARY.to_lowercase())));
    assert!(post.contains(r#"{"body":"<!-- loadgate:v1 key=gate -->\n<!-- loadgate-meta {"#));
    assert!(!post.contains("glcbt-"), "the job's own token opens nothing here");
    assert!(asked[1].contains("/notes?per_page=100&sort=asc&page=1 "), "{}", asked[1]);
}

#[test]
fn a_later_run_changes_its_own_note_on_any_page_and_nobody_elses() {
    let marked = "<!-- loadgate:v1 key=gate -->\n";
    let next = "link: <https://x.test/?page=2>; rel=\"next\", <https://x.test/?page=1>; \
                rel=\"first\"\r\n";
    let stranger = note(11, "mallory", false, &format!("{marked}forged"));
    let system = note(12, "project_42_bot", true, &format!("{marked}changed the title"));
    let first = json!([stranger, system]).to_string();
    let ours = json!([note(31, "project_42_bot", false, &format!("{marked}old"))]).to_string();
    let server = forge([vec![answer(200, next, &first)], vec![ok(&ours)]]);
    judge(&with_token(true, &server), &[]).code(0).says("#note_31");
    assert_eq!(methods(&server), "GET GET PUT");
    assert_eq!(server.hits(NOTE), 1);
    // Where only others have the marker, a note of our own is made.
    let server = forge([vec![ok(&first)], created()]);
    judge(&with_token(true, &server), &[]).code(0);
    assert_eq!(methods(&server), "GET POST");
    // What a newer pipeline has said stays.
    let meta = r#"<!-- loadgate-meta {"run":18,"attempt":1,"sha":null} -->"#;
    let newer = note(31, "project_42_bot", false, &format!("{marked}{meta}\nnewer"));
    let server = forge([vec![ok(&json!([newer]).to_string())]]);
    judge(&with_token(true, &server), &[]).code(0).says("a newer run has commented already");
    assert_eq!(methods(&server), "GET");
}

#[test]
fn whatever_gitlab_refuses_the_verdict_stays() {
    let invalid = r#"{"message":{"note":["is too ##vso[x] long"]}}"#;
    for (refusal, said) in [
        (answer(401, "", r#"{"message":"401 Unauthorized"}"#), "rejects the token (401)"),
        (answer(403, "", r#"{"message":"403 Forbidden"}"#), "token with the scope `api`"),
        (answer(404, "", r#"{"message":"404 Not found"}"#), "or hides it from this token (404)"),
        (answer(400, "", invalid), "does not take it (400"),
        (answer(429, "retry-after: 600\r\n", "Retry later"), "asks to wait 600 s"),
        (status(500), "GitLab fails (500)"),
        (ok("<html>"), "not what GitLab's documentation promises"),
    ] {
        let server = forge([vec![refusal.clone()]]);
        let done = judge(&with_token(false, &server), &[]);
        done.code(1).says("warning: ").says(said);
        assert!(!done.stderr.contains("##vso["), "{}", done.stderr);
        judge(&with_token(true, &server), &["--publish", "require"]).code(4).says(said);
    }
    let server = forge([none(), vec![Act::Reset], none(), created()]);
    judge(&with_token(false, &server), &[]).code(1).says("#note_31");
    assert_eq!(methods(&server), "GET POST GET POST");
}

#[test]
fn that_the_token_of_the_job_cannot_write_notes_is_told() {
    let server = forge([none(), created()]);
    let told = "LOADGATE_GITLAB_TOKEN is not set; it takes a project access token with the scope \
                `api`, since the job's own token cannot write notes";
    judge(&job(true, &server), &[]).code(0).says(told);
    judge(&job(true, &server), &["--publish", "require"]).code(4).says(told);
    let own = job(true, &server).set("LOADGATE_GITLAB_TOKEN", "glcbt-64_job");
    judge(&own, &[]).code(0).says("has the job's own token, which cannot write notes");
    assert_eq!(server.requests(), 0);
    // Outside of a merge request nothing is missing.
    let push = job(true, &server).set("CI_MERGE_REQUEST_IID", "").set("CI_PIPELINE_SOURCE", "push");
    judge(&push, &["--publish", "require"]).code(0);
}

/// The bodies of the statuses that were posted for the job's own commit.
fn statuses(server: &Server) -> Vec<Value> {
    let path = format!("POST /api/v4/projects/99/statuses/{HEAD} ");
    let asked = server.heard().into_iter().filter(|ask| ask.starts_with(&path));
    let bodies = asked.filter_map(|ask| ask.split_once("\r\n\r\n").map(|(_, it)| it.to_owned()));
    bodies.map(|body| serde_json::from_str(&body).expect("a body is JSON")).collect()
}

#[test]
fn a_status_runs_while_the_load_is_on_and_ends_with_the_verdict() {
    let posted = format!("/api/v4/projects/99/statuses/{HEAD}");
    let flags = ["--check", "--comment", "never", "--publish", "require"];
    for (passes, code, ended) in [(true, 0, "success"), (false, 1, "failed")] {
        let server = Server::start(Script::new().on(&posted, [answer(201, "", "{}")]));
        judge(&with_token(passes, &server), &flags).code(code);
        let told = statuses(&server);
        let states: Vec<_> = told.iter().map(|body| body["state"].as_str()).collect();
        assert_eq!(states, [Some("running"), Some(ended)]);
        assert_eq!(
            (&told[1]["name"], &told[1]["pipeline_id"]),
            (&"loadgate/gate".into(), &17.into())
        );
        assert_eq!(told[1]["target_url"], "https://gitlab.test/fork/shop/-/jobs/5");
        assert_eq!(server.requests(), 2);
    }
    // What cannot be set changes no verdict.
    for (refusal, said) in [(403, "token with the scope `api`"), (404, "(404)"), (500, "(500)")] {
        let server = Server::start(Script::new().on(&posted, [status(refusal)]));
        judge(&with_token(false, &server), &flags[..3]).code(1).says(said);
        judge(&with_token(true, &server), &flags).code(4).says("commit status was not written");
    }
    // Without a merge request as well: a push has a pipeline, too.
    let server = Server::start(Script::new().on(&posted, [answer(201, "", "{}")]));
    let push = with_token(true, &server).set("CI_MERGE_REQUEST_IID", "");
    judge(&push.set("CI_PIPELINE_SOURCE", "push"), &["--check"]).code(0);
    assert_eq!(statuses(&server).len(), 2);
}

#[test]
fn a_slow_gitlab_is_waited_for_and_a_silent_one_is_left_when_a_signal_comes() {
    let slow = |act: Act| vec![Act::Wait(std::time::Duration::from_millis(1500)), act];
    let server = forge([slow(ok("[]")), slow(answer(201, "", POSTED))]);
    judge(&with_token(false, &server), &["--publish", "require"]).code(1).says("#note_31");
    let script = Script::new().on("/ok", [ok("fine")]).on("/api/v4/user", [Act::Stall]);
    let server = Server::start(script);
    let url = server.url("");
    let gate = with_token(true, &server).file(
        "gate.toml",
        format!(
            "[target]\nurl = \"{url}\"\n[load]\nrate = \"20/s\"\nduration = \"2s\"\n\
             [[request]]\nget = \"/ok\"\n[sla]\nstatus_200 = \"< 50%\"\n"
        ),
    );
    // Its gate file of the base asks something else; what matters is that it fails in time.
    let mut run = gate.start(&["run", "gate.toml", "--accept-policy-change"]);
    run.until("a question to the forge", |_| server.hits("/api/v4/user") == 1);
    run.signal("TERM");
    run.end(&gate).code(1).says("the time for publishing was over");
}

#[test]
fn the_files_of_gitlab_have_the_keys_that_its_pages_read() {
    let server = forge([none(), created()]);
    let done = judge(&with_token(false, &server), &[]);
    let read = |name: &str| serde_json::from_str::<Value>(&done.file(name)).expect("it is JSON");
    let metrics = &read("load_performance.json")["metrics"];
    let number = |family: &str, key: &str| metrics[family][key].as_f64();
    let (passes, fails) = (number("checks", "passes"), number("checks", "fails"));
    let count = number("http_reqs", "count").expect("requests are counted");
    assert_eq!(passes.zip(fails).map(|(passes, fails)| passes + fails), Some(count));
    let waiting =
        ["min", "med", "p(90)", "p(95)", "max"].map(|key| number("http_req_waiting", key));
    assert!(waiting.iter().all(Option::is_some) && waiting.is_sorted(), "{metrics}");
    assert!(number("http_reqs", "rate").is_some_and(|rate| rate > 0.0), "{metrics}");
    let link = &read("annotations.json")["loadgate"][0]["external_link"];
    let page = "https://gitlab.test/fork/shop/-/jobs/5/artifacts/file/loadgate-out/report.html";
    assert_eq!((&link["url"], &link["label"]), (&page.into(), &"loadgate: fail".into()));
    assert!(done.file("metrics.txt").ends_with("# EOF\n"));
}

#[test]
fn without_a_request_gitlab_gets_no_number_that_is_none() {
    let server = forge([none()]);
    let (_, run) = no_answers();
    let silent = run.endpoints.iter().all(|endpoint| endpoint.whole.count() == 0);
    let done = judge(&job(true, &server).file("run.json", archive::write(&run)), &[]);
    let text = done.file("load_performance.json");
    let read: Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(read["metrics"].get("checks").is_none(), silent, "{text}");
    assert!(!text.contains("null") && !text.contains("NaN"), "{text}");
}

#[test]
fn files_of_a_host_are_written_there_or_where_it_is_named() {
    let server = forge([none()]);
    let done = judge(&job(true, &server).set("GITLAB_CI", ""), &[]);
    done.code(0).reports();
    let asked = job(true, &server).set("GITLAB_CI", "");
    let done = judge(&asked, &["--ci", "gitlab", "--publish", "never"]);
    done.code(0).file("metrics.txt");
    let done = judge(&job(true, &server).set("GITLAB_CI", ""), &["--ci", "jenkins"]);
    assert!(done.code(0).file("performance.xml").starts_with("<?xml"));
    // A directory in its place is seen before anything is done.
    let gate = job(true, &server);
    std::fs::create_dir_all(gate.path("loadgate-out/metrics.txt")).expect("a directory");
    judge(&gate, &[]).code(2).says("is a directory, and a report goes there");
}
