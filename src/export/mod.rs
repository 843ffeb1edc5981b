//! A run in formats of other tools, so that their dashboards and plugins keep working.

mod table;
mod hlog;
mod openmetrics;
mod k6;
mod jtl;

use std::time::Duration;

use crate::run::{Evidence, Run};
use crate::tally::{Damaged, Frame, Packed, Tally};

/// A format to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// A row for each endpoint and slice of time.
    Csv,
    /// The same as JSON, an object on each line.
    Ndjson,
    /// `HdrHistogram`'s log, a histogram for each endpoint and slice.
    Hlog,
    /// `OpenMetrics` text: counters, and a histogram for each endpoint.
    Openmetrics,
    /// What k6 writes with `--summary-export`.
    K6Summary,
    /// A JTL of `JMeter`: a row for each request, out of the histograms.
    Jtl,
}

/// Why a run is not written in a format; half a sentence that can follow its name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unexported {
    /// It has no samples.
    #[error("holds a summary of another tool, which has no samples to write")]
    NoSamples,
    /// A slice is damaged.
    #[error("is a damaged run: {0}")]
    Damaged(#[from] Damaged),
}

/// A run as text of another tool's.
///
/// # Errors
/// When there are no samples, or a slice is damaged.
pub fn export(run: &Run, to: To) -> Result<String, Unexported> {
    if run.endpoints.iter().any(|endpoint| endpoint.quotes.is_some()) {
        return Err(Unexported::NoSamples);
    }
    Ok(match to {
        To::Csv => table::csv(run)?,
        To::Ndjson => table::ndjson(run)?,
        To::Hlog => hlog::render(run)?,
        To::Openmetrics => openmetrics::render(run),
        To::K6Summary => k6::render(run),
        To::Jtl => jtl::render(run)?,
    })
}

/// Against what a tally of so much time is read.
fn frame(run: &Run, span: Duration) -> Frame {
    Frame { span, timeout: run.load.timeout }
}

/// The judged slices of an endpoint that hold something, each with its time.
fn slices<'a>(
    run: &'a Run,
    endpoint: &'a Evidence,
) -> impl Iterator<Item = Result<(Duration, Duration, Tally), Damaged>> + 'a {
    let nothing = Packed::default();
    let both = run.slices.iter().zip(&endpoint.slices);
    let full = both.filter(move |(slice, packed)| !slice.warm_up && **packed != nothing);
    full.map(|(slice, packed)| Ok((slice.from, slice.to, packed.unpack()?)))
}

/// When the run began, in nanoseconds since 1970; zero where that is not known.
fn began(run: &Run) -> i128 {
    let parsed = time::OffsetDateTime::parse(
        &run.origin.started,
        &time::format_description::well_known::Rfc3339,
    );
    parsed.map_or(0, time::OffsetDateTime::unix_timestamp_nanos)
}

/// A field of CSV, quoted where it must be.
fn field(text: &str) -> String {
    let text = crate::sanitise::strip(text);
    if text.contains(['"', ',', '\n', '\r']) || text.starts_with(['=', '+', '-', '@']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text
}
