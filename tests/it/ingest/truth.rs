//! Each file gives what its tool counted. The numbers beside the files were counted by other
//! programs: nearest ranks over the rows that the tool itself counts.

use std::time::Duration;

use loadgate::archive;
use loadgate::metric::{Metric, Value};
use loadgate::run::{Precision, Ranks, Run, Subject};
use loadgate::tally::Frame;
use loadgate::unit::Quantile;

use super::run;

fn percentile(millionths: u32) -> Quantile {
    Quantile::from_millionths(millionths).expect("a percentile")
}

/// The value of a metric over the whole run, in its unit.
fn value(run: &Run, metric: Metric) -> Option<f64> {
    let quotes = run.imported.as_ref().and_then(|imported| imported.whole.as_ref());
    let frame = Frame { span: run.judged(), timeout: Duration::ZERO };
    let value = match quotes {
        Some(quotes) => quotes.read(metric, run.judged()).map(|answer| answer.said),
        None => run.whole().read(metric, frame),
    };
    value.and_then(Value::number)
}

fn near(got: Option<f64>, expected: f64, what: &str) {
    let close = got.is_some_and(|got| (got - expected).abs() <= expected * 0.001 + 1e-6);
    assert!(close, "{what}: {got:?} where {expected} is true");
}

/// Requests, failed ones, and the good answers' median, 95th percentile and largest in ms.
fn check(names: &[&str], (count, failed): (f64, f64), good: [f64; 3]) -> Run {
    let run = run(names);
    near(value(&run, Metric::Count), count, "count");
    near(value(&run, Metric::ErrorRate), failed / count * 100.0, "error_rate");
    let [p50, p95, max] = good;
    near(value(&run, Metric::GoodLatency(percentile(500_000))), p50, "p50");
    near(value(&run, Metric::GoodLatency(percentile(950_000))), p95, "p95");
    near(run.whole().latency().most().map(|most| most.as_secs_f64() * 1e3), max, "max");
    run
}

#[test]
fn samples_are_counted_as_their_tool_counts_them() {
    let jtl = check(&["jmeter/run-5.5.jtl"], (427.0, 136.0), [108.0, 359.0, 883.0]);
    let precision = jtl.imported.map(|imported| imported.precision);
    assert_eq!(precision, Some(Precision::Step(Duration::from_millis(1))));
    check(&["jmeter/run-5.5.xml.jtl"], (41.0, 10.0), [250.0, 812.0, 826.0]);
    check(&["taurus/kpi.jtl"], (913.0, 71.0), [11.0, 193.0, 646.0]);
    check(&["k6/out.csv.gz"], (940.0, 51.0), [38.758_953, 211.074_764, 556.595_696]);
    check(&["k6/out.ndjson.gz"], (354.0, 14.0), [19.820_715, 217.586_516, 403.056_917]);
    check(&["locust/requests.csv"], (415.0, 9.0), [13.66, 24.83, 88.34]);
    for name in ["vegeta/results.json.gz", "vegeta/results.csv.gz", "vegeta/results.bin.gz"] {
        check(&[name], (480.0, 108.0), [24.037_638, 268.143_216, 392.013_877]);
    }
    check(&["gatling/text-1.log"], (6.0, 0.0), [358.0, 512.0, 512.0]);
    check(&["gatling/text-2.log"], (5.0, 1.0), [1_279.0, 1_845.0, 1_845.0]);
    check(&["gatling/text-3.log"], (243.0, 0.0), [63.0, 66.0, 379.0]);
    check(&["gatling/text-331.log"], (100.0, 0.0), [90.0, 235.0, 256.0]);
    let binary = run(&["gatling/binary-3.12.1.log"]);
    let whole = binary.whole();
    let ms = Duration::from_millis;
    let counts = (whole.count(), whole.bad(), whole.latency().least(), whole.latency().most());
    assert_eq!(counts, (105, 1, Some(ms(87)), Some(ms(368))));
}

#[test]
fn endpoints_have_the_names_that_users_know() {
    let names = |run: &Run| run.endpoints.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
    let jtl = ["fast", "slow", "flaky", "error 500", "body check", "redirect", "drop"];
    assert_eq!(names(&run(&["jmeter/run-5.5.jtl"])), jtl);
    assert_eq!(names(&run(&["locust/requests.csv"])), ["GET /fast", "GET /flaky"]);
    assert_eq!(names(&run(&["k6/out.ndjson.gz"]))[..2], ["item", "body check"]);
    let groups = names(&run(&["gatling/text-2.log"]));
    assert_eq!(groups[0], "User-Login / Auth-POST / POST");
    assert_eq!(names(&run(&["vegeta/results.csv.gz"]))[..2], ["GET /fast", "GET /flaky"]);
    assert_eq!(names(&run(&["locust/report.html"])), ["GET /fast", "GET /flaky"]);
}

