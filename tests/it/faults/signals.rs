//! Signals at moments that nobody expects.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::files::{listed, whole};
use super::steady;
use crate::support::gate::{Done, Gate, REPORTS, Running};
use crate::support::server::Server;

/// A gate with so many endpoints, for so long.
fn crowd(server: &Server, endpoints: usize, duration: &str) -> Gate {
    let requests: Vec<String> = (0..endpoints)
        .map(|n| format!("[[request]]\nname = \"r{n}\"\nget = \"/ok?{n}\"\n"))
        .collect();
    Gate::new(&format!(
        "[target]\nurl = \"{}\"\n[load]\nrate = \"40/s\"\nduration = \"{duration}\"\n{}[sla]\n\
         p50 = \"< 1s\"\n[sla.\"*\"]\nmax = \"< 1s\"\n",
        server.url(""),
        requests.concat()
    ))
}

/// So many moments between two, in milliseconds; the same each time.
fn moments(count: usize, from: u64, to: u64) -> Vec<Duration> {
    let mut seed: u64 = 4711;
    let draws = std::iter::repeat_with(|| {
        // The generator of Knuth's MMIX.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        seed >> 33
    });
    draws.take(count).map(|draw| Duration::from_millis(from + draw % (to - from))).collect()
}

#[test]
fn a_run_that_is_killed_at_any_moment_leaves_whole_files_or_none() {
    let server = steady();
    // About the end of short runs, when reports are written, and about the first checkpoint.
    let short = moments(12, 900, 1_900).into_iter().map(|at| (at, "1s"));
    let long = moments(13, 4_900, 6_100).into_iter().map(|at| (at, "40s"));
    let mut runs: Vec<(Duration, Instant, Gate, Running)> = short
        .chain(long)
        .map(|(at, duration)| {
            let gate = crowd(&server, 40, duration);
            let running = gate.start(&["run", "gate.toml"]);
            (at, Instant::now(), gate, running)
        })
        .collect();
    runs.sort_by_key(|(at, begun, ..)| *begun + *at);
    let (mut checkpoints, mut killed) = (0, 0);
    for (at, begun, gate, running) in runs {
        std::thread::sleep((begun + at).saturating_duration_since(Instant::now()));
        running.signal_at_once(Signal::KILL);
        let done = running.end(&gate);
        whole(&gate);
        let unfinished = |name: &str| name.starts_with(".loadgate-") && name.contains(".tmp");
        let ours = |name: &&String| REPORTS.contains(&name.as_str()) || unfinished(name);
        let others: Vec<_> = listed(&gate).into_iter().filter(|name| !ours(&name)).collect();
        assert!(others.is_empty(), "{others:?}");
        killed += usize::from(done.status.code().is_none());
        checkpoints +=
            usize::from(at > Duration::from_secs(4) && done.try_file("run.json").is_some());
    }
    assert!(killed > 13 && checkpoints > 0, "{killed} killed, {checkpoints} with a checkpoint");
}

#[test]
fn what_a_killed_run_left_half_written_is_no_report_of_the_next_one() {
    let server = steady();
    let gate = crowd(&server, 2, "1s");
    std::fs::create_dir(gate.path("loadgate-out")).expect("a directory of ours");
    std::fs::write(gate.path("loadgate-out/.loadgate-left.tmp"), "{\"half").expect("a file");
    gate.go().reports();
}

/// A run that gets these signals after its first report and before its last: it is stopped for that
/// long.
fn while_writing(server: &Server, signals: &[Signal]) -> (Gate, Done) {
    let caught = (0..6).find_map(|_| {
        let gate = crowd(server, 400, "1s");
        let mut running = gate.start(&["run", "gate.toml"]);
        running.until("the first report", |_| gate.path("loadgate-out/run.json").exists());
        running.signal_at_once(Signal::STOP);
        let middle = listed(&gate).len() < REPORTS.len() && running.is_alive();
        if middle {
            for signal in signals {
                running.signal_at_once(*signal);
            }
        }
        running.signal_at_once(Signal::CONT);
        let done = running.end(&gate);
        middle.then_some((gate, done))
    });
    caught.expect("reports of so many endpoints take longer than a look at the directory")
}

#[test]
fn a_signal_while_reports_are_written_lets_them_be_finished() {
    let server = steady();
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let (gate, done) = while_writing(&server, &[signal]);
        whole(&gate);
        let code = done.reports().verdict()["exit_code"].as_i64();
        assert_eq!(done.status.code().map(i64::from), code, "{}", done.stderr);
    }
}

#[test]
fn a_second_signal_while_reports_are_written_ends_it_between_two_whole_files() {
    let server = steady();
    let (gate, done) = while_writing(&server, &[Signal::INT, Signal::TERM]);
    // Which of the two is heard first is not known; both may come after the last report.
    let code = done.status.code();
    assert!(matches!(code, Some(130 | 143 | 0 | 3)), "{code:?}\n{}", done.stderr);
    assert!(done.try_file("run.json").is_some());
    whole(&gate);
}
