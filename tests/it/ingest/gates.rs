//! Files judged by the built binary: what must not pass does not.

use super::{bytes, data};
use crate::support::gate::{Done, Gate};

/// A gate that asks so much of files, by their names in the repository.
fn judged(sla: &str, names: &[&str], more: &[&str]) -> Done {
    let gate = Gate::new(&format!("[sla]\n{sla}\n"));
    let paths: Vec<String> =
        names.iter().map(|name| data(name).to_string_lossy().into_owned()).collect();
    let mut arguments = vec!["check", "gate.toml"];
    arguments.extend(paths.iter().map(String::as_str));
    arguments.extend(more);
    gate.run(&arguments)
}

/// Whether `verdict.json` says so; a terminal would break the line.
fn tells(done: &Done, text: &str) {
    let verdict = done.verdict().to_string();
    assert!(verdict.contains(text), "`{text}` is not in {verdict}");
}

#[test]
fn samples_are_judged_like_a_run_of_our_own() {
    let good = "good_p95 = \"< 360ms\"\nerror_rate = \"< 32%\"\ncount = \">= 427\"";
    let done = judged(good, &["jmeter/run-5.5.jtl"], &[]);
    done.code(0).says("427").says("JMeter").says("transaction").reports();
    assert_eq!(done.verdict()["facts"]["source"]["format"], "jmeter-csv");
    judged("good_p95 = \"< 359ms\"\nerror_rate = \"< 32%\"", &["jmeter/run-5.5.jtl"], &[])
        .code(1)
        .says("good_p95");
    judged("p50 = \"< 1s\"", &["k6/out.csv.gz"], &[]).code(1).says("error_rate");
}

#[test]
fn windows_and_endpoints_are_judged_in_samples() {
    let sla = "error_rate = \"< 60%\"\n[sla.slow]\np50 = { fail = \"< 1s\", over = \"10s\" }";
    judged(sla, &["jmeter/run-5.5.jtl"], &[]).code(0).reports();
    let sla = "error_rate = \"< 60%\"\n[sla.slow]\np50 = { fail = \"< 1ms\", over = \"10s\" }";
    judged(sla, &["jmeter/run-5.5.jtl"], &[]).code(1).says("each 10 s window").reports();
}

#[test]
fn a_target_that_died_does_not_pass_by_what_was_fast_before() {
    let sla = "p99 = \"< 1s\"";
    let both = ["locust/hang/final.json", "locust/hang/run_stats_history.csv"];
    for (names, why) in [
        (&["locust/hang/run_stats.csv"][..], "nothing was answered in the last 14s"),
        (&["locust/hang/final.json"], "_stats_history.csv"),
        (&both, "while there were 10 users"),
    ] {
        let done = judged(sla, names, &[]);
        done.code(3).says("measurement").reports();
        let reasons = done.verdict()["facts"]["generator"]["reasons"].to_string();
        assert!(reasons.contains(why), "{reasons}");
    }
}

#[test]
fn what_dropped_every_connection_does_not_pass() {
    let sla = "p50 = \"< 1s\"";
    judged(sla, &["ab/ab-drop.txt"], &[]).code(3).says("not one byte came back").reports();
    judged(sla, &["hey/hey-drop.csv"], &[]).code(3).says("not one request").no_reports();
    judged(sla, &["wrk/wrk-hang.txt"], &[]).code(3).says("never came").reports();
    judged("good_p50 = \"< 1s\"", &["oha/oha.csv"], &[]).code(3).says("error_rate").reports();
    judged(sla, &["oha/oha-flaky.json"], &[]).code(1).says("error_rate").reports();
    let lenient = "p50 = \"< 1s\"\nerror_rate = \"< 20%\"";
    for name in ["oha/oha-flaky.json", "wrk/wrk-flaky.txt", "autocannon/autocannon-flaky.json"] {
        judged(lenient, &[name], &[]).code(0).reports();
    }
    let p95 = judged("p85 = \"< 9ms\"\nerror_rate = \"< 20%\"", &["wrk/wrk-flaky.txt"], &[]);
    p95.code(0).reports();
}

#[test]
fn samples_of_anything_are_read_by_the_names_of_columns() {
    let row = |at: u64| format!("/a,{},{},200,", 1_795_466_743 + at, at % 9);
    let rows: Vec<String> = (0..300).map(row).collect();
    let line =
        |at: u64| format!("{{\"latency_us\":{},\"success\":{}}}", at * 10, !at.is_multiple_of(100));
    let lines: Vec<String> = (0..300).map(line).collect();
    let (rows, lines) = (rows.join("\n"), lines.join("\n"));
    let gate = Gate::new("[sla]\np95 = \"< 10ms\"\nerror_rate = \"<= 1%\"\n")
        .file("a.csv", format!("name,start,latency_ms,status,error\n{rows}"))
        .file("a.ndjson", lines)
        .file("b.csv", format!("name,latency_ms\n{}", "/a,5\n".repeat(300)));
    gate.run(&["check", "gate.toml", "a.csv"]).code(0).says("/a").reports();
    gate.run(&["check", "gate.toml", "a.ndjson"]).code(0).says("all requests").reports();
    // Nothing in it says whether a request failed.
    gate.run(&["check", "gate.toml", "b.csv"]).code(3).says("no column").reports();
}

