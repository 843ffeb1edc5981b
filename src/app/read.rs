//! From the paths and flags of a command to a checked plan.

use std::path::{Path, PathBuf};

use super::scene::Scene;
use super::voice::{Everything, Lookup};
use crate::cli::{Bar, Changes, Past, Publishing};
use crate::error::Error;
use crate::plan::{Plan, Source};
use crate::run::Run;
use crate::store::{self, Unread};

/// Larger than any gate file that a person writes.
pub(super) const MOST_GATE: u64 = 4 * 1024 * 1024;
/// The largest body, certificate or key that a gate file may name.
pub(super) const MOST_BESIDE: u64 = 64 * 1024 * 1024;

/// A gate file, wherever it comes from.
#[derive(Clone, Debug)]
pub(super) enum Gate {
    /// A file.
    File(PathBuf),
    /// A text that is part of the program, and its name.
    Own(&'static str, &'static str),
}

/// What a run is asked to do.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    /// The gate file.
    pub gate: Gate,
    /// What the flags change in it.
    pub changes: Changes,
    /// Where the reports go.
    pub out: PathBuf,
    /// Which commit it is compared with.
    pub bar: Bar,
    /// Where earlier runs are kept.
    pub past: Past,
    /// Which CI host is around, and what is published there; `None` where nothing is to be known of
    /// any.
    pub publishing: Option<Publishing>,
    /// Whether there is going to be something to publish.
    pub tells: bool,
    /// A variable of the environment.
    pub lookup: Lookup,
    /// All of them.
    pub everything: Everything,
}

impl Ask {
    /// What is around, where that is to be known.
    pub(super) fn scene(&self) -> Option<Scene> {
        Scene::look(self.publishing.as_ref()?, self.lookup)
    }

    /// The same, by the tags of a run: what was left out of it is not missed.
    pub(super) fn as_run(&self, run: &Run, path: &Path) -> Self {
        let (tags, exclude_tags) = (run.origin.tags.clone(), run.origin.exclude_tags.clone());
        let run = Some(shown(path));
        let changes = Changes { tags, exclude_tags, run, ..self.changes.clone() };
        Self { changes, ..self.clone() }
    }
}

/// A gate file as bytes, and the other file that its thresholds may come from, each with its name.
#[derive(Clone, Debug)]
pub(super) struct Texts {
    /// The gate file.
    pub gate: (String, Vec<u8>),
    /// The file of `--thresholds`.
    pub thresholds: Option<(String, Vec<u8>)>,
}

/// Reads the bytes of a gate file.
pub(super) fn texts(gate: &Gate, changes: &Changes) -> Result<Texts, Error> {
    let gate = match gate {
        Gate::File(path) => (shown(path), store::read(path, MOST_GATE)?),
        Gate::Own(name, text) => ((*name).to_owned(), text.as_bytes().to_vec()),
    };
    let thresholds = match &changes.thresholds {
        Some(path) => Some((shown(path), store::read(path, MOST_GATE)?)),
        None => None,
    };
    Ok(Texts { gate, thresholds })
}

/// Reads and checks a gate file on its own, without a base.
pub(super) fn alone(gate: &Gate, changes: &Changes, lookup: Lookup) -> Result<Plan, Error> {
    plan(&texts(gate, changes)?, changes, lookup, &|path| beside(gate, path))
}

/// Checks a gate file with what the flags change in it.
pub(super) fn plan(
    texts: &Texts,
    changes: &Changes,
    lookup: Lookup,
    beside: &dyn Fn(&str) -> Result<Vec<u8>, String>,
) -> Result<Plan, Error> {
    let (name, bytes) = &texts.gate;
    let source = Source {
        name,
        bytes,
        thresholds: texts
            .thresholds
            .as_ref()
            .map(|(name, bytes)| (name.as_str(), bytes.as_slice())),
        env: &lookup,
        files: beside,
        target: changes.target.as_deref(),
        against: changes.against.as_deref(),
        duration: changes.duration,
        seed: changes.seed,
        shard: changes.shard.unwrap_or_default(),
        tags: &changes.tags,
        exclude_tags: &changes.exclude_tags,
        locust: &changes.locust,
        run: changes.run.as_deref(),
    };
    Ok(Plan::read(&source)?)
}

/// A file that a gate file names, found from the directory of the gate file.
pub(super) fn beside(gate: &Gate, path: &str) -> Result<Vec<u8>, String> {
    let folder = match gate {
        Gate::File(gate) => gate.parent().unwrap_or(Path::new("")),
        Gate::Own(..) => Path::new(""),
    };
    store::read(&folder.join(path), MOST_BESIDE).map_err(|Unread { why, .. }| why.to_string())
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
