//! The pieces of a run's time that expectations look at, as sums of whole slices.

use std::cell::RefCell;
use std::time::Duration;

use super::finding::{Doubt, Scope};
use crate::plan::axis::windows;
use crate::run::{Evidence, Quotes, Run, Slice, Stop};
use crate::stats::size;
use crate::stats::sla::BATCHES;
use crate::tally::{Gather, Tally};

/// What was measured of one scope. Slices are opened one at a time: all of a long run would take
/// hundreds of megabytes.
pub(super) struct Measured<'a> {
    /// Of what.
    pub(super) scope: Scope,
    /// All of the judged time.
    pub(super) whole: Tally,
    /// What a summary says of it instead: then there are no samples and no slices.
    pub(super) quotes: Option<&'a Quotes>,
    parts: Vec<&'a Evidence>,
    run: &'a Run,
    /// What slices are added up in, once some are.
    sum: RefCell<Option<Gather>>,
}

/// A sum of slices, and when they were.
pub(super) struct Piece {
    pub(super) tally: Tally,
    pub(super) from: Duration,
    pub(super) to: Duration,
}

impl<'a> Measured<'a> {
    /// The whole run, all endpoints together.
    pub(super) fn whole(run: &'a Run) -> Self {
        Self {
            scope: Scope::Whole,
            whole: run.whole(),
            quotes: run.imported.as_ref().and_then(|imported| imported.whole.as_ref()),
            parts: run.alone().collect(),
            run,
            sum: RefCell::default(),
        }
    }

    /// One endpoint on its own.
    pub(super) fn endpoint(run: &'a Run, evidence: &'a Evidence) -> Self {
        let scope = Scope::Endpoint(evidence.name.clone());
        Self {
            scope,
            whole: evidence.whole.clone(),
            quotes: evidence.quotes.as_ref(),
            parts: vec![evidence],
            run,
            sum: RefCell::default(),
        }
    }

    /// The judged part of one stage, as far as the run came.
    pub(super) fn during(&self, stage: usize) -> Result<Piece, Doubt> {
        let (first, last, from, to) = self.stage(stage)?;
        Ok(Piece { tally: self.sum(first, last)?, from, to })
    }

    /// Shows the windows of one length in the judged time, or in the judged part of one stage, as
    /// far as they were over before the run was; whether the run ended before others were.
    pub(super) fn over(
        &self,
        over: Duration,
        stage: Option<usize>,
        mut show: impl FnMut(&Piece),
    ) -> Result<bool, Doubt> {
        let (from, to) = self.span(over, stage)?;
        let windows = windows(from, to, over);
        if windows.is_empty() {
            return Err(if is_cut_short(self.run) { Doubt::CutShort } else { Doubt::NoWindows });
        }
        let reached = reached(self.run);
        let mut done = 0;
        for (from, to) in windows.iter().copied().filter(|(_, end)| *end <= reached) {
            show(&self.between(from, to)?);
            done += 1;
        }
        let cut = is_cut_short(self.run) && reached < self.run.load.duration;
        Ok(cut && (done < windows.len() || stage.is_some()))
    }

    /// The first and last slice of a stage's judged part, and its time as far as the run came.
    fn stage(&self, stage: usize) -> Result<(usize, usize, Duration, Duration), Doubt> {
        let slices = &self.run.slices;
        let judged = |slice: &Slice| slice.stage == stage && !slice.warm_up;
        let ends = slices.iter().position(judged).zip(slices.iter().rposition(judged));
        let (first, last) = ends.ok_or_else(|| nothing(self.run))?;
        let from = slices[first].from;
        Ok((first, last, from, slices[last].to.min(reached(self.run)).max(from)))
    }

    /// The time that windows divide. Where the run was cut short within a stage, as much of it as
    /// whole windows cover.
    fn span(&self, over: Duration, stage: Option<usize>) -> Result<(Duration, Duration), Doubt> {
        let Some(stage) = stage else {
            return Ok((self.run.load.warm_up, self.run.load.duration));
        };
        let (_, _, from, to) = self.stage(stage)?;
        let last = self.run.slices.last().is_some_and(|slice| slice.stage == stage);
        if !last || !is_cut_short(self.run) || over.is_zero() {
            return Ok((from, to));
        }
        let full = to.saturating_sub(from).as_nanos() / over.as_nanos();
        let full = u32::try_from(full).unwrap_or(u32::MAX);
        Ok((from, from.saturating_add(over.saturating_mul(full))))
    }

