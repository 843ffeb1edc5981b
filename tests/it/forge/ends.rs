//! A pull request whose job does not say what it is made against: its forge is asked, what is
//! tested must be made of its head, and what nobody tells is never a pass.

use loadgate::archive;
use loadgate::host::{Ci, Place, Pull};
use serde_json::{Value, json};

use super::base::stricter;
use super::desk::{CANARY, GATE, bare, cloned, commit, judge};
use super::outsiders::{Program, READING};
use crate::bar::git;
use crate::support::cases::passing;
use crate::support::gate::{Done, Gate};
use crate::support::server::{Act, Script, Server, answer, ok, status};

const PULL: &str = "/repos/octocat/shop/pulls/7";
/// A comment on pull request 7, and one on an issue.
const COMMENTED: &str = r#"{"issue":{"number":7,"pull_request":{}}}"#;

/// A clone whose last commit asks for less than the one before, and both hashes.
fn lowered(gate: Gate) -> (Gate, String, String) {
    let gate = cloned(gate.file("gate.toml", stricter()), "main");
    let base = git(&gate, &["rev-parse", "HEAD"]);
    git(&gate, &["checkout", "-q", "-b", "change"]);
    let gate = gate.file("gate.toml", GATE);
    let head = commit(&gate);
    (gate, base, head)
}

/// What GitHub says of a pull request.
fn pull(number: u64, base: &str, head: &str) -> Act {
    let told = json!({ "number": number, "state": "open", "head": { "sha": head, "ref": "change" },
                       "base": { "sha": base, "ref": "main" } });
    ok(&told.to_string())
}

/// A job of GitHub's that such an event on the default branch started.
fn started(gate: Gate, name: &str, event: &str) -> Gate {
    let gate = gate.file("event.json", event);
    gate.set("GITHUB_EVENT_NAME", name).set("GITHUB_REF", "refs/heads/main")
}

/// The same, by a comment, at a forge that answers for the pull request like this.
fn commented(answers: impl Fn(&str, &str) -> Act) -> (Gate, Server, String) {
    let (gate, base, head) = lowered(bare(true, ""));
    let server = Server::start(Script::new().on(PULL, [answers(&base, &head)]));
    let gate = gate.set("GITHUB_API_URL", &server.url("")).set("GITHUB_TOKEN", CANARY);
    (started(gate, "issue_comment", COMMENTED), server, base)
}

fn quiet(gate: &Gate, flags: &[&str]) -> Done {
    judge(gate, &[&["--comment", "never"], flags].concat())
}

fn state(done: &Done) -> String {
    done.verdict()["facts"]["policy"]["state"].as_str().unwrap_or("none").to_owned()
}

/// Insists that the bar of the base was found lowered, and named like this.
#[track_caller]
fn falls(done: &Done, base: &str) {
    let said = format!("asks for less than at {}: whole run p95: < 200ms → < 300ms", &base[..12]);
    let why = done.code(1).verdict()["why"].to_string();
    assert!(why.contains(&said), "{said:?} is not in {why}");
}

/// Insists that nothing was compared, and on why.
#[track_caller]
fn is_open(done: &Done, why: &str) {
    done.code(3);
    assert!(done.stderr.contains(why), "{why:?} is not in:\n{}", done.stderr);
    assert_eq!(state(done), "unreadable", "{why}");
}

