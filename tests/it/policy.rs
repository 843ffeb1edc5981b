//! Two versions of a gate file side by side: what asks for less, and what comes of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use loadgate::judge::finding::{Asked, Doubt, Judgement, Outcome, Rule, Verdict};
use loadgate::judge::{judge, judge_both, stricter};
use loadgate::plan::threshold::{Level, Threshold};
use loadgate::plan::{Plan, Source};
use loadgate::policy::{
    Approval, Copy, Difference, Part, Policy, Standing, Way, compare, lowers_load, origin,
    rev_is_good,
};
use loadgate::report::{Case, Format, Style, render};
use loadgate::run::Run;
use proptest::prelude::*;

use crate::support::cases;
use crate::support::judged::{minute, usual};
use crate::support::made::{asked, over, s, warn};

fn copy(text: &str, order: &str) -> Copy {
    let files = |path: &str| match path {
        "order.json" => Ok(order.as_bytes().to_vec()),
        "users.csv" => Ok(b"email\na@b\nc@d\n".to_vec()),
        _ => Err("no such file".to_owned()),
    };
    let plan = Plan::read(&Source {
        name: "gate.toml",
        bytes: text.as_bytes(),
        thresholds: None,
        env: &|_| None,
        files: &files,
        target: None,
        against: None,
        duration: None,
        seed: None,
        tags: &[],
        shard: loadgate::shard::Shard::ALONE,
        exclude_tags: &[],
        locust: &[],
        run: None,
    });
    let plan = plan.map_err(|faults| faults.to_string()).expect("a good gate file");
    let hash = format!("{:0>64}", order.len());
    let files = BTreeMap::from([("order.json".to_owned(), hash)]);
    Copy { plan, bytes: text.as_bytes().to_vec(), files }
}

fn told(differences: &[Difference]) -> String {
    let line = |one: &Difference| {
        let warn = if one.level == Level::Warn { " (warning)" } else { "" };
        [one.way.name(), warn, "  ", &one.to_string(), "\n"].concat()
    };
    differences.iter().map(line).collect()
}

fn policy(differences: Vec<Difference>, approved: bool) -> Policy {
    let base = "1a2b3c4d5e6f".to_owned();
    Policy { base, standing: Standing::Compared(differences), approval: Approval::flag(approved) }
}

#[test]
fn every_pair_of_gate_files_is_told_in_full() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/policy");
    let read = |path: &Path| std::fs::read_to_string(path).expect("a gate file");
    let entries = std::fs::read_dir(&folder).expect("the folder is there");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "toml"));
    paths.sort();
    assert!(paths.len() >= 40);
    let mut all = String::new();
    for path in paths {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = read(&path);
        let base = text.lines().next().and_then(|line| line.strip_prefix("# base: "));
        let base = read(&folder.join(format!("base/{}.toml", base.expect("it names its base"))));
        let order = if name.starts_with("file-") { "{\"a\":1}" } else { "{}" };
        let (old, new) = (copy(&base, "{}"), copy(&text, order));
        let differences = compare(&old, &new);
        let load = if lowers_load(&differences) { ", the base's load is put on" } else { "" };
        let policy = policy(differences, false);
        let state = policy.name();
        all.extend([&name, ": ", state, load, "\n", &told(policy.differences()), "\n"]);
        // The other way round nothing may be hidden either.
        let back = compare(&new, &old);
        assert_eq!(back.is_empty(), policy.differences().is_empty(), "{name}");
    }
    insta::with_settings!({
        snapshot_path => "../data/policy",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, { insta::assert_snapshot!("pairs", all) });
}

#[test]
fn no_secret_and_no_body_is_shown_by_a_difference() {
    let text = include_str!("../data/policy/base/open.toml");
    let changed = text
        .replace("key=abc", "key=hunter2")
        .replace("\"main\"", "\"hunter2\"")
        .replace("Bearer ${API_TOKEN:-}", "Bearer hunter2");
    let all = told(&compare(&copy(text, "{}"), &copy(&changed, "{}")));
    assert!(all.contains("headers.x-shop") && !all.contains("hunter2"), "{all}");
}

