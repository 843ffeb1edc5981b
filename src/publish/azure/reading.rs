//! Commits, folders and files of a repository; and the two ends of a pull request.

use serde::Deserialize;
use serde_json::Value;

use super::{Repository, parsed};
use crate::host::place;
use crate::host::reply::Refusal;
use crate::policy::Named;
use crate::publish::Door;
use crate::publish::ends::Ends;
use crate::publish::patience::Patience;
use crate::publish::tree::{Entry, Snapshot, Unread, find};

/// A folder, as far as we look at it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Folder {
    tree_entries: Vec<Item>,
}

/// What a folder lists.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    relative_path: String,
    mode: String,
    object_id: String,
}

/// The two ends of a pull request.
pub(in crate::publish) async fn ends(
    door: &Door,
    number: u64,
    patience: Patience,
) -> Result<Ends, Refusal> {
    let repository = Repository::new(door, patience)?;
    let reply = repository.get(&format!("pullRequests/{number}")).await?;
    let [base, head] = ["Target", "Source"].map(|end| format!("/lastMerge{end}Commit/commitId"));
    Ends::read(number, &parsed(&reply)?, [&base, "/targetRefName", &head])
}

/// A commit; `None` where there is none of that name.
pub(in crate::publish) async fn snapshot(
    door: &Door,
    name: &Named,
    patience: Patience,
) -> Result<Option<Snapshot>, Refusal> {
    let repository = Repository::new(door, patience)?;
    let hash = match name {
        Named::Hash(hash) => hash.clone(),
        Named::Branch(branch) => {
            let filter = place::encoded(&format!("heads/{branch}"));
            let reply = repository.get(&format!("refs?filter={filter}")).await?;
            let told: Value = parsed(&reply)?;
            let wanted = format!("refs/heads/{branch}");
            // The filter is a beginning alone.
            let all = told["value"].as_array().map(Vec::as_slice).unwrap_or_default();
            let found = all.iter().find(|one| one["name"].as_str() == Some(&wanted));
            let hash = found.and_then(|one| place::commit(one["objectId"].as_str()?));
            let Some(hash) = hash else { return Ok(None) };
            hash
        }
    };
    let reply = match repository.get(&format!("commits/{hash}")).await {
        Ok(reply) => reply,
        Err(Refusal::NotFound) => return Ok(None),
        Err(refusal) => return Err(refusal),
    };
    let commit: Value = parsed(&reply)?;
    let root = place::commit(commit["treeId"].as_str().unwrap_or_default());
    match root {
        Some(root) if commit["commitId"].as_str() == Some(&hash) => {
            Ok(Some(Snapshot { commit: hash, root }))
        }
        Some(_) | None => Err(Refusal::Odd("it is another commit, or none".to_owned())),
    }
}

/// A file of a commit.
pub(in crate::publish) async fn file(
    door: &Door,
    snapshot: &Snapshot,
    path: &str,
    patience: Patience,
) -> Result<Option<Vec<u8>>, Unread> {
    let repository = Repository::new(door, patience)?;
    let list = async |_: &str, id: &str| {
        let reply = repository.get(&format!("trees/{}", place::encoded(id))).await?;
        let folder: Folder = parsed(&reply)?;
        let entry =
            |item: Item| Entry { name: item.relative_path, mode: item.mode, id: item.object_id };
        Ok(folder.tree_entries.into_iter().map(entry).collect())
    };
    let Some(id) = find(path, &snapshot.root, list).await? else { return Ok(None) };
    let address = format!("blobs/{}?%24format=octetstream", place::encoded(&id));
    let reply = repository.get(&address).await?;
    Ok(Some(reply.raw.to_vec()))
}
