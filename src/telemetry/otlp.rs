//! OTLP: what OpenTelemetry's collectors take by HTTP in protobuf
//! (<https://opentelemetry.io/docs/specs/otlp/>). Sums and histograms are cumulative.

use prost::Message;

use super::families::{Family, Kind, Point, Reading, families};
use super::{EDGES, Snapshot};
use crate::sanitise::strip;

/// The type of the request's body.
pub const CONTENT_TYPE: &str = "application/x-protobuf";
/// `AGGREGATION_TEMPORALITY_CUMULATIVE`.
const CUMULATIVE: i32 = 2;

/// `opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest`.
#[derive(Clone, PartialEq, Message)]
struct Request {
    #[prost(message, repeated, tag = "1")]
    resource_metrics: Vec<ResourceMetrics>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceMetrics {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scope_metrics: Vec<ScopeMetrics>,
}

#[derive(Clone, PartialEq, Message)]
struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeMetrics {
    #[prost(message, optional, tag = "1")]
    scope: Option<Scope>,
    #[prost(message, repeated, tag = "2")]
    metrics: Vec<Metric>,
}

/// `InstrumentationScope`.
#[derive(Clone, PartialEq, Eq, Message)]
struct Scope {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    version: String,
}

#[derive(Clone, PartialEq, Message)]
struct Metric {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    description: String,
    #[prost(string, tag = "3")]
    unit: String,
    #[prost(oneof = "Data", tags = "5, 7, 9")]
    data: Option<Data>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Data {
    #[prost(message, tag = "5")]
    Gauge(Gauge),
    #[prost(message, tag = "7")]
    Sum(Sum),
    #[prost(message, tag = "9")]
    Histogram(Histogram),
}

#[derive(Clone, PartialEq, Message)]
struct Gauge {
    #[prost(message, repeated, tag = "1")]
    data_points: Vec<NumberPoint>,
}

#[derive(Clone, PartialEq, Message)]
struct Sum {
    #[prost(message, repeated, tag = "1")]
    data_points: Vec<NumberPoint>,
    #[prost(int32, tag = "2")]
    aggregation_temporality: i32,
    #[prost(bool, tag = "3")]
    is_monotonic: bool,
}

#[derive(Clone, PartialEq, Message)]
struct Histogram {
    #[prost(message, repeated, tag = "1")]
    data_points: Vec<HistogramPoint>,
    #[prost(int32, tag = "2")]
    aggregation_temporality: i32,
}

/// `NumberDataPoint`.
#[derive(Clone, PartialEq, Message)]
struct NumberPoint {
    #[prost(fixed64, tag = "2")]
    start_time_unix_nano: u64,
    #[prost(fixed64, tag = "3")]
    time_unix_nano: u64,
    #[prost(double, optional, tag = "4")]
    as_double: Option<f64>,
    #[prost(message, repeated, tag = "7")]
    attributes: Vec<KeyValue>,
}

/// `HistogramDataPoint`.
#[derive(Clone, PartialEq, Message)]
struct HistogramPoint {
    #[prost(fixed64, tag = "2")]
    start_time_unix_nano: u64,
    #[prost(fixed64, tag = "3")]
    time_unix_nano: u64,
    #[prost(fixed64, tag = "4")]
    count: u64,
    #[prost(double, optional, tag = "5")]
    sum: Option<f64>,
    #[prost(fixed64, repeated, tag = "6")]
    bucket_counts: Vec<u64>,
    #[prost(double, repeated, tag = "7")]
    explicit_bounds: Vec<f64>,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct KeyValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<AnyValue>,
}

/// `AnyValue`, of which we use texts alone.
#[derive(Clone, PartialEq, Eq, Message)]
struct AnyValue {
    #[prost(string, optional, tag = "1")]
    string_value: Option<String>,
}

/// The body of the request.
#[must_use]
pub fn render(now: &Snapshot) -> Vec<u8> {
    let version = env!("CARGO_PKG_VERSION");
    let own = [("service.name", "loadgate"), ("service.version", version)];
    let shared = now.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let attributes = own.into_iter().chain(shared).map(|(key, value)| text(key, value)).collect();
    let metrics = families(now).iter().map(|family| metric(family, now)).collect();
    let scope = Some(Scope { name: "loadgate".to_owned(), version: version.to_owned() });
    let resource_metrics = vec![ResourceMetrics {
        resource: Some(Resource { attributes }),
        scope_metrics: vec![ScopeMetrics { scope, metrics }],
    }];
    Request { resource_metrics }.encode_to_vec()
}

fn metric(family: &Family, now: &Snapshot) -> Metric {
    let numbers = || family.points.iter().filter_map(|point| number(point, now)).collect();
    let data = match family.kind {
        Kind::Gauge => Data::Gauge(Gauge { data_points: numbers() }),
        Kind::Counter => Data::Sum(Sum {
            data_points: numbers(),
            aggregation_temporality: CUMULATIVE,
            is_monotonic: true,
        }),
        Kind::Histogram => Data::Histogram(Histogram {
            data_points: family.points.iter().filter_map(|point| histogram(point, now)).collect(),
            aggregation_temporality: CUMULATIVE,
        }),
    };
    Metric {
        name: family.dotted.to_owned(),
        description: family.help.to_owned(),
        unit: family.unit.to_owned(),
        data: Some(data),
    }
}

fn number(point: &Point, now: &Snapshot) -> Option<NumberPoint> {
    let Reading::Number(value) = point.value else { return None };
    Some(NumberPoint {
        start_time_unix_nano: now.began,
        time_unix_nano: now.at,
        as_double: Some(value),
        attributes: attributes(point),
    })
}

fn histogram(point: &Point, now: &Snapshot) -> Option<HistogramPoint> {
    let Reading::Times { below, count, sum } = &point.value else { return None };
    // Each bucket for itself; the last one has no upper edge.
    let mut before = 0;
    let edges = below.iter().chain([count]);
    let own = edges.map(|upto| upto.saturating_sub(std::mem::replace(&mut before, *upto)));
    Some(HistogramPoint {
        start_time_unix_nano: now.began,
        time_unix_nano: now.at,
        count: *count,
        sum: Some(*sum),
        bucket_counts: own.collect(),
        explicit_bounds: EDGES.to_vec(),
        attributes: attributes(point),
    })
}

fn attributes(point: &Point) -> Vec<KeyValue> {
    point.labels.iter().map(|(key, value)| text(key, value)).collect()
}

fn text(key: &str, value: &str) -> KeyValue {
    let value = Some(AnyValue { string_value: Some(strip(value)) });
    KeyValue { key: key.to_owned(), value }
}
