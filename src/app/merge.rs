//! `merge`: the runs of all shards, added up and judged as one.

use std::path::PathBuf;

use super::bar;
use super::deliver;
use super::line;
use super::read::{Ask, Gate};
use super::voice::{Lookup, Voice};
use crate::cli::{self, Changes};
use crate::error::{Error, Exit};
use crate::merge::{self, Unmerged};
use crate::store;

/// Adds up the shards of one run, and judges the sum.
pub(super) fn merge(ask: cli::Merge, lookup: Lookup, voice: &Voice) -> Result<Exit, Error> {
    let whole = ask.out.out.join(deliver::RUN);
    let mut shards = Vec::with_capacity(ask.runs.len());
    for path in ask.runs {
        let path = if path.is_dir() { path.join(deliver::RUN) } else { path };
        if store::same_file(&path, &whole) {
            return Err(Error::OverShard(path));
        }
        let run = line::recall(&path)?;
        shards.push((path.to_string_lossy().into_owned(), run));
    }
    let first = shards.first().map(|(path, _)| PathBuf::from(path)).ok_or(Unmerged::Nothing)?;
    let run = merge::merge(shards)?;
    let gate = Gate::File(ask.gate.unwrap_or_else(|| PathBuf::from(&run.origin.gate)));
    let (changes, publishing) = (Changes::default(), Some(ask.publishing));
    let (out, bar, past) = (ask.out.out, ask.bar, ask.past);
    let (tells, everything) = (true, Vec::new);
    let ask = Ask { gate, changes, out, bar, past, publishing, tells, lookup, everything };
    let mut scene = ask.scene();
    let asked = bar::read(&ask.as_run(&run, &first), scene.as_mut())?;
    line::judged(&ask, scene, asked, (&first, run), voice.clone())
}
