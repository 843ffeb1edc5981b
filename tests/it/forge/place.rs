//! Variables and events in, places out.

use loadgate::host::ci::detect;
use loadgate::host::{Choice, Ci, Forge, Place, Pull};

const SHA: &str = "0123456789abcdef0123456789abcdef01234567";
const HEAD: &str = "89abcdef0123456789abcdef0123456789abcdef";

fn lookup<'a>(set: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
    |name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
}

/// Where a job of GitHub's stands, started by that event at that reference.
fn github(name: &str, reference: &str, event: Option<&str>) -> Place {
    let set = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", name),
        ("GITHUB_REF", reference),
        ("GITHUB_SHA", SHA),
        ("GITHUB_REPOSITORY", "octo/shop"),
        ("GITHUB_RUN_ID", "17"),
        ("GITHUB_RUN_ATTEMPT", "2"),
        ("GITHUB_SERVER_URL", "https://github.com"),
    ];
    Place::read(Ci::GitHub, &lookup(&set), event)
}

#[test]
fn the_first_variable_that_is_set_gives_the_host_away() {
    let check = |set: &[(&str, &str)], expected: Option<Ci>| {
        assert_eq!(detect(Choice::Detect, &lookup(set)), expected, "{set:?}");
    };
    check(&[], None);
    check(&[("CI", "true")], None);
    check(&[("GITHUB_ACTIONS", "true")], Some(Ci::GitHub));
    check(&[("GITHUB_ACTIONS", "true"), ("GITEA_ACTIONS", "true")], Some(Ci::Gitea));
    check(&[("GITHUB_ACTIONS", "true"), ("FORGEJO_ACTIONS", "true")], Some(Ci::Gitea));
    check(&[("GITHUB_ACTIONS", ""), ("GITLAB_CI", "true")], Some(Ci::GitLab));
    check(&[("GITHUB_ACTIONS", "false"), ("TF_BUILD", "True")], Some(Ci::Azure));
    check(&[("BITBUCKET_BUILD_NUMBER", "3"), ("JENKINS_URL", "http://j")], Some(Ci::Bitbucket));
    check(&[("CIRCLECI", "true"), ("BUILDKITE", "true")], Some(Ci::CircleCi));
    check(&[("BUILDKITE", "true"), ("JENKINS_URL", "http://j")], Some(Ci::Buildkite));
    check(&[("JENKINS_URL", "http://j")], Some(Ci::Jenkins));
    let set = [("GITHUB_ACTIONS", "true")];
    assert_eq!(detect(Choice::Nothing, &lookup(&set)), None);
    assert_eq!(detect(Choice::This(Ci::Jenkins), &lookup(&set)), Some(Ci::Jenkins));
}

#[test]
fn every_kind_of_event_leads_to_its_pull_request_and_head() {
    let own = |pull: Pull| (pull, Some(SHA.to_owned()));
    let head = |pull: Pull| (pull, Some(HEAD.to_owned()));
    let check = |name: &str, reference: &str, event: &str, expected: (Pull, Option<String>)| {
        let event = event.replace("HEAD", HEAD).replace('\'', "\"");
        let place = github(name, reference, Some(&event));
        assert_eq!((place.pull, place.head), expected, "{name} {reference} {event}");
    };
    let whole = "{'number':7,'pull_request':{'number':7,'head':{'sha':'HEAD'}}}";
    check("pull_request", "refs/pull/7/merge", whole, head(Pull::Number(7)));
    check("pull_request_target", "refs/heads/main", whole, head(Pull::Number(7)));
    check("pull_request", "", "{'number':7}", (Pull::Number(7), None));
    check("pull_request", "refs/pull/7/merge", "{}", (Pull::Number(7), None));
    check("push", "refs/heads/main", "{'number':7}", own(Pull::Nothing));
    check("push", "refs/heads/main", "{'after':'x'}", own(Pull::Nothing));
    check("schedule", "refs/heads/main", "{'schedule':'0 0 * * *'}", own(Pull::Nothing));
    check("workflow_dispatch", "refs/heads/main", "{'inputs':{}}", own(Pull::Nothing));
    let queue = "refs/heads/gh-readonly-queue/main/pr-7-abc";
    check("merge_group", queue, "{'merge_group':{'head_sha':'HEAD'}}", head(Pull::Queue));
    check("push", queue, "{}", own(Pull::Queue));
    let issue = "{'issue':{'number':7,'pull_request':{}}}";
    check("issue_comment", "refs/heads/main", issue, (Pull::Number(7), None));
    check("issue_comment", "refs/heads/main", "{'issue':{'number':7}}", own(Pull::Nothing));
    let behind = |event: &str, pulls: &str| {
        format!(
            "{{'workflow_run':{{'event':'{event}','head_sha':'HEAD','pull_requests':{pulls}}}}}"
        )
    };
    let listed = "[{'number':6,'head':{'sha':'other'}},{'number':7,'head':{'sha':'HEAD'}}]";
    let main = "refs/heads/main";
    check("workflow_run", main, &behind("pull_request", listed), head(Pull::Number(7)));
    let fork = head(Pull::ByHead(HEAD.to_owned()));
    check("workflow_run", main, &behind("pull_request", "[]"), fork.clone());
    // The number belongs to another head: only the forge can tell.
    let other = "[{'number':6,'head':{'sha':'other'}}]";
    check("workflow_run", main, &behind("pull_request", other), fork);
    check("workflow_run", main, &behind("merge_group", "[]"), head(Pull::Queue));
    check("workflow_run", main, &behind("push", "[]"), head(Pull::Nothing));
}

