//! What the users and connections of one load thread share: the hub, the ledger, who is under way.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::flight::{Flight, Place};
use super::ledger::{Ledger, Record, Standing, Timed, Word, said};
use super::probe::{Answer, Hub, Inside};
use super::reasons::{Noted, too_late};
use super::{Order, health, nanos};
use crate::metric::Timing;
use crate::plan::draw::Draw;
use crate::plan::timetable::Timetable;
use crate::sample::{End, EndpointId, Failure, Unmet};
use crate::tally::Timings;

/// A load thread's own, behind an `Rc` for its users and connections.
pub(super) struct Lane<H> {
    /// One for each version.
    pub(super) hubs: Vec<H>,
    pub(super) order: Arc<Order>,
    /// The timetable of each part of the load.
    pub(super) tables: Arc<Vec<Timetable>>,
    pub(super) draw: Draw,
    /// Which thread it is, and of how many.
    pub(super) index: usize,
    pub(super) lanes: usize,
    /// The start of the load.
    start: Instant,
    warm_up: u64,
    ledger: RefCell<Ledger>,
    /// Requests under way, by the place of whoever sent them.
    flying: RefCell<Vec<Option<Flight>>>,
    in_flight: Cell<u64>,
    /// Users and arrivals on their way through a scenario.
    pub(super) walking: Cell<u64>,
    /// Nothing new from now on: who rests need not.
    pub(super) ending: Notify,
    /// Why requests failed that the protocol knows nothing of.
    pub(super) noted: RefCell<Noted>,
    pub(super) users: Cell<u64>,
    pub(super) connections: Cell<u64>,
    /// CPU time and moment of the start.
    begun: Cell<Option<(Duration, Instant)>>,
    /// CPU time from start to end of the load, and how long that was, once it is over.
    spent: Cell<Option<(Duration, Duration)>>,
    pub(super) releasing: Cell<bool>,
    landed: Notify,
    /// What each request times once, by its index.
    once: Vec<Option<Timing>>,
}

impl<H> Lane<H> {
    pub(super) fn new(place: Place, hubs: Vec<H>, ledger: Ledger) -> Self
    where
        H: Hub,
    {
        let Place { order, tables, index, lanes, start } = place;
        let weights: Vec<u32> = order.requests.iter().map(|(_, weight)| *weight).collect();
        Self {
            once: (0..weights.len()).map(|request| hubs[0].times_once(request)).collect(),
            hubs,
            draw: Draw::new(&weights, order.seed),
            warm_up: nanos(order.load.warm_up),
            order,
            tables,
            index,
            lanes,
            start,
            ledger: RefCell::new(ledger),
            flying: RefCell::default(),
            in_flight: Cell::default(),
            walking: Cell::default(),
            ending: Notify::new(),
            noted: RefCell::default(),
            users: Cell::default(),
            connections: Cell::default(),
            begun: Cell::default(),
            spent: Cell::default(),
            releasing: Cell::new(true),
            landed: Notify::new(),
        }
    }

    /// A moment, as the time since the start of the load.
    pub(super) fn at(&self, moment: Instant) -> u64 {
        nanos(moment.saturating_duration_since(self.start))
    }

    pub(super) fn now(&self) -> u64 {
        self.at(Instant::now())
    }

    pub(super) fn moment(&self, time: u64) -> Instant {
        self.start + Duration::from_nanos(time)
    }

    /// When a request that was due then is given up.
    pub(super) fn deadline(&self, due: u64) -> Instant {
        self.moment(due) + self.order.timeout
    }

    pub(super) fn in_flight(&self) -> u64 {
        self.in_flight.get()
    }

    /// Counts an arrival that is released.
    pub(super) fn release(&self, due: u64) {
        self.ledger.borrow_mut().release(due);
    }

    /// Counts a request in: from now on it ends in a record, whatever happens.
    pub(super) fn begin(&self, time: u64) {
        self.in_flight.set(self.in_flight.get() + 1);
        self.ledger.borrow_mut().begin(time);
    }

    /// Counts an arrival for which our own limits leave no room.
    pub(super) fn drop_arrival(&self, due: u64) {
        self.ledger.borrow_mut().drop_arrival(due);
    }

    /// Notes how late an arrival was released. What the warm-up does is never judged, its lag
    /// neither.
    pub(super) fn lag(&self, due: u64, now: u64) {
        if due >= self.warm_up {
            self.ledger.borrow_mut().lag(Duration::from_nanos(now.saturating_sub(due)));
        }
    }

    pub(super) fn connected(&self, took: Duration) {
        if !took.is_zero() {
            self.ledger.borrow_mut().connected(took);
        }
    }

