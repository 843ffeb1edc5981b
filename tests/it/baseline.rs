//! Earlier runs: what is kept of them, where, and for how long.

/// Places of kept runs: folders and branches.
mod places;
/// Places of kept runs: buckets.
mod bucket;
/// What a comparison would find, said before it.
mod outlook;
/// Judged against the runs before it, on the built binary.
pub(crate) mod judged;
/// A slow runner, with the reference service and without.
#[cfg(unix)]
mod slow;

use loadgate::archive;
use loadgate::run::Stop;

use super::support::gate::{Done, Gate};
use super::support::judged::minute;
use super::support::made::{asked, even, ms, s};

const GATE: &str = "[target]\nurl = \"http://127.0.0.1:9\"\n[load]\nrate = \"20/s\"\n\
                    duration = \"60s\"\n[[request]]\nget = \"/\"\n[sla]\np50 = \"< 110ms\"\n";

/// A gate in a job of branch main.
fn gate() -> Gate {
    on(Gate::new(GATE), "refs/heads/main")
}

fn on(gate: Gate, reference: &str) -> Gate {
    gate.set("GITHUB_ACTIONS", "true")
        .set("GITHUB_EVENT_NAME", "push")
        .set("GITHUB_REF", reference)
        .set("GITHUB_SHA", &"c".repeat(40))
}

/// The name of the n-th run.
pub(crate) fn id(nth: u32) -> String {
    format!("202611{:02}T120000Z-0000{nth:04}", 1 + nth)
}

/// The n-th run, its latencies spread evenly up to a number of milliseconds.
fn text(nth: u32, most: u64) -> String {
    let samples = even(1200, s(60), ms(0), ms(most));
    let (_, mut run) = minute(vec![asked("p50", "< 110ms")], samples);
    run.origin.id = id(nth);
    run.origin.started = format!("2026-11-{:02}T12:00:00Z", 1 + nth);
    archive::write(&run)
}

/// Keeps the n-th run.
fn add(gate: &Gate, nth: u32, most: u64, more: &[&str]) -> Done {
    std::fs::write(gate.path("saved.json"), text(nth, most)).expect("written");
    gate.run(&[&["baseline", "add", "saved.json"], more].concat())
}

