//! A deadline that costs nearly nothing: the timer behind it is armed once and only moved when it
//! rings.

use std::future::Future as _;
use std::pin::{Pin, pin};
use std::task::{Context, Waker};
use std::time::Instant;

use tokio::task::unconstrained;
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
        // A task that has read all that it may in this turn would be told to wait though the timer
        // is not set, and would never look again.
        while pin!(unconstrained(sleep.as_mut())).poll(cx).is_ready() {
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

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Poll;
    use std::time::Duration;

    use tokio::task::consume_budget;
    use tokio::time::timeout;

    use super::*;

    const SHORT: Duration = Duration::from_millis(20);
    /// Long enough for a busy machine; a test that waits for it has failed.
    const PATIENCE: Duration = Duration::from_secs(20);

    fn run<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        runtime.expect("a runtime").block_on(future)
    }

    /// Waits for a deadline with nothing else to wake the task; whether it rang, and not before.
    async fn rings(alarm: &mut Alarm, deadline: Instant) -> bool {
        let rung =
            poll_fn(|cx| if alarm.rings(cx, deadline) { Poll::Ready(()) } else { Poll::Pending });
        timeout(PATIENCE, rung).await.is_ok() && Instant::now() >= deadline
    }

    #[test]
    fn it_rings_for_a_task_that_had_used_up_its_turn_when_it_was_set() {
        run(async {
            for earlier in [None, Some(SHORT)] {
                let mut alarm = Alarm::default();
                if let Some(time) = earlier {
                    assert!(rings(&mut alarm, Instant::now() + time).await);
                }
                let deadline = Instant::now() + SHORT;
                poll_fn(|cx| {
                    while pin!(consume_budget()).poll(cx).is_ready() {}
                    assert!(!alarm.rings(cx, deadline) || Instant::now() >= deadline);
                    Poll::Ready(())
                })
                .await;
                assert!(rings(&mut alarm, deadline).await, "{earlier:?}");
            }
        });
    }

    #[test]
    fn it_rings_at_its_deadline_whatever_it_was_set_for_before() {
        let earlier = [Duration::ZERO, SHORT / 4, SHORT, SHORT * 2, PATIENCE];
        let pauses = [Duration::ZERO, SHORT / 2, SHORT * 3];
        run(async {
            for (time, pause) in earlier.into_iter().flat_map(|time| pauses.map(|one| (time, one)))
            {
                for told in [true, false] {
                    let mut alarm = Alarm::default();
                    // A request that is answered at once, and a pause until the next one.
                    let begun = Instant::now();
                    alarm.begin(Some(begun));
                    poll_fn(|cx| Poll::Ready(alarm.rings(cx, begun + time))).await;
                    tokio::time::sleep(pause).await;
                    let begun = Instant::now();
                    alarm.begin(told.then_some(begun));
                    assert!(rings(&mut alarm, begun + SHORT).await, "{time:?} {pause:?} {told}");
                }
            }
        });
    }
}
