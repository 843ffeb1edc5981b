//! Which commit a change is made against, as the CI host tells it.

use serde_json::Value;

/// The commit that a change is made against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Names of it, the surest first; none begins with a dash.
    pub revisions: Vec<String>,
    /// Who said so, for messages.
    pub by: &'static str,
}

/// The longest name of a commit.
const MOST_NAME: usize = 250;

/// What the host of a pull request says of its base; `None` where this is no pull request. `event`
/// is the text of the file that GitHub describes the event in.
#[must_use]
pub fn origin(env: &dyn Fn(&str) -> Option<String>, event: Option<&str>) -> Option<Origin> {
    let set =
        |name: &str| env(name).map(|value| value.trim().to_owned()).filter(|it| !it.is_empty());
    let branch = |name: &str| set(name).and_then(|name| remote(&name));
    let event = event.and_then(|text| serde_json::from_str::<Value>(text).ok());
    let told = |pointer: &str| {
        let sha = event.as_ref()?.pointer(pointer)?.as_str()?;
        is_hash(sha).then(|| sha.to_owned())
    };
    let github = told("/pull_request/base/sha").or_else(|| told("/merge_group/base_sha"));
    let queue = || queued(&set("GITHUB_REF")?);
    let hash = |name: &str| set(name).filter(|sha| is_hash(sha));
    let hosts = [
        ("GitHub", [github, branch("GITHUB_BASE_REF").or_else(queue)], set("GITHUB_BASE_REF")),
        (
            "GitLab",
            [hash("CI_MERGE_REQUEST_DIFF_BASE_SHA"), branch("CI_MERGE_REQUEST_TARGET_BRANCH_NAME")],
            set("CI_MERGE_REQUEST_IID"),
        ),
        (
            "GitLab",
            [
                hash("CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_SHA"),
                branch("CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME"),
            ],
            set("CI_EXTERNAL_PULL_REQUEST_IID"),
        ),
        (
            "Azure DevOps",
            [None, branch("SYSTEM_PULLREQUEST_TARGETBRANCH")],
            set("SYSTEM_PULLREQUEST_PULLREQUESTID"),
        ),
        (
            "Bitbucket",
            [hash("BITBUCKET_PR_DESTINATION_COMMIT"), branch("BITBUCKET_PR_DESTINATION_BRANCH")],
            set("BITBUCKET_PR_ID"),
        ),
        (
            "Buildkite",
            [None, branch("BUILDKITE_PULL_REQUEST_BASE_BRANCH")],
            set("BUILDKITE_PULL_REQUEST").filter(|number| number != "false"),
        ),
        ("Jenkins", [None, branch("CHANGE_TARGET")], set("CHANGE_ID")),
    ];
    hosts.into_iter().find_map(|(by, revisions, asks)| {
        let revisions: Vec<String> = revisions.into_iter().flatten().collect();
        // A pull request whose base has no usable name is still one: it is told, not passed over.
        (asks.is_some() || !revisions.is_empty()).then_some(Origin { revisions, by })
    })
}

/// How a forge may be asked for a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// By its hash.
    Hash(String),
    /// As the last one of a branch.
    Branch(String),
}

/// A name of a commit as a forge knows it; `None` for what a clone alone can resolve, and for names
/// like `HEAD`, which are another commit wherever they are asked for.
#[must_use]
pub fn at_forge(name: &str) -> Option<Named> {
    if is_hash(name) {
        return Some(Named::Hash(name.to_ascii_lowercase()));
    }
    let bare = ["refs/remotes/origin/", "refs/heads/", "origin/"];
    let branch = bare.into_iter().find_map(|begin| name.strip_prefix(begin)).unwrap_or(name);
    let moving = branch.ends_with("HEAD") || branch.contains(['^', '~', '@', '#']);
    let known = rev_is_good(branch) && !moving && !branch.starts_with("refs/");
    known.then(|| Named::Branch(branch.to_owned()))
}

/// Whether a name of a commit can be handed to git: it is no flag, no range, and no path in one.
#[must_use]
pub fn rev_is_good(name: &str) -> bool {
    let sign = |sign: char| sign.is_ascii_alphanumeric() || "-_./+@#^~".contains(sign);
    (1..=MOST_NAME).contains(&name.len())
        && !name.starts_with('-')
        && !name.contains("..")
        && name.chars().all(sign)
}

/// The branch that a merge queue of GitHub's leads to, from the one that it tests:
/// `refs/heads/gh-readonly-queue/main/pr-7-…`.
fn queued(reference: &str) -> Option<String> {
    let (branch, _) = reference.strip_prefix("refs/heads/gh-readonly-queue/")?.rsplit_once('/')?;
    remote(branch)
}

/// A branch of the host as a clone knows it; `None` where it is no name that git may be asked for.
#[must_use]
pub fn remote(branch: &str) -> Option<String> {
    let branch = branch.strip_prefix("refs/heads/").unwrap_or(branch);
    let name = format!("refs/remotes/origin/{branch}");
    (rev_is_good(&name) && rev_is_good(branch)).then_some(name)
}

/// A commit's SHA-1 or SHA-256.
fn is_hash(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
