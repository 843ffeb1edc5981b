//! Which of the kept runs a run is compared with.

use std::collections::BTreeSet;

use super::class::{Unlike, likeness};
use super::kept::{Kept, Shelf};
use super::mark::Meaning;
use crate::run::Run;
use crate::stats::history::MOST;

/// The commits that a change builds on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lineage {
    /// Nobody can tell: there is no clone, or it does not reach back far enough.
    Unknown,
    /// These alone: the commit that both sides come from, and those before it.
    Known(BTreeSet<String>),
}

impl Lineage {
    fn holds(&self, commit: &str) -> bool {
        match self {
            Self::Unknown => true,
            Self::Known(commits) => commit.is_empty() || commits.contains(commit),
        }
    }
}

/// What a run is compared with, or why there is nothing.
#[derive(Clone, Debug)]
pub enum History {
    /// Earlier runs that are alike.
    Past(Past),
    /// Nothing was kept of that branch.
    Nothing,
    /// What was kept is of other machines or programs: how the last one differs.
    Foreign(String),
    /// What was kept had another load: how that of the last one differs.
    OtherLoad(String),
    /// What was kept cannot be read: why.
    Damaged(String),
}

/// Earlier runs that are alike.
#[derive(Clone, Debug)]
pub struct Past {
    /// The runs to compare with, the oldest first; forty at most.
    pub runs: Vec<Kept>,
    /// The runs up to the pinned anchor, the oldest first; empty where none is pinned.
    pub anchor: Vec<Kept>,
    /// The branch they are of.
    pub branch: String,
}

/// Chooses the runs that this one is compared with: of the branch, of commits that it builds on, on
/// a machine of its class, with its load, since the last new segment.
#[must_use]
pub fn choose(shelf: &Shelf, this: &Run, branch: &str, lineage: &Lineage) -> History {
    let mut alike = Vec::new();
    let mut last: Option<Unlike> = None;
    let of_branch = shelf.runs.iter().filter(|kept| kept.branch == branch);
    for kept in of_branch.filter(|kept| kept.id() != this.origin.id) {
        if !lineage.holds(&kept.run.origin.commit) {
            continue;
        }
        match likeness(&kept.run, this) {
            Ok(()) => alike.push(kept),
            Err(unlike) => last = Some(unlike),
        }
    }
    if alike.is_empty() {
        return match last {
            None => History::Nothing,
            Some(Unlike::Foreign(how)) => History::Foreign(how),
            Some(Unlike::OtherLoad(how)) => History::OtherLoad(how),
        };
    }
    let place = |run: &str| alike.iter().position(|kept| kept.id() == run);
    let marked = |meaning: Meaning| {
        let of_it = shelf.marks.iter().filter(move |mark| mark.meaning == meaning);
        of_it.filter_map(|mark| place(&mark.run)).next_back()
    };
    let from = marked(Meaning::Segment).unwrap_or(0);
    let anchor = match marked(Meaning::Anchor) {
        Some(at) if at >= from => &alike[from..=at],
        Some(at) => &alike[..=at],
        None => &[],
    };
    let owned = |kept: &[&Kept]| {
        kept[kept.len().saturating_sub(MOST)..].iter().map(|kept| (*kept).clone()).collect()
    };
    let (runs, anchor) = (owned(&alike[from..]), owned(anchor));
    History::Past(Past { runs, anchor, branch: branch.to_owned() })
}
