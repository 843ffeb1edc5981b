//! Waiting for the next due arrival, to a few microseconds: tokio's own timer ticks in milliseconds
//! and rounds up.

use std::time::{Duration, Instant};

use tokio::task::yield_now;

/// Nearer than this, waiting would take longer than what it waits for.
const NEAR: Duration = Duration::from_micros(5);
/// A core that sleeps takes tens of microseconds to wake up, which an arrival would be late by, and
/// an answer would be read late by. So a wait begins and ends awake, for so long.
const AWAKE: Duration = Duration::from_micros(150);
/// Each time awake is at most this part of the wait, so that it stays cheap: a tenth of a core.
const PART: u32 = 20;

/// Rings at a time.
pub(super) struct Bell {
    /// Absent where there is none, or none to be had.
    timer: Option<Timer>,
}

impl Bell {
    /// A bell on the runtime that calls.
    pub(super) fn new() -> Self {
        Self { timer: Timer::new() }
    }

    /// What rings, with its resolution.
    pub(super) fn name(&self) -> &'static str {
        if self.timer.is_some() { "timerfd" } else { "timer of 1 ms" }
    }

    /// Waits for a time. Where it has passed, everybody else gets a turn all the same: a timetable
    /// that is never caught up with must not keep answers from being read.
    pub(super) async fn until(&mut self, time: Instant) {
        let mut waited = false;
        let begun = Instant::now();
        let whole = time.saturating_duration_since(begun);
        let awake = AWAKE.min(whole / PART).max(NEAR);
        loop {
            let now = Instant::now();
            let left = time.saturating_duration_since(now);
            if left.is_zero() {
                if !waited {
                    yield_now().await;
                }
                return;
            }
            waited = true;
            if left <= awake || now < begun + awake {
                yield_now().await;
                continue;
            }
            match &mut self.timer {
                Some(timer) => timer.wait(left.saturating_sub(awake)).await,
                None => tokio::time::sleep(left.saturating_sub(awake)).await,
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
use elsewhere::Timer;
#[cfg(target_os = "linux")]
use linux::Timer;

#[cfg(target_os = "linux")]
mod linux {
    use std::os::fd::OwnedFd;
    use std::time::Duration;

    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    /// A timer of the kernel with nanoseconds, as a descriptor.
    pub(super) struct Timer(AsyncFd<OwnedFd>);

    impl Timer {
        #[expect(
            deprecated,
            reason = "its successor is `unsafe`; an `OwnedFd` keeps its descriptor, as that asks"
        )]
        pub(super) fn new() -> Option<Self> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let descriptor = timerfd_create(TimerfdClockId::Monotonic, flags).ok()?;
            AsyncFd::with_interest(descriptor, Interest::READABLE).ok().map(Self)
        }

        /// Waits so long, or a little less where an earlier ring is still in the air.
        ///
        /// The timer is never read: setting it takes back its ring, and the runtime hears edges.
        pub(super) async fn wait(&mut self, time: Duration) {
            let once = Timespec {
                tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: i64::from(time.subsec_nanos()),
            };
            let never = Timespec { tv_sec: 0, tv_nsec: 0 };
            let spec = Itimerspec { it_interval: never, it_value: once };
            if timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &spec).is_err() {
                return tokio::time::sleep(time).await;
            }
            match self.0.readable().await {
                Ok(mut rung) => rung.clear_ready(),
                Err(_) => tokio::time::sleep(time).await,
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use std::time::Duration;

    /// No such timer here.
    pub(super) enum Timer {}

    impl Timer {
        pub(super) fn new() -> Option<Self> {
            None
        }

        pub(super) async fn wait(&mut self, _: Duration) {
            match *self {}
        }
    }
}
