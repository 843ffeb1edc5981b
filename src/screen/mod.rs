//! A load under way, drawn on a whole terminal: what is seen, and how it is laid out. Pure; whoever
//! has the terminal gives the frame.

mod trail;
mod paint;
mod numbers;
mod tables;
mod draw;

use std::time::Duration;

use crate::metric::Value;
use crate::unit::{Rate, Ratio};

pub use draw::draw;
pub use paint::Look;
pub use trail::Trail;

/// What is seen of a load at one moment. Texts are clean: nothing in them moves a cursor.
#[derive(Clone, Debug, Default)]
pub struct Picture {
    /// The gate file.
    pub gate: String,
    /// Whom the load is put on.
    pub target: String,
    /// The load in words.
    pub profile: String,
    /// What is going on.
    pub phase: Phase,
    /// Since the load began.
    pub elapsed: Duration,
    /// How long the load is planned to last.
    pub whole: Duration,
    /// What was sent, and what should have been.
    pub flow: Flow,
    /// What ended lately, warm-up included.
    pub now: Tiers,
    /// All that is judged so far.
    pub all: Tiers,
    /// Failed requests by class, of all that is judged so far, and an example of each where one is
    /// known.
    pub errors: Vec<(&'static str, u64)>,
    /// Each endpoint on its own.
    pub endpoints: Vec<(String, Tiers, Tiers)>,
    /// What is expected, and how that stands.
    pub checks: Vec<Check>,
    /// How fit the generator is: how late arrivals are released (p99), and the CPU of its busiest
    /// thread.
    pub generator: (Option<Duration>, Option<Ratio>),
    /// What was said last.
    pub note: Option<String>,
}

/// What is going on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// What is sent is not judged yet, for so long.
    WarmUp(Duration),
    /// What is sent is judged.
    #[default]
    Judged,
    /// Nothing more is sent; the last answers are waited for.
    Draining,
}

/// What was sent of late, and how things stand.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Flow {
    /// Arrivals that were planned in a second; `None` where users decide.
    pub planned: Option<Rate>,
    /// Arrivals that were released in a second, or requests where users decide.
    pub real: Option<Rate>,
    /// Requests sent in a second, where they are not the arrivals.
    pub requests: Option<Rate>,
    /// Requests without an answer yet.
    pub in_flight: u64,
    /// Virtual users alive; `None` where arrivals come by a timetable.
    pub users: Option<u64>,
    /// Arrivals dropped for our own limits so far.
    pub dropped: u64,
}

/// Latency and errors of some requests.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tiers {
    /// How many there were.
    pub count: u64,
    /// The median; this and the others as a gate file means them, failed requests last.
    pub p50: Option<Value>,
    /// The 95th percentile.
    pub p95: Option<Value>,
    /// The 99th percentile.
    pub p99: Option<Value>,
    /// The largest.
    pub max: Option<Value>,
    /// Failed ones as a share.
    pub errors: Option<Ratio>,
}

/// An expectation, and how it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Of what: the whole run or an endpoint, and which metric.
    pub of: String,
    /// What is asked.
    pub asked: String,
    /// What was measured so far.
    pub got: Option<Value>,
    /// How it stands.
    pub state: State,
    /// How long it takes until that is settled.
    pub left: Duration,
}

/// How an expectation stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It would be held if the run ended now.
    Held,
    /// It would be breached, and that fails the gate.
    Breached,
    /// It would be breached, and that is only said.
    Warned,
    /// It cannot be said yet, and why.
    Open(String),
}
