//! `[export]`: real Prometheus, parsers of those who made the formats, and nobody who changes
//! anything by being told.

/// A Prometheus of our own, that scrapes and takes what is written to it.
pub(crate) mod prometheus;

use std::collections::BTreeMap;
use std::net::{TcpListener, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use influxdb_line_protocol::{EscapedStr, FieldValue, ParsedLine, parse_lines};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::{HistogramDataPoint, metric::Data};
use prost::Message as _;
use serde_json::Value;

use crate::support::gate::{Done, Gate};
use crate::support::server::{Act, Script, Server, ok, status};
use crate::support::serving::Serving;

/// A gate that asks little, and whatever it exports.
fn gate(service: &Server, export: &str) -> Gate {
    let text = format!(
        "[target]\nurl = \"{}\"\n[load]\nrate = \"200/s\"\nduration = \"3s\"\nwarm_up = \"1s\"\n\
         [[request]]\nget = \"/ok\"\nweight = 3\n\
         [[request]]\nget = \"/odd, \\\"name\\\" = 1\\\\\"\nname = \"odd, \\\"name\\\" = 1\\\\\"\n\
         [sla]\ngood_p95 = \"< 2s\"\nerror_rate = \"< 60%\"\n\
         [export]\ninterval = \"1s\"\nlabels = {{ env = \"test\" }}\n{export}",
        service.url("")
    );
    Gate::new(&text.replace("get = \"/odd, \\\"name\\\" = 1\\\\\"", "get = \"/odd\""))
}

/// Answers at once, but for every second request of one endpoint, which fails.
fn service() -> Server {
    let script = Script::new().on("/ok", [Act::Wait(Duration::from_millis(20)), ok("hello")]);
    Server::start(script.on("/odd", [status(500)]))
}

/// A port that nobody has, as far as one can know.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
    listener.local_addr().expect("a listener has an address").port()
}

/// What was posted: path with query, headers, body.
type Posted = Arc<Mutex<Vec<(String, HeaderMap, Bytes)>>>;

/// A service that keeps what is posted to it.
fn keeper() -> (Serving, Posted) {
    let posted = Posted::default();
    let kept = Arc::clone(&posted);
    let keep = move |uri: axum::http::Uri, headers: HeaderMap, body: Bytes| async move {
        kept.lock().expect("nobody panics with it").push((uri.to_string(), headers, body));
        StatusCode::NO_CONTENT
    };
    (Serving::routes(Router::new().route("/{*path}", post(keep))), posted)
}

fn posted(posted: &Posted) -> Vec<(String, HeaderMap, Bytes)> {
    posted.lock().expect("nobody panics with it").clone()
}

