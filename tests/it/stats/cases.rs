//! Comparisons, limits and histories, each told in one case.

use std::time::Duration;

use loadgate::metric::Better;
use loadgate::stats::count::{Count, Errors};
use loadgate::stats::history::{self, Norm, Rates, Reading, reference_helps};
use loadgate::stats::shift::{Check, Outcome};
use loadgate::stats::side::{
    Caution, Comparison, ErrorCheck, Judged, Pair, Round, Rules, cautions, ignored_without_restart,
};
use loadgate::stats::sla::{self, Evidence};

const ALPHA: f64 = 0.01;
const BETA: f64 = 0.05;

fn check(better: Better, limit: f64, floor: Option<f64>) -> Check {
    Check { better, ignore: 0.01, limit, floor }
}

/// Rounds of one check whose shift wanders a little around a value.
fn rounds(count: usize, base: f64, shift: f64, noise: f64) -> Vec<Round> {
    let wander = [0.3, -0.9, 1.1, -0.2, 0.6, -1.2, 0.1, 0.8, -0.7, -0.1, 1.0, -0.8];
    let pair = |at: usize| {
        let shift = shift + noise * wander[at % wander.len()];
        Some(Pair { base: base.ln(), new: base.ln() + shift, tail: 50.0 })
    };
    (0..count).map(|at| Round { pairs: vec![pair(at)], errors: vec![] }).collect()
}

fn plan(check: Check) -> Comparison {
    Comparison { rules: Rules::restarted(ALPHA, BETA), checks: vec![check], errors: vec![] }
}

fn judged(better: Better, floor: Option<f64>, base: f64, shift: f64) -> Judged {
    plan(check(better, 0.05, floor)).judge(&rounds(16, base, shift, 0.01))
}

#[test]
fn the_four_outcomes_of_a_comparison() {
    let outcome = |shift: f64, noise: f64| {
        plan(check(Better::Lower, 0.05, None)).judge(&rounds(16, 1e4, shift, noise)).outcome
    };
    assert_eq!(outcome(0.0, 0.01), Outcome::Pass);
    assert_eq!(outcome(0.03, 0.01), Outcome::Warn);
    assert_eq!(outcome(0.10, 0.01), Outcome::Fail);
    assert_eq!(outcome(0.0, 0.2), Outcome::Inconclusive);
}

#[test]
fn a_clear_comparison_ends_at_the_first_look() {
    for shift in [0.3, 0.0] {
        let ended = judged(Better::Lower, None, 1e4, shift);
        assert_eq!((ended.rounds, ended.next), (6, None), "{shift}");
    }
}

#[test]
fn before_and_between_looks_it_says_how_many_rounds_come_next() {
    let plan = plan(check(Better::Lower, 0.05, None));
    let next = |count: usize| {
        let judged = plan.judge(&rounds(count, 1e4, 0.03, 0.03));
        (judged.outcome, judged.rounds, judged.next)
    };
    assert_eq!(next(0), (Outcome::Inconclusive, 0, Some(6)));
    assert_eq!(next(5), (Outcome::Inconclusive, 5, Some(6)));
    assert_eq!(next(8), (Outcome::Inconclusive, 6, Some(9)));
    assert_eq!(next(15), (Outcome::Inconclusive, 12, Some(16)));
}

#[test]
fn less_throughput_fails_and_more_never_does() {
    assert_eq!(judged(Better::Higher, None, 500.0, -0.15).outcome, Outcome::Fail);
    assert_eq!(judged(Better::Higher, None, 500.0, 0.15).outcome, Outcome::Pass);
    let found = judged(Better::Higher, None, 500.0, -0.15).checks[0].expect("it was judged");
    let change = check(Better::Higher, 0.05, None).change(found.estimate);
    assert!((change - (-0.15_f64).exp_m1()).abs() < 0.01, "{change}");
}

#[test]
fn a_shift_below_the_floor_does_not_fail() {
    // 10 % of 10 ms are 1 ms.
    assert_eq!(judged(Better::Lower, Some(500.0), 1e4, 0.1).outcome, Outcome::Fail);
    assert_eq!(judged(Better::Lower, Some(2000.0), 1e4, 0.1).outcome, Outcome::Warn);
}

