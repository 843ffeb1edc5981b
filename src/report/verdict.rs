//! The shape of `verdict.json`. What stands here is a promise: the published schema is derived from
//! it.

mod change;
mod environment;
mod interval;
mod policy;
mod probed;
mod shift;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::outside::{Between, Source};
pub(super) use change::{Accepted, Change};
pub(super) use environment::Environment;
pub(super) use interval::Interval;
pub(super) use policy::{Difference, Policy};
pub(super) use probed::Probed;
pub(super) use shift::{Shift, Shifted, Shifts};

/// The judgement of one run of a gate, as `loadgate run` and `loadgate check` write it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Verdict")]
pub(super) struct File<'a> {
    /// `loadgate.verdict/1`. A change that breaks readers raises the number.
    #[schemars(extend("const" = "loadgate.verdict/1"))]
    pub(super) schema: &'static str,
    /// `pass`, `fail` or `inconclusive`.
    #[schemars(extend("enum" = ["pass", "fail", "inconclusive"]))]
    pub(super) verdict: &'static str,
    /// What the process ended with: 0 pass, 1 fail, 3 inconclusive, 130 and 143 interrupted.
    pub(super) exit_code: u8,
    /// The verdict's reason in one line.
    pub(super) why: &'a str,
    /// One for each expectation of the gate file, in its order; no more, no fewer.
    pub(super) findings: Vec<Finding<'a>>,
    /// What a reader needs to believe the findings.
    pub(super) facts: Told<'a>,
}

/// What became of one expectation.
#[derive(Serialize, JsonSchema)]
pub(super) struct Finding<'a> {
    /// `sla`: a threshold. `regression`: a comparison with another version. `trust`: the
    /// measurement itself must be fit to be judged, and the gate file must not ask for less than
    /// the base commit's.
    #[schemars(extend("enum" = ["sla", "regression", "trust"]))]
    pub(super) rule: &'static str,
    /// `*` for the whole run, an endpoint's name else.
    pub(super) scope: &'a str,
    /// What was measured: `p99`, `good_p99`, `mean`, `max`, `error_rate`, `throughput`, `count`,
    /// `status_5xx`; `fit` of the measurement itself (`sound`, `valid` where another tool
    /// measured), `script` of a locustfile, `policy` of the gate file.
    pub(super) metric: &'a str,
    /// The limit as the gate file has it: `< 250ms`; `+5%` of a comparison.
    pub(super) asked: &'a str,
    /// Each window of this length was looked at.
    pub(super) over: Option<String>,
    /// Only this stage was looked at.
    pub(super) during: Option<&'a str>,
    /// What was measured; null where nothing could be.
    pub(super) got: Option<Got>,
    /// Between which values it lies, in the same unit, where another tool's file does not tell it
    /// more exactly; absent where the value is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) between: Option<Between>,
    /// Met, not met, or not to be judged.
    #[schemars(extend("enum" = ["held", "breached", "unjudged"]))]
    pub(super) outcome: &'static str,
    /// Why there is no answer; null where there is one. `loadgate explain` has a page on each.
    pub(super) doubt: Option<&'static str>,
    /// The same as a half sentence.
    pub(super) why: Option<&'a str>,
    /// `fail`: the gate depends on it. `warn`: it is only said.
    #[schemars(extend("enum" = ["fail", "warn"]))]
    pub(super) level: &'static str,
    /// The samples behind it.
    pub(super) samples: u64,
    /// How many samples, rounds or earlier runs it would have taken, where there were too few.
    pub(super) need: Option<u64>,
    /// Where in the run the worst window lies.
    pub(super) window: Option<Window>,
    /// What bounds what was measured; absent where the run was too short to tell, or the metric has
    /// no bounds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) interval: Option<Interval>,
    /// How it changed against another version; absent where nothing was compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) change: Option<Change>,
    /// A person let it pass; absent where nobody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) accepted: Option<Accepted<'a>>,
    /// Nobody wrote it: it is a default.
    pub(super) default: bool,
    /// Only the gate file of the base commit asks for it; absent where this one does.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) base: bool,
    /// The line of the gate file it stands on.
    pub(super) line: Option<usize>,
}

/// A measured value.
#[derive(Serialize, JsonSchema)]
pub(super) struct Got {
    /// The number; null means *never*: so many requests failed that no time bounds the share asked
    /// for.
    pub(super) value: Option<f64>,
    /// The unit of the number; empty for plain counts.
    #[schemars(extend("enum" = crate::plan::probe::UNITS))]
    pub(super) unit: &'static str,
}

/// A piece of the run's time, in seconds from the start of the load.
#[derive(Serialize, JsonSchema)]
pub(super) struct Window {
    /// Its start.
    pub(super) from_s: f64,
    /// Its end.
    pub(super) to_s: f64,
}