fn loosened() -> Vec<Difference> {
    let one = Difference::new(Way::Loosened, Part::Sla, "whole run p99");
    let two = Difference::new(Way::Added, Part::Requests, "endpoint <b>|`x`\u{1b}[31m");
    vec![one.from("< 300ms").to("< 800ms"), two]
}

fn made(differences: Vec<Difference>, approved: bool) -> (Plan, Run, Judgement) {
    let (plan, run) = cases::passing();
    let judgement = judge_both(&plan, None, policy(differences, approved), &run, None);
    (plan, run, judgement)
}

#[test]
fn asking_for_less_fails_unless_it_was_approved() {
    assert_eq!(made(loosened(), false).2.verdict(), Verdict::Fail);
    assert_eq!(made(loosened(), true).2.verdict(), Verdict::Pass);
    assert_eq!(made(loosened().split_off(1), false).2.verdict(), Verdict::Pass);
    let mut warning = loosened();
    warning[0].level = Level::Warn;
    assert_eq!(made(warning, false).2.verdict(), Verdict::Pass);
}

#[test]
fn a_base_that_cannot_be_read_is_never_a_pass() {
    let (plan, run) = cases::passing();
    let check = |standing, approved, expected| {
        let approval = Approval::flag(approved);
        let policy = Policy { base: "main".to_owned(), standing, approval };
        let judgement = judge_both(&plan, None, policy, &run, None);
        assert_eq!(judgement.verdict(), expected);
        judgement.findings.last().expect("the last one is of the policy").clone()
    };
    let unreadable = || Standing::Unreadable("the clone is shallow".to_owned());
    let found = check(unreadable(), false, Verdict::Inconclusive);
    let doubt = Doubt::NoBase("the clone is shallow".to_owned());
    assert_eq!((found.rule, found.outcome), (Rule::Trust, Outcome::Unjudged(doubt)));
    check(unreadable(), true, Verdict::Pass);
    check(Standing::Outside, false, Verdict::Pass);
    let new = check(Standing::New, false, Verdict::Pass);
    assert!(matches!(new.asked, Asked::Policy(said) if said.contains("is new since main")));
}

#[test]
fn a_change_is_judged_by_the_limits_of_its_base_too() {
    let (own, run) = minute(vec![asked("p50", "< 1s")], usual());
    let (base, _) = minute(vec![asked("p50", "< 90ms"), asked("p50", "< 1s")], usual());
    let judgement = judge_both(&own, Some(&base), policy(Vec::new(), false), &run, None);
    let lines: Vec<_> = judgement.findings.iter().map(crate::support::judged::line).collect();
    assert_eq!(
        lines,
        [
            "held: * p50 < 1s, got 99.8 ms",
            "breached: * p50 < 90ms, got 99.8 ms",
            "held: * fit",
            "held: * policy asks for no less than at 1a2b3c4d5e6f",
        ]
    );
    let flags: Vec<_> = judgement.findings.iter().map(|one| (one.base, one.line)).collect();
    assert_eq!(flags, [(false, 1), (true, 0), (false, 0), (false, 0)]);
    let approved = judge_both(&own, Some(&base), policy(Vec::new(), true), &run, None);
    assert_eq!(approved.verdict(), Verdict::Pass);
}

