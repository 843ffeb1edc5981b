//! An absolute limit, judged with confidence from one run: batches of time instead of requests,
//! since requests are not independent.

use std::time::Duration;

use super::count::{Count, batch_design, least_share};
use super::family::holm;
use super::shift::Outcome;
use super::special::{beta, t_critical, z_critical};
use super::{real, size};

/// Batches of equal time that a run is cut into.
pub const BATCHES: usize = 10;
/// The shortest run that is judged with confidence.
pub const SHORTEST: Duration = Duration::from_mins(1);
/// When a run that may be extended is looked at, in seconds, and the share of alpha spent there.
pub const LOOKS: [(u64, f64); 4] = [(60, 0.1), (120, 0.2), (300, 0.3), (600, 0.4)];

/// How much later each look at a run comes that may end early.
const STEP: f64 = 1.5;
/// Longer than so many times a run, nobody waits.
const MOST_LONGER: f64 = 100.0;
/// How much more than the design effect seen is held against a pass, at most.
const MOST_CLUMPED: f64 = 2.0;

/// How much the requests of a run say: as many as came, in batches that were more or less alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weight {
    requests: f64,
    design: f64,
    unsure: f64,
}

impl Weight {
    /// Of requests beyond a limit in batches of equal time; `None` with fewer than two batches or
    /// no request.
    ///
    /// Requests are divided by D = deff · (t/z)², where deff is the design effect of batches and t
    /// allows for its own uncertainty.
    #[must_use]
    pub fn of(batches: &[Count]) -> Option<Self> {
        Self::at(batches, 0.01)
    }

    /// The same for claims at another level, of which t and z are.
    #[must_use]
    pub fn at(batches: &[Count], level: f64) -> Option<Self> {
        let all: u64 = batches.iter().map(|batch| batch.all).sum();
        if batches.len() < 2 || all == 0 {
            return None;
        }
        let t = t_critical(level, size(batches.len() - 1));
        let unsure = (t / z_critical(level)).powi(2);
        Some(Self { requests: real(all), design: batch_design(batches), unsure })
    }

    /// The one of two that says less.
    #[must_use]
    pub fn or_less(self, other: Self) -> Self {
        if other.effective() < self.effective() { other } else { self }
    }

    /// The same of a run that lasts so many times as long.
    #[must_use]
    pub fn times(self, longer: f64) -> Self {
        Self { requests: self.requests * longer, ..self }
    }

    /// Independent requests that would say as much.
    #[must_use]
    pub fn effective(&self) -> f64 {
        self.requests / (self.design * self.unsure)
    }

    /// The chance of a share beyond the limit as large as this, or larger, where no more than so
    /// much is allowed and true.
    #[must_use]
    pub fn p_fail(&self, share: f64, allowed: f64) -> f64 {
        let (n, beyond) = (self.effective(), share * self.effective());
        beta(allowed, beyond, n - beyond + 1.0)
    }

    /// The chance of a share as small as this, or smaller, where the truth is all that is allowed.
    ///
    /// Were it so, there would be more clumps than were seen, since those grow with the share: a
    /// run that met few bursts by luck is no proof that there are none. The design effect is the
    /// one that clumps of the same strength would have at the allowed share, at most twice as far
    /// from 1.
    #[must_use]
    pub fn p_pass(&self, share: f64, allowed: f64) -> f64 {
        let more = if share > 0.0 { allowed / share } else { MOST_CLUMPED };
        let design = 1.0 + (self.design - 1.0) * more.clamp(1.0, MOST_CLUMPED);
        let n = self.requests / (design * self.unsure);
        let beyond = share * n;
        beta(1.0 - allowed, n - beyond, beyond + 1.0)
    }

    /// Bounds of a share that was seen, each at a level: what both tests would not reject.
    #[must_use]
    pub fn share_bounds(&self, share: f64, level: f64) -> (f64, f64) {
        let n = self.effective();
        let upper = edge(share, 1.0, |allowed| self.p_pass(share, allowed) > level);
        (least_share(share * n, n, level), upper)
    }

    /// Which shares of requests lie beyond the lower and the upper bound of a quantile beyond which
    /// so much is allowed, each at a level; `None` where there are too few for a bound.
    #[must_use]
    pub fn quantile_bounds(&self, allowed: f64, level: f64) -> (Option<f64>, Option<f64>) {
        let fails = |share: f64| self.p_fail(share, allowed) <= level;
        let passes = |share: f64| self.p_pass(share, allowed) <= level;
        let lower = fails(1.0).then(|| edge(allowed, 1.0, |share| !fails(share)));
        let upper = passes(0.0).then(|| edge(0.0, allowed, passes));
        (lower, upper)
    }
}

