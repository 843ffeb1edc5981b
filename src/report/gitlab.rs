//! What GitLab's merge-request page compares with the target branch: `load_performance.json`, in
//! the shape of k6's `--summary-export`, and `metrics.txt`, in `OpenMetrics`.
//!
//! Numbers are compared as texts there, so they are rounded: a page on which everything has changed
//! says nothing. The time of a request that got no good answer is told as its deadline, since
//! neither format has a word for *never*.

use std::collections::HashMap;
use std::fmt::Write as _;

use serde_json::{Map, Value as Json, json};

use super::facts::Facts;
use super::measured::Measured;
use crate::metric::Value;
use crate::unit::Rate;

/// Writes `load_performance.json`: the keys that GitLab reads, and those beside them.
#[must_use]
pub fn load_performance(facts: &Facts) -> String {
    let whole = &facts.whole;
    let mut metrics = Map::new();
    if let Some(rate) = Rate::of(whole.count, facts.load.judged) {
        let rate = number(rate.as_f64());
        metrics.insert("http_reqs".to_owned(), json!({ "count": whole.count, "rate": rate }));
    }
    let millis = |value: Value| facts.seconds(value).map(|seconds| number(seconds * 1e3));
    if let Some(all) = &whole.latency {
        let least = whole.least.map(Value::Time);
        let waiting = [
            ("avg", all.mean),
            ("min", least),
            ("med", Some(all.p50)),
            ("max", Some(all.max)),
            ("p(90)", whole.p90),
            ("p(95)", Some(all.p95)),
        ];
        let known = waiting.into_iter().filter_map(|(name, value)| Some((name, millis(value?)?)));
        let known: Map<String, Json> =
            known.map(|(name, value)| (name.to_owned(), value)).collect();
        metrics.insert("http_req_waiting".to_owned(), Json::Object(known));
    }
    // Without a request their share would be no number.
    if let Some(failed) = whole.error_rate {
        let checks = json!({
            "passes": whole.count - whole.failed,
            "fails": whole.failed,
            "value": number(1.0 - failed.share()),
        });
        metrics.insert("checks".to_owned(), checks);
    }
    format!("{:#}\n", json!({ "metrics": metrics }))
}

/// A number, with the quantile that it stands at where it is one of several.
type Sample = (Option<&'static str>, f64);

/// One family of `metrics.txt`.
struct Family {
    name: &'static str,
    unit: &'static str,
    help: &'static str,
    /// What there is to say of an endpoint.
    samples: fn(&Facts, &Measured) -> Vec<Sample>,
}

const FAMILIES: [Family; 3] = [
    Family {
        name: "loadgate_latency_seconds",
        unit: "seconds",
        help: "Latency from when a request was due, failed requests behind every answer.",
        samples: |facts, measured| {
            let Some(all) = measured.latency else { return Vec::new() };
            let all = [("0.5", all.p50), ("0.95", all.p95), ("0.99", all.p99)];
            let known = all.into_iter().filter_map(|(q, v)| Some((Some(q), facts.seconds(v)?)));
            known.collect()
        },
    },
    Family {
        name: "loadgate_error_ratio",
        unit: "ratio",
        help: "Share of requests that failed.",
        samples: |_, measured| measured.error_rate.iter().map(|r| (None, r.share())).collect(),
    },
    Family {
        name: "loadgate_throughput_per_second",
        unit: "",
        help: "Good answers per second.",
        samples: |_, measured| measured.throughput.iter().map(|r| (None, r.as_f64())).collect(),
    },
];

/// Writes `metrics.txt`.
#[must_use]
pub fn metrics(facts: &Facts) -> String {
    let rows: Vec<_> = std::iter::once(&facts.whole).chain(&facts.endpoints).collect();
    let names = labels(&rows);
    let mut out = String::new();
    for family in &FAMILIES {
        let Family { name, unit, help, samples } = family;
        let _ = writeln!(out, "# TYPE {name} gauge");
        if !unit.is_empty() {
            let _ = writeln!(out, "# UNIT {name} {unit}");
        }
        let _ = writeln!(out, "# HELP {name} {help}");
        for (measured, endpoint) in rows.iter().zip(&names) {
            for (quantile, value) in samples(facts, measured) {
                let quantile = quantile.map_or(String::new(), |q| format!(",quantile=\"{q}\""));
                let value = rounded(value, 2);
                let _ = writeln!(out, "{name}{{endpoint=\"{endpoint}\"{quantile}}} {value}");
            }
        }
    }
    out.push_str("# EOF\n");
    out
}

/// The values of the label `endpoint`, each only once.
fn labels(rows: &[&Measured]) -> Vec<String> {
    let mut seen: HashMap<String, u32> = HashMap::new();
    let mut label = |measured: &&Measured| {
        let name = escaped(measured.name.as_str());
        let nth = seen.entry(name.clone()).or_default();
        *nth += 1;
        if *nth == 1 { name } else { format!("{name} ({nth})") }
    };
    rows.iter().map(&mut label).collect()
}

/// As `OpenMetrics` has it between quotes. GitLab reads a line as a shell would and takes what
/// stands behind `#` for a comment, also between quotes.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    text.replace('\n', "\\n").replace('#', "%23")
}

/// A number in the fewest digits that tell it to so many decimals of its first digit, without an
/// exponent.
fn rounded(value: f64, decimals: usize) -> String {
    format!("{value:.decimals$e}").parse::<f64>().unwrap_or(value).to_string()
}

fn number(value: f64) -> Json {
    json!(rounded(value, 3).parse::<f64>().unwrap_or(value))
}
