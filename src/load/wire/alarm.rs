//! A deadline that costs nearly nothing: the timer behind it is armed once and only moved when it
//! rings.

use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Instant;

use tokio::time::{Sleep, sleep_until};

/// The deadline of one connection's requests, one after the other.
#[derive(Debug, Default)]
pub(super) struct Alarm {
    sleep: Option<Pin<Box<Sleep>>>,
    /// Whom the timer wakes, and when.
    wakes: Option<(Waker, Instant)>,
    /// When a request began in this turn of its task: whatever rang before has been heard.
    begun: Option<Instant>,
}

impl Alarm {
    /// A request begins now, where that is told; its answer is waited for without another pause.
    pub(super) fn begin(&mut self, now: Option<Instant>) {
        self.begun = now;
    }

    /// Whether the deadline has passed; if not, the task is woken when it does.
    ///
    /// A timer set for an earlier request rings too early, and is moved then. So a connection that
    /// answers in time moves its timer once in a timeout, and not once in a request.
    pub(super) fn rings(&mut self, cx: &mut Context<'_>, deadline: Instant) -> bool {
        if self.is_set(cx, deadline) {
            return false;
        }
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(deadline.into())));
        if sleep.deadline() > deadline.into() {
            sleep.as_mut().reset(deadline.into());
        }
        while sleep.as_mut().poll(cx).is_ready() {
            if Instant::now() >= deadline {
                return true;
            }
            sleep.as_mut().reset(deadline.into());
        }
        self.wakes = Some((cx.waker().clone(), sleep.deadline().into()));
        false
    }

    /// Whether the timer has not rung, and will wake this task, and not later than that.
    fn is_set(&mut self, cx: &Context<'_>, deadline: Instant) -> bool {
        let begun = self.begun.take();
        let Some((waker, at)) = self.wakes.as_ref().filter(|(_, at)| *at <= deadline) else {
            return false;
        };
        // It never rings before its time, and never in the middle of a task's turn.
        let ahead = begun.is_some_and(|begun| begun < *at);
        let waits = || self.sleep.as_ref().is_some_and(|timer| !timer.is_elapsed());
        waker.will_wake(cx.waker()) && (ahead || waits())
    }
}
