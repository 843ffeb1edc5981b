//! A run while it is under way, and its end, in the languages of dashboards.
//!
//! A [`Snapshot`] is what is known at a moment. Counters count from the begin of the load, and
//! requests are those of the judged time, as in every report; a load that is measured twice begins
//! anew.

mod snapshot;
mod families;
pub mod prometheus;
pub mod remote_write;
pub mod otlp;
pub mod influx;
pub mod statsd;
pub mod lines;

use std::time::Duration;

use crate::metric::Value;
use crate::run::Pulse;
use crate::unit::Ratio;

/// Upper edges of the buckets in which latencies are told, in seconds: six in a decade, from a
/// tenth of a millisecond to a minute.
pub const EDGES: [f64; 36] = [
    0.0001, 0.00015, 0.0002, 0.0003, 0.0005, 0.0007, 0.001, 0.0015, 0.002, 0.003, 0.005, 0.007,
    0.01, 0.015, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0,
    7.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0,
];

/// What is known of a run at a moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// When, and since when it is counted, in nanoseconds since 1970.
    pub at: u64,
    /// When the load began, in nanoseconds since 1970.
    pub began: u64,
    /// How long the load has lasted.
    pub elapsed: Duration,
    /// Labels of all of it: the gate file, the shard, and those the gate file asks for.
    pub labels: Vec<(String, String)>,
    /// What the generator did so far.
    pub flow: Flow,
    /// All endpoints together.
    pub whole: Counted,
    /// Each endpoint.
    pub endpoints: Vec<Counted>,
    /// How it ended; `None` before that.
    pub ended: Option<Ended>,
}

/// What the generator did so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flow {
    /// Arrivals and requests since the begin of the load, warm-up included.
    pub pulse: Pulse,
    /// How late arrivals were released: 99th percentile.
    pub lag: Option<Duration>,
    /// CPU of the busiest load thread, as a share of one core.
    pub cpu: Option<Ratio>,
}

/// The requests of an endpoint within the judged time.
#[derive(Clone, Debug, Default)]
pub struct Counted {
    /// The endpoint's name; empty of all together.
    pub name: String,
    /// Which of two versions, where the load is shared: `new` or `base`.
    pub version: Option<&'static str>,
    /// Good answers.
    pub good: u64,
    /// Failed requests, by class.
    pub failed: Vec<(&'static str, u64)>,
    /// Good answers that took no longer than each of [`EDGES`].
    pub below: Vec<u64>,
    /// The sum of latencies in seconds; a failed request counts with the whole time it was allowed.
    pub sum: f64,
    /// Percentiles of latency: the share in percent, and the value.
    pub percentiles: [(&'static str, Option<Value>); 3],
}

impl Counted {
    /// Failed requests.
    #[must_use]
    pub fn bad(&self) -> u64 {
        self.failed.iter().map(|(_, count)| count).sum()
    }

    /// All requests.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.good + self.bad()
    }
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// `pass`, `fail` or `inconclusive`.
    pub verdict: &'static str,
    /// What the process ends with.
    pub exit_code: u8,
    /// What became of each expectation.
    pub checks: Vec<Judged>,
}

/// What became of an expectation.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Of what: `*` for the whole run.
    pub scope: String,
    /// What is measured, such as `p99`.
    pub metric: String,
    /// What was asked, as a gate file has it.
    pub asked: String,
    /// `held`, `breached` or `unjudged`.
    pub outcome: &'static str,
    /// What was measured, and its unit; `None` where nothing could be, or *never*.
    pub got: Option<(f64, &'static str)>,
}
