//! Is a shift, seen once in each round, above a limit; and what bounds it?

use super::rank::{self, SignedRank};
use super::special::{t_above, t_critical};
use super::{deviation, mean, size};

/// Rounds from which on ranks may decide.
const RANKS_FROM: usize = 12;

/// What bounds a shift, as logarithms of a ratio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// It is above this, at the level of the whole family.
    pub lower: f64,
    /// It is below this, at the level of the check alone.
    pub upper: f64,
}

/// By which test a shift is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Wilcoxon's exact signed-rank test, with bounds from Walsh averages.
    SignedRank,
    /// Student's t on the differences of pairs.
    PairedT,
}

impl Method {
    /// Ranks from twelve rounds on, if they can reach the level at all; else Student's t.
    #[must_use]
    pub fn of(rounds: usize, level: f64) -> Self {
        let rounds_capped = i32::try_from(rounds).unwrap_or(i32::MAX);
        if rounds >= RANKS_FROM && 0.5_f64.powi(rounds_capped) <= level {
            Self::SignedRank
        } else {
            Self::PairedT
        }
    }

    /// The name of the method, as reports have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SignedRank => "Wilcoxon signed-rank, exact",
            Self::PairedT => "paired t",
        }
    }
}

/// A test of values from a number of rounds, prepared once for many checks.
#[derive(Clone, Debug)]
pub struct Paired {
    rounds: usize,
    method: Method,
    null: SignedRank,
}

impl Paired {
    /// The test for a number of rounds and the smallest level that it must be able to reach.
    #[must_use]
    pub fn new(rounds: usize, level: f64) -> Self {
        let method = Method::of(rounds, level);
        let known = if method == Method::SignedRank { rounds } else { 0 };
        Self { rounds, method, null: SignedRank::new(known) }
    }

    /// By which test it judges.
    #[must_use]
    pub fn method(&self) -> Method {
        self.method
    }

    /// The chance of values as far above a limit, or farther, if their true shift were the limit.
    #[must_use]
    pub fn p_above(&self, values: &[f64], limit: f64) -> f64 {
        let over: Vec<f64> = values.iter().map(|value| value - limit).collect();
        match self.method {
            Method::PairedT => t_p(&over),
            Method::SignedRank => {
                let (sum, kept) = rank::positive_ranks(&over);
                if kept == self.rounds {
                    self.null.at_least(sum)
                } else {
                    SignedRank::new(kept).at_least(sum)
                }
            }
        }
    }

    /// The estimate that belongs to the test: the Hodges–Lehmann centre, or the mean.
    #[must_use]
    pub fn estimate(&self, values: &[f64]) -> f64 {
        match self.method {
            Method::SignedRank => rank::center(values),
            Method::PairedT => {
                let center = mean(values);
                if center.is_nan() { 0.0 } else { center }
            }
        }
    }

    /// A lower bound at one level and an upper bound at another.
    #[must_use]
    pub fn bounds(&self, values: &[f64], lower: f64, upper: f64) -> Bounds {
        match self.method {
            Method::SignedRank => Bounds {
                lower: rank::lower_bound(values, &self.null, lower),
                upper: rank::upper_bound(values, &self.null, upper),
            },
            Method::PairedT => t_bounds(values, lower, upper),
        }
    }
}

/// The one-sided p value of Student's paired t. Values without any spread say no more than their
/// signs: 2^-n.
fn t_p(values: &[f64]) -> f64 {
    let count = size(values.len());
    let (center, spread) = (mean(values), deviation(values));
    if !center.is_finite() || !spread.is_finite() {
        return 1.0;
    }
    if spread <= 0.0 {
        let signs = 0.5_f64.powf(count);
        return if center > 0.0 { signs } else { 1.0 };
    }
    t_above(center / (spread / count.sqrt()), count - 1.0)
}

fn t_bounds(values: &[f64], lower: f64, upper: f64) -> Bounds {
    let count = size(values.len());
    let (center, error) = (mean(values), deviation(values) / count.sqrt());
    if !center.is_finite() || !error.is_finite() {
        return Bounds { lower: f64::NEG_INFINITY, upper: f64::INFINITY };
    }
    let reach = |level| t_critical(level, count - 1.0) * error;
    Bounds { lower: center - reach(lower), upper: center + reach(upper) }
}
