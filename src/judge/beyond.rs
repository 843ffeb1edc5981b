//! Requests beyond a limit: what a percentile or a rate of errors is to a count.

use crate::metric::{Metric, Value};
use crate::plan::threshold::{Relation, Threshold};
use crate::stats::real;
use crate::tally::{Tally, Times};
use crate::unit::Ratio;

/// How sure it must be: 3.3 standard deviations, one-sided, are wrong in 0.05 % of cases where
/// requests do not depend on each other.
const SURE: f64 = 3.3;

/// Requests beyond a limit, and the share of them that a threshold allows.
pub(super) struct Beyond {
    /// Those beyond it.
    pub(super) part: u64,
    /// All.
    pub(super) of: u64,
    /// The share that may be beyond it.
    pub(super) allowed: f64,
    /// What is counted, in the plural.
    pub(super) what: &'static str,
}

impl Beyond {
    /// `None` for metrics that are no shares of requests.
    pub(super) fn of(threshold: &Threshold, tally: &Tally) -> Option<Self> {
        let (relation, bound) = (threshold.limit.relation, threshold.limit.bound);
        let slow = |times: &Times, limit| times.count_beyond(limit, relation == Relation::Below);
        let (part, of, allowed) = match (threshold.metric, bound) {
            (Metric::Latency(quantile), Value::Time(limit)) => {
                let slow = slow(tally.latency(), limit) + tally.bad();
                (slow, tally.count(), 1.0 - quantile.share())
            }
            (Metric::GoodLatency(quantile), Value::Time(limit)) => {
                (slow(tally.latency(), limit), tally.good(), 1.0 - quantile.share())
            }
            (Metric::Timing(timing, quantile), Value::Time(limit)) => {
                let lap = tally.lap(timing)?;
                let slow = slow(&lap.whole, limit) + lap.broken.count();
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
                Value::Time(_)
                | Value::Never
                | Value::Share(_)
                | Value::Rate(_)
                | Value::Count(_)
                | Value::Number(..),
            ) => return None,
        };
        let flipped = !relation.is_upper();
        let what = if threshold.metric.timing().is_some() { "times" } else { "requests" };
        match bound {
            Value::Share(_) if flipped => {
                Some(Self { part: of.saturating_sub(part), of, allowed: 1.0 - allowed, what })
            }
            Value::Time(_)
            | Value::Never
            | Value::Rate(_)
            | Value::Count(_)
            | Value::Number(..)
                if flipped =>
            {
                None
            }
            Value::Time(_)
            | Value::Never
            | Value::Share(_)
            | Value::Rate(_)
            | Value::Count(_)
            | Value::Number(..) => Some(Self { part, of, allowed, what }),
        }
    }

    /// The share beyond it; nothing of nothing.
    pub(super) fn share(&self) -> f64 {
        if self.of == 0 { 0.0 } else { real(self.part) / real(self.of) }
    }

    /// Whether the share is above its allowance even at the lower end of its interval.
    pub(super) fn is_clear(&self) -> bool {
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