/// What the verdict has of an endpoint.
fn endpoint(done: &Done, name: &str) -> Value {
    let verdict = done.verdict();
    let all = verdict["facts"]["endpoints"].as_array().cloned().unwrap_or_default();
    let found = all.into_iter().find(|one| one["name"] == name);
    found.expect("the endpoint is in the verdict")
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

#[test]
fn a_collector_is_told_histograms_with_real_bounds() {
    let (service, (collector, kept)) = (service(), keeper());
    let export = format!("otlp = {{ url = \"http://{}\" }}", collector.address());
    let done = gate(&service, &export).undisturbed(&["run", "gate.toml"]);
    done.code(0);
    let posted = posted(&kept);
    assert!(posted.len() >= 3, "told {} times", posted.len());
    let (path, headers, body) = posted.last().expect("something was posted");
    assert_eq!(path, "/v1/metrics");
    assert_eq!(headers["content-type"], "application/x-protobuf");
    let told = ExportMetricsServiceRequest::decode(body.clone()).expect("what a collector reads");
    assert_eq!(told.resource_metrics.len(), 1);
    let resource = &told.resource_metrics[0];
    let attributes = &resource.resource.as_ref().expect("it says who it is").attributes;
    let keys: Vec<&str> = attributes.iter().map(|one| one.key.as_str()).collect();
    assert_eq!(keys, ["service.name", "service.version", "gate", "env"]);
    let metrics = &resource.scope_metrics[0].metrics;
    let names: Vec<&str> = metrics.iter().map(|one| one.name.as_str()).collect();
    for name in ["loadgate.requests", "loadgate.request.duration", "loadgate.verdict"] {
        assert!(names.contains(&name), "{names:?}");
    }
    let durations = metrics.iter().find(|one| one.name == "loadgate.request.duration");
    let histogram = durations.and_then(|one| match &one.data {
        Some(Data::Histogram(histogram)) => Some(histogram),
        _ => None,
    });
    let histogram = histogram.expect("it is a histogram");
    assert_eq!(histogram.aggregation_temporality, 2);
    assert_eq!(histogram.data_points.len(), 2);
    let ok = &histogram.data_points[0];
    let facts = endpoint(&done, "GET /ok");
    assert_eq!(ok.count, facts["count"].as_u64().expect("a count"));
    assert_eq!(ok.bucket_counts.iter().sum::<u64>(), ok.count);
    assert!(ok.start_time_unix_nano < ok.time_unix_nano);
    let (low, high) = bucket_of(ok, 0.95);
    let p95 = number(&facts["latency_ms"]["p95"]) / 1e3;
    assert!(low <= p95 && p95 <= high, "p95 {p95} s is not within {low} to {high} s");
    // All of them failed: they lie beyond every bound.
    let odd = &histogram.data_points[1];
    assert_eq!(odd.bucket_counts.last(), Some(&odd.count));
}

/// The bounds of the bucket in which a quantile lies.
fn bucket_of(point: &HistogramDataPoint, quantile: f64) -> (f64, f64) {
    assert_eq!(point.bucket_counts.len(), point.explicit_bounds.len() + 1);
    #[expect(clippy::cast_precision_loss, reason = "some hundred requests")]
    let rank = (point.count as f64 * quantile).ceil();
    let mut sum = 0.0;
    let at = point.bucket_counts.iter().position(|count| {
        #[expect(clippy::cast_precision_loss, reason = "some hundred requests")]
        let more = *count as f64;
        sum += more;
        sum >= rank
    });
    let at = at.expect("the counts add up to all");
    let low = if at == 0 { 0.0 } else { point.explicit_bounds[at - 1] };
    (low, point.explicit_bounds.get(at).copied().unwrap_or(f64::INFINITY))
}

#[test]
fn lines_for_influxdb_are_read_by_its_own_parser() {
    let (service, (database, kept)) = (service(), keeper());
    let export = format!(
        "influxdb = {{ url = \"http://{}/api/v2/write?org=o&bucket=b&precision=ns\", \
         headers = {{ authorization = \"Token ${{INFLUX_TOKEN}}\" }} }}",
        database.address()
    );
    let gate = gate(&service, &export).set("INFLUX_TOKEN", "tulips-and-daffodils");
    let done = gate.undisturbed(&["run", "gate.toml"]);
    done.code(0);
    let posts = posted(&kept);
    let (path, headers, body) = posts.last().expect("something was posted");
    assert_eq!(path, "/api/v2/write?org=o&bucket=b&precision=ns");
    assert_eq!(headers["authorization"], "Token tulips-and-daffodils");
    let body = String::from_utf8(body.to_vec()).expect("text");
    let lines: Result<Vec<ParsedLine<'_>>, _> = parse_lines(&body).collect();
    let lines = lines.expect("lines that InfluxDB reads");
    let field = |measurement: &str, endpoint: Option<&str>, field: &str| {
        let is = |line: &&ParsedLine<'_>| {
            let of = line.tag_value("endpoint").map(|tag| tag.as_str().to_owned());
            line.series.measurement.as_str() == measurement && of.as_deref() == endpoint
        };
        let line = lines.iter().find(is).expect("there is such a line");
        assert_eq!(line.tag_value("env").map(EscapedStr::as_str), Some("test"));
        let number = match line.field_value(field) {
            Some(FieldValue::F64(number)) => Some(*number),
            Some(FieldValue::I64(number)) => i32::try_from(*number).ok().map(f64::from),
            _ => None,
        };
        number.expect(field)
    };
    let facts = endpoint(&done, "GET /ok");
    let seconds = field("loadgate_endpoint", Some("GET /ok"), "p95");
    assert!((seconds * 1e3 - number(&facts["latency_ms"]["p95"])).abs() < 0.001);
    let count = |value: f64, facts: &Value| assert!((value - number(facts)).abs() < 0.5);
    count(field("loadgate_endpoint", Some("GET /ok"), "requests"), &facts["count"]);
    let odd = field("loadgate_endpoint", Some("odd, \"name\" = 1"), "failed_status");
    count(odd, &endpoint(&done, "odd, \"name\" = 1\\")["count"]);
    assert!(field("loadgate_verdict", None, "exit_code").abs() < 0.5);
    // Whoever judges a saved run sends nothing, and no secret is in what is written.
    gate.run(&["check", "gate.toml", "loadgate-out/run.json"]).code(0);
    assert_eq!(posted(&kept).len(), posts.len());
    for name in crate::support::gate::REPORTS {
        assert!(!done.file(name).contains("tulips"), "{name}");
    }
}

