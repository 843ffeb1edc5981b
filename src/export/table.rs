//! A row for each endpoint and slice of time, as CSV and as JSON.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Map, Value as Json, json};

use super::{field, frame, slices};
use crate::metric::{Metric, Value};
use crate::run::Run;
use crate::tally::{Damaged, Tally};

/// What a row tells, by the names of gate files.
const METRICS: [(&str, &str); 7] = [
    ("throughput", "throughput_per_s"),
    ("error_rate", "error_percent"),
    ("p50", "p50_ms"),
    ("p95", "p95_ms"),
    ("p99", "p99_ms"),
    ("good_p95", "good_p95_ms"),
    ("max", "max_ms"),
];

/// A row: where it belongs, its counts, and its numbers; `None` for *never*.
struct Row<'a> {
    endpoint: &'a str,
    from: Duration,
    to: Duration,
    tally: Tally,
    numbers: Vec<Option<f64>>,
}

fn rows(run: &Run) -> Result<Vec<Row<'_>>, Damaged> {
    let mut rows = Vec::new();
    for endpoint in run.alone() {
        for slice in slices(run, endpoint) {
            let (from, to, tally) = slice?;
            let read = |(name, _): &(&str, &str)| {
                let value = tally.read(Metric::parse(name)?, frame(run, to.saturating_sub(from)));
                value.and_then(Value::number)
            };
            let numbers = METRICS.iter().map(read).collect();
            rows.push(Row { endpoint: &endpoint.name, from, to, tally, numbers });
        }
    }
    Ok(rows)
}

/// The rows as CSV; a field is empty for *never*.
pub(super) fn csv(run: &Run) -> Result<String, Damaged> {
    let columns: Vec<&str> = METRICS.iter().map(|(_, column)| *column).collect();
    let mut out = format!("endpoint,from_s,to_s,requests,failed,{}\n", columns.join(","));
    for row in rows(run)? {
        let (from, to) = (row.from.as_secs_f64(), row.to.as_secs_f64());
        let (count, failed) = (row.tally.count(), row.tally.bad());
        let _ = write!(out, "{},{from},{to},{count},{failed}", field(row.endpoint));
        for number in &row.numbers {
            let _ = match number {
                Some(number) => write!(out, ",{number:.3}"),
                None => write!(out, ","),
            };
        }
        out.push('\n');
    }
    Ok(out)
}

/// The rows as JSON, one on each line; null for *never*.
pub(super) fn ndjson(run: &Run) -> Result<String, Damaged> {
    let mut out = String::new();
    for row in rows(run)? {
        let mut object = Map::new();
        object.insert("endpoint".to_owned(), json!(row.endpoint));
        object.insert("from_s".to_owned(), json!(row.from.as_secs_f64()));
        object.insert("to_s".to_owned(), json!(row.to.as_secs_f64()));
        object.insert("requests".to_owned(), json!(row.tally.count()));
        object.insert("failed".to_owned(), json!(row.tally.bad()));
        for ((_, column), number) in METRICS.iter().zip(&row.numbers) {
            object.insert((*column).to_owned(), json!(number));
        }
        let _ = writeln!(out, "{}", Json::Object(object));
    }
    Ok(out)
}
