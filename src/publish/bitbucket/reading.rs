//! Commits, folders and files of a repository; and the two ends of a pull request.

use http::Method;
use serde_json::Value as Json;

use super::Bitbucket;
use crate::git::FOLDER;
use crate::host::place;
use crate::host::reply::{Refusal, Reply};
use crate::policy::Named;
use crate::publish::ends::Ends;
use crate::publish::tree::{Entry, Snapshot, Unread, find};

/// The fewest digits that a commit is told by.
const FEWEST_DIGITS: usize = 12;
/// The most pages of a folder that are looked through: 2,000 files.
const MOST_PAGES: u32 = 20;

impl Bitbucket {
    async fn get(&self, path: &str) -> Result<Reply, Refusal> {
        self.ask(Method::GET, path, None).await
    }

    /// The two ends of a pull request, which tells twelve digits of each: the whole hash of its
    /// base is asked for, since a branch may be called like the digits.
    pub(in crate::publish) async fn ends(&self, number: u64) -> Result<Ends, Refusal> {
        let told = parsed(&self.get(&format!("pullrequests/{number}")).await?)?;
        let digits = |end: &str| {
            let text = told[end]["commit"]["hash"].as_str()?;
            let good = text.len() >= FEWEST_DIGITS && text.bytes().all(|it| it.is_ascii_hexdigit());
            good.then(|| text.to_ascii_lowercase())
        };
        let base = match digits("destination") {
            Some(digits) => {
                let reply = self.get(&format!("commit/{digits}")).await?;
                let whole = parsed(&reply)?["hash"].as_str().and_then(place::commit);
                whole.filter(|whole| whole.starts_with(&digits))
            }
            None => None,
        };
        Ends::of(number, base, told["destination"]["branch"]["name"].as_str(), digits("source"))
    }

    /// A commit; `None` where there is none of that name.
    pub(in crate::publish) async fn snapshot(
        &self,
        name: &Named,
    ) -> Result<Option<Snapshot>, Refusal> {
        let (path, hash) = match name {
            Named::Hash(hash) => (format!("commit/{hash}"), "/hash"),
            Named::Branch(branch) => {
                (format!("refs/branches/{}", place::encoded(branch)), "/target/hash")
            }
        };
        let reply = match self.get(&path).await {
            Ok(reply) => reply,
            Err(Refusal::NotFound) => return Ok(None),
            Err(refusal) => return Err(refusal),
        };
        let told = parsed(&reply)?;
        let commit = told.pointer(hash).and_then(|hash| place::commit(hash.as_str()?));
        Snapshot::told(name, commit).map(Some)
    }

    /// A file of a commit.
    pub(in crate::publish) async fn file(
        &self,
        snapshot: &Snapshot,
        path: &str,
    ) -> Result<Option<Vec<u8>>, Unread> {
        let list = async |folder: &str, _: &str| self.folder(&snapshot.commit, folder).await;
        let Some(path) = find(path, &snapshot.root, list).await? else { return Ok(None) };
        let reply = self.get(&source(&snapshot.commit, &path)).await?;
        Ok(Some(reply.raw.to_vec()))
    }

    async fn folder(&self, commit: &str, folder: &str) -> Result<Vec<Entry>, Refusal> {
        let list = source(commit, folder);
        let list = list.trim_end_matches('/');
        let (mut all, mut query) = (Vec::new(), "pagelen=100".to_owned());
        for _ in 0..MOST_PAGES {
            let told = parsed(&self.get(&format!("{list}/?{query}")).await?)?;
            let items = told["values"].as_array();
            let items = items.ok_or_else(|| Refusal::Odd("a folder lists nothing".to_owned()))?;
            all.extend(items.iter().filter_map(entry));
            let Some(next) = told["next"].as_str() else { return Ok(all) };
            // Of the next page's address nothing but its query is taken.
            let next = place::link(next).and_then(|next| Some(next.split_once('?')?.1.to_owned()));
            query = next.ok_or_else(|| Refusal::Odd("a page has no address".to_owned()))?;
        }
        Err(Refusal::Odd("a folder has more than 2,000 files".to_owned()))
    }
}

/// Where a path of a commit is read.
fn source(commit: &str, path: &str) -> String {
    let parts: Vec<String> = path.split('/').map(place::encoded).collect();
    format!("src/{commit}/{}", parts.join("/"))
}

/// What a folder lists, with the mode that git has for it.
fn entry(item: &Json) -> Option<Entry> {
    let path = item["path"].as_str()?;
    let has = |name: &str| {
        let all = item["attributes"].as_array();
        all.into_iter().flatten().any(|one| one.as_str() == Some(name))
    };
    let mode = match item["type"].as_str()? {
        "commit_directory" => FOLDER,
        "commit_file" if has("link") => "120000",
        "commit_file" if !has("subrepository") => "100644",
        _ => "160000",
    };
    let name = path.rsplit('/').next()?.to_owned();
    Some(Entry { name, mode: mode.to_owned(), id: path.to_owned() })
}

fn parsed(reply: &Reply) -> Result<Json, Refusal> {
    let odd = |_| Refusal::Odd("it is not what Bitbucket's documentation promises".to_owned());
    serde_json::from_str(&reply.body).map_err(odd)
}