/// What a reader needs to believe the findings.
#[derive(Serialize, JsonSchema)]
pub(super) struct Told<'a> {
    /// The run's id, unlike any other's.
    pub(super) run: &'a str,
    /// loadgate's version.
    pub(super) version: &'a str,
    /// The gate file's name.
    pub(super) gate: &'a str,
    /// SHA-256 of the gate file's text.
    pub(super) gate_sha256: &'a str,
    /// Whom the load was put on.
    pub(super) target: &'a str,
    /// The protocol spoken.
    pub(super) protocol: &'a str,
    /// Certificates were not checked.
    pub(super) insecure: bool,
    /// The seed of every draw.
    pub(super) seed: u64,
    /// When the run started: RFC 3339, UTC.
    pub(super) started: &'a str,
    /// `open`: arrivals come by a timetable. `closed`: each user waits for its answer.
    #[schemars(extend("enum" = ["open", "closed"]))]
    pub(super) model: &'static str,
    /// The load in words.
    pub(super) profile: &'a str,
    /// How long the load was planned to last.
    pub(super) duration_s: f64,
    /// How long it lasted.
    pub(super) lasted_s: f64,
    /// Its first part, sent and not judged.
    pub(super) warm_up_s: f64,
    /// The judged time.
    pub(super) judged_s: f64,
    /// The deadline of a request.
    pub(super) timeout_s: f64,
    /// Arrivals planned, warm-up included; null in the closed model.
    pub(super) planned: Option<u64>,
    /// Arrivals released, warm-up included: each one request, or a user with several; null in the
    /// closed model.
    pub(super) released: Option<u64>,
    /// Requests sent, warm-up included.
    pub(super) sent: u64,
    /// Arrivals dropped for want of room.
    pub(super) dropped: u64,
    /// Arrivals planned that were neither sent nor dropped; null in the closed model.
    pub(super) unsent: Option<u64>,
    /// Requests of the judged time, however they ended.
    pub(super) ended: u64,
    /// Those among them that failed.
    pub(super) failed: u64,
    /// Those that got no whole answer: of every class but `status` and `expectation`.
    pub(super) unanswered: u64,
    /// The failed ones by class.
    pub(super) failures: BTreeMap<&'static str, u64>,
    /// Most virtual users at once (closed model).
    pub(super) users: u64,
    /// Connections opened.
    pub(super) connections: u64,
    /// Requests repeated on a fresh connection.
    pub(super) reconnects: u64,
    /// How long opening a connection took.
    pub(super) connecting_ms: Option<Spread>,
    /// Failed connection attempts by address.
    pub(super) refused: Vec<Refused<'a>>,
    /// How fit the generator was.
    pub(super) generator: Generator<'a>,
    /// The machine that put the load on.
    pub(super) environment: Environment<'a>,
    /// The files that another tool measured it in; absent where loadgate put on the load.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<Source<'a>>,
    /// Why the run ended.
    pub(super) stop: Stop<'a>,
    /// How the gate file compares with the base commit's; absent where there is no base.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) policy: Option<Policy<'a>>,
    /// Checks of endpoints that the chosen tags left out, in words: not judged. Absent where there
    /// are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) left_out: Vec<&'a str>,
    /// What was asked beside the load; absent where nothing was.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) probes: Vec<Probed<'a>>,
    /// How far percentiles are from another version or from earlier runs; absent where nothing was
    /// compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) shifts: Option<Shifts<'a>>,
    /// What else a reader must know, most urgent first.
    pub(super) notes: Vec<&'a str>,
    /// All endpoints together.
    pub(super) whole: Endpoint<'a>,
    /// Each endpoint, in the order of the gate file.
    pub(super) endpoints: Vec<Endpoint<'a>>,
}

/// Failed connection attempts to one address.
#[derive(Serialize, JsonSchema)]
pub(super) struct Refused<'a> {
    /// The address.
    pub(super) address: &'a str,
    /// How many.
    pub(super) count: u64,
}

