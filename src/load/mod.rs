//! The load engine: send what is due, count what returns.
//!
//! One control thread and a few load threads. A load thread owns its connections and users and
//! shares nothing with the others: it writes down what happened and hands that over a few times a
//! second. The control thread counts.

pub mod jar;
pub mod reference;
pub mod probe;
mod fragment;
pub mod wire;
pub mod health;
mod reasons;
mod ledger;
mod bell;
mod flight;
mod lane;
pub mod story;
mod step;
mod pass;
mod journey;
pub mod rehearse;
mod open;
mod closed;
mod thread;
mod sums;
mod strain;
mod planned;
mod course;
mod control;

use std::future::Future;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use crate::plan::arms::{Arms, VERSIONS};
use crate::plan::axis::Piece;
use crate::plan::mix::Mix;
use crate::plan::parts::{Part, parts};
use crate::plan::profile::Profile;
use crate::plan::{Drive, Load};
use crate::run::{Model, Origin, Run, Stop};
use probe::Wire;
use story::Story;

pub use control::Progress;

/// What to put on a target, ready to go.
#[derive(Clone, Debug)]
pub struct Order {
    /// How much, how long, how even.
    pub load: Load,
    /// The deadline of a request.
    pub timeout: Duration,
    /// Name and weight of each request, in the order of the plan.
    pub requests: Vec<(String, u32)>,
    /// The names under which requests are counted.
    pub endpoints: Vec<String>,
    /// The endpoint of each request.
    pub counted: Vec<usize>,
    /// How long after it was due a good answer may come, request by request.
    pub max_times: Vec<Option<Duration>>,
    /// How many requests arrivals send, endpoint by endpoint.
    pub mix: Mix,
    /// What users do, where requests are not only drawn by weight.
    pub story: Option<Arc<Story>>,
    /// The slices of the load. Never empty; from zero to the profile's end without gaps.
    pub axis: Vec<Piece>,
    /// The seed of every draw.
    pub seed: u64,
    /// Where the run comes from.
    pub origin: Origin,
    /// How arrivals and users are shared between two versions, where there are two. Then the second
    /// version's endpoints follow the first's, in the same order.
    pub arms: Option<Arms>,
    /// Whether what ended lately is counted apart as well, for whoever looks on.
    pub recent: bool,
}

impl Order {
    /// The order that a plan's load makes, on that time axis and under that seed.
    #[must_use]
    pub fn new(drive: &Drive, axis: Vec<Piece>, seed: u64, origin: Origin) -> Self {
        let requests = drive.requests.iter().map(|request| (request.name.clone(), request.weight));
        Self {
            load: drive.load.clone(),
            timeout: drive.target.timeout,
            requests: requests.collect(),
            endpoints: drive.endpoints.clone(),
            counted: drive.requests.iter().map(|request| request.endpoint).collect(),
            max_times: drive.requests.iter().map(|request| request.expect.max_time).collect(),
            mix: Mix::new(drive, seed),
            story: Story::new(drive, seed),
            axis,
            seed,
            origin,
            arms: None,
            recent: false,
        }
    }

    /// The same order, with what ended since the last look counted apart.
    #[must_use]
    pub fn with_recent(self, recent: bool) -> Self {
        Self { recent, ..self }
    }

    /// The same order, its arrivals and users shared between two versions.
    #[must_use]
    pub fn shared(mut self, arms: Arms) -> Self {
        let endpoints = self.endpoints.len();
        self.endpoints = std::iter::repeat_n(self.endpoints, VERSIONS).flatten().collect();
        let counted = self.counted;
        let of = |arm: usize| counted.iter().map(move |endpoint| endpoint + arm * endpoints);
        self.counted = (0..VERSIONS).flat_map(of).collect();
        self.max_times = std::iter::repeat_n(self.max_times, VERSIONS).flatten().collect();
        self.arms = Some(arms);
        self
    }

    /// How many versions the load is shared between.
    fn versions(&self) -> usize {
        if self.arms.is_some() { VERSIONS } else { 1 }
    }

    /// How far the endpoints of a version are from those of the first.
    fn shift(&self, arm: usize) -> usize {
        arm * (self.endpoints.len() / self.versions())
    }

    /// The parts of the load, each with a timetable or users of its own.
    fn parts(&self) -> Vec<Part> {
        match &self.story {
            Some(story) => story.parts().cloned().collect(),
            None => parts(&[], &self.load.profile),
        }
    }

    /// Users alive at a time, in all parts that have some.
    fn users(&self, of: impl Fn(&Profile) -> u64) -> u64 {
        let closed = |part: &Part| part.profile.model == Model::Closed;
        let parts = self.parts();
        let mine = |part: &Part| self.load.shard.part(of(&part.profile));
        parts.iter().filter(|part| closed(part)).map(mine).sum()
    }

    /// The slice a time lies in; the last one for what is later.
    fn slice(&self, time: u64) -> usize {
        let after = self.axis.partition_point(|piece| nanos(piece.to) <= time);
        after.min(self.axis.len().saturating_sub(1))
    }
}

/// The time that a slice covers.
fn span(piece: &Piece) -> Range<u64> {
    nanos(piece.from)..nanos(piece.to)
}

/// A time since the start of the load, in the form in which it is written down.
fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Puts the load on, to its end or until told to stop, and gives back everything it told us.
///
/// `watch` sees the run about once a second and may end it, and so may `stop`, once; then nothing
/// more is released, and what is under way gets a little time. Runs on a current-thread runtime of
/// its caller.
pub async fn drive<W: Wire>(
    order: Order,
    wire: W,
    watch: impl FnMut(&Progress<'_>) -> Option<Stop>,
    stop: impl Future<Output = Stop>,
) -> Run {
    control::Control::new(order, vec![wire]).run(watch, stop).await
}

/// The same for an order that is shared between two versions, the one judged first.
pub async fn drive_both<W: Wire>(
    order: Order,
    wires: [W; VERSIONS],
    watch: impl FnMut(&Progress<'_>) -> Option<Stop>,
    stop: impl Future<Output = Stop>,
) -> Run {
    control::Control::new(order, wires.to_vec()).run(watch, stop).await
}

/// The run of a load that never began, and why.
#[must_use]
pub fn unbegun(order: Order, stop: Stop) -> Run {
    let threads = health::threads(&order.load);
    course::Course::new(order, threads).run(stop, Duration::ZERO)
}
