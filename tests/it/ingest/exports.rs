//! Runs written in formats of other tools, and read back.

use loadgate::export::{To, Unexported, export};
use loadgate::ingest::Format;

use super::{ASK, Ask, data, read_all, run};
use crate::support::gate::Gate;

#[test]
fn what_is_written_as_jtl_is_read_as_the_same_counts() {
    let jtl = run(&["jmeter/run-5.5.jtl"]);
    let text = export(&jtl, To::Jtl).expect("it has samples");
    let again = read_all(&[text.as_bytes()], &ASK).expect("it is a JTL");
    let counts = |run: &loadgate::run::Run| {
        let whole = run.whole();
        let count = |one: &loadgate::run::Evidence| (one.name.clone(), one.whole.count());
        let mut all: Vec<_> = run.endpoints.iter().map(count).collect();
        all.sort();
        (whole.count(), whole.bad(), whole.statuses().clone(), all)
    };
    assert_eq!(counts(&again), counts(&jtl));
    let times = |run: &loadgate::run::Run| {
        let failed = run.whole().failed().buckets().into_iter();
        failed.map(|(edge, count)| (edge.as_millis(), count)).collect::<Vec<_>>()
    };
    // Each failed request took as long as it took, not no time at all.
    assert!(times(&jtl).iter().any(|(millis, _)| *millis > 100), "{:?}", times(&jtl));
    assert_eq!(times(&again), times(&jtl));
}

#[test]
fn what_is_written_as_a_summary_of_k6_is_read_as_one() {
    let jtl = run(&["jmeter/run-5.5.jtl"]);
    let text = export(&jtl, To::K6Summary).expect("it has samples");
    let named = Ask { format: Some(Format::K6Summary), ..ASK };
    let again = read_all(&[text.as_bytes()], &named).expect("it is a summary");
    let whole = again.imported.and_then(|imported| imported.whole).expect("a summary");
    assert_eq!((whole.count, whole.failed), (427, 136));
    assert_eq!(again.endpoints.len(), jtl.endpoints.len());
}

#[test]
fn tables_logs_and_metrics_have_what_was_measured() {
    let jtl = run(&["jmeter/run-5.5.jtl"]);
    let csv = export(&jtl, To::Csv).expect("it has samples");
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let column = |row: &csv::StringRecord, at: usize| row[at].parse::<u64>().expect("a count");
    let sums = rows.records().map(|row| row.expect("it is CSV"));
    let sums = sums.fold((0, 0), |sum, row| (sum.0 + column(&row, 3), sum.1 + column(&row, 4)));
    assert_eq!(sums, (427, 136));
    let lines = export(&jtl, To::Ndjson).expect("it has samples");
    assert_eq!(lines.lines().count() + 1, csv.lines().count());
    let log = export(&jtl, To::Hlog).expect("it has samples");
    assert!(log.contains("#[Histogram log format version 1.3]\n"));
    assert!(log.lines().any(|line| line.starts_with("Tag=fast,0.000,") && line.contains(",HISTF")));
    let metrics = export(&jtl, To::Openmetrics).expect("it has samples");
    assert!(metrics.ends_with("# EOF\n"));
    let good = "loadgate_requests_total{endpoint=\"fast\",outcome=\"good\"} 64\n";
    assert!(metrics.contains(good), "{metrics}");
}

#[test]
fn a_summary_has_no_samples_to_write() {
    let summary = run(&["k6/summary-export.json"]);
    assert_eq!(export(&summary, To::Jtl), Err(Unexported::NoSamples));
}

#[test]
fn a_run_is_written_to_a_file_or_printed() {
    let gate = Gate::new("[sla]\np50 = \"< 1s\"\nerror_rate = \"< 50%\"\n");
    let path = data("jmeter/run-5.5.jtl").to_string_lossy().into_owned();
    gate.run(&["check", "gate.toml", &path]).code(0);
    let printed = gate.run(&["export", "loadgate-out", "--to", "openmetrics"]);
    printed.code(0);
    gate.run(&["export", "loadgate-out/run.json", "--to", "hlog", "-o", "out.hlog"]).code(0);
    assert!(gate.path("out.hlog").exists());
    // What is there is never written over.
    gate.run(&["export", "loadgate-out", "--to", "csv", "-o", "out.hlog"]).code(2);
    gate.run(&["export", "loadgate-out", "--to", "xlsx"]).code(2);
}
