//! Where kept runs lie: a folder, a branch of the repository, or a bucket. Each file is
//! written whole or not at all, and none is ever changed: runs and marks are added and removed.

mod folder;
mod branch;
mod bucket;

use std::fmt;
use std::path::{Path, PathBuf};

use crate::archive::{self, Unreadable};
use crate::baseline::{Kept, Mark, Shelf};
use crate::sanitise::Clean;

/// Where they lie when nobody says otherwise.
pub const USUAL: &str = ".loadgate";
/// The branch that `git:` alone means.
const BRANCH: &str = "loadgate-baselines";
/// Runs that are read, at most: the latest. No comparison looks at more than forty.
pub const MOST_RUNS: usize = 400;
/// Marks that are read, at most: the latest.
const MOST_MARKS: usize = 400;
/// The largest file: a thousand endpoints with full histograms.
const MOST_BYTES: u64 = archive::MOST_BYTES as u64;
/// Folders of runs and of marks, in every kind of place.
const RUNS: &str = "runs/";
const MARKS: &str = "marks/";
const END: &str = ".json";

/// A place for kept runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A folder: in the repository, in a CI cache, among artifacts.
    Folder(PathBuf),
    /// A branch of the repository, which nobody has to check out.
    Branch(String),
    /// A bucket of storage that speaks S3, and where in it.
    Bucket {
        /// Its name.
        bucket: String,
        /// What the names of all objects begin with.
        prefix: String,
    },
}

/// What went wrong with a place.
#[derive(Debug, thiserror::Error)]
#[error("the kept runs in `{place}` {why}")]
pub struct Trouble {
    /// The place, as a person wrote it.
    pub place: Clean,
    /// What is wrong, and what to do.
    pub why: Clean,
}

/// What lies in a place under one name.
type Entry = (String, Vec<u8>);

/// What is to be changed in a place, at once where the place can do that.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// Files to add.
    pub add: Vec<Entry>,
    /// Names to remove.
    pub remove: Vec<String>,
    /// What for, in words.
    pub why: String,
}

impl Place {
    /// Reads `DIR`, `git:BRANCH` or `s3://BUCKET/PREFIX`.
    ///
    /// # Errors
    /// What is wrong with it, and what to write.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(branch) = text.strip_prefix("git:") {
            let branch = if branch.is_empty() { BRANCH } else { branch };
            let good = crate::policy::rev_is_good(branch) && !branch.contains(['@', '^', '~']);
            let bad = || "names no branch: write `git:loadgate-baselines`".to_owned();
            return if good { Ok(Self::Branch(branch.to_owned())) } else { Err(bad()) };
        }
        if let Some(rest) = text.strip_prefix("s3://") {
            return in_bucket(rest);
        }
        if text.is_empty() || text.contains("://") {
            return Err("write a folder, `git:BRANCH` or `s3://BUCKET/PREFIX`".to_owned());
        }
        Ok(Self::Folder(PathBuf::from(text)))
    }

    /// All that lies there; nothing where the place is not there yet.
    ///
    /// # Errors
    /// When it cannot be reached, or something in it is no kept run: damaged, foreign, or of a
    /// newer loadgate.
    pub fn read(&self, here: &Path) -> Result<Shelf, Trouble> {
        let (mut runs, mut marks) = (Vec::new(), Vec::new());
        for (name, bytes) in self.entries(here)? {
            let unfit = |why: Unreadable| {
                let cure = "`loadgate baseline prune --damaged` removes it";
                self.trouble(&format!("cannot be used: `{name}` {why}; {cure}"))
            };
            match opened(&name, &bytes).map_err(unfit)? {
                Thing::Run(kept) => runs.push(*kept),
                Thing::Mark(mark) => marks.push(mark),
            }
        }
        Ok(Shelf::of(runs, marks))
    }

    /// The names of what cannot be used, each with the reason.
    ///
    /// # Errors
    /// When the place cannot be reached.
    pub fn damaged(&self, here: &Path) -> Result<Vec<(String, String)>, Trouble> {
        let mut all = Vec::new();
        for (name, bytes) in self.entries(here)? {
            if let Err(why) = opened(&name, &bytes) {
                all.push((name, why.to_string()));
            }
        }
        Ok(all)
    }

    /// Adds and removes.
    ///
    /// # Errors
    /// When the place cannot be reached or written.
    pub fn change(&self, here: &Path, edit: &Edit) -> Result<(), Trouble> {
        match self {
            Self::Folder(dir) => folder::change(&here.join(dir), edit),
            Self::Branch(name) => branch::change(here, name, edit),
            Self::Bucket { bucket, prefix } => bucket::change(bucket, prefix, edit),
        }
        .map_err(|why| self.trouble(&format!("cannot be changed: {why}")))
    }

    /// The latest runs and marks, by their names.
    fn entries(&self, here: &Path) -> Result<Vec<Entry>, Trouble> {
        match self {
            Self::Folder(dir) => folder::entries(&here.join(dir)),
            Self::Branch(name) => branch::entries(here, name),
            Self::Bucket { bucket, prefix } => bucket::entries(bucket, prefix),
        }
        .map_err(|why| self.trouble(&format!("cannot be read: {why}")))
    }

    fn trouble(&self, why: &str) -> Trouble {
        Trouble { place: Clean::line(&self.to_string()), why: Clean::line(why) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(dir) => write!(out, "{}", dir.display()),
            Self::Branch(name) => write!(out, "git:{name}"),
            Self::Bucket { bucket, prefix } => write!(out, "s3://{bucket}/{prefix}"),
        }
    }
}

