//! The forge behind a CI host that is none itself, from the address of the pull request: Jenkins,
//! `CircleCI`, Buildkite.

use super::place::{commit, encoded, link, repository};
use super::{Ci, Forge, Place, Pull, Variables, number, set};

/// The variables that a host has for what we ask.
struct Names {
    /// The pull request's address.
    pull: &'static str,
    /// The tested commit.
    commit: &'static str,
    /// The run's number.
    run: &'static str,
    /// The run's page.
    url: &'static str,
}

/// Where a job of Jenkins stands.
#[must_use]
pub fn jenkins(variables: Variables<'_>) -> Place {
    let names =
        Names { pull: "CHANGE_URL", commit: "GIT_COMMIT", run: "BUILD_NUMBER", url: "BUILD_URL" };
    let place = place(Ci::Jenkins, &names, set(variables, names.pull).as_deref(), variables);
    match place.pull {
        // Its commit is often the merge, which nobody looks at.
        Pull::Number(_) => Place { head: None, ..place },
        Pull::Nothing if set(variables, "CHANGE_ID").is_some() => {
            let why = "CHANGE_URL is not the address of a pull request that we know";
            Place { pull: Pull::Unknown(why.to_owned()), head: None, ..place }
        }
        Pull::ByHead(_) | Pull::Queue | Pull::Nothing | Pull::Unknown(_) => place,
    }
}

/// Where a job of `CircleCI` stands.
#[must_use]
pub fn circle(variables: Variables<'_>) -> Place {
    let names = Names {
        pull: "CIRCLE_PULL_REQUEST",
        commit: "CIRCLE_SHA1",
        run: "CIRCLE_BUILD_NUM",
        url: "CIRCLE_BUILD_URL",
    };
    place(Ci::CircleCi, &names, set(variables, names.pull).as_deref(), variables)
}

/// Where a job of Buildkite stands. It has the number alone; the repository's address and its kind
/// give the rest.
#[must_use]
pub fn buildkite(variables: Variables<'_>) -> Place {
    let var = |name: &str| set(variables, name);
    let names = Names {
        pull: "BUILDKITE_PULL_REQUEST",
        commit: "BUILDKITE_COMMIT",
        run: "BUILDKITE_BUILD_NUMBER",
        url: "BUILDKITE_BUILD_URL",
    };
    let address = || {
        let number = number(&var(names.pull)?)?;
        let repository = web(&var("BUILDKITE_REPO")?)?;
        let provider = var("BUILDKITE_PIPELINE_PROVIDER")?;
        let way = match provider.as_str() {
            "github" | "github_enterprise" => "pull",
            "gitlab" | "gitlab_ee" => "-/merge_requests",
            "bitbucket" => "pull-requests",
            _ => return None,
        };
        Some(format!("{repository}/{way}/{number}"))
    };
    place(Ci::Buildkite, &names, address().as_deref(), variables)
}

/// A repository's page, from the address that git takes: `git@github.com:octo/shop.git`.
fn web(remote: &str) -> Option<String> {
    let remote = remote.trim_end_matches('/').trim_end_matches(".git");
    let (host, path) = match remote.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?,
        None => remote.split_once(':')?,
    };
    let host = host.rsplit('@').next()?.split(':').next()?;
    link(&format!("https://{host}/{path}"))
}

fn place(ci: Ci, names: &Names, pull: Option<&str>, variables: Variables<'_>) -> Place {
    let bare = Place {
        head: set(variables, names.commit).and_then(|text| commit(&text)),
        run: set(variables, names.run).and_then(|text| number(&text)),
        url: set(variables, names.url).and_then(|text| link(&text)),
        ..Place::bare(ci)
    };
    match pull.and_then(behind) {
        Some(Behind { forge, api, repository, number, page }) => Place {
            forge: Some(forge),
            api: Some(api),
            repository: Some(repository),
            pull: Pull::Number(number),
            page: Some(page),
            ..bare
        },
        None => bare,
    }
}

/// What the address of a pull request tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behind {
    /// Who shows it.
    pub forge: Forge,
    /// The root of the forge's programming interface.
    pub api: String,
    /// The repository, as the interface takes it.
    pub repository: String,
    /// The pull request.
    pub number: u64,
    /// Its page.
    pub page: String,
}

/// Reads the address of a pull request; `None` where no forge that we know has such ones.
#[must_use]
pub fn behind(address: &str) -> Option<Behind> {
    let page = link(address.split(['?', '#']).next()?)?;
    let (scheme, rest) = page.split_once("://")?;
    let (host, path) = rest.split_once('/')?;
    if host.contains('@') {
        return None;
    }
    let parts: Vec<&str> = path.split('/').collect();
    if parts.iter().any(|part| matches!(*part, "" | "." | "..")) {
        return None;
    }
    let (last, parts) = parts.split_last()?;
    let number = number(last)?;
    let (way, parts) = parts.split_last()?;
    let root = format!("{scheme}://{host}");
    let named = || repository(&parts.join("/"));
    let (forge, api, repository) = match *way {
        "pull" => (Forge::GitHub, github_api(&root)?, named()?),
        "pulls" => (Forge::Gitea, format!("{root}/api/v1"), named()?),
        "merge_requests" => {
            let project = parts.strip_suffix(&["-"]).unwrap_or(parts).join("/");
            let named = project.contains('/').then(|| encoded(&project))?;
            (Forge::GitLab, format!("{root}/api/v4"), named)
        }
        "pull-requests" if host == "bitbucket.org" => {
            (Forge::Bitbucket, "https://api.bitbucket.org/2.0".to_owned(), named()?)
        }
        "pullrequest" => {
            let [project @ .., "_git", repository] = parts else { return None };
            // A repository that is called like its project stands there once.
            let whole = host != "dev.azure.com" || project.len() > 1;
            let name = (!whole).then_some(*repository);
            let project: Vec<_> = project.iter().copied().chain(name).collect();
            let api = format!("{root}/{}", project.join("/"));
            (Forge::Azure, api, (*repository).to_owned())
        }
        _ => return None,
    };
    Some(Behind { forge, api, repository, number, page })
}

/// The root of GitHub's programming interface, from any of its addresses: an Enterprise Server has
/// it below its own.
#[must_use]
pub fn github_api(address: &str) -> Option<String> {
    let (scheme, rest) = address.split_once("://")?;
    let host = rest.split('/').next()?;
    match host {
        "github.com" | "www.github.com" => Some("https://api.github.com".to_owned()),
        _ => link(&format!("{scheme}://{host}/api/v3")),
    }
}
