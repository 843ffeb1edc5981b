//! A stream of events as it is heard: when its events came, and whether it was as expected.

use std::time::{Duration, Instant};

use super::fault::Fault;
use super::said::{self, Hearing};
use super::sse::{Event, Parser};
use crate::load::probe::Inside;
use crate::metric::Timing;
use crate::plan::stream::{Events, Filled, Until};
use crate::sample::{End, Failure};
use crate::script::extract::{Extract, Extracted, Missing, Parts};
use crate::script::json::LazyJson;
use crate::tally::Timings;

/// How long the rest of an answer is read behind its end mark, so that the connection can be kept.
const REST: Duration = Duration::from_millis(100);

/// One stream of events.
#[derive(Debug, Default)]
pub(super) struct Listener {
    parser: Parser,
    first: Option<Instant>,
    last: Option<Instant>,
    events: u64,
    timings: Timings,
    hearing: Hearing,
    /// What is expected, where that is not the same for all users.
    said: Option<Box<Filled>>,
    /// What was taken out of events so far, in the order of the plan.
    taken: Vec<Option<Extracted>>,
    /// An event of the type `error` came.
    error: bool,
    over: Option<Over>,
}

/// Why a stream is over before its answer is.
#[derive(Clone, Copy, Debug)]
struct Over {
    at: Instant,
    /// Its end mark came, so the answer is about to end too.
    marked: bool,
}

impl Listener {
    /// Begins to listen for a user.
    pub(super) fn of(said: Option<Box<Filled>>) -> Self {
        Self { said, ..Self::default() }
    }

    /// What was taken out of the events, or why it could not be.
    pub(super) fn taken(&self, asked: &Events) -> Vec<Result<Extracted, Missing>> {
        let found = |index: usize| self.taken.get(index).cloned().flatten();
        let all = asked.extract.iter().enumerate();
        all.map(|(index, one)| found(index).map_or_else(|| one.otherwise("event"), Ok)).collect()
    }

    /// Takes bytes of the body that came just now.
    pub(super) fn hear(&mut self, asked: &Events, bytes: &[u8], now: Instant) -> Result<(), Fault> {
        if self.over.is_some() {
            return Ok(());
        }
        let mut parser = std::mem::take(&mut self.parser);
        let fed = parser.feed(bytes, |event| self.event(asked, event, now));
        self.parser = parser;
        let large = |_| Fault::new(Failure::TooLarge, "an event is larger than 1 MiB");
        if self.over.is_some() { Ok(()) } else { fed.map_err(large) }
    }

    fn event(&mut self, asked: &Events, event: &Event<'_>, now: Instant) {
        if self.over.is_some() {
            return;
        }
        if matches!(asked.until, Some(Until::Data(_))) && ends(asked, &event.data) {
            self.over = Some(Over { at: now, marked: true });
            return;
        }
        self.events += 1;
        self.first.get_or_insert(now);
        if let Some(last) = self.last.replace(now) {
            self.timings.took(Timing::EventGap, now.saturating_duration_since(last));
        }
        self.error |= event.kind == "error";
        self.hearing.hear(&asked.expect, self.said.as_deref(), &event.data);
        self.take(&asked.extract, &event.data);
        if ends(asked, &event.data) {
            self.over = Some(Over { at: now, marked: true });
        } else if asked.max_events.is_some_and(|most| self.events >= most) {
            self.over = Some(Over { at: now, marked: false });
        }
    }

    /// Takes what no event had before.
    fn take(&mut self, asked: &[Extract], data: &str) {
        if asked.is_empty() {
            return;
        }
        self.taken.resize_with(asked.len(), || None);
        let json = LazyJson::new(data.as_bytes());
        for (extract, place) in asked.iter().zip(&mut self.taken) {
            if place.is_none() {
                let (status, headers, body) = (0, std::iter::empty(), data.as_bytes());
                *place = extract.seek(&Parts { status, headers, body, json: &json });
            }
        }
    }

    /// Whether the stream is over, so that whatever happens to its answer does not matter.
    pub(super) fn is_over(&self) -> bool {
        self.over.is_some()
    }

    /// Whether the rest of its answer is not read.
    pub(super) fn is_left(&self) -> bool {
        self.over.is_some_and(|over| !over.marked)
    }

    /// When the stream was over, where it was before its answer.
    pub(super) fn over_at(&self) -> Option<Instant> {
        self.over.map(|over| over.at)
    }

    /// When it is given up: at the request's deadline, or where no event came for too long.
    pub(super) fn deadline(&self, asked: &Events, deadline: Instant) -> Instant {
        match (self.over, self.last.zip(asked.idle)) {
            (Some(over), _) => deadline.min(over.at + REST),
            (None, Some((last, idle))) => deadline.min(last + idle),
            (None, None) => deadline,
        }
    }

    /// Why it was given up.
    pub(super) fn late(&self, asked: &Events, deadline: Instant) -> Fault {
        let idle = self.deadline(asked, deadline) < deadline;
        let what = match (idle, self.events) {
            (true, _) => "no event came for as long as `idle` allows",
            (false, 0) => "no event came before the deadline",
            (false, _) => "the stream had not ended at the deadline",
        };
        Fault::new(Failure::Timeout, what)
    }

    /// What a stream that came to its end failed on, if it did.
    pub(super) fn unmet(&self, asked: &Events) -> Option<Fault> {
        let marked = self.over.is_some()
            || asked.until.is_none()
            // A last event without its empty line, as some servers leave it.
            || self.parser.unfinished().is_some_and(|data| ends(asked, &data));
        if !marked {
            let what = "the stream ended without its end mark (`until`)";
            return Some(Fault::new(Failure::Truncated, what));
        }
        let what = if self.events == 0 {
            Some("the stream had no event".to_owned())
        } else if self.error {
            Some("an event of the type \"error\" came".to_owned())
        } else {
            self.hearing.unmet(&asked.expect, "event")
        };
        what.map(|what| Fault::new(Failure::Expectation, what))
    }

    /// What was timed, of a stream that ended so at that time.
    pub(super) fn inside(self, end: End, done: Instant) -> Inside {
        let mut timings = self.timings;
        let broke = match end {
            End::Good(_) => false,
            End::Failed { why, .. } => why != Failure::Expectation,
        };
        if let Some(last) = self.last.filter(|_| broke) {
            timings.broke(Timing::EventGap, done.saturating_duration_since(last));
        }
        Inside { came: self.first.filter(|_| end.is_good()), timings }
    }
}

/// Whether an event with that data is the last one.
fn ends(asked: &Events, data: &str) -> bool {
    match &asked.until {
        None => false,
        Some(Until::Data(mark)) => mark == data,
        Some(Until::Said(held)) => said::holds(held, data),
    }
}
