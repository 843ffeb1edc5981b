//! Checks and commit statuses: opened before the load, closed whatever happens.

use loadgate::host::annotate::{Annotation, Severity};
use loadgate::host::check::Conclusion;
use loadgate::host::letter::Key;
use loadgate::host::{Ci, Forge, Place};
use loadgate::publish::client::Token;
use loadgate::publish::{Comment, Door, Mode, Opened, Publisher, Told, Wish};
use serde_json::Value;

use super::desk::{CANARY, COMMENTS, HEAD, based, judge, with_token};
use crate::support::gate::Gate;
use crate::support::server::{Act, Script, Server, answer, ok, status};

const CHECKS: &str = "/repos/octocat/shop/check-runs";
const CHECK: &str = "/repos/octocat/shop/check-runs/5";

fn statuses() -> String {
    format!("/repos/octocat/shop/statuses/{HEAD}")
}

/// A forge that takes everything; what it says to a new check is given.
fn forge(check: Act) -> Server {
    let script = Script::new()
        .on("/ok", [ok("fine")])
        .on("/user", [ok(r#"{"login":"octocat"}"#)])
        .on(CHECKS, [check])
        .on(CHECK, [ok("{}")])
        .on(&statuses(), [answer(201, "", "{}")]);
    Server::start(script)
}

fn opened() -> Act {
    answer(201, "", r#"{"id":5}"#)
}

/// The bodies of the requests that begin like this, in order.
fn bodies(server: &Server, begin: &str) -> Vec<Value> {
    let asked = server.heard().into_iter().filter(|ask| ask.starts_with(begin));
    let bodies =
        asked.filter_map(|ask| ask.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()));
    bodies.map(|body| serde_json::from_str(&body).expect("a body is JSON")).collect()
}

#[test]
fn a_check_is_opened_on_the_head_and_closed_with_the_verdict() {
    for (passes, code, conclusion) in [(true, 0, "success"), (false, 1, "failure")] {
        let server = forge(opened());
        let gate = with_token(passes, &server);
        judge(&gate, &["--check", "--comment", "never", "--comment-key", "api"]).code(code);
        let open = &bodies(&server, &format!("POST {CHECKS} "))[0];
        assert_eq!((&open["name"], &open["head_sha"]), (&"loadgate / api".into(), &HEAD.into()));
        assert_eq!(open["status"], "in_progress");
        let close = &bodies(&server, "PATCH")[0];
        assert_eq!(
            (&close["status"], &close["conclusion"]),
            (&"completed".into(), &conclusion.into())
        );
        let first = &close["output"]["annotations"][0];
        if !passes {
            assert_eq!((&first["path"], &first["start_line"]), (&"gate.toml".into(), &2.into()));
        }
    }
}

#[test]
fn where_there_can_be_no_check_there_is_a_commit_status() {
    for refusal in [403, 404] {
        let server = forge(status(refusal));
        let flags = ["--check", "--comment", "never"];
        judge(&with_token(false, &server), &flags).code(1).says("so the check was not written");
        let told = bodies(&server, "POST /repos/octocat/shop/statuses");
        let states: Vec<_> = told.iter().map(|body| body["state"].as_str()).collect();
        assert_eq!(states, [Some("pending"), Some("failure")]);
        assert_eq!(told[1]["context"], "loadgate/gate");
    }
    // Gitea has no checks, and another word for its token.
    let server = forge(opened());
    let gitea = with_token(true, &server).set("GITEA_ACTIONS", "true");
    judge(&gitea, &["--check", "--comment", "never"]).code(0);
    assert_eq!(server.hits(CHECKS), 0);
    let told = server.heard();
    assert!(told.iter().all(|ask| ask.to_lowercase().contains("authorization: token ghp_")));
    assert_eq!(bodies(&server, "POST").len(), 2);
}

#[test]
fn a_check_that_cannot_be_written_changes_no_verdict() {
    for refusal in [status(401), status(500), Act::Reset] {
        let server = forge(refusal.clone());
        let flags = ["--check", "--comment", "never"];
        judge(&with_token(true, &server), &flags).code(0).says("warning: ");
        judge(&with_token(false, &forge(refusal)), &flags).code(1);
    }
}

#[test]
fn the_head_and_the_pull_request_are_asked_for_where_the_event_is_silent() {
    // A comment on a pull request started the job: its event names no head.
    let pull = format!(r#"{{"head":{{"sha":"{HEAD}"}}}}"#);
    let script = || {
        Script::new()
            .on("/user", [ok(r#"{"login":"octocat"}"#)])
            .on("/repos/octocat/shop/pulls/7", [ok(&pull)])
            .on(CHECKS, [opened()])
            .on(CHECK, [ok("{}")])
            .turns(COMMENTS, [vec![ok("[]")], vec![answer(201, "", r#"{"id":1}"#)]])
    };
    let server = Server::start(script());
    let event = r#"{"issue":{"number":7,"pull_request":{}}}"#;
    let gate = with_token(true, &server).file("event.json", event);
    let gate = gate.set("GITHUB_EVENT_NAME", "issue_comment").set("GITHUB_REF", "refs/heads/main");
    judge(&gate, &["--check", "--publish", "require"]).code(0);
    assert_eq!(bodies(&server, "POST")[0]["head_sha"], HEAD);
    // The second workflow of a fork's pull request: only the head is to be trusted.
    let pulls = format!(
        r#"[{{"number":6,"state":"closed","head":{{"sha":"{HEAD}"}}}},
            {{"number":5,"state":"open","head":{{"sha":"other"}}}},
            {{"number":7,"state":"open","head":{{"sha":"{HEAD}"}}}}]"#
    );
    let path = format!("/repos/octocat/shop/commits/{HEAD}/pulls");
    let server = Server::start(script().on(&path, [ok(&pulls)]));
    let event = format!(
        r#"{{"workflow_run":{{"event":"pull_request","head_sha":"{HEAD}","pull_requests":[]}}}}"#
    );
    let gate = with_token(true, &server).file("event.json", event);
    let gate = gate.set("GITHUB_EVENT_NAME", "workflow_run").set("GITHUB_REF", "refs/heads/main");
    judge(&gate, &["--publish", "require"]).code(0);
    assert_eq!(server.hits(COMMENTS), 2);
    let server = Server::start(script().on(&path, [ok("[]")]));
    let gate = gate.set("GITHUB_API_URL", &server.url(""));
    judge(&gate, &[]).code(0).says("no open pull request ends here");
}

/// A gate that puts a load on the played server, for so long.
fn loaded(server: &Server, seconds: u64, share: &str) -> Gate {
    let url = server.url("");
    let text = format!(
        "[target]\nurl = \"{url}\"\n[load]\nrate = \"20/s\"\nduration = \"{seconds}s\"\n\
         [[request]]\nget = \"/ok\"\n[sla]\nstatus_200 = \"{share}\"\n"
    );
    based(with_token(true, server).file("gate.toml", text))
}

#[test]
fn a_signal_closes_the_check_as_cancelled() {
    let server = forge(opened());
    let gate = loaded(&server, 50, "> 50%");
    let mut run = gate.start(&["run", "gate.toml", "--check"]);
    run.until("the load", |_| server.hits("/ok") > 3);
    assert_eq!(server.hits(CHECKS), 1, "it was opened before the load");
    run.signal("INT");
    let done = run.end(&gate);
    done.code(130);
    assert_eq!(bodies(&server, "PATCH")[0]["conclusion"], "cancelled");
    assert_eq!(server.hits(COMMENTS), 0, "an interrupted run says nothing about the change");
    let log = &done.stderr;
    let (deaf, rest) = log.split_once("::stop-commands::").expect("the host is deaf to the load");
    let word = rest.lines().next().expect("a line has an end");
    assert!(
        deaf.contains("::group::load") && rest.contains(&format!("\n::{word}::\n::endgroup::"))
    );
}

#[test]
fn a_forge_that_never_answers_is_left_when_a_signal_comes() {
    let script = Script::new().on("/ok", [ok("fine")]).on("/user", [Act::Stall]);
    let server = Server::start(script);
    let gate = loaded(&server, 2, "< 50%");
    let mut run = gate.start(&["run", "gate.toml"]);
    run.until("a question to the forge", |_| server.hits("/user") == 1);
    run.signal("TERM");
    let done = run.end(&gate);
    done.code(1).says("the time for publishing was over").reports();
}

/// Who publishes at a played forge.
fn publisher(server: &Server) -> Publisher {
    let place = Place {
        forge: Some(Forge::GitHub),
        api: Some(server.url("")),
        repository: Some("octocat/shop".to_owned()),
        head: Some(HEAD.to_owned()),
        ..Place::bare(Ci::GitHub)
    };
    let key = Key::parse("api").expect("a key");
    let wish =
        Wish { mode: Mode::Auto, comment: Comment::Auto, check: true, authors: Vec::new(), key };
    let token = Some(Token::new(CANARY.to_owned()));
    Publisher::new(Door { place, token }, wish)
}

#[test]
fn a_run_that_breaks_down_leaves_no_check_open() {
    let server = forge(opened());
    let publisher = publisher(&server);
    publisher.abandon(Opened::Check(5));
    let close = &bodies(&server, "PATCH")[0];
    assert_eq!(close["conclusion"], "failure");
    assert!(!format!("{publisher:?}").contains(CANARY));
    // Beyond fifty annotations more requests follow.
    let annotation = Annotation {
        severity: Severity::Error,
        file: Some("gate.toml".to_owned()),
        line: 3,
        title: "p99".to_owned(),
        message: "p99".to_owned(),
    };
    let told = Told {
        conclusion: Conclusion::Fail,
        title: "fail".to_owned(),
        page: "page".to_owned(),
        short: String::new(),
        annotations: vec![annotation; 120],
        figures: Vec::new(),
    };
    let _ = publisher.tell(Some(Opened::Check(5)), &told, std::future::pending());
    let sent = bodies(&server, "PATCH");
    let counts: Vec<_> = sent[1..]
        .iter()
        .filter_map(|body| body["output"]["annotations"].as_array().map(Vec::len))
        .collect();
    assert_eq!(counts, [50, 50, 20]);
}
