//! The second workflow of a fork's pull request, from the artifact to the comment: whatever a
//! stranger has put there, the numbers alone count, and the event alone says whose they are.

use loadgate::archive;
use loadgate::run::Run;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::desk::{CANARY, COMMENTS, GATE, HEAD, with_token};
use crate::support::cases::{failing, hostile, passing};
use crate::support::gate::{Done, Gate};
use crate::support::server::{Act, Script, Server, answer, ok};

const PULLS: &str = "/repos/octocat/shop/commits/89abcdef0123456789abcdef0123456789abcdef/pulls";

/// A forge with three pull requests of this commit, of which one is open and ends there.
fn forge() -> Script {
    let pull = |number: u64, state: &str, head: &str| {
        let head = json!({ "sha": head });
        json!({ "number": number, "state": state, "head": head })
    };
    let other = "5".repeat(40);
    let pulls = json!([pull(6, "closed", HEAD), pull(5, "open", &other), pull(7, "open", HEAD)]);
    Script::new()
        .on("/user", [ok(r#"{"login":"octocat"}"#)])
        .on(PULLS, [ok(&pulls.to_string())])
        .turns(COMMENTS, [vec![ok("[]")], vec![created()]])
}

fn created() -> Act {
    answer(201, "", r#"{"id":1,"html_url":"https://x.test/c"}"#)
}

/// The job that follows the fork's, with the fork's artifact.
fn second(server: &Server, mut run: Run) -> Gate {
    run.origin.gate_hash = format!("{:x}", Sha256::digest(GATE));
    let event = format!(
        r#"{{"workflow_run":{{"event":"pull_request","head_sha":"{HEAD}","pull_requests":[]}}}}"#
    );
    let gate = with_token(true, server).file("event.json", event);
    let gate = gate.set("GITHUB_EVENT_NAME", "workflow_run").set("GITHUB_REF", "refs/heads/main");
    std::fs::create_dir(gate.path("of-fork")).expect("a folder in a temporary directory");
    for (name, text) in [
        ("run.json", archive::write(&run)),
        ("verdict.json", r#"{"verdict":"pass","exit_code":0,"pull":999}"#.to_owned()),
        ("summary.md", "FORGED ✅ pass".to_owned()),
        ("pr.txt", "999".to_owned()),
    ] {
        std::fs::write(gate.path("of-fork").join(name), text).expect("a file of ours");
    }
    gate
}

fn publish(gate: &Gate) -> Done {
    let done = gate.run(&["publish", "of-fork", "--gate", "gate.toml", "--publish", "require"]);
    assert!(!done.stderr.contains(CANARY) && !done.stdout.contains(CANARY));
    done
}

/// The comment that was posted.
fn posted(server: &Server) -> String {
    let asked = server.heard();
    let post = asked.iter().find(|ask| ask.starts_with("POST")).expect("a comment was posted");
    assert!(post.starts_with(&format!("POST {COMMENTS} ")), "{post}");
    let body = post.split_once("\r\n\r\n").expect("a request has a body").1;
    let body: serde_json::Value = serde_json::from_str(body).expect("a body is JSON");
    body["body"].as_str().expect("a comment is a text").to_owned()
}

#[test]
fn the_verdict_is_made_again_and_goes_to_the_pull_request_of_the_head() {
    for (run, code, verdict) in [(failing().1, 1, "❌ fail"), (passing().1, 0, "✅ pass")] {
        let server = Server::start(forge());
        let done = publish(&second(&server, run));
        done.code(code).says("https://x.test/c");
        let text = posted(&server);
        assert!(text.starts_with("<!-- loadgate:v1 key=gate -->\n"), "{text}");
        assert!(text.contains(verdict) && !text.contains("FORGED"));
        assert!(server.heard().iter().all(|ask| !ask.contains("/999")), "a number was believed");
    }
}

#[test]
fn a_commit_that_no_open_pull_request_ends_with_gets_no_comment() {
    let server = Server::start(forge().on(PULLS, [ok("[]")]));
    publish(&second(&server, failing().1)).code(1).says("no open pull request ends here");
    publish(&second(&server, passing().1)).code(4).says("no open pull request ends here");
    assert_eq!(server.hits(COMMENTS), 0);
}

#[test]
fn names_that_are_markup_stay_names_in_the_comment() {
    let server = Server::start(forge());
    let mut run = hostile().1;
    "gate.toml".clone_into(&mut run.origin.gate);
    publish(&second(&server, run));
    let html = crate::report::github(&posted(&server));
    let known = ["h3", "p", "table", "thead", "tbody", "tr", "th", "td", "code", "pre", "details"];
    let more = ["summary", "strong", "em", "sub", "ul", "li", "a", "br", "!--", "b", "hr", "h4"];
    for (tag, attributes) in crate::report::tags(&html) {
        assert!(known.contains(&&*tag) || more.contains(&&*tag), "{tag} is in:\n{html}");
        assert!(attributes.iter().all(|name| !name.starts_with("on")), "{attributes:?}");
    }
    assert!(!html.contains("javascript:"), "{html}");
}

#[test]
fn what_is_no_run_is_inconclusive_and_says_nothing_to_anybody() {
    let server = Server::start(forge());
    let gate = second(&server, passing().1);
    let run = gate.path("of-fork/run.json");
    let good = std::fs::read_to_string(&run).expect("a run");
    let deep = "[".repeat(200_000);
    let nested = good.replacen('{', &format!("{{\"x\":{}{},", deep, "]".repeat(200_000)), 1);
    for text in [deep.clone(), nested, "{\"a\":".repeat(100_000), good.replace('1', "1e999")] {
        std::fs::write(&run, text).expect("a file of ours");
        publish(&gate).code(3);
    }
    std::fs::remove_file(&run).expect("a file of ours");
    std::fs::create_dir(&run).expect("a folder in its place");
    publish(&gate).code(3).says("is no plain file");
    assert_eq!(server.requests(), 0);
}

#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_the_run_holds_nobody_up() {
    let server = Server::start(forge());
    let gate = second(&server, passing().1);
    let run = gate.path("of-fork/run.json");
    std::fs::remove_file(&run).expect("a file of ours");
    let made = std::process::Command::new("mkfifo").arg(&run).status();
    assert!(made.is_ok_and(|made| made.success()), "mkfifo is there");
    publish(&gate).code(3).says("is no plain file");
}

#[test]
fn a_maintainers_label_approves_another_load_in_the_second_workflow() {
    let gate = format!(
        "[target]\nurl = \"http://127.0.0.1:9\"\n[load]\nrate = \"900/s\"\nduration = \"60s\"\n\
         [[request]]\nget = \"/cart\"\nname = \"GET /cart\"\n{GATE}"
    );
    let label = loadgate::policy::LABEL;
    let event = json!([{ "event": "labeled", "created_at": "2026-03-01T10:00:01Z",
        "label": { "name": label }, "actor": { "login": "alice", "type": "User" } }]);
    let pull = json!({ "labels": [{ "name": label }], "head":
        { "sha": HEAD, "ref": "fix", "repo": { "full_name": "mallory/shop" } } });
    let push = json!([{ "after": HEAD, "timestamp": "2026-03-01T10:00:00Z" }]);
    let role = r#"{"permission":"admin"}"#;
    let script = || {
        forge()
            .on("/repos/octocat/shop/pulls/7", [ok(&pull.to_string())])
            .on("/repos/octocat/shop/issues/7/events", [ok(&event.to_string())])
            .on("/repos/mallory/shop/activity", [ok(&push.to_string())])
            .on("/repos/octocat/shop/collaborators/alice/permission", [ok(role)])
    };
    let server = Server::start(script());
    let done = publish(&second(&server, passing().1).file("gate.toml", &gate));
    done.code(0).says("alice approved by");
    let server = Server::start(script().on("/repos/octocat/shop/issues/7/events", [ok("[]")]));
    let done = publish(&second(&server, passing().1).file("gate.toml", &gate));
    done.code(1).says("the load that was put on");
}
