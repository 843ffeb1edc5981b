//! What is said of a text that is no template, and of a template that gives no text.

use std::borrow::Cow;

/// Why a text is no template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct BadTemplate {
    /// What is wrong, in half a sentence.
    pub why: String,
    /// Where, in bytes of the source.
    pub at: usize,
    /// What to do about it.
    pub hint: String,
}

impl BadTemplate {
    pub(super) fn at(at: usize, why: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { why: why.into(), at, hint: hint.into() }
    }
}

/// Why a template gave no text for a user. Says names and expressions, never values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unrendered {
    /// A name or an attribute has no value.
    #[error("`{0}` has no value")]
    NoValue(String),
    /// The text is longer than 1 MiB and the template itself.
    #[error("the text is longer than 1 MiB")]
    TooLong,
    /// The template runs too long.
    #[error("the template takes too many steps")]
    TooMuch,
    /// An expression cannot be computed.
    #[error("`{expression}`: {why}")]
    Failed {
        /// The expression, as written.
        expression: String,
        /// What is wrong with it.
        why: Cow<'static, str>,
    },
}