#[test]
fn slices_add_up_to_the_whole() {
    for name in ["jmeter/run-5.5.jtl", "k6/out.csv.gz", "locust/requests.csv"] {
        let run = run(&[name]);
        assert!(run.slices.len() > 3, "{name}");
        for endpoint in &run.endpoints {
            assert_eq!(endpoint.slices.len(), run.slices.len());
            let counts = endpoint.slices.iter().map(|packed| {
                let tally = packed.unpack().expect("it was just packed");
                (tally.count(), tally.bad())
            });
            let sum = counts.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
            assert_eq!(sum, (endpoint.whole.count(), endpoint.whole.bad()), "{name}");
        }
        let sent: u64 = run.slices.iter().map(|slice| slice.pulse.sent).sum();
        assert_eq!(sent, run.load.sent);
    }
}

/// Requests, failed ones, and percentiles as the tool's own file has them, each with what it is
/// known to lie between.
#[test]
fn summaries_say_what_they_say_and_no_more() {
    let json = run(&["locust/standalone/final.json"]);
    assert_eq!(value(&json, Metric::Count), Some(14_730.0));
    near(value(&json, Metric::ErrorRate), 1_023.0 / 14_730.0 * 100.0, "error_rate");
    let csv = run(&["locust/standalone/run_stats.csv"]);
    assert_eq!(value(&csv, Metric::Count), Some(14_544.0));
    near(value(&csv, Metric::ErrorRate), 1_009.0 / 14_544.0 * 100.0, "error_rate");
    let fast = csv.endpoints.iter().find(|one| one.name == "GET /fast").expect("it is there");
    let quotes = fast.quotes.as_ref().expect("a summary quotes");
    let p95 = quotes.read(Metric::Latency(percentile(950_000)), Duration::from_mins(1));
    let ms = Duration::from_micros;
    let p95 = p95.expect("it is quoted");
    assert_eq!(
        (p95.low, p95.said, p95.high),
        (Value::Time(ms(22_500)), Value::Time(ms(23_000)), Value::Time(ms(23_500)),)
    );
    for name in ["k6/summary-export.json", "k6/handleSummary.json", "k6/machine.json"] {
        let k6 = run(&[name]);
        assert_eq!(value(&k6, Metric::Count), Some(940.0), "{name}");
        near(value(&k6, Metric::ErrorRate), 51.0 / 940.0 * 100.0, name);
        assert_eq!(value(&k6, Metric::Max), None, "51 failed requests never answered");
    }
}

#[test]
fn what_programs_print_is_counted_as_they_count() {
    for (name, count, failed) in [
        ("wrk/wrk-flaky.txt", 4_710.0, 472.0),
        ("wrk/wrk-lua.txt", 3_826.0, 374.0),
        ("hey/hey-flaky.txt", 200.0, 17.0),
        ("h2load/h2load.txt", 400.0, 50.0),
        ("h2load/flaky.txt", 400.0, 50.0),
        ("h2load/drop.txt", 200.0, 164.0),
        ("siege/flaky.json", 120.0, 5.0),
        ("siege/drop.json", 100.0, 10.0),
        ("artillery/report.json", 351.0, 20.0),
        ("ab/ab-flaky.txt", 500.0, 57.0),
        ("oha/oha-flaky.json", 500.0, 41.0),
        ("autocannon/autocannon-flaky.json", 2_924.0, 306.0),
        ("taurus/dump.csv", 913.0, 71.0),
        ("taurus/dump.xml", 913.0, 71.0),
    ] {
        let run = run(&[name]);
        assert_eq!(value(&run, Metric::Count), Some(count), "{name}");
        near(value(&run, Metric::ErrorRate), failed / count * 100.0, name);
    }
    let wrk = run(&["wrk/wrk-flaky.txt"]).imported.and_then(|imported| imported.whole);
    let p99 = wrk.expect("a summary").times;
    let Ranks::Fixed(quoted) = p99 else { unreachable!("wrk prints percentiles") };
    let micros = quoted.iter().map(|(_, band)| band.said.as_micros()).collect::<Vec<_>>();
    assert_eq!(micros, [5_780, 6_130, 6_440, 8_490]);
}

#[test]
fn a_file_beside_another_tells_what_that_one_hides() {
    let hidden = |names: &[&str], subject| {
        run(names).imported.expect("of another tool").untold.contains_key(&subject)
    };
    for (log, print) in [("h2load/flaky.log", "h2load/flaky.txt"), ("hey/hey-flaky.csv", "")] {
        assert!(hidden(&[log], Subject::Failures), "{log}");
        assert!(print.is_empty() || !hidden(&[log, print], Subject::Failures), "{log}");
    }
    let both = run(&["h2load/flaky.log", "h2load/flaky.txt"]);
    assert_eq!(value(&both, Metric::Count), Some(400.0));
    near(value(&both, Metric::ErrorRate), 12.5, "error_rate");
    let lost = run(&["h2load/drop.log", "h2load/drop.txt"]);
    near(value(&lost, Metric::ErrorRate), 82.0, "requests behind a lost connection are failed");
    assert!(hidden(&["ab/ab-g.tsv"], Subject::Good));
    assert!(!hidden(&["ab/ab-g.tsv", "ab/ab-flaky.txt"], Subject::Good));
    assert!(hidden(&["oha/oha.csv"], Subject::Failures));
    let both = run(&["ab/ab-flaky.txt", "ab/ab-e.csv"]);
    assert_eq!(value(&both, Metric::Count), Some(500.0));
    let Some(Ranks::Fixed(quoted)) = both.imported.and_then(|all| all.whole).map(|all| all.times)
    else {
        unreachable!("ab writes percentiles")
    };
    assert_eq!(quoted.len(), 100);
}

