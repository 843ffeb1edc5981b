//! Whether a maintainer has approved a lowered bar by a label. What cannot be asked is no approval.

use super::apart::apart;
use super::github::api::GitHub;
use super::gitlab::GitLab;
use super::label::Set;
use super::patience::Patience;
use super::{Door, READING};
use crate::host::reply::{Deed, Refusal};
use crate::host::{Forge, Pull};
use crate::policy::Approval;

impl Door {
    /// What the label of the pull request says, at a forge that tells who set it and when;
    /// `authors` are the accounts that we use, asked for where there are none.
    #[must_use]
    pub fn approval(&self, authors: &[String]) -> Approval {
        let forge = match self.place.forge {
            Some(forge @ (Forge::GitHub | Forge::GitLab)) => forge,
            Some(Forge::Gitea | Forge::Azure | Forge::Bitbucket) | None => return Approval::Nobody,
        };
        match self.place.pull {
            Pull::Number(_) | Pull::ByHead(_) => {}
            Pull::Queue | Pull::Nothing | Pull::Unknown(_) => return Approval::Nobody,
        }
        if self.token.is_none() {
            return Approval::unknown(&format!("{} is not set", forge.tokens().join(" or ")));
        }
        let ask = async || {
            let patience = Patience::of(READING);
            match forge {
                Forge::GitLab => GitLab::new(self, patience)?.labelled(self, authors).await,
                Forge::GitHub | Forge::Gitea | Forge::Azure | Forge::Bitbucket => {
                    GitHub::new(self, patience)?.labelled(self, authors).await
                }
            }
        };
        match apart(ask).unwrap_or(Err(Refusal::OutOfTime)) {
            Ok(Set::Not) => Approval::Nobody,
            Ok(Set::By(label)) => Approval::of(label),
            Ok(Set::Stale(why)) => Approval::refused(why),
            Err(refusal) => Approval::unknown(&refusal.told(forge, Deed::Approve)),
        }
    }
}