/// Where a condition that holds at the lower end stops to hold, by bisection.
fn edge(low: f64, high: f64, holds: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (low, high);
    for _ in 0..40 {
        let middle = f64::midpoint(low, high);
        if holds(middle) { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// What a run says about one limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// The share of requests beyond the limit.
    pub share: f64,
    /// The share that may be beyond it.
    pub allowed: f64,
    /// How much its requests say.
    pub weight: Weight,
    /// Against "the share is allowed": small where it is surely more.
    pub p_fail: f64,
    /// Against "the share is more than allowed": small where it is surely less.
    pub p_pass: f64,
}

impl Evidence {
    /// Requests beyond a limit in batches of equal time, and the share that may be; `None` with
    /// fewer than two batches or no request.
    #[must_use]
    pub fn of(batches: &[Count], allowed: f64) -> Option<Self> {
        let bad: u64 = batches.iter().map(|batch| batch.bad).sum();
        let weight = Weight::of(batches)?;
        Some(Self::weighed(real(bad) / weight.requests, allowed, weight))
    }

    /// The same of requests whose weight is known.
    #[must_use]
    pub fn weighed(share: f64, allowed: f64, weight: Weight) -> Self {
        let (p_fail, p_pass) = (weight.p_fail(share, allowed), weight.p_pass(share, allowed));
        Self { share, allowed, weight, p_fail, p_pass }
    }

    /// Whether what was seen, without confidence, lies within the limit: where an open judgement
    /// leans.
    #[must_use]
    pub fn leans_to_pass(&self) -> bool {
        self.share <= self.allowed
    }

    /// How many times as long the run would have to be until what was seen decides it, at a level;
    /// `None` where a hundred times would not do.
    #[must_use]
    pub fn longer(&self, level: f64) -> Option<f64> {
        let open = |times: f64| {
            let longer = Self::weighed(self.share, self.allowed, self.weight.times(times));
            if self.leans_to_pass() { longer.p_pass > level } else { longer.p_fail > level }
        };
        (!open(MOST_LONGER)).then(|| edge(1.0, MOST_LONGER, open))
    }
}

/// What came of each limit of a run, at one level for the whole family of failures. A shorter run
/// than a minute, or fewer than ten batches, is never judged.
#[must_use]
pub fn judge(limits: &[Evidence], batches: usize, span: Duration, alpha: f64) -> Vec<Outcome> {
    let raw: Vec<f64> = limits.iter().map(|limit| limit.p_fail).collect();
    let long_enough = span >= SHORTEST && batches >= BATCHES;
    let told = |(limit, p_fail): (&Evidence, f64)| match limit {
        _ if !long_enough => Outcome::Inconclusive,
        _ if p_fail <= alpha => Outcome::Fail,
        limit if limit.p_pass <= alpha => Outcome::Pass,
        _ => Outcome::Inconclusive,
    };
    limits.iter().zip(holm(&raw)).map(told).collect()
}

/// The times at which a run is looked at that may end early, each half as long again as the one
/// before, and the share of alpha that is spent there: 1/2, 1/6, 1/12 …, together less than 1
/// however long the run. The latest look that is over after a time, numbered from 0.
#[must_use]
pub fn look(first: Duration, over: Duration) -> Option<(Duration, f64)> {
    if first.is_zero() || over < first {
        return None;
    }
    let (mut at, mut number) = (first, 1.0);
    while at.mul_f64(STEP) <= over {
        at = at.mul_f64(STEP);
        number += 1.0;
    }
    Some((at, 1.0 / (number * (number + 1.0))))
}

/// Whether requests beyond a limit are surely more than allowed, in batches of the time until a
/// look and in its last quarter too: a stall that is over ends no run. In the first minute it takes
/// twice the odds: nobody can tell then what lasts.
#[must_use]
pub fn is_clear(batches: &[Count], allowed: f64, at: Duration, level: f64) -> bool {
    let share = |part: &[Count]| {
        let bad: u64 = part.iter().map(|one| one.bad).sum();
        let all: u64 = part.iter().map(|one| one.all).sum();
        if all == 0 { 0.0 } else { real(bad) / real(all) }
    };
    let twice = 2.0 * allowed / (1.0 + allowed);
    let allowed = if at < SHORTEST { twice } else { allowed };
    let latest = &batches[batches.len() - batches.len().div_ceil(4)..];
    let Some(weight) = Weight::at(batches, level) else { return false };
    weight.p_fail(share(batches), allowed) <= level && share(latest) > allowed
}