/// The service counted what it answered: 90 requests to each of three endpoints and 81 to the
/// fourth, since nine users gave up before it where their connection was closed.
#[test]
fn endpoints_of_artillery_are_counted_as_the_service_counted_them() {
    let report = run(&["artillery/report.json"]);
    let counts = report.endpoints.iter().map(|one| {
        let quotes = one.quotes.as_ref().expect("a summary quotes");
        (one.name.as_str(), quotes.count, quotes.failed)
    });
    let mut counts: Vec<_> = counts.collect();
    counts.sort_unstable();
    let truth = [
        ("/drop (drop)", 90, 9),
        ("/fast (fast)", 90, 0),
        ("/flaky (flaky)", 90, 11),
        ("/slow (slow)", 81, 0),
    ];
    assert_eq!(counts, truth);
}

/// A share beside `passes` and `fails` says which of the two are the failed requests: versions of
/// k6's schema do not agree.
#[test]
fn the_share_of_failures_tells_which_of_two_counts_they_are() {
    let text = String::from_utf8(super::bytes("k6/machine.json")).expect("it is text");
    for (counts, failed) in [
        ("\"passes\": 51, \"fails\": 889, \"rate\": 0.0542", 51),
        ("\"passes\": 889, \"fails\": 51, \"rate\": 0.0542", 51),
        ("\"passes\": 889, \"fails\": 51, \"rate\": 0.9457", 889),
        ("\"passes\": 51, \"fails\": 889", 51),
    ] {
        let from = text.find("\"matches\": 51").expect("the failed requests");
        let to = from + text[from..].find('}').expect("their end");
        let text = format!("{}{counts}{}", &text[..from], &text[to..]);
        let run = super::read(text.as_bytes()).expect("it is a summary");
        let whole = run.imported.and_then(|imported| imported.whole).expect("a summary");
        assert_eq!((whole.count, whole.failed), (940, failed), "{counts}");
    }
}

#[test]
fn the_report_of_vegeta_says_the_same_as_its_hits() {
    let report = run(&["vegeta/report.json"]);
    assert_eq!(value(&report, Metric::Count), Some(480.0));
    near(value(&report, Metric::ErrorRate), 22.5, "error_rate");
    let status = |text| Metric::parse(text).expect("a metric");
    near(value(&report, status("status_503")), 9.0 / 480.0 * 100.0, "status_503");
}

#[test]
fn a_rank_that_no_percentile_stands_at_is_told_as_a_range() {
    let k6 = run(&["k6/summary-export.json"]);
    let whole = k6.imported.and_then(|imported| imported.whole).expect("a summary");
    let p50 = whole.read(Metric::Latency(percentile(500_000)), Duration::ZERO).expect("it is told");
    // 51 failed requests are mixed in: the median of good answers lies between p50 and p90.
    let millis = |value: Value| value.number().expect("a time");
    assert!(millis(p50.low) < 39.0 && millis(p50.high) > 150.0, "{p50:?}");
    let p99 = whole.read(Metric::Latency(percentile(990_000)), Duration::ZERO).expect("it is told");
    assert_eq!(p99.said, Value::Never);
}

#[test]
fn what_a_summary_leaves_untold_is_said() {
    let told = |names: &[&str]| run(names).imported.expect("it is of another tool").untold;
    assert!(told(&["k6/summary-export.json"]).contains_key(&Subject::Statuses));
    assert!(told(&["locust/standalone/final.json"]).contains_key(&Subject::End));
    let both = ["locust/standalone/final.json", "locust/standalone/run_stats_history.csv"];
    assert!(!told(&both).contains_key(&Subject::End));
    assert!(!told(&["locust/report.html"]).contains_key(&Subject::End));
    assert!(told(&["locust/standalone/run_stats_history.csv"]).contains_key(&Subject::Latency));
    assert!(told(&["jmeter/run-5.5.jtl"]).is_empty());
}

#[test]
fn rounded_means_are_known_as_far_as_they_were_printed() {
    for (name, width) in [("siege/drop.json", 10_000), ("h2load/drop.txt", 10)] {
        let run = run(&[name]);
        let told = run.imported.clone().and_then(|imported| imported.whole);
        let mean = told.as_ref().and_then(|whole| whole.mean).expect("it prints a mean");
        let known = mean.high.saturating_sub(mean.low);
        assert!(known.as_micros() >= width / 10 && known.as_micros() <= width, "{name}: {mean:?}");
        let again = archive::read(&archive::write(&run)).expect("it was written");
        assert_eq!(again.imported.and_then(|imported| imported.whole), told);
    }
}