#[test]
fn an_event_that_cannot_be_read_is_no_fault_and_no_comment() {
    for event in [None, Some(""), Some("[]"), Some("{\"pull_request\":"), Some("null")] {
        let place = github("pull_request", "refs/heads/topic", event);
        assert!(matches!(place.pull, Pull::Unknown(_)), "{event:?}: {:?}", place.pull);
        assert_eq!(place.head, None, "a merge commit is no head");
        let place = github("pull_request", "refs/pull/7/merge", event);
        assert_eq!(place.pull, Pull::Number(7), "{event:?}");
        assert_eq!(github("push", "refs/heads/main", event).pull, Pull::Nothing, "{event:?}");
    }
    let hostile = r#"{"pull_request":{"number":-7,"head":{"sha":"../../x"}},"number":"7"}"#;
    let place = github("pull_request", "refs/pull/0/merge", Some(hostile));
    assert!(matches!(place.pull, Pull::Unknown(_)) && place.head.is_none(), "{place:?}");
}

#[test]
fn what_is_fit_for_no_address_is_not_taken() {
    let read = |set: &[(&str, &str)]| Place::read(Ci::GitHub, &lookup(set), None);
    for bad in ["octo", "octo/shop/x", "../shop", "octo/..", "octo/sh op", "octo/shop?x", ""] {
        assert_eq!(read(&[("GITHUB_REPOSITORY", bad)]).repository, None, "{bad}");
    }
    for bad in ["javascript:alert(1)", "https://x/ y", "https://x/)", "ftp://x", "https://x/\"<"] {
        let set = [("GITHUB_API_URL", bad), ("GITHUB_REPOSITORY", "o/r"), ("GITHUB_RUN_ID", "1")];
        let api = read(&set).api;
        assert_eq!(api.as_deref(), Some("https://api.github.com"), "{bad}");
        let set =
            [("GITHUB_SERVER_URL", bad), ("GITHUB_REPOSITORY", "o/r"), ("GITHUB_RUN_ID", "1")];
        assert_eq!(read(&set).url, None, "{bad}");
    }
    assert_eq!(read(&[("GITHUB_SHA", "main; rm")]).head, None);
}

#[test]
fn the_run_has_a_page_a_number_and_an_attempt() {
    let place = github("push", "refs/heads/main", None);
    assert_eq!((place.run, place.attempt), (Some(17), 2));
    let page = "https://github.com/octo/shop/actions/runs/17/attempts/2";
    assert_eq!(place.url.as_deref(), Some(page));
    assert_eq!(place.forge, Some(Forge::GitHub));
    let set = [
        ("GITHUB_SERVER_URL", "https://code.test/"),
        ("GITHUB_REPOSITORY", "o/r"),
        ("GITHUB_RUN_ID", "170"),
        ("GITHUB_RUN_NUMBER", "4"),
    ];
    let place = Place::read(Ci::Gitea, &lookup(&set), None);
    assert_eq!(place.api.as_deref(), Some("https://code.test/api/v1"));
    assert_eq!(place.url.as_deref(), Some("https://code.test/o/r/actions/runs/4"));
}

#[test]
fn a_pull_request_that_the_user_names_takes_no_head_from_another() {
    let event = format!(r#"{{"pull_request":{{"number":7,"head":{{"sha":"{HEAD}"}}}}}}"#);
    let place = github("pull_request", "", Some(&event));
    assert_eq!(place.clone().with_pull(7).head.as_deref(), Some(HEAD));
    let other = place.with_pull(8);
    assert_eq!((other.pull, other.head), (Pull::Number(8), None));
}
