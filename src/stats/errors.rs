//! Errors of a run against those of the runs before it.

use super::count::{Count, ErrorShift, batch_design};
use super::shift::Outcome;
use super::special::beta;
use super::{real, size};

/// The family's chance to be sent to a second run without reason.
const SCREEN: f64 = 0.10;

/// One error rate, before and now.
#[derive(Clone, Debug)]
pub struct Errors {
    /// Of each earlier run.
    pub past: Vec<Count>,
    /// Of this run.
    pub first: Count,
    /// Of the run that should confirm.
    pub second: Option<Count>,
    /// A smaller rise is never claimed, as a share of all requests.
    pub ignore: f64,
    /// A larger rise is not allowed.
    pub limit: f64,
}

/// What came of one error rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErrorFound {
    /// What came of it.
    pub outcome: Outcome,
    /// The rise, as a share of all requests.
    pub estimate: f64,
    /// It is above this, at the level of the family.
    pub lower: f64,
    /// It is below this, at the level of the check.
    pub upper: f64,
    /// The p value, corrected for the family (Bonferroni).
    pub p: f64,
    /// The share of errors before.
    pub base: f64,
}

impl Errors {
    /// New errors against all earlier ones by the conditional binomial; counts are divided by how
    /// many times more they vary from run to run than independent errors would.
    fn against(&self, new: &[Count]) -> Option<ErrorShift> {
        let sum = |counts: &[Count]| {
            counts.iter().fold(Count::default(), |sum, one| Count {
                bad: sum.bad + one.bad,
                all: sum.all + one.all,
            })
        };
        let (base, new) = (sum(&self.past), sum(new));
        if base.all == 0 || new.all == 0 {
            return None;
        }
        let design = batch_design(&self.past);
        let share = real(new.all) / (real(new.all) + real(base.all));
        let p = match new.bad {
            0 => 1.0,
            bad => beta(share, real(bad) / design, real(base.bad) / design + 1.0),
        };
        Some(ErrorShift { base, new, design, p })
    }

    fn is_more(&self, shift: &ErrorShift, level: f64) -> bool {
        shift.p <= level && shift.difference() > self.ignore
    }

    /// Whether the first run alone asks for a second, in a family of so many checks.
    #[must_use]
    pub fn suspicious(&self, family: usize) -> bool {
        let shift = self.against(&[self.first]);
        shift.is_some_and(|shift| self.is_more(&shift, SCREEN / size(family)))
    }

    /// What came of it: a claim takes both runs, as for every other value; `None` where there is
    /// nothing to compare.
    #[must_use]
    pub fn judge(&self, alpha: f64, rest: f64, family: usize) -> Option<ErrorFound> {
        let runs: Vec<Count> = std::iter::once(self.first).chain(self.second).collect();
        let shift = self.against(&runs)?;
        let suspicious = self.suspicious(family);
        let repeated = self.second.and_then(|second| self.against(&[second]));
        let repeated = repeated.is_some_and(|shift| self.is_more(&shift, 0.05));
        let level = alpha / size(family);
        let claimed = suspicious && repeated && self.is_more(&shift, level);
        let (lower, upper) = (shift.bounds(level, rest).0, shift.bounds(rest, rest).1);
        let estimate = shift.difference();
        let outcome = match (claimed, upper < self.limit) {
            (true, _) if estimate >= self.limit => Outcome::Fail,
            (true, true) => Outcome::Warn,
            (false, _) if suspicious && self.second.is_none() => Outcome::Inconclusive,
            (false, true) => Outcome::Pass,
            (_, false) => Outcome::Inconclusive,
        };
        let p = (shift.p * size(family)).min(1.0);
        Some(ErrorFound { outcome, estimate, lower, upper, p, base: shift.base.share() })
    }
}
