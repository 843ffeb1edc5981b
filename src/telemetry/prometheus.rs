//! Prometheus' text format, version 0.0.4, as a scrape takes it.

use std::fmt::Write as _;

use super::families::{Family, Kind, Point, Reading, families};
use super::{EDGES, Snapshot};
use crate::sanitise::strip;

/// What the page is, for its head.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The page.
#[must_use]
pub fn render(now: &Snapshot) -> String {
    let mut out = String::new();
    for family in families(now) {
        let (name, kind) = (full_name(&family), kind(family.kind));
        say(&mut out, format_args!("# HELP {name} {}", family.help));
        say(&mut out, format_args!("# TYPE {name} {kind}"));
        family.points.iter().for_each(|one| point(&mut out, &name, one, &now.labels));
    }
    out
}

fn point(out: &mut String, name: &str, point: &Point, shared: &[(String, String)]) {
    let mut labels: String = String::new();
    let own = point.labels.iter().map(|(name, value)| (*name, value.as_str()));
    let shared = shared.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in own.chain(shared) {
        let comma = if labels.is_empty() { "" } else { "," };
        let _ = write!(labels, "{comma}{name}=\"{}\"", escaped(value));
    }
    match &point.value {
        Reading::Number(value) if labels.is_empty() => say(out, format_args!("{name} {value}")),
        Reading::Number(value) => say(out, format_args!("{name}{{{labels}}} {value}")),
        Reading::Times { below, count, sum } => {
            let comma = if labels.is_empty() { "" } else { "," };
            for (edge, below) in EDGES.iter().zip(below) {
                let bucket = format_args!("{name}_bucket{{{labels}{comma}le=\"{edge}\"}} {below}");
                say(out, bucket);
            }
            say(out, format_args!("{name}_bucket{{{labels}{comma}le=\"+Inf\"}} {count}"));
            say(out, format_args!("{name}_sum{{{labels}}} {sum}"));
            say(out, format_args!("{name}_count{{{labels}}} {count}"));
        }
    }
}

/// The name with the end that says what it is.
pub(super) fn full_name(family: &Family) -> String {
    let end = if family.kind == Kind::Counter { "_total" } else { "" };
    format!("{}{end}", family.name)
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
    }
}

fn escaped(value: &str) -> String {
    strip(value).replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn say(out: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(out, "{line}").expect("a string takes everything");
}
