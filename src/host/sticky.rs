//! One comment for one gate: made once, then updated; never a second one, never somebody else's.

use super::letter::{Letter, Stamp};

/// A comment that is there already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its number at the forge; later ones have larger numbers.
    pub id: u64,
    /// Who wrote it; `None` where the account is gone.
    pub author: Option<String>,
    /// What it says.
    pub body: String,
    /// Its page.
    pub url: Option<String>,
}

/// What to do with a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// There is none of ours: post one.
    Create,
    /// Ours is there: replace its text.
    Update(u64),
    /// Nothing is to be written.
    Leave(Left),
}

/// Why nothing is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Left {
    /// It says that already; its page.
    Same(Option<String>),
    /// A newer run has spoken.
    Newer,
    /// There is none, and none is wanted.
    Unwanted,
}

/// Decides from the comments that are there. Anybody may copy our marker, so the
/// author counts as well. Of several, the newest is kept and the others are left alone.
#[must_use]
pub fn decide(
    listed: &[Listed],
    letter: &Letter,
    author_is_us: impl Fn(&str) -> bool,
    may_create: bool,
) -> Step {
    let marker = letter.key.marker();
    let ours = |comment: &&Listed| {
        comment.body.lines().next().is_some_and(|line| line.trim_end() == marker)
            && comment.author.as_deref().is_some_and(&author_is_us)
    };
    let Some(found) = listed.iter().filter(ours).max_by_key(|comment| comment.id) else {
        return if may_create { Step::Create } else { Step::Leave(Left::Unwanted) };
    };
    if Stamp::read(&found.body).is_some_and(|theirs| theirs.is_newer_than(&letter.stamp)) {
        return Step::Leave(Left::Newer);
    }
    if same(&found.body, &letter.text) {
        return Step::Leave(Left::Same(found.url.clone()));
    }
    Step::Update(found.id)
}

/// Forges change line ends and cut white space at the end.
fn same(theirs: &str, ours: &str) -> bool {
    theirs.trim_end().lines().map(str::trim_end).eq(ours.trim_end().lines().map(str::trim_end))
}
