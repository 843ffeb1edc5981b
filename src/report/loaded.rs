//! The load that was asked for and put on, as reports tell it.

use std::time::Duration;

use super::measured::{Spread, spread};
use crate::run::{Model, Run};
use crate::sanitise::Clean;

/// The load asked for and put on; see [`crate::run::Delivered`].
#[derive(Clone, Debug)]
pub struct Load {
    /// Open or closed.
    pub model: Model,
    /// The load in words.
    pub profile: Clean,
    /// Names of the stages.
    pub stages: Vec<Clean>,
    /// How long it was planned to last.
    pub duration: Duration,
    /// How long it lasted.
    pub lasted: Duration,
    /// Sent, never judged.
    pub warm_up: Duration,
    /// The judged time.
    pub judged: Duration,
    /// The deadline of a request.
    pub timeout: Duration,
    /// Arrivals planned (open model).
    pub planned: Option<u64>,
    /// Arrivals released (open model): a request each, or a user with several.
    pub released: Option<u64>,
    /// Users that arrived, where each of them may send several requests.
    pub arrived: Option<u64>,
    /// Requests sent.
    pub sent: u64,
    /// Arrivals dropped.
    pub dropped: u64,
    /// Most users at once (closed model).
    pub users: u64,
    /// Connections opened.
    pub connections: u64,
    /// Requests repeated on a fresh connection.
    pub reconnects: u64,
    /// How long opening a connection took.
    pub connecting: Option<Spread>,
    /// Failed connection attempts by address.
    pub refused: Vec<(Clean, u64)>,
}

/// Tells it; `clean` makes text from outside fit for a sink.
pub(super) fn load(run: &Run, clean: &dyn Fn(&str) -> Clean) -> Load {
    let load = &run.load;
    Load {
        model: load.model,
        profile: Clean::line(&load.profile),
        stages: load.stages.iter().map(|name| clean(name)).collect(),
        duration: load.duration,
        lasted: load.lasted,
        warm_up: load.warm_up,
        judged: run.judged(),
        timeout: load.timeout,
        planned: load.planned,
        released: load.released,
        arrived: load.arrived(),
        sent: load.sent,
        dropped: load.dropped,
        users: load.users,
        connections: load.connections,
        reconnects: load.reconnects,
        connecting: spread(&load.connecting, load.connecting.count()),
        refused: load.refused.iter().map(|(address, count)| (clean(address), *count)).collect(),
    }
}
