//! The stated error rates, counted in simulated gate runs: a short form of `ci/calibrate`. Each
//! share is held against its bound exactly: what is counted may not be surely beyond it.

/// Random draws.
#[path = "../../../benches/calibrate/dice.rs"]
mod dice;
/// A service under load.
#[path = "../../../benches/calibrate/world.rs"]
#[expect(dead_code, reason = "other noise is for `ci/calibrate`")]
mod world;
/// Shares beside what they should be.
#[path = "../../../benches/calibrate/table.rs"]
mod table;
/// Two versions side by side.
#[path = "../../../benches/calibrate/side.rs"]
#[expect(dead_code, reason = "whole tables are printed by `ci/calibrate` alone")]
mod side;
/// A run against the runs before it.
#[path = "../../../benches/calibrate/past.rs"]
#[expect(dead_code, reason = "what one run alone would claim is shown by `ci/calibrate`")]
mod past;
/// An absolute limit.
#[path = "../../../benches/calibrate/limit.rs"]
#[expect(dead_code, reason = "other weather is for `ci/calibrate`")]
mod limit;
/// Error rates.
#[path = "../../../benches/calibrate/clumps.rs"]
#[expect(dead_code, reason = "sums of several cores are for `ci/calibrate`")]
mod clumps;

use past::Project;
use table::{Cell, Want};

const SEED: u64 = 20_261_130;

#[track_caller]
fn check(name: &str, hits: u64, of: u64, want: Want) {
    let cell = Cell::new(name, hits, of, want);
    assert!(!cell.missed(), "{cell}");
}

fn sides(case: usize, ignore: f64, runs: u64) -> side::Tallied {
    side::play(&side::cases()[case], world::TYPICAL, ignore, 0..runs, SEED)
}

#[test]
fn two_versions_that_are_alike_pass_and_are_told_apart_in_one_of_a_hundred_at_most() {
    let same = sides(0, 0.01, 40);
    check("claims", same.found, 40, Want::AtMost(0.01));
    check("passes", same.pass, 40, Want::AtLeast(0.97));
    // Nearly all have an answer without every round.
    assert!(same.rounds < 40 * 14, "{same:?}");
}

#[test]
fn a_version_that_is_slower_everywhere_fails_and_soon() {
    let slower = sides(1, 0.01, 10);
    check("+5 % everywhere", slower.found, 10, Want::AtLeast(0.98));
    assert!(slower.rounds < 10 * 12, "{slower:?}");
}

#[test]
fn a_version_that_is_slower_at_one_endpoint_fails() {
    let slower = sides(2, 0.0, 25);
    check("+5 % at one", slower.found, 25, Want::AtLeast(0.90));
    let tails = sides(4, 0.01, 10);
    check("+10 % of p95 and p99", tails.found, 10, Want::AtLeast(0.95));
}

#[test]
fn from_history_alike_runs_are_told_apart_in_one_of_a_hundred_at_most() {
    let project =
        Project { name: "typical", machine: 0.03, own: 0.013, runs: 20, elsewhere: false };
    let count = |slower: f64, runs: u64| past::play(project, slower, 0..runs, SEED).fail;
    check("A/A", count(0.0, 100), 100, Want::AtMost(0.01));
    check("+10 %", count(0.10, 40), 40, Want::Near(0.44, 1000));
    check("+20 %", count(0.20, 20), 20, Want::AtLeast(0.97));
}

#[test]
fn a_service_at_its_limit_fails_in_two_of_a_hundred_runs_at_most() {
    let at = limit::boundary(limit::TYPICAL, SEED, 20_000);
    let play = |limit: f64| limit::play(limit::TYPICAL, limit, 300, 0..60, SEED);
    let (same, worse) = (play(at), play(at - 1.25_f64.ln()));
    check("fails at the limit", same.fail, 60, Want::AtMost(0.02));
    check("passes at the limit", same.pass, 60, Want::AtMost(0.09));
    check("fails 25 % above it", worse.fail, 60, Want::AtLeast(0.90));
    let ended = |limit: f64| limit::ended(limit::TYPICAL, limit, 120, 0..60, SEED);
    check("ends early at the limit", ended(at), 60, Want::AtMost(0.01));
    check("ends early twice as slow", ended(at - 2.0_f64.ln()), 60, Want::AtLeast(0.98));
    // Comparing values alone is a coin.
    assert!((15..45).contains(&same.plain), "{same:?}");
}

#[test]
fn errors_in_clumps_are_no_regression() {
    let play = |clump: u64, times: f64| clumps::play(clump, times, 0..60, SEED);
    let same = play(5, 1.0);
    check("A/A", same.fail, 60, Want::AtMost(0.01));
    check("twice as many", play(1, 2.0).fail, 60, Want::AtLeast(0.84));
    // What a test of single requests makes of them.
    assert!(same.fisher > 10, "{same:?}");
}
