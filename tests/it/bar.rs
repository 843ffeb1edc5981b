//! The built binary in real clones: the bar of the base commit holds, and what hides it is no pass.

use std::path::Path;
use std::process::Command;

use loadgate::archive;
use sha2::{Digest as _, Sha256};

use super::support::gate::{Done, Gate};
use super::support::judged::{minute, usual};
use super::support::made::asked;
use super::support::server::{Script, Server, ok};

const GATE: &str = "[target]\nurl = \"http://127.0.0.1:9\"\n[load]\nrate = \"20/s\"\n\
                    duration = \"60s\"\n[[request]]\nget = \"/\"\n[sla]\np50 = \"< 110ms\"\n";

/// What the gate file asks once it asks for less.
fn lax() -> String {
    GATE.replace("< 110ms", "< 500ms")
}

/// A clone with one commit that holds the gate file, and a saved run beside it.
fn clone(files: &[(&str, &str)]) -> Gate {
    let (_, run) = minute(vec![asked("p50", "< 110ms")], usual());
    let gate = Gate::new(GATE).file("saved.json", archive::write(&run));
    for (name, text) in files {
        write(&gate, name, text);
    }
    git(&gate, &["init", "-q", "-b", "main"]);
    commit(&gate);
    gate
}

fn write(gate: &Gate, name: &str, text: &str) {
    let path = gate.path(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    std::fs::write(path, text).expect("written");
}

pub(crate) fn git(gate: &Gate, arguments: &[&str]) -> String {
    let done = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"])
        .args(arguments)
        .current_dir(gate.path(""))
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        // The same files give the same commit.
        .env("GIT_AUTHOR_DATE", "2026-11-01T12:00:00Z")
        .env("GIT_COMMITTER_DATE", "2026-11-01T12:00:00Z")
        .output()
        .expect("git is there");
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}

/// Commits all there is; the hash.
fn commit(gate: &Gate) -> String {
    git(gate, &["add", "-A"]);
    git(gate, &["commit", "-q", "-m", "one"]);
    git(gate, &["rev-parse", "HEAD"])
}

fn check(gate: &Gate, more: &[&str]) -> Done {
    gate.run(&[&["check", "gate.toml", "saved.json"], more].concat())
}

fn state(done: &Done) -> String {
    done.verdict()["facts"]["policy"]["state"].as_str().unwrap_or("none").to_owned()
}

fn why(done: &Done) -> String {
    done.verdict()["why"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_lowered_bar_fails_until_it_is_approved_from_outside() {
    let gate = clone(&[]);
    check(&gate, &["--base", "HEAD"]).code(0);
    write(&gate, "gate.toml", &lax());
    let base = commit(&gate);
    let done = check(&gate, &["--base", "HEAD^1"]);
    done.code(1).says("asks for less").says("whole run p50: < 110ms → < 500ms");
    assert_eq!(state(&done), "loosened");
    for report in ["summary.md", "report.html", "junit.xml", "verdict.json"] {
        assert!(done.file(report).contains("loosened"), "{report}");
    }
    check(&gate, &["--base", "HEAD^1", "--accept-policy-change"]).code(0).says("approved");
    // What is approved is the new bar.
    check(&gate, &["--base", &base]).code(0);
    let gate = gate.set("LOADGATE_ACCEPT_POLICY_CHANGE", "1");
    let done = check(&gate, &["--base", "HEAD^1"]);
    assert_eq!(done.code(0).verdict()["facts"]["policy"]["approved"], true);
}

#[test]
fn the_base_of_a_pull_request_is_found_without_being_named() {
    let gate = clone(&[]);
    let base = git(&gate, &["rev-parse", "HEAD"]);
    write(&gate, "gate.toml", &lax());
    commit(&gate);
    check(&gate, &[]).code(0);
    let event = format!("{{\"pull_request\":{{\"base\":{{\"sha\":\"{base}\"}}}}}}");
    let gate = gate.file("event.json", event);
    let path = gate.path("event.json").to_string_lossy().into_owned();
    check(&gate.set("GITHUB_EVENT_PATH", &path), &[]).code(1).says("asks for less");
}

#[test]
fn a_base_that_the_clone_lacks_is_inconclusive_with_the_cure() {
    let gate = clone(&[]).set("CI_MERGE_REQUEST_IID", "7");
    let gate = gate.set("CI_MERGE_REQUEST_DIFF_BASE_SHA", &"a".repeat(40));
    let done = check(&gate, &[]);
    done.code(3).says("`fetch-depth: 0`");
    assert_eq!(state(&done), "unreadable");
    check(&gate, &["--base", "--upload-pack=touch pwned"]).code(2);
    check(&gate, &["--base=--upload-pack=touch pwned"]).code(3).says("its name is none");
    assert!(!gate.path("pwned").exists());
}

#[test]
fn a_gate_file_that_is_new_is_judged_as_it_stands() {
    let gate = clone(&[]);
    write(&gate, "new.toml", &lax());
    let done = gate.run(&["check", "new.toml", "saved.json", "--base", "HEAD"]);
    done.code(0).says("is new since");
    assert_eq!(state(&done), "new");
}

#[cfg(unix)]
#[test]
fn a_link_in_the_change_hides_nothing() {
    let folder = clone(&[("ci/gate.toml", GATE), ("lax/gate.toml", &lax())]);
    let judged = |gate: &Gate| {
        gate.run(&["check", "ci/gate.toml", "saved.json", "--base", "HEAD", "--out", "out"])
    };
    assert_eq!(judged(&folder).status.code(), Some(0));
    std::fs::remove_dir_all(folder.path("ci")).expect("removed");
    std::os::unix::fs::symlink("lax", folder.path("ci")).expect("linked");
    judged(&folder).code(1);
    let file = clone(&[("ci/gate.toml", GATE), ("lax/gate.toml", &lax())]);
    std::fs::remove_file(file.path("ci/gate.toml")).expect("removed");
    std::os::unix::fs::symlink("../lax/gate.toml", file.path("ci/gate.toml")).expect("linked");
    judged(&file).code(1);
    // A link at the base could lead anywhere.
    commit(&file);
    let done = judged(&file);
    let told = std::fs::read_to_string(file.path("out/verdict.json")).expect("a verdict");
    assert!(told.contains("it is a symbolic link there"), "{}", done.code(3).stderr);
}

#[test]
fn what_lies_outside_the_repository_is_no_part_of_the_change() {
    let gate = clone(&[]);
    let elsewhere = tempfile::tempdir().expect("a temporary directory");
    let path = elsewhere.path().join("gate.toml");
    std::fs::write(&path, lax()).expect("written");
    let done = gate.run(&["check", &path.to_string_lossy(), "saved.json", "--base", "HEAD"]);
    done.code(0).says("lies outside the repository");
    assert_eq!(state(&done), "outside");
}

#[test]
fn a_base_that_is_broken_or_without_git_is_inconclusive() {
    let gate = clone(&[("gate.toml", "[sla]\np50 = \"fast\"\n")]);
    write(&gate, "gate.toml", GATE);
    let done = check(&gate, &["--base", "HEAD"]);
    assert!(why(done.code(3)).contains("as this version reads it, gate.toml:2:"), "{}", why(&done));
    check(&gate, &["--base", "HEAD", "--accept-policy-change"]).code(0);
    let saved = std::fs::read(gate.path("saved.json")).expect("a saved run");
    let alone = Gate::new(GATE).file("saved.json", saved);
    check(&alone, &["--base", "main"]).code(3).says("lies in no clone");
    let nowhere = gate.path("nowhere");
    let nowhere: &Path = &nowhere;
    let gate = gate.set("PATH", &nowhere.to_string_lossy());
    check(&gate, &["--base", "HEAD"]).code(3).says("install it");
}

#[test]
fn a_file_beside_that_changed_is_told_and_not_judged() {
    let text = GATE.replace("get = \"/\"", "post = \"/\"\nname = \"GET /\"\nfile = \"body.json\"");
    let gate = clone(&[("gate.toml", &text), ("body.json", "{\"many\":100}")]);
    write(&gate, "body.json", "{}");
    let done = check(&gate, &["--base", "HEAD"]);
    done.code(0).says("file body.json");
    assert_eq!(state(&done), "changed");
}

#[test]
fn the_load_of_the_base_is_put_on_where_the_change_lowers_it() {
    let server = Server::start(Script::new().on("/", [ok("here")]));
    let text = GATE.replace("http://127.0.0.1:9", &server.url("")).replace("60s", "2s");
    let text = text.replace("< 110ms", "< 5s").replace("20/s", "100/s");
    let gate = clone(&[("gate.toml", &text)]);
    write(&gate, "gate.toml", &text.replace("100/s", "20/s"));
    let done = gate.run(&["run", "gate.toml", "--base", "HEAD"]);
    done.code(1).says("planned requests: 200 → 40 (−80 %)");
    assert!(server.hits("/") >= 190, "{}", server.hits("/"));
}

#[test]
fn the_own_load_of_a_scenario_is_the_bases_where_the_change_lowers_it() {
    let server = Server::start(Script::new().on("/a", [ok("here")]).on("/b", [ok("there")]));
    let own = |name: &str, rate: &str| {
        format!(
            "[[scenario]]\nname = \"{name}\"\nsteps = [{{ get = \"/{name}\" }}]\n\
             [scenario.load]\nrate = \"{rate}\"\nduration = \"2s\"\n"
        )
    };
    let text = |a: &str, b: &str| {
        let url = server.url("");
        let (a, b) = (own("a", a), own("b", b));
        format!(
            "[target]\nurl = \"{url}\"\n[load]\narrivals = \"even\"\n{a}{b}[sla]\np50 = \"< 5s\"\n"
        )
    };
    let gate = clone(&[("gate.toml", &text("100/s", "10/s"))]);
    // As much in all: what one loses the other gets.
    write(&gate, "gate.toml", &text("10/s", "100/s"));
    let done = gate.run(&["run", "gate.toml", "--base", "HEAD"]);
    done.code(1);
    assert!(
        why(&done).contains("scenario a: planned arrivals: 200 → 20 (−90 %)"),
        "{}",
        why(&done)
    );
    let (a, b) = (server.hits("/a"), server.hits("/b"));
    assert!(a >= 190 && (15..=30).contains(&b), "{a} {b}");
}

/// A checkout with a gate file, and the artifact of a stranger in `of-fork`.
fn artifact(change: impl Fn(&mut loadgate::run::Run)) -> Gate {
    let (_, mut run) = minute(vec![asked("p50", "< 110ms")], usual());
    run.origin.gate_hash = format!("{:x}", Sha256::digest(GATE));
    "20/s for 60s".clone_into(&mut run.load.profile);
    change(&mut run);
    let gate = Gate::new(GATE);
    write(&gate, "of-fork/run.json", &archive::write(&run));
    write(&gate, "of-fork/verdict.json", "{\"verdict\":\"pass\",\"exit_code\":0}");
    gate
}

#[test]
fn the_run_of_a_stranger_is_judged_by_the_gate_file_of_the_checkout() {
    let publish = |gate: &Gate| gate.run(&["publish", "of-fork"]);
    let done = publish(&artifact(|_| ()));
    assert_eq!(done.code(0).verdict()["verdict"], "pass");
    // The artifact says pass; its numbers do not.
    let gate = artifact(|_| ());
    write(&gate, "gate.toml", &GATE.replace("< 110ms", "< 90ms"));
    publish(&gate).code(1).says("the gate file of the run");
    let done = publish(&artifact(|run| run.load.profile = "1/s for 60s".to_owned()));
    done.code(1).says("the load that was put on: 20/s for 60s → 1/s for 60s");
}

#[test]
fn a_hostile_artifact_chooses_nothing() {
    let publish = |gate: &Gate| gate.run(&["publish", "of-fork"]);
    for name in
        ["../gate.toml", "/etc/gate.toml", "none.toml", "gate.toml/", "", "of-fork/run.json"]
    {
        let done = publish(&artifact(|run| run.origin.gate = name.to_owned()));
        done.code(3).says("name one with --gate");
    }
    let gate = artifact(|run| "evil\n::error::x \u{1b}[31m".clone_into(&mut run.origin.gate));
    let done = publish(&gate);
    assert!(!done.code(3).stderr.contains("\n::") && !done.stderr.contains('\u{1b}'));
    let given = gate.run(&["publish", "of-fork", "--gate", "gate.toml"]);
    given.code(0).reports();
    for text in ["", "{", "[]", "{\"schema\":\"loadgate.run/9\"}"] {
        write(&gate, "of-fork/run.json", text);
        publish(&gate).code(3);
    }
    let large = std::fs::File::create(gate.path("of-fork/run.json")).expect("made");
    large.set_len(8 << 30).expect("a hole takes no room");
    publish(&gate).code(3).says("larger than");
    publish(&Gate::new(GATE)).code(3);
}

#[cfg(unix)]
#[test]
fn a_link_in_an_artifact_is_not_followed() {
    let gate = artifact(|_| ());
    std::fs::rename(gate.path("of-fork/run.json"), gate.path("run.json")).expect("moved");
    std::os::unix::fs::symlink("../run.json", gate.path("of-fork/run.json")).expect("linked");
    gate.run(&["publish", "of-fork"]).code(3).says("is a link");
}
