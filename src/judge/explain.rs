//! What a metric, a doubt, a failure or a verdict means, and what to do: the pages of `loadgate
//! explain`.

use crate::metric::{Metric, Timing};

/// One page for each `# name`, in the order of a reader's questions.
const PAGES: &str = include_str!("explain.md");

/// The page of that name: a metric as gate files have it, a doubt, a class of failure, a verdict, a
/// model.
#[must_use]
pub fn explain(name: &str) -> Option<&'static str> {
    let subject = subject(name);
    pages().find(|(title, _)| *title == subject).map(|(_, page)| page)
}

/// The names that have a page, in order. Metrics are there by one example each.
pub fn subjects() -> impl Iterator<Item = &'static str> {
    pages().map(|(title, _)| title)
}

fn pages() -> impl Iterator<Item = (&'static str, &'static str)> {
    let parts = PAGES.split("# ").filter(|part| !part.is_empty());
    parts.filter_map(|part| part.split_once('\n')).map(|(title, page)| (title, page.trim_end()))
}

/// The page that speaks of a name: every percentile has the same one.
fn subject(name: &str) -> &str {
    match Metric::parse(name) {
        Some(Metric::Latency(_)) => "p99",
        Some(Metric::GoodLatency(_)) => "good_p99",
        Some(Metric::Status(_)) => "status_5xx",
        Some(Metric::Timing(timing, _)) => page_of(timing),
        Some(
            Metric::Mean
            | Metric::Max
            | Metric::ErrorRate
            | Metric::Throughput
            | Metric::Count
            | Metric::EventsPerSecond,
        )
        | None => name,
    }
}

fn page_of(timing: Timing) -> &'static str {
    match timing {
        Timing::FirstEvent => "first_event_p95",
        Timing::EventGap => "event_gap_p95",
        Timing::WsConnect => "ws_connect_p95",
        Timing::WsRoundTrip => "ws_round_trip_p95",
    }
}