    /// A request goes out from a place.
    pub(super) fn take_off(&self, place: usize, flight: Flight) {
        let mut flying = self.flying.borrow_mut();
        if flying.len() <= place {
            flying.resize(place + 1, None);
        }
        flying[place] = Some(flight);
    }

    /// The request of a place came to its end; with the due time it is to be counted from, else it
    /// is from when it was sent. A good answer that came too late is none.
    pub(super) fn land(&self, place: usize, due: Option<u64>, answer: &mut Answer) {
        let Some(flight) = self.flying.borrow_mut()[place].take() else { return };
        let (sent, done) = (self.at(answer.sent), self.at(answer.done));
        let due = due.unwrap_or(sent);
        self.connected(answer.connecting.unwrap_or_default());
        if answer.reconnected {
            self.ledger.borrow_mut().reconnected();
        }
        let endpoint = self.endpoint(flight.request, flight.arm);
        let took = Duration::from_nanos(done.saturating_sub(due));
        if let Some(unmet) = too_late(self.order.max_times[flight.request], took, answer) {
            self.note((flight.request, flight.arm), unmet);
        }
        if let Some(unmet) = answer.unmet.take() {
            self.miss((flight.request, flight.arm), due, *unmet);
        }
        let Answer { end, bytes, .. } = *answer;
        let record = Record { due, sent, done, bytes, end, endpoint };
        self.time(flight.request, &record, answer.inside.as_deref());
        self.end(record);
    }

    /// Writes down what was timed inside a request: what it has once ranks behind all others where
    /// it never came.
    fn time(&self, request: usize, record: &Record, inside: Option<&Inside>) {
        if inside.is_none() && self.once[request].is_none() {
            return;
        }
        let Record { due, done, endpoint, .. } = *record;
        let since_due = |time: u64| Duration::from_nanos(time.saturating_sub(due));
        let mut timings = inside.map_or_else(Timings::default, |inside| inside.timings.clone());
        if let Some(once) = self.once[request] {
            match inside.and_then(|inside| inside.came) {
                Some(came) => timings.took(once, since_due(self.at(came))),
                None => timings.broke(once, since_due(done)),
            }
        }
        if !timings.is_empty() {
            self.ledger.borrow_mut().time(Timed { due, endpoint, timings });
        }
    }

    /// A request ended without ever having been sent, or without an answer.
    pub(super) fn give_up(&self, flight: Flight, why: Failure, done: u64) {
        let end = End::Failed { why, status: None };
        let endpoint = self.endpoint(flight.request, flight.arm);
        let Flight { due, sent, .. } = flight;
        let record = Record { due, sent, done, bytes: 0, end, endpoint };
        self.time(flight.request, &record, None);
        self.end(record);
    }

    fn end(&self, record: Record) {
        let left = self.in_flight.get().saturating_sub(1);
        self.in_flight.set(left);
        self.pass(record);
        self.settle();
    }

    /// Tells who waits for the end, where nothing is under way any more.
    fn settle(&self) {
        if self.is_quiet() && !self.releasing.get() {
            self.landed.notify_one();
        }
    }

    fn is_quiet(&self) -> bool {
        self.in_flight.get() == 0 && self.walking.get() == 0
    }

    /// An arrival, or a user, begins its way through a scenario.
    pub(super) fn set_out(&self) {
        self.walking.set(self.walking.get() + 1);
    }

    /// An arrival, or a user, has come to the end of its way.
    pub(super) fn come_home(&self) {
        self.walking.set(self.walking.get().saturating_sub(1));
        self.settle();
    }

    /// Writes down a pass through a group of steps.
    pub(super) fn pass(&self, record: Record) {
        if self.ledger.borrow_mut().record(record) {
            self.hand_over();
        }
    }

    /// Forgets the request of a place: it is counted in another way.
    pub(super) fn land_nowhere(&self, place: usize) {
        self.flying.borrow_mut()[place] = None;
    }

    /// Takes back a request that was counted in and is not to be sent.
    pub(super) fn withdraw(&self, place: usize) {
        let Some(flight) = self.flying.borrow_mut()[place].take() else { return };
        self.in_flight.set(self.in_flight.get().saturating_sub(1));
        self.ledger.borrow_mut().withdraw(flight.due);
        self.settle();
    }

    /// Keeps the first words on an expectation that a request did not meet.
    pub(super) fn note(&self, (request, arm): (usize, usize), what: String) {
        self.noted.borrow_mut().note(self.counted_as(request, arm), what);
    }

    /// Counts an expectation that was not met, by its words. What the warm-up does is never judged.
    pub(super) fn miss(&self, (request, arm): (usize, usize), due: u64, unmet: Unmet) {
        if due >= self.warm_up {
            let endpoint = self.order.counted[self.counted_as(request, arm)];
            self.noted.borrow_mut().miss(endpoint, unmet);
        }
    }

