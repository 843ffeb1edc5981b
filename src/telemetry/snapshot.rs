//! From a run to what is told of it.

use std::time::Duration;

use super::{Counted, EDGES, Ended, Flow, Judged, Snapshot};
use crate::metric::{Metric, Value};
use crate::report::Facts;
use crate::run::{Pulse, Run};
use crate::stats::real;
use crate::tally::{Frame, Tally, Times};
use crate::unit::{Quantile, Ratio};

/// The percentiles that are told: name, and share in millionths.
const PERCENTILES: [(&str, u32); 3] = [("p50", 500_000), ("p95", 950_000), ("p99", 990_000)];

impl Snapshot {
    /// A run as it stands. Where the load is shared between two versions, its endpoints are those
    /// of both, one after the other.
    #[must_use]
    pub fn of(run: &Run, pulse: Pulse, shared: bool) -> Self {
        let frame = Frame { span: Duration::ZERO, timeout: run.load.timeout };
        let half = run.endpoints.len() / 2;
        let version = |at: usize| shared.then_some(if at < half { "new" } else { "base" });
        let alone = run.endpoints.iter().enumerate();
        let alone = alone.filter(|(_, one)| !crate::run::is_group(&one.name));
        let endpoints = alone.map(|(at, one)| counted(&one.name, version(at), &one.whole, frame));
        let busiest = |one: &Ratio, other: &Ratio| one.share().total_cmp(&other.share());
        Self {
            at: 0,
            began: 0,
            elapsed: run.load.lasted,
            labels: Vec::new(),
            flow: Flow {
                pulse,
                lag: run.generator.lag_p99,
                cpu: run.generator.cpu.iter().copied().max_by(busiest),
            },
            whole: counted("", None, &run.whole(), frame),
            endpoints: endpoints.collect(),
            ended: None,
        }
    }

    /// A run that is over, and what became of it where it was judged.
    #[must_use]
    pub fn last(run: &Run, facts: Option<&Facts>) -> Self {
        let load = &run.load;
        let released = load.released.unwrap_or(load.sent);
        let pulse = Pulse {
            planned: load.planned.unwrap_or(released),
            released,
            sent: load.sent,
            dropped: load.dropped,
            in_flight: 0,
            users: 0,
        };
        Self { ended: facts.map(ended), ..Self::of(run, pulse, false) }
    }

    /// Requests of which nothing is known but how many failed and how long they took: those of
    /// another tool, under way.
    #[must_use]
    pub fn sums(elapsed: Duration, pulse: Pulse, failed: u64, times: &Times) -> Self {
        let good = pulse.sent.saturating_sub(failed);
        let at = |share: u32| {
            let quantile = Quantile::from_millionths(share)?;
            times.at_rank(quantile.rank(times.count())).map(Value::Time)
        };
        let whole = Counted {
            good,
            failed: if failed > 0 { vec![("failed", failed)] } else { Vec::new() },
            below: below(times),
            sum: times.mean().map_or(0.0, |mean| mean.as_secs_f64()) * real(times.count()),
            percentiles: PERCENTILES.map(|(name, share)| (name, at(share))),
            ..Counted::default()
        };
        Self {
            at: 0,
            began: 0,
            elapsed,
            labels: Vec::new(),
            flow: Flow { pulse, lag: None, cpu: None },
            whole,
            endpoints: Vec::new(),
            ended: None,
        }
    }
}

fn ended(facts: &Facts) -> Ended {
    let checks = facts.checks.iter().map(|check| Judged {
        scope: check.scope.as_str().to_owned(),
        metric: check.metric.clone(),
        asked: check.asked.clone(),
        outcome: check.outcome.name(),
        got: check.got.and_then(|got| Some((got.number()?, got.unit()))),
    });
    let (verdict, exit_code) = (facts.verdict.name(), facts.exit_code);
    Ended { verdict, exit_code, checks: checks.collect() }
}

fn counted(name: &str, version: Option<&'static str>, tally: &Tally, frame: Frame) -> Counted {
    let at = |share: u32| {
        let quantile = Quantile::from_millionths(share)?;
        tally.read(Metric::Latency(quantile), frame)
    };
    let mean = match tally.read(Metric::Mean, frame) {
        Some(Value::Time(mean)) => mean.as_secs_f64(),
        Some(
            Value::Never | Value::Share(_) | Value::Rate(_) | Value::Count(_) | Value::Number(..),
        )
        | None => 0.0,
    };
    Counted {
        name: name.to_owned(),
        version,
        good: tally.good(),
        failed: tally.failures().map(|(why, count)| (why.name(), count)).collect(),
        below: below(tally.latency()),
        sum: mean * real(tally.count()),
        percentiles: PERCENTILES.map(|(name, share)| (name, at(share))),
    }
}

/// How many times lie at or below each edge. A bucket of the histogram belongs where its upper edge
/// does, as percentiles have it.
fn below(times: &Times) -> Vec<u64> {
    let buckets = times.buckets();
    let (mut next, mut sum) = (buckets.iter().peekable(), 0);
    let mut count = |edge: &f64| {
        while let Some((_, count)) = next.next_if(|(upper, _)| upper.as_secs_f64() <= *edge) {
            sum += count;
        }
        sum
    };
    EDGES.iter().map(&mut count).collect()
}
