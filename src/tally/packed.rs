//! A tally as it lies in a file.

use std::collections::BTreeMap;

use super::Tally;
use super::times::{Damaged, PackedTimes, Times};
use super::timings::PackedLap;
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
        self.counts_agree()?;
        Ok(tally)
    }

    /// Whether the counts beside the histograms agree with what those are said to hold.
    pub(super) fn counts_agree(&self) -> Result<(), Damaged> {
        let count = |times: &Option<Box<PackedTimes>>| times.as_ref().map_or(0, |one| one.count);
        let (good, failed) = (count(&self.latency), count(&self.failed));
        let classes = total(self.failures.values());
        if classes != failed {
            return Err(Damaged::Miscounted { buckets: failed, count: classes });
        }
        let (all, answers) = (good.saturating_add(failed), total(self.statuses.values()));
        let once = self.laps.iter().filter(|(timing, _)| timing.is_once());
        let timed = once.map(|(_, lap)| count(&lap.whole).saturating_add(count(&lap.broken)));
        let more = timed.max().is_some_and(|most| most > all);
        if more || answers > all || count(&self.service) > good {
            return Err(Damaged::MoreAnswers);
        }
        Ok(())
    }
}

/// A sum of counts; the largest number where they do not fit, which agrees with nothing.
fn total<'a>(mut counts: impl Iterator<Item = &'a u64>) -> u64 {
    counts.try_fold(0_u64, |sum, count| sum.checked_add(*count)).unwrap_or(u64::MAX)
}