#[test]
fn a_check_without_samples_beyond_its_quantile_is_no_part_of_the_family() {
    let mut rounds = rounds(16, 1e4, 0.5, 0.01);
    for round in &mut rounds {
        round.pairs[0] = round.pairs[0].map(|pair| Pair { tail: 4.0, ..pair });
    }
    let judged = plan(check(Better::Lower, 0.05, None)).judge(&rounds);
    assert_eq!((judged.outcome, judged.checks[0]), (Outcome::Inconclusive, None));
}

#[test]
fn what_is_too_noisy_to_be_armed_still_fails_when_it_is_clear() {
    let judged = plan(check(Better::Lower, 0.05, None)).judge(&rounds(16, 1e4, 0.5, 0.1));
    let found = judged.checks[0].expect("it was judged");
    assert!(!found.armed && found.detectable > 0.05, "{found:?}");
    assert_eq!(judged.outcome, Outcome::Fail);
}

#[test]
fn a_version_that_stopped_answering_fails() {
    let dead = |at: usize, round: &Round| {
        let pair = round.pairs[0].map(|pair| Pair { new: f64::INFINITY, ..pair });
        Round {
            pairs: vec![if at.is_multiple_of(2) { pair } else { round.pairs[0] }],
            errors: vec![],
        }
    };
    let steady = rounds(16, 1e4, 0.2, 0.01);
    let broken: Vec<Round> = steady.iter().enumerate().map(|(at, round)| dead(at, round)).collect();
    assert_eq!(plan(check(Better::Lower, 0.05, None)).judge(&broken).outcome, Outcome::Fail);
}

/// Sixteen rounds of a thousand requests on each side with the errors given, turn by turn.
fn error_rounds(base: &[u64], new: &[u64]) -> Vec<Round> {
    let count = |bad: u64| Count { bad, all: 1000 };
    let errors =
        |at: usize| Errors { base: count(base[at % base.len()]), new: count(new[at % new.len()]) };
    (0..16).map(|at| Round { pairs: vec![], errors: vec![errors(at)] }).collect()
}

fn error_outcome(base: &[u64], new: &[u64]) -> Outcome {
    let errors = vec![ErrorCheck { ignore: 0.001, limit: 0.005 }];
    let rules = Rules::restarted(ALPHA, BETA);
    Comparison { rules, checks: vec![], errors }.judge(&error_rounds(base, new)).outcome
}

#[test]
fn error_rates_of_two_versions() {
    let mut once = [0; 16];
    once[3] = 1;
    assert_eq!(error_outcome(&[0], &once), Outcome::Pass);
    assert_eq!(error_outcome(&[0], &[0]), Outcome::Pass);
    assert_eq!(error_outcome(&[2, 3], &[12, 15, 10]), Outcome::Fail);
    assert_eq!(error_outcome(&[12, 15, 10], &[2, 3]), Outcome::Pass);
    // One bad second is one event, whatever it broke.
    let mut burst = [0; 16];
    burst[3] = 60;
    assert_ne!(error_outcome(&[0], &burst), Outcome::Fail);
}

#[test]
fn rounds_that_drift_are_read_with_care() {
    let pairs = |shift: f64, drift: f64| -> Vec<Pair> {
        let rounds = rounds(12, 1e4, 0.0, 0.01);
        let pairs = rounds.iter().filter_map(|round| round.pairs[0]);
        let at = (0_u32..).map(f64::from);
        let moved = pairs.zip(at).map(|(pair, at)| {
            let base = pair.base + drift * at;
            Pair { base, new: pair.new + (drift + shift) * at, ..pair }
        });
        moved.collect()
    };
    assert_eq!(cautions(&pairs(0.0, 0.0)), []);
    assert_eq!(cautions(&pairs(0.05, 0.0)), [Caution::Trend]);
    assert_eq!(cautions(&pairs(0.0, 0.05)), [Caution::Drifting]);
}