#[test]
fn a_comment_that_starts_the_job_leads_to_the_bar_of_its_pull_request() {
    let (gate, server, base) = commented(|base, head| pull(7, base, head));
    falls(&quiet(&gate, &[]), &base);
    // Once for what it is made against, and once for the label of somebody who approves.
    assert_eq!((server.hits(PULL), server.requests()), (2, 2));
    // A branch is enough.
    let branch = |_: &str, head: &str| {
        let told = json!({ "head": { "sha": head }, "base": { "sha": "odd", "ref": "main" } });
        ok(&told.to_string())
    };
    let (gate, _server, base) = commented(branch);
    git(&gate, &["update-ref", "refs/remotes/origin/main", "main"]);
    falls(&quiet(&gate, &[]), &base);
    // An issue is no pull request, and nobody is asked.
    let issue = started(gate, "issue_comment", r#"{"issue":{"number":7}}"#);
    assert_eq!(state(quiet(&issue, &[]).code(0)), "none");
    assert_eq!(server.requests(), 2);
}

#[test]
fn what_a_forge_does_not_tell_of_a_pull_request_is_never_a_pass() {
    let odd = |told: &Value| ok(&told.to_string());
    let head = "5".repeat(40);
    for (refusal, said) in [
        (status(401), "rejects the token (401), so the pull request was not found"),
        (answer(403, "", "{}"), "Grant `pull-requests: read`"),
        (status(404), "GitHub has no such repository, pull request or commit"),
        (status(500), "GitHub fails (500)"),
        (ok("<html>"), "not what GitHub's description promises"),
        (odd(&json!({ "head": { "sha": head } })), "the pull request has no base"),
        (odd(&json!({ "base": { "ref": "main" } })), "the pull request has no head"),
        (
            odd(&json!({ "base": { "ref": "--upload-pack=x" }, "head": { "sha": head } })),
            "the pull request has no base",
        ),
    ] {
        let (gate, _server, _) = commented(|_, _| refusal.clone());
        let done = quiet(&gate, &[]);
        is_open(&done, said);
        done.says("--base");
    }
    let (gate, _server, base) = commented(|base, head| pull(7, base, head));
    let silent = gate.set("GITHUB_TOKEN", "");
    is_open(&quiet(&silent, &[]), "GH_TOKEN is not set");
    // Whoever names the base needs to ask nobody; whoever approves has looked.
    falls(&quiet(&silent, &["--base", "main"]), &base);
    quiet(&silent, &["--accept-policy-change"]).code(0).says("which was approved");
}

#[test]
fn the_pull_request_behind_a_workflow_is_found_by_its_head() {
    let (gate, base, head) = lowered(bare(true, ""));
    let listed = json!([
        { "number": 6, "state": "closed", "head": { "sha": head } },
        { "number": 7, "state": "open", "head": { "sha": head } },
    ]);
    let script = |listed: &Value| {
        let list = format!("/repos/octocat/shop/commits/{head}/pulls");
        // It has got another commit since: what is judged is still one of its own.
        let pull = pull(7, &base, &"5".repeat(40));
        Script::new().on(&list, [ok(&listed.to_string())]).on(PULL, [pull])
    };
    let run = json!({ "event": "pull_request", "head_sha": head, "pull_requests": [] });
    let server = Server::start(script(&listed));
    let gate = gate.set("GITHUB_API_URL", &server.url("")).set("GITHUB_TOKEN", CANARY);
    let gate = started(gate, "workflow_run", &json!({ "workflow_run": run }).to_string());
    falls(&quiet(&gate, &[]), &base);
    let server = Server::start(script(&json!([])));
    let gate = gate.set("GITHUB_API_URL", &server.url(""));
    is_open(&quiet(&gate, &[]), "no open pull request ends here");
    let run = json!({ "event": "pull_request", "head_sha": "odd" });
    let gate = started(gate, "workflow_run", &json!({ "workflow_run": run }).to_string());
    is_open(&quiet(&gate, &[]), "the workflow's event has no head commit");
    let run = json!({ "event": "merge_group", "head_sha": head });
    let gate = started(gate, "workflow_run", &json!({ "workflow_run": run }).to_string());
    is_open(&quiet(&gate, &[]), "what the merge queue is made against");
    let run = json!({ "event": "push", "head_sha": head });
    let gate = started(gate, "workflow_run", &json!({ "workflow_run": run }).to_string());
    assert_eq!(state(quiet(&gate, &[]).code(0)), "none");
}

#[test]
fn a_pull_request_that_is_named_is_asked_for_unless_the_job_is_its_own() {
    let (gate, base, head) = lowered(bare(true, ""));
    let script = Script::new().on("/repos/octocat/shop/pulls/8", [pull(8, &base, &head)]);
    let server = Server::start(script);
    let event = |base: &str| {
        let own = json!({ "number": 7, "head": { "sha": head }, "base": { "sha": base } });
        json!({ "number": 7, "pull_request": own }).to_string()
    };
    let gate = gate.set("GITHUB_API_URL", &server.url("")).set("GITHUB_TOKEN", CANARY);
    // Pull request 7 is made against a commit that asks as little.
    let gate = gate.file("event.json", event(&head));
    assert_eq!(state(quiet(&gate, &["--pr", "7"]).code(0)), "same");
    assert_eq!(server.requests(), 0);
    falls(&quiet(&gate, &["--pr", "8"]), &base);
    let by_hand = started(gate, "workflow_dispatch", "{}").set("LOADGATE_PR", "8");
    falls(&quiet(&by_hand, &[]), &base);
    // Nobody can be asked.
    let outside = by_hand.set("GITHUB_ACTIONS", "");
    is_open(&quiet(&outside, &[]), "no CI host is known that could tell what pull request 8 is");
    falls(&quiet(&outside, &["--base", &base]), &base);
    let jenkins = outside.set("JENKINS_URL", "http://j");
    is_open(&quiet(&jenkins, &[]), "Jenkins does not say which forge");
}

#[test]
fn what_is_tested_must_be_made_of_the_head() {
    let (gate, _server, base) = commented(|base, head| pull(7, base, head));
    // The default branch, which such a job checks out unless it is told otherwise.
    git(&gate, &["checkout", "-q", "main"]);
    let done = quiet(&gate, &[]);
    is_open(&done, &format!("the clone is at {}, without the head", &base[..12]));
    done.says("of pull request 7: check that out");
    // Where the service comes from elsewhere, the default branch's own bar is named.
    assert_eq!(state(quiet(&gate, &["--base", "HEAD"]).code(0)), "same");
    // The merge of the two, also where the clone has no more than that.
    git(&gate, &["merge", "-q", "--no-ff", "-m", "merge", "change"]);
    falls(&quiet(&gate, &[]), &base);
    let merge = git(&gate, &["rev-parse", "HEAD"]);
    std::fs::write(gate.path(".git/shallow"), format!("{merge}\n")).expect("a clone of ours");
    falls(&quiet(&gate, &[]), &base);
    std::fs::remove_file(gate.path(".git/shallow")).expect("a clone of ours");
    // Further back, as far as the clone reaches.
    git(&gate, &["commit", "-q", "--allow-empty", "-m", "more"]);
    falls(&quiet(&gate, &[]), &base);
}

#[test]
fn a_label_approves_what_a_comment_has_started() {
    let label = loadgate::policy::LABEL;
    let (gate, base, head) = lowered(bare(true, ""));
    let from = json!({ "sha": head, "ref": "change", "repo": { "full_name": "octocat/shop" } });
    let told = json!({ "labels": [{ "name": label }], "head": from, "base": { "sha": base } });
    let set = json!([{ "event": "labeled", "created_at": "2026-03-01T10:00:01Z",
        "label": { "name": label }, "actor": { "login": "alice", "type": "User" } }]);
    let push = json!([{ "after": head, "timestamp": "2026-03-01T10:00:00Z" }]);
    let script = Script::new()
        .on(PULL, [ok(&told.to_string())])
        .on("/user", [status(403)])
        .on("/repos/octocat/shop/issues/7/events", [ok(&set.to_string())])
        .on("/repos/octocat/shop/activity", [ok(&push.to_string())])
        .on(
            "/repos/octocat/shop/collaborators/alice/permission",
            [ok(r#"{"permission":"admin"}"#)],
        );
    let server = Server::start(script);
    let gate = gate.set("GITHUB_API_URL", &server.url("")).set("GITHUB_TOKEN", CANARY);
    let gate = started(gate, "issue_comment", COMMENTED);
    quiet(&gate, &[]).code(0).says("alice approved by");
}

#[test]
fn kept_runs_of_the_pull_request_itself_are_no_baseline() {
    let (gate, server, _) = commented(|base, head| pull(7, base, head));
    let asked = format!("{}[regression]\nbaseline = \"main\"\n", stricter());
    let gate = gate.file("gate.toml", asked);
    std::fs::create_dir_all(gate.path(".loadgate/runs")).expect("a folder of ours");
    let gate = gate.file(".loadgate/runs/note.txt", "x");
    git(&gate, &["add", "-A", "gate.toml", ".loadgate"]);
    let head = commit(&gate);
    let base = git(&gate, &["rev-parse", "main"]);
    let damaged = |gate: &Gate, why: &str| {
        let done = quiet(gate, &[]);
        let told = done.verdict().to_string();
        assert!(told.contains(why), "{why:?} is not in {told}");
    };
    drop(server);
    let server = Server::start(Script::new().on(PULL, [pull(7, &base, &head)]));
    let gate = gate.set("GITHUB_API_URL", &server.url(""));
    damaged(&gate, "this change itself changes what is kept in `.loadgate`");
    let server = Server::start(Script::new());
    let gate = gate.set("GITHUB_API_URL", &server.url(""));
    damaged(&gate, "nobody tells which commit this change is based on");
}

#[test]
fn a_forge_that_remembers_tells_it_as_github_describes_it() {
    let emulator = Program::emulator();
    let contract = Program::prism(READING, Some(&emulator.url()));
    let root = "/repos/octocat/shop";
    let asked =
        |what: &str| emulator.ask("GET", &format!("{root}/{what}"), "tok_write", &Value::Null);
    let sent = |what: &str, body: &Value| {
        emulator.ask("POST", &format!("{root}/{what}"), "tok_write", body)
    };
    let text = |told: &Value, pointer: &str| {
        told.pointer(pointer).and_then(Value::as_str).expect("it has one").to_owned()
    };
    let main = text(&asked("branches/main"), "/commit/sha");
    let blob = sent("git/blobs", &json!({ "content": stricter(), "encoding": "utf-8" }));
    let sha = &blob["sha"];
    let entry = json!({ "path": "gate.toml", "mode": "100644", "type": "blob", "sha": sha });
    let tree = sent("git/trees", &json!({ "tree": [entry] }));
    let base =
        sent("git/commits", &json!({ "message": "base", "tree": tree["sha"], "parents": [main] }));
    sent("git/refs", &json!({ "ref": "refs/heads/strict", "sha": base["sha"] }));
    let head = sent(
        "git/commits",
        &json!({ "message": "head", "tree": tree["sha"], "parents": [base["sha"]] }),
    );
    sent("git/refs", &json!({ "ref": "refs/heads/change", "sha": head["sha"] }));
    let pull = sent("pulls", &json!({ "title": "x", "head": "change", "base": "strict" }));
    let number = pull["number"].to_string();
    let gate = started(bare(true, &contract.url()), "workflow_dispatch", "{}");
    let gate = gate.set("GITHUB_TOKEN", "tok_write");
    // It lies in no clone: the forge has the base's gate file too.
    let here = gate.path("").to_string_lossy().into_owned();
    let gate = gate.set("GITHUB_WORKSPACE", &here);
    falls(&quiet(&gate, &["--pr", &number]), &text(&base, "/sha"));
    // In a clone of something else, it is not what is tested.
    let (gate, _, _) = lowered(gate);
    is_open(&quiet(&gate, &["--pr", &number]), "without the head");
}

/// A saved run in a clone that asks for less than its base, in a job of some host.
fn elsewhere(set: impl Fn(Gate, &str, &str) -> (Gate, Server)) -> (Gate, Server, String) {
    let (_, run) = passing();
    let (gate, base, head) = lowered(Gate::new("").file("run.json", archive::write(&run)));
    let (gate, server) = set(gate, &base, &head);
    (gate, server, base)
}

/// A forge that answers these paths; what each of them says depends on the two ends.
fn played(paths: &[(&str, Value)]) -> Server {
    let all = paths
        .iter()
        .fold(Script::new(), |script, (path, told)| script.on(path, [ok(&told.to_string())]));
    Server::start(all)
}

#[test]
fn a_manual_job_of_gitlab_asks_too() {
    let api = "/api/v4/projects/42/merge_requests/7";
    let (gate, _server, base) = elsewhere(|gate, base, head| {
        let told = json!({ "iid": 7, "sha": head, "target_branch": "main",
                           "diff_refs": { "base_sha": base, "head_sha": head } });
        let server = played(&[(api, told)]);
        let gate = gate
            .set("GITLAB_CI", "true")
            .set("CI_API_V4_URL", &server.url("/api/v4"))
            .set("CI_COMMIT_SHA", head)
            .set("CI_PIPELINE_SOURCE", "web")
            .set("CI_PROJECT_ID", "42")
            .set("LOADGATE_GITLAB_TOKEN", CANARY)
            .set("NO_PROXY", "127.0.0.1");
        (gate, server)
    });
    falls(&quiet(&gate, &["--pr", "7"]), &base);
    // One that names no base is asked about, too.
    let own = [("CI_MERGE_REQUEST_IID", "7"), ("CI_MERGE_REQUEST_PROJECT_ID", "42")];
    let merge = own.iter().fold(gate, |gate, (name, value)| gate.set(name, value));
    falls(&quiet(&merge, &[]), &base);
    let gate = own.iter().fold(merge, |gate, (name, _)| gate.set(name, ""));
    // The pipeline of a branch is no change by itself.
    assert_eq!(state(quiet(&gate, &[]).code(0)), "none");
    let gone = gate.set("CI_PROJECT_ID", "43");
    is_open(&quiet(&gone, &["--pr", "7"]), "GitLab has no such repository, pull request");
    let event = gone.set("CI_PIPELINE_SOURCE", "merge_request_event");
    is_open(&quiet(&event, &[]), "CI_MERGE_REQUEST_IID is not set");
}

#[test]
fn a_manual_job_of_azure_asks_too() {
    let path = "/org/my%20shop/_apis/git/repositories/5feb-4a1/pullRequests/7";
    let (gate, _server, base) = elsewhere(|gate, base, head| {
        let told = json!({ "pullRequestId": 7, "targetRefName": "refs/heads/main",
                           "lastMergeSourceCommit": { "commitId": head },
                           "lastMergeTargetCommit": { "commitId": base } });
        let server = played(&[(path, told)]);
        let gate = gate
            .set("TF_BUILD", "True")
            .set("BUILD_REPOSITORY_ID", "5feb-4a1")
            .set("BUILD_REPOSITORY_PROVIDER", "TfsGit")
            .set("SYSTEM_ACCESSTOKEN", CANARY)
            .set("SYSTEM_COLLECTIONURI", &server.url("/org/"))
            .set("SYSTEM_TEAMPROJECT", "my shop")
            .set("NO_PROXY", "127.0.0.1");
        (gate, server)
    });
    falls(&quiet(&gate, &["--pr", "7"]), &base);
    is_open(&quiet(&gate, &["--pr", "8"]), "Azure DevOps has no such");
}

#[test]
fn a_manual_job_of_bitbucket_asks_too() {
    let api = "http://api.bitbucket.org/2.0/repositories/octo/shop";
    let (gate, _server, base) = elsewhere(|gate, base, head| {
        let end = |hash: &str, branch: &str| {
            let commit = json!({ "hash": &hash[..12] });
            json!({ "commit": commit, "branch": { "name": branch } })
        };
        let told = json!({ "id": 7, "source": end(head, "change"),
                           "destination": end(base, "main") });
        let server = played(&[
            (&format!("{api}/pullrequests/7"), told),
            (&format!("{api}/commit/{}", &base[..12]), json!({ "hash": base })),
        ]);
        let gate = gate
            .set("BITBUCKET_BUILD_NUMBER", "17")
            .set("BITBUCKET_COMMIT", head)
            .set("BITBUCKET_REPO_SLUG", "shop")
            .set("BITBUCKET_WORKSPACE", "octo")
            .set("LOADGATE_BITBUCKET_PROXY", &server.url(""))
            .set("NO_PROXY", "*");
        (gate, server)
    });
    falls(&quiet(&gate, &["--pr", "7"]), &base);
    is_open(&quiet(&gate, &["--pr", "8"]), "Bitbucket has no such");
    // A branch that is called like the base's digits is another commit.
    git(&gate, &["branch", &base[..12], "change"]);
    falls(&quiet(&gate, &["--pr", "7"]), &base);
}

#[test]
fn a_forge_behind_the_host_is_asked_too() {
    for (way, api) in [("pull", "/api/v3"), ("pulls", "/api/v1")] {
        let (gate, _server, base) = elsewhere(|gate, base, head| {
            let told = json!({ "number": 7, "head": { "sha": head }, "base": { "sha": base } });
            let path = format!("{api}/repos/octo/shop/pulls/7");
            let server = played(&[(&path, told)]);
            let gate = gate
                .set("CIRCLECI", "true")
                .set("CIRCLE_PULL_REQUEST", &server.url(&format!("/octo/shop/{way}/7")))
                .set("CIRCLE_SHA1", head)
                .set("GITHUB_TOKEN", CANARY)
                .set("NO_PROXY", "127.0.0.1");
            (gate, server)
        });
        falls(&quiet(&gate, &[]), &base);
    }
}

#[test]
fn what_the_host_says_of_a_base_is_not_about_another_pull_request() {
    let bare = Place::bare(Ci::GitHub);
    assert!(bare.clone().with_pull(7).foreign);
    let own = Place { pull: Pull::Number(7), ..bare.clone() };
    assert!(!own.clone().with_pull(7).foreign && own.with_pull(8).foreign);
    // What is tested is the queue's, and so is what it is made against.
    let queue = Place { pull: Pull::Queue, ..bare };
    assert!(!queue.with_pull(7).foreign);
}
