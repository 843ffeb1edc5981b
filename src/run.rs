//! Everything one execution told us, whoever executed it.

mod origin;
mod generator;
mod rounds;
mod series;
mod quotes;
mod imported;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::sample::Failure;
use crate::sanitise;
use crate::secret::Masks;
use crate::tally::{Packed, Tally, Times};

pub use generator::{Clock, Generator, Starved};
pub use imported::{DRIVEN, Imported, Precision, Script, Subject};
pub use origin::Origin;
pub use quotes::{Answer, Band, Quotes, Ranks};
pub use rounds::Rounds;
pub use series::Series;

/// Everything one execution told us.
#[derive(Clone, Debug)]
pub struct Run {
    /// Where and of what it is.
    pub origin: Origin,
    /// What was asked for and what was done.
    pub load: Delivered,
    /// How fit the generator was.
    pub generator: Generator,
    /// The time axis: consecutive slices, warm-up included.
    pub slices: Vec<Slice>,
    /// What was measured, endpoint by endpoint, in the order of the plan.
    pub endpoints: Vec<Evidence>,
    /// Why it ended.
    pub stop: Stop,
    /// How fast the machine itself was; `None` where that was not measured.
    pub reference: Option<Reference>,
    /// What was asked beside the load, and answered.
    pub probes: Vec<Series>,
    /// The run that followed at once because this one was suspicious, without its slices.
    pub again: Option<Box<Run>>,
    /// Rounds in which the same load was shared between the target and another version; `None`
    /// where nothing was compared that way.
    pub rounds: Option<Rounds>,
    /// What another tool measured; `None` where loadgate put on the load.
    pub imported: Option<Imported>,
}

/// How long the reference service took for one answer, on average.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Before the load.
    pub before: Duration,
    /// After it.
    pub after: Duration,
}

impl Reference {
    /// The natural logarithm of the time for one answer, in seconds: the mean of both.
    #[must_use]
    pub fn log(self) -> f64 {
        let log = |time: Duration| time.as_secs_f64().max(f64::MIN_POSITIVE).ln();
        f64::midpoint(log(self.before), log(self.after))
    }
}

/// How names of groups begin, so that they are none of an endpoint.
pub const GROUP: &str = "group:";

/// Whether a scope is a group of steps, by its name. What it counts is in the endpoints of its
/// steps already.
#[must_use]
pub fn is_group(name: &str) -> bool {
    name.starts_with(GROUP)
}

/// What was measured of one endpoint, or of a group of steps.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// The endpoint's name.
    pub name: String,
    /// Requests that the arrivals planned within the judged time send, on average where users draw
    /// what they do; `None` where no timetable says (closed model).
    pub planned: Option<u64>,
    /// All samples that were due within the judged time.
    pub whole: Tally,
    /// The same, slice by slice (warm-up included), on the axis of [`Run::slices`].
    pub slices: Vec<Packed>,
    /// One example for each class of failure: why, in words that quote no answer.
    pub examples: BTreeMap<Failure, String>,
    /// Judged answers that missed an expectation, by the first that each missed; most often missed
    /// first.
    pub missed: Vec<Missed>,
    /// What a summary of another tool says of it: then there are no samples.
    pub quotes: Option<Quotes>,
}

/// Answers that missed one expectation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// The expectation, in words: `json $.items not-empty`.
    pub asked: String,
    /// How many answers missed it.
    pub count: u64,
    /// What one of them had instead; empty where the words say all.
    pub got: String,
}

/// A piece of the run's time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Its start, from the start of the load.
    pub from: Duration,
    /// Its end.
    pub to: Duration,
    /// The stage of the profile it lies in.
    pub stage: usize,
    /// Sent, never judged.
    pub warm_up: bool,
    /// Arrivals planned, sent, dropped in it, and the requests in flight at its end.
    pub pulse: Pulse,
}

/// What the generator did within a slice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pulse {
    /// Arrivals whose time lay in the slice; in the closed model the same as `sent`.
    pub planned: u64,
    /// Arrivals released in it, each a request or a user with several; in the closed model the same
    /// as `sent`.
    pub released: u64,
    /// Requests sent.
    pub sent: u64,
    /// Arrivals dropped for our own limits.
    pub dropped: u64,
    /// Requests waiting for an answer, or for a connection, at its end.
    pub in_flight: u64,
    /// Virtual users alive at its end (closed model).
    pub users: u64,
}

