//! GitLab CI: where a run stands, and the links that its job page shows.

use serde_json::json;

use super::place::{commit, link};
use super::{Ci, Forge, Place, Pull, Variables, number, set};

/// Where the run stands. A merge request may come from a fork: what is written goes to the project
/// it would be merged into.
#[must_use]
pub fn place(variables: Variables<'_>) -> Place {
    let var = |name: &str| set(variables, name);
    let iid = var("CI_MERGE_REQUEST_IID").and_then(|text| number(&text));
    let project = var("CI_MERGE_REQUEST_PROJECT_ID").filter(|_| iid.is_some());
    let project = project.or_else(|| var("CI_PROJECT_ID")).and_then(|text| number(&text));
    // Where the result of the merge is tested, the job's commit is one that nobody looks at.
    let head = ["CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", "CI_COMMIT_SHA"];
    let head = head.into_iter().find_map(|name| commit(&var(name)?));
    let page = || {
        let root = link(&var("CI_MERGE_REQUEST_PROJECT_URL")?)?;
        link(&format!("{root}/-/merge_requests/{}", iid?))
    };
    let event = var("CI_PIPELINE_SOURCE").is_some_and(|source| source == "merge_request_event");
    let pull = match iid {
        Some(iid) => Pull::Number(iid),
        None if event => Pull::Unknown("CI_MERGE_REQUEST_IID is not set".to_owned()),
        None => Pull::Nothing,
    };
    // A pipeline shows the statuses of its own commit, and of no other.
    let own = var("CI_PROJECT_ID").and_then(|text| number(&text)).map(|id| id.to_string());
    let job = own.zip(var("CI_COMMIT_SHA").and_then(|text| commit(&text)));
    Place {
        job,
        forge: Some(Forge::GitLab),
        api: var("CI_API_V4_URL").and_then(|text| link(&text)),
        repository: project.map(|id| id.to_string()),
        head,
        pull,
        page: page(),
        run: var("CI_PIPELINE_ID").and_then(|text| number(&text)),
        url: var("CI_JOB_URL").and_then(|text| link(&text)),
        ..Place::bare(Ci::GitLab)
    }
}

/// `annotations.json`: the link on the job's page that opens the report among its artifacts. `path`
/// is the report's, from the root of the repository.
#[must_use]
pub fn annotations(place: &Place, label: &str, path: Option<&str>) -> String {
    let report = || {
        let parts: Vec<_> = path?.split('/').map(super::place::encoded).collect();
        link(&format!("{}/artifacts/file/{}", place.url.as_deref()?, parts.join("/")))
    };
    let links: Vec<_> = report()
        .into_iter()
        .map(|url| json!({ "external_link": { "label": label, "url": url } }))
        .collect();
    format!("{:#}\n", json!({ "loadgate": links }))
}
