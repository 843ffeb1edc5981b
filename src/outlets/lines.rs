//! A file of JSON, an object on each line.

use std::fs::File;
use std::io::Write as _;

use super::Bring;
use crate::telemetry::{Snapshot, lines};

/// The file.
pub(super) struct Book(File);

impl Book {
    pub(super) fn new(file: File) -> Self {
        Self(file)
    }
}

impl Bring for Book {
    async fn bring(&mut self, now: &Snapshot) -> Result<(), String> {
        let text = lines::render(now);
        self.0.write_all(text.as_bytes()).map_err(|error| error.to_string())
    }
}
