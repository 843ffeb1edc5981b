//! The closed model: each virtual user waits for its answer before it asks again.

use std::rc::Rc;
use std::time::{Duration, Instant};

use super::flight::Flight;
use super::journey::{Halt, Walker};
use super::lane::Lane;
use super::nanos;
use super::probe::{Hub, Probe, is_unconnected};
use super::story::Story;

/// How long a user waits after a connect that failed: it doubles from the first to the second.
const PAUSE: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));

/// Starts this thread's users, each when its life begins.
pub(super) async fn crowd<H: Hub>(lane: Rc<Lane<H>>, part: usize, base: usize) {
    let profile = lane.order.parts().swap_remove(part).profile;
    let users = profile.peak().div_ceil(1_000_000);
    let (first, step) = lane.numbers();
    let mine = (first..users).step_by(usize::try_from(step).unwrap_or(usize::MAX));
    let mut lives: Vec<_> = mine
        .flat_map(|user| {
            profile.lives(user).into_iter().map(move |life| (life.from, user, life.to))
        })
        .collect();
    lives.sort_unstable();
    for (from, user, to) in lives {
        tokio::time::sleep_until(lane.moment(nanos(from)).into()).await;
        let place = base + usize::try_from(user / step).unwrap_or(usize::MAX - base);
        let arm = lane.order.arms.as_ref().map_or(0, |arms| arms.of_user(user));
        let at = (place, arm);
        drop(lane.spawn(Some(place), live(Rc::clone(&lane), (part, user), at, nanos(to))));
    }
    // A load thread releases until the last life is over, as a timetable does until its last
    // arrival.
    let end = profile.duration();
    tokio::time::sleep_until(lane.moment(nanos(end)).into()).await;
}

/// A user's life: draw, ask, wait for the answer, again.
async fn live<H: Hub>(
    lane: Rc<Lane<H>>,
    (part, user): (usize, u64),
    (place, arm): (usize, usize),
    until: u64,
) {
    let _alive = Alive::new(&lane);
    if let Some(story) = lane.order.story.clone() {
        return Box::pin(walk(&lane, &story, (part, user), (place, arm), until)).await;
    }
    let mut probe = lane.hubs[arm].probe();
    let (mut asked, mut pause) = (0, PAUSE.0);
    loop {
        let begun = Instant::now();
        let now = lane.at(begun);
        if now >= until || !lane.releasing.get() {
            return;
        }
        let request = lane.draw.nth(user + 1, asked);
        asked += 1;
        lane.begin(now);
        lane.take_off(place, Flight { request, arm, due: now, sent: now, number: 0 });
        let mut answer = probe.fire(request, begun + lane.order.timeout).await;
        // Opening a connection is part of the request that had to; otherwise it is due when it is
        // sent.
        let waited = answer.connecting.is_some() || answer.sent >= answer.done;
        lane.land(place, waited.then_some(now), &mut answer);
        if is_unconnected(answer.end) {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE.1);
        } else {
            pause = PAUSE.0;
            tokio::task::coop::consume_budget().await;
        }
    }
}

/// A user's life in a scenario: start, turns of work, stop.
async fn walk<H: Hub>(
    lane: &Rc<Lane<H>>,
    story: &Story,
    user: (usize, u64),
    (place, arm): (usize, usize),
    until: u64,
) {
    let _way = Way::new(lane);
    let mut probe = lane.hubs[arm].probe();
    let mut walker = Walker::user(lane, story, user, (place, arm), until);
    let (mut started, mut fed, mut pause) = (false, false, PAUSE.0);
    while !walker.is_over() {
        let mut made = Ok(());
        if !fed {
            made = walker.feed(started);
            fed = made.is_ok();
        }
        let starting = !started;
        if made.is_ok() && starting {
            made = walker.start(&mut probe).await;
            started = made.is_ok();
        }
        if made.is_ok() && !walker.is_over() {
            made = walker.work(&mut probe).await;
            fed = false;
        }
        match made {
            Ok(()) => pause = PAUSE.0,
            Err(Halt::Over) => break,
            Err(Halt::Failed) if !starting || started => pause = PAUSE.0,
            Err(Halt::Failed | Halt::Stuck) => {
                walker.think(pause).await;
                pause = (pause * 2).min(PAUSE.1);
            }
        }
        tokio::task::coop::consume_budget().await;
    }
    if started {
        walker.stop(&mut probe).await;
    }
}

/// A user on its way, counted so that the end waits for it.
struct Way<'a, H>(&'a Lane<H>);

impl<'a, H> Way<'a, H> {
    fn new(lane: &'a Lane<H>) -> Self {
        lane.set_out();
        Self(lane)
    }
}

impl<H> Drop for Way<'_, H> {
    fn drop(&mut self) {
        self.0.come_home();
    }
}

/// A user counted as alive, and its connection with it.
struct Alive<H>(Rc<Lane<H>>);

impl<H> Alive<H> {
    fn new(lane: &Rc<Lane<H>>) -> Self {
        lane.users.set(lane.users.get() + 1);
        lane.connections.set(lane.connections.get() + 1);
        Self(Rc::clone(lane))
    }
}

impl<H> Drop for Alive<H> {
    fn drop(&mut self) {
        self.0.users.set(self.0.users.get().saturating_sub(1));
        self.0.connections.set(self.0.connections.get().saturating_sub(1));
    }
}
