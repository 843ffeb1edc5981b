//! The private directory of a run: the plugin, what brings it to a Locust that somebody else calls,
//! and what it tells.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::environment::Given;
use crate::store;

/// The plugin, and the name of its file: that of a module, unlike any of a user's.
pub const PLUGIN: &str = include_str!("plugin.py");
const PLUGIN_NAME: &str = "loadgate_listens.py";
/// What every Python below a command runs as it starts, by the name that Python looks for.
const SHIM: &str = include_str!("shim.py");
const SHIM_NAME: &str = "sitecustomize.py";

/// The directory; gone with this value.
pub(super) struct Room {
    dir: TempDir,
    /// Where the shim lies, alone.
    apart: TempDir,
    plugin: PathBuf,
    /// Held as long as we live, so that an orphaned Locust can tell; `None` where that cannot be.
    held: Option<File>,
}

impl Room {
    /// Makes it and fills it.
    pub(super) fn new() -> Result<Self, String> {
        let room = |why: io::Error| format!("there is no room for what Locust tells: {why}");
        let dir = tempfile::Builder::new().prefix("loadgate-").tempdir().map_err(room)?;
        let apart = tempfile::Builder::new().tempdir_in(dir.path()).map_err(room)?;
        let plugin = dir.path().join(PLUGIN_NAME);
        let files = [(&plugin, PLUGIN), (&apart.path().join(SHIM_NAME), SHIM)];
        for (path, text) in files {
            store::create(path, text.as_bytes()).map_err(|unwritten| unwritten.to_string())?;
        }
        // Some file systems know no locks; then a Locust that is orphaned goes on to its end.
        let held = store::open(&plugin).ok().filter(|file| file.try_lock().is_ok());
        Ok(Self { dir, apart, plugin, held })
    }

    /// Where the plugin writes.
    pub(super) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The plugin's file.
    pub(super) fn plugin(&self) -> &Path {
        &self.plugin
    }

    /// These variables, and what the plugin has to know.
    pub(super) fn known(&self, given: &[Given]) -> Vec<Given> {
        let mut all = given.to_vec();
        all.push(("LOADGATE_RECORDS".into(), self.path().into()));
        if self.held.is_some() {
            all.push(("LOADGATE_LIFELINE".into(), self.plugin.clone().into()));
        }
        all
    }

    /// The same, with what brings the plugin and these words to a Locust that somebody else calls.
    pub(super) fn beneath(&self, given: &[Given], words: &[&str]) -> Vec<Given> {
        let mut all = self.shimmed(&self.known(given));
        let words = serde_json::to_string(words).unwrap_or_default();
        all.push(("LOADGATE_WORDS".into(), words.into()));
        all
    }

    /// These variables, and what makes a Locust tell its version and end.
    pub(super) fn asking(&self, given: &[Given]) -> Vec<Given> {
        let mut all = self.shimmed(given);
        all.push(("LOADGATE_ASKS".into(), "1".into()));
        all
    }

    fn shimmed(&self, given: &[Given]) -> Vec<Given> {
        let is_path = |(name, _): &&Given| name == "PYTHONPATH";
        let mut path: OsString = self.apart.path().into();
        if let Some((_, before)) = given.iter().find(is_path).filter(|(_, it)| !it.is_empty()) {
            path.push(if cfg!(windows) { ";" } else { ":" });
            path.push(before);
        }
        let others = given.iter().filter(|one| !is_path(one)).cloned();
        let ours = [("PYTHONPATH".into(), path), ("LOADGATE_PLUGIN".into(), (&self.plugin).into())];
        others.chain(ours).collect()
    }
}
