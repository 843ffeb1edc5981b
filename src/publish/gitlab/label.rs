//! Who set the label of a merge request, when, and whether the merge request has changed since.

use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{GitLab, parsed};
use crate::host::Pull;
use crate::host::reply::Refusal;
use crate::policy::{LABEL, Labelled};
use crate::publish::Door;
use crate::publish::label::{NO_HEAD, OTHER_HEAD, Set};
use crate::publish::patience::Repeat;

/// The most pages of events that are looked through: 2,000 events.
const MOST_PAGES: u32 = 20;
/// The access level of a maintainer.
const MAINTAINER: u64 = 40;

/// A merge request, as far as we look at it.
#[derive(Deserialize)]
struct MergeRequest {
    labels: Vec<String>,
}

/// What was pushed, with what it is compared.
#[derive(Deserialize)]
struct Version {
    id: u64,
    head_commit_sha: String,
    created_at: String,
}

/// A label that was set or taken away.
#[derive(Deserialize)]
struct Event {
    id: u64,
    user: Option<User>,
    created_at: String,
    label: Option<Label>,
    action: String,
}

#[derive(Deserialize)]
struct Label {
    name: String,
}

/// Who did it.
#[derive(Clone, Deserialize)]
struct User {
    id: u64,
    username: String,
    /// Told of an account that is asked for, and only there.
    bot: Option<bool>,
}

/// What somebody may do.
#[derive(Deserialize)]
struct Member {
    access_level: u64,
}

impl GitLab<'_> {
    /// What the label on the merge request approves.
    pub(in crate::publish) async fn labelled(
        &self,
        door: &Door,
        authors: &[String],
    ) -> Result<Set, Refusal> {
        let Pull::Number(number) = door.place.pull else { return Ok(Set::Not) };
        let merge = format!("merge_requests/{number}");
        let told: MergeRequest = parsed(&self.get(&merge).await?)?;
        if told.labels.iter().all(|label| label != LABEL) {
            return Ok(Set::Not);
        }
        let Some(head) = &door.place.head else { return Ok(Set::Stale(NO_HEAD)) };
        let versions: Vec<Version> = self.all(&format!("{merge}/versions")).await?;
        let last = versions.into_iter().max_by_key(|version| version.id);
        let Some(last) = last.filter(|version| version.head_commit_sha == *head) else {
            return Ok(Set::Stale(OTHER_HEAD));
        };
        let events: Vec<Event> = self.all(&format!("{merge}/resource_label_events")).await?;
        let ours = |event: &Event| event.label.as_ref().is_some_and(|label| label.name == LABEL);
        let set = events.into_iter().filter(ours).max_by_key(|event| event.id);
        let nobody = || Refusal::Odd("no event tells who set the label".to_owned());
        let set = set.filter(|event| event.action == "add").ok_or_else(nobody)?;
        let user = set.user.ok_or_else(nobody)?;
        let account = format!("{}/users/{}", self.api, user.id);
        let account: User =
            parsed(&self.ask(Method::GET, &account, None, Repeat::Harmless).await?)?;
        let selves = self.selves(authors).await?;
        Ok(Set::By(Labelled {
            at: set.created_at,
            changed: last.created_at,
            person: account.bot == Some(false),
            ours: selves.iter().any(|own| own.eq_ignore_ascii_case(&user.username)),
            lacks: self.lacks(user.id).await?,
            by: user.username,
        }))
    }

    /// All pages of a list.
    async fn all<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, Refusal> {
        let mut all = Vec::new();
        for page in 1..=MOST_PAGES {
            let reply = self.get(&format!("{path}?per_page=100&page={page}")).await?;
            all.extend(parsed::<Vec<T>>(&reply)?);
            if !reply.more {
                return Ok(all);
            }
        }
        Err(Refusal::Odd("a list has more than 2,000 entries".to_owned()))
    }

    /// What somebody may do where that is not enough.
    async fn lacks(&self, user: u64) -> Result<Option<String>, Refusal> {
        let level = match self.get(&format!("members/all/{user}")).await {
            Ok(reply) => parsed::<Member>(&reply)?.access_level,
            Err(Refusal::NotFound) => 0,
            Err(refusal) => return Err(refusal),
        };
        Ok((level < MAINTAINER).then(|| format!("access level {level}")))
    }
}
