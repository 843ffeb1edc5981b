//! Bitbucket Pipelines: where a run stands.

use super::place::{commit, link, repository};
use super::{Ci, Forge, Place, Pull, Variables, number, set};

/// Where every step finds a proxy that signs what it sends on in plain text.
const PROXY: &str = "http://localhost:29418";

/// Where the run stands. Without a token of its own, what is written goes through the proxy of the
/// step; in a pipe it has another address, which `LOADGATE_BITBUCKET_PROXY` has.
#[must_use]
pub fn place(variables: Variables<'_>) -> Place {
    let var = |name: &str| set(variables, name);
    let count = |name: &str| var(name).and_then(|text| number(&text));
    let parts = [var("BITBUCKET_WORKSPACE"), var("BITBUCKET_REPO_SLUG")];
    let name = match parts {
        [Some(workspace), Some(slug)] => repository(&format!("{workspace}/{slug}")),
        [_, _] => None,
    };
    let run = count("BITBUCKET_BUILD_NUMBER");
    let url =
        || link(&format!("https://bitbucket.org/{}/pipelines/results/{}", name.as_ref()?, run?));
    let url = url();
    let proxy = || {
        let given = var("LOADGATE_BITBUCKET_PROXY").and_then(|text| link(&text));
        given.unwrap_or_else(|| PROXY.to_owned())
    };
    let proxy = Forge::Bitbucket.token(variables).is_none().then(proxy);
    let scheme = if proxy.is_some() { "http" } else { "https" };
    Place {
        forge: Some(Forge::Bitbucket),
        api: Some(format!("{scheme}://api.bitbucket.org/2.0")),
        repository: name,
        head: var("BITBUCKET_COMMIT").and_then(|text| commit(&text)),
        pull: count("BITBUCKET_PR_ID").map_or(Pull::Nothing, Pull::Number),
        run,
        attempt: count("BITBUCKET_STEP_RUN_NUMBER").unwrap_or(1),
        url,
        proxy,
        ..Place::bare(Ci::Bitbucket)
    }
}
