//! One user walking a scenario: templates, data, extraction, think time.

use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

use super::lane::{Flight, Lane};
use super::probe::{Answer, Hub, Kept, Probe, Rendered, is_unconnected};
use super::story::{Story, Stride, thinks, unfold};
use crate::plan::scenario::{Live, Pace, Scenario, Step};
use crate::sample::{End, Failure};
use crate::script::extract::Parts;
use crate::script::json::LazyJson;
use crate::script::state::State;

/// Why a user does not go on with what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Halt {
    /// A request failed.
    Failed,
    /// No request went out, or there was no connection: a pause is due.
    Stuck,
    /// Its data has ended, as asked for.
    Over,
}

/// A user on its way through a scenario.
pub(super) struct Walker<'a, H: Hub> {
    lane: &'a Rc<Lane<H>>,
    story: &'a Story,
    index: usize,
    place: usize,
    state: State,
    rendered: Rendered,
    kept: Kept,
    turn: u64,
    /// The end of a virtual user's life; an arrival has none.
    until: Option<u64>,
    /// When the arrival was due, until its first request has gone out.
    due: Option<u64>,
}

impl<'a, H: Hub> Walker<'a, H> {
    /// A virtual user (closed model).
    pub(super) fn user(
        lane: &'a Rc<Lane<H>>,
        story: &'a Story,
        user: u64,
        place: usize,
        until: u64,
    ) -> Self {
        Self::new(lane, story, story.of_user(user), (user, place), (Some(until), None))
    }

    fn new(
        lane: &'a Rc<Lane<H>>,
        story: &'a Story,
        index: usize,
        (number, place): (u64, usize),
        (until, due): (Option<u64>, Option<u64>),
    ) -> Self {
        let state = State::new(story.seed, number);
        let (rendered, kept) = (Rendered::default(), Kept::default());
        Self { lane, story, index, place, state, rendered, kept, turn: 0, until, due }
    }