    /// The requests of a second version are counted behind those of the first.
    fn counted_as(&self, request: usize, arm: usize) -> usize {
        request + arm * self.order.requests.len()
    }

    /// Examples of why requests failed, of all versions.
    pub(super) fn examples(&self) -> Vec<(usize, Failure, String)>
    where
        H: Hub,
    {
        let of = |(arm, hub): (usize, &H)| {
            let all = hub.examples().into_iter();
            all.map(move |(request, why, what)| (self.counted_as(request, arm), why, what))
        };
        self.hubs.iter().enumerate().flat_map(of).collect()
    }

    fn endpoint(&self, request: usize, arm: usize) -> EndpointId {
        let endpoint = self.order.counted[self.counted_as(request, arm)];
        EndpointId(u16::try_from(endpoint).expect("a plan has at most a thousand endpoints"))
    }

    /// Waits until nothing is under way, and not longer than until then. Nothing is to be released
    /// any more.
    pub(super) async fn drain(&self, by: Instant) {
        if self.releasing.get() {
            self.spent.set(self.spent_so_far());
            self.releasing.set(false);
        }
        self.ending.notify_waiters();
        while !self.is_quiet() {
            if tokio::time::timeout_at(by.into(), self.landed.notified()).await.is_err() {
                return;
            }
        }
    }

    /// Ends everything that is still under way, with its age, and hands over the rest.
    pub(super) fn close(&self) {
        let now = self.now();
        let flying: Vec<Flight> =
            self.flying.borrow_mut().iter_mut().filter_map(Option::take).collect();
        for flight in flying {
            self.give_up(flight, Failure::Unfinished, now);
        }
        self.hand_over();
    }

    pub(super) fn hand_over(&self) {
        let standing = Standing {
            in_flight: self.in_flight.get(),
            users: self.users.get(),
            connections: self.connections.get(),
            cpu: self.spent.get().or_else(|| self.spent_so_far()),
        };
        self.ledger.borrow_mut().hand_over(standing);
    }

    fn spent_so_far(&self) -> Option<(Duration, Duration)> {
        let (cpu, since) = self.begun.get()?;
        Some((health::thread_cpu()?.saturating_sub(cpu), since.elapsed()))
    }

    /// Hands over a few times a second, and takes the thread's pulse.
    pub(super) async fn tick(self: Rc<Self>) {
        let mut last = Instant::now();
        self.begun.set(health::thread_cpu().map(|cpu| (cpu, last)));
        let mut pulse = health::ThreadPulse::new(last);
        loop {
            tokio::time::sleep(health::TICK).await;
            let now = Instant::now();
            let mut ledger = self.ledger.borrow_mut();
            if now.saturating_duration_since(last) > health::TICK + health::STANDSTILL {
                ledger.gap(self.at(last), self.at(now));
            }
            last = now;
            if let Some(second) = pulse.beat(now).filter(|_| self.releasing.get()) {
                ledger.second(self.at(now) / 1_000_000_000, second);
            }
            drop(ledger);
            self.hand_over();
        }
    }

    /// Runs something that may panic in the code of a protocol; a panic ends its request and is
    /// told.
    pub(super) fn spawn(
        self: &Rc<Self>,
        place: Option<usize>,
        work: impl Future<Output = ()> + 'static,
    ) -> JoinHandle<()>
    where
        H: 'static,
    {
        let (lane, mut work) = (Rc::clone(self), Box::pin(work));
        tokio::task::spawn_local(async move {
            let caught =
                poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
                    Ok(Poll::Pending) => Poll::Pending,
                    Ok(Poll::Ready(())) => Poll::Ready(None),
                    Err(panic) => Poll::Ready(Some(said(panic.as_ref()))),
                });
            if let Some(said) = caught.await {
                lane.crash(place, said);
            }
        })
    }

    fn crash(&self, place: Option<usize>, said: String) {
        self.ledger.borrow().say(Word::Panicked(said));
        let mut flying = self.flying.borrow_mut();
        let flight = place.and_then(|place| flying.get_mut(place)).and_then(Option::take);
        drop(flying);
        if let Some(flight) = flight {
            self.give_up(flight, Failure::Unfinished, self.now());
        }
    }

    /// The number of this thread's first user or arrival, and how far it is to the next.
    pub(super) fn numbers(&self) -> (u64, u64) {
        let shard = self.order.load.shard;
        (shard.number(self.index as u64), shard.of().saturating_mul(self.lanes as u64))
    }

    /// This thread's part of a limit of all threads of all shards together.
    pub(super) fn part(&self, whole: usize) -> usize {
        let whole = usize::try_from(self.order.load.shard.part(whole as u64)).unwrap_or(usize::MAX);
        (whole / self.lanes + usize::from(self.index < whole % self.lanes)).max(1)
    }
}
