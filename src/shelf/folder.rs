//! A folder of kept runs.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::{Edit, Entry, MARKS, MOST_BYTES, RUNS, latest};
use crate::store::{self, Unread, Unwritten};

pub(super) fn entries(dir: &Path) -> Result<Vec<Entry>, String> {
    let mut names = Vec::new();
    for folder in [RUNS, MARKS] {
        match fs::read_dir(dir.join(folder)) {
            Ok(entries) => names.extend(
                entries
                    .flatten()
                    .map(|entry| format!("{folder}{}", entry.file_name().to_string_lossy())),
            ),
            Err(why) if why.kind() == ErrorKind::NotFound => {}
            Err(why) => return Err(why.to_string()),
        }
    }
    let read = |name: String| {
        let bytes = store::read(&dir.join(&name), MOST_BYTES)
            .map_err(|Unread { why, .. }| format!("`{name}`: {why}"))?;
        Ok((name, bytes))
    };
    latest(names.into_iter()).into_iter().map(read).collect()
}

pub(super) fn change(dir: &Path, edit: &Edit) -> Result<(), String> {
    for folder in [RUNS, MARKS] {
        fs::create_dir_all(dir.join(folder)).map_err(|why| why.to_string())?;
    }
    for (name, bytes) in &edit.add {
        match store::create(&dir.join(name), bytes) {
            Ok(()) => {}
            Err(Unwritten { why, .. }) if why.kind() == ErrorKind::AlreadyExists => {}
            Err(Unwritten { why, .. }) => return Err(format!("`{name}`: {why}")),
        }
    }
    for name in &edit.remove {
        match fs::remove_file(dir.join(name)) {
            Ok(()) => {}
            Err(why) if why.kind() == ErrorKind::NotFound => {}
            Err(why) => return Err(format!("`{name}`: {why}")),
        }
    }
    Ok(())
}
