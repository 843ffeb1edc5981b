//! Times inside requests, counted, judged, written and read.

use std::time::Duration;

use loadgate::archive;
use loadgate::judge::judge;
use loadgate::metric::{Metric, Timing, Value};
use loadgate::plan::Plan;
use loadgate::plan::threshold::Threshold;
use loadgate::report::{Case, Format, Style, render, verdict_schema};
use loadgate::run::Run;
use loadgate::tally::{Frame, Tally, Timings};
use proptest::prelude::*;

use crate::support::judged::{lines, minute, usual};
use crate::support::made::{asked, ms, over, s};

const FRAME: Frame = Frame { span: Duration::from_mins(1), timeout: Duration::from_secs(10) };

/// Two hundred streams: two with a first event after each of 1 to 90 ms, twenty that failed; four
/// gaps of 20 ms for each good one, and one that no event ended for 100 ms for each that failed.
fn streams() -> Timings {
    let mut timings = Timings::default();
    for first in (1..=90).chain(1..=90) {
        timings.took(Timing::FirstEvent, ms(first));
        (0..4).for_each(|_| timings.took(Timing::EventGap, ms(20)));
    }
    for _ in 0..20 {
        timings.broke(Timing::FirstEvent, ms(500));
        timings.broke(Timing::EventGap, ms(100));
    }
    timings
}

/// A run of a minute with such streams in it.
fn streamed(thresholds: Vec<Threshold>) -> (Plan, Run) {
    let (plan, mut run) = minute(thresholds, usual());
    run.endpoints[0].whole.time(&streams());
    (plan, run)
}

fn check(metric: &str, limit: &str, expected: &str) {
    let (plan, run) = streamed(vec![asked(metric, limit)]);
    assert_eq!(lines(&plan, &run), [expected, "held: * fit"]);
}

#[test]
fn what_never_came_to_its_end_ranks_behind_all_that_did() {
    check("first_event_p50", "< 60ms", "held: * first_event_p50 < 60ms, got 50.0 ms");
    check("first_event_p90", "< 90ms", "breached: * first_event_p90 < 90ms, got 90.0 ms");
    check("first_event_p90_5", "< 1h", "breached: * first_event_p90.5 < 1h, got never");
    check("event_gap_p95", "< 21ms", "held: * event_gap_p95 < 21ms, got 20.0 ms");
    check("event_gap_p98", "< 1h", "breached: * event_gap_p98 < 1h, got never");
    check("event_gap_p99", "< 1h", "unjudged (too-few): * event_gap_p99 < 1h, got never");
}

#[test]
fn events_per_second_count_the_wait_for_an_event_that_never_came() {
    // 720 events in 720 × 20 ms, and twenty waits of 100 ms for nothing: 16.4 s.
    check("events_per_second", "> 44/s", "breached: * events_per_second > 44/s, got 43.902/s");
    check("events_per_second", "> 43/s", "held: * events_per_second > 43/s, got 43.902/s");
}

#[test]
fn a_time_that_was_never_measured_is_unjudged() {
    check("ws_connect_p50", "< 1s", "unjudged (too-few): * ws_connect_p50 < 1s");
    let (plan, run) = minute(vec![asked("events_per_second", "> 1/s")], usual());
    let unjudged = "unjudged (too-few): * events_per_second > 1/s";
    assert_eq!(lines(&plan, &run), [unjudged, "held: * fit"]);
    let (plan, run) = streamed(vec![over(s(30), asked("first_event_p50", "< 1s"))]);
    assert!(lines(&plan, &run)[0].starts_with("unjudged (too-few): * first_event_p50 < 1s"));
}

#[test]
fn times_inside_requests_are_written_and_read() {
    let (plan, run) = streamed(vec![asked("first_event_p50", "< 60ms")]);
    let text = archive::write(&run);
    assert!(text.contains("\"timings\":{\"first_event\":"), "{text}");
    let back = archive::read(&text).expect("what was written can be read");
    assert_eq!(archive::write(&back), text);
    assert_eq!(judge(&plan, &back).findings, judge(&plan, &run).findings);
}

#[test]
fn more_first_events_than_requests_are_not_believed() {
    let mut tally = Tally::default();
    tally.time(&streams());
    assert!(tally.pack().unpack().is_err());
}

#[test]
fn the_report_shows_what_was_timed() {
    let (plan, run) = streamed(vec![asked("first_event_p50", "< 60ms")]);
    let judgement = judge(&plan, &run);
    let case = Case { plan: &plan, run: &run, judgement: &judgement, exit_code: 0 };
    let style = Style { colour: false, width: 100 };
    let text = render(Format::Text(style), &case);
    let timed = "first event: p50 50.0 ms, p95 never, p99 never, max never";
    assert!(text.contains(timed), "{text}");
    assert!(text.contains("events of a stream: 43.902/s"), "{text}");
    let json: serde_json::Value =
        serde_json::from_str(&render(Format::Json, &case)).expect("verdict.json is JSON");
    let told = &json["facts"]["endpoints"][0];
    assert_eq!(told["timings"]["first_event"]["broken"], 20);
    assert_eq!(told["timings"]["event_gap"]["ms"]["p50"], 20.0);
    let schema = serde_json::from_str(verdict_schema()).expect("the schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    let faults: Vec<_> = validator.iter_errors(&json).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?}");
}

proptest! {
    #[test]
    fn many_times_count_like_few(
        times in prop::collection::vec((0_u64..5_000, any::<bool>()), 0..1_500),
    ) {
        let (mut many, mut one_by_one) = (Timings::default(), Tally::default());
        for (millis, whole) in &times {
            let mut one = Timings::default();
            for timings in [&mut many, &mut one] {
                if *whole {
                    timings.took(Timing::EventGap, ms(*millis));
                } else {
                    timings.broke(Timing::EventGap, ms(*millis));
                }
            }
            one_by_one.time(&one);
        }
        let mut at_once = Tally::default();
        at_once.time(&many);
        prop_assert_eq!(at_once.pack(), one_by_one.pack());
        prop_assert_eq!(at_once.samples(Metric::EventsPerSecond), times.len() as u64);
        prop_assert_eq!(many.is_empty(), times.is_empty());
        let none = matches!(at_once.read(Metric::Count, FRAME), Some(Value::Count(_)));
        prop_assert!(!none);
    }
}
