//! Rounds as numbers that can be compared: for each scope and metric, both versions.

use super::finding::Scope;
use crate::metric::Metric;
use crate::run::{Evidence, Rounds, Run, is_group};
use crate::stats::count::{Count, Errors};
use crate::stats::side::{Pair, Round};
use crate::tally::{Frame, Tally};
use crate::unit::Margin;

/// One scope and metric that is compared: a member of the family of tests.
pub(super) struct Member {
    pub(super) scope: Scope,
    pub(super) metric: Metric,
    pub(super) limit: Margin,
    pub(super) floor: Option<f64>,
}

/// All endpoints of a version together.
pub(super) fn counted(arm: &[Evidence]) -> Tally {
    let mut sum = Tally::default();
    let alone = arm.iter().filter(|evidence| !is_group(&evidence.name));
    alone.for_each(|evidence| sum.merge(&evidence.whole));
    sum
}

/// A round as the comparison sees it.
pub(super) fn told(round: &Run, members: &[Member], frame: Frame) -> Round {
    let [new, base] = Rounds::arms(round);
    let mut told = Round::default();
    for member in members {
        let (new, base) = (of(new, &member.scope), of(base, &member.scope));
        if member.metric == Metric::ErrorRate {
            let count = |tally: &Tally| Count { bad: tally.bad(), all: tally.count() };
            told.errors.push(Errors { base: count(&base), new: count(&new) });
        } else {
            let logs = log(&base, member.metric, frame).zip(log(&new, member.metric, frame));
            let tail = tail(member.metric, base.count().min(new.count()));
            told.pairs.push(logs.map(|(base, new)| Pair { base, new, tail }));
        }
    }
    told
}

/// Times in the logarithm of microseconds, as percentiles have them.
fn log(tally: &Tally, metric: Metric, frame: Frame) -> Option<f64> {
    let log = tally.read_log(metric, frame)?;
    Some(if metric == Metric::Mean { log + 1e3_f64.ln() } else { log })
}

/// Samples beyond the percentile that is compared.
fn tail(metric: Metric, count: u64) -> f64 {
    let all = crate::stats::real(count);
    match metric {
        Metric::Latency(quantile) => all * (1.0 - quantile.share()),
        Metric::Mean
        | Metric::ErrorRate
        | Metric::Throughput
        | Metric::GoodLatency(_)
        | Metric::Max
        | Metric::Status(_)
        | Metric::Count
        | Metric::Timing(..)
        | Metric::EventsPerSecond => all,
    }
}

/// What a version counted of a scope: of an endpoint by its name, or of all of them together.
#[must_use]
pub fn of_scope(arm: &[Evidence], scope: Option<&str>) -> Tally {
    let Some(name) = scope else { return counted(arm) };
    let found = arm.iter().find(|evidence| evidence.name == name);
    found.map(|evidence| evidence.whole.clone()).unwrap_or_default()
}

pub(super) fn of(arm: &[Evidence], scope: &Scope) -> Tally {
    match scope {
        Scope::Whole | Scope::Probe(_) => of_scope(arm, None),
        Scope::Endpoint(name) => of_scope(arm, Some(name)),
    }
}
