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
    /// Whom the timer wakes.
    wakes: Option<Waker>,
}

impl Alarm {
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
        self.wakes = Some(cx.waker().clone());
        false
    }

    /// Whether the timer will wake this task, and not later than that.
    fn is_set(&self, cx: &Context<'_>, deadline: Instant) -> bool {
        let wakes = self.wakes.as_ref().is_some_and(|wakes| wakes.will_wake(cx.waker()));
        let timer = self.sleep.as_ref().filter(|_| wakes);
        timer.is_some_and(|timer| !timer.is_elapsed() && timer.deadline() <= deadline.into())
    }
}
