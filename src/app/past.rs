//! The earlier runs that a gate file compares with, read before any load is spent.

use std::collections::BTreeSet;
use std::path::Path;

use super::bar::{Against, Barred};
use super::read::Ask;
use crate::baseline::{History, Lineage, Shelf, choose};
use crate::error::Error;
use crate::git::{Git, Trouble};
use crate::plan::regression::Regression;
use crate::run::Run;
use crate::shelf::Place;

/// Commits that are looked at, at most.
const MOST_COMMITS: usize = 20_000;

/// The tree without files, which every clone knows.
const EMPTY: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/// What is kept of earlier runs, and which of them count.
pub(super) struct Earlier {
    shelf: Shelf,
    branch: String,
    lineage: Lineage,
    /// Why none of it counts.
    touched: Option<String>,
}

/// Reads what is kept, where the gate file compares with it.
pub(super) fn read(ask: &Ask, asked: &Barred) -> Result<Option<Earlier>, Error> {
    let from_history = |one: &&Regression| one.against.is_none() && one.baseline.is_some();
    let Some(regression) = asked.plan.regression.as_ref().filter(from_history) else {
        return Ok(None);
    };
    let branch = regression.baseline.clone().unwrap_or_default();
    let here = std::env::current_dir().map_err(Error::System)?;
    let shelf = ask.past.baseline.read(&here)?;
    let against = asked.against.as_ref();
    let looked = look(ask, against, &here, &branch);
    let (lineage, touched) =
        looked.unwrap_or_else(|why| (Lineage::Unknown, unproven(ask, against, &why)));
    Ok(Some(Earlier { shelf, branch, lineage, touched }))
}

impl Earlier {
    /// The runs that this one is compared with.
    pub(super) fn of(&self, run: &Run) -> History {
        match &self.touched {
            Some(why) => History::Damaged(why.clone()),
            None => choose(&self.shelf, run, &self.branch, &self.lineage),
        }
    }
}

/// The commits that the tested one builds on together with the branch, and whether the change
/// touches what is kept.
fn look(
    ask: &Ask,
    against: Option<&Against>,
    here: &Path,
    branch: &str,
) -> Result<(Lineage, Option<String>), Trouble> {
    let nothing = (Lineage::Unknown, None);
    let Some(git) = Git::around(here)? else { return Ok(nothing) };
    let Some(head) = git.commit("HEAD")? else { return Ok(nothing) };
    let mut names = against.map_or(&[][..], Against::revisions).to_vec();
    let by_host = names.len();
    names.extend([format!("refs/remotes/origin/{branch}"), format!("refs/heads/{branch}")]);
    let (mut parted, mut proven) = (None, false);
    for (at, name) in names.iter().enumerate() {
        if crate::policy::rev_is_good(name)
            && let Some(tip) = git.commit(name)?
        {
            parted = git.parted(&head, &tip)?;
            proven = at < by_host && parted.is_some();
            break;
        }
    }
    let from = parted.unwrap_or_else(|| head.clone());
    let base = proven.then_some(from.as_str());
    let touched = match against {
        Some(against) => touched(ask, against, &git, here, (base, &head))?,
        None => None,
    };
    let commits = git.below_commit(&from, MOST_COMMITS)?;
    let known = |commits: Vec<String>| Lineage::Known(commits.into_iter().collect::<BTreeSet<_>>());
    Ok((commits.map_or(Lineage::Unknown, known), touched))
}

/// Where nothing is known of a change, it may have chosen what it is compared with.
fn unproven(ask: &Ask, against: Option<&Against>, why: &Trouble) -> Option<String> {
    let may = against.is_some() && matches!(ask.past.baseline, Place::Folder(_));
    may.then(|| format!("whether this change changes what is kept cannot be told: {why}"))
}

/// What lies in the repository itself is a part of the change, and a change must not choose what
/// it is compared with. Without a commit that it is based on, nothing there is known to be older.
fn touched(
    ask: &Ask,
    against: &Against,
    git: &Git,
    here: &Path,
    (base, head): (Option<&str>, &str),
) -> Result<Option<String>, Trouble> {
    let Place::Folder(dir) = &ask.past.baseline else { return Ok(None) };
    let Some(path) = git.below(here, dir) else { return Ok(None) };
    let changed = git.changed(base.unwrap_or(EMPTY), head, &path)?;
    let why = || match (base, against) {
        (Some(_), _) => format!("this change itself changes what is kept in `{path}`"),
        (None, Against::Known(_)) => format!(
            "`{path}` is a part of the repository, and the commit that this change is based on is \
             not in the clone: fetch it (`fetch-depth: 0`)"
        ),
        (None, Against::Unknown(_)) => format!(
            "`{path}` is a part of the repository, and nobody tells which commit this change is \
             based on"
        ),
    };
    Ok(changed.then(why))
}
