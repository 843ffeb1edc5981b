//! One user walking a scenario: templates, data, extraction, think time.

use std::rc::Rc;
use std::time::{Duration, Instant};

use super::flight::Flight;
use super::jar::Jar;
use super::lane::Lane;
use super::pass::{Made, Passes};
use super::probe::{Answer, Errand, Hub, Kept, Probe, Rendered, is_unconnected};
use super::step::{holds, keeps, look, render};
use super::story::{Story, thinks};
use crate::plan::scenario::{Live, Pace, Per, Scenario, Step, Work};
use crate::plan::turn::{Next, Turn};
use crate::sample::{End, Failure, Unmet};
use crate::script::state::State;

/// Why a user does not go on with what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Halt {
    /// A request failed.
    Failed,
    /// No request went out, or there was no connection: a pause is due.
    Stuck,
    /// Its data has ended, as asked for, or the load has: there is nothing more to do.
    Over,
}

/// A user on its way through a scenario.
pub(super) struct Walker<'a, H: Hub> {
    lane: &'a Rc<Lane<H>>,
    story: &'a Story,
    index: usize,
    place: usize,
    /// Which version it asks.
    arm: usize,
    state: State,
    rendered: Rendered,
    kept: Kept,
    /// Its cookies, where its kind keeps any.
    jar: Option<Jar>,
    turn: u64,
    /// What it does in this turn, drawn once.
    work: Turn<'a>,
    /// The end of a virtual user's life; an arrival has none.
    until: Option<u64>,
    /// When the arrival was due, until its first request has gone out.
    due: Option<u64>,
    /// Until when it rests before whatever it does next.
    rests: Option<Instant>,
    /// It makes its last steps, whatever the load does.
    leaving: bool,
    /// The groups of steps it is in.
    passes: Passes,
}

impl<'a, H: Hub> Walker<'a, H> {
    /// A virtual user (closed model).
    pub(super) fn user(
        lane: &'a Rc<Lane<H>>,
        story: &'a Story,
        (part, user): (usize, u64),
        place: (usize, usize),
        until: u64,
    ) -> Self {
        let number = story.number(part, user);
        Self::new(lane, story, story.of_user(part, user), (number, place), (Some(until), None))
    }

    fn new(
        lane: &'a Rc<Lane<H>>,
        story: &'a Story,
        index: usize,
        (number, (place, arm)): (u64, (usize, usize)),
        (until, due): (Option<u64>, Option<u64>),
    ) -> Self {
        let state = State::new(story.seed, number);
        let work = story.turn(index, number, 0);
        let (rendered, kept) = (Rendered::default(), Kept::default());
        Self {
            lane,
            story,
            index,
            place,
            arm,
            state,
            rendered,
            kept,
            jar: story.scenarios[index].cookies.then(Jar::default),
            turn: 0,
            work,
            until,
            due,
            rests: None,
            leaving: false,
            passes: Passes::of(lane.order.shift(arm)),
        }
    }

    /// An arrival's whole way, from start to stop (open model).
    pub(super) async fn arrive(
        lane: &'a Rc<Lane<H>>,
        story: &'a Story,
        flight: Flight,
        place: (usize, usize),
        probe: &mut H::Probe,
    ) {
        let (number, due) = (flight.number, flight.due);
        let index = story.of_arrival(number);
        let mut walker = Self::new(lane, story, index, (number, place), (None, Some(due)));
        let begun = match walker.feed(false) {
            Ok(()) => walker.once(&walker.scenario().start, probe).await,
            Err(halt) => Err(halt),
        };
        if begun.is_ok() {
            let _ = walker.walk(probe).await;
            walker.stop(probe).await;
        }
        if walker.due.is_some() {
            lane.withdraw(place.0);
        }
    }

