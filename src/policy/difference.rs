//! One difference between two gate files, and which way it goes.

use std::fmt;

use crate::plan::threshold::Level;

/// One difference between the gate file of the base commit and that of the change.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Which way it goes.
    pub way: Way,
    /// Which part of the file it is in.
    pub part: Part,
    /// Whether the gate depended on it, or it was only said.
    pub level: Level,
    /// What differs.
    pub what: String,
    /// What the base commit has; `None` where it has nothing.
    pub from: Option<String>,
    /// What the change has; `None` where it has nothing.
    pub to: Option<String>,
    /// By how much, where there is such a number: `−83 %`.
    pub by: Option<String>,
}

/// Which way a difference goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// The change asks for less.
    Loosened,
    /// The change no longer asks for it at all.
    Removed,
    /// The change asks for more.
    Tightened,
    /// The change asks for something new.
    Added,
    /// It is another way of asking, neither more nor less.
    Changed,
}

/// A part of the gate file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// What is expected.
    Sla,
    /// How much is sent, and how long.
    Load,
    /// What is sent.
    Requests,
    /// Whom it is sent to, and how long an answer may take.
    Target,
    /// Anything else.
    Other,
}

impl Difference {
    /// A difference on which the gate depends.
    #[must_use]
    pub fn new(way: Way, part: Part, what: impl Into<String>) -> Self {
        let (what, level) = (what.into(), Level::Fail);
        Self { way, part, level, what, from: None, to: None, by: None }
    }

    /// With what the base commit has.
    #[must_use]
    pub fn from(self, from: impl Into<String>) -> Self {
        Self { from: Some(from.into()), ..self }
    }

    /// With what the change has.
    #[must_use]
    pub fn to(self, to: impl Into<String>) -> Self {
        Self { to: Some(to.into()), ..self }
    }

    /// Whether the gate asks for less because of it.
    #[must_use]
    pub fn loosens(&self) -> bool {
        self.level == Level::Fail && matches!(self.way, Way::Loosened | Way::Removed)
    }

    /// What comes first in a list.
    pub(super) fn rank(&self) -> (bool, Part) {
        (!self.loosens(), self.part)
    }
}

impl Way {
    /// The word in every report.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Loosened => "loosened",
            Self::Removed => "removed",
            Self::Tightened => "tightened",
            Self::Added => "added",
            Self::Changed => "changed",
        }
    }
}

impl fmt::Display for Difference {
    /// `whole run p99: < 300ms → < 800ms`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.what)?;
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => write!(out, ": {from} → {to}")?,
            (Some(one), None) | (None, Some(one)) => write!(out, ": {one}")?,
            (None, None) => {}
        }
        self.by.as_ref().map_or(Ok(()), |by| write!(out, " ({by})"))
    }
}
