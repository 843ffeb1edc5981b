//! What a load thread writes down, and how that reaches the control thread.
//!
//! Each request becomes a record of some forty bytes in a list that is handed over when it is full,
//! and a few times a second. Histograms are filled by the control thread: so the path of a request
//! touches no large memory, and every sample reaches the slice it belongs to, however late it ends.

use std::any::Any;
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use super::health::Second;
use super::reasons::Reasons;
use super::{Order, span};
use crate::sample::{End, EndpointId, Sample};
use crate::tally::{Times, Timings};

/// Records in one list.
const FULL: usize = 2_048;

/// One request, ended. Times in nanoseconds from the start of the load.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    pub(super) due: u64,
    pub(super) sent: u64,
    pub(super) done: u64,
    pub(super) bytes: u64,
    pub(super) end: End,
    pub(super) endpoint: EndpointId,
}

impl Record {
    pub(super) fn sample(&self) -> Sample {
        Sample {
            endpoint: self.endpoint,
            due: Duration::from_nanos(self.due),
            sent: Duration::from_nanos(self.sent),
            done: Duration::from_nanos(self.done),
            end: self.end,
            bytes: self.bytes,
        }
    }
}

/// What was timed inside a request that was due then.
#[derive(Clone, Debug)]
pub(super) struct Timed {
    pub(super) due: u64,
    pub(super) endpoint: EndpointId,
    pub(super) timings: Timings,
}

/// What was released or dropped in a slice since the last hand-over.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Beat {
    pub(super) slice: usize,
    pub(super) released: u64,
    pub(super) sent: u64,
    pub(super) dropped: u64,
    /// Counted as sent before, and not sent after all.
    pub(super) withdrawn: u64,
}

/// How things stand in a load thread.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Standing {
    /// Requests waiting for an answer or a connection.
    pub(super) in_flight: u64,
    /// Virtual users alive.
    pub(super) users: u64,
    /// Connections open or being opened.
    pub(super) connections: u64,
    /// CPU time of the thread since the start of the load, and how long that is.
    pub(super) cpu: Option<(Duration, Duration)>,
}

/// A hand-over from a load thread.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) lane: usize,
    pub(super) records: Vec<Record>,
    pub(super) timed: Vec<Timed>,
    pub(super) beats: Vec<Beat>,
    pub(super) connecting: Times,
    pub(super) opened: u64,
    pub(super) reconnects: u64,
    /// How late judged arrivals were released.
    pub(super) lags: Times,
    /// Seconds of the load, and what the thread did in them.
    pub(super) seconds: Vec<(u64, Second)>,
    /// A time in which the thread did not get to run.
    pub(super) gap: Option<(u64, u64)>,
    pub(super) standing: Standing,
}

/// What a load thread says to the control thread.
#[derive(Debug)]
pub(super) enum Word {
    /// It can start; what releases its arrivals.
    Ready(&'static str),
    /// What happened since the last hand-over.
    Batch(Box<Batch>),
    /// Something in it panicked, and what that said.
    Panicked(String),
    /// It could not start, and what the system said.
    Unstarted(String),
    /// It has ended, and why requests failed.
    Done(usize, Reasons),
}

/// The list that a load thread is writing, and where it goes.
pub(super) struct Ledger {
    order: Arc<Order>,
    batch: Batch,
    /// The time that the slice of the last beat covers.
    near: Range<u64>,
    words: UnboundedSender<Word>,
    /// Lists that were counted and can be written again.
    spare: Receiver<Vec<Record>>,
}

impl Ledger {
    pub(super) fn new(
        lane: usize,
        order: Arc<Order>,
        words: UnboundedSender<Word>,
        spare: Receiver<Vec<Record>>,
    ) -> Self {
        let batch = Batch { lane, records: Vec::with_capacity(FULL), ..Batch::default() };
        Self { order, batch, near: 0..0, words, spare }
    }

    /// Writes down a request that ended; whether the list is full now.
    pub(super) fn record(&mut self, record: Record) -> bool {
        self.batch.records.push(record);
        self.batch.records.len() >= FULL
    }

    /// Writes down what was timed inside a request.
    pub(super) fn time(&mut self, timed: Timed) {
        self.batch.timed.push(timed);
    }

    /// What happened in the slice of that time.
    fn beat(&mut self, time: u64) -> &mut Beat {
        let beats = &mut self.batch.beats;
        if beats.is_empty() || !self.near.contains(&time) {
            let slice = self.order.slice(time);
            self.near = span(&self.order.axis[slice]);
            beats.push(Beat { slice, ..Beat::default() });
        }
        beats.last_mut().expect("one was pushed where there was none")
    }

    /// Counts an arrival that was released.
    pub(super) fn release(&mut self, due: u64) {
        self.beat(due).released += 1;
    }

    /// Counts an arrival that was dropped.
    pub(super) fn drop_arrival(&mut self, due: u64) {
        self.beat(due).dropped += 1;
    }

    /// Counts a request in.
    pub(super) fn begin(&mut self, time: u64) {
        self.beat(time).sent += 1;
    }

    /// Takes back what was counted in.
    pub(super) fn withdraw(&mut self, time: u64) {
        self.beat(time).withdrawn += 1;
    }

    pub(super) fn lag(&mut self, lag: Duration) {
        self.batch.lags.record(lag);
    }

    pub(super) fn connected(&mut self, took: Duration) {
        self.batch.opened += 1;
        self.batch.connecting.record(took);
    }

    pub(super) fn reconnected(&mut self) {
        self.batch.reconnects += 1;
    }

    pub(super) fn second(&mut self, at: u64, second: Second) {
        self.batch.seconds.push((at, second));
    }

    pub(super) fn gap(&mut self, from: u64, to: u64) {
        self.batch.gap = Some((from, to));
    }

    /// Hands over what was written, with how things stand.
    pub(super) fn hand_over(&mut self, standing: Standing) {
        let records = self.spare.try_recv().unwrap_or_else(|_| Vec::with_capacity(FULL));
        let next = Batch { lane: self.batch.lane, records, ..Batch::default() };
        let mut batch = std::mem::replace(&mut self.batch, next);
        batch.standing = standing;
        self.say(Word::Batch(Box::new(batch)));
    }

    /// Says a word. Nobody listens once the control thread is gone, and then nothing matters any
    /// more.
    pub(super) fn say(&self, word: Word) {
        let _ = self.words.send(word);
    }
}

/// What a panic said.
pub(super) fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "nothing that can be shown".to_owned())
}
