//! What `[sla]` means.

use loadgate::metric::Metric;
use loadgate::plan::threshold::{During, Level, Selector, Threshold};
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
    let plan = good(during);
    assert_eq!(plan.thresholds[0].window.during, Some(During::Named("peak".to_owned())));
    assert!(loadgate::plan::outline(&plan).contains("in the stage peak"));
}

#[test]
fn what_is_no_relation_is_not_repeated_in_the_hint() {
    let hint = |limit: &str| {
        let text = gate(ONE, &format!("{limit}\n"));
        let faults = super::read(&text).expect_err(limit);
        faults.0[0].hint.clone().unwrap_or_default()
    };
    assert_eq!(hint("p95 = \"=< 2s\""), "write `<= 2s`");
    assert_eq!(hint("p95 = \"= 3ms\""), "write `<= 3ms`");
    assert_eq!(hint("p95 = \"3ms\""), "write `< 3ms`");
    assert_eq!(hint("throughput = \"≥ 5/s\""), "write `>= 5/s`");
    assert_eq!(hint("count = \"5\""), "write `>= 5`");
    assert_eq!(hint("mean = \"=\""), "write `<= 250ms`");
}

#[test]
fn a_percentile_beyond_the_last_is_no_misspelt_one() {
    let asked = |metric: &str| told(&gate(ONE, &format!("{metric} = \"< 1s\"")));
    assert_eq!(asked("p101"), ["there is no percentile `p101`"]);
    assert_eq!(asked("good_p0"), ["there is no percentile `good_p0`"]);
    assert_eq!(asked("p100"), ["unknown metric `p100`, did you mean `max`?"]);
}

#[test]
fn more_requests_than_are_sent_cannot_be_asked_for() {
    let asked = |count: &str| told(&gate(ONE, &format!("count = \"{count}\"")));
    assert_eq!(asked("> 100"), ["`count` asks for more than the 100 requests that are sent"]);
    assert_eq!(asked(">= 100"), Vec::<String>::new());
    assert_eq!(asked("< 5000"), Vec::<String>::new());
}

#[test]
fn a_fault_hides_no_other() {
    let twice = "[[request]]\nname = \"x\"\nget = \"/\"\n[[request]]\nname = \"x\"\nget = 3";
    let both = told(&gate(twice, "p50 = \"< 1s\""));
    assert!(both.contains(&"two requests are named `x`".to_owned()), "{both:?}");
    let load = "[target]\nurl = \"http://h\"\n[load]\nthreads = 0\n[[load.stage]]\n\
                name = \"peak\"\nduration = \"9s\"\nto = \"9/s\"\n[[request]]\nget = \"/\"\n";
    let stage = |name: &str| {
        told(&format!("{load}[sla]\np50 = {{ fail = \"< 1s\", during = \"{name}\" }}")).len()
    };
    assert_eq!((stage("peak"), stage("paek")), (1, 2));
}

#[test]
fn the_faults_of_two_files_stay_apart() {
    let text = "[target]\nurl = 3\n[load]\nrate = \"1\"\n[[request]]\nget = 1\n";
    let base = b"[sla]\np50 = \"1\"\n\n\n\n\n\nmean = \"2\"\n";
    let source =
        Source { thresholds: Some(("base.toml", base)), ..source("gate.toml", text.as_bytes()) };
    let faults = Plan::read(&source).expect_err("both are wrong").0;
    let files: Vec<_> = faults.iter().map(|fault| fault.file.as_str()).collect();
    assert_eq!(files, ["gate.toml", "gate.toml", "gate.toml", "base.toml", "base.toml"]);
}

#[test]
fn services_that_nobody_is_led_to_are_warned_of() {
    let also = |request: &str| {
        let text = gate(request, "p50 = \"< 1s\"");
        let also = "also = [\"http://other\"]\n[load]";
        let plan = good(&text.replace("[load]", also));
        plan.warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(also("[[request]]\nget = \"/\"\nfollow = 2"), "");
    insta::assert_snapshot!(also(ONE), @r#"
    gate.toml:3:8: `also` changes nothing: no request follows redirects
    3 | also = ["http://other"]
      |        ^^^^^^^^^^^^^^^^
    hint: write `follow = 5` in `[target]`, a scenario or a step, or leave `also` out
    "#);
}
