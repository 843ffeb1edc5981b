//! `performance.xml`, for the Performance plugin of Jenkins: the summary that Taurus writes
//! (`FinalStatus`), whose times are in seconds.
//!
//! The time of a request that got no good answer is told as its deadline: the format has no word
//! for *never*, and a percentile that is left out would be drawn as zero.

use std::fmt::Write as _;

use super::facts::Facts;
use super::measured::Measured;
use crate::metric::Value;
use crate::sanitise;

/// Writes the report.
#[must_use]
pub fn render(facts: &Facts) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<FinalStatus>\n");
    let _ = writeln!(out, "  <TestDuration>{:.1}</TestDuration>", facts.load.judged.as_secs_f64());
    for endpoint in &facts.endpoints {
        group(&mut out, facts, endpoint, &sanitise::xml(endpoint.name.as_str()));
    }
    // The plugin takes the one without a name for the whole.
    group(&mut out, facts, &facts.whole, "");
    out.push_str("</FinalStatus>\n");
    out
}

fn group(out: &mut String, facts: &Facts, measured: &Measured, label: &str) {
    let _ = writeln!(out, "  <Group label=\"{label}\">");
    let mut count = |name: &str, value: u64| {
        let _ = writeln!(out, "    <{name} value=\"{value}\"/>");
    };
    count("throughput", measured.count);
    count("succ", measured.count - measured.failed);
    count("fail", measured.failed);
    count("bytes", measured.bytes);
    let mean = measured.latency.and_then(|all| facts.seconds(all.mean?)).unwrap_or(0.0);
    let _ = writeln!(out, "    <avg_rt value=\"{mean:.5}\"/>");
    for (share, value) in shares(measured) {
        if let Some(seconds) = facts.seconds(value) {
            let _ = writeln!(out, "    <perc value=\"{seconds:.5}\" param=\"{share}\"/>");
        }
    }
    out.push_str("  </Group>\n");
}

/// The percentiles that the plugin draws, rising.
fn shares(measured: &Measured) -> Vec<(&'static str, Value)> {
    let Some(all) = measured.latency else { return Vec::new() };
    let least = measured.least.map_or(Value::Never, Value::Time);
    let p90 = measured.p90.unwrap_or(Value::Never);
    let rising = [least, all.p50, p90, all.p95, all.p99, all.max];
    ["0.0", "50.0", "90.0", "95.0", "99.0", "100.0"].into_iter().zip(rising).collect()
}
