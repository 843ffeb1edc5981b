//! Commits, folders and files, as the database of git behind the forge has them; and the two ends
//! of a pull request.

use serde::Deserialize;
use serde_json::Value;

use super::api::{GitHub, parsed};
use crate::host::reply::Refusal;
use crate::host::{Pull, place};
use crate::policy::Named;
use crate::publish::ends::Ends;
use crate::publish::tree::{Entry, Snapshot, Unread, content, find};

/// A folder, as far as we look at it.
#[derive(Deserialize)]
struct Folder {
    tree: Vec<Item>,
    #[serde(default)]
    truncated: bool,
}

/// What a folder lists.
#[derive(Deserialize)]
struct Item {
    path: String,
    mode: String,
    sha: String,
}

impl GitHub {
    /// The two ends of a pull request; `None` where no open one ends with the commit.
    pub(in crate::publish) async fn ends(&self, pull: &Pull) -> Result<Option<Ends>, Refusal> {
        let number = match pull {
            Pull::Number(number) => Some(*number),
            Pull::ByHead(head) => self.pull_of(head).await?,
            Pull::Queue | Pull::Nothing | Pull::Unknown(_) => None,
        };
        let Some(number) = number else { return Ok(None) };
        let reply = self.get(&format!("{}/pulls/{number}", self.root)).await?;
        let places = ["/base/sha", "/base/ref", "/head/sha"];
        Ends::read(number, &parsed(&reply)?, places).map(Some)
    }

    /// A commit; `None` where there is none of that name.
    pub(in crate::publish) async fn snapshot(
        &self,
        name: &Named,
    ) -> Result<Option<Snapshot>, Refusal> {
        let hash = match name {
            Named::Hash(hash) => hash.clone(),
            Named::Branch(branch) => {
                let path = format!("{}/branches/{}", self.root, place::encoded(branch));
                let Some(reply) = there(self.get(&path).await)? else { return Ok(None) };
                let branch: Value = parsed(&reply)?;
                // Gitea has another word for it.
                let commit = &branch["commit"];
                let hash = commit["sha"].as_str().or_else(|| commit["id"].as_str());
                let nameless = || Refusal::Odd("the branch has no commit".to_owned());
                hash.and_then(place::commit).ok_or_else(nameless)?
            }
        };
        let path = format!("{}/git/commits/{hash}", self.root);
        let Some(reply) = there(self.get(&path).await)? else { return Ok(None) };
        let commit: Value = parsed(&reply)?;
        let root = [&commit["tree"]["sha"], &commit["commit"]["tree"]["sha"]];
        let root = root.into_iter().find_map(|tree| place::commit(tree.as_str()?));
        match root {
            Some(root) if commit["sha"].as_str() == Some(&hash) => {
                Ok(Some(Snapshot { commit: hash, root }))
            }
            Some(_) | None => Err(Refusal::Odd("it is another commit, or none".to_owned())),
        }
    }

    /// A file of a commit.
    pub(in crate::publish) async fn file(
        &self,
        snapshot: &Snapshot,
        path: &str,
    ) -> Result<Option<Vec<u8>>, Unread> {
        let list = async |_: &str, id: &str| self.folder(id).await;
        let Some(id) = find(path, &snapshot.root, list).await? else { return Ok(None) };
        let reply = self.get(&format!("{}/git/blobs/{}", self.root, place::encoded(&id))).await?;
        let blob: Value = parsed(&reply)?;
        Ok(Some(content(&blob)?))
    }

    async fn folder(&self, id: &str) -> Result<Vec<Entry>, Refusal> {
        let reply = self.get(&format!("{}/git/trees/{}", self.root, place::encoded(id))).await?;
        let folder: Folder = parsed(&reply)?;
        if folder.truncated {
            return Err(Refusal::Odd("a folder has more files than it lists".to_owned()));
        }
        let entry = |item: Item| Entry { name: item.path, mode: item.mode, id: item.sha };
        Ok(folder.tree.into_iter().map(entry).collect())
    }
}

/// An answer, where "not found" is one.
pub(in crate::publish) fn there<T>(answer: Result<T, Refusal>) -> Result<Option<T>, Refusal> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(Refusal::NotFound) => Ok(None),
        Err(refusal) => Err(refusal),
    }
}
