//! The earlier runs that a gate file compares with, read before any load is spent.

use std::collections::BTreeSet;
use std::path::Path;

use super::bar::{self, Barred};
use super::read::Ask;
use crate::baseline::{History, Lineage, Shelf, choose};
use crate::error::Error;
use crate::git::{Git, Trouble};
use crate::plan::regression::Regression;
use crate::run::Run;
use crate::shelf::Place;

/// Commits that are looked at, at most.
const MOST_COMMITS: usize = 20_000;

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
    let (lineage, touched) = match look(ask, &here, &branch) {
        Ok(told) => told,
        Err(_) => (Lineage::Unknown, None),
    };
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
fn look(ask: &Ask, here: &Path, branch: &str) -> Result<(Lineage, Option<String>), Trouble> {
    let nothing = (Lineage::Unknown, None);
    let Some(git) = Git::around(here)? else { return Ok(nothing) };
    let Some(head) = git.commit("HEAD")? else { return Ok(nothing) };
    let base = bar::origin(&ask.bar, ask.lookup).map(|origin| origin.revisions);
    let change = base.is_some();
    let mut names = base.unwrap_or_default();
    names.extend([format!("refs/remotes/origin/{branch}"), format!("refs/heads/{branch}")]);
    let mut parted = None;
    for name in names.iter().filter(|name| crate::policy::rev_is_good(name)) {
        if let Some(tip) = git.commit(name)? {
            parted = git.parted(&head, &tip)?;
            break;
        }
    }
    let from = parted.unwrap_or_else(|| head.clone());
    let touched = if change { touched(ask, &git, here, (&from, &head))? } else { None };
    let commits = git.below_commit(&from, MOST_COMMITS)?;
    let known = |commits: Vec<String>| Lineage::Known(commits.into_iter().collect::<BTreeSet<_>>());
    Ok((commits.map_or(Lineage::Unknown, known), touched))
}

/// What lies in the repository itself is a part of the change, and a change must not choose what
/// it is compared with.
fn touched(
    ask: &Ask,
    git: &Git,
    here: &Path,
    (from, head): (&str, &str),
) -> Result<Option<String>, Trouble> {
    let Place::Folder(dir) = &ask.past.baseline else { return Ok(None) };
    let Some(path) = git.below(here, dir) else { return Ok(None) };
    let changed = git.changed(from, head, &path)?;
    let why = || format!("this change itself changes what is kept in `{path}`");
    Ok(changed.then(why))
}
