//! A file found by walking down the folders of a commit. What each folder lists is the proof that
//! something is there, or is not: a forge's "not found" alone may only hide it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::git::{self, Trouble};
use crate::host::reply::Refusal;
use crate::policy::Named;

/// One commit at a forge, whose files can be read. It was there when it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The commit's hash.
    pub commit: String,
    /// The hash of its top folder, where the forge tells it.
    pub(super) root: String,
}

impl Snapshot {
    /// The commit that a forge told when it was asked for one of this name, where its folders are
    /// asked for by paths. A branch may be called like a commit.
    pub(super) fn told(name: &Named, commit: Option<String>) -> Result<Self, Refusal> {
        let same = |commit: &String| match name {
            Named::Hash(hash) => commit == hash,
            Named::Branch(_) => true,
        };
        let another = || Refusal::Odd("it is another commit, or none".to_owned());
        let commit = commit.filter(same).ok_or_else(another)?;
        Ok(Self { commit, root: String::new() })
    }
}

/// The bytes of a file, as GitHub and GitLab hand them out in JSON.
pub(super) fn content(blob: &Value) -> Result<Vec<u8>, Refusal> {
    let text = blob["content"].as_str().filter(|_| blob["encoding"] == "base64");
    let text: Option<String> = text.map(|text| text.split_whitespace().collect());
    let bytes = text.and_then(|text| STANDARD.decode(text).ok());
    bytes.ok_or_else(|| Refusal::Odd("the file is not in base64".to_owned()))
}

/// What a folder has under a name.
pub(super) struct Entry {
    /// The name.
    pub name: String,
    /// Its mode in octal digits, as git has it.
    pub mode: String,
    /// The hash of what lies there.
    pub id: String,
}

/// Why a file cannot be read.
pub(super) enum Unread {
    /// The forge does not hand it out.
    Refused(Refusal),
    /// It is none that could be read.
    NoFile(Trouble),
}

impl From<Refusal> for Unread {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Trouble> for Unread {
    fn from(trouble: Trouble) -> Self {
        Self::NoFile(trouble)
    }
}

/// The hash of a file, seen from the top folder of a commit, whose hash is `root`; `None` where its
/// folder does not list it. `list` takes a folder's path and hash.
///
/// # Errors
/// When a folder is not handed out, or a link or another repository is on the way.
pub(super) async fn find(
    path: &str,
    root: &str,
    list: impl AsyncFn(&str, &str) -> Result<Vec<Entry>, Refusal>,
) -> Result<Option<String>, Unread> {
    let (mut folder, mut id) = (String::new(), root.to_owned());
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        let found = list(&folder, &id).await?.into_iter().find(|entry| entry.name == part);
        let Some(found) = found else { return Ok(None) };
        let (mode, inner) = (format!("{:0>6}", found.mode), parts.peek().is_some());
        git::plain(&mode, inner)?;
        if inner && mode != git::FOLDER {
            // A file where the path has a folder: there is nothing below it.
            return Ok(None);
        }
        folder = if folder.is_empty() { part.to_owned() } else { format!("{folder}/{part}") };
        id = found.id;
    }
    Ok(Some(id))
}
