//! An absolute limit, judged with confidence from one run: batches of time instead of requests,
//! since requests are not independent.

use std::time::Duration;

use super::count::{Count, batch_design, least_share, most_share};
use super::family::holm;
use super::shift::Outcome;
use super::special::{Z_99, beta, t_critical};
use super::{real, size};

/// Batches of equal time that a run is cut into.
pub const BATCHES: usize = 10;
/// The shortest run that is judged with confidence.
pub const SHORTEST: Duration = Duration::from_mins(1);
/// When a run that may be extended is looked at, in seconds, and the share of alpha spent there.
pub const LOOKS: [(u64, f64); 4] = [(60, 0.1), (120, 0.2), (300, 0.3), (600, 0.4)];

/// What a run says about one limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// The share of requests beyond the limit.
    pub share: f64,
    /// The share that may be beyond it.
    pub allowed: f64,
    /// Independent requests that would say as much.
    pub effective: f64,
    /// Against "the share is allowed": small where it is surely more.
    pub p_fail: f64,
    /// Against "the share is more than allowed": small where it is surely less.
    pub p_pass: f64,
}

impl Evidence {
    /// Requests beyond a limit in batches of equal time, and the share that may be; `None` with
    /// fewer than two batches or no request.
    ///
    /// Divided by D = deff · (t/z)², where deff is the design effect of batches and t allows for
    /// its own uncertainty.
    #[must_use]
    pub fn of(batches: &[Count], allowed: f64) -> Option<Self> {
        let all: u64 = batches.iter().map(|batch| batch.all).sum();
        let bad: u64 = batches.iter().map(|batch| batch.bad).sum();
        if batches.len() < 2 || all == 0 {
            return None;
        }
        let unsure = t_critical(0.01, size(batches.len() - 1)) / Z_99;
        let divisor = batch_design(batches) * unsure * unsure;
        let (beyond, effective) = (real(bad) / divisor, real(all) / divisor);
        Some(Self {
            share: real(bad) / real(all),
            allowed,
            effective,
            p_fail: beta(allowed, beyond, effective - beyond + 1.0),
            p_pass: beta(1.0 - allowed, effective - beyond, beyond + 1.0),
        })
    }

    /// Bounds of the share of requests beyond the limit, each at a level.
    #[must_use]
    pub fn bounds(&self, level: f64) -> (f64, f64) {
        let beyond = self.share * self.effective;
        (least_share(beyond, self.effective, level), most_share(beyond, self.effective, level))
    }

    /// Whether what was seen, without confidence, lies within the limit: where an open judgement
    /// leans.
    #[must_use]
    pub fn leans_to_pass(&self) -> bool {
        self.share <= self.allowed
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

/// Between which two shares of all requests a quantile surely lies: bounds, each at a level, of the
/// quantile's own share among as many independent requests.
#[must_use]
pub fn quantile_shares(quantile: f64, effective: f64, level: f64) -> (f64, f64) {
    let below = quantile * effective;
    (least_share(below, effective, level), most_share(below, effective, level))
}
