//! A lowered bar is approved by a maintainer's label that is newer than what it approves, and by
//! no other; what a forge does not tell is no approval.

use loadgate::archive;
use loadgate::policy::{Approval, LABEL, Labelled};
use serde_json::{Value, json};

use super::base::stricter;
use super::desk::{CANARY, HEAD, based, job, judge, with_token};
use super::outsiders::{Program, READING};
use crate::support::cases::passing;
use crate::support::gate::{Done, Gate};
use crate::support::server::{Act, Script, Server, answer, ok, status};

const PULL: &str = "/repos/octocat/shop/pulls/7";
const EVENTS: &str = "/repos/octocat/shop/issues/7/events";
const PUSHES: &str = "/repos/mallory/shop/activity";
const ROLE: &str = "/repos/octocat/shop/collaborators/alice/permission";
const OLD: &str = "2026-03-01T09:00:00Z";
const PUSHED: &str = "2026-03-01T10:00:00Z";
const LATER: &str = "2026-03-01T10:00:01Z";

/// A gate whose base asks for more.
fn lowered(gate: Gate) -> Gate {
    let gate = gate.file("gate.toml", stricter());
    let gate = based(gate);
    gate.file("gate.toml", super::desk::GATE)
}

fn change(server: &Server) -> Gate {
    lowered(with_token(true, server))
}

fn labeled(by: &str, kind: &str, at: &str) -> Value {
    json!({ "event": "labeled", "created_at": at, "label": { "name": LABEL },
            "actor": { "login": by, "type": kind }, "performed_via_github_app": null })
}

fn happened(what: &str, at: &str) -> Value {
    json!({ "event": what, "created_at": at, "actor": { "login": "bob", "type": "User" } })
}

fn pull(label: &str, head: &str) -> Act {
    ok(&json!({
        "number": 7, "labels": [{ "name": "bug" }, { "name": label }],
        "head": { "sha": head, "ref": "fix/a b", "repo": { "full_name": "mallory/shop" } },
    })
    .to_string())
}

fn pushed(head: &str) -> Act {
    ok(&json!([{ "after": head, "timestamp": PUSHED, "activity_type": "push" }]).to_string())
}

fn role(role: &str) -> Act {
    let permission = if role == "maintain" { "write" } else { role };
    ok(&json!({ "permission": permission, "role_name": role }).to_string())
}

/// A forge where a maintainer has set the label after the last push, among other events.
fn forge(events: &[Value]) -> Script {
    Script::new()
        .on("/user", [status(403)])
        .on(PULL, [pull(LABEL, HEAD)])
        .on(EVENTS, [ok(&json!(events).to_string())])
        .on(PUSHES, [pushed(HEAD)])
        .on(ROLE, [role("maintain")])
}

fn good() -> Vec<Value> {
    vec![
        happened("renamed", LATER),
        labeled("mallory", "User", OLD),
        happened("base_ref_changed", OLD),
        labeled("alice", "User", LATER),
    ]
}

fn quiet(gate: &Gate, flags: &[&str]) -> Done {
    judge(gate, &[&["--comment", "never"], flags].concat())
}

/// Insists that the gate fails, and on why the label did not help.
#[track_caller]
fn fails(script: Script, why: &str) {
    let server = Server::start(script);
    let done = quiet(&change(&server), &[]);
    done.code(1).says("asks for less than at").says(why);
    assert_eq!(done.verdict()["facts"]["policy"]["approved"], false);
}

#[test]
fn a_maintainers_label_that_is_newer_than_the_last_push_approves() {
    for own in ["maintain", "admin"] {
        let server = Server::start(forge(&good()).on(ROLE, [role(own)]));
        let done = quiet(&change(&server), &[]);
        done.code(0).says("alice approved by");
        assert_eq!(done.verdict()["facts"]["policy"]["approved"], true);
        let asked = server.heard();
        let push =
            asked.iter().find(|ask| ask.contains("/activity")).expect("pushes are asked for");
        assert!(push.contains("?ref=refs%2Fheads%2Ffix%2Fa%20b&per_page=1 "), "{push}");
    }
    // As GitHub describes each question.
    let server = Server::start(forge(&good()));
    let contract = Program::prism(READING, Some(&server.url("")));
    let gate = lowered(job(true, &contract.url()).set("GITHUB_TOKEN", CANARY));
    quiet(&gate, &[]).code(0).says("alice approved by");
}

