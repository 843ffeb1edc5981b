//! GitHub Actions and those who speak like it: where a run stands, from `GITHUB_…` variables and
//! the event's text.

use serde_json::Value;

use super::place::{commit, link, repository};
use super::{Ci, Forge, Place, Pull, Variables, number, set};

/// Where the run stands.
#[must_use]
pub fn place(ci: Ci, forge: Forge, variables: Variables<'_>, event: Option<&str>) -> Place {
    let name = set(variables, "GITHUB_EVENT_NAME").unwrap_or_default();
    let reference = set(variables, "GITHUB_REF").unwrap_or_default();
    let event = event.map(|text| serde_json::from_str::<Value>(text).unwrap_or_default());
    let event = event.filter(Value::is_object);
    let empty = Value::Null;
    let told = Event { name: &name, body: event.as_ref().unwrap_or(&empty) };
    let pull = told.pull(&reference, event.is_some());
    let own = || commit(&set(variables, "GITHUB_SHA")?);
    let head = match (&pull, told.head()) {
        (_, Some(head)) => Some(head),
        // On a pull request the variable names a merge commit, or the default branch's last one.
        (Pull::Number(_) | Pull::ByHead(_) | Pull::Unknown(_), None) => None,
        (Pull::Queue | Pull::Nothing, None) => own(),
    };
    Place {
        forge: Some(forge),
        api: api(forge, variables),
        repository: set(variables, "GITHUB_REPOSITORY").and_then(|text| repository(&text)),
        head,
        pull,
        run: set(variables, "GITHUB_RUN_ID").and_then(|text| number(&text)),
        attempt: set(variables, "GITHUB_RUN_ATTEMPT").and_then(|text| number(&text)).unwrap_or(1),
        url: url(forge, variables),
        ..Place::bare(ci)
    }
}

fn api(forge: Forge, variables: Variables<'_>) -> Option<String> {
    let given = set(variables, "GITHUB_API_URL").and_then(|text| link(&text));
    given.or_else(|| match forge {
        Forge::Gitea => Some(format!("{}/api/v1", link(&set(variables, "GITHUB_SERVER_URL")?)?)),
        Forge::GitHub | Forge::GitLab | Forge::Azure | Forge::Bitbucket => {
            Some("https://api.github.com".to_owned())
        }
    })
}

/// The page of the run; Gitea counts its pages by repository, and has none for an attempt.
fn url(forge: Forge, variables: Variables<'_>) -> Option<String> {
    let server = set(variables, "GITHUB_SERVER_URL");
    let server = server.unwrap_or_else(|| "https://github.com".to_owned());
    let repository = repository(&set(variables, "GITHUB_REPOSITORY")?)?;
    let page = match forge {
        Forge::Gitea => number(&set(variables, "GITHUB_RUN_NUMBER")?)?.to_string(),
        Forge::GitHub | Forge::GitLab | Forge::Azure | Forge::Bitbucket => {
            let run = number(&set(variables, "GITHUB_RUN_ID")?)?;
            let attempt = set(variables, "GITHUB_RUN_ATTEMPT").and_then(|text| number(&text));
            match attempt {
                Some(attempt) if attempt > 1 => format!("{run}/attempts/{attempt}"),
                Some(_) | None => run.to_string(),
            }
        }
    };
    link(&format!("{}/{repository}/actions/runs/{page}", server.trim_end_matches('/')))
}

/// What started the job.
struct Event<'a> {
    name: &'a str,
    body: &'a Value,
}

impl Event<'_> {
    /// Whether its name says that it is about a pull request.
    fn of_pull(&self) -> bool {
        self.name.starts_with("pull_request")
    }

    fn pull(&self, reference: &str, readable: bool) -> Pull {
        let merge_queue = reference.starts_with("refs/heads/gh-readonly-queue/");
        if self.name == "merge_group" || merge_queue {
            return Pull::Queue;
        }
        if self.name == "workflow_run" {
            return self.pull_behind();
        }
        let pull = self.body["pull_request"]["number"].as_u64();
        let bare = || self.of_pull().then(|| self.body["number"].as_u64()).flatten();
        let issue = || {
            let issue = &self.body["issue"];
            issue["pull_request"].is_object().then(|| issue["number"].as_u64()).flatten()
        };
        let found = pull.or_else(bare).or_else(issue).or_else(|| referred(reference));
        match found.filter(|number| *number > 0) {
            Some(number) => Pull::Number(number),
            None if self.of_pull() && !readable => {
                Pull::Unknown("the event of this pull request cannot be read".to_owned())
            }
            None if self.of_pull() => {
                Pull::Unknown("the event of this pull request has no number".to_owned())
            }
            None => Pull::Nothing,
        }
    }

    /// The pull request behind the workflow that has ended. GitHub leaves the list empty for forks,
    /// and no number that a fork's job wrote down is to be trusted: the head decides.
    fn pull_behind(&self) -> Pull {
        let run = &self.body["workflow_run"];
        let before = run["event"].as_str().unwrap_or_default();
        if before == "merge_group" {
            return Pull::Queue;
        }
        if !before.starts_with("pull_request") {
            return Pull::Nothing;
        }
        let Some(head) = run["head_sha"].as_str().and_then(commit) else {
            return Pull::Unknown("the workflow's event has no head commit".to_owned());
        };
        let listed = run["pull_requests"].as_array().map(Vec::as_slice).unwrap_or_default();
        let same = |pull: &&Value| pull["head"]["sha"].as_str() == Some(&head);
        match listed.iter().find(same).and_then(|pull| pull["number"].as_u64()) {
            Some(number) => Pull::Number(number),
            None => Pull::ByHead(head),
        }
    }

    fn head(&self) -> Option<String> {
        let places = [
            &self.body["pull_request"]["head"]["sha"],
            &self.body["workflow_run"]["head_sha"],
            &self.body["merge_group"]["head_sha"],
        ];
        places.into_iter().find_map(|place| commit(place.as_str()?))
    }
}

/// The number in `refs/pull/12/merge`.
fn referred(reference: &str) -> Option<u64> {
    let (digits, kind) = reference.strip_prefix("refs/pull/")?.split_once('/')?;
    matches!(kind, "merge" | "head").then(|| number(digits)).flatten()
}
