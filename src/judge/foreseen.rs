//! What is known beforehand of a comparison: the words of an outlook.

use super::finding::Scope;
use crate::metric::Metric;
use crate::unit::Margin;

/// What is known beforehand of one change that is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlook {
    /// Of what it is asked.
    pub scope: Scope,
    /// The metric.
    pub metric: Metric,
    /// How much worse it may become.
    pub limit: Margin,
    /// What would be found.
    pub told: Foreseen,
}

/// What would be found of a change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Foreseen {
    /// The change that would be found in 95 of 100 comparisons as long as planned.
    Found {
        /// It, as a share; negative where less is worse.
        change: f64,
        /// Whether it lies within the limit: only then a pass means something.
        within: bool,
        /// The rounds after which it would, where it does not and rounds are made.
        rounds: Option<usize>,
    },
    /// Too few earlier runs.
    TooFewRuns {
        /// How many there are.
        have: usize,
        /// How many it takes.
        need: usize,
    },
    /// Too few samples of a version in a round.
    TooFew {
        /// How many there would be.
        have: u64,
        /// How many it takes.
        need: u64,
    },
    /// The kept runs do not tell it.
    Unknown,
}
