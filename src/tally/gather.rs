//! Packed tallies added up without unpacking each.

use std::collections::BTreeMap;

use super::sum::Sum;
use super::timings::Laps;
use super::{Damaged, Packed, Tally};
use crate::sample::Failure;

/// Several packed tallies together, but for their times from sending: nothing is judged by those.
#[derive(Default)]
pub struct Gather {
    latency: Sum,
    failed: Sum,
    failures: [u64; Failure::ALL.len()],
    statuses: BTreeMap<u16, u64>,
    answered: u64,
    bytes: u64,
    laps: Laps,
}

impl Gather {
    /// Forgets what was added.
    pub fn clear(&mut self) {
        self.latency.clear();
        self.failed.clear();
        self.failures = Default::default();
        self.statuses.clear();
        self.laps.clear();
        (self.answered, self.bytes) = (0, 0);
    }

    /// Adds a packed tally.
    ///
    /// # Errors
    /// When a histogram is damaged, or the counts beside it contradict it; what was gathered is
    /// then of no use.
    pub fn add(&mut self, packed: &Packed) -> Result<(), Damaged> {
        packed.counts_agree()?;
        if let Some(times) = &packed.latency {
            self.latency.add(times)?;
        }
        if let Some(times) = &packed.failed {
            self.failed.add(times)?;
        }
        for (why, count) in &packed.failures {
            let ours = &mut self.failures[*why as usize];
            *ours = ours.saturating_add(*count);
        }
        for (status, count) in &packed.statuses {
            let ours = self.statuses.entry(*status).or_default();
            *ours = ours.saturating_add(*count);
        }
        self.answered = self.answered.saturating_add(packed.answered);
        self.bytes = self.bytes.saturating_add(packed.bytes);
        for (timing, lap) in &packed.laps {
            self.laps.entry(*timing).or_default().merge(&lap.unpack()?);
        }
        Ok(())
    }

    /// What was added, as one tally.
    #[must_use]
    pub fn tally(&self) -> Tally {
        Tally {
            latency: self.latency.times(),
            failed: self.failed.times(),
            failures: self.failures,
            statuses: self.statuses.clone(),
            answered: self.answered,
            bytes: self.bytes,
            laps: self.laps.clone(),
            ..Tally::default()
        }
    }
}