    pub(super) fn scenario(&self) -> &'a Scenario {
        &self.story.scenarios[self.index]
    }

    /// Whether a virtual user's life is over.
    pub(super) fn is_over(&self) -> bool {
        self.until.is_some_and(|until| self.lane.now() >= until || !self.lane.releasing.get())
    }

    /// What a user does once, at the beginning of its life.
    pub(super) async fn start(&mut self, probe: &mut H::Probe) -> Result<(), Halt> {
        self.once(&self.scenario().start, probe).await
    }

    /// What a user does once, at the end of its life.
    pub(super) async fn stop(&mut self, probe: &mut H::Probe) {
        (self.until, self.leaving) = (None, true);
        let _ = self.once(&self.scenario().stop, probe).await;
    }

    /// A turn of work, with the rest that belongs to it; the next turn is drawn after it.
    pub(super) async fn work(&mut self, probe: &mut H::Probe) -> Result<(), Halt> {
        let begun = Instant::now();
        let walked = self.walk(probe).await;
        if let Some(moment) = self.rests.take() {
            self.rest(moment).await;
        }
        if let Pace::Paced(every) = self.scenario().pace {
            self.rest(begun + every).await;
        }
        self.turn += 1;
        self.state.set_iteration(self.turn);
        self.work = self.story.turn(self.index, self.state.number(), self.turn);
        walked
    }

    /// Takes a row of each data file, for this turn or for life; what it would have begun with
    /// fails where there is none.
    pub(super) fn feed(&mut self, started: bool) -> Result<(), Halt> {
        let feeds = &self.scenario().feeds;
        for (feeder, feed) in self.story.feeders[self.index].iter().zip(feeds) {
            if started && feed.per == Per::User {
                continue;
            }
            match feeder.pick(self.state.number(), self.turn) {
                Ok(row) => self.state.keep_row(feeder.name(), row),
                Err(end) if end.wanted => return Err(Halt::Over),
                Err(end) => {
                    let start = self.scenario().start.first().filter(|_| !started);
                    let step = start.or_else(|| self.work.first());
                    self.refuse(step.map_or(0, |step| step.request), end.to_string());
                    return Err(Halt::Stuck);
                }
            }
        }
        Ok(())
    }

    /// Steps that are made once, one after the other.
    async fn once(&mut self, steps: &[Step], probe: &mut H::Probe) -> Result<(), Halt> {
        for step in steps {
            if self.is_over() {
                self.passes.forget();
                return Ok(());
            }
            self.stride(step, false, probe).await?;
        }
        self.passes.leave(self.lane);
        Ok(())
    }

    /// The steps of this turn.
    async fn walk(&mut self, probe: &mut H::Probe) -> Result<(), Halt> {
        let mut last = None;
        while !self.is_over() {
            let state = &self.state;
            match self.work.next(|until| holds(until, state)) {
                Some(Next::Step(step, ends)) => {
                    last = Some(step.request);
                    self.stride(step, ends, probe).await?;
                }
                Some(Next::InVain(task)) => {
                    let until = task.until.as_ref().map_or("", |until| until.source());
                    let times = task.repeat.1;
                    let what = format!("`{until}` was not met, {times} times in a row");
                    self.refuse(last.unwrap_or(0), what);
                    return Err(Halt::Failed);
                }
                None => break,
            }
        }
        self.passes.forget();
        // A turn without a step must let others have theirs.
        if last.is_none() {
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// What is left of the rest before a step, the step, and the rest that it asks for.
    async fn stride(&mut self, step: &Step, ends: bool, probe: &mut H::Probe) -> Result<(), Halt> {
        if let Some(moment) = self.rests.take() {
            self.rest(moment).await;
            // Who thinks when the load ends has done what it came for.
            if !self.leaving && (self.is_over() || !self.lane.releasing.get()) {
                self.passes.forget();
                return Err(Halt::Over);
            }
        }
        self.passes.enter(step, self.lane);
        let made = self.step(step, probe).await;
        if ends || made.is_err() {
            self.passes.leave(self.lane);
        }
        let mut rest = step.wait.map_or(Duration::ZERO, |think| thinks(think, &self.state));
        let scenario = self.scenario();
        if let Pace::Wait(think) = scenario.pace
            && (ends || made.is_err() || matches!(scenario.work, Work::Steps(_)))
        {
            rest += thinks(think, &self.state);
        }
        self.rests = (!rest.is_zero()).then(|| Instant::now() + rest);
        made?;
        tokio::task::coop::consume_budget().await;
        Ok(())
    }

    async fn step(&mut self, step: &Step, probe: &mut H::Probe) -> Result<(), Halt> {
        let (lane, story, request) = (self.lane, self.story, step.request);
        let live = story.lives[request].as_ref();
        if let Some(live) = live
            && let Err(what) = render(live, &mut self.state, &mut self.rendered)
        {
            self.refuse(request, what);
            self.passes.refuse(&step.groups, lane.now());
            return Err(Halt::Stuck);
        }
        let now = lane.now();
        let arrival = self.due.take();
        let due = arrival.unwrap_or_else(|| {
            lane.begin(now);
            now
        });
        lane.take_off(self.place, Flight { request, arm: self.arm, due, sent: now, number: 0 });
        let (deadline, keeps) = (lane.deadline(due), keeps(step, live));
        let mut answer = if live.is_none() && !keeps && self.jar.is_none() {
            probe.fire(request, deadline).await
        } else {
            let (parts, want) = (live.map(|_| &self.rendered), keeps.then_some(&mut self.kept));
            let (jar, user) = (self.jar.as_mut(), Some(&mut self.state));
            let errand = Errand { parts, want, jar, user };
            probe.fire_live(request, errand, deadline).await
        };
        if keeps {
            self.look(step, live, &mut answer);
        }
        // Opening a connection is part of the request that had to; otherwise it is due when it is
        // sent. The first of an arrival is due when the arrival is.
        let waited = answer.connecting.is_some() || answer.sent >= answer.done;
        let counted = if arrival.is_some() || waited { due } else { lane.at(answer.sent) };
        lane.land(self.place, Some(counted), &mut answer);
        let took = lane.at(answer.done).saturating_sub(counted);
        self.passes.add(&step.groups, Made { due: counted, took, end: answer.end });
        match answer.end {
            End::Good(_) => Ok(()),
            End::Failed { .. } if is_unconnected(answer.end) => Err(Halt::Stuck),
            End::Failed { .. } => Err(Halt::Failed),
        }
    }

    /// Takes values out of a good answer; it is not good where one is missing or unexpected.
    fn look(&mut self, step: &Step, live: Option<&Live>, answer: &mut Answer) {
        let End::Good(status) = answer.end else { return };
        if let Err(unmet) = look(step, live, (status, &mut self.kept), &mut self.state) {
            self.lane.note((step.request, self.arm), unmet.what.clone());
            answer.unmet = Some(Box::new(unmet));
            answer.end = End::Failed { why: Failure::Expectation, status: Some(status) };
        }
    }

    /// Counts a request that could not be made.
    fn refuse(&mut self, request: usize, what: String) {
        let now = self.lane.now();
        let due = self.due.take();
        if due.is_some() {
            self.lane.land_nowhere(self.place);
        } else {
            self.lane.begin(now);
        }
        let arm = self.arm;
        self.lane.note((request, arm), what.clone());
        self.lane.miss((request, arm), due.unwrap_or(now), Unmet::told(what));
        let flight = Flight { request, arm, due: due.unwrap_or(now), sent: now, number: 0 };
        self.lane.give_up(flight, Failure::Expectation, now);
    }

    pub(super) async fn think(&self, time: Duration) {
        self.rest(Instant::now() + time).await;
    }

    /// Rests until then; not beyond the end of the load, nor of a virtual user's life.
    async fn rest(&self, moment: Instant) {
        if self.is_over() || !self.lane.releasing.get() {
            return;
        }
        let moment = self.until.map_or(moment, |until| moment.min(self.lane.moment(until)));
        tokio::select! {
            () = tokio::time::sleep_until(moment.into()) => {}
            () = self.lane.ending.notified() => {}
        }
    }
}
