//! A tally as it lies in a file.

use std::collections::BTreeMap;

use super::Tally;
use super::times::{Damaged, PackedTimes, Times};
use super::timings::{Lap, PackedLap};
use crate::metric::Timing;
use crate::sample::Failure;

/// A tally as it lies in a file: small, and not yet believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packed {
    /// Latencies of good answers, from due.
    pub latency: Option<Box<PackedTimes>>,
    /// Latencies of good answers, from sending.
    pub service: Option<Box<PackedTimes>>,
    /// Latencies of failed requests, from due.
    pub failed: Option<Box<PackedTimes>>,
    /// Failed requests by class.
    pub failures: BTreeMap<Failure, u64>,
    /// Answers by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Good answers that arrived within the tally's time.
    pub answered: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Times inside requests.
    pub laps: BTreeMap<Timing, PackedLap>,
}

impl Packed {
    /// The tally, once everything in it was found to agree.
    ///
    /// # Errors
    /// When a histogram is damaged, or the counts beside it contradict it.
    pub fn unpack(&self) -> Result<Tally, Damaged> {
        let times = |packed: &Option<Box<PackedTimes>>| {
            packed.as_ref().map_or(Ok(Times::default()), |packed| packed.unpack())
        };
        let mut tally = Tally {
            latency: times(&self.latency)?,
            service: times(&self.service)?,
            failed: times(&self.failed)?,
            statuses: self.statuses.clone(),
            answered: self.answered,
            bytes: self.bytes,
            ..Tally::default()
        };
        for (timing, packed) in &self.laps {
            tally.laps.insert(*timing, packed.unpack()?);
        }
        for (why, count) in &self.failures {
            tally.failures[*why as usize] = *count;
        }
        let classes = total(self.failures.values());
        if classes != tally.failed.count() {
            return Err(Damaged::Miscounted { buckets: tally.failed.count(), count: classes });
        }
        let answers = total(self.statuses.values());
        let once = tally.laps.iter().filter(|(timing, _)| timing.is_once());
        let more = once.map(|(_, lap)| Lap::count(lap)).any(|timed| timed > tally.count());
        if more || answers > tally.count() || tally.service.count() > tally.latency.count() {
            return Err(Damaged::MoreAnswers);
        }
        Ok(tally)
    }
}

/// A sum of counts; the largest number where they do not fit, which agrees with nothing.
fn total<'a>(mut counts: impl Iterator<Item = &'a u64>) -> u64 {
    counts.try_fold(0_u64, |sum, count| sum.checked_add(*count)).unwrap_or(u64::MAX)
}
