//! Where runs of other hosts stand, and the forge behind them.

use loadgate::host::behind::behind;
use loadgate::host::{Ci, Forge, Place, Pull};

const SHA: &str = "0123456789abcdef0123456789abcdef01234567";
const HEAD: &str = "89abcdef0123456789abcdef0123456789abcdef";

fn place(ci: Ci, set: &[(&str, &str)]) -> Place {
    let lookup =
        |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    Place::read(ci, &lookup, None)
}

#[test]
fn the_address_of_a_pull_request_leads_to_its_forge() {
    let check = |address: &str, expected: Option<(Forge, &str, &str)>| {
        let found = behind(address);
        let seen = found.as_ref().map(|it| (it.forge, it.api.as_str(), it.repository.as_str()));
        assert_eq!(seen, expected, "{address}");
        assert!(found.is_none_or(|found| found.number == 7));
    };
    let github = (Forge::GitHub, "https://api.github.com", "octo/shop");
    check("https://github.com/octo/shop/pull/7", Some(github));
    check("https://github.com/octo/shop/pull/7/?x=1#y", Some(github));
    let own = (Forge::GitHub, "https://git.test/api/v3", "octo/shop");
    check("https://git.test/octo/shop/pull/7", Some(own));
    let gitea = (Forge::Gitea, "https://git.test/api/v1", "octo/shop");
    check("https://git.test/octo/shop/pulls/7", Some(gitea));
    let gitlab = (Forge::GitLab, "https://gitlab.com/api/v4", "a%2Fb%2Fshop");
    check("https://gitlab.com/a/b/shop/-/merge_requests/7", Some(gitlab));
    check("https://gitlab.com/a/b/shop/merge_requests/7", Some(gitlab));
    let bitbucket = (Forge::Bitbucket, "https://api.bitbucket.org/2.0", "octo/shop");
    check("https://bitbucket.org/octo/shop/pull-requests/7", Some(bitbucket));
    let azure = (Forge::Azure, "https://dev.azure.com/org/my%20shop", "cart");
    check("https://dev.azure.com/org/my%20shop/_git/cart/pullrequest/7", Some(azure));
    let same = (Forge::Azure, "https://dev.azure.com/org/shop", "shop");
    check("https://dev.azure.com/org/_git/shop/pullrequest/7", Some(same));
    for odd in [
        "",
        "octo/shop/pull/7",
        "https://github.com/octo/shop/pull/0",
        "https://github.com/octo/shop/pull/x",
        "https://github.com/octo/shop/issues/7",
        "https://github.com/octo/../pull/7",
        "https://github.com/pull/7",
        "https://me:pw@github.com/octo/shop/pull/7",
        "https://gitlab.com/shop/-/merge_requests/7",
        "https://git.test/projects/A/repos/b/pull-requests/7",
        "javascript://github.com/octo/shop/pull/7",
    ] {
        check(odd, None);
    }
}

#[test]
fn jenkins_circleci_and_buildkite_stand_at_the_forge_behind_them() {
    let jenkins = [
        ("CHANGE_ID", "7"),
        ("CHANGE_URL", "https://github.com/octo/shop/pull/7"),
        ("GIT_COMMIT", SHA),
        ("BUILD_NUMBER", "17"),
        ("BUILD_URL", "https://ci.test/job/shop/17/"),
    ];
    let at = place(Ci::Jenkins, &jenkins);
    assert_eq!((at.forge, &at.pull, at.run), (Some(Forge::GitHub), &Pull::Number(7), Some(17)));
    assert_eq!((at.head, at.url.as_deref()), (None, Some("https://ci.test/job/shop/17")));
    let unknown = place(Ci::Jenkins, &[("CHANGE_ID", "7"), ("CHANGE_URL", "https://x.test/7")]);
    assert!(matches!(unknown.pull, Pull::Unknown(_)), "{unknown:?}");
    let push = place(Ci::Jenkins, &jenkins[2..]);
    assert_eq!((push.forge, push.pull, push.head.as_deref()), (None, Pull::Nothing, Some(SHA)));

    let pull = ("CIRCLE_PULL_REQUEST", "https://github.com/octo/shop/pull/7");
    let circle = place(Ci::CircleCi, &[pull, ("CIRCLE_SHA1", SHA), ("CIRCLE_BUILD_NUM", "17")]);
    assert_eq!((circle.pull, circle.head.as_deref()), (Pull::Number(7), Some(SHA)));

    for (remote, provider, forge) in [
        ("git@github.com:octo/shop.git", "github", Some(Forge::GitHub)),
        ("https://github.com/octo/shop", "github", Some(Forge::GitHub)),
        ("ssh://git@gitlab.test:22/octo/shop.git", "gitlab", Some(Forge::GitLab)),
        ("git@bitbucket.org:octo/shop.git", "bitbucket", Some(Forge::Bitbucket)),
        ("git@x.test:octo/shop.git", "other", None),
    ] {
        let number = ("BUILDKITE_PULL_REQUEST", "7");
        let set = [number, ("BUILDKITE_REPO", remote), ("BUILDKITE_PIPELINE_PROVIDER", provider)];
        assert_eq!(place(Ci::Buildkite, &set).forge, forge, "{remote}");
    }
    assert_eq!(place(Ci::Buildkite, &[("BUILDKITE_PULL_REQUEST", "false")]).pull, Pull::Nothing);
}

#[test]
fn a_build_of_azure_may_stand_at_github() {
    let set = [
        ("BUILD_REASON", "PullRequest"),
        ("BUILD_REPOSITORY_NAME", "octo/shop"),
        ("BUILD_REPOSITORY_PROVIDER", "GitHub"),
        ("BUILD_REPOSITORY_URI", "https://github.com/octo/shop"),
        ("BUILD_SOURCEVERSION", SHA),
        ("SYSTEM_PULLREQUEST_PULLREQUESTID", "991"),
        ("SYSTEM_PULLREQUEST_PULLREQUESTNUMBER", "7"),
        ("SYSTEM_PULLREQUEST_SOURCECOMMITID", HEAD),
    ];
    let at = place(Ci::Azure, &set);
    assert_eq!((at.ci, at.forge, &at.pull), (Ci::Azure, Some(Forge::GitHub), &Pull::Number(7)));
    assert_eq!(
        (at.api.as_deref(), at.head.as_deref()),
        (Some("https://api.github.com"), Some(HEAD))
    );
    assert_eq!(at.repository.as_deref(), Some("octo/shop"));
    // The merge commit of a pull request is nobody's head.
    assert_eq!(place(Ci::Azure, &set[..7]).head, None);
    assert!(matches!(place(Ci::Azure, &set[..5]).pull, Pull::Unknown(_)));
    assert_eq!(place(Ci::Azure, &set[1..5]).head.as_deref(), Some(SHA));
}

#[test]
fn a_merge_request_is_told_where_it_would_be_merged() {
    let set = [
        ("CI_MERGE_REQUEST_IID", "7"),
        ("CI_MERGE_REQUEST_PROJECT_ID", "42"),
        ("CI_PROJECT_ID", "99"),
        ("CI_COMMIT_SHA", SHA),
        ("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", HEAD),
    ];
    let at = place(Ci::GitLab, &set);
    assert_eq!((at.pull, at.repository.as_deref()), (Pull::Number(7), Some("42")));
    assert_eq!(at.head.as_deref(), Some(HEAD), "what is tested may be the merge");
    let branch = place(Ci::GitLab, &set[1..4]);
    assert_eq!((branch.pull, branch.repository.as_deref()), (Pull::Nothing, Some("99")));
    assert_eq!(branch.head.as_deref(), Some(SHA));
}
