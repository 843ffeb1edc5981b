//! The generator's own pulse: CPU, descriptors, clocks, and what the hypervisor took.

use std::time::{Duration, Instant, SystemTime};

use crate::plan::{Drive, Http, Load};
use crate::run::{Clock, Model};
use crate::unit::Ratio;

/// How often threads hand over and take their pulse.
pub(super) const TICK: Duration = Duration::from_millis(200);
/// Longer than this, and a clock was set, or a thread did not get to run.
pub(super) const STANDSTILL: Duration = Duration::from_millis(500);
/// The share of a core above which a load thread is said to be busy.
const BUSY: f64 = 0.9;
/// Descriptors beside the connections: standard streams, reports, the control plane.
const BESIDE: u64 = 32;
/// Descriptors of a runtime and its timer.
const PER_THREAD: u64 = 5;

/// How many load threads a load gets: as many as it says, or one per core but one; never more than
/// have work.
#[must_use]
pub fn threads(load: &Load) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let most = match load.profile.model {
        Model::Open => load.connections.min(load.max_in_flight),
        Model::Closed => usize::try_from(load.profile.peak().div_ceil(1_000_000)).unwrap_or(cores),
    };
    load.threads.unwrap_or(cores.saturating_sub(1)).min(most).max(1)
}

/// Why a load does not fit the limit of open descriptors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the load needs {needed} open files and the limit is {limit}: \
     raise it (`ulimit -n`) or lower `connections`"
)]
pub struct TooMany {
    /// Descriptors that the load needs at its fullest.
    pub needed: u64,
    /// What the system allows, raised as far as it goes.
    pub limit: u64,
}

/// Whether a load fits a limit of open descriptors.
///
/// # Errors
/// It would need more at its fullest.
pub fn fits(drive: &Drive, limit: u64) -> Result<(), TooMany> {
    let needed = descriptors_needed(drive);
    if needed > limit { Err(TooMany { needed, limit }) } else { Ok(()) }
}

/// Descriptors that a load needs at its fullest: never more connections at once than requests can
/// be under way before the first of them reaches its deadline.
#[must_use]
pub fn descriptors_needed(drive: &Drive) -> u64 {
    let (load, threads) = (&drive.load, threads(&drive.load) as u64);
    let peak = load.profile.peak().div_ceil(1_000_000);
    let at_once = match load.profile.model {
        Model::Closed => peak,
        Model::Open => {
            let seconds = drive.target.timeout.as_secs() + 1;
            let most = load.connections.min(load.max_in_flight) as u64;
            peak.saturating_mul(seconds).saturating_add(1).min(most)
        }
    };
    let connections = match drive.target.http {
        Http::One | Http::Auto => at_once,
        Http::Two => at_once.div_ceil(load.streams.max(1) as u64) + threads,
    };
    connections.saturating_add(BESIDE + threads * PER_THREAD)
}

/// Raises the limit of open descriptors as far as it goes; what it is then, where there is one.
#[cfg(unix)]
#[must_use]
pub fn raise_descriptors() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    if raised.is_ok() { maximum } else { current }
}

/// Raises the limit of open descriptors as far as it goes; what it is then, where there is one.
#[cfg(not(unix))]
#[must_use]
pub fn raise_descriptors() -> Option<u64> {
    None
}

/// Descriptors that are open now, where the system tells.
pub(super) fn open_descriptors() -> Option<u64> {
    // One of them is the directory that is being read.
    let open = std::fs::read_dir("/proc/self/fd").ok()?.count() as u64;
    Some(open.saturating_sub(1))
}

/// The CPU time of the thread that calls.
#[cfg(unix)]
pub(super) fn thread_cpu() -> Option<Duration> {
    use rustix::time::{ClockId, clock_gettime};
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).ok()
}

/// The CPU time of the thread that calls.
#[cfg(not(unix))]
pub(super) fn thread_cpu() -> Option<Duration> {
    None
}

/// How busy a thread is, second by second.
pub(super) struct ThreadPulse {
    since: Instant,
    cpu: Option<Duration>,
}

impl ThreadPulse {
    pub(super) fn new(now: Instant) -> Self {
        Self { since: now, cpu: thread_cpu() }
    }

    /// Whether a second is over in which the thread was busy.
    pub(super) fn beat(&mut self, now: Instant) -> bool {
        let wall = now.saturating_duration_since(self.since);
        if wall < Duration::from_secs(1) {
            return false;
        }
        let cpu = thread_cpu();
        let spent = cpu.zip(self.cpu).map(|(cpu, before)| cpu.saturating_sub(before));
        *self = Self { since: now, cpu };
        spent.is_some_and(|spent| spent.as_secs_f64() > BUSY * wall.as_secs_f64())
    }
}

/// CPU time of the whole machine, in ticks, as `/proc/stat` has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct MachineTime {
    all: u64,
    stolen: u64,
}

impl MachineTime {
    pub(super) fn now() -> Option<Self> {
        Self::read(&std::fs::read_to_string("/proc/stat").ok()?)
    }

    /// The first line: `cpu user nice system idle iowait irq softirq steal guest guest_nice`.
    fn read(stat: &str) -> Option<Self> {
        let line = stat.lines().next()?.strip_prefix("cpu ")?;
        let ticks: Option<Vec<u64>> =
            line.split_whitespace().take(8).map(|ticks| ticks.parse().ok()).collect();
        let ticks = ticks.filter(|ticks| ticks.len() == 8)?;
        Some(Self { all: ticks.iter().sum(), stolen: ticks[7] })
    }

    /// What the hypervisor gave to others since then, as a share.
    pub(super) fn stolen_since(self, before: Self) -> Option<Ratio> {
        let all = self.all.saturating_sub(before.all);
        Ratio::of(self.stolen.saturating_sub(before.stolen).min(all), all)
    }
}

/// The machine's clocks, side by side.
pub(super) struct Clocks {
    steady: Instant,
    wall: SystemTime,
    boot: Option<Duration>,
    found: Clock,
}

impl Clocks {
    pub(super) fn new() -> Self {
        let found = Clock::default();
        Self { steady: Instant::now(), wall: SystemTime::now(), boot: boot_gap(), found }
    }

    /// Compares them with the last time; sleep shows in the gap between the clocks with and without
    /// it.
    pub(super) fn compare(&mut self) -> Clock {
        let now = Self::new();
        let steady = now.steady.saturating_duration_since(self.steady);
        let wall = match now.wall.duration_since(self.wall) {
            Ok(passed) => passed.abs_diff(steady),
            Err(back) => back.duration() + steady,
        };
        let slept = now.boot.zip(self.boot).map(|(now, before)| now.saturating_sub(before));
        let suspended = slept.is_some_and(|slept| slept > STANDSTILL);
        let found = Clock {
            // Asleep, the wall clock goes on and the steady one does not: that is no step.
            stepped: self.found.stepped || (wall > STANDSTILL && !suspended),
            suspended: self.found.suspended || suspended,
        };
        *self = Self { found, ..now };
        found
    }
}

/// How long the machine has slept since it was started.
#[cfg(target_os = "linux")]
fn boot_gap() -> Option<Duration> {
    use rustix::time::{ClockId, clock_gettime};
    let steady = Duration::try_from(clock_gettime(ClockId::Monotonic)).ok()?;
    let boot = Duration::try_from(clock_gettime(ClockId::Boottime)).ok()?;
    Some(boot.saturating_sub(steady))
}

/// How long the machine has slept since it was started.
#[cfg(not(target_os = "linux"))]
fn boot_gap() -> Option<Duration> {
    None
}
