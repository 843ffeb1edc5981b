//! What a person said of a kept run.

/// What a person said of a kept run, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The run's name.
    pub run: String,
    /// What it is meant as.
    pub meaning: Meaning,
    /// When that was said: RFC 3339, UTC.
    pub at: String,
    /// Why, in words.
    pub reason: String,
}

/// What a kept run is meant as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The state that no sum of small steps may leave.
    Anchor,
    /// The first run of a new state: what was before is not compared with any more.
    Segment,
}

impl Meaning {
    /// The name in files and lists.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Anchor => "anchor",
            Self::Segment => "segment",
        }
    }

    /// The meaning of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Anchor, Self::Segment].into_iter().find(|meaning| meaning.name() == name)
    }
}
