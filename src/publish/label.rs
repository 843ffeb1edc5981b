//! What a forge tells of the label by which a lowered bar is approved.

use crate::policy::Labelled;

/// What a forge knows of the label.
pub(super) enum Set {
    /// It is not on the pull request.
    Not,
    /// It is.
    By(Labelled),
    /// It is, and approves something else than what is judged: why.
    Stale(&'static str),
}

/// Why a label cannot approve what is judged.
pub(super) const OTHER_HEAD: &str =
    "the pull request has another head commit than the one that is judged";
/// The same, where the host says nothing.
pub(super) const NO_HEAD: &str = "the CI host does not say which commit is judged";
