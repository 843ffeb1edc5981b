use std::sync::OnceLock;
use std::sync::atomic::Ordering;
use std::time::Duration;

use loadgate::archive;
use loadgate::metric::{Metric, Value};
use loadgate::run::{Model, Stop};
use loadgate::sample::{End, Failure};
use loadgate::tally::Frame;
use loadgate::unit::Quantile;

use super::played::{Played, order, run, stage};
use crate::support::calm::{turn, until};

const MS: Duration = Duration::from_millis(1);

/// When a request is done that a service gets then: it takes 5 ms, and freezes from 2 s to 4 s.
fn freezing(got: Duration) -> Duration {
    let (freeze, thaw, work) = (2_000 * MS, 4_000 * MS, 5 * MS);
    if got + work <= freeze {
        got + work
    } else if got < freeze {
        got + work + 2_000 * MS
    } else {
        got.max(thaw) + work
    }
}

#[test]
fn a_freeze_of_two_seconds_is_seen_by_all_who_were_due_in_it() {
    let frozen = || {
        let begin = OnceLock::new();
        let target = Played::new(move |_, now| {
            let start = *begin.get_or_init(|| now);
            (Some(start + freezing(now.saturating_duration_since(start))), End::Good(200))
        });
        run(order(Model::Open, &[stage(6_000, 1_000, 1_000)], |_| ()), &target)
    };
    // What is released late is told by the run itself: then it is the machine that froze.
    let _turn = turn();
    let run = until(frozen, |run| run.generator.lag_max.is_none_or(|lag| lag > 10 * MS));
    let due = (0..6_000).map(|n| n * MS);
    let mut truth: Vec<Duration> = due.map(|due| freezing(due).saturating_sub(due)).collect();
    truth.sort_unstable();
    let whole = run.whole();
    assert_eq!(whole.good(), 6_000);
    let frame = Frame { span: run.judged(), timeout: run.load.timeout };
    for millionths in [500_000, 900_000, 990_000, 999_000, 1_000_000] {
        let quantile = Quantile::from_millionths(millionths).expect("within (0, 1]");
        let rank = usize::try_from(quantile.rank(6_000)).expect("at most 6,000");
        let truth = truth[rank - 1];
        let got = whole.read(Metric::Latency(quantile), frame);
        let near = truth / 100 + MS;
        let is_near = matches!(got, Some(Value::Time(got)) if got.abs_diff(truth) <= near);
        assert!(is_near, "{quantile}: {got:?}, in truth {truth:?}");
    }
    let in_freeze = run.slices.iter().find(|slice| slice.to == 4_000 * MS).expect("a slice");
    assert!((1_990..=2_015).contains(&in_freeze.pulse.in_flight), "{:?}", in_freeze.pulse);
}

#[test]
fn what_is_planned_is_sent_and_counted_for_its_endpoint_and_slice() {
    let stages = [stage(500, 0, 400), stage(1_000, 400, 400)];
    let poisson = order(Model::Open, &stages, |order| {
        order.load.warm_up = 500 * MS;
        order.load.threads = Some(2);
    });
    let run = run(poisson, &Played::after(2 * MS));
    assert_eq!((run.load.planned, run.load.sent, run.load.dropped), (Some(500), 500, 0));
    assert_eq!(run.stop, Stop::End);
    for endpoint in &run.endpoints {
        assert_eq!(endpoint.planned, Some(endpoint.whole.count()), "{}", endpoint.name);
        assert_eq!(endpoint.slices.len(), run.slices.len());
    }
    assert_eq!(run.whole().count(), 400);
    assert_eq!(run.endpoints[1].whole.count(), 100);
    for (index, slice) in run.slices.iter().enumerate() {
        let packed = run.endpoints.iter().map(|endpoint| &endpoint.slices[index]);
        let counted = packed.map(|packed| packed.unpack().expect("our own").count()).sum::<u64>();
        assert_eq!((slice.pulse.planned, slice.pulse.sent), (counted, counted), "{slice:?}");
    }
    assert_eq!(run.slices.last().map(|slice| slice.to), Some(1_500 * MS));
}

