//! How fit the generator was, in a word.

/// Whether the generator was the bottleneck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fitness {
    /// It kept up with its plan.
    Fit,
    /// It did not.
    Unfit,
    /// The load never began, so nothing can be said of it.
    Unused,
    /// Another tool put on the load.
    Foreign,
}

impl Fitness {
    /// The same in words.
    #[must_use]
    pub fn said(self) -> &'static str {
        match self {
            Self::Fit => "fit",
            Self::Unfit => "not fit",
            Self::Unused => "no load was put on",
            Self::Foreign => "another tool's, not known",
        }
    }
}
