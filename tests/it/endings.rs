//! How a run ended, and what that leaves of its findings.

use std::time::Duration;

use loadgate::judge::finding::{Outcome, Verdict};
use loadgate::judge::{clearly_breached, judge};
use loadgate::plan::threshold::Threshold;
use loadgate::run::{Model, Stop};
use loadgate::sample::{Failure, Sample};

use crate::support::judged::{failing, line, lines, minute, usual};
use crate::support::made::{asked, bad, good, ms, over, s, warn};

#[test]
fn an_interrupted_run_never_passes_and_may_fail() {
    let (plan, mut run) = minute(vec![asked("p50", "< 1s")], usual());
    run.stop = Stop::Signal("SIGINT".to_owned());
    let judgement = judge(&plan, &run);
    assert_eq!(judgement.findings[0].outcome, Outcome::Held);
    assert_eq!(judgement.interrupted.as_deref(), Some("SIGINT"));
    assert_eq!(judgement.verdict(), Verdict::Inconclusive);
    let (plan, mut run) = minute(vec![asked("p50", "< 1ms")], usual());
    run.stop = Stop::Signal("SIGTERM".to_owned());
    assert_eq!(judge(&plan, &run).verdict(), Verdict::Fail);
}

#[test]
fn windows_after_the_end_of_a_run_are_unjudged() {
    let (plan, mut run) = minute(vec![over(s(10), asked("p50", "< 1s"))], usual());
    run.stop = Stop::Signal("SIGINT".to_owned());
    run.load.lasted = s(35);
    let found = &lines(&plan, &run)[0];
    assert!(found.starts_with("unjudged (cut-short): * p50 < 1s over 10s, got"), "{found}");
}

#[test]
fn a_checkpoint_fails_or_is_cut_short() {
    let (plan, mut run) = minute(vec![asked("p50", "< 1s"), asked("p50", "< 1ms")], usual());
    run.stop = Stop::Checkpoint;
    let expected = [
        "unjudged (cut-short): * p50 < 1s, got 99.8 ms",
        "breached: * p50 < 1ms, got 99.8 ms",
        "held: * fit",
    ];
    assert_eq!(lines(&plan, &run), expected);
}

#[test]
fn a_target_that_stays_down_fails_the_gate_whatever_its_limits() {
    let died = |thresholds: Vec<Threshold>| {
        let mut samples = usual();
        for sample in samples.iter_mut().filter(|sample| sample.due >= s(30)) {
            *sample = bad(sample.due, ms(1), Failure::Connect);
        }
        let (plan, mut run) = minute(thresholds, samples);
        run.stop = Stop::Dead(s(30));
        run.load.dropped = 3;
        let judgement = judge(&plan, &run);
        assert_eq!(judgement.verdict(), Verdict::Fail);
        judgement.findings.iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(died(vec![asked("error_rate", "< 1%")])[0], "breached: * error_rate < 1%, got 50%");
    let lenient = "breached: * error_rate < 90%, got 100% at 30s..60s";
    assert_eq!(died(vec![warn(asked("error_rate", "< 90%"))])[0], lenient);
    let ours = "breached: * error_rate < 100%, got 100% at 30s..60s";
    assert_eq!(died(vec![asked("good_p50", "< 1s")])[1], ours);
}

/// Answers for 40 s, and from then on so many users that wait 10 s in vain, twice.
fn falling_silent(users: usize) -> Vec<Sample> {
    let mut samples = usual();
    samples.retain(|sample| sample.due < s(40));
    for due in [s(40), s(50)] {
        samples.extend(std::iter::repeat_n(bad(due, s(10), Failure::Timeout), users));
    }
    samples
}

#[test]
fn a_closed_load_whose_target_falls_silent_for_good_fails() {
    let closed = |samples: Vec<Sample>| {
        let (plan, mut run) = minute(vec![asked("error_rate", "< 10%")], samples);
        run.load.model = Model::Closed;
        judge(&plan, &run).findings.iter().map(line).next().expect("one threshold, one finding")
    };
    let silent = "breached: * error_rate < 10%, got 100% at 41s..60s";
    assert_eq!(closed(falling_silent(10)), silent);
    // One user's bad luck, and a service that is slow rather than silent.
    assert!(closed(falling_silent(1)).starts_with("held"));
    let mut slow = falling_silent(10);
    slow.push(good(s(59), s(2)));
    assert!(closed(slow).starts_with("held"));
    assert!(closed(usual()).starts_with("held"));
}

#[test]
fn an_early_end_without_a_breach_does_not_pass() {
    let (plan, mut run) = minute(vec![asked("p50", "< 1s")], usual());
    run.stop = Stop::Breached("* p50".to_owned());
    assert_eq!(judge(&plan, &run).verdict(), Verdict::Inconclusive);
}

/// A threshold that may end the run after ten seconds.
fn aborting(threshold: Threshold) -> Threshold {
    Threshold { abort: Some(s(10)), ..threshold }
}

#[test]
fn a_run_ends_early_only_once_it_is_clearly_breached() {
    let said = |threshold: Threshold, samples: Vec<Sample>, lasted: Duration| {
        let (plan, mut run) = minute(vec![aborting(threshold)], samples);
        run.load.lasted = lasted;
        clearly_breached(&plan, &run)
    };
    let said_of = |metric: &str, limit: &str| said(asked(metric, limit), failing(), s(60));
    let text = said_of("p50", "< 50ms").expect("three in four are slower");
    assert!(text.starts_with("* p50 < 50ms: 76"), "{text}");
    assert!(said_of("error_rate", "< 1%").is_some());
    assert!(said_of("status_2xx", "> 99%").is_some());
    assert!(said_of("max", "< 1s").is_some());
    assert!(said_of("mean", "< 50ms").is_some());
    assert!(said_of("throughput", "> 100/s").is_some());
    // Beyond the limit, but not clearly so.
    assert_eq!(said_of("error_rate", "< 4%"), None);
    assert_eq!(said_of("p50", "< 100ms"), None);
    assert_eq!(said_of("throughput", "> 20/s"), None);
    assert_eq!(said(asked("p50", "< 50ms"), failing(), s(9)), None);
    assert_eq!(said(warn(asked("p50", "< 50ms")), failing(), s(60)), None);
    let window = said(over(s(10), asked("p50", "< 50ms")), failing(), s(60));
    assert!(
        window.is_some_and(|text| text.ends_with("from 50s to 1m") || text.ends_with("to 60s"))
    );
}

#[test]
fn a_single_stall_that_is_over_does_not_end_a_run() {
    let mut samples = usual();
    for sample in samples.iter_mut().filter(|sample| sample.due < s(6)) {
        sample.done += s(2);
    }
    let (plan, run) = minute(vec![aborting(asked("p99", "< 250ms"))], samples);
    assert_eq!(clearly_breached(&plan, &run), None);
    assert_eq!(judge(&plan, &run).verdict(), Verdict::Fail);
}
