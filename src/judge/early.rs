//! Whether a run may end early, because a threshold with `abort` is clearly breached.

use std::time::Duration;

use super::absolute::{applies, holds};
use super::finding::{Asked, Finding, Outcome, Scope};
use super::window::Measured;
use crate::metric::{Metric, Value};
use crate::plan::Plan;
use crate::plan::axis::windows;
use crate::plan::threshold::{Level, Relation, Threshold};
use crate::run::Run;
use crate::tally::{Frame, Tally};
use crate::unit::{Ratio, show_duration};

/// How sure it must be: 3.3 standard deviations, one-sided, are wrong in 0.05 % of looks.
const SURE: f64 = 3.3;
/// A mean of fewer requests than this is not clear.
const LEAST_FOR_MEAN: u64 = 100;

/// Which threshold with `abort` is clearly breached so far, in words. Asked while the load runs:
/// what was measured until now, [`crate::run::Delivered::lasted`] the time until now.
///
/// Clear is a share of requests beyond the limit that is above its allowance with high confidence,
/// over all of the time judged so far and over its last quarter: a single stall that is over does
/// not end a run.
#[must_use]
pub fn clearly_breached(plan: &Plan, run: &Run) -> Option<String> {
    let due = |threshold: &&Threshold| {
        threshold.level == Level::Fail
            && threshold.window.during.is_none()
            && threshold.abort.is_some_and(|after| run.load.lasted >= after)
    };
    let thresholds: Vec<&Threshold> = plan.thresholds.iter().filter(due).collect();
    if thresholds.is_empty() {
        return None;
    }
    let endpoints = run.endpoints.iter().map(|evidence| Measured::endpoint(run, evidence));
    std::iter::once(Measured::whole(run)).chain(endpoints).find_map(|measured| {
        let mut of_scope =
            thresholds.iter().filter(|threshold| applies(threshold, &measured.scope));
        of_scope.find_map(|threshold| breach(threshold, run, &measured))
    })
}

fn breach(threshold: &Threshold, run: &Run, measured: &Measured) -> Option<String> {
    let (start, now) = (run.load.warm_up, run.load.lasted);
    let (span, text) = match threshold.window.over {
        None => {
            let text = clear(threshold, run, &measured.whole, run.judged())?;
            let quarter = now.saturating_sub(run.judged() / 4);
            let recent = measured.latest(quarter, now);
            if recent.is_some_and(|tally| !still(threshold, &tally)) {
                return None;
            }
            (String::new(), text)
        }
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

/// Whether the last part of the run, too, is beyond what is allowed.
fn still(threshold: &Threshold, recent: &Tally) -> bool {
    Beyond::of(threshold, recent).is_none_or(|beyond| beyond.is_clear())
}

fn upper(relation: Relation) -> bool {
    match relation {
        Relation::Below | Relation::AtMost => true,
        Relation::Above | Relation::AtLeast => false,
    }
}

/// Requests beyond a limit, and the share of them that a threshold allows.
struct Beyond {
    part: u64,
    of: u64,
    allowed: f64,
    /// What is counted, in the plural.
    what: &'static str,
}

impl Beyond {
    /// `None` for metrics that are no shares of requests.
    fn of(threshold: &Threshold, tally: &Tally) -> Option<Self> {
        let (relation, bound) = (threshold.limit.relation, threshold.limit.bound);
        let (part, of, allowed) = match (threshold.metric, bound) {
            (Metric::Latency(quantile), Value::Time(limit)) => {
                let slow = tally.latency().count_above(limit) + tally.bad();
                (slow, tally.count(), 1.0 - quantile.share())
            }
            (Metric::GoodLatency(quantile), Value::Time(limit)) => {
                (tally.latency().count_above(limit), tally.good(), 1.0 - quantile.share())
            }
            (Metric::Timing(timing, quantile), Value::Time(limit)) => {
                let lap = tally.lap(timing)?;
                let slow = lap.whole.count_above(limit) + lap.broken.count();
                (slow, lap.count(), 1.0 - quantile.share())
            }
            (Metric::ErrorRate, Value::Share(most)) => (tally.bad(), tally.count(), most.share()),
            (Metric::Status(range), Value::Share(most)) => {
                let statuses = tally.statuses().iter();
                let within = statuses.filter(|(status, _)| range.contains(**status));
                (within.map(|(_, count)| count).sum(), tally.count(), most.share())
            }
            (
                Metric::Latency(_)
                | Metric::GoodLatency(_)
                | Metric::ErrorRate
                | Metric::Status(_)
                | Metric::Mean
                | Metric::Max
                | Metric::Throughput
                | Metric::Count
                | Metric::Timing(..)
                | Metric::EventsPerSecond,
                Value::Time(_) | Value::Never | Value::Share(_) | Value::Rate(_) | Value::Count(_),
            ) => return None,
        };
        let flipped = !upper(relation);
        let what = if threshold.metric.timing().is_some() { "times" } else { "requests" };
        match bound {
            Value::Share(_) if flipped => {
                Some(Self { part: of.saturating_sub(part), of, allowed: 1.0 - allowed, what })
            }
            Value::Time(_) | Value::Never | Value::Rate(_) | Value::Count(_) if flipped => None,
            Value::Time(_) | Value::Never | Value::Share(_) | Value::Rate(_) | Value::Count(_) => {
                Some(Self { part, of, allowed, what })
            }
        }
    }

    /// Whether the share is above its allowance even at the lower end of its interval.
    fn is_clear(&self) -> bool {
        wilson_lower(self.part, self.of, SURE) > self.allowed
    }
}

impl std::fmt::Display for Beyond {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let share = Ratio::of(self.part, self.of).map_or(0.0, Ratio::share) * 100.0;
        let allowed = Ratio::new(self.allowed.clamp(0.0, 1.0)).unwrap_or(Ratio::ZERO);
        write!(out, "{share:.1} % of {} {} are beyond it, {allowed} may be", self.of, self.what)
    }
}

/// The lower end of the score interval for a share (E. B. Wilson, 1927), `z` standard deviations
/// down.
#[expect(
    clippy::cast_precision_loss,
    reason = "beyond 2^53 requests the last digit does not matter"
)]
fn wilson_lower(part: u64, whole: u64, z: f64) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    let (n, share) = (whole as f64, part as f64 / whole as f64);
    let square = z * z / n;
    let middle = share + square / 2.0;
    let half = z * (share * (1.0 - share) / n + square / (4.0 * n)).sqrt();
    (middle - half) / (1.0 + square)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_score_interval_has_the_published_lower_end() {
        // 81 of 263 at 95 %, two-sided: R. G. Newcombe (1998), table I.
        assert!((wilson_lower(10, 100, 1.96) - 0.0552).abs() < 5e-5);
        assert!((wilson_lower(81, 263, 1.96) - 0.2553).abs() < 5e-5);
        assert!(wilson_lower(0, 0, 1.96).abs() < f64::EPSILON);
    }
}
