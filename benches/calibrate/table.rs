//! Shares that were counted, beside what they should be.

use std::fmt;

use loadgate::stats::count::{least_share, most_share};

use super::dice::real;

/// What a share should be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Want {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
    /// As in a table of the design, which was counted in runs of its own, so many.
    Near(f64, u64),
    /// It is shown for its own sake.
    Shown,
}

impl Want {
    /// The same, or only shown.
    pub(super) fn unless(self, only_shown: bool) -> Self {
        if only_shown { Self::Shown } else { self }
    }
}

/// A count of runs with what it should be.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    /// What was counted.
    pub(super) name: String,
    /// How often it came.
    pub(super) hits: u64,
    /// Of how many.
    pub(super) of: u64,
    /// What the share should be.
    pub(super) want: Want,
}

impl Cell {
    /// A count.
    pub(super) fn new(name: impl Into<String>, hits: u64, of: u64, want: Want) -> Self {
        Self { name: name.into(), hits, of, want }
    }

    /// Exact bounds of the share, 95 % together (Clopper and Pearson 1934).
    pub(super) fn bounds(&self) -> (f64, f64) {
        let (hits, of) = (real(self.hits), real(self.of));
        (least_share(hits, of, 0.025), most_share(hits, of, 0.025))
    }

    /// Whether what was counted is surely not what was wanted.
    pub(super) fn missed(&self) -> bool {
        let (least, most) = self.bounds();
        match self.want {
            Want::AtMost(share) => least > share,
            Want::AtLeast(share) => most < share,
            Want::Near(share, runs) => {
                let here = real(self.hits) / real(self.of);
                let pooled = (here * real(self.of) + share * real(runs)) / real(self.of + runs);
                let error = pooled * (1.0 - pooled) * (1.0 / real(self.of) + 1.0 / real(runs));
                // Two standard errors, and half a run for what is counted in whole runs.
                (here - share).abs() > 2.0 * error.sqrt() + 0.5 / real(self.of)
            }
            Want::Shown => false,
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (least, most) = self.bounds();
        let share = 100.0 * real(self.hits) / real(self.of);
        write!(out, "  {:<58} {share:>6.2} %  ", self.name)?;
        write!(out, "[{:>5.1}, {:>5.1}]  ", least * 100.0, most * 100.0)?;
        let word = if self.missed() { "MISS" } else { "ok" };
        match self.want {
            Want::AtMost(share) => write!(out, "at most  {:>5.1} %  {word}", share * 100.0),
            Want::AtLeast(share) => write!(out, "at least {:>5.1} %  {word}", share * 100.0),
            Want::Near(share, _) => write!(out, "table    {:>5.1} %  {word}", share * 100.0),
            Want::Shown => Ok(()),
        }
    }
}