/// How fit the generator was.
#[derive(Serialize, JsonSchema)]
pub(super) struct Generator<'a> {
    /// It was not the bottleneck; null where no load was put on.
    pub(super) fit: Option<bool>,
    /// Why it was, with advice.
    pub(super) reasons: Vec<&'a str>,
    /// Load threads.
    pub(super) threads: u64,
    /// How late arrivals were released; null where no timetable released them.
    pub(super) lag_ms: Option<Lag>,
    /// CPU of each load thread, in percent of one core.
    pub(super) cpu_percent: Vec<f64>,
    /// Share of seconds in which some load thread used, or waited for, more than 90 % of a core.
    pub(super) saturated_percent: f64,
    /// Share of seconds in which some load thread waited for a CPU in more than 10 % of the time;
    /// null where the system does not tell.
    pub(super) starved_percent: Option<f64>,
    /// How long it waited each time in those seconds, on average.
    pub(super) starved_wait_ms: Option<f64>,
    /// CPU time that the hypervisor gave to others.
    pub(super) steal_percent: Option<f64>,
    /// Open descriptors.
    pub(super) descriptors: Option<Descriptors>,
    /// What releases arrivals, with its resolution.
    pub(super) pacing: &'a str,
    /// The wall clock was set during the run.
    pub(super) clock_stepped: bool,
    /// The machine or the process stood still during the run.
    pub(super) suspended: bool,
}

/// How late arrivals were released, in milliseconds.
#[derive(Serialize, JsonSchema)]
pub(super) struct Lag {
    /// The median.
    pub(super) p50: f64,
    /// The 99th percentile.
    pub(super) p99: f64,
    /// The latest.
    pub(super) max: f64,
}

/// Open descriptors.
#[derive(Serialize, JsonSchema)]
pub(super) struct Descriptors {
    /// At the fullest moment.
    pub(super) most: u64,
    /// The limit.
    pub(super) limit: u64,
}

/// Why the run ended.
#[derive(Serialize, JsonSchema)]
pub(super) struct Stop<'a> {
    /// `end` for a run that took its time.
    #[schemars(extend("enum" = [
        "end", "signal", "breached", "dead", "stalled", "panic", "no-thread", "unreachable",
        "checkpoint"
    ]))]
    pub(super) reason: &'static str,
    /// The same as a sentence; null for a run that took its time.
    pub(super) text: Option<&'a str>,
}

/// What was measured of one endpoint within the judged time.
#[derive(Serialize, JsonSchema)]
pub(super) struct Endpoint<'a> {
    /// Its name; `*` for all together.
    pub(super) name: &'a str,
    /// Requests that the planned arrivals send, on average where users draw what they do; null in
    /// the closed model.
    pub(super) planned: Option<u64>,
    /// Requests, good and failed.
    pub(super) count: u64,
    /// Failed ones among them.
    pub(super) errors: u64,
    /// Their share; null where there was no request.
    pub(super) error_percent: Option<f64>,
    /// Good answers per second.
    pub(super) throughput_per_s: Option<f64>,
    /// Latency of all requests from when they were due; failed ones rank behind every answer.
    pub(super) latency_ms: Option<Spread>,
    /// Latency of the good answers alone.
    pub(super) good_latency_ms: Option<Spread>,
    /// Of the good answers, from when they were sent; null where that is the same as from due.
    pub(super) service_ms: Option<Spread>,
    /// Failed requests by class.
    pub(super) failures: BTreeMap<&'static str, u64>,
    /// What one of them said, by class.
    pub(super) examples: BTreeMap<&'static str, &'a str>,
    /// Expectations that were missed, most often missed first; absent where none was.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) missed: Vec<Missed<'a>>,
    /// Answers by status; those of gRPC that are not OK by code, such as `grpc NOT_FOUND`.
    pub(super) statuses: BTreeMap<String, u64>,
    /// Bytes read.
    pub(super) bytes: u64,
    /// Times inside requests by what was timed, of a stream or a WebSocket; absent where there are
    /// none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) timings: BTreeMap<&'static str, Timed>,
    /// Events of a stream per second; absent where no stream had two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) events_per_second: Option<f64>,
}

/// Answers that missed one expectation.
#[derive(Serialize, JsonSchema)]
pub(super) struct Missed<'a> {
    /// The expectation in words.
    pub(super) asked: &'a str,
    /// How many answers missed it.
    pub(super) count: u64,
    /// What one of them had instead, bounded; empty where the words say all.
    pub(super) got: &'a str,
}

/// Times inside requests of one kind.
#[derive(Serialize, JsonSchema)]
pub(super) struct Timed {
    /// How many.
    pub(super) count: u64,
    /// How many of them never came to their end; they rank behind all others.
    pub(super) broken: u64,
    /// The times; the mean is of those that came to their end.
    pub(super) ms: Spread,
}

/// A distribution of times in milliseconds; null means *never*: so many requests failed.
#[derive(Serialize, JsonSchema)]
pub(super) struct Spread {
    /// The median.
    pub(super) p50: Option<f64>,
    /// The 95th percentile.
    pub(super) p95: Option<f64>,
    /// The 99th percentile.
    pub(super) p99: Option<f64>,
    /// The largest.
    pub(super) max: Option<f64>,
    /// The mean; a failed request counts with the whole time it was allowed. Also null where a
    /// summary of another tool does not tell it.
    pub(super) mean: Option<f64>,
}
