//! Times measured inside requests, of a stream of events or of a WebSocket.

use std::collections::BTreeMap;
use std::time::Duration;

use super::times::{Damaged, PackedTimes, Packer, Times};
use crate::metric::Timing;

/// Times of one request that are kept one by one; what is beyond goes into histograms, so that a
/// stream without end takes no memory without end.
const FEW: usize = 512;

/// Times of one kind: those that came to their end, and those that never did.
#[derive(Clone, Debug, Default)]
pub struct Lap {
    /// Those that came to their end.
    pub whole: Times,
    /// Those that never did, with the age at which they were given up.
    pub broken: Times,
}

impl Lap {
    /// How many there are of both kinds.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.whole.count() + self.broken.count()
    }

    /// Adds other times: the same as if all had been counted here.
    pub fn merge(&mut self, other: &Self) {
        self.whole.merge(&other.whole);
        self.broken.merge(&other.broken);
    }

    fn record(&mut self, took: Duration, whole: bool) {
        if whole { self.whole.record(took) } else { self.broken.record(took) }
    }
}

/// Laps by what was timed.
pub(super) type Laps = BTreeMap<Timing, Lap>;

/// The times measured inside one request.
#[derive(Clone, Debug, Default)]
pub struct Timings {
    few: Vec<(Timing, Duration, bool)>,
    many: Laps,
}

impl Timings {
    /// Counts a time that came to its end.
    pub fn took(&mut self, timing: Timing, time: Duration) {
        self.push(timing, time, true);
    }

    /// Counts a time that never came to its end, and was given up at that age.
    pub fn broke(&mut self, timing: Timing, age: Duration) {
        self.push(timing, age, false);
    }

    /// Whether nothing was timed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.few.is_empty() && self.many.is_empty()
    }

    fn push(&mut self, timing: Timing, time: Duration, whole: bool) {
        if self.few.len() == FEW {
            let few = std::mem::take(&mut self.few);
            for (timing, time, whole) in few {
                self.many.entry(timing).or_default().record(time, whole);
            }
        }
        self.few.push((timing, time, whole));
    }

    /// Adds everything to laps.
    pub(super) fn pour(&self, laps: &mut Laps) {
        for (timing, time, whole) in &self.few {
            laps.entry(*timing).or_default().record(*time, *whole);
        }
        merge(laps, &self.many);
    }
}

/// Adds laps to laps.
pub(super) fn merge(laps: &mut Laps, others: &Laps) {
    for (timing, other) in others {
        laps.entry(*timing).or_default().merge(other);
    }
}

/// A [`Lap`] as it lies in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackedLap {
    /// Times that came to their end.
    pub whole: Option<Box<PackedTimes>>,
    /// Times that never did.
    pub broken: Option<Box<PackedTimes>>,
}

impl PackedLap {
    pub(super) fn of(lap: &Lap, by: &mut Packer) -> Self {
        let mut packed = |times: &Times| times.pack_by(by).map(Box::new);
        Self { whole: packed(&lap.whole), broken: packed(&lap.broken) }
    }

    pub(super) fn unpack(&self) -> Result<Lap, Damaged> {
        let times = |packed: &Option<Box<PackedTimes>>| {
            packed.as_ref().map_or(Ok(Times::default()), |packed| packed.unpack())
        };
        Ok(Lap { whole: times(&self.whole)?, broken: times(&self.broken)? })
    }
}
