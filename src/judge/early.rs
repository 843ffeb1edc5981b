//! Whether a run may end early, because a threshold with `abort` is clearly breached.

use std::time::Duration;

use super::absolute::applies;
use super::beyond::Beyond;
use super::finding::{Asked, Finding, Outcome, Scope};
use super::reading::holds;
use super::window::Measured;
use crate::metric::{Metric, Value};
use crate::plan::Plan;
use crate::plan::axis::windows;
use crate::plan::threshold::{Level, Relation, Threshold};
use crate::run::Run;
use crate::stats::count::Count;
use crate::stats::{size, sla};
use crate::tally::{Frame, Tally};
use crate::unit::{Ratio, show_duration};

/// How sure it must be where the gate file does not say.
const USUAL: f64 = 0.99;
/// Looks do not begin earlier in the judged time.
const EARLIEST: Duration = Duration::from_secs(1);
/// A mean of fewer requests than this is not clear.
const LEAST_FOR_MEAN: u64 = 100;

/// Which threshold with `abort` is clearly breached so far, in words. Asked while the load runs:
/// what was measured until now, [`crate::run::Delivered::lasted`] the time until now.
///
/// Clear is a share of requests beyond the limit that is surely above its allowance: looked at now
/// and then, by batches of time, so that over all looks and all such thresholds together a run
/// whose share is allowed ends in one of a hundred cases at most (or what `confidence` says).
/// A stall that is over does not end a run.
#[must_use]
pub fn clearly_breached(plan: &Plan, run: &Run) -> Option<String> {
    let asked = |threshold: &&Threshold| {
        threshold.level == Level::Fail
            && threshold.window.during.is_none()
            && threshold.abort.is_some()
    };
    let all: Vec<&Threshold> = plan.thresholds.iter().filter(asked).collect();
    let due =
        |threshold: &&&Threshold| threshold.abort.is_some_and(|after| run.load.lasted >= after);
    let thresholds: Vec<&Threshold> = all.iter().filter(due).copied().collect();
    if thresholds.is_empty() {
        return None;
    }
    let level = 1.0 - plan.confidence.map_or(USUAL, Ratio::share);
    let level = level / size(family(&all, run));
    let endpoints = run.endpoints.iter().map(|evidence| Measured::endpoint(run, evidence));
    std::iter::once(Measured::whole(run)).chain(endpoints).find_map(|measured| {
        let mut of_scope =
            thresholds.iter().filter(|threshold| applies(threshold, &measured.scope));
        of_scope.find_map(|threshold| breach(threshold, run, &measured, level))
    })
}

/// How many thresholds may end the run, each counted for every scope it is asked of.
fn family(thresholds: &[&Threshold], run: &Run) -> usize {
    let scopes = |threshold: &&&Threshold| {
        let whole = usize::from(applies(threshold, &Scope::Whole));
        let named = run
            .endpoints
            .iter()
            .filter(|evidence| applies(threshold, &Scope::Endpoint(evidence.name.clone())));
        whole + named.count()
    };
    thresholds.iter().map(|threshold| scopes(&threshold)).sum::<usize>().max(1)
}

fn breach(threshold: &Threshold, run: &Run, measured: &Measured, level: f64) -> Option<String> {
    let (start, now) = (run.load.warm_up, run.load.lasted);
    let (span, text) = match threshold.window.over {
        None if Beyond::of(threshold, &measured.whole).is_some() => {
            (String::new(), surely(threshold, run, measured, level)?)
        }
        None => (String::new(), clear(threshold, run, &measured.whole, run.judged())?),
        Some(over) => {
            let (from, to) = *windows(start, now, over).iter().rfind(|(from, _)| {
                from.saturating_sub(start).as_nanos().is_multiple_of(over.as_nanos())
            })?;
            let text = clear(threshold, run, &measured.latest(from, to)?, over)?;
            (format!(" from {} to {}", show_duration(from), show_duration(to)), text)
        }
    };
    let (scope, metric, limit) = (measured.scope.name(), threshold.metric, threshold.limit);
    Some(format!("{scope} {metric} {limit}: {text}{span}"))
}

/// Whether the latest look made it sure, in words.
fn surely(threshold: &Threshold, run: &Run, measured: &Measured, level: f64) -> Option<String> {
    let so_far = Beyond::of(threshold, &measured.whole)?;
    if so_far.share() <= so_far.allowed {
        return None;
    }
    let start = run.load.warm_up;
    let first = threshold.abort?.saturating_sub(start).max(EARLIEST);
    let (at, spent) = sla::look(first, run.load.lasted.saturating_sub(start))?;
    let batches = measured.batches(start, start + at)?;
    let count = |tally: &Tally| {
        let beyond = Beyond::of(threshold, tally);
        beyond.map_or(Count::default(), |it| Count { bad: it.part, all: it.of })
    };
    let counts: Vec<Count> = batches.iter().map(count).collect();
    sla::is_clear(&counts, so_far.allowed, at, level * spent).then(|| so_far.to_string())
}

/// What makes it clear, in words; `None` where it is not.
fn clear(threshold: &Threshold, run: &Run, tally: &Tally, span: Duration) -> Option<String> {
    if let Some(beyond) = Beyond::of(threshold, tally) {
        return beyond.is_clear().then(|| beyond.to_string());
    }
    let got = tally.read(threshold.metric, Frame { span, timeout: run.load.timeout })?;
    let sure = match threshold.metric {
        // Nothing that comes later can make these smaller.
        Metric::Max | Metric::Count => upper(threshold.limit.relation),
        Metric::Mean => tally.count() >= LEAST_FOR_MEAN && is_twice(got, threshold.limit.bound),
        Metric::Throughput | Metric::EventsPerSecond => is_twice(threshold.limit.bound, got),
        // Shares of requests, judged above unless their limit is none that a share can breach
        // early.
        Metric::Latency(_)
        | Metric::GoodLatency(_)
        | Metric::ErrorRate
        | Metric::Status(_)
        | Metric::Timing(..) => false,
    };
    (sure && !holds(threshold.limit, got)).then(|| format!("{got} so far"))
}

/// Whether a breach over the whole run would clearly be one even if all dropped arrivals had been
/// answered well and at once.
pub(super) fn stands(plan: &Plan, run: &Run, finding: &Finding) -> bool {
    let Asked::Limit { metric, limit, over: None, during: None } = finding.asked else {
        return false;
    };
    let asked = |threshold: &&Threshold| {
        threshold.metric == metric && threshold.limit == limit && applies(threshold, &finding.scope)
    };
    let tally = match &finding.scope {
        Scope::Whole => Some(run.whole()),
        Scope::Probe(_) => None,
        Scope::Endpoint(name) => {
            let found = run.endpoints.iter().find(|endpoint| endpoint.name == *name);
            found.map(|endpoint| endpoint.whole.clone())
        }
    };
    let beyond = plan.thresholds.iter().find(asked).zip(tally);
    let beyond = beyond.and_then(|(threshold, tally)| Beyond::of(threshold, &tally));
    let at_best = |beyond: Beyond| Beyond { of: beyond.of + run.load.dropped, ..beyond };
    finding.outcome == Outcome::Breached && beyond.is_some_and(|beyond| at_best(beyond).is_clear())
}

/// Whether one value is more than twice another.
fn is_twice(one: Value, other: Value) -> bool {
    one.number().zip(other.number()).is_some_and(|(one, other)| one > 2.0 * other)
}

fn upper(relation: Relation) -> bool {
    match relation {
        Relation::Below | Relation::AtMost => true,
        Relation::Above | Relation::AtLeast => false,
    }
}
