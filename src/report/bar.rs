//! How the gate file differs from the base commit's, as every report tells it.

use crate::plan::threshold::Level;
use crate::policy::{Difference, Policy, Way};
use crate::sanitise::Clean;

/// How the gate file compares with the base commit's. Every text in it is fit for a sink.
#[derive(Clone, Debug)]
pub struct Bar {
    /// The base commit.
    pub base: Clean,
    /// One word for what was found, for machines.
    pub state: &'static str,
    /// Asking for less was approved from outside the change.
    pub approved: bool,
    /// Every difference, the loosened first.
    pub differences: Vec<Line>,
}

/// One difference.
#[derive(Clone, Debug)]
pub struct Line {
    /// Which way it goes.
    pub way: Way,
    /// Whether the gate depended on it.
    pub level: Level,
    /// The gate asks for less because of it.
    pub loosens: bool,
    /// What differs.
    pub what: Clean,
    /// What the base commit has.
    pub from: Option<Clean>,
    /// What the change has.
    pub to: Option<Clean>,
    /// By how much.
    pub by: Option<Clean>,
}

impl Bar {
    /// Tells a comparison; `clean` makes text from outside fit for a sink.
    #[must_use]
    pub fn of(policy: &Policy, clean: &dyn Fn(&str) -> Clean) -> Self {
        let line = |one: &Difference| Line {
            way: one.way,
            level: one.level,
            loosens: one.loosens(),
            what: clean(&one.what),
            from: one.from.as_deref().map(clean),
            to: one.to.as_deref().map(clean),
            by: one.by.as_deref().map(clean),
        };
        Self {
            base: clean(&policy.base),
            state: policy.name(),
            approved: policy.approval.is_given(),
            differences: policy.differences().iter().map(line).collect(),
        }
    }

    /// Whether the gate asks for less than the base commit's.
    #[must_use]
    pub fn is_lower(&self) -> bool {
        self.differences.iter().any(|line| line.loosens)
    }
}

impl Line {
    /// The difference in one line, without its way: `whole run p99: < 300ms → < 800ms`.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = self.what.to_string();
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => out.extend([": ", from.as_str(), " → ", to.as_str()]),
            (Some(one), None) | (None, Some(one)) => out.extend([": ", one.as_str()]),
            (None, None) => {}
        }
        if let Some(by) = &self.by {
            out.extend([" (", by.as_str(), ")"]);
        }
        out
    }
}
