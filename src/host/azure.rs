//! Azure Pipelines: where a run stands. The repository may lie with Azure itself, on GitHub or on
//! Bitbucket.

use super::behind::github_api;
use super::place::{commit, encoded, link, repository};
use super::{Ci, Forge, Place, Pull, Variables, number, set};

/// Where the run stands.
#[must_use]
pub fn place(variables: Variables<'_>) -> Place {
    let var = |name: &str| set(variables, name);
    let count = |name: &str| var(name).and_then(|text| number(&text));
    let sha = |name: &str| var(name).and_then(|text| commit(&text));
    let project = || {
        let collection = link(&var("SYSTEM_COLLECTIONURI")?)?;
        link(&format!("{collection}/{}", encoded(&var("SYSTEM_TEAMPROJECT")?)))
    };
    let url =
        || link(&format!("{}/_build/results?buildId={}", project()?, count("BUILD_BUILDID")?));
    let provider = var("BUILD_REPOSITORY_PROVIDER").unwrap_or_default();
    let bare = Place {
        run: count("BUILD_BUILDID"),
        attempt: count("SYSTEM_JOBATTEMPT").unwrap_or(1),
        url: url(),
        ..Place::bare(Ci::Azure)
    };
    let of = |forge: Forge, api: Option<String>, repository: Option<String>, name: &str| {
        let pull = pull(count(name), var("BUILD_REASON").as_deref(), name);
        let head = sha("SYSTEM_PULLREQUEST_SOURCECOMMITID");
        // On a pull request the build's commit is the merge, which nobody looks at.
        let own = || sha("BUILD_SOURCEVERSION").filter(|_| pull == Pull::Nothing);
        let head = head.or_else(own);
        Place { forge: Some(forge), api, repository, head, pull, ..bare.clone() }
    };
    let named = || var("BUILD_REPOSITORY_NAME").and_then(|name| repository(&name));
    match provider.as_str() {
        "TfsGit" => {
            let id = var("BUILD_REPOSITORY_ID").map(|id| encoded(&id));
            of(Forge::Azure, project(), id, "SYSTEM_PULLREQUEST_PULLREQUESTID")
        }
        "GitHub" | "GitHubEnterprise" => {
            let uri = var("BUILD_REPOSITORY_URI").and_then(|uri| link(&uri));
            let api = github_api(uri.as_deref().unwrap_or("https://github.com"));
            of(Forge::GitHub, api, named(), "SYSTEM_PULLREQUEST_PULLREQUESTNUMBER")
        }
        "Bitbucket" => {
            let api = Some("https://api.bitbucket.org/2.0".to_owned());
            of(Forge::Bitbucket, api, named(), "SYSTEM_PULLREQUEST_PULLREQUESTID")
        }
        _ => bare,
    }
}

fn pull(number: Option<u64>, reason: Option<&str>, name: &str) -> Pull {
    match number {
        Some(number) => Pull::Number(number),
        None if reason == Some("PullRequest") => Pull::Unknown(format!("{name} is not set")),
        None => Pull::Nothing,
    }
}
