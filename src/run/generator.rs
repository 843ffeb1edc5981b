//! How fit whoever put the load on was to do so.

use std::time::Duration;

use crate::unit::Ratio;

/// How load threads had to wait for a CPU that others used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Starved {
    /// Share of seconds in which some load thread waited in more than 10 % of the time.
    pub share: Ratio,
    /// How long it waited each time in those seconds, on average.
    pub wait: Duration,
}

/// The generator's own pulse.
#[derive(Clone, Debug, PartialEq)]
pub struct Generator {
    /// Load threads, one runtime each.
    pub threads: u64,
    /// How late arrivals were released: median. `None` where nothing was released by a timetable.
    pub lag_p50: Option<Duration>,
    /// How late arrivals were released: 99th percentile.
    pub lag_p99: Option<Duration>,
    /// How late arrivals were released: the latest.
    pub lag_max: Option<Duration>,
    /// CPU of each load thread over the whole load, as a share of one core.
    pub cpu: Vec<Ratio>,
    /// Share of seconds in which some load thread used, or waited for, more than 90 % of a core.
    pub saturated: Ratio,
    /// How load threads had to wait for a CPU; `None` where the system does not tell.
    pub starved: Option<Starved>,
    /// Open descriptors at the fullest moment, and the limit.
    pub descriptors: Option<(u64, u64)>,
    /// CPU time that the hypervisor gave to others, as a share.
    pub steal: Option<Ratio>,
    /// What releases arrivals, with its resolution: `timerfd`, `timer of 1 ms`.
    pub pacing: String,
    /// The clock of the machine was set, or the machine was suspended, during the run.
    pub clock: Clock,
}

impl Generator {
    /// One of which nothing is known: another tool's.
    #[must_use]
    pub fn unknown() -> Self {
        Self {
            threads: 0,
            lag_p50: None,
            lag_p99: None,
            lag_max: None,
            cpu: Vec::new(),
            saturated: Ratio::ZERO,
            starved: None,
            descriptors: None,
            steal: None,
            pacing: String::new(),
            clock: Clock::default(),
        }
    }
}

/// What became of the machine's clocks during the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// The wall clock was set by more than 500 ms.
    pub stepped: bool,
    /// The machine, or the process, stood still for more than 500 ms.
    pub suspended: bool,
}
