//! Azure DevOps: its own description checks each request, and a played one answers.

use serde_json::{Value, json};

use loadgate::archive;

use super::desk::{CANARY, GATE, HEAD, based, judge};
use super::outsiders::Program;
use crate::support::cases::{failing, passing};
use crate::support::gate::Gate;
use crate::support::server::{Act, Script, Server, answer, ok, raw, status};

const CONTRACT: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/forge/azure-devops-git.min.json");
/// The pull request, in a project whose name is no path.
const PULL: &str = "/org/my%20shop/_apis/git/repositories/5feb-4a1/pullRequests/7";
const US: &str = "0e1d2c3b-0000-4444-8888-aaaaaaaaaaaa";

fn job(passes: bool, url: &str) -> Gate {
    let (_, run) = if passes { passing() } else { failing() };
    based(Gate::new(GATE))
        .file("run.json", archive::write(&run))
        .set("TF_BUILD", "True")
        .set("BUILD_BUILDID", "17")
        .set("BUILD_REASON", "PullRequest")
        .set("BUILD_REPOSITORY_ID", "5feb-4a1")
        .set("BUILD_REPOSITORY_PROVIDER", "TfsGit")
        .set("SYSTEM_ACCESSTOKEN", CANARY)
        .set("SYSTEM_COLLECTIONURI", &format!("{url}/org/"))
        .set("SYSTEM_PULLREQUEST_PULLREQUESTID", "7")
        .set("SYSTEM_PULLREQUEST_SOURCECOMMITID", HEAD)
        .set("SYSTEM_TEAMPROJECT", "my shop")
        .set("NO_PROXY", "127.0.0.1")
}

fn own() -> Act {
    ok(&json!({ "authenticatedUser": { "id": US } }).to_string())
}

fn thread(id: u64, author: &str, body: &str) -> Value {
    json!({ "id": id, "status": "active", "isDeleted": false, "comments": [{
        "id": 1, "parentCommentId": 0, "content": body, "commentType": "text",
        "author": { "id": author, "uniqueName": "Build\\5feb" },
    }] })
}

/// What the forge answers at the threads, turn by turn.
fn forge(turns: impl Into<Vec<Vec<Act>>>) -> Server {
    let granted = || [ok("{}")];
    let script = Script::new()
        .on("/org/_apis/connectionData", [own()])
        .on(&format!("{PULL}/threads/12"), granted())
        .on(&format!("{PULL}/threads/12/comments/1"), granted())
        .on(&format!("{PULL}/statuses"), granted());
    Server::start(script.turns(&format!("{PULL}/threads"), turns))
}