/// Open or closed: who decides when the next request comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// Arrivals come by a timetable, whatever the service does.
    Open,
    /// Each virtual user waits for its answer before it asks again.
    Closed,
}

/// What the profile asked for and what was done. A generator that falls behind says so.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// Open or closed.
    pub model: Model,
    /// The load in words: `200/s for 60s`, `50 users for 60s`.
    pub profile: String,
    /// Names of the profile's stages; empty names for those that have none.
    pub stages: Vec<String>,
    /// How long the load was planned to last, warm-up included.
    pub duration: Duration,
    /// How long it did last.
    pub lasted: Duration,
    /// From the start of the load; what was due before is not judged.
    pub warm_up: Duration,
    /// The deadline of a request.
    pub timeout: Duration,
    /// Arrivals planned, warm-up included (open model).
    pub planned: Option<u64>,
    /// Arrivals released, warm-up included (open model); a user that arrives may send several
    /// requests. `None` where that was not told apart from the requests.
    pub released: Option<u64>,
    /// Requests sent, warm-up included.
    pub sent: u64,
    /// Arrivals dropped because `max_in_flight` was reached.
    pub dropped: u64,
    /// Most virtual users at once (closed model).
    pub users: u64,
    /// Connections opened.
    pub connections: u64,
    /// Requests repeated because a kept connection had been closed before an answer began.
    pub reconnects: u64,
    /// How long opening a connection took, TLS included; also part of the first request's latency.
    pub connecting: Times,
    /// Connection attempts that failed, by address of the target.
    pub refused: Vec<(String, u64)>,
    /// From which shards it was added up; `None` where one machine put on all of it.
    pub merged: Option<Merged>,
}

/// Of how many shards a run was added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Merged {
    /// How many there are.
    pub shards: u64,
    /// How long after the first of them the last one began, in whole seconds of their clocks.
    pub apart: Duration,
}

/// Why a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The profile was over.
    End,
    /// A signal, by name: `SIGINT`, `SIGTERM`, `SIGHUP`.
    Signal(String),
    /// A threshold with `abort` was clearly breached: which one, in words.
    Breached(String),
    /// For so long, every request failed to connect.
    Dead(Duration),
    /// For so long, and to the end, nothing was answered though requests waited.
    Stalled(Duration),
    /// A load thread panicked: what it said.
    Panic(String),
    /// The system gave no thread, or not what a thread needs, to put the load on: what it said.
    NoThread(String),
    /// It never began: the target could not be reached. The class of the failure and what was seen.
    Unreachable(Failure, String),
    /// Not ended yet: the file is a checkpoint of a run that was killed.
    Checkpoint,
}

impl Stop {
    /// The signal that ended it, by name; `None` where none did.
    #[must_use]
    pub fn signal(&self) -> Option<&str> {
        match self {
            Self::Signal(name) => Some(name),
            Self::End
            | Self::Breached(_)
            | Self::Dead(_)
            | Self::Stalled(_)
            | Self::Panic(_)
            | Self::NoThread(_)
            | Self::Unreachable(..)
            | Self::Checkpoint => None,
        }
    }

    /// The same without what must not be shown. What was breached is said in words and numbers of
    /// ours, and they stay.
    #[must_use]
    pub fn hidden(&self, masks: &Masks) -> Self {
        let hide = |text: &str| masks.apply(&sanitise::strip(text));
        match self {
            Self::Panic(said) => Self::Panic(hide(said)),
            Self::NoThread(said) => Self::NoThread(hide(said)),
            Self::Unreachable(why, seen) => Self::Unreachable(*why, hide(seen)),
            Self::End
            | Self::Signal(_)
            | Self::Breached(_)
            | Self::Dead(_)
            | Self::Stalled(_)
            | Self::Checkpoint => self.clone(),
        }
    }
}

impl Delivered {
    /// Users that arrived, where each of them may send several requests.
    #[must_use]
    pub fn arrived(&self) -> Option<u64> {
        self.released.filter(|released| *released != self.sent)
    }
}

