//! A played forge that does everything a forge can do to us: the verdict stays what it is.

use std::time::Duration;

use serde_json::{Value, json};

use super::desk::{COMMENTS, based, job, judge, read, with_token};
use crate::support::gate::Gate;
use crate::support::server::{Act, Script, Server, answer, ok, raw, status};

const USER: &str = r#"{"login":"octocat"}"#;
const POSTED: &str =
    r#"{"id":1,"user":{"login":"octocat"},"body":"x","html_url":"https://x.test/c"}"#;

/// What the forge answers at the comments of the pull request, turn by turn.
fn forge(turns: impl Into<Vec<Vec<Act>>>) -> Server {
    Server::start(Script::new().on("/user", [ok(USER)]).turns(COMMENTS, turns))
}

fn created() -> Vec<Act> {
    vec![answer(201, "", POSTED)]
}

fn none() -> Vec<Act> {
    vec![ok("[]")]
}

#[test]
fn the_first_run_posts_a_comment_and_tells_the_steps_after_it() {
    let server = forge([none(), created()]);
    let gate = with_token(false, &server);
    let done = judge(&gate, &[]);
    done.code(1).says("the verdict is in a comment: https://x.test/c");
    let asked = server.heard();
    let post = asked.iter().find(|ask| ask.starts_with("POST")).expect("a comment was posted");
    assert!(post.to_lowercase().contains("authorization: bearer ghp_"), "{post}");
    assert!(post.to_lowercase().contains("x-github-api-version: 2022-11-28"), "{post}");
    assert!(post.contains(r#"{"body":"<!-- loadgate:v1 key=gate -->\n<!-- loadgate-meta {"#));
    let output = read(&gate, "output");
    for (name, value) in [
        ("verdict", "fail"),
        ("exit-code", "1"),
        ("failed", "3"),
        ("report-path", "loadgate-out"),
        ("comment-url", "https://x.test/c"),
    ] {
        assert!(holds(&output, name, value), "{name} is not {value}:\n{output}");
    }
    // The job's summary has a chart besides, which only its host draws.
    let summary = read(&gate, "summary");
    let (before, chart) = summary.split_once("```mermaid\n").expect("it has a chart");
    let after = chart.split_once("```\n\n").expect("a chart ends").1;
    assert_eq!(format!("{before}{after}"), done.file("summary.md"));
    done.says("::error file=gate.toml,line=4,title=p99 breached::GET /cart p99");
}

/// Whether an output of a step has this value.
fn holds(output: &str, name: &str, value: &str) -> bool {
    let lines: Vec<_> = output.lines().collect();
    lines.windows(3).any(|part| {
        part[0].strip_prefix(name).and_then(|rest| rest.strip_prefix("<<")) == Some(part[2])
            && part[1] == value
    })
}

#[test]
fn whatever_a_forge_refuses_the_verdict_stays() {
    let forbidden = r#"{"message":"Resource not accessible by integration"}"#;
    let invalid = r#"{"message":"Validation Failed","errors":[{"message":"odd ::error::x"}]}"#;
    for (refusal, said) in [
        (answer(401, "", r#"{"message":"Bad credentials"}"#), "rejects the token (401)"),
        (answer(403, "", forbidden), "Grant `pull-requests: write`"),
        (answer(403, "", forbidden), "from a fork or Dependabot can only read"),
        (answer(403, "", r#"{"message":"Unable to comment: locked"}"#), "locked or deleted"),
        (status(404), "or hides it from this token (404)"),
        (status(410), "locked or deleted (410)"),
        (answer(422, "", invalid), "does not take it (422 Validation Failed: odd : :error::x)"),
        (answer(429, "retry-after: 900\r\n", "{}"), "asks to wait 900 s"),
        (answer(403, "x-ratelimit-remaining: 0\r\n", "{}"), "rate limit is used up"),
        (answer(301, "location: http://127.0.0.1:1/\r\n", ""), "a redirect (301)"),
    ] {
        let server = forge([none(), vec![refusal]]);
        let done = judge(&with_token(false, &server), &[]);
        done.code(1).says("warning: ").says(said);
        assert_eq!(server.hits(COMMENTS), 2, "{said}");
    }
}

#[test]
fn a_pass_that_could_not_be_published_is_undelivered_where_that_is_required() {
    let refused = || forge([none(), vec![status(403)]]);
    judge(&with_token(true, &refused()), &[]).code(0).says("warning: ");
    let gate = with_token(true, &refused());
    judge(&gate, &["--publish", "require"]).code(4).says("warning: ");
    assert!(holds(&read(&gate, "output"), "exit-code", "4"), "{}", read(&gate, "output"));
    judge(&with_token(false, &refused()), &["--publish", "require"]).code(1);
    // Without a token, and outside of any host.
    judge(&job(true, "http://127.0.0.1:1"), &[])
        .code(0)
        .says("GITHUB_TOKEN or GH_TOKEN is not set");
    judge(&job(true, "http://127.0.0.1:1"), &["--publish", "require"]).code(4);
    let nowhere = job(true, "http://127.0.0.1:1").set("GITHUB_ACTIONS", "");
    judge(&nowhere, &["--publish", "require"]).code(4).says("no CI host is known");
    // A push has no pull request: nothing is missing.
    let push = job(true, "http://127.0.0.1:1").set("GITHUB_EVENT_NAME", "push");
    let push = push.set("GITHUB_REF", "refs/heads/main").file("event.json", "{}");
    judge(&push, &["--publish", "require"]).code(0);
}

#[test]
fn a_post_that_may_have_been_heard_is_looked_for_before_it_is_made_again() {
    let first = forge([none(), created()]);
    judge(&with_token(false, &first), &[]);
    let text: Value = serde_json::from_str(&bodies(&first)[0]).expect("a body is JSON");
    let text = &text["body"];
    let reset = vec![Act::Reset];
    let broken = vec![status(502)];
    for failure in [reset, broken] {
        let server = forge([none(), failure.clone(), none(), created()]);
        judge(&with_token(false, &server), &[]).code(1).says("in a comment");
        assert_eq!(methods(&server), ["GET", "POST", "GET", "POST"]);
        // It had been heard: there is nothing left to post.
        let listed = json!([{ "id": 1, "user": { "login": "octocat" }, "body": text }]);
        let heard = forge([none(), failure, vec![ok(&listed.to_string())]]);
        judge(&with_token(false, &heard), &[]).code(1).says("in a comment");
        assert_eq!(methods(&heard), ["GET", "POST", "GET"]);
    }
}

/// The methods of the requests for comments, in order.
fn methods(server: &Server) -> Vec<String> {
    let asked = server.heard().into_iter().filter(|ask| ask.contains(COMMENTS));
    asked.map(|ask| ask.split(' ').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn reading_is_tried_again_and_waiting_is_short_or_not_at_all() {
    let soon = answer(429, "retry-after: 1\r\n", "{}");
    let server = forge([vec![status(503)], none(), vec![soon], created()]);
    let done = judge(&with_token(false, &server), &[]);
    done.code(1).says("in a comment");
    assert_eq!(methods(&server), ["GET", "GET", "POST", "POST"]);
    let server = forge([vec![status(503)]]);
    let done = judge(&with_token(false, &server), &[]);
    done.code(1).says("GitHub fails (503)");
    assert_eq!(server.hits(COMMENTS), 3);
    assert!(done.took < Duration::from_secs(20), "{:?}", done.took);
}

#[test]
fn a_text_that_is_too_long_is_sent_once_more_and_shorter() {
    let long = answer(422, "", r#"{"message":"Body is too long (maximum is 65536 characters)"}"#);
    let server = forge([none(), vec![long.clone()], none(), created()]);
    let gate = based(with_token(false, &server).file("gate.toml", many()));
    judge(&gate, &[]).says("in a comment");
    let sizes: Vec<_> = bodies(&server).iter().map(String::len).collect();
    assert!(sizes.len() == 2 && sizes[1] < sizes[0], "{sizes:?}");
    let server = forge([none(), vec![long]]);
    let gate = based(with_token(false, &server).file("gate.toml", many()));
    judge(&gate, &[]).says("too long (422)");
}

/// A gate that asks so much that its report is long.
fn many() -> String {
    let limits = (1..900).map(|nth| {
        let (percent, part) = (50 + nth / 20, nth % 20 * 5);
        format!("\"p{percent}.{part:02}\" = \"< {}us\"", nth * 100)
    });
    let limits: Vec<_> = limits.collect();
    format!("[sla]\n{}\n", limits.join("\n"))
}

fn bodies(server: &Server) -> Vec<String> {
    let posts = server.heard().into_iter().filter(|ask| ask.starts_with("POST"));
    posts.filter_map(|ask| ask.split_once("\r\n\r\n").map(|(_, body)| body.to_owned())).collect()
}

#[test]
fn odd_answers_are_told_and_nothing_from_a_forge_reaches_the_log_raw() {
    let hostile = "{\"message\":\"\\u001b[31m::error::x\\n##vso[task.complete]\"}";
    for odd in [
        vec![ok("<html>")],
        vec![ok(r#"[{"id":"x"}]"#)],
        vec![raw("nonsense\r\n\r\n"), Act::Close],
        vec![answer(403, "", hostile)],
        vec![answer(418, "", hostile)],
        vec![Act::Close],
    ] {
        let server = forge([odd]);
        let done = judge(&with_token(false, &server), &[]);
        done.code(1).says("warning: ");
        let log = done.stderr.lines().filter(|line| line.starts_with("warning"));
        let log = log.collect::<String>();
        assert!(!log.contains("::error::") && !log.contains("##vso[") && !log.contains('\u{1b}'));
    }
}

#[test]
fn a_token_never_crosses_a_network_in_the_clear() {
    let gate = job(false, "http://forge.invalid/api/v3").set("GH_TOKEN", super::desk::CANARY);
    let done = judge(&gate, &[]);
    done.code(1).says("a token must not cross a network in the clear");
}

#[test]
fn a_comment_may_be_unwanted() {
    let quiet = |passes: bool, flags: &[&str]| {
        let server = forge([none(), created()]);
        judge(&with_token(passes, &server), flags);
        methods(&server).join(" ")
    };
    assert_eq!(quiet(true, &["--comment", "on-failure"]), "GET");
    assert_eq!(quiet(false, &["--comment", "on-failure"]), "GET POST");
    assert_eq!(quiet(false, &["--comment", "never"]), "");
    assert_eq!(quiet(false, &["--publish", "never"]), "");
    assert_eq!(quiet(false, &["--ci", "none"]), "");
    assert_eq!(quiet(true, &["--comment", "always"]), "GET POST");
}

#[test]
fn a_merge_queue_gets_no_comment() {
    let server = forge([none(), created()]);
    let queue = with_token(false, &server).set("GITHUB_EVENT_NAME", "merge_group");
    judge(&queue, &["--comment", "always"]).code(1);
    assert_eq!(server.requests(), 0);
}

#[test]
fn outside_of_a_host_nothing_is_asked_and_no_file_is_touched() {
    let server = forge([none(), created()]);
    let gate = with_token(false, &server).set("GITHUB_ACTIONS", "");
    let done = judge(&gate, &[]);
    done.code(1);
    assert_eq!(server.requests(), 0);
    assert_eq!((read(&gate, "output"), read(&gate, "summary")), (String::new(), String::new()));
    assert!(!done.stderr.contains("::error"), "{}", done.stderr);
}

#[test]
fn a_summary_that_cannot_be_written_is_said_and_no_more() {
    let gate: Gate = job(false, "http://127.0.0.1:1").set("GITHUB_STEP_SUMMARY", "/nowhere/at/all");
    judge(&gate, &["--comment", "never"]).code(1).says("warning: cannot write `/nowhere/at/all`");
}

#[test]
fn a_forge_may_live_below_a_path_and_behind_a_proxy() {
    let script = Script::new()
        .on("/api/v3/user", [ok(USER)])
        .turns(&format!("/api/v3{COMMENTS}"), [none(), created()]);
    let server = Server::start(script);
    let gate = with_token(false, &server).set("GITHUB_API_URL", &server.url("/api/v3"));
    judge(&gate, &[]).code(1).says("in a comment");
    let proxy = Server::start(Script::new());
    let gate = job(false, "http://localhost:9/api/v3").set("GITHUB_TOKEN", super::desk::CANARY);
    let gate = gate.set("NO_PROXY", "").set("HTTP_PROXY", &proxy.url(""));
    judge(&gate, &[]).code(1);
    let asked = proxy.heard();
    assert!(asked[0].starts_with("GET http://localhost:9/api/v3/user "), "{asked:?}");
}
