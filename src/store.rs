//! Files: written whole or not at all, into a directory that was proved usable before any load was
//! spent.

mod lock;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::sanitise::Clean;
use lock::{take, unfollowed};

/// What a file is called until it is whole; a killed run may leave one behind.
const UNFINISHED: (&str, &str) = (".loadgate-", ".tmp");

/// The directory of a run's reports, held until dropped.
#[derive(Debug)]
pub struct Store {
    dir: PathBuf,
    /// Which directory that name led to when it was taken.
    taken: (u64, u64),
    /// The lock ends with the file's life, even when the process is killed.
    _lock: File,
}

/// Why a directory cannot take reports.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// Something else has that name.
    #[error("`{}` is not a directory, and reports need one; choose another with --out", shown(.0))]
    NotDirectory(PathBuf),
    /// A directory stands where a report should go.
    #[error("`{}` is a directory, and a report goes there; move it away", shown(.0))]
    Occupied(PathBuf),
    /// Another run writes there.
    #[error("`{}` is in use by another run (process {by}); choose another with --out", shown(.dir))]
    InUse {
        /// The directory.
        dir: PathBuf,
        /// Its process.
        by: String,
    },
    /// The system said no.
    #[error("cannot write into `{}`: {why}; choose another with --out", shown(.dir))]
    Refused {
        /// The directory.
        dir: PathBuf,
        /// What the system said.
        why: io::Error,
    },
}

/// A report that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write `{}`: {why}", shown(.path))]
pub struct Unwritten {
    /// The file.
    pub path: PathBuf,
    /// What the system said.
    pub why: io::Error,
}

/// A file that could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read `{}`: {why}", shown(.path))]
pub struct Unread {
    /// The file.
    pub path: PathBuf,
    /// What the system said.
    pub why: io::Error,
}

impl Store {
    /// Makes the directory where it is missing, takes it for this run, and proves that files of
    /// these names can be written there.
    ///
    /// # Errors
    /// When it is not a directory, not writable, full, or held by another run.
    pub fn open(dir: &Path, names: &[&str]) -> Result<Self, Unusable> {
        let refused = |why| Unusable::Refused { dir: dir.to_owned(), why };
        if dir.exists() && !dir.is_dir() {
            return Err(Unusable::NotDirectory(dir.to_owned()));
        }
        fs::create_dir_all(dir).map_err(refused)?;
        let lock = take(dir)?;
        for name in names {
            let path = dir.join(name);
            if fs::symlink_metadata(&path).is_ok_and(|there| there.is_dir()) {
                return Err(Unusable::Occupied(path));
            }
        }
        sweep(dir);
        let taken = identity(dir).map_err(refused)?;
        let store = Self { dir: dir.to_owned(), taken, _lock: lock };
        store.prove().map_err(refused)?;
        Ok(store)
    }

    /// Removes what an earlier run left under these names: an old pass must not outlive a run that
    /// was killed.
    ///
    /// # Errors
    /// When an old file cannot be removed.
    pub fn clear(&self, names: &[&str]) -> Result<(), Unusable> {
        for name in names {
            match fs::remove_file(self.path(name)) {
                Err(why) if why.kind() != io::ErrorKind::NotFound => {
                    return Err(Unusable::Refused { dir: self.dir.clone(), why });
                }
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// Where a file of that name lies.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Writes a file whole or not at all. A symbolic link of that name is replaced, never followed.
    ///
    /// # Errors
    /// When the disk is full, the directory is gone or another one, or the system says no for
    /// another reason.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Unwritten> {
        let path = self.path(name);
        let unfinished = self.unmoved().and_then(|()| unfinished(&self.dir));
        let written = unfinished.and_then(|mut file| {
            file.write_all(bytes)?;
            file.as_file().sync_all()?;
            file.persist(&path).map_err(|failed| failed.error)?;
            Ok(())
        });
        written.map_err(|why| Unwritten { path, why })
    }

    /// A new file to which lines are added while the run is under way: the one kind that may be cut
    /// off in the middle. A symbolic link of that name is refused, never followed.
    ///
    /// # Errors
    /// When the system says no.
    pub fn growing(&self, name: &str) -> Result<File, Unwritten> {
        let path = self.path(name);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        unfollowed(&mut options);
        let file = self.unmoved().and_then(|()| options.open(&path));
        file.map_err(|why| Unwritten { path, why })
    }

    /// Whether the name still leads to the directory that was taken: files of others may lie in one
    /// that was put in its place.
    fn unmoved(&self) -> io::Result<()> {
        if identity(&self.dir)? == self.taken {
            return Ok(());
        }
        Err(io::Error::other("another directory was put in its place while the run was under way"))
    }

    /// A file as large as a small report, written and removed again.
    fn prove(&self) -> io::Result<()> {
        let mut file = unfinished(&self.dir)?;
        file.write_all(&[b'.'; 4096])?;
        file.as_file().sync_all()?;
        file.close()
    }
}

/// What tells a directory from all others: device and number.
#[cfg(unix)]
fn identity(dir: &Path) -> io::Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(dir).map(|facts| (facts.dev(), facts.ino()))
}

/// Nothing tells a directory from others here; that there is one is all that is known.
#[cfg(not(unix))]
fn identity(dir: &Path) -> io::Result<(u64, u64)> {
    fs::metadata(dir).map(|_| (0, 0))
}

/// A file that gets its name once it is whole.
fn unfinished(dir: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED.0).suffix(UNFINISHED.1);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(dir)
}