impl Run {
    /// The same run without what must not be shown. Names stay as they are: they are written in the
    /// gate file, and nothing in them comes from the environment.
    #[must_use]
    pub fn hidden(mut self, masks: &Masks) -> Self {
        let hide = |text: &mut String| *text = masks.apply(text);
        self.origin = self.origin.hidden(masks);
        self.load.refused.iter_mut().for_each(|(address, _)| hide(address));
        let examples = self.endpoints.iter_mut().flat_map(|evidence| &mut evidence.examples);
        examples.for_each(|(_, what)| hide(what));
        for missed in self.endpoints.iter_mut().flat_map(|evidence| &mut evidence.missed) {
            hide(&mut missed.asked);
            hide(&mut missed.got);
        }
        self.stop = self.stop.hidden(masks);
        self.probes.iter_mut().for_each(|series| hide(&mut series.said));
        let told = self.imported.iter_mut().flat_map(|imported| {
            let raised = imported.script.iter_mut().flat_map(|script| &mut script.raised);
            let told = imported.untold.values_mut().chain(&mut imported.unsound);
            told.chain(&mut imported.notes).chain(raised)
        });
        told.for_each(hide);
        self.again = self.again.map(|again| Box::new(again.hidden(masks)));
        if let Some(rounds) = &mut self.rounds {
            rounds.against = masks.apply(&sanitise::strip(&rounds.against));
            rounds.ended = rounds.ended.take().map(|why| masks.apply(&sanitise::strip(&why)));
        }
        self
    }

    /// The same run without its slices and its words: what a second look never needs.
    #[must_use]
    pub fn bare(mut self) -> Self {
        self.slices.clear();
        for evidence in &mut self.endpoints {
            evidence.slices.clear();
            evidence.examples.clear();
            evidence.missed.clear();
        }
        self.load.refused.clear();
        self.probes.clear();
        self.again = None;
        self.rounds = None;
        self
    }

    /// The endpoints without the groups of steps, so that nothing is counted twice.
    pub fn alone(&self) -> impl Iterator<Item = &Evidence> {
        self.endpoints.iter().filter(|evidence| !is_group(&evidence.name))
    }

    /// All endpoints' samples together.
    #[must_use]
    pub fn whole(&self) -> Tally {
        let mut whole = Tally::default();
        for endpoint in self.alone() {
            whole.merge(&endpoint.whole);
        }
        whole
    }

    /// Whether any load was put on at all.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        !self.load.lasted.is_zero() || self.load.sent > 0
    }

    /// Whether anything at all was answered, judged time or not.
    #[must_use]
    pub fn anything_answered(&self) -> bool {
        let in_warm_up = |slice: &Packed| slice.statuses.values().any(|count| *count > 0);
        // Not every tool tells the status of an answer.
        let good = |endpoint: &Evidence| {
            endpoint.whole.answers() > 0
                || endpoint.whole.good() > 0
                || endpoint.quotes.as_ref().is_some_and(|quotes| quotes.good() > 0)
        };
        let answered =
            |endpoint: &Evidence| good(endpoint) || endpoint.slices.iter().any(in_warm_up);
        self.endpoints.iter().any(answered)
    }

    /// Requests within the judged time.
    #[must_use]
    pub fn counted(&self) -> u64 {
        let quoted = |endpoint: &Evidence| endpoint.quotes.as_ref().map_or(0, |one| one.count);
        self.alone().map(|endpoint| endpoint.whole.count() + quoted(endpoint)).sum()
    }

    /// Requests that failed for want of our own descriptors or ports.
    #[must_use]
    pub fn failed_by_us(&self) -> u64 {
        let ours = Failure::ALL.into_iter().filter(|failure| failure.is_ours());
        let failed = |why| self.alone().map(|one| one.whole.failed_by(why)).sum::<u64>();
        ours.map(failed).sum()
    }

    /// The answers of a probe within the judged time, and how many questions were due in it.
    #[must_use]
    pub fn answers(&self, series: &Series) -> (Vec<f64>, u64) {
        series.within(self.load.warm_up, self.load.lasted.min(self.load.duration))
    }

    /// The judged time: from the end of the warm-up to the end of the load, planned or cut short.
    #[must_use]
    pub fn judged(&self) -> Duration {
        self.load.lasted.min(self.load.duration).saturating_sub(self.load.warm_up)
    }
}
