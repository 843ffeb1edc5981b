//! Which branch a job is for, as its CI host tells it.

use super::{Ci, Variables, set};

/// What a job is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Branch {
    /// The state of a branch.
    Named(String),
    /// A change that is on no branch yet, or something that such a change set off.
    Change,
    /// Nobody tells: a tag, a start by hand.
    Unknown,
}

/// What the job is for.
#[must_use]
pub fn branch(ci: Ci, variables: Variables<'_>) -> Branch {
    let told = |name: &str| set(variables, name);
    let (change, name) = match ci {
        Ci::GitHub | Ci::Gitea => {
            let event = told("GITHUB_EVENT_NAME").unwrap_or_default();
            // What a stranger's run or comment set off works with a stranger's files.
            let set_off = matches!(event.as_str(), "workflow_run" | "issue_comment");
            let change = event.starts_with("pull_request") || event == "merge_group";
            (set_off || change, told("GITHUB_REF").and_then(|name| head(&name)))
        }
        Ci::GitLab => {
            let source = told("CI_PIPELINE_SOURCE");
            let change = ["merge_request_event", "external_pull_request_event"];
            let merge = source.is_some_and(|source| change.contains(&source.as_str()));
            (merge || told("CI_MERGE_REQUEST_IID").is_some(), told("CI_COMMIT_BRANCH"))
        }
        Ci::Azure => (
            told("SYSTEM_PULLREQUEST_PULLREQUESTID").is_some(),
            told("BUILD_SOURCEBRANCH").and_then(|name| head(&name)),
        ),
        Ci::Bitbucket => (told("BITBUCKET_PR_ID").is_some(), told("BITBUCKET_BRANCH")),
        Ci::CircleCi => (told("CIRCLE_PULL_REQUEST").is_some(), told("CIRCLE_BRANCH")),
        Ci::Buildkite => {
            let pull = told("BUILDKITE_PULL_REQUEST").is_some_and(|pull| pull != "false");
            (pull, told("BUILDKITE_BRANCH"))
        }
        Ci::Jenkins => {
            let name = told("BRANCH_NAME").or_else(|| {
                let name = told("GIT_BRANCH")?;
                Some(name.strip_prefix("origin/").unwrap_or(&name).to_owned())
            });
            (told("CHANGE_ID").is_some(), name)
        }
    };
    match name {
        _ if change => Branch::Change,
        Some(name) => Branch::Named(name),
        None => Branch::Unknown,
    }
}

/// Whether the host says that anybody may write to the branch.
#[must_use]
pub fn is_open(ci: Ci, variables: Variables<'_>) -> bool {
    let name = match ci {
        Ci::GitHub => "GITHUB_REF_PROTECTED",
        Ci::GitLab => "CI_COMMIT_REF_PROTECTED",
        Ci::Gitea | Ci::Azure | Ci::Bitbucket | Ci::CircleCi | Ci::Buildkite | Ci::Jenkins => {
            return false;
        }
    };
    set(variables, name).is_some_and(|told| told == "false")
}

/// The kind of machine that the job is on, as the host calls it; empty where it does not tell.
#[must_use]
pub fn runner(ci: Ci, variables: Variables<'_>) -> String {
    let names: &[&str] = match ci {
        Ci::GitHub => &["RUNNER_ENVIRONMENT", "ImageOS"],
        Ci::GitLab => &["CI_RUNNER_TAGS"],
        Ci::Azure => &["ImageOS"],
        Ci::Buildkite => &["BUILDKITE_AGENT_META_DATA_QUEUE"],
        Ci::Jenkins => &["NODE_LABELS"],
        Ci::Gitea | Ci::Bitbucket | Ci::CircleCi => &[],
    };
    let told = names.iter().filter_map(|name| set(variables, name));
    told.collect::<Vec<_>>().join(" ")
}

fn head(name: &str) -> Option<String> {
    name.strip_prefix("refs/heads/").map(str::to_owned)
}
