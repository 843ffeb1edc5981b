//! Who set the label of a pull request, when, and whether the pull request has changed since.

use serde::Deserialize;

use super::api::{GitHub, parsed};
use crate::host::Pull;
use crate::host::place;
use crate::host::reply::Refusal;
use crate::policy::{LABEL, Labelled};
use crate::publish::Door;
use crate::publish::label::{NO_HEAD, OTHER_HEAD, Set};

/// The most pages of events that are looked through: 2,000 events.
const MOST_PAGES: u32 = 20;
/// Events after which other limits or another change may be meant.
const CHANGES: [&str; 4] = [
    "base_ref_changed",
    "automatic_base_change_succeeded",
    "head_ref_force_pushed",
    "head_ref_restored",
];

/// A pull request, as far as we look at it.
#[derive(Deserialize)]
struct PullRequest {
    #[serde(default)]
    labels: Vec<Label>,
    head: Head,
}

/// Where it comes from.
#[derive(Deserialize)]
struct Head {
    sha: String,
    #[serde(rename = "ref")]
    branch: String,
    repo: Option<Repository>,
}

/// The repository that its branch is in; a fork may be gone.
#[derive(Deserialize)]
struct Repository {
    full_name: String,
}

#[derive(Deserialize)]
struct Label {
    name: String,
}

/// Something that happened to it.
#[derive(Deserialize)]
struct Happening {
    event: String,
    created_at: String,
    actor: Option<Actor>,
    label: Option<Label>,
    performed_via_github_app: Option<serde::de::IgnoredAny>,
}

/// Who did it.
#[derive(Deserialize)]
struct Actor {
    login: String,
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// A push, as the list of a repository's activity has it.
#[derive(Deserialize)]
struct Push {
    after: String,
    timestamp: String,
}

/// What somebody may do.
#[derive(Deserialize)]
struct Permission {
    permission: String,
    role_name: Option<String>,
}

impl GitHub {
    /// What the label on the pull request approves.
    pub(in crate::publish) async fn labelled(
        &self,
        door: &Door,
        authors: &[String],
    ) -> Result<Set, Refusal> {
        let number = match &door.place.pull {
            Pull::Number(number) => Some(*number),
            Pull::ByHead(head) => self.pull_of(head).await?,
            Pull::Queue | Pull::Nothing | Pull::Unknown(_) => None,
        };
        let Some(number) = number else { return Ok(Set::Not) };
        let reply = self.get(&format!("{}/pulls/{number}", self.root)).await?;
        let pull: PullRequest = parsed(&reply)?;
        if pull.labels.iter().all(|label| label.name != LABEL) {
            return Ok(Set::Not);
        }
        match &door.place.head {
            None => return Ok(Set::Stale(NO_HEAD)),
            Some(head) if *head != pull.head.sha => return Ok(Set::Stale(OTHER_HEAD)),
            Some(_) => {}
        }
        let events = self.events(number).await?;
        let ours =
            |event: &&Happening| event.label.as_ref().is_some_and(|label| label.name == LABEL);
        let set = events.iter().filter(|one| one.event == "labeled").rfind(ours);
        let nobody = || Refusal::Odd("no event tells who set the label".to_owned());
        let (set, actor) =
            set.and_then(|set| Some((set, set.actor.as_ref()?))).ok_or_else(nobody)?;
        let Some(pushed) = self.pushed(&pull.head).await? else {
            return Ok(Set::Stale(OTHER_HEAD));
        };
        // All of them in UTC and of one length, so that the latest is the largest.
        let moves = events.iter().filter(|one| CHANGES.contains(&one.event.as_str()));
        let changed = moves.map(|one| &one.created_at).chain([&pushed]).max();
        let selves = self.selves(authors).await?;
        let person =
            actor.kind.as_deref() == Some("User") && set.performed_via_github_app.is_none();
        let lacks = if person { self.lacks(&actor.login).await? } else { None };
        Ok(Set::By(Labelled {
            by: actor.login.clone(),
            at: set.created_at.clone(),
            changed: changed.unwrap_or(&pushed).clone(),
            person,
            ours: selves.iter().any(|own| own.eq_ignore_ascii_case(&actor.login)),
            lacks,
        }))
    }

    /// All that happened to a pull request, the latest last.
    async fn events(&self, number: u64) -> Result<Vec<Happening>, Refusal> {
        let mut all = Vec::new();
        for page in 1..=MOST_PAGES {
            let root = &self.root;
            let list = format!("{root}/issues/{number}/events?per_page=100&page={page}");
            let reply = self.get(&list).await?;
            all.extend(parsed::<Vec<Happening>>(&reply)?);
            if !reply.more {
                return Ok(all);
            }
        }
        Err(Refusal::Odd("more than 2,000 things happened to the pull request".to_owned()))
    }

    /// When the head was pushed to its branch, by GitHub's own clock: the dates in a commit are
    /// whatever its author writes there. `None` where something else was pushed last.
    async fn pushed(&self, head: &Head) -> Result<Option<String>, Refusal> {
        let gone = || Refusal::Odd("the repository of the head is gone".to_owned());
        let repository = head.repo.as_ref().and_then(|repo| place::repository(&repo.full_name));
        let repository = repository.ok_or_else(gone)?;
        let branch = place::encoded(&format!("refs/heads/{}", head.branch));
        let path = format!("/repos/{repository}/activity?ref={branch}&per_page=1");
        let reply = self.get(&path).await?;
        let last = parsed::<Vec<Push>>(&reply)?.into_iter().next();
        Ok(last.filter(|push| push.after == head.sha).map(|push| push.timestamp))
    }

    /// What somebody may do where that is not enough.
    async fn lacks(&self, login: &str) -> Result<Option<String>, Refusal> {
        let login = place::encoded(login);
        let path = format!("{}/collaborators/{login}/permission", self.root);
        let told: Permission = parsed(&self.get(&path).await?)?;
        let role = told.role_name.unwrap_or_else(|| told.permission.clone());
        let enough = told.permission == "admin" || matches!(role.as_str(), "admin" | "maintain");
        Ok((!enough).then_some(role))
    }
}
