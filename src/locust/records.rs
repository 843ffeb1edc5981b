//! The files that the plugin writes: found, followed while they grow, and read once more when all
//! is over.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::facts::{Facts, Process};
use super::frames::{Frame, Frames};
use crate::store;

/// How the names of the plugin's files end.
const ENDING: &str = "records";

/// The directory that the plugin writes to, read as it grows.
pub(super) struct Records {
    dir: PathBuf,
    files: Vec<(PathBuf, Frames<File>)>,
    /// What was told so far.
    pub(super) facts: Facts,
}

impl Records {
    pub(super) fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), files: Vec::new(), facts: Facts::default() }
    }

    /// Reads what was written since the last time.
    pub(super) fn follow(&mut self) -> io::Result<()> {
        for path in store::list(&self.dir, ENDING)? {
            if !self.files.iter().any(|(known, _)| *known == path) {
                let file = store::open(&path).map_err(|unread| unread.why)?;
                self.files.push((path, Frames::new(file)));
                self.facts.processes.push(Process::default());
            }
        }
        for (of, (_, frames)) in self.files.iter_mut().enumerate() {
            while let Some(frame) = frames.next()? {
                self.facts.take(of, frame);
            }
            self.facts.processes[of].torn = frames.is_torn();
        }
        Ok(())
    }

    /// Shows every frame once more, each with the process it is of.
    pub(super) fn again(&self, mut show: impl FnMut(usize, &Process, Frame)) -> io::Result<()> {
        for (of, (path, _)) in self.files.iter().enumerate() {
            let file = store::open(path).map_err(|unread| unread.why)?;
            let mut frames = Frames::new(file);
            while let Some(frame) = frames.next()? {
                show(of, &self.facts.processes[of], frame);
            }
        }
        Ok(())
    }
}
