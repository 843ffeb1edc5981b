//! Whether asking for less was approved from outside the change: by a protected variable, or by a
//! maintainer's label that is newer than what it approves.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The label. Its name is fixed: a change that could choose it would choose one that is there
/// already.
pub const LABEL: &str = "loadgate-accept-policy-change";

/// Whether asking for less was approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Approval {
    /// Nobody did.
    Nobody,
    /// By the flag, or the variable behind it.
    Flag,
    /// By the label of this maintainer.
    Label(String),
    /// There may be a label, and it does not count: why, as a sentence without its end.
    Refused(String),
}

/// What a forge tells of the label on a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labelled {
    /// Who set it last.
    pub by: String,
    /// When, in RFC 3339.
    pub at: String,
    /// The last change of what it approves, in RFC 3339: a push, another base.
    pub changed: String,
    /// It was a person, and no program.
    pub person: bool,
    /// It was the account that we use, whose token a change may have.
    pub ours: bool,
    /// What that account may do, where that is not enough: `write`.
    pub lacks: Option<String>,
}

impl Approval {
    /// What the flag says.
    #[must_use]
    pub fn flag(given: bool) -> Self {
        if given { Self::Flag } else { Self::Nobody }
    }

    /// Whether it was approved.
    #[must_use]
    pub fn is_given(&self) -> bool {
        matches!(self, Self::Flag | Self::Label(_))
    }

    /// Weighs a label.
    #[must_use]
    pub fn of(label: Labelled) -> Self {
        let time = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
        let Some((at, changed)) = time(&label.at).zip(time(&label.changed)) else {
            return Self::refused("nobody can tell whether it is newer than the last push");
        };
        let Labelled { by, person, ours, lacks, .. } = label;
        if !person {
            return Self::refused(&format!("{by} is a program"));
        }
        if ours {
            return Self::refused(&format!("{by} is the account that the gate itself uses"));
        }
        if let Some(role) = lacks {
            return Self::refused(&format!("{by} is no maintainer ({role})"));
        }
        // Seconds are all that a forge tells: in the same one, nobody knows what came first.
        if at <= changed {
            return Self::refused("the pull request has changed since it was set; set it again");
        }
        Self::Label(by)
    }

    /// A label that does not count.
    #[must_use]
    pub fn refused(why: &str) -> Self {
        Self::Refused(format!("the label {LABEL} does not count: {why}"))
    }

    /// A forge that could not be asked.
    #[must_use]
    pub fn unknown(why: &str) -> Self {
        Self::Refused(format!("whether the label {LABEL} is set could not be asked: {why}"))
    }
}