#[test]
fn a_run_without_requests_does_not_pass() {
    let sla = "p99 = \"< 1s\"";
    judged(sla, &["locust/empty/run_stats.csv"], &[]).code(3).says("not one request").no_reports();
    judged(sla, &["locust/empty/run_stats_history.csv"], &[]).code(3).says("not one request");
    let gate = Gate::new("[sla]\np99 = \"< 1s\"\n").file("out.json", "[]\n[]\n[]\n");
    gate.run(&["check", "gate.toml", "out.json"]).code(3).says("not one request").no_reports();
}

#[test]
fn what_locust_rounds_down_does_not_pass() {
    // Every request took 1,011 ms or more, and the file says 1,000.
    let names = ["locust/rounding/run_stats.csv"];
    judged("p50 = \"<= 1s\"", &names, &[]).code(1).says("1.011 s").reports();
    tells(judged("p50 = \"< 1020ms\"", &names, &[]).code(3).reports(), "lies between");
    judged("p50 = \"< 1100ms\"", &names, &[]).code(0).reports();
    let json = ["locust/rounding/final.json", "locust/rounding/run_stats_history.csv"];
    tells(judged("p50 = \"< 1020ms\"", &json, &[]).code(3).reports(), "lies between");
}

#[test]
fn what_a_summary_does_not_tell_is_not_judged() {
    let k6 = ["k6/summary-export.json"];
    let sla = "error_rate = \"< 6%\"\nstatus_5xx = \"< 1%\"";
    let done = judged(sla, &k6, &[]);
    tells(done.code(3).reports(), "does not tell the status");
    let findings = done.verdict()["findings"].clone();
    assert_eq!(findings[1]["doubt"], "not-in-file");
    let asked = |more: &str| judged(&format!("error_rate = \"< 6%\"\n{more}"), &k6, &[]);
    tells(asked("p50 = { fail = \"< 1s\", over = \"5s\" }").code(3), "single windows");
    tells(asked("good_p95 = \"< 300ms\"").code(3), "lies between");
    judged("error_rate = \"< 6%\"\ngood_p95 = \"< 600ms\"", &k6, &[]).code(0).reports();
    judged("error_rate = \"< 5%\"", &k6, &[]).code(1);
    let sla = "p99 = \"< 1s\"\nerror_rate = \"< 10%\"";
    let history = judged(sla, &["locust/standalone/run_stats_history.csv"], &[]);
    tells(history.code(3), "_stats.csv");
}

#[test]
fn what_was_imported_is_judged_again_the_same() {
    let gate = Gate::new("[sla]\np50 = \"< 1s\"\nerror_rate = \"< 50%\"\ncount = \">= 1\"\n");
    for name in ["jmeter/run-5.5.jtl", "locust/standalone/final.json", "k6/handleSummary.json"] {
        let path = data(name).to_string_lossy().into_owned();
        let first = gate.run(&["check", "gate.toml", &path, "--out", "one"]);
        first.code(0);
        gate.run(&["check", "gate.toml", "one/run.json", "--out", "two"]).code(0);
        for report in ["run.json", "verdict.json", "junit.xml", "summary.md", "report.html"] {
            let of = |out: &str| std::fs::read(gate.path(&format!("{out}/{report}")));
            let (one, two) = (of("one").expect("written"), of("two").expect("written"));
            assert!(one == two, "{name}: {report} differs");
        }
    }
}

#[test]
fn files_of_one_run_are_added_and_others_refused() {
    let sla = "error_rate = \"< 50%\"\ncount = \"= 854\"".replace("= 854", ">= 854");
    judged(&sla, &["jmeter/run-5.5.jtl", "jmeter/run-5.5.jtl"], &[]).code(0).reports();
    let mixed = ["jmeter/run-5.5.jtl", "k6/out.csv.gz"];
    judged(&sla, &mixed, &[]).code(2).says("of one tool").no_reports();
    let quoted = ["k6/summary-export.json", "k6/handleSummary.json"];
    judged(&sla, &quoted, &[]).code(2).says("cannot be added").no_reports();
}

#[test]
fn the_format_is_recognised_or_named() {
    let gate = Gate::new("[sla]\nerror_rate = \"< 50%\"\n")
        .file("strange.txt", "who knows what this is\n")
        .file("run.jtl", bytes("jmeter/run-5.5.jtl"));
    gate.run(&["check", "gate.toml", "strange.txt"]).code(3).says("explain formats");
    gate.run(&["check", "gate.toml", "run.jtl", "--format", "jmeter-csv"]).code(0);
    gate.run(&["check", "gate.toml", "run.jtl", "--format", "jmeter-xml"]).code(3);
    gate.run(&["check", "gate.toml", "run.jtl", "--format", "jmeter"]).code(2);
    gate.run(&["check", "gate.toml", "missing.jtl"]).code(3).says("missing.jtl");
}