#[test]
fn statsd_counts_what_was_sent_and_the_file_ends_with_the_verdict() {
    let service = service();
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port on loopback");
    socket.set_read_timeout(Some(Duration::from_secs(1))).expect("it can be set");
    let port = socket.local_addr().expect("it has an address").port();
    let export = format!(
        "json = {{}}\nstatsd = {{ address = \"127.0.0.1:{port}\", flavour = \"datadog\" }}"
    );
    let done = gate(&service, &export).undisturbed(&["run", "gate.toml"]);
    done.code(0);
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    let mut buffer = [0; 2048];
    while let Ok(length) = socket.recv(&mut buffer) {
        assert!(length <= 1432, "a datagram of {length} bytes");
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        for line in text.lines() {
            let (name, rest) = line.split_once(':').expect("a name and a value");
            let (value, rest) = rest.split_once('|').expect("a kind");
            assert!(rest.contains("|#") && rest.contains("env:test"), "{line}");
            if rest.starts_with('c') {
                *sums.entry(name.to_owned()).or_default() += value.parse::<u64>().expect("a count");
            }
        }
    }
    let verdict = done.verdict();
    let facts = &verdict["facts"];
    let count = |name: &str| sums.get(name).copied();
    assert_eq!(count("loadgate.requests.sent"), facts["sent"].as_u64());
    assert_eq!(count("loadgate.requests.good"), Some(good(&done)));
    let lines = done.file("metrics.jsonl");
    let lines: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    let last = lines.last().expect("there are lines");
    assert_eq!((&last["kind"], &last["verdict"]), (&"verdict".into(), &"pass".into()));
    let of = |kind: &str, name: Option<&str>| {
        let named = |line: &&Value| line["kind"] == kind && line["endpoint"].as_str() == name;
        lines.iter().rfind(named).cloned().expect("there is such a line")
    };
    assert_eq!(of("run", None)["sent"], facts["sent"]);
    let ok = endpoint(&done, "GET /ok");
    assert_eq!(of("endpoint", Some("GET /ok"))["p95_ms"], ok["latency_ms"]["p95"]);
    let odd = of("endpoint", Some("odd, \"name\" = 1\\"));
    assert_eq!((&odd["p95_ms"], &odd["labels"]["env"]), (&"never".into(), &"test".into()));
}

/// Good answers, by the verdict.
fn good(done: &Done) -> u64 {
    let of = |name: &str| {
        let facts = endpoint(done, name);
        facts["count"].as_u64().unwrap_or(0) - facts["errors"].as_u64().unwrap_or(0)
    };
    of("GET /ok") + of("odd, \"name\" = 1\\")
}

#[test]
fn whoever_is_down_slow_or_broken_changes_nothing_and_is_named_once() {
    let service = service();
    let plain = gate(&service, "json = {}").undisturbed(&["run", "gate.toml"]);
    plain.code(0);
    let stuck = Script::new().on("/slow", [Act::Stall]).on("/broken", [status(500)]);
    let stuck = Server::start(stuck);
    let busy = TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
    let busy = busy.local_addr().map(|address| (busy, address)).expect("it has an address");
    let export = format!(
        "prometheus = {{ listen = \"{}\", linger = \"1s\" }}\n\
         remote_write = {{ url = \"http://127.0.0.1:{}/${{SECRET}}\" }}\n\
         otlp = {{ url = \"{}\", headers = {{ x-key = \"${{SECRET}}\" }} }}\n\
         influxdb = {{ url = \"{}\" }}\n\
         statsd = {{ address = \"127.0.0.1:{}\" }}\n",
        busy.1,
        free_port(),
        stuck.url("/slow"),
        stuck.url("/broken"),
        free_port(),
    );
    let gate = gate(&service, &export).set("SECRET", "tulips-and-daffodils");
    let done = gate.undisturbed(&["run", "gate.toml"]);
    done.code(0);
    let (one, other) = (done.verdict(), plain.verdict());
    for what in ["planned", "sent", "dropped"] {
        assert!(one["facts"][what].is_u64(), "{what}");
        assert_eq!(one["facts"][what], other["facts"][what], "{what}");
    }
    done.says("export to prometheus").says("is off: cannot listen there");
    done.says("/${SECRET}) lost ").says("status 500");
    let told = done.stderr.lines().filter(|line| line.contains("warning: export")).count();
    assert!((4..=6).contains(&told), "{}", done.stderr);
    assert!(!done.stderr.contains("tulips"), "{}", done.stderr);
}