#[test]
fn nobody_is_asked_where_there_is_nothing_to_approve_by_a_label() {
    let server = Server::start(forge(&good()));
    quiet(&based(with_token(true, &server)), &[]).code(0);
    quiet(&change(&server), &["--accept-policy-change"]).code(0).says("which was approved");
    quiet(&change(&server), &["--ci", "none"]).code(1);
    // What nobody could read nobody can have approved.
    quiet(&change(&server).set("LOADGATE_BASE", "HEAD~9"), &[]).code(3);
    assert_eq!(server.requests(), 0);
    let push = change(&server).set("GITHUB_EVENT_NAME", "push").file("event.json", "{}");
    quiet(&push.set("GITHUB_REF", "refs/heads/main"), &[]).code(1);
    assert_eq!(server.requests(), 0);
    // No label: one question, and no word of it.
    let server = Server::start(forge(&good()).on(PULL, [pull("bug", HEAD)]));
    let done = quiet(&change(&server), &[]);
    assert!(!done.code(1).stderr.contains(LABEL), "{}", done.stderr);
    assert_eq!(server.requests(), 1);
}

#[test]
fn a_label_of_anybody_else_or_of_an_earlier_change_approves_nothing() {
    let with = |last: Value| forge(&[good(), vec![last]].concat());
    fails(forge(&good()).on(ROLE, [role("write")]), "alice is no maintainer (write)");
    fails(forge(&good()).on(ROLE, [role("triage")]), "alice is no maintainer (triage)");
    fails(with(labeled("ci[bot]", "Bot", LATER)), "ci[bot] is a program");
    let mut by_app = labeled("alice", "User", LATER);
    by_app["performed_via_github_app"] = json!({ "id": 1, "slug": "x" });
    fails(with(by_app), "alice is a program");
    let ours = ok(r#"{"login":"Alice"}"#);
    fails(forge(&good()).on("/user", [ours]), "alice is the account that the gate itself uses");
    for at in [OLD, PUSHED] {
        fails(with(labeled("alice", "User", at)), "has changed since it was set; set it again");
    }
    for what in ["base_ref_changed", "head_ref_force_pushed", "head_ref_restored"] {
        fails(with(happened(what, "2026-03-01T10:00:02Z")), "has changed since it was set");
    }
    let other = "5".repeat(40);
    fails(forge(&good()).on(PULL, [pull(LABEL, &other)]), "another head commit");
    fails(forge(&good()).on(PUSHES, [pushed(&other)]), "another head commit");
    fails(forge(&good()).on(PUSHES, [ok("[]")]), "another head commit");
}

#[test]
fn the_last_event_decides_on_whatever_page_it_stands() {
    let next = "link: <https://x.test/?page=2>; rel=\"next\"\r\n";
    let first = json!(good()).to_string();
    let last = json!([labeled("mallory", "User", LATER)]).to_string();
    let role_of = "/repos/octocat/shop/collaborators/mallory/permission";
    let script = forge(&[]).on(role_of, [role("write")]);
    fails(
        script.turns(EVENTS, [vec![answer(200, next, &first)], vec![ok(&last)]]),
        "mallory is no maintainer (write)",
    );
    let endless = forge(&[]).on(EVENTS, [answer(200, next, &first)]);
    fails(endless, "more than 2,000 things happened");
}

#[test]
fn what_a_forge_does_not_tell_is_no_approval() {
    let push = r#"{"message":"Must have push access to view collaborator permission."}"#;
    for (path, refusal, said) in [
        (PULL, status(401), "could not be asked: GitHub rejects the token"),
        (PULL, status(404), "could not be asked: GitHub has no such"),
        (EVENTS, answer(403, "", "{}"), "Grant `pull-requests: read` and `contents: read`"),
        (EVENTS, ok("[]"), "no event tells who set the label"),
        (EVENTS, ok("<html>"), "not what GitHub's description promises"),
        (PUSHES, status(404), "could not be asked"),
        // The token of a fork's pull request.
        (ROLE, answer(403, "", push), "Must have push access to view collaborator permission"),
        (ROLE, status(404), "could not be asked"),
        (ROLE, status(500), "GitHub fails (500)"),
    ] {
        fails(forge(&good()).on(path, [refusal]), said);
    }
    let bare = Server::start(forge(&good()));
    quiet(&lowered(job(true, &bare.url(""))), &[]).code(1).says("GH_TOKEN is not set");
    assert_eq!(bare.requests(), 0);
}

#[test]
fn a_time_that_is_none_approves_nothing() {
    let label = |at: &str, changed: &str| Labelled {
        by: "alice".to_owned(),
        at: at.to_owned(),
        changed: changed.to_owned(),
        person: true,
        ours: false,
        lacks: None,
    };
    assert_eq!(Approval::of(label(LATER, PUSHED)), Approval::Label("alice".to_owned()));
    let zones = label("2026-03-01T12:00:01+02:00", PUSHED);
    assert!(Approval::of(zones).is_given());
    for (at, changed) in [("", PUSHED), (LATER, ""), ("9999", PUSHED), (LATER, "never")] {
        assert!(!Approval::of(label(at, changed)).is_given(), "{at} {changed}");
    }
}

/// GitLab: a merge request whose label an account of this kind and level has set.
fn gitlab(user: &Value, level: u64, at: &str) -> Script {
    let merge = "/api/v4/projects/42/merge_requests/7";
    let event = |id: u64, action: &str, at: &str| {
        json!({ "id": id, "user": { "id": 5, "username": "alice" }, "created_at": at,
                "label": { "name": LABEL }, "action": action })
    };
    let events = json!([event(1, "add", OLD), event(3, "add", at), event(2, "remove", PUSHED)]);
    let versions = json!([
        { "id": 12, "head_commit_sha": HEAD, "created_at": "2026-03-01T10:00:00.500Z" },
        { "id": 11, "head_commit_sha": "5".repeat(40), "created_at": OLD },
    ]);
    Script::new()
        .on(merge, [ok(&json!({ "iid": 7, "labels": ["bug", LABEL] }).to_string())])
        .on(&format!("{merge}/versions"), [ok(&versions.to_string())])
        .on(&format!("{merge}/resource_label_events"), [ok(&events.to_string())])
        .on("/api/v4/users/5", [ok(&user.to_string())])
        .on("/api/v4/user", [ok(r#"{"id":9,"username":"project_42_bot"}"#)])
        .on(
            "/api/v4/projects/42/members/all/5",
            [ok(&json!({ "id": 5, "access_level": level }).to_string())],
        )
}

fn merge_request(server: &Server) -> Gate {
    let (_, run) = passing();
    lowered(Gate::new(""))
        .file("run.json", archive::write(&run))
        .set("GITLAB_CI", "true")
        .set("CI_API_V4_URL", &server.url("/api/v4"))
        .set("CI_COMMIT_SHA", HEAD)
        .set("CI_MERGE_REQUEST_IID", "7")
        .set("CI_MERGE_REQUEST_PROJECT_ID", "42")
        .set("LOADGATE_GITLAB_TOKEN", CANARY)
        .set("NO_PROXY", "127.0.0.1")
}

#[test]
fn a_label_of_gitlabs_approves_alike() {
    let person = json!({ "id": 5, "username": "alice", "bot": false });
    let now = "2026-03-01T10:00:00.600Z";
    let server = Server::start(gitlab(&person, 40, now));
    quiet(&merge_request(&server), &[]).code(0).says("alice approved by");
    let bot = json!({ "id": 5, "username": "alice", "bot": true });
    let silent = json!({ "id": 5, "username": "alice" });
    let own = r#"{"id":5,"username":"alice"}"#;
    let gone = "/api/v4/projects/42/members/all/5";
    let merge = "/api/v4/projects/42/merge_requests/7";
    let other = json!([{ "id": 12, "head_commit_sha": "5".repeat(40), "created_at": OLD }]);
    for (script, said) in [
        (gitlab(&person, 30, now), "alice is no maintainer (access level 30)"),
        (gitlab(&person, 40, "2026-03-01T10:00:00.500Z"), "has changed since it was set"),
        (gitlab(&bot, 50, now), "alice is a program"),
        (gitlab(&silent, 50, now), "alice is a program"),
        (gitlab(&person, 50, now).on("/api/v4/user", [ok(own)]), "the gate itself uses"),
        (gitlab(&person, 50, now).on(gone, [status(404)]), "no maintainer (access level 0)"),
        (gitlab(&person, 50, now).on(gone, [status(403)]), "could not be asked"),
        (
            gitlab(&person, 50, now).on(&format!("{merge}/versions"), [ok(&other.to_string())]),
            "another head commit",
        ),
    ] {
        let server = Server::start(script);
        quiet(&merge_request(&server), &[]).code(1).says(said);
    }
    let bare = json!({ "iid": 7, "labels": [] }).to_string();
    let server = Server::start(gitlab(&person, 50, now).on(merge, [ok(&bare)]));
    quiet(&merge_request(&server), &[]).code(1);
    assert_eq!(server.requests(), 1);
}
