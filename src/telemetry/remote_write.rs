//! Prometheus' remote write 1.0: a protobuf message, compressed with Snappy's block format
//! (<https://prometheus.io/docs/specs/prw/remote_write_spec/>).

use prost::Message;

use super::families::{Point, Reading, families};
use super::prometheus::full_name;
use super::{EDGES, Snapshot};
use crate::sanitise::strip;
use crate::stats::real;

/// Headers of the request, beside the type of its body.
pub const HEADERS: [(&str, &str); 2] =
    [("content-encoding", "snappy"), ("x-prometheus-remote-write-version", "0.1.0")];
/// The type of its body.
pub const CONTENT_TYPE: &str = "application/x-protobuf";

/// `prometheus.WriteRequest`.
#[derive(Clone, PartialEq, Message)]
struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    timeseries: Vec<TimeSeries>,
}

/// `prometheus.TimeSeries`.
#[derive(Clone, PartialEq, Message)]
struct TimeSeries {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Sample>,
}

/// `prometheus.Label`.
#[derive(Clone, PartialEq, Eq, Message)]
struct Label {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

/// `prometheus.Sample`.
#[derive(Clone, Copy, PartialEq, Message)]
struct Sample {
    #[prost(double, tag = "1")]
    value: f64,
    /// Milliseconds since 1970.
    #[prost(int64, tag = "2")]
    timestamp: i64,
}

/// The body of the request.
#[must_use]
pub fn render(now: &Snapshot) -> Vec<u8> {
    let mut timeseries = Vec::new();
    for family in families(now) {
        let name = full_name(&family);
        for point in &family.points {
            series(&name, point, now, &mut timeseries);
        }
    }
    let message = WriteRequest { timeseries }.encode_to_vec();
    let packed = snap::raw::Encoder::new().compress_vec(&message);
    packed.expect("a message of some megabytes is within what the format can hold")
}

fn series(name: &str, point: &Point, now: &Snapshot, out: &mut Vec<TimeSeries>) {
    let timestamp = i64::try_from(now.at / 1_000_000).unwrap_or(i64::MAX);
    let mut add = |name: String, le: Option<String>, value: f64| {
        let label = |name: &str, value: &str| {
            let (name, value) = (name.to_owned(), strip(value));
            Label { name, value }
        };
        let own = point.labels.iter().map(|(name, value)| label(name, value));
        let shared = now.labels.iter().map(|(name, value)| label(name, value));
        let mut labels: Vec<_> = own.chain(shared).collect();
        labels.push(label("__name__", &name));
        labels.extend(le.map(|le| label("le", &le)));
        // An empty value is the same as none, and the order is asked for.
        labels.retain(|label| !label.value.is_empty());
        labels.sort_by(|one, other| one.name.cmp(&other.name));
        out.push(TimeSeries { labels, samples: vec![Sample { value, timestamp }] });
    };
    match &point.value {
        Reading::Number(value) => add(name.to_owned(), None, *value),
        Reading::Times { below, count, sum } => {
            for (edge, below) in EDGES.iter().zip(below) {
                add(format!("{name}_bucket"), Some(edge.to_string()), real(*below));
            }
            add(format!("{name}_bucket"), Some("+Inf".to_owned()), real(*count));
            add(format!("{name}_sum"), None, *sum);
            add(format!("{name}_count"), None, real(*count));
        }
    }
}