#[test]
fn every_report_tells_how_the_bar_was_lowered() {
    let (plan, run, judgement) = made(loosened(), false);
    let case = Case { plan: &plan, run: &run, judgement: &judgement, exit_code: 1 };
    let text = render(Format::Text(Style { colour: false, width: 80 }), &case);
    for line in [
        "fail  gate file asks for less than at 1a2b3c4d5e6f: whole run p99: < 300ms → <",
        "  the gate file since 1a2b3c4d5e6f",
        "  loosened   whole run p99: < 300ms → < 800ms",
        "  added      endpoint <b>|`x`",
    ] {
        assert!(text.lines().any(|told| told == line), "{line}\n{text}");
    }
    let markdown = render(Format::Markdown, &case);
    assert!(markdown.contains("**gate file: 2 differences from 1a2b3c4d5e6f**"), "{markdown}");
    assert!(markdown.contains("| ❌ loosened | whole run p99 |"), "{markdown}");
    let json: serde_json::Value =
        serde_json::from_str(&render(Format::Json, &case)).expect("verdict.json is JSON");
    let told = &json["facts"]["policy"];
    assert_eq!((&told["state"], &told["approved"]), (&"loosened".into(), &false.into()));
    assert_eq!(told["differences"][0]["from"], "< 300ms");
    let last = json["findings"].as_array().and_then(|all| all.last()).expect("a finding");
    assert_eq!((&last["rule"], &last["metric"]), (&"trust".into(), &"policy".into()));
    for format in [Format::Junit, Format::Html, Format::Markdown] {
        let text = render(format, &case);
        assert!(text.contains("whole run p99") && !text.contains("<b>|"), "{text}");
    }
}

#[test]
fn a_gate_file_that_is_new_or_approved_is_said_to_be() {
    let (plan, run, judgement) = made(loosened(), true);
    let case = Case { plan: &plan, run: &run, judgement: &judgement, exit_code: 0 };
    let text = render(Format::Text(Style { colour: false, width: 200 }), &case);
    assert!(
        text.contains("note   gate file asks for less than at 1a2b3c4d5e6f, which was approved")
    );
    let (plan, run, judgement) = made(Vec::new(), false);
    let case = Case { plan: &plan, run: &run, judgement: &judgement, exit_code: 0 };
    let text = render(Format::Text(Style { colour: false, width: 200 }), &case);
    assert!(!text.contains("note "), "{text}");
}

const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

fn base(variables: &[(&str, &str)], event: Option<&str>) -> Option<Vec<String>> {
    let env = |name: &str| {
        variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    };
    origin(&env, event).map(|origin| origin.revisions)
}

#[test]
fn the_base_is_what_the_host_of_a_pull_request_says() {
    let check = |variables: &[(&str, &str)], event: Option<&str>, expected: Option<&[&str]>| {
        let found = base(variables, event);
        let found: Option<Vec<&str>> =
            found.as_ref().map(|all| all.iter().map(String::as_str).collect());
        assert_eq!(found.as_deref(), expected, "{variables:?} {event:?}");
    };
    let event = format!("{{\"pull_request\":{{\"base\":{{\"sha\":\"{SHA}\"}}}}}}");
    let main = "refs/remotes/origin/main";
    check(&[("GITHUB_BASE_REF", "main")], Some(&event), Some(&[SHA, main]));
    check(&[("GITHUB_BASE_REF", "main")], Some("not json"), Some(&[main]));
    check(&[], Some(&format!("{{\"merge_group\":{{\"base_sha\":\"{SHA}\"}}}}")), Some(&[SHA]));
    let queue = |branch: &str| format!("refs/heads/gh-readonly-queue/{branch}/pr-7-{SHA}");
    check(&[("GITHUB_REF", &queue("main"))], None, Some(&[main]));
    let release = "refs/remotes/origin/release/1.x";
    check(&[("GITHUB_REF", &queue("release/1.x"))], None, Some(&[release]));
    check(&[("GITHUB_REF", "refs/heads/gh-readonly-queue/")], None, None);
    check(&[("GITHUB_REF", "refs/heads/main")], None, None);
    check(&[("GITHUB_BASE_REF", "")], Some("{\"ref\":\"refs/heads/main\"}"), None);
    let gitlab = [("CI_MERGE_REQUEST_IID", "7"), ("CI_MERGE_REQUEST_DIFF_BASE_SHA", SHA)];
    check(&gitlab, None, Some(&[SHA]));
    let mirrored = [
        ("CI_EXTERNAL_PULL_REQUEST_IID", "7"),
        ("CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_SHA", SHA),
        ("CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME", "main"),
    ];
    check(&mirrored, None, Some(&[SHA, main]));
    let azure = [
        ("SYSTEM_PULLREQUEST_PULLREQUESTID", "7"),
        ("SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/main"),
    ];
    check(&azure, None, Some(&[main]));
    check(&[("CHANGE_ID", "7"), ("CHANGE_TARGET", "main")], None, Some(&[main]));
    check(&[("BITBUCKET_PR_DESTINATION_COMMIT", SHA)], None, Some(&[SHA]));
    // Still a pull request, and nothing of the kind that git may be asked for.
    check(&[("CHANGE_ID", "7"), ("CHANGE_TARGET", "--upload-pack=x")], None, Some(&[]));
    check(
        &[("GITHUB_BASE_REF", "a b")],
        Some("{\"pull_request\":{\"base\":{\"sha\":\"-x\"}}}"),
        Some(&[]),
    );
    check(&[("GITHUB_SHA", SHA), ("CI_COMMIT_SHA", SHA)], None, None);
}