/// Removes what a killed run left half written; called with the lock held.
fn sweep(dir: &Path) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let ours = name
            .to_str()
            .is_some_and(|name| name.starts_with(UNFINISHED.0) && name.ends_with(UNFINISHED.1));
        if ours {
            // One that stays is ugly and harms nobody.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Writes a file that is not there yet, whole or not at all.
///
/// # Errors
/// When something of that name is there, or the system says no for another reason.
pub fn create(path: &Path, bytes: &[u8]) -> Result<(), Unwritten> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = unfinished(dir).and_then(|mut file| {
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist_noclobber(path).map_err(|failed| failed.error)?;
        Ok(())
    });
    written.map_err(|why| Unwritten { path: path.to_owned(), why })
}

/// Writes a file whole or not at all, in place of what has its name.
///
/// # Errors
/// When the system says no.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), Unwritten> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = unfinished(dir).and_then(|mut file| {
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|failed| failed.error)?;
        Ok(())
    });
    written.map_err(|why| Unwritten { path: path.to_owned(), why })
}

/// Reads a whole file of at most `most` bytes.
///
/// # Errors
/// When it is missing, a directory, larger, or cannot be read.
pub fn read(path: &Path, most: u64) -> Result<Vec<u8>, Unread> {
    let bytes = File::open(path).and_then(|file| {
        let mut bytes = Vec::new();
        file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
        Ok(bytes)
    });
    let too_large = || io::Error::other(format!("it is larger than {most} bytes"));
    let bytes = bytes
        .and_then(|bytes| if bytes.len() as u64 > most { Err(too_large()) } else { Ok(bytes) });
    bytes.map_err(|why| Unread { path: path.to_owned(), why })
}

/// Opens a file to be read piece by piece, however long it is.
///
/// # Errors
/// When it is missing, a directory, or cannot be read.
pub fn open(path: &Path) -> Result<File, Unread> {
    let unread = |why| Unread { path: path.to_owned(), why };
    let file = File::open(path).map_err(unread)?;
    let is_dir = file.metadata().is_ok_and(|about| about.is_dir());
    if is_dir { Err(unread(io::ErrorKind::IsADirectory.into())) } else { Ok(file) }
}

/// Adds to a file that somebody else made, as a CI host makes files for what a step has to say.
///
/// # Errors
/// When there is no such file, or it cannot be written.
pub fn append(path: &Path, bytes: &[u8]) -> Result<(), Unwritten> {
    let written =
        OpenOptions::new().append(true).open(path).and_then(|mut file| file.write_all(bytes));
    written.map_err(|why| Unwritten { path: path.to_owned(), why })
}

/// The files of a directory whose names end so, in the order of their names.
///
/// # Errors
/// When it is missing, no directory, or cannot be read.
pub fn list(dir: &Path, ending: &str) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == ending) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The length of a file in bytes; zero where there is none.
#[must_use]
pub fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |file| file.len())
}

/// Whether something of that name is a symbolic link.
#[must_use]
pub fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|there| there.is_symlink())
}

/// Whether something of that name is no plain file: a folder, a pipe, a device. A link is none.
#[must_use]
pub fn is_odd(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|there| !there.is_file())
}

/// Whether two paths lead to one file.
#[must_use]
pub fn same_file(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).ok();
    real(one).is_some_and(|one| real(other) == Some(one))
}

/// A path as a person may see it: it came from a flag, and flags are not trusted.
fn shown(path: &Path) -> Clean {
    Clean::line(&path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).expect("the directory is there").flatten();
        let mut names: Vec<_> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_second_run_in_one_directory_is_told_who_has_it() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let held = Store::open(dir.path(), &[]).expect("usable");
        let second = Store::open(dir.path(), &[]).expect_err("held by the first");
        assert!(second.to_string().contains(&format!("(process {})", std::process::id())));
        drop(held);
        assert!(Store::open(dir.path(), &[]).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_replaced_and_never_followed() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let victim = dir.path().join("victim");
        fs::write(&victim, "mine").expect("written");
        let out = dir.path().join("out");
        let store = Store::open(&out, &["a"]).expect("usable");
        std::os::unix::fs::symlink(&victim, out.join("a")).expect("linked");
        store.write("a", b"report").expect("written");
        assert_eq!(fs::read(&victim).expect("still there"), b"mine");
        assert_eq!(fs::read(out.join("a")).expect("written"), b"report");
        assert_eq!(listed(&out), [".lock", "a"]);
    }

    #[test]
    fn what_a_killed_run_left_is_swept_and_old_reports_go() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        for name in [".loadgate-x.tmp", "verdict.json", "notes.txt"] {
            fs::write(dir.path().join(name), "old").expect("written");
        }
        let store = Store::open(dir.path(), &["verdict.json"]).expect("usable");
        store.clear(&["verdict.json"]).expect("cleared");
        assert_eq!(listed(dir.path()), [".lock", "notes.txt"]);
    }

    #[test]
    fn what_cannot_take_reports_says_why() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let file = dir.path().join("file");
        fs::write(&file, "").expect("written");
        assert!(matches!(Store::open(&file, &[]), Err(Unusable::NotDirectory(_))));
        assert!(matches!(Store::open(&file.join("under"), &[]), Err(Unusable::Refused { .. })));
        fs::create_dir(dir.path().join("run.json")).expect("made");
        assert!(matches!(Store::open(dir.path(), &["run.json"]), Err(Unusable::Occupied(_))));
    }
}
