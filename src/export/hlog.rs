//! `HdrHistogram`'s log, version 1.3: times of good answers in microseconds, tagged by endpoint.

use std::fmt::Write as _;

use super::began;
use crate::run::Run;
use crate::sanitise;
use crate::tally::Damaged;

pub(super) fn render(run: &Run) -> Result<String, Damaged> {
    let (began, version) = (began(run), &run.origin.version);
    let (seconds, millis) = (began / 1_000_000_000, began / 1_000_000 % 1_000);
    let mut out = format!(
        "#[Latencies of good answers in microseconds, by loadgate {version}]\n\
         #[Histogram log format version 1.3]\n\
         #[StartTime: {seconds}.{millis:03} (seconds since epoch), {}]\n\
         #[BaseTime: {seconds}.{millis:03} (seconds since epoch)]\n\
         \"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\
         \"Interval_Compressed_Histogram\"\n",
        sanitise::strip(&run.origin.started)
    );
    for endpoint in run.alone() {
        let tag = tag(&endpoint.name);
        for (slice, packed) in run.slices.iter().zip(&endpoint.slices) {
            let Some(times) = packed.latency.as_ref().filter(|_| !slice.warm_up) else { continue };
            times.unpack()?;
            let from = slice.from.as_secs_f64();
            let length = slice.to.saturating_sub(slice.from).as_secs_f64();
            // The log's own unit is milliseconds.
            let most = times.most.as_secs_f64() * 1e3;
            let _ = writeln!(out, "Tag={tag},{from:.3},{length:.3},{most:.3},{}", times.histogram);
        }
    }
    Ok(out)
}

/// A tag ends at a comma, and holds no blank.
fn tag(name: &str) -> String {
    let name = sanitise::strip(name);
    name.replace([',', ' ', '\n', '\t', '='], "_")
}
