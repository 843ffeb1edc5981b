//! From the paths and flags of a command to a checked plan.

use std::path::{Path, PathBuf};

use super::voice::Lookup;
use crate::cli::Changes;
use crate::error::Error;
use crate::plan::{Plan, Source};
use crate::store::{self, Unread};

/// Larger than any gate file that a person writes.
const MOST_GATE: u64 = 4 * 1024 * 1024;
/// The largest body, certificate or key that a gate file may name.
const MOST_BESIDE: u64 = 64 * 1024 * 1024;

/// A gate file, wherever it comes from.
#[derive(Clone, Debug)]
pub(super) enum Gate {
    /// A file.
    File(PathBuf),
    /// A text that is part of the program, and its name.
    Own(&'static str, &'static str),
}

/// Reads and checks a gate file with what the flags change in it.
pub(super) fn plan(gate: &Gate, changes: &Changes, lookup: Lookup) -> Result<Plan, Error> {
    let (name, bytes) = match gate {
        Gate::File(path) => (shown(path), store::read(path, MOST_GATE)?),
        Gate::Own(name, text) => ((*name).to_owned(), text.as_bytes().to_vec()),
    };
    let thresholds = match &changes.thresholds {
        Some(path) => Some((shown(path), store::read(path, MOST_GATE)?)),
        None => None,
    };
    let source = Source {
        name: &name,
        bytes: &bytes,
        thresholds: thresholds.as_ref().map(|(name, bytes)| (name.as_str(), bytes.as_slice())),
        env: &lookup,
        files: &|path| beside(gate, path),
        target: changes.target.as_deref(),
        duration: changes.duration,
        seed: changes.seed,
        tags: &changes.tags,
        exclude_tags: &changes.exclude_tags,
    };
    Ok(Plan::read(&source)?)
}

/// A file that a gate file names, found from the directory of the gate file.
fn beside(gate: &Gate, path: &str) -> Result<Vec<u8>, String> {
    let folder = match gate {
        Gate::File(gate) => gate.parent().unwrap_or(Path::new("")),
        Gate::Own(..) => Path::new(""),
    };
    store::read(&folder.join(path), MOST_BESIDE).map_err(|Unread { why, .. }| why.to_string())
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
