//! What a job does not know by itself, from the forge: files as they are at another commit, which a
//! shallow clone lacks, and what a pull request is made against.

use super::apart::apart;
use super::bitbucket::Bitbucket;
use super::ends::Ends;
use super::github::api::GitHub;
use super::gitlab::GitLab;
use super::patience::Patience;
use super::tree::{Snapshot, Unread};
use super::{Door, READING, azure};
use crate::git::Trouble;
use crate::host::reply::{Deed, Refusal};
use crate::host::{Forge, Pull};
use crate::policy::Named;

impl Door {
    /// What the pull request of the place leads from and to.
    ///
    /// # Errors
    /// Why nobody tells, in one line with what to grant.
    pub fn ends(&self) -> Result<Ends, String> {
        let forge = self.known()?;
        let ask = async || {
            let patience = Patience::of(READING);
            match (forge, &self.place.pull) {
                (Forge::GitHub | Forge::Gitea, pull) => {
                    GitHub::new(self, patience)?.ends(pull).await
                }
                (Forge::GitLab, Pull::Number(number)) => {
                    GitLab::new(self, patience)?.ends(*number).await.map(Some)
                }
                (Forge::Azure, Pull::Number(number)) => {
                    azure::reading::ends(self, *number, patience).await.map(Some)
                }
                (Forge::Bitbucket, Pull::Number(number)) => {
                    Bitbucket::new(self, patience)?.ends(*number).await.map(Some)
                }
                (Forge::GitLab | Forge::Azure | Forge::Bitbucket, _) => Ok(None),
            }
        };
        match apart(ask).unwrap_or(Err(Refusal::OutOfTime)) {
            Ok(Some(ends)) => Ok(ends),
            Ok(None) => Err("no open pull request ends here".to_owned()),
            Err(refusal) => Err(refusal.told(forge, Deed::Find)),
        }
    }

    /// The commit of the first of these names that the forge knows. A branch is asked for once, and
    /// nothing but hashes from then on.
    ///
    /// # Errors
    /// Why there is none, in one line with what to grant.
    pub fn snapshot(&self, names: &[Named]) -> Result<Snapshot, String> {
        let forge = self.known()?;
        let ask = async || {
            let patience = Patience::of(READING);
            for name in names {
                let found = match forge {
                    Forge::GitHub | Forge::Gitea => {
                        GitHub::new(self, patience)?.snapshot(name).await
                    }
                    Forge::GitLab => GitLab::new(self, patience)?.snapshot(name).await,
                    Forge::Azure => azure::reading::snapshot(self, name, patience).await,
                    Forge::Bitbucket => Bitbucket::new(self, patience)?.snapshot(name).await,
                };
                if let Some(snapshot) = found? {
                    return Ok(Some(snapshot));
                }
            }
            Ok(None)
        };
        match apart(ask).unwrap_or(Err(Refusal::OutOfTime)) {
            Ok(Some(snapshot)) => Ok(snapshot),
            Ok(None) => {
                let (forge, names) = (forge.name(), shown(names));
                Err(format!("{forge} does not have {names}, or hides it from this token"))
            }
            Err(refusal) => Err(refusal.told(forge, Deed::Read)),
        }
    }

    /// A file as it is at a commit; `None` where the commit's own folders show that it has none.
    ///
    /// # Errors
    /// Why the forge does not hand it out, in one line with what to grant; or why it is none.
    pub fn file(
        &self,
        snapshot: &Snapshot,
        path: &str,
        most: u64,
    ) -> Result<Option<Vec<u8>>, String> {
        let forge = self.known()?;
        let read = async || {
            let patience = Patience::of(READING);
            match forge {
                Forge::GitHub | Forge::Gitea => {
                    GitHub::new(self, patience)?.file(snapshot, path).await
                }
                Forge::GitLab => GitLab::new(self, patience)?.file(snapshot, path).await,
                Forge::Azure => azure::reading::file(self, snapshot, path, patience).await,
                Forge::Bitbucket => Bitbucket::new(self, patience)?.file(snapshot, path).await,
            }
        };
        match apart(read).unwrap_or(Err(Refusal::OutOfTime.into())) {
            Ok(Some(bytes)) if bytes.len() as u64 > most => {
                Err(Trouble::TooLarge(most).to_string())
            }
            Ok(found) => Ok(found),
            Err(Unread::Refused(refusal)) => Err(refusal.told(forge, Deed::Read)),
            Err(Unread::NoFile(trouble)) => Err(trouble.to_string()),
        }
    }

    /// The forge, where there is something to ask it with.
    fn known(&self) -> Result<Forge, String> {
        let host = self.place.ci.name();
        let forge = self.place.forge.ok_or_else(|| format!("{host} does not say which forge"))?;
        if self.token.is_none() && self.place.proxy.is_none() {
            let (name, names) = (forge.name(), forge.tokens().join(" or "));
            return Err(format!("{name} could not be asked: {names} is not set{}", forge.advice()));
        }
        Ok(forge)
    }
}

fn shown(names: &[Named]) -> String {
    let one = |name: &Named| match name {
        Named::Hash(hash) => hash.chars().take(12).collect(),
        Named::Branch(branch) => format!("branch {branch}"),
    };
    names.iter().map(one).collect::<Vec<_>>().join(" or ")
}
