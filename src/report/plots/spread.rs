//! Latency by percentile, with its tail.

use std::time::Duration;

use super::{described, log, times};
use crate::report::facts::Facts;
use crate::report::svg::{Axis, Band, Line, Plot, Scale};
use crate::report::words;

/// The marked percentiles, by the number of requests among which one lies beyond.
const PERCENTILES: [(f64, &str); 7] = [
    (2.0, "50 %"),
    (10.0, "90 %"),
    (100.0, "99 %"),
    (1e3, "99.9 %"),
    (1e4, "99.99 %"),
    (1e5, "99.999 %"),
    (1e6, "99.9999 %"),
];

/// An axis of percentiles for so many requests: each step to the right leaves a tenth of them.
pub(in crate::report) fn percentiles(total: u64) -> Axis {
    let to = (2.0 * words::float(total)).clamp(10.0, 1e7);
    let ticks = PERCENTILES.into_iter().filter(|(at, _)| *at <= to);
    let ticks = ticks.map(|(at, words)| (at, words.to_owned())).collect();
    Axis { scale: Scale::Log, from: 1.0, to, ticks }
}

/// The upper edges of times by how many of `total` lie beyond; rising.
pub(in crate::report) fn curve(buckets: &[(Duration, u64)], total: u64) -> Vec<(f64, f64)> {
    let (mut seen, mut points) = (0, Vec::new());
    for (edge, count) in buckets {
        seen += count;
        let beyond = words::float(total - seen.min(total)).max(0.5) / words::float(total);
        points.push((1.0 / beyond, edge.as_secs_f64() * 1e3));
    }
    points
}

/// Latency by percentile, where each step to the right leaves a tenth of the requests: the tail is
/// as wide as the rest. Where so many failed that a percentile is never reached, the line ends.
pub(super) fn distribution(facts: &Facts) -> Option<Plot> {
    let total = facts.whole.count;
    let all = curve(&facts.latencies, total);
    let values: Vec<f64> = all.iter().map(|(_, time)| *time).collect();
    let y = times(&values)?;
    let mut lines = vec![Line { name: "from due".to_owned(), class: "c", pieces: vec![thin(all)] }];
    if facts.whole.service_apart().is_some() {
        let service = thin(curve(&facts.services, total));
        lines.push(Line { name: "from sending".to_owned(), class: "a", pieces: vec![service] });
    }
    let x = percentiles(total);
    Some(Plot {
        id: "distribution".to_owned(),
        title: format!("Latency by percentile{}", log(&y)),
        desc: described("Latency by percentile", facts),
        bands: lost(facts, x.to),
        x,
        y,
        lines,
        ..Plot::default()
    })
}

/// The share of requests that never got a good answer.
fn lost(facts: &Facts, to: f64) -> Vec<Band> {
    if facts.whole.failed == 0 {
        return Vec::new();
    }
    let from = words::float(facts.whole.count) / words::float(facts.whole.failed);
    let label = "failed: never".to_owned();
    vec![Band { from, to, class: "lost", label, named: String::new() }]
}

/// Leaves out points that lie within one pixel of the one before.
pub(in crate::report) fn thin(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let near = |a: f64, b: f64| (a / b).ln().abs() < 0.012;
    let mut out: Vec<(f64, f64)> = Vec::new();
    let last = points.last().copied();
    for point in points {
        if !out.last().is_some_and(|last| near(last.0, point.0) && near(last.1, point.1)) {
            out.push(point);
        }
    }
    if out.last() != last.as_ref() {
        out.extend(last);
    }
    out
}
