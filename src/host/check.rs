//! How a gate ended, in the words that checks and statuses have for it.

use super::letter::Key;
use crate::judge::finding::{Judgement, Verdict};

/// The most characters of a status' description.
const MOST_STATUS: usize = 140;
/// The most characters of a check's title.
const MOST_TITLE: usize = 200;

/// How a gate ended, for those who merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// Everything asked was held.
    Pass,
    /// Something asked was breached.
    Fail,
    /// No judgement can be given.
    Inconclusive,
    /// A signal ended the run.
    Interrupted,
    /// loadgate itself broke down.
    Broken,
}

impl Conclusion {
    /// What a judgement concludes.
    #[must_use]
    pub fn of(judgement: &Judgement) -> Self {
        match (&judgement.interrupted, judgement.verdict()) {
            (Some(_), _) => Self::Interrupted,
            (None, Verdict::Pass) => Self::Pass,
            (None, Verdict::Fail) => Self::Fail,
            (None, Verdict::Inconclusive) => Self::Inconclusive,
        }
    }

    /// GitHub's word for a check. What is inconclusive fails: a required check must not open the
    /// gate on nothing.
    #[must_use]
    pub fn check(self) -> &'static str {
        match self {
            Self::Pass => "success",
            Self::Fail | Self::Inconclusive | Self::Broken => "failure",
            Self::Interrupted => "cancelled",
        }
    }

    /// GitHub's word for the status of a commit.
    #[must_use]
    pub fn status(self) -> &'static str {
        match self {
            Self::Pass => "success",
            Self::Fail => "failure",
            Self::Inconclusive | Self::Interrupted | Self::Broken => "error",
        }
    }
}

/// The name of a gate's check; branch protection compares it letter by letter.
#[must_use]
pub fn name(key: &Key) -> String {
    format!("loadgate / {}", key.as_str())
}

/// The name of a gate's commit status.
#[must_use]
pub fn context(key: &Key) -> String {
    format!("loadgate/{}", key.as_str())
}

/// A title that fits above a check.
#[must_use]
pub fn title(text: &str) -> String {
    cut(text, MOST_TITLE)
}

/// A description that fits beside a status.
#[must_use]
pub fn description(text: &str) -> String {
    cut(text, MOST_STATUS)
}

/// A text of at most so many characters; the last one says that there was more.
#[must_use]
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most - 1).chain(['…']).collect(),
    }
}