/// Reads `BUCKET/PREFIX`: names that every storage takes, so that no other object is meant than the
/// one that was written.
fn in_bucket(text: &str) -> Result<Place, String> {
    let (bucket, prefix) = text.split_once('/').unwrap_or((text, ""));
    let prefix = prefix.trim_end_matches('/');
    let sign =
        |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || "-.".contains(sign);
    let fits = (3..=63).contains(&bucket.len()) && bucket.chars().all(sign);
    let part = |part: &str| {
        let plain = |sign: char| sign.is_ascii_alphanumeric() || "-_.".contains(sign);
        !part.is_empty() && part.chars().all(plain) && !part.starts_with('.')
    };
    if !fits || !prefix.split('/').all(part) {
        return Err(
            "write `s3://BUCKET/PREFIX`: the prefix of letters, digits, `-`, `_`, `.` and \
                    `/`"
            .to_owned(),
        );
    }
    Ok(Place::Bucket { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
}

/// The file of a kept run.
#[must_use]
pub fn run_entry(kept: &Kept) -> Entry {
    (run_name(kept.id()), archive::kept::write(kept).into_bytes())
}

/// The name of the file of a kept run.
#[must_use]
pub fn run_name(id: &str) -> String {
    format!("{RUNS}{id}{END}")
}

/// The file of a mark.
#[must_use]
pub fn mark_entry(mark: &Mark) -> Entry {
    let when: String = mark.at.chars().filter(char::is_ascii_alphanumeric).collect();
    let name = format!("{MARKS}{when}-{}-{}{END}", mark.meaning.name(), mark.run);
    (name, archive::kept::write_mark(mark).into_bytes())
}

enum Thing {
    Run(Box<Kept>),
    Mark(Mark),
}

fn opened(name: &str, bytes: &[u8]) -> Result<Thing, Unreadable> {
    let text = String::from_utf8_lossy(bytes);
    if name.starts_with(MARKS) {
        return archive::kept::read_mark(&text).map(Thing::Mark);
    }
    archive::kept::read(&text).map(|kept| Thing::Run(Box::new(kept)))
}

/// The names that are looked at, of all that were found: the latest runs and marks. What else lies
/// there is none of ours.
fn latest(names: impl Iterator<Item = String>) -> Vec<String> {
    let (mut runs, mut marks) = (Vec::new(), Vec::new());
    for name in names.filter(|name| name.ends_with(END)) {
        if is_in(&name, RUNS) {
            runs.push(name);
        } else if is_in(&name, MARKS) {
            marks.push(name);
        }
    }
    for (names, most) in [(&mut runs, MOST_RUNS), (&mut marks, MOST_MARKS)] {
        names.sort();
        names.drain(..names.len().saturating_sub(most));
    }
    runs.extend(marks);
    runs
}

/// Whether a name lies in a folder itself, and is one that we would give.
fn is_in(name: &str, folder: &str) -> bool {
    let plain = |sign: char| sign.is_ascii_alphanumeric() || "-_.".contains(sign);
    name.strip_prefix(folder).is_some_and(|rest| rest.chars().all(plain) && !rest.starts_with('.'))
}
