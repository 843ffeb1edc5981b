//! How sure a value is: its bounds, and limits that are asked with confidence.

use std::time::Duration;

use loadgate::judge::finding::{Doubt, Outcome, Verdict};
use loadgate::judge::judge;
use loadgate::metric::Value;
use loadgate::plan::Plan;
use loadgate::plan::threshold::Threshold;
use loadgate::run::{Run, Stop};
use loadgate::sample::{Failure, Sample};
use loadgate::unit::Ratio;
use proptest::prelude::*;

use crate::support::judged::{lines, minute, usual};
use crate::support::made::{asked, bad, even, load, ms, over, plan, run, s, stage};

/// The same, judged with confidence.
fn surely((plan, run): (Plan, Run), percent: f64) -> (Plan, Run) {
    (Plan { confidence: Ratio::new(percent / 100.0), ..plan }, run)
}

/// The usual answers for so long.
fn lasting(span: Duration, thresholds: Vec<Threshold>) -> (Plan, Run) {
    let plan = plan(load(vec![stage("", span)], s(0)), &["GET /"], thresholds);
    let count = u32::try_from(span.as_secs() * 20).expect("few");
    let run = run(&plan, &[("GET /", even(count, span, ms(0), ms(200)))]);
    (plan, run)
}

/// One threshold over a minute of answers of up to 200 ms, with 95 % confidence.
fn check(threshold: Threshold, samples: Vec<Sample>, expected: &str) {
    let (plan, run) = surely(minute(vec![threshold], samples), 95.0);
    assert_eq!(lines(&plan, &run), [expected, "held: * fit"]);
}

/// The bounds of a threshold's value in milliseconds, or in its own unit.
fn bounds(threshold: Threshold, samples: Vec<Sample>) -> Option<(Option<f64>, Option<f64>)> {
    let (plan, run) = minute(vec![threshold], samples);
    let interval = judge(&plan, &run).findings[0].interval.clone()?;
    let end = |value: Option<Value>| value.and_then(Value::number);
    Some((end(interval.lower), end(interval.upper)))
}

#[test]
fn what_is_sure_is_judged_and_what_is_close_is_not() {
    check(asked("p95", "< 250ms"), usual(), "held: * p95 < 250ms, got 190.0 ms");
    check(asked("p95", "< 192ms"), usual(), "unjudged (too-close): * p95 < 192ms, got 190.0 ms");
    check(asked("p95", "< 189ms"), usual(), "unjudged (too-close): * p95 < 189ms, got 190.0 ms");
    check(asked("p95", "< 150ms"), usual(), "breached: * p95 < 150ms, got 190.0 ms");
    check(asked("error_rate", "< 1%"), usual(), "held: * error_rate < 1%, got 0%");
    check(asked("mean", "< 110ms"), usual(), "held: * mean < 110ms, got 99.9 ms");
    check(asked("mean", "< 90ms"), usual(), "breached: * mean < 90ms, got 99.9 ms");
    check(asked("throughput", "> 15/s"), usual(), "held: * throughput > 15/s, got 20/s");
    check(asked("throughput", "> 25/s"), usual(), "breached: * throughput > 25/s, got 20/s");
    // What they are, they are.
    check(asked("max", "< 200ms"), usual(), "held: * max < 200ms, got 199.8 ms");
    check(asked("count", ">= 1201"), usual(), "breached: * count >= 1201, got 1200");
    // Windows too: each is what it was.
    let (plan, run) = surely(minute(vec![over(s(30), asked("p95", "< 195ms"))], usual()), 95.0);
    assert!(lines(&plan, &run)[0].starts_with("held: * p95 < 195ms over 30s"));
}

#[test]
fn what_is_close_says_how_it_leans_and_how_much_longer_would_decide() {
    let (plan, run) = surely(minute(vec![asked("p95", "< 192ms")], usual()), 95.0);
    let judgement = judge(&plan, &run);
    assert_eq!(judgement.verdict(), Verdict::Inconclusive);
    let Outcome::Unjudged(Doubt::TooClose(close)) = &judgement.findings[0].outcome else {
        unreachable!("it is close: {:?}", judgement.findings[0]);
    };
    assert!(close.passes);
    let bound = close.bound.and_then(Value::number).expect("there is a bound");
    assert!(bound > 192.0 && bound < 200.0, "{bound}");
    let more = close.more.expect("it would not take for ever");
    assert!(more > s(30) && more < Duration::from_mins(30), "{more:?}");
    let said = close.to_string();
    assert!(said.starts_with("leaning pass: its 95% bound is 19"), "{said}");
    // As long as it says, and a little more, and the same value is sure.
    let (plan, longer) =
        surely(lasting(s(60) + more + more / 5, vec![asked("p95", "< 192ms")]), 95.0);
    assert_eq!(judge(&plan, &longer).findings[0].outcome, Outcome::Held);
}

