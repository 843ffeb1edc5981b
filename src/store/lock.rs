//! The lock of a directory, and links that lead nowhere.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use super::Unusable;

/// Held by a run for as long as it may write, so that two runs cannot mix their reports.
const LOCK: &str = ".lock";
/// Lets no symbolic link lead elsewhere.
#[cfg(unix)]
pub(super) fn unfollowed(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    let flags = rustix::fs::OFlags::NOFOLLOW.bits();
    options.custom_flags(i32::try_from(flags).expect("open flags are small"));
}

/// Links are followed where the system cannot do otherwise.
#[cfg(not(unix))]
pub(super) fn unfollowed(_options: &mut OpenOptions) {}

/// Takes the lock of a directory, or tells who has it.
pub(super) fn take(dir: &Path) -> Result<File, Unusable> {
    let refused = |why| Unusable::Refused { dir: dir.to_owned(), why };
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    unfollowed(&mut options);
    let mut file = options.open(dir.join(LOCK)).map_err(refused)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut by = String::new();
            let _ = file.take(20).read_to_string(&mut by);
            let by = if by.is_empty() { "unknown".to_owned() } else { by };
            return Err(Unusable::InUse { dir: dir.to_owned(), by });
        }
        // Some network file systems know no locks; the reports can be written all the same.
        Err(TryLockError::Error(why)) if why.kind() == io::ErrorKind::Unsupported => {}
        Err(TryLockError::Error(why)) => return Err(refused(why)),
    }
    let name = std::process::id().to_string();
    file.set_len(0).map_err(refused)?;
    file.seek(SeekFrom::Start(0)).map_err(refused)?;
    file.write_all(name.as_bytes()).map_err(refused)?;
    Ok(file)
}
