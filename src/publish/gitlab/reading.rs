//! Commits, folders and files of a project; and the two ends of a merge request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde::Deserialize;
use serde_json::Value;

use super::{GitLab, parsed};
use crate::host::place;
use crate::host::reply::{Refusal, Reply};
use crate::policy::Named;
use crate::publish::ends::Ends;
use crate::publish::patience::Repeat;
use crate::publish::tree::{Entry, Snapshot, Unread, find};

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
        // A branch may be called like a commit.
        let same = |commit: &String| match name {
            Named::Hash(hash) => commit == hash,
            Named::Branch(_) => true,
        };
        let another = || Refusal::Odd("it is another commit, or none".to_owned());
        let commit = commit.filter(same).ok_or_else(another)?;
        Ok(Some(Snapshot { commit, root: String::new() }))
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
        let text = blob["content"].as_str().filter(|_| blob["encoding"] == "base64");
        let text: Option<String> = text.map(|text| text.split_whitespace().collect());
        let bytes = text.and_then(|text| STANDARD.decode(text).ok());
        let unknown = || Refusal::Odd("the file is not in base64".to_owned());
        Ok(Some(bytes.ok_or_else(unknown)?))
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
