//! Places of kept runs: folders and branches.

use std::process::Command;

use super::{GATE, add, gate, id, text};
use crate::support::gate::Gate;

fn git(folder: &std::path::Path, arguments: &[&str]) -> String {
    let done = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .expect("git is there");
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}

/// A clone of a remote that lies beside it, with one commit.
fn cloned(remote: &str) -> Gate {
    let gate = gate();
    let home = gate.path("");
    git(&home, &["init", "-q", "-b", "main"]);
    git(&home, &["add", "gate.toml"]);
    git(&home, &["commit", "-q", "-m", "one"]);
    git(&home, &["remote", "add", "origin", remote]);
    gate
}

const BRANCH: [&str; 2] = ["--baseline", "git:loadgate-baselines"];

#[test]
fn a_branch_takes_runs_from_several_clones_at_once_and_leaves_the_work_tree_alone() {
    let remote = tempfile::tempdir().expect("a temporary directory");
    git(remote.path(), &["init", "-q", "--bare"]);
    let remote = remote.path().to_string_lossy().into_owned();
    let clones = [cloned(&remote), cloned(&remote), cloned(&remote)];
    std::thread::scope(|scope| {
        for (nth, gate) in (0..).zip(&clones) {
            scope.spawn(move || {
                add(gate, nth, 200, &BRANCH).code(0);
            });
        }
    });
    for gate in &clones {
        let list = gate.run(&[&["baseline", "list"][..], &BRANCH].concat());
        for nth in 0..3 {
            assert!(list.code(0).stdout.contains(&id(nth)), "{}", list.stdout);
        }
        assert_eq!(git(&gate.path(""), &["status", "--short"]), "?? saved.json");
        assert_eq!(git(&gate.path(""), &["branch", "--list"]), "* main");
    }
    let prune = ["baseline", "prune", "--keep", "1"];
    clones[0].run(&[&prune[..], &BRANCH].concat()).code(0).says("2 removed");
    let list = clones[1].run(&[&["baseline", "list"][..], &BRANCH].concat());
    assert!(!list.code(0).stdout.contains(&id(0)), "{}", list.stdout);
}

#[test]
fn a_clone_that_came_from_nowhere_keeps_its_own_branch() {
    let gate = gate();
    let home = gate.path("");
    add(&gate, 0, 200, &BRANCH).code(3).says("there is no clone of git here");
    git(&home, &["init", "-q", "-b", "main"]);
    for nth in 0..2 {
        add(&gate, nth, 200, &BRANCH).code(0);
    }
    let files = git(&home, &["ls-tree", "-r", "--name-only", "loadgate-baselines"]);
    assert_eq!(files, format!("runs/{}.json\nruns/{}.json", id(0), id(1)));
}

#[test]
fn a_remote_that_cannot_be_reached_is_no_empty_one() {
    let gate = cloned("/nowhere/at/all");
    let list = gate.run(&[&["baseline", "list"][..], &BRANCH].concat());
    list.code(3).says("the kept runs in `git:loadgate-baselines` cannot be read");
}

#[test]
fn a_place_that_is_none_says_what_to_write() {
    let gate = Gate::new(GATE).file("saved.json", text(0, 200));
    for place in ["s3://", "http://x", "git:-x", "git:a..b"] {
        let done = gate.run(&["baseline", "list", "--baseline", place]);
        done.code(2).says("--baseline");
    }
    gate.run(&["baseline", "list", "--baseline", "gate.toml"]).code(3).says("cannot be read");
}
