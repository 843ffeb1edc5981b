//! The numbers of a snapshot as named families of points, for languages that have those.

use super::{Counted, Snapshot};
use crate::stats::real;

/// Numbers of one name.
pub(super) struct Family {
    /// As Prometheus has it, in base units, without the end that says what kind it is.
    pub(super) name: &'static str,
    /// As OpenTelemetry has it.
    pub(super) dotted: &'static str,
    /// Its unit, as UCUM has it.
    pub(super) unit: &'static str,
    /// What it means.
    pub(super) help: &'static str,
    /// What kind of numbers they are.
    pub(super) kind: Kind,
    /// The numbers.
    pub(super) points: Vec<Point>,
}

/// What kind of numbers a family has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A sum that only grows.
    Counter,
    /// A value that goes up and down.
    Gauge,
    /// Times in buckets.
    Histogram,
}

/// One number, and what it is of.
pub(super) struct Point {
    pub(super) labels: Vec<(&'static str, String)>,
    pub(super) value: Reading,
}

/// A number, or times in buckets.
pub(super) enum Reading {
    /// A number.
    Number(f64),
    /// Times: how many lie at or below each of the edges, how many there are, and their sum in
    /// seconds.
    Times { below: Vec<u64>, count: u64, sum: f64 },
}

/// Everything a snapshot tells.
pub(super) fn families(now: &Snapshot) -> Vec<Family> {
    let mut all = vec![requests(now), durations(now)];
    all.extend(flow(now));
    all.extend(ended(now));
    all.retain(|family| !family.points.is_empty());
    all
}

/// The endpoints; all together where no endpoint is known.
fn parts(now: &Snapshot) -> impl Iterator<Item = &Counted> {
    let whole = now.endpoints.is_empty().then_some(&now.whole);
    now.endpoints.iter().chain(whole)
}

fn of(part: &Counted) -> Vec<(&'static str, String)> {
    let endpoint = if part.name.is_empty() { "*" } else { &part.name };
    let version = part.version.map(|version| ("version", version.to_owned()));
    std::iter::once(("endpoint", endpoint.to_owned())).chain(version).collect()
}

fn requests(now: &Snapshot) -> Family {
    let one = |part: &Counted, outcome: &str, count: u64| {
        let mut labels = of(part);
        labels.push(("outcome", outcome.to_owned()));
        Point { labels, value: Reading::Number(real(count)) }
    };
    let all = |part: &Counted| {
        let failed: Vec<_> =
            part.failed.iter().map(|(why, count)| one(part, why, *count)).collect();
        std::iter::once(one(part, "good", part.good)).chain(failed).collect::<Vec<_>>()
    };
    Family {
        name: "loadgate_requests",
        dotted: "loadgate.requests",
        unit: "{request}",
        help: "Requests of the judged time, by how they ended.",
        kind: Kind::Counter,
        points: parts(now).flat_map(all).collect(),
    }
}

fn durations(now: &Snapshot) -> Family {
    let one = |part: &Counted| {
        let (below, count, sum) = (part.below.clone(), part.count(), part.sum);
        Point { labels: of(part), value: Reading::Times { below, count, sum } }
    };
    Family {
        name: "loadgate_request_duration_seconds",
        dotted: "loadgate.request.duration",
        unit: "s",
        help: "Latency from when a request was due; a failed one lies beyond every bucket.",
        kind: Kind::Histogram,
        points: parts(now).map(one).collect(),
    }
}

/// What the generator does.
fn flow(now: &Snapshot) -> Vec<Family> {
    let pulse = now.flow.pulse;
    let counts = [pulse.planned, pulse.released, pulse.dropped, pulse.sent];
    let gauges = [
        Some(real(pulse.in_flight)),
        Some(real(pulse.users)),
        now.flow.lag.map(|lag| lag.as_secs_f64()),
        now.flow.cpu.map(crate::unit::Ratio::share),
    ];
    let counters = COUNTERS.into_iter().zip(counts);
    let counters = counters.map(|(named, count)| single(named, Kind::Counter, Some(real(count))));
    let gauges = GAUGES.into_iter().zip(gauges);
    counters.chain(gauges.map(|(named, value)| single(named, Kind::Gauge, value))).collect()
}

/// Name, the same with dots, unit, and what it means.
type Named = (&'static str, &'static str, &'static str, &'static str);

const COUNTERS: [Named; 4] = [
    (
        "loadgate_arrivals_planned",
        "loadgate.arrivals.planned",
        "{arrival}",
        "Arrivals that were due, warm-up included.",
    ),
    (
        "loadgate_arrivals",
        "loadgate.arrivals",
        "{arrival}",
        "Arrivals that were released, warm-up included.",
    ),
    (
        "loadgate_arrivals_dropped",
        "loadgate.arrivals.dropped",
        "{arrival}",
        "Arrivals that were dropped for our own limits.",
    ),
    (
        "loadgate_requests_sent",
        "loadgate.requests.sent",
        "{request}",
        "Requests sent, warm-up included.",
    ),
];

const GAUGES: [Named; 4] = [
    ("loadgate_in_flight", "loadgate.in_flight", "{request}", "Requests without an answer yet."),
    ("loadgate_users", "loadgate.users", "{user}", "Virtual users alive."),
    (
        "loadgate_generator_lag_seconds",
        "loadgate.generator.lag",
        "s",
        "How late arrivals are released, 99th percentile.",
    ),
    (
        "loadgate_generator_cpu_ratio",
        "loadgate.generator.cpu",
        "1",
        "CPU of the busiest load thread, as a share of one core.",
    ),
];

fn single((name, dotted, unit, help): Named, kind: Kind, value: Option<f64>) -> Family {
    let point = value.map(|value| Point { labels: Vec::new(), value: Reading::Number(value) });
    Family { name, dotted, unit, help, kind, points: point.into_iter().collect() }
}

/// The verdict, once there is one.
fn ended(now: &Snapshot) -> Vec<Family> {
    let Some(ended) = &now.ended else { return Vec::new() };
    let verdict = |name: &str| {
        let is = f64::from(u8::from(name == ended.verdict));
        Point { labels: vec![("verdict", name.to_owned())], value: Reading::Number(is) }
    };
    let check = |check: &super::Judged, more: (&'static str, &str), value: f64| {
        let own = [("scope", &check.scope), ("metric", &check.metric), ("asked", &check.asked)];
        let own = own.into_iter().map(|(name, value)| (name, value.clone()));
        let labels = own.chain([(more.0, more.1.to_owned())]).collect();
        Point { labels, value: Reading::Number(value) }
    };
    let outcomes = ended.checks.iter().map(|one| check(one, ("outcome", one.outcome), 1.0));
    let values = ended.checks.iter().filter_map(|one| {
        let (value, unit) = one.got?;
        Some(check(one, ("unit", unit), value))
    });
    vec![
        Family {
            name: "loadgate_verdict",
            dotted: "loadgate.verdict",
            unit: "1",
            help: "1 at the verdict of the run, 0 at the others.",
            kind: Kind::Gauge,
            points: ["pass", "fail", "inconclusive"].map(verdict).into(),
        },
        Family {
            name: "loadgate_check",
            dotted: "loadgate.check",
            unit: "1",
            help: "1 at the outcome of each expectation.",
            kind: Kind::Gauge,
            points: outcomes.collect(),
        },
        Family {
            name: "loadgate_check_value",
            dotted: "loadgate.check.value",
            unit: "1",
            help: "What was measured for each expectation, in the unit that its label names.",
            kind: Kind::Gauge,
            points: values.collect(),
        },
    ]
}