#[test]
fn a_run_of_less_than_a_minute_has_no_bounds_and_is_not_judged_with_confidence() {
    let short = || lasting(s(59), vec![asked("p95", "< 250ms"), asked("max", "< 1s")]);
    let (plan, run) = short();
    assert_eq!(judge(&plan, &run).findings[0].interval, None);
    assert_eq!(judge(&plan, &run).verdict(), Verdict::Pass);
    let (plan, run) = surely(short(), 95.0);
    let expected = [
        "unjudged (too-short): * p95 < 250ms, got 190.0 ms",
        "held: * max < 1s, got 199.8 ms",
        "held: * fit",
    ];
    assert_eq!(lines(&plan, &run), expected);
}

#[test]
fn bounds_lie_around_the_value_and_are_shown_without_confidence_too() {
    let (lower, upper) = bounds(asked("p95", "< 250ms"), usual()).expect("a minute has bounds");
    let (lower, upper) = (lower.expect("a bound"), upper.expect("a bound"));
    assert!(lower > 180.0 && lower < 190.0 && upper > 190.0 && upper < 200.0, "{lower} {upper}");
    let (least, most) = bounds(asked("error_rate", "< 1%"), usual()).expect("bounds");
    assert_eq!(least, Some(0.0));
    assert!(most.is_some_and(|most| most > 0.2 && most < 0.5), "{most:?}");
    assert_eq!(bounds(asked("max", "< 1s"), usual()), None);
}

#[test]
fn failures_in_one_clump_tell_less_than_failures_spread_evenly() {
    let failing = |clumped: bool| {
        let mut samples = usual();
        for at in 0..60 {
            let place = if clumped { 600 + at } else { at * 20 };
            samples[place] = bad(samples[place].due, ms(1), Failure::Status);
        }
        bounds(asked("error_rate", "< 50%"), samples).expect("bounds")
    };
    let (evenly, clumped) = (failing(false), failing(true));
    assert!(clumped.0 < evenly.0 && clumped.1 > evenly.1, "{evenly:?} {clumped:?}");
    let (plan, run) = minute(vec![asked("error_rate", "< 4%")], {
        let mut samples = usual();
        for sample in &mut samples[600..660] {
            *sample = bad(sample.due, ms(1), Failure::Status);
        }
        samples
    });
    // 5 % by value; whether it is one bad moment or the usual, a minute cannot tell.
    assert_eq!(judge(&plan, &run).verdict(), Verdict::Fail);
    let (plan, run) = surely((plan, run), 95.0);
    assert_eq!(judge(&plan, &run).verdict(), Verdict::Inconclusive);
}

#[test]
fn what_ended_a_run_early_stays_breached() {
    let threshold = Threshold { abort: Some(s(10)), ..asked("p95", "< 50ms") };
    let (plan, mut run) = surely(minute(vec![threshold], usual()), 95.0);
    run.load.lasted = s(20);
    run.stop = Stop::Breached("p95".to_owned());
    assert_eq!(judge(&plan, &run).verdict(), Verdict::Fail);
}

#[test]
fn a_value_that_is_the_limit_is_beyond_it_where_less_is_asked() {
    let tied = || {
        let mut samples = usual();
        for sample in samples.iter_mut().take(61) {
            sample.done = sample.due + ms(240);
        }
        samples
    };
    for (limit, verdict) in [("< 240ms", Verdict::Inconclusive), ("<= 240ms", Verdict::Pass)] {
        let (plan, run) = surely(minute(vec![asked("p95", limit)], tied()), 80.0);
        assert_eq!(judge(&plan, &run).verdict(), verdict, "{limit}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn confidence_never_turns_a_breach_into_a_pass_nor_a_pass_into_a_breach(
        limit in 1_u64..250,
        slow in 0_usize..200,
        start in 0_usize..1000,
        percent in 80.0..99.9_f64,
    ) {
        let mut samples = usual();
        for sample in samples.iter_mut().skip(start).take(slow) {
            sample.done = sample.due + ms(240);
        }
        let threshold = asked("p95", &format!("< {limit}ms"));
        let both = minute(vec![threshold], samples);
        let plain = judge(&both.0, &both.1).findings[0].outcome.clone();
        let (plan, run) = surely(both, percent);
        let sure = judge(&plan, &run).findings[0].outcome.clone();
        prop_assert!(matches!(sure, Outcome::Unjudged(_)) || sure == plain);
    }
}
