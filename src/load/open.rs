//! The open model: arrivals come by the timetable, whatever the service does.
//!
//! An arrival goes to the connection that became idle last, so that few stay busy. Where none is
//! idle it waits in line while one more connection is made; whichever connection is free first, old
//! or new, takes the longest waiting. So nothing waits for one slow connect, and an arrival causes
//! one connect at most.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::bell::Bell;
use super::flight::Flight;
use super::journey::Walker;
use super::lane::Lane;
use super::probe::{Answer, Hub, Probe};
use crate::plan::timetable::{Arrival, Walk};
use crate::sample::Failure;

/// How often the line is looked through for arrivals whose deadline has passed, at least.
const GLANCE: Duration = Duration::from_millis(50);

/// The open model's part of a load thread.
pub(super) struct Open<H> {
    lane: Rc<Lane<H>>,
    desk: RefCell<Desk>,
    /// The first place that is no virtual user's.
    base: usize,
    /// Which version it asks, and how many there are.
    arm: usize,
    arms: usize,
    most_in_flight: u64,
    most_connections: usize,
}

/// Releases this thread's arrivals, each when it is due, to the version that it goes to. All that
/// is due is released at once.
pub(super) async fn pace<H: Hub>(
    lane: Rc<Lane<H>>,
    open: Vec<Rc<Open<H>>>,
    part: usize,
    mut bell: Bell,
) {
    let table = &lane.tables[part];
    let (first, step) = lane.numbers();
    let mut walk = Walk::new(first, step);
    let mut next = walk.next(table);
    let arms = lane.order.arms.as_ref();
    while let Some(arrival) = next {
        bell.until(lane.moment(super::nanos(arrival.due))).await;
        let now = lane.now();
        let due = |arrival: &Arrival| super::nanos(arrival.due) <= now;
        while let Some(arrival) = next.filter(due) {
            let arm = arms.map_or(0, |arms| arms.of_arrival(arrival.number, arrival.due));
            open[arm].release(part, arrival, now);
            next = walk.next(table);
        }
    }
}

/// Who waits for whom.
#[derive(Default)]
struct Desk {
    /// Arrivals without a connection, the longest waiting first.
    waiting: VecDeque<Flight>,
    /// Connections without an arrival, the last used on top.
    idle: Vec<usize>,
    seats: Vec<Seat>,
    /// Seats whose connection is gone.
    vacant: Vec<usize>,
    connections: usize,
    dialling: usize,
}

/// A connection's place at the desk.
#[derive(Default)]
struct Seat {
    handed: Option<Flight>,
    waker: Option<Waker>,
}

impl<H: Hub> Open<H> {
    pub(super) fn new(lane: Rc<Lane<H>>, base: usize, arm: usize) -> Rc<Self> {
        let load = &lane.order.load;
        let most_in_flight = lane.part(load.max_in_flight) as u64;
        let most_connections = lane.part(load.connections);
        let (desk, arms) = (RefCell::default(), lane.order.versions());
        Rc::new(Self { lane, desk, base, arm, arms, most_in_flight, most_connections })
    }

    /// The place of a connection among all of the thread's.
    fn place(&self, place: usize) -> usize {
        self.base + place * self.arms + self.arm
    }

    fn release(self: &Rc<Self>, part: usize, arrival: Arrival, now: u64) {
        let (lane, due) = (&self.lane, super::nanos(arrival.due));
        lane.lag(due, now);
        if lane.in_flight() >= self.most_in_flight {
            return lane.drop_arrival(due);
        }
        lane.release(due);
        lane.begin(due);
        let (number, request) = if let Some(story) = &lane.order.story {
            lane.set_out();
            let number = story.number(part, arrival.number);
            (number, story.first(number))
        } else {
            (arrival.number, lane.draw.nth(0, arrival.number))
        };
        let flight = Flight { request, arm: self.arm, due, sent: now, number };
        let mut desk = self.desk.borrow_mut();
        if let Some(place) = desk.idle.pop() {
            lane.take_off(self.place(place), flight);
            let seat = &mut desk.seats[place];
            seat.handed = Some(flight);
            if let Some(waker) = &seat.waker {
                waker.wake_by_ref();
            }
        } else {
            desk.waiting.push_back(flight);
            self.dial(&mut desk);
        }
    }

    /// Makes connections, as long as more arrivals wait than connections are being made.
    fn dial(self: &Rc<Self>, desk: &mut Desk) {
        while desk.waiting.len() > desk.dialling && desk.connections < self.most_connections {
            let place = desk.vacant.pop().unwrap_or_else(|| {
                desk.seats.push(Seat::default());
                desk.seats.len() - 1
            });
            desk.dialling += 1;
            self.lane.connections.set(self.lane.connections.get() + 1);
            desk.connections += 1;
            let work = Rc::clone(self).connection(place);
            drop(self.lane.spawn(Some(self.place(place)), work));
        }
    }