fn none() -> Vec<Act> {
    vec![ok(r#"{"count":0,"value":[]}"#)]
}

fn created() -> Vec<Act> {
    vec![ok(&thread(12, US, "x").to_string())]
}

/// The bodies of the requests with a method, with the ends of their paths.
fn bodies(server: &Server, method: &str) -> Vec<(String, Value)> {
    let asked = server.heard().into_iter().filter(|ask| ask.starts_with(method));
    let read = |ask: String| {
        let (head, body) = ask.split_once("\r\n\r\n")?;
        let path = head.split(' ').nth(1)?.strip_prefix(PULL)?.to_owned();
        Some((path, serde_json::from_str(body).ok()?))
    };
    asked.filter_map(read).collect()
}

#[test]
fn a_thread_is_active_while_the_gate_fails_and_fixed_once_it_passes() {
    let server = forge([none(), created()]);
    let done = judge(&job(false, &server.url("")), &["--check", "--publish", "require"]);
    done.code(1).says("the verdict is in a comment");
    let posts = bodies(&server, "POST");
    let told: Vec<_> = posts.iter().map(|(path, body)| (path.as_str(), body)).collect();
    let (statuses, threads) = ("/statuses?api-version=7.1", "/threads?api-version=7.1");
    assert_eq!(
        told.iter().map(|(path, _)| *path).collect::<Vec<_>>(),
        [statuses, statuses, threads]
    );
    assert_eq!((&told[0].1["state"], &told[1].1["state"]), (&"pending".into(), &"failed".into()));
    assert_eq!(told[1].1["context"], json!({ "name": "gate", "genre": "loadgate" }));
    assert_eq!(told[2].1["status"], "active");
    let text = told[2].1["comments"][0]["content"].as_str().expect("a text");
    assert!(text.starts_with("<!-- loadgate:v1 key=gate -->\n"), "{text}");
    // A person's token has no name beside it; the job's own is a bearer's.
    assert!(server.heard()[0].to_lowercase().contains("authorization: basic "));

    let old = json!({ "count": 3, "value": [
        thread(11, "somebody-else", text),
        json!({ "id": 13, "comments": [{ "id": 1, "commentType": "system", "content": text,
                "author": { "id": US } }] }),
        thread(12, &US.to_uppercase(), "<!-- loadgate:v1 key=gate -->\nold"),
    ] });
    let server = forge([vec![ok(&old.to_string())]]);
    let bearer = job(true, &server.url("")).set("SYSTEM_ACCESSTOKEN", "eyJ0.of.the-job");
    judge(&bearer, &["--publish", "require"]).code(0);
    let patches = bodies(&server, "PATCH");
    assert_eq!(patches[0].0, "/threads/12/comments/1?api-version=7.1");
    assert_eq!(
        patches[1],
        ("/threads/12?api-version=7.1".to_owned(), json!({ "status": "fixed" }))
    );
    assert_eq!((patches.len(), bodies(&server, "POST").len()), (2, 0));
    let first = server.heard()[0].to_lowercase();
    assert!(first.contains("authorization: bearer eyj0.of.the-job"), "{first}");
}

#[test]
fn whatever_azure_refuses_the_verdict_stays() {
    let rights = r#"{"message":"TF401027: You need the Git 'PullRequestContribute' permission"}"#;
    let sign_in =
        raw("HTTP/1.1 302 Found\r\nlocation: https://x.test/\r\ncontent-length: 0\r\n\r\n");
    for (refusal, said) in [
        (answer(401, "", ""), "rejects the token (401)"),
        (sign_in, "rejects the token (401)"),
        (answer(203, "", "<html>sign in</html>"), "rejects the token (401)"),
        (answer(403, "", rights), "Grant \"Contribute to pull requests\" to the build service"),
        (status(404), "or hides it from this token (404)"),
        (answer(429, "retry-after: 600\r\n", "{}"), "asks to wait 600 s"),
        (status(503), "Azure DevOps fails (503)"),
        (ok("[{\"id\":\"x\"}]"), "not what Azure's description promises"),
    ] {
        let server = forge([vec![refusal]]);
        judge(&job(false, &server.url("")), &[]).code(1).says("warning: ").says(said);
    }
    let server = forge([none()]);
    let bare = job(true, &server.url("")).set("SYSTEM_ACCESSTOKEN", "");
    judge(&bare, &[]).code(0).says("map $(System.AccessToken) to it in the step's env");
    assert_eq!(server.requests(), 0);
}

#[test]
fn the_agent_is_told_on_stdout_which_is_all_it_promises_to_read() {
    let server = forge([none()]);
    let gate = job(false, &server.url(""));
    let done = judge(&gate, &["--publish", "never"]);
    let lines: Vec<_> = done.code(1).stdout.lines().collect();
    let issue = "##vso[task.logissue type=error;sourcepath=gate.toml;linenumber=4;]p99 breached: ";
    assert!(lines.iter().any(|line| line.starts_with(issue)), "{lines:?}");
    let summary = lines.last().and_then(|line| line.strip_prefix("##vso[task.uploadsummary]"));
    let summary = summary.expect("the summary comes last");
    assert!(summary.starts_with('/'), "{summary}");
    assert_eq!(std::fs::read_to_string(summary).ok(), done.try_file("summary.md"));
    assert!(!done.stderr.contains("##vso["), "{}", done.stderr);
}

#[test]
fn every_request_is_as_azure_describes_it() {
    let listed = json!([thread(12, US, "<!-- loadgate:v1 key=gate -->\nold")]).to_string();
    let said = thread(12, US, "x").to_string();
    let remark = thread(12, US, "x")["comments"][0].to_string();
    let json = |body: &str| answer(200, "content-type: application/json\r\n", body);
    let script = Script::new()
        .turns(
            &format!("{PULL}/threads"),
            [vec![json(&listed)], vec![json("[]")], vec![json(&said)]],
        )
        .on(&format!("{PULL}/threads/12"), [json(&said)])
        .on(&format!("{PULL}/threads/12/comments/1"), [json(&remark)])
        .on(&format!("{PULL}/statuses"), [json(r#"{"id":1,"state":"pending"}"#)]);
    let server = Server::start(script);
    let contract = Program::prism(CONTRACT, Some(&server.url("")));
    let us = ["--comment-author", US, "--check", "--publish", "require"];
    judge(&job(false, &contract.url()), &us).code(1).says("in a comment");
    judge(&job(true, &contract.url()), &us).code(0).says("in a comment");
    assert_eq!((bodies(&server, "PATCH").len(), bodies(&server, "POST").len()), (2, 5));
}
