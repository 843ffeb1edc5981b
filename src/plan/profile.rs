//! The load over time, and when the n-th request is due: pure functions in integer arithmetic.

use std::time::Duration;

use crate::run::Model;

/// The level of a load over time: stages, each linear from one level to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Whether levels are arrival rates (open) or virtual users (closed).
    pub model: Model,
    /// The stages, in order. Never empty; their durations sum to more than nothing.
    pub stages: Vec<Stage>,
}

/// A piece of a profile, linear from one level to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Its name, for `during = "…"`.
    pub name: Option<String>,
    /// How long it lasts; zero is a jump.
    pub duration: Duration,
    /// The level at its start, in millionths: of an arrival per second, or of a user.
    pub from: u64,
    /// The level at its end.
    pub to: u64,
}

impl Profile {
    /// How long the load lasts.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.stages.iter().map(|stage| stage.duration).sum()
    }

    /// The highest level, in millionths.
    #[must_use]
    pub fn peak(&self) -> u64 {
        self.stages.iter().map(|stage| stage.from.max(stage.to)).max().unwrap_or(0)
    }
}