fn names(gate: &Gate, folder: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(gate.path(folder)) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_run_that_passed_is_kept_small_and_listed() {
    let gate = gate();
    add(&gate, 0, 200, &[]).code(0).says("1 of 10 that a comparison needs, 9 more");
    add(&gate, 0, 200, &[]).code(0);
    add(&gate, 1, 200, &[]).code(0).says("2 of 10");
    assert_eq!(names(&gate, ".loadgate/runs"), [0, 1].map(|nth| id(nth) + ".json"));
    let kept = std::fs::metadata(gate.path(&format!(".loadgate/runs/{}.json", id(0))));
    assert!(kept.expect("it is there").len() * 4 < text(0, 200).len() as u64);
    let done = gate.run(&["baseline", "list"]);
    let first = format!("  {:<26} cccccccccccc passed p50 99.8 ms", id(0));
    assert!(done.code(0).stdout.contains("branch main, AMD EPYC 7763, 4 cores, 16 GiB"));
    assert!(done.stdout.contains(&first), "{}", done.stdout);
    assert!(done.stdout.contains("2 runs: 8 more until anything is compared"), "{}", done.stdout);
    let show = gate.run(&["baseline", "show", &id(1)]);
    assert!(show.code(0).stdout.contains("GET /: 1200 requests, p50 99.8 ms"), "{}", show.stdout);
    gate.run(&["baseline", "show", "nonsense"]).code(2).says("is no kept run");
}

#[test]
fn what_did_not_pass_or_is_not_whole_is_not_kept() {
    let gate = gate();
    add(&gate, 0, 400, &[]).code(3).says("did not pass, and is not kept");
    let (_, run) = minute(vec![asked("p50", "< 110ms")], even(1200, s(60), ms(0), ms(200)));
    let mut edited = Vec::new();
    let mut other = run.clone();
    other.stop = Stop::Signal("SIGINT".to_owned());
    edited.push((other, "ended before its load did"));
    let mut other = run.clone();
    other.origin.load_hash.clear();
    edited.push((other, "does not say what was sent"));
    let mut other = run.clone();
    other.load.dropped = 7;
    edited.push((other, "arrivals were dropped"));
    let mut other = run;
    other.origin.id = "../../etc/passwd".to_owned();
    edited.push((other, "has a name that no file can have"));
    for (run, why) in edited {
        std::fs::write(gate.path("saved.json"), archive::write(&run)).expect("written");
        gate.run(&["baseline", "add", "saved.json"]).code(3).says(why);
    }
    assert!(names(&gate, ".loadgate/runs").is_empty());
}

#[test]
fn only_runs_of_the_protected_branch_are_kept() {
    let feature = on(Gate::new(GATE), "refs/heads/feature");
    add(&feature, 0, 200, &[]).code(2).says("this is branch `feature`, and only runs of `main`");
    add(&feature, 0, 200, &["--branch", "feature"]).code(0);
    let pull = gate().set("GITHUB_EVENT_NAME", "pull_request");
    add(&pull, 0, 200, &[]).code(2).says("this job is for a change");
    for event in ["workflow_run", "issue_comment"] {
        let set_off = gate().set("GITHUB_EVENT_NAME", event);
        add(&set_off, 0, 200, &[]).code(2).says("this job is for a change");
    }
    let tag = on(Gate::new(GATE), "refs/tags/v1");
    add(&tag, 0, 200, &[]).code(2).says("nobody tells which branch this is");
    let open = gate().set("GITHUB_REF_PROTECTED", "false");
    add(&open, 0, 200, &[]).code(0).says("`main` is not protected");
}

#[test]
fn what_is_damaged_newer_or_no_run_is_refused_and_can_be_removed() {
    let gate = gate();
    for nth in 0..3 {
        add(&gate, nth, 200, &[]).code(0);
    }
    let path = gate.path(&format!(".loadgate/runs/{}.json", id(1)));
    let whole = std::fs::read_to_string(&path).expect("it was kept");
    let newer = whole.replacen("loadgate.kept/1", "loadgate.kept/2", 1);
    let edited = whole.replacen("\"branch\":\"main\"", "\"branch\":\"evil\"", 1);
    let run = text(1, 200);
    let cases = [
        (&whole[..whole.len() / 2], "ends in the middle"),
        (newer.as_str(), "written by a newer loadgate: update this one"),
        (edited.as_str(), "was damaged or edited since it was written"),
        (run.as_str(), "is a `loadgate.run/1`, not a `loadgate.kept/1`"),
        ("", "is empty"),
        ("{}", "is JSON, but no file of loadgate"),
    ];
    for (text, why) in cases {
        std::fs::write(&path, text).expect("written");
        gate.run(&["baseline", "list"]).code(3).says(why).says(&id(1));
    }
    gate.run(&["baseline", "prune", "--damaged"]).code(0).says("1 removed");
    gate.run(&["baseline", "list"]).code(0);
    assert_eq!(names(&gate, ".loadgate/runs").len(), 2);
}

#[test]
fn old_runs_go_and_the_anchor_stays() {
    let gate = gate();
    for nth in 0..5 {
        add(&gate, nth, 200, &[]).code(0);
    }
    gate.run(&["baseline", "promote", &id(0), "--reason", "release 1"]).code(0);
    gate.run(&["baseline", "promote", &id(3), "--as", "segment"]).code(0);
    let list = gate.run(&["baseline", "list"]);
    assert!(list.code(0).stdout.contains("anchor (release 1)"), "{}", list.stdout);
    assert!(list.stdout.contains("segment"), "{}", list.stdout);
    gate.run(&["baseline", "prune", "--keep", "2"]).code(0).says("2 removed");
    assert_eq!(names(&gate, ".loadgate/runs"), [0, 3, 4].map(|nth| id(nth) + ".json"));
    gate.run(&["baseline", "prune", "--older-than", "1"]).code(0);
}

#[test]
fn the_place_where_it_became_slower_is_named_in_the_list_and_on_the_page() {
    let gate = gate();
    for nth in 0..16 {
        // Each run a little different, and a fifth slower from the ninth on.
        let most = 180 + u64::from(nth % 3) + if nth < 8 { 0 } else { 36 };
        add(&gate, nth, most, &[]).code(0);
    }
    let list = gate.run(&["baseline", "list"]);
    let changed = format!("changed: GET / p95 +20.0 % since {}", id(8));
    assert!(list.code(0).stdout.contains(&changed), "{}", list.stdout);
    gate.run(&["baseline", "report", "page.html"]).code(0);
    let page = std::fs::read_to_string(gate.path("page.html")).expect("it was written");
    for text in ["GET /: latency", "p95 +20.0 %", "whole run: failed requests"] {
        assert!(page.contains(text), "{text} is not on the page");
    }
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("<script"));
    let again = gate.run(&["baseline", "report", "again.html"]);
    again.code(0);
    assert_eq!(std::fs::read_to_string(gate.path("again.html")).ok(), Some(page));
    gate.run(&["baseline", "list", "--branch", "other"]).code(0);
}
