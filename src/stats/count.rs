//! Errors counted: on two sides, and as a share against a limit. They come in clumps, so counts are
//! divided by a design effect before a binomial distribution may speak.

use super::special::{Z_99, beta, beta_quantile, t_critical};
use super::{deviation, mean, real, size};

/// Bad ones among all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// The bad ones.
    pub bad: u64,
    /// All.
    pub all: u64,
}

/// Requests and errors of one endpoint in one round, on both sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Errors {
    /// The version compared with.
    pub base: Count,
    /// The version judged.
    pub new: Count,
}

/// Errors of all rounds on both sides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErrorShift {
    /// All of the version compared with.
    pub base: Count,
    /// All of the version judged.
    pub new: Count,
    /// How many times more the counts vary from round to round than independent errors would, with
    /// room for how little a few rounds tell of it.
    pub design: f64,
    /// The one-sided p value of more errors than before.
    pub p: f64,
}

impl Count {
    /// The share of bad ones; 0 of nothing.
    #[must_use]
    pub fn share(self) -> f64 {
        if self.all == 0 { 0.0 } else { real(self.bad) / real(self.all) }
    }

    fn add(self, other: Self) -> Self {
        Self { bad: self.bad + other.bad, all: self.all + other.all }
    }
}

impl ErrorShift {
    /// Totals over rounds; `None` where a side had no request.
    ///
    /// The conditional binomial: of all errors, as many of the new version as its share of requests
    /// allows. p is the regularised incomplete beta function of the new count and the base count
    /// plus 1 at that share, both counts divided by the design effect.
    #[must_use]
    pub fn of(rounds: &[Errors]) -> Option<Self> {
        let base = rounds.iter().fold(Count::default(), |sum, round| sum.add(round.base));
        let new = rounds.iter().fold(Count::default(), |sum, round| sum.add(round.new));
        if base.all == 0 || new.all == 0 {
            return None;
        }
        let sides = [rounds.iter().map(|round| real(round.base.bad)).collect::<Vec<_>>(), {
            rounds.iter().map(|round| real(round.new.bad)).collect()
        }];
        let means: f64 = sides.iter().map(|side| mean(side)).sum();
        let spreads: f64 = sides.iter().map(|side| deviation(side).powi(2)).sum();
        let clumps = spreads / means;
        let design = if clumps.is_finite() { clumps.max(1.0) } else { 1.0 };
        let design = design * unsure(2 * rounds.len().saturating_sub(1));
        let share = real(new.all) / (real(new.all) + real(base.all));
        let p = beta(share, real(new.bad) / design, real(base.bad) / design + 1.0);
        Some(Self { base, new, design, p })
    }

    /// How much larger the share of errors has become.
    #[must_use]
    pub fn difference(&self) -> f64 {
        self.new.share() - self.base.share()
    }

    /// A lower and an upper bound of the difference, each at its level: Clopper and Pearson's
    /// bounds of both shares, joined as Newcombe (1998) does. Without a single error they still say
    /// how many there might be.
    #[must_use]
    pub fn bounds(&self, lower: f64, upper: f64) -> (f64, f64) {
        let (base, new) = (self.base.share(), self.new.share());
        let reach = |new_edge: f64, base_edge: f64| {
            ((new_edge - new).powi(2) + (base - base_edge).powi(2)).sqrt()
        };
        let difference = new - base;
        let down = reach(self.least(self.new, lower), self.most(self.base, lower));
        let up = reach(self.most(self.new, upper), self.least(self.base, upper));
        (difference - down, difference + up)
    }

    fn least(&self, count: Count, level: f64) -> f64 {
        least_share(real(count.bad) / self.design, real(count.all) / self.design, level)
    }

    fn most(&self, count: Count, level: f64) -> f64 {
        most_share(real(count.bad) / self.design, real(count.all) / self.design, level)
    }
}

/// How many times larger a design effect must be taken that was estimated with so few degrees of
/// freedom: the square of t/z at 1 %, and 1 of a single round, which shows none.
fn unsure(freedom: usize) -> f64 {
    if freedom == 0 { 1.0 } else { (t_critical(0.01, size(freedom)) / Z_99).powi(2) }
}

/// The lower bound of a share at a level (Clopper and Pearson 1934).
#[must_use]
pub fn least_share(bad: f64, all: f64, level: f64) -> f64 {
    beta_quantile(level, bad, all - bad + 1.0)
}

/// The upper bound of a share at a level (Clopper and Pearson 1934).
#[must_use]
pub fn most_share(bad: f64, all: f64, level: f64) -> f64 {
    beta_quantile(1.0 - level, bad + 1.0, all - bad)
}

/// The chance of a split of requests between two sides as uneven as this, or more, under a fair
/// coin; two-sided. Below one in a million the assignment was not what it should have been.
#[must_use]
pub fn uneven_split(one: u64, other: u64) -> f64 {
    let (less, more) = (real(one.min(other)), real(one.max(other)));
    (2.0 * beta(0.5, more, less + 1.0)).min(1.0)
}

/// How many times more a share varies from batch to batch than independent requests would, from
/// the residuals of a ratio.
#[must_use]
pub fn batch_design(batches: &[Count]) -> f64 {
    let whole = batches.iter().fold(Count::default(), |sum, batch| sum.add(*batch));
    let share = whole.share();
    let expected = share * (1.0 - share) * real(whole.all) / size(batches.len());
    let residuals = batches.iter().map(|batch| real(batch.bad) - share * real(batch.all));
    let spread = residuals.map(|rest| rest * rest).sum::<f64>() / (size(batches.len()) - 1.0);
    let design = spread / expected;
    if design.is_finite() { design.max(1.0) } else { 1.0 }
}
