//! `OpenMetrics` text: counters and histograms of the whole judged time, by endpoint.

use std::fmt::Write as _;

use crate::run::Run;
use crate::sanitise;
use crate::unit::Ratio;

/// Upper edges of buckets, in seconds.
const EDGES: [f64; 16] =
    [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0, 60.0];

pub(super) fn render(run: &Run) -> String {
    let mut out = String::from(
        "# TYPE loadgate_requests counter\n\
         # HELP loadgate_requests Requests of the judged time, by how they ended.\n",
    );
    for endpoint in run.alone() {
        let name = label(&endpoint.name);
        let good = endpoint.whole.good();
        let _ =
            writeln!(out, "loadgate_requests_total{{endpoint=\"{name}\",outcome=\"good\"}} {good}");
        for (why, count) in endpoint.whole.failures() {
            let _ = writeln!(
                out,
                "loadgate_requests_total{{endpoint=\"{name}\",outcome=\"{why}\"}} {count}"
            );
        }
    }
    out.push_str(
        "# TYPE loadgate_latency_seconds histogram\n\
         # UNIT loadgate_latency_seconds seconds\n\
         # HELP loadgate_latency_seconds Latency of good answers, from when they were due.\n",
    );
    for endpoint in run.alone() {
        histogram(&label(&endpoint.name), endpoint.whole.latency(), &mut out);
    }
    out.push_str(
        "# TYPE loadgate_error_ratio gauge\n\
         # HELP loadgate_error_ratio Failed requests as a share of all.\n",
    );
    for endpoint in run.alone() {
        let share = Ratio::of(endpoint.whole.bad(), endpoint.whole.count());
        if let Some(share) = share {
            let (name, share) = (label(&endpoint.name), share.share());
            let _ = writeln!(out, "loadgate_error_ratio{{endpoint=\"{name}\"}} {share}");
        }
    }
    out + "# EOF\n"
}

fn histogram(name: &str, times: &crate::tally::Times, out: &mut String) {
    let metric = "loadgate_latency_seconds";
    for edge in EDGES {
        let above = times.count_above(std::time::Duration::from_secs_f64(edge));
        let below = times.count() - above;
        let _ = writeln!(out, "{metric}_bucket{{endpoint=\"{name}\",le=\"{edge:?}\"}} {below}");
    }
    let count = times.count();
    let sum = times.mean().map_or(0.0, |mean| mean.as_secs_f64()) * crate::stats::real(count);
    let _ = writeln!(out, "{metric}_bucket{{endpoint=\"{name}\",le=\"+Inf\"}} {count}");
    let _ = writeln!(out, "{metric}_count{{endpoint=\"{name}\"}} {count}");
    let _ = writeln!(out, "{metric}_sum{{endpoint=\"{name}\"}} {sum}");
}

/// A label's value, escaped as the format asks.
fn label(name: &str) -> String {
    sanitise::strip(name).replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