    /// The sum of the slices between two times that are slices' ends.
    fn between(&self, from: Duration, to: Duration) -> Result<Piece, Doubt> {
        let slices = &self.run.slices;
        let first = slices.binary_search_by_key(&from, |slice| slice.from);
        let last = slices.binary_search_by_key(&to, |slice| slice.to);
        match (first, last) {
            (Ok(first), Ok(last)) if first <= last => {
                Ok(Piece { tally: self.sum(first, last)?, from, to })
            }
            (Ok(_) | Err(_), Ok(_) | Err(_)) => Err(Doubt::NoWindows),
        }
    }

    /// The sum of the judged slices that lie between two times; `None` where there is none.
    pub(super) fn latest(&self, from: Duration, to: Duration) -> Option<Tally> {
        let within = |slice: &Slice| !slice.warm_up && from <= slice.from && slice.to <= to;
        let first = self.run.slices.iter().position(within)?;
        let last = self.run.slices.iter().rposition(within)?;
        self.sum(first, last).ok()
    }

    /// The judged slices between two times as batches of as equal time as they allow, at most ten;
    /// `None` where slices tell nothing.
    pub(super) fn batches(&self, from: Duration, to: Duration) -> Option<Vec<Tally>> {
        let within = |slice: &Slice| !slice.warm_up && from <= slice.from && slice.to <= to;
        let first = self.run.slices.iter().position(within)?;
        let last = self.run.slices.iter().rposition(within)?;
        let (from, to) = (self.run.slices[first].from, self.run.slices[last].to);
        let (most, whole) = (BATCHES.min(last + 1 - first), to.saturating_sub(from));
        let batch = |slice: &Slice| {
            let middle = (slice.from + slice.to) / 2;
            let part = middle.saturating_sub(from).as_secs_f64() / whole.as_secs_f64();
            (0..most).rfind(|batch| size(*batch) <= part * size(most)).unwrap_or(0)
        };
        let batch_of = |at: usize| batch(&self.run.slices[at]);
        let mut batches = Vec::with_capacity(most);
        let mut start = first;
        while start <= last {
            let end = (start..=last).rfind(|at| batch_of(*at) == batch_of(start))?;
            batches.push(self.sum(start, end).ok()?);
            start = end + 1;
        }
        Some(batches)
    }

    /// The time that is judged, or that of a stage, as far as the run came.
    pub(super) fn time(&self, stage: Option<usize>) -> Result<(Duration, Duration), Doubt> {
        if let Some(stage) = stage {
            return self.stage(stage).map(|(_, _, from, to)| (from, to));
        }
        let end = self.run.load.duration.min(reached(self.run));
        Ok((self.run.load.warm_up, end.max(self.run.load.warm_up)))
    }

    /// The sum of some slices over the endpoints of the scope. Damaged ones tell nothing.
    fn sum(&self, first: usize, last: usize) -> Result<Tally, Doubt> {
        let mut sum = self.sum.borrow_mut();
        let sum = sum.get_or_insert_with(Gather::default);
        sum.clear();
        for evidence in &self.parts {
            if evidence.slices.len() != self.run.slices.len() {
                return Err(Doubt::NoWindows);
            }
            for packed in &evidence.slices[first..=last] {
                sum.add(packed).map_err(|_| Doubt::NoWindows)?;
            }
        }
        Ok(sum.tally())
    }
}

/// Whether the run ended before its profile did.
pub(super) fn is_cut_short(run: &Run) -> bool {
    run.stop != Stop::End
}

/// Why there is no sample where there should be some.
pub(super) fn nothing(run: &Run) -> Doubt {
    if is_cut_short(run) { Doubt::CutShort } else { Doubt::NoSamples }
}

/// How far the run came.
fn reached(run: &Run) -> Duration {
    let end = run.slices.last().map_or(Duration::ZERO, |slice| slice.to);
    if is_cut_short(run) { end.min(run.load.lasted) } else { end }
}
