//! One check of a comparison: which way is worse, which shifts are ignored, which are too large.

use super::paired::Bounds;
use crate::metric::Better;

/// What is asked of a shift, as shares: 0.05 is 5 % more of what is better low, or 5 % less of what
/// is better high.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Check {
    /// Which way is better.
    pub better: Better,
    /// A smaller shift is never claimed.
    pub ignore: f64,
    /// A larger shift is not allowed.
    pub limit: f64,
    /// A shift must also be larger than this to fail, in the unit of the values themselves.
    pub floor: Option<f64>,
}

/// What came of a check, or of all together; later ones outrank earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The shift is within its limit, proved at the level of the check.
    Pass,
    /// Worse for sure, but within the limit.
    Warn,
    /// The data cannot tell: neither is the limit excluded, nor are a claim and an estimate beyond
    /// the limit both there.
    Inconclusive,
    /// Worse for sure at the level of the whole family, and the estimate lies beyond the limit. A
    /// true shift of exactly the limit fails in half of all comparisons.
    Fail,
}

/// What is known of the shift of one check.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// What came of it.
    pub outcome: Outcome,
    /// The shift, as a logarithm; more is worse.
    pub estimate: f64,
    /// What bounds it.
    pub bounds: Bounds,
    /// The p value against what is ignored, corrected for the family.
    pub p: f64,
    /// The limit, as a logarithm, with the floor brought in.
    pub limit: f64,
    /// The shift that would have been found with 95 % at the planned length, as a logarithm.
    pub detectable: f64,
    /// Whether what would have been found lies within the limit: only then a pass means something.
    pub armed: bool,
    /// Rounds or earlier runs it rests on.
    pub count: usize,
}

impl Check {
    /// A logarithm of a value, turned so that more is worse.
    #[must_use]
    pub fn worse(&self, log: f64) -> f64 {
        match self.better {
            Better::Lower | Better::Neither => log,
            Better::Higher => -log,
        }
    }

    /// A share of change as a logarithm that says how much worse.
    #[must_use]
    pub fn logarithm(&self, share: f64) -> f64 {
        match self.better {
            Better::Lower | Better::Neither => share.ln_1p(),
            Better::Higher => -(-share.min(1.0)).ln_1p(),
        }
    }

    /// A logarithm that says how much worse, as the share by which the value itself changed.
    #[must_use]
    pub fn change(&self, log: f64) -> f64 {
        self.worse(log).exp_m1()
    }

    /// What is ignored, as a logarithm.
    #[must_use]
    pub fn ignored(&self) -> f64 {
        self.logarithm(self.ignore)
    }

    /// The limit as a logarithm, where values lie around a level: the limit or the floor, whichever
    /// asks for more.
    #[must_use]
    pub fn limited(&self, level: f64) -> f64 {
        let limit = self.logarithm(self.limit);
        self.floor.map_or(limit, |floor| limit.max(self.logarithm(floor / level)))
    }
}

/// What an outcome is told from, as logarithms.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) estimate: f64,
    pub(super) upper: f64,
    pub(super) limit: f64,
}

impl Seen {
    /// What to say of a shift, given whether it is claimed at the family's level.
    #[must_use]
    pub(super) fn outcome(self, claimed: bool) -> Outcome {
        match (claimed, self.upper < self.limit) {
            (true, _) if self.estimate >= self.limit => Outcome::Fail,
            (true, true) => Outcome::Warn,
            (false, true) => Outcome::Pass,
            (_, false) => Outcome::Inconclusive,
        }
    }
}

/// The outcome of all checks together: a failed one fails it; an armed one that cannot tell, or no
/// armed one at all, leaves it open.
#[must_use]
pub fn together(checks: impl Iterator<Item = (Outcome, bool)>) -> Outcome {
    let (mut worst, mut armed_any) = (Outcome::Pass, false);
    for (outcome, armed) in checks {
        armed_any |= armed;
        let counts = armed || matches!(outcome, Outcome::Fail | Outcome::Warn);
        worst = if counts { worst.max(outcome) } else { worst };
    }
    if armed_any { worst } else { worst.max(Outcome::Inconclusive) }
}