    /// A connection from its making to its end.
    async fn connection(self: Rc<Self>, place: usize) {
        let _leave = Leave { open: Rc::clone(&self), place };
        let dial = Dial(Rc::clone(&self));
        let mut probe = self.lane.hubs[self.arm].probe();
        let made = probe.open(Instant::now() + self.lane.order.timeout).await;
        drop(dial);
        match made {
            Ok(took) => self.lane.connected(took),
            Err(why) => return self.fail_one(why),
        }
        loop {
            let flight = match self.longest_waiting(place) {
                Some(flight) => flight,
                None => poll_fn(|cx| self.poll_handed(place, cx)).await,
            };
            if let Some(story) = &self.lane.order.story {
                let place = (self.place(place), self.arm);
                let way = Walker::arrive(&self.lane, story, flight, place, &mut probe);
                Box::pin(way).await;
                self.lane.come_home();
                if !probe.is_open() {
                    return;
                }
                continue;
            }
            let (request, deadline) = (flight.request, self.lane.deadline(flight.due));
            let mut answer: Answer = probe.fire(request, deadline).await;
            self.lane.land(self.place(place), Some(flight.due), &mut answer);
            if !probe.is_open() {
                return;
            }
        }
    }

    /// The longest waiting arrival goes out from a place; where none waits, the place is idle.
    fn longest_waiting(&self, place: usize) -> Option<Flight> {
        let mut desk = self.desk.borrow_mut();
        self.expire(&mut desk);
        let Some(mut flight) = desk.waiting.pop_front() else {
            desk.idle.push(place);
            return None;
        };
        flight.sent = self.lane.now();
        self.lane.take_off(self.place(place), flight);
        Some(flight)
    }

    fn poll_handed(&self, place: usize, cx: &mut Context<'_>) -> Poll<Flight> {
        let seat = &mut self.desk.borrow_mut().seats[place];
        if let Some(flight) = seat.handed.take() {
            return Poll::Ready(flight);
        }
        match &mut seat.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            None => seat.waker = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    /// A connection could not be made: one arrival fails for it, and only one.
    fn fail_one(&self, why: Failure) {
        if let Some(flight) = self.desk.borrow_mut().waiting.pop_front() {
            self.never_sent(flight, why);
        }
    }

    fn never_sent(&self, flight: Flight, why: Failure) {
        let now = self.lane.now();
        self.lane.give_up(Flight { sent: now, ..flight }, why, now);
        if self.lane.order.story.is_some() {
            self.lane.come_home();
        }
    }

    /// Gives up arrivals that waited in line until their deadline.
    fn expire(&self, desk: &mut Desk) {
        if desk.waiting.is_empty() {
            return;
        }
        let now = Instant::now();
        while let Some(flight) = desk.waiting.front()
            && self.lane.deadline(flight.due) <= now
        {
            self.never_sent(*flight, Failure::Timeout);
            desk.waiting.pop_front();
        }
    }

    /// Looks through the line while nobody else does.
    pub(super) async fn glance(self: Rc<Self>) {
        loop {
            let first = self.desk.borrow().waiting.front().map(|first| first.due);
            let soon = Instant::now() + GLANCE;
            let until = first.map_or(soon, |due| soon.min(self.lane.deadline(due)));
            tokio::time::sleep_until(until.into()).await;
            self.expire(&mut self.desk.borrow_mut());
        }
    }

    /// Ends the arrivals that still wait in line, with their age.
    pub(super) fn close(&self) {
        let waiting = std::mem::take(&mut self.desk.borrow_mut().waiting);
        for flight in waiting {
            self.never_sent(flight, Failure::Unfinished);
        }
    }
}

/// A connection being made, until it is or is not.
struct Dial<H>(Rc<Open<H>>);

impl<H> Drop for Dial<H> {
    fn drop(&mut self) {
        self.0.desk.borrow_mut().dialling -= 1;
    }
}

/// A connection's place, given back when it ends, however it ends; who waits gets another one.
struct Leave<H: Hub> {
    open: Rc<Open<H>>,
    place: usize,
}

impl<H: Hub> Drop for Leave<H> {
    fn drop(&mut self) {
        let lane = &self.open.lane;
        lane.connections.set(lane.connections.get().saturating_sub(1));
        let mut desk = self.open.desk.borrow_mut();
        desk.connections -= 1;
        desk.vacant.push(self.place);
        desk.seats[self.place] = Seat::default();
        self.open.dial(&mut desk);
    }
}
