//! A played Bitbucket, behind the proxy that every step has.

use serde_json::{Value, json};

use loadgate::archive;

use super::desk::{GATE, HEAD, based, judge};
use crate::support::cases::{failing, passing};
use crate::support::gate::Gate;
use crate::support::server::{Act, Script, Server, answer, ok, status};

const REPORT: &str = "http://api.bitbucket.org/2.0/repositories/octo/shop/commit/\
                      89abcdef0123456789abcdef0123456789abcdef/reports/loadgate-gate";

fn job(passes: bool, proxy: &Server) -> Gate {
    let (_, run) = if passes { passing() } else { failing() };
    based(Gate::new(GATE))
        .file("run.json", archive::write(&run))
        .set("BITBUCKET_BUILD_NUMBER", "17")
        .set("BITBUCKET_COMMIT", HEAD)
        .set("BITBUCKET_PR_ID", "7")
        .set("BITBUCKET_REPO_SLUG", "shop")
        .set("BITBUCKET_WORKSPACE", "octo")
        .set("LOADGATE_BITBUCKET_PROXY", &proxy.url(""))
        // The step's proxy is meant, whatever others there are.
        .set("NO_PROXY", "*")
}

/// What the proxy answers for the report, turn by turn.
fn proxy(turns: impl Into<Vec<Vec<Act>>>) -> Server {
    let annotations = format!("{REPORT}/annotations");
    Server::start(Script::new().on(&annotations, [ok("[]")]).turns(REPORT, turns))
}

fn gone() -> Vec<Act> {
    vec![answer(204, "", "")]
}

#[test]
fn a_report_with_annotations_takes_the_place_of_an_earlier_runs() {
    let server = proxy([gone(), vec![ok("{}")]]);
    let done = judge(&job(false, &server), &["--publish", "require"]);
    done.code(1).says("the verdict is in the report loadgate-gate");
    let asked = server.heard();
    let methods: Vec<_> =
        asked.iter().map(|ask| ask.split(' ').next().unwrap_or_default()).collect();
    assert_eq!(methods, ["DELETE", "PUT", "POST"]);
    assert!(asked.iter().all(|ask| !ask.to_lowercase().contains("authorization")), "{asked:?}");
    let body = |nth: usize| {
        let text = asked[nth].split_once("\r\n\r\n").map_or("", |(_, body)| body);
        serde_json::from_str::<Value>(text).expect("a body is JSON")
    };
    let report = body(1);
    assert_eq!((&report["result"], &report["report_type"]), (&"FAILED".into(), &"TEST".into()));
    assert_eq!(report["link"], "https://bitbucket.org/octo/shop/pipelines/results/17");
    let data = report["data"].as_array().expect("a table");
    let kinds = ["NUMBER", "PERCENTAGE", "DURATION", "TEXT"];
    assert!((1..=10).contains(&data.len()), "{data:?}");
    assert!(data.iter().all(|one| kinds.iter().any(|kind| one["type"] == *kind)), "{data:?}");
    let share = data.iter().find(|one| one["title"] == "error rate");
    assert_eq!(share.map(|one| &one["value"]), Some(&json!(1.67)));
    let annotations = body(2);
    let first = &annotations[0];
    assert_eq!((&first["path"], &first["line"]), (&"gate.toml".into(), &2.into()));
    assert_eq!((&first["annotation_type"], &first["severity"]), (&"BUG".into(), &"HIGH".into()));
    assert_ne!(first["external_id"], annotations[1]["external_id"]);
}

#[test]
fn a_pass_is_told_without_annotations() {
    let server = proxy([vec![status(404)], vec![ok("{}")]]);
    judge(&job(true, &server), &[]).code(0).says("in the report");
    assert!(server.heard()[1].contains(r#""result":"PASSED""#));
    assert_eq!(server.requests(), 2);
    // Outside of a pull request it is wanted by `--check` alone.
    let server = proxy([vec![status(404)], vec![ok("{}")]]);
    let push = || job(true, &server).set("BITBUCKET_PR_ID", "");
    judge(&push(), &[]).code(0);
    assert_eq!(server.requests(), 0);
    judge(&push(), &["--check"]).code(0).says("in the report");
}

#[test]
fn a_pass_takes_the_report_of_a_failure_away_where_only_failures_are_wanted() {
    let methods = |passes: bool, flags: &[&str]| {
        let server = proxy([gone(), vec![ok("{}")]]);
        let done = judge(&job(passes, &server), flags);
        let asked = server.heard();
        let words = asked.iter().map(|ask| ask.split(' ').next().unwrap_or_default().to_owned());
        (words.collect::<Vec<_>>().join(" "), done.stderr.clone())
    };
    let (asked, said) = methods(true, &["--comment", "on-failure"]);
    assert_eq!(asked, "DELETE");
    assert!(said.contains("no report: the gate passed"), "{said}");
    assert_eq!(methods(false, &["--comment", "on-failure"]).0, "DELETE PUT POST");
    // A check is wanted in any case.
    assert_eq!(methods(true, &["--comment", "on-failure", "--check"]).0, "DELETE PUT");
    assert_eq!(methods(false, &["--comment", "never"]).0, "");
    // One that cannot be taken away is said.
    let server = proxy([vec![status(500)]]);
    let done = judge(&job(true, &server), &["--comment", "on-failure"]);
    done.code(0).says("warning: ").says("Bitbucket fails (500)");
}

#[test]
fn whatever_bitbucket_refuses_the_verdict_stays() {
    let why = r#"{"type":"error","error":{"message":"odd ##vso[x]"}}"#;
    for (refusal, said) in [
        (answer(401, "", ""), "rejects the token (401)"),
        (answer(403, "", why), "Grant the scope `repository`"),
        (answer(400, "", why), "does not take it (400"),
        (answer(429, "retry-after: 600\r\n", "{}"), "asks to wait 600 s"),
        (status(500), "Bitbucket fails (500)"),
    ] {
        let server = proxy([gone(), vec![refusal]]);
        let done = judge(&job(false, &server), &[]);
        done.code(1).says("warning: ").says(said);
        assert!(!done.stderr.contains("##vso["), "{}", done.stderr);
    }
}