#[test]
fn without_restart_more_is_ignored() {
    assert!((ignored_without_restart(0.01, 0.01) - 0.025).abs() < 1e-12);
    assert!((ignored_without_restart(0.05, 0.01) - 0.05).abs() < 1e-12);
}

fn sla(bad: u64, seconds: u64) -> Outcome {
    let batches: Vec<Count> = (0..10).map(|at| Count { bad: bad + at % 2, all: 2000 }).collect();
    let evidence = Evidence::of(&batches, 0.05).expect("ten batches");
    assert_eq!(evidence.leans_to_pass(), bad < 100);
    sla::judge(&[evidence], 10, Duration::from_secs(seconds), ALPHA)[0]
}

#[test]
fn an_absolute_limit_passes_fails_or_is_open() {
    assert_eq!(sla(60, 300), Outcome::Pass);
    assert_eq!(sla(98, 300), Outcome::Inconclusive);
    assert_eq!(sla(140, 300), Outcome::Fail);
    assert_eq!(sla(140, 59), Outcome::Inconclusive);
    assert_eq!(Evidence::of(&[], 0.05), None);
}

#[test]
fn an_error_rate_below_one_percent_needs_530_effective_requests() {
    let passes = |all: u64| {
        let batches = [Count { bad: 0, all }; 10];
        let evidence = Evidence::of(&batches, 0.01).expect("ten batches");
        sla::judge(&[evidence], 10, Duration::from_mins(5), ALPHA)[0] == Outcome::Pass
    };
    assert!(passes(78) && !passes(60));
}

fn reading(first: f64, second: Option<f64>) -> Reading {
    let past: Vec<f64> = [0.01, -0.012, 0.004, -0.006, 0.012, -0.01, 0.002, 0.008, -0.009, 0.001]
        .iter()
        .cycle()
        .take(20)
        .map(|wander| 9.0 + wander)
        .collect();
    let norm = Norm::of(&past, 0.001).expect("twenty runs");
    let check = check(Better::Lower, 0.10, None);
    Reading { check, norm, first: 9.0 + first, second: second.map(|second| 9.0 + second) }
}

fn from_history(first: f64, second: Option<f64>) -> Outcome {
    history::judge(&[reading(first, second)], Rates { alpha: ALPHA, beta: BETA })[0].outcome
}

#[test]
fn history_needs_two_runs_to_fail() {
    assert_eq!(from_history(0.0, None), Outcome::Pass);
    assert!(reading(0.2, None).suspicious(1));
    assert_eq!(from_history(0.2, None), Outcome::Inconclusive);
    assert_eq!(from_history(0.2, Some(0.2)), Outcome::Fail);
    assert_eq!(from_history(0.2, Some(0.0)), Outcome::Inconclusive);
    assert_eq!(from_history(0.05, Some(0.05)), Outcome::Warn);
    assert_eq!(from_history(-0.5, None), Outcome::Pass);
}

#[test]
fn history_says_how_many_runs_are_missing() {
    assert_eq!(Norm::of(&[1.0; 3], 0.0), Err(7));
    assert_eq!(Norm::of(&[1.0; 60], 0.02).map(|norm| (norm.runs, norm.spread)), Ok((40, 0.02)));
}

#[test]
fn a_reference_is_used_only_where_it_explains_the_spread() {
    let machine: Vec<f64> = (0..20).map(|run| 0.1 * f64::from(run % 4)).collect();
    let own = |run: usize, size: f64| size * f64::from(u8::from(run.is_multiple_of(3)));
    let with = |size: f64| -> Vec<f64> {
        machine.iter().enumerate().map(|(run, speed)| 1.1 * speed + own(run, size)).collect()
    };
    assert!(reference_helps(&[with(0.02), with(0.03)], &machine));
    assert!(!reference_helps(&[with(0.6)], &machine));
    let steady: Vec<f64> = (0..20).map(|run| own(run, 0.01)).collect();
    assert!(!reference_helps(&[steady], &machine));
}
