//! A branch of the repository that holds kept runs and nothing else. The work tree and its index
//! are left alone: objects are written and pushed, nothing is checked out.

use std::path::Path;

use super::{Edit, Entry, MOST_BYTES, latest};
use crate::git::{Git, Ref};

/// Others may push at the same moment; so often is it tried again.
const TRIES: usize = 6;

pub(super) fn entries(here: &Path, name: &str) -> Result<Vec<Entry>, String> {
    let git = around(here)?;
    let branch = Ref::of(&git, name).map_err(|trouble| trouble.to_string())?;
    let Some(tip) = branch.tip(&git).map_err(|trouble| trouble.to_string())? else {
        return Ok(Vec::new());
    };
    let names = git.names(&tip).map_err(|trouble| trouble.to_string())?;
    let read = |name: String| {
        let bytes = git.file(&tip, &name, MOST_BYTES).map_err(|trouble| trouble.to_string())?;
        bytes.map(|bytes| (name.clone(), bytes)).ok_or_else(|| format!("`{name}` is gone"))
    };
    latest(names.into_iter()).into_iter().map(read).collect()
}

pub(super) fn change(here: &Path, name: &str, edit: &Edit) -> Result<(), String> {
    let git = around(here)?;
    let mut last = String::new();
    for _ in 0..TRIES {
        let branch = Ref::of(&git, name).map_err(|trouble| trouble.to_string())?;
        let tip = branch.tip(&git).map_err(|trouble| trouble.to_string())?;
        let commit = git.grow(tip.as_deref(), &edit.add, &edit.remove, &edit.why);
        let commit = commit.map_err(|trouble| trouble.to_string())?;
        match branch.set(&git, &commit, tip.as_deref()) {
            Ok(()) => return Ok(()),
            Err(trouble) => last = trouble.to_string(),
        }
        // Whoever came first has moved it; where nobody has, trying again would change nothing.
        if branch.tip(&git).ok().flatten() == tip {
            break;
        }
    }
    Err(last)
}

fn around(here: &Path) -> Result<Git, String> {
    let git = Git::around(here).map_err(|trouble| trouble.to_string())?;
    git.ok_or_else(|| "there is no clone of git here".to_owned())
}
