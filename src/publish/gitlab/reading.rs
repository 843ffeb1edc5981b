//! Commits, folders and files of a project; and the two ends of a merge request.

use http::Method;
use serde::Deserialize;
use serde_json::Value;

use super::{GitLab, parsed};
use crate::host::place;
use crate::host::reply::{Refusal, Reply};
use crate::policy::Named;
use crate::publish::ends::Ends;
use crate::publish::patience::Repeat;
use crate::publish::tree::{Entry, Snapshot, Unread, content, find};

/// The most pages of a folder that are looked through: 2,000 files.
const MOST_PAGES: u32 = 20;

/// What a folder lists.
#[derive(Deserialize)]
struct Item {
    id: String,
    name: String,
    mode: String,
}

impl GitLab<'_> {
    /// Reads something of the project.
    pub(super) async fn get(&self, path: &str) -> Result<Reply, Refusal> {
        let address = format!("{}/{path}", self.root);
        self.ask(Method::GET, &address, None, Repeat::Harmless).await
    }

    /// The two ends of a merge request.
    pub(in crate::publish) async fn ends(&self, number: u64) -> Result<Ends, Refusal> {
        let reply = self.get(&format!("merge_requests/{number}")).await?;
        Ends::read(number, &parsed(&reply)?, ["/diff_refs/base_sha", "/target_branch", "/sha"])
    }

    /// A commit; `None` where there is none of that name.
    pub(in crate::publish) async fn snapshot(
        &self,
        name: &Named,
    ) -> Result<Option<Snapshot>, Refusal> {
        let (path, id) = match name {
            Named::Hash(hash) => (format!("repository/commits/{hash}"), "/id"),
            Named::Branch(branch) => {
                (format!("repository/branches/{}", place::encoded(branch)), "/commit/id")
            }
        };
        let reply = match self.get(&path).await {
            Ok(reply) => reply,
            Err(Refusal::NotFound) => return Ok(None),
            Err(refusal) => return Err(refusal),
        };
        let told: Value = parsed(&reply)?;
        let commit = told.pointer(id).and_then(|id| place::commit(id.as_str()?));
        Snapshot::told(name, commit).map(Some)
    }

    /// A file of a commit.
    pub(in crate::publish) async fn file(
        &self,
        snapshot: &Snapshot,
        path: &str,
    ) -> Result<Option<Vec<u8>>, Unread> {
        let list = async |folder: &str, _: &str| self.folder(&snapshot.commit, folder).await;
        let Some(id) = find(path, &snapshot.root, list).await? else { return Ok(None) };
        let reply = self.get(&format!("repository/blobs/{}", place::encoded(&id))).await?;
        let blob: Value = parsed(&reply)?;
        Ok(Some(content(&blob)?))
    }

    async fn folder(&self, commit: &str, folder: &str) -> Result<Vec<Entry>, Refusal> {
        let folder = place::encoded(folder);
        let mut all = Vec::new();
        for page in 1..=MOST_PAGES {
            let path =
                format!("repository/tree?path={folder}&ref={commit}&per_page=100&page={page}");
            let reply = self.get(&path).await?;
            let items: Vec<Item> = parsed(&reply)?;
            let entry = |item: Item| Entry { name: item.name, mode: item.mode, id: item.id };
            all.extend(items.into_iter().map(entry));
            if !reply.more {
                return Ok(all);
            }
        }
        Err(Refusal::Odd("a folder has more than 2,000 files".to_owned()))
    }
}
