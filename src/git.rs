//! What a commit holds, asked of git, and commits that are made without a work tree: by plumbing
//! commands alone, which run nothing that a commit could bring along, each bounded in time and
//! size.

mod grow;

use std::ffi::OsStr;
use std::io::{self, Read, Write as _};
use std::path::{Component, Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use crate::sanitise::Clean;

pub use grow::Ref;

/// Longer than git takes for anything that is asked of it here.
const PATIENCE: Duration = Duration::from_secs(20);
/// The most bytes of an answer that is no file.
const MOST_ANSWER: u64 = 64 * 1024;
/// The mode of a folder.
pub(crate) const FOLDER: &str = "040000";
/// The most bytes of what git says went wrong.
const MOST_SAID: u64 = 4096;

/// A clone, and the git that knows it.
#[derive(Clone, Debug)]
pub struct Git {
    /// The top folder of the working tree, as the system names it.
    top: PathBuf,
}

/// Why git did not answer.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// It could not be started.
    #[error("git cannot be started ({0}); install it where the gate runs")]
    Absent(io::Error),
    /// It said no.
    #[error("git says: {0}")]
    Refused(Clean),
    /// It took too long.
    #[error("git gave no answer within {} s", PATIENCE.as_secs())]
    Silent,
    /// The answer is larger than it may be.
    #[error("it is larger than {0} bytes")]
    TooLarge(u64),
    /// The path leads through a link or another repository.
    #[error("it is {0} there; name the file itself")]
    NoFile(&'static str),
}

impl Git {
    /// The clone around a folder; `None` where there is none.
    ///
    /// # Errors
    /// When git cannot be started or gives no answer.
    pub fn around(folder: &Path) -> Result<Option<Self>, Trouble> {
        let answer = ask(folder, &["rev-parse", "--show-toplevel"], MOST_ANSWER);
        match answer {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                Ok(Some(Self { top: PathBuf::from(text.trim_end_matches(['\n', '\r'])) }))
            }
            Err(Trouble::Refused(said)) if said.as_str().contains("not a git repository") => {
                Ok(None)
            }
            Err(trouble) => Err(trouble),
        }
    }

    /// The top folder.
    #[must_use]
    pub fn top(&self) -> &Path {
        &self.top
    }

    /// A file's path below the top folder; `None` for what lies elsewhere.
    #[must_use]
    pub fn below(&self, from: &Path, file: &Path) -> Option<String> {
        below(&self.top, from, file)
    }

    /// The commit of a name; `None` where the clone does not have it.
    ///
    /// # Errors
    /// When git cannot be started or gives no answer.
    pub fn commit(&self, name: &str) -> Result<Option<String>, Trouble> {
        let name = format!("{name}^{{commit}}");
        let asked = ["rev-parse", "--verify", "--quiet", "--end-of-options", &name];
        match ask(&self.top, &asked, MOST_ANSWER) {
            Ok(bytes) => {
                let hash = String::from_utf8_lossy(&bytes).trim().to_owned();
                Ok(hash.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(hash))
            }
            Err(Trouble::Refused(_)) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// A file as a commit has it; `None` where it has none of that path.
    ///
    /// # Errors
    /// When it is no plain file there, too large, or git does not answer.
    pub fn file(&self, commit: &str, path: &str, most: u64) -> Result<Option<Vec<u8>>, Trouble> {
        let Some((mode, hash)) = self.entry(commit, path)? else {
            let folders = path.match_indices('/').map(|(at, _)| &path[..at]);
            for folder in folders {
                if let Some((mode, _)) = self.entry(commit, folder)? {
                    plain(&mode, true)?;
                }
            }
            return Ok(None);
        };
        plain(&mode, false)?;
        ask(&self.top, &["cat-file", "blob", &hash], most).map(Some)
    }

    /// Mode and hash of what a commit has under a path.
    fn entry(&self, commit: &str, path: &str) -> Result<Option<(String, String)>, Trouble> {
        let asked = ["ls-tree", "-z", "--full-tree", commit, "--", path];
        let bytes = ask(&self.top, &asked, MOST_ANSWER)?;
        let text = String::from_utf8_lossy(&bytes);
        let entries = text.split('\0').filter_map(|entry| entry.split_once('\t'));
        let found = entries.filter(|(_, name)| *name == path).find_map(|(about, _)| {
            let mut words = about.split(' ');
            Some((words.next()?.to_owned(), words.nth(1)?.to_owned()))
        });
        Ok(found)
    }
}

/// A file's path below a top folder, as it is written: links on the way are not followed, since a
/// change may have put them there. `None` for what lies elsewhere.
#[must_use]
pub fn below(top: &Path, from: &Path, file: &Path) -> Option<String> {
    let mut parts: Vec<&OsStr> = Vec::new();
    let whole = from.join(file);
    for part in whole.strip_prefix(top).ok()?.components() {
        match part {
            Component::Normal(name) => parts.push(name),
            Component::ParentDir => {
                parts.pop()?;
            }
            Component::CurDir => {}
            Component::Prefix(_) | Component::RootDir => return None,
        }
    }
    let names: Option<Vec<&str>> = parts.iter().map(|part| part.to_str()).collect();
    names.filter(|names| !names.is_empty()).map(|names| names.join("/"))
}

/// Whether a mode is that of a plain file, or where that is asked for, of a folder.
///
/// # Errors
/// What it is instead.
pub(crate) fn plain(mode: &str, folder: bool) -> Result<(), Trouble> {
    match mode {
        "120000" => Err(Trouble::NoFile("a symbolic link")),
        "160000" => Err(Trouble::NoFile("another repository")),
        FOLDER if !folder => Err(Trouble::NoFile("a folder")),
        _ => Ok(()),
    }
}

/// One answer of git, at most so many bytes of it.
fn ask(folder: &Path, arguments: &[&str], most: u64) -> Result<Vec<u8>, Trouble> {
    told(folder, arguments, most, &Given::default())
}

/// What a command is given beside its arguments.
#[derive(Clone, Copy, Default)]
struct Given<'a> {
    /// What it reads.
    input: &'a [u8],
    /// The file of its index, instead of that of the work tree.
    index: Option<&'a Path>,
}

fn told(
    folder: &Path,
    arguments: &[&str],
    most: u64,
    given: &Given<'_>,
) -> Result<Vec<u8>, Trouble> {
    let mut command = Command::new("git");
    if let Some(index) = given.index {
        command.env("GIT_INDEX_FILE", index);
    }
    let mut child = command
        .args(["--no-pager", "--literal-pathspecs", "-c", "core.fsmonitor=false"])
        // No hook of the clone has a say in what is written here.
        .args(["-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_NO_REPLACE_OBJECTS", "1")
        // A partial clone would fetch what is missing; that is not ours to do.
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("LC_ALL", "C")
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(Trouble::Absent)?;
    if let Some(mut pipe) = child.stdin.take() {
        // Whoever does not read it says why.
        let _ = pipe.write_all(given.input);
    }
    let heard = heard(&mut child, most);
    if !matches!(&heard, Ok((bytes, _)) if bytes.len() as u64 <= most) {
        // It may still be writing; what it says is no longer wanted.
        let _ = child.kill();
    }
    let status = child.wait().map_err(Trouble::Absent)?;
    let (bytes, said) = heard?;
    if bytes.len() as u64 > most {
        return Err(Trouble::TooLarge(most));
    }
    if status.success() {
        return Ok(bytes);
    }
    Err(Trouble::Refused(reason(&String::from_utf8_lossy(&said))))
}

/// The line that says why, of all that git says.
fn reason(said: &str) -> Clean {
    let mut lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
    let why =
        |line: &&str| ["fatal:", "error:", "! ", "remote:"].iter().any(|it| line.starts_with(it));
    let line = lines.clone().find(why).or_else(|| lines.next()).unwrap_or("nothing");
    Clean::line(line.trim_start_matches("fatal: "))
}

/// What a child writes to its two pipes, one byte more than allowed at most.
fn heard(child: &mut Child, most: u64) -> Result<(Vec<u8>, Vec<u8>), Trouble> {
    let (send, answers) = mpsc::channel();
    let out = child.stdout.take().map(|out| Box::new(out) as Box<dyn Read + Send>);
    let err = child.stderr.take().map(|err| Box::new(err) as Box<dyn Read + Send>);
    for (first, pipe, most) in [(true, out, most.saturating_add(1)), (false, err, MOST_SAID)] {
        let (send, pipe) = (send.clone(), pipe.expect("both are piped"));
        let listen = move || {
            let mut bytes = Vec::new();
            // What is missing at the end shows in how git ended.
            let _ = pipe.take(most).read_to_end(&mut bytes);
            let _ = send.send((first, bytes));
        };
        std::thread::Builder::new().spawn(listen).map_err(Trouble::Absent)?;
    }
    let (mut out, mut err) = (None, None);
    while out.is_none() || err.is_none() {
        match answers.recv_timeout(PATIENCE) {
            Ok((true, bytes)) => {
                let over = bytes.len() as u64 > most;
                out = Some(bytes);
                if over {
                    break;
                }
            }
            Ok((false, bytes)) => err = Some(bytes),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                return Err(Trouble::Silent);
            }
        }
    }
    Ok((out.unwrap_or_default(), err.unwrap_or_default()))
}