    /// An arrival's whole way, from start to stop (open model).
    pub(super) async fn arrive(
        lane: &'a Rc<Lane<H>>,
        story: &'a Story,
        flight: Flight,
        place: usize,
        probe: &mut H::Probe,
    ) {
        let (number, due) = (flight.number, flight.due);
        let index = story.of_arrival(number);
        let mut walker = Self::new(lane, story, index, (number, place), (None, Some(due)));
        let scenario = walker.scenario();
        let mut turn = Vec::new();
        unfold(&scenario.work, &walker.state, &mut turn);
        let begun = match walker.feed(flight.request) {
            Ok(()) => walker.walk(&strides(&scenario.start), probe).await,
            Err(halt) => Err(halt),
        };
        if begun.is_ok() {
            let _ = walker.walk(&turn, probe).await;
            let _ = walker.walk(&strides(&scenario.stop), probe).await;
        }
        if walker.due.is_some() {
            lane.withdraw(place);
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
        self.walk(&strides(&self.scenario().start), probe).await
    }

    /// What a user does once, at the end of its life.
    pub(super) async fn stop(&mut self, probe: &mut H::Probe) {
        self.until = None;
        let _ = self.walk(&strides(&self.scenario().stop), probe).await;
    }

    /// A turn of work, with the rest that belongs to it.
    pub(super) async fn work(&mut self, probe: &mut H::Probe) -> Result<(), Halt> {
        let begun = Instant::now();
        let mut turn = Vec::new();
        unfold(&self.scenario().work, &self.state, &mut turn);
        let walked = self.walk(&turn, probe).await;
        if let Pace::Paced(every) = self.scenario().pace {
            self.rest(begun + every).await;
        }
        self.turn += 1;
        self.state.set_iteration(self.turn);
        walked
    }

    /// Takes a row of each data file for this turn.
    pub(super) fn feed(&mut self, request: usize) -> Result<(), Halt> {
        for feeder in &self.story.feeders[self.index] {
            match feeder.pick(self.state.number(), self.turn) {
                Ok(row) => self.state.keep_row(feeder.name(), row),
                Err(end) if end.wanted => return Err(Halt::Over),
                Err(end) => {
                    self.refuse(request, end.to_string());
                    return Err(Halt::Stuck);
                }
            }
        }
        Ok(())
    }

    /// The request that a turn would begin with, where it cannot begin.
    pub(super) fn next_request(&self, started: bool) -> usize {
        let scenario = self.scenario();
        if let Some(step) = scenario.start.first().filter(|_| !started) {
            return step.request;
        }
        let mut turn = Vec::new();
        unfold(&scenario.work, &self.state.clone(), &mut turn);
        turn.first().map_or(0, |(step, _)| step.request)
    }

    async fn walk(&mut self, strides: &[Stride<'a>], probe: &mut H::Probe) -> Result<(), Halt> {
        if strides.is_empty() {
            tokio::task::yield_now().await;
        }
        for (step, last) in strides {
            if self.is_over() {
                return Ok(());
            }
            let made = self.step(step, probe).await;
            if let Some(think) = step.wait {
                self.think(thinks(think, &self.state)).await;
            }
            if let Pace::Wait(think) = self.scenario().pace
                && (*last || made.is_err())
            {
                self.think(thinks(think, &self.state)).await;
            }
            made?;
            tokio::task::coop::consume_budget().await;
        }
        Ok(())
    }

    async fn step(&mut self, step: &Step, probe: &mut H::Probe) -> Result<(), Halt> {
        let (lane, story, request) = (self.lane, self.story, step.request);
        let live = story.lives[request].as_ref();
        if let Some(live) = live
            && let Err(what) = render(live, &mut self.state, &mut self.rendered)
        {
            self.refuse(request, what);
            return Err(Halt::Stuck);
        }
        let now = lane.now();
        let arrival = self.due.take();
        let due = arrival.unwrap_or_else(|| {
            lane.begin(now);
            now
        });
        lane.take_off(self.place, Flight { request, due, sent: now, number: 0 });
        let deadline = lane.deadline(due);
        let mut answer = if live.is_none() && step.extract.is_empty() {
            probe.fire(request, deadline).await
        } else {
            let want = (!step.extract.is_empty()).then_some(&mut self.kept);
            probe.fire_live(request, live.map(|_| &self.rendered), want, deadline).await
        };
        self.extract(step, &mut answer);
        // Opening a connection is part of the request that had to; otherwise it is due when it is
        // sent. The first of an arrival is due when the arrival is.
        let waited = answer.connecting.is_some() || answer.sent >= answer.done;
        let counted = if arrival.is_some() || waited { due } else { lane.at(answer.sent) };
        lane.land(self.place, counted, &answer);
        match answer.end {
            End::Good(_) => Ok(()),
            End::Failed { .. } if is_unconnected(answer.end) => Err(Halt::Stuck),
            End::Failed { .. } => Err(Halt::Failed),
        }
    }

    /// Takes values out of a good answer; it is not good where one is missing.
    fn extract(&mut self, step: &Step, answer: &mut Answer) {
        let End::Good(status) = answer.end else { return };
        if step.extract.is_empty() {
            return;
        }
        let json = LazyJson::new(&self.kept.body);
        let headers = self.kept.headers.iter();
        let headers = headers.map(|(name, value)| (name.as_str(), value.as_slice()));
        let parts = Parts { status, headers, body: &self.kept.body, json: &json };
        for extract in &step.extract {
            match extract.take(&parts) {
                Ok(found) => self.state.keep(&found.into, found.value),
                Err(missing) => {
                    self.state.forget(&extract.into);
                    self.lane.note(step.request, missing.to_string());
                    let why = Failure::Expectation;
                    answer.end = End::Failed { why, status: Some(status) };
                }
            }
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
        self.lane.note(request, what);
        let flight = Flight { request, due: due.unwrap_or(now), sent: now, number: 0 };
        self.lane.give_up(flight, Failure::Expectation, now);
    }

    pub(super) async fn think(&self, time: Duration) {
        self.rest(Instant::now() + time).await;
    }

    /// Rests until then; a virtual user not beyond the end of its life.
    async fn rest(&self, moment: Instant) {
        let Some(until) = self.until else {
            return tokio::time::sleep_until(moment.into()).await;
        };
        if self.is_over() {
            return;
        }
        let moment = moment.min(self.lane.moment(until));
        tokio::select! {
            () = tokio::time::sleep_until(moment.into()) => {}
            () = self.lane.ending.notified() => {}
        }
    }
}

fn strides(steps: &[Step]) -> Vec<Stride<'_>> {
    steps.iter().map(|step| (step, false)).collect()
}

/// Writes the changing parts of a request; why that cannot be, naming what has no value.
fn render(live: &Live, state: &mut State, into: &mut Rendered) -> Result<(), String> {
    state.set_now(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default());
    into.path.clear();
    into.body.clear();
    into.headers.resize_with(live.headers.len(), Vec::new);
    live.path.render(state, &mut into.path).map_err(|why| format!("path: {why}"))?;
    for ((name, template), value) in live.headers.iter().zip(&mut into.headers) {
        value.clear();
        template.render(state, value).map_err(|why| format!("header `{name}`: {why}"))?;
        if value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
            return Err(format!("header `{name}`: the value has a line break"));
        }
    }
    match &live.body {
        Some(body) => body.render(state, &mut into.body).map_err(|why| format!("body: {why}")),
        None => Ok(()),
    }
}