#[test]
fn a_name_that_could_be_a_flag_or_a_range_is_no_commit() {
    for good in ["main", "HEAD^1", "HEAD~2", "v1.2.3", "release/1.x", SHA] {
        assert!(rev_is_good(good), "{good}");
    }
    let long = "a".repeat(300);
    for bad in ["", "-x", "--help", "a..b", "main:gate.toml", "a b", "a\n", "@{u}", "$(x)", &long] {
        assert!(!rev_is_good(bad), "{bad}");
    }
}

fn thresholds() -> impl Strategy<Value = Vec<Threshold>> {
    let one = (0_usize..6, 50_u64..250, any::<bool>(), any::<bool>()).prop_map(
        |(metric, millis, level, window)| {
            let metric = ["p50", "p95", "p99", "mean", "max", "p99_9"][metric];
            let threshold = asked(metric, &format!("< {millis}ms"));
            let threshold = if level { warn(threshold) } else { threshold };
            if window { over(s(10), threshold) } else { threshold }
        },
    );
    prop::collection::vec(one, 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_stricter_fails_where_one_of_two_fails(a in thresholds(), b in thresholds()) {
        let ((one, run), (other, _)) = (minute(a, usual()), minute(b, usual()));
        let (own, base) = (judge(&one, &run), judge(&other, &run));
        let expected = own.verdict().max(base.verdict());
        prop_assert_eq!(stricter(own.clone(), base.clone()).verdict(), expected);
        prop_assert_eq!(stricter(base, own).verdict(), expected);
        let fails = |verdict| verdict == Verdict::Fail;
        let both = judge_both(&one, Some(&other), policy(Vec::new(), false), &run, None);
        let alone = [judge(&one, &run), judge(&other, &run)].map(|one| one.verdict());
        prop_assert_eq!(fails(both.verdict()), alone.into_iter().any(fails));
    }

    #[test]
    fn nobody_loosens_by_tightening(a in thresholds(), by in 1_u64..40) {
        let (mut plan, _) = minute(a.clone(), usual());
        for threshold in &mut plan.thresholds {
            if let loadgate::metric::Value::Time(time) = &mut threshold.limit.bound {
                *time -= Duration::from_millis(by);
            }
        }
        let (base, _) = minute(a, usual());
        let copy = |plan| Copy { plan, bytes: Vec::new(), files: BTreeMap::new() };
        let differences = compare(&copy(base), &copy(plan));
        prop_assert!(!differences.iter().any(Difference::loosens), "{}", told(&differences));
    }
}
