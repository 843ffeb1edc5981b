//! What `[sla]` means.

use loadgate::metric::Metric;
use loadgate::plan::threshold::{Level, Selector, Threshold};
use loadgate::plan::{Plan, Source};

use super::{ONE, gate, good, source, told};

#[test]
fn a_gate_without_an_error_rate_gets_one() {
    let rates = |sla: &str| {
        let plan = good(&gate(ONE, sla));
        let rates = plan.thresholds.into_iter().filter(|one| one.metric == Metric::ErrorRate);
        rates.map(|one| (one.limit.to_string(), one.default)).collect::<Vec<_>>()
    };
    let usual = ("< 1%".to_owned(), true);
    assert_eq!(rates("p50 = \"< 1s\""), std::slice::from_ref(&usual));
    assert_eq!(rates("error_rate = \"< 5%\""), [("< 5%".to_owned(), false)]);
    let endpoint = "[sla.\"GET /\"]\nerror_rate = \"< 5%\"";
    assert_eq!(rates(endpoint), [("< 5%".to_owned(), false), usual]);
}

#[test]
fn fail_and_warn_are_a_threshold_each() {
    let plan = good(&gate(ONE, "max = { fail = \"< 2s\", warn = \"<= 1s\", required = false }"));
    let shown = |one: &Threshold| (one.level, one.limit.to_string(), one.required, one.line);
    assert_eq!(
        plan.thresholds[..2].iter().map(shown).collect::<Vec<_>>(),
        [(Level::Fail, "< 2s".to_owned(), false, 9), (Level::Warn, "<= 1s".to_owned(), false, 9)]
    );
}

#[test]
fn a_percentile_has_three_spellings() {
    for spelling in ["p99_9", "\"p99.9\"", "p99.9"] {
        let plan = good(&gate(ONE, &format!("{spelling} = \"< 1s\"\np50 = \"< 1s\"")));
        assert_eq!(plan.thresholds[0].metric.to_string(), "p99.9", "{spelling}");
    }
    let both = "p99.9 = \"< 1s\"\np99.99 = { fail = \"< 2s\" }\np99.fail = \"< 500ms\"";
    let plan = good(&gate(ONE, both));
    let shown: Vec<_> = plan.thresholds.iter().map(|one| one.metric.to_string()).collect();
    assert_eq!(shown, ["p99.9", "p99.99", "p99", "error_rate"]);
}

#[test]
fn an_endpoint_may_be_named_like_a_metric() {
    let requests = "[[request]]\nname = \"max\"\nget = \"/\"";
    let plan = good(&gate(requests, "[sla.max]\np50 = \"< 1s\""));
    assert_eq!(plan.thresholds[0].selector, Selector::Endpoints("max".to_owned()));
    let plan = good(&gate(requests, "[sla.max]\nfail = \"< 1s\""));
    assert_eq!(plan.thresholds[0].selector, Selector::Whole);
}

#[test]
fn scopes_that_match_nothing_are_warned_of() {
    let misspelt = "[sla.chekout]\np50 = \"< 1s\"\n";
    let sla = format!("{misspelt}[sla.\"GET /x*\"]\np50 = \"< 1s\"\n[sla.\"c*\"]\nmax = \"< 1s\"");
    let plan = good(&gate("[[request]]\nname = \"checkout\"\nget = \"/\"", &sla));
    let warnings: Vec<_> = plan.warnings.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(warnings.join("\n"), @r#"
    gate.toml:10:6: `chekout` matches no endpoint
    10 | [sla.chekout]
       |      ^^^^^^^
    hint: did you mean `checkout`?
    gate.toml:12:6: `GET /x*` matches no endpoint
    12 | [sla."GET /x*"]
       |      ^^^^^^^^^
    "#);
}

#[test]
fn thresholds_can_come_from_another_file() {
    let text = gate(ONE, "max = \"< 1s\"");
    let other = "[target]\nurl = \"${UNSET}\"\n[sla]\np50 = \"< 2s\"\nerror_rate = \"< 2%\"\n";
    let asked = Source {
        thresholds: Some(("base.toml", other.as_bytes())),
        ..source("gate.toml", text.as_bytes())
    };
    let plan = Plan::read(&asked).map_err(|faults| faults.to_string()).expect("a good gate file");
    let shown: Vec<_> = plan.thresholds.iter().map(|one| one.metric.to_string()).collect();
    assert_eq!(
        (plan.asked_in.as_str(), shown),
        ("base.toml", vec!["p50".into(), "error_rate".into()])
    );
    assert_ne!(plan.hash, good(&text).hash);
    let bad = Source { thresholds: Some(("base.toml", b"[sla]\np5O = \"< 1s\"")), ..asked };
    let told = Plan::read(&bad).expect_err("misspelt").to_string();
    assert!(told.starts_with("base.toml:2:1: unknown metric `p5O`, did you mean `p50`?"), "{told}");
}

#[test]
fn a_file_may_hold_thresholds_alone() {
    let plan = good("[sla]\np95 = \"< 1s\"\n");
    assert!(plan.drive.is_none() && plan.thresholds.len() == 2);
    let during = "[sla]\np95 = { fail = \"< 1s\", during = \"peak\" }";
    assert_eq!(told(during), ["there is no stage `peak`"]);
}
