//! The generator's own pulse: CPU, descriptors, clocks, and what the hypervisor took.

use std::time::{Duration, Instant, SystemTime};

use crate::plan::mix::mean_way;
use crate::plan::parts::parts;
use crate::plan::{Drive, Http, Load};
use crate::run::{Clock, Model};
use crate::unit::Ratio;

/// How often threads hand over and take their pulse.
pub(super) const TICK: Duration = Duration::from_millis(200);
/// Longer than this, and a clock was set, or a thread did not get to run.
pub(super) const STANDSTILL: Duration = Duration::from_millis(500);
/// The share of a second above which a load thread that ran, or waited to, is said to be busy.
const BUSY: f64 = 0.9;
/// The share of a second above which a load thread that waited for a CPU is said to be starved.
const STARVED: f64 = 0.1;
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
    let peak = load.shard.part(load.profile.peak().div_ceil(1_000_000));
    let parts = parts(&drive.scenarios, &load.profile);
    let closed = parts.iter().filter(|part| part.profile.model == Model::Closed);
    let users = closed.map(|part| load.shard.part(part.profile.peak().div_ceil(1_000_000)));
    let users: u64 = users.sum();
    let at_once = match load.profile.model {
        Model::Closed => users,
        Model::Open => {
            let seconds = drive.target.timeout.as_secs() + 1 + mean_way(drive).as_secs();
            // A user who thinks keeps its connection, and is no request in flight.
            let alone = drive.scenarios.is_empty();
            let most =
                if alone { load.connections.min(load.max_in_flight) } else { load.connections };
            let most = load.shard.part(most as u64);
            peak.saturating_mul(seconds).saturating_add(1).min(most).saturating_add(users)
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

/// How long a thread waited for a CPU, and how often it got one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Waits {
    pub(super) waited: Duration,
    pub(super) turns: u64,
}

impl Waits {
    /// Those of the thread that calls, so far; `None` where the system does not tell.
    #[cfg(target_os = "linux")]
    fn so_far() -> Option<Self> {
        Self::read(&std::fs::read_to_string("/proc/thread-self/schedstat").ok()?)
    }

    /// Those of the thread that calls, so far; `None` where the system does not tell.
    #[cfg(not(target_os = "linux"))]
    fn so_far() -> Option<Self> {
        None
    }

    /// Time on a CPU and time waiting for one, in nanoseconds, and turns on a CPU, as the kernel's
    /// `Documentation/scheduler/sched-stats.rst` has it. A kernel that does not count writes zeros.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only Linux has the file"))]
    fn read(text: &str) -> Option<Self> {
        let mut numbers = text.split_ascii_whitespace().map(|number| number.parse::<u64>().ok());
        let (_, waited, turns) = (numbers.next()??, numbers.next()??, numbers.next()??);
        (turns > 0).then_some(Self { waited: Duration::from_nanos(waited), turns })
    }

    fn since(self, before: Self) -> Self {
        Self {
            waited: self.waited.saturating_sub(before.waited),
            turns: self.turns.saturating_sub(before.turns),
        }
    }
}

/// What a thread did in a second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Second {
    /// Nearly all the time it ran, or waited to run.
    pub(super) busy: bool,
    /// Its waits for a CPU; `None` where the system does not tell.
    pub(super) waits: Option<Waits>,
    /// They took more of the second than a generator can spare.
    pub(super) starved: bool,
}

/// What a thread does, second by second.
pub(super) struct ThreadPulse {
    since: Instant,
    cpu: Option<Duration>,
    waits: Option<Waits>,
}

impl ThreadPulse {
    pub(super) fn new(now: Instant) -> Self {
        Self { since: now, cpu: thread_cpu(), waits: Waits::so_far() }
    }

    /// The second that is over, once it is.
    pub(super) fn beat(&mut self, now: Instant) -> Option<Second> {
        let wall = now.saturating_duration_since(self.since);
        if wall < Duration::from_secs(1) {
            return None;
        }
        let next = Self::new(now);
        let spent = next.cpu.zip(self.cpu).map(|(cpu, before)| cpu.saturating_sub(before));
        let waits = next.waits.zip(self.waits).map(|(waits, before)| waits.since(before));
        *self = next;
        let waited = waits.map_or(Duration::ZERO, |waits| waits.waited);
        let needed = spent.map_or(Duration::ZERO, |spent| spent + waited);
        Some(Second {
            busy: needed > wall.mul_f64(BUSY),
            waits,
            starved: waited > wall.mul_f64(STARVED),
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_for_a_cpu_are_read_as_linux_writes_them() {
        let read = |text: &str| Waits::read(text).map(|waits| (waits.waited, waits.turns));
        assert_eq!(read("97 1500000 12\n"), Some((Duration::from_micros(1500), 12)));
        assert_eq!((read("0 0 0\n"), read(""), read("1 x 2")), (None, None, None));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_thread_that_runs_has_had_its_turns() {
        assert!(Waits::so_far().is_some_and(|waits| waits.turns > 0));
    }
}