#[test]
fn arrivals_beyond_max_in_flight_are_dropped_and_counted() {
    let few = order(Model::Open, &[stage(500, 1_000, 1_000)], |order| {
        order.load.max_in_flight = 10;
        order.timeout = 300 * MS;
    });
    let run = run(few, &Played::after(10_000 * MS));
    assert_eq!((run.load.planned, run.load.sent + run.load.dropped), (Some(500), 500));
    assert_eq!(run.load.sent, 10);
    assert_eq!(run.slices.iter().map(|slice| slice.pulse.dropped).sum::<u64>(), 490);
    assert_eq!(run.whole().failed_by(Failure::Unfinished), 10);
}

#[test]
fn a_slow_connect_holds_no_arrival_hostage() {
    let slow_first = |number| (if number == 0 { 900 * MS } else { MS }, Ok(()));
    let target = Played::after(MS).opening(slow_first);
    let run = run(order(Model::Open, &[stage(600, 10, 10)], |_| ()), &target);
    let slowest = run.whole().latency().most().expect("six answers");
    assert!(slowest < 300 * MS, "the first arrival goes out on the second connection: {slowest:?}");
}

#[test]
fn an_arrival_that_waits_for_a_connection_in_vain_times_out() {
    let never = Played::after(MS).opening(|_| (Duration::from_hours(1), Ok(())));
    let stuck = order(Model::Open, &[stage(500, 20, 20)], |order| order.timeout = 200 * MS);
    let run = run(stuck, &never);
    assert_eq!(run.whole().failed_by(Failure::Timeout), 10);
    let (least, most) = (run.whole().failed().least(), run.whole().failed().most());
    assert!(least >= Some(200 * MS) && most < Some(300 * MS), "{least:?} to {most:?}");
}

#[test]
fn a_refusing_target_gets_one_connect_for_an_arrival_at_most() {
    let target = Played::after(MS).opening(|_| (MS, Err(Failure::Connect)));
    let run = run(order(Model::Open, &[stage(500, 200, 200)], |_| ()), &target);
    assert_eq!(run.whole().failed_by(Failure::Connect), 100);
    assert!(target.opened.load(Ordering::Relaxed) <= 100);
    assert_eq!(run.load.connections, 0);
    let example = "the connection is played, and 0 requests went out".to_owned();
    assert_eq!(run.endpoints[0].examples.len(), 0);
    assert_eq!(run.endpoints[1].examples.get(&Failure::Connect), Some(&example));
    let again = archive::read(&archive::write(&run)).expect("our own");
    assert_eq!(again.endpoints[1].examples, run.endpoints[1].examples);
}

#[test]
fn few_connections_stay_busy() {
    let target = Played::after(5 * MS);
    let run = run(order(Model::Open, &[stage(1_000, 500, 500)], |_| ()), &target);
    assert_eq!(run.whole().good(), 500);
    assert_eq!(run.load.connections, target.opened.load(Ordering::Relaxed));
    assert!(run.load.connections < 100, "{}", run.load.connections);
}

#[test]
fn arrivals_are_released_in_time_and_the_generator_says_how() {
    let run = run(order(Model::Open, &[stage(1_000, 500, 500)], |_| ()), &Played::after(MS));
    let generator = run.generator;
    assert_eq!(generator.threads, 1);
    assert!(generator.lag_p50.is_some_and(|lag| lag < 2 * MS), "{:?}", generator.lag_p50);
    assert_eq!(generator.cpu.len(), 1);
    assert!(!generator.clock.stepped && !generator.clock.suspended);
    if cfg!(target_os = "linux") {
        assert_eq!(generator.pacing, "timerfd");
        assert!(generator.descriptors.is_some_and(|(open, limit)| open > 0 && open < limit));
    }
}

/// Twenty thousand a second from one thread; to be run alone: `LOADGATE_CALIBRATE=1`, release
/// build.
#[test]
fn twenty_thousand_a_second_are_sent_in_time_where_asked_for() {
    if std::env::var_os("LOADGATE_CALIBRATE").is_none() {
        return;
    }
    let run = run(order(Model::Open, &[stage(5_000, 20_000, 20_000)], |_| ()), &Played::after(MS));
    let generator = run.generator;
    assert_eq!((run.load.sent, run.load.dropped), (100_000, 0));
    assert!(generator.lag_p50 <= Some(MS / 10) && generator.lag_p99 <= Some(MS), "{generator:?}");
}
