//! The pieces of a run's time that expectations look at, as sums of whole slices.

use std::cell::OnceCell;
use std::time::Duration;

use super::finding::{Doubt, Scope};
use crate::run::{Evidence, Run, Slice, Stop};
use crate::tally::Tally;

/// What was measured of one scope, its slices only opened where an expectation looks at them.
pub(super) struct Measured<'a> {
    /// Of what.
    pub(super) scope: Scope,
    /// All of the judged time.
    pub(super) whole: Tally,
    parts: Vec<&'a Evidence>,
    run: &'a Run,
    slices: OnceCell<Option<Vec<Tally>>>,
}

/// A sum of slices, and when they were.
pub(super) struct Piece {
    pub(super) tally: Tally,
    pub(super) from: Duration,
    pub(super) to: Duration,
}

/// The windows of an expectation.
pub(super) struct Windows {
    /// Those that were over before the run was.
    pub(super) done: Vec<Piece>,
    /// The run ended before others were.
    pub(super) cut: bool,
}

impl<'a> Measured<'a> {
    /// The whole run, all endpoints together.
    pub(super) fn whole(run: &'a Run) -> Self {
        let parts = run.endpoints.iter().collect();
        Self { scope: Scope::Whole, whole: run.whole(), parts, run, slices: OnceCell::new() }
    }

    /// One endpoint on its own.
    pub(super) fn endpoint(run: &'a Run, evidence: &'a Evidence) -> Self {
        let scope = Scope::Endpoint(evidence.name.clone());
        let whole = evidence.whole.clone();
        Self { scope, whole, parts: vec![evidence], run, slices: OnceCell::new() }
    }

    /// The judged part of one stage, as far as the run came.
    pub(super) fn during(&self, stage: usize) -> Result<Piece, Doubt> {
        let judged = |slice: &Slice| slice.stage == stage && !slice.warm_up;
        let first = self.run.slices.iter().position(judged);
        let last = self.run.slices.iter().rposition(judged);
        let (first, last) = first.zip(last).ok_or_else(|| nothing(self.run))?;
        let mut piece = self.sum(first, last)?;
        piece.to = piece.to.min(reached(self.run)).max(piece.from);
        Ok(piece)
    }

    /// The windows of one length in the judged time, or in the judged part of one stage.
    pub(super) fn over(&self, over: Duration, stage: Option<usize>) -> Result<Windows, Doubt> {
        let (from, to) = self.span(over, stage)?;
        let windows = crate::plan::axis::windows(from, to, over);
        if windows.is_empty() {
            return Err(if is_cut_short(self.run) { Doubt::CutShort } else { Doubt::NoWindows });
        }
        let reached = reached(self.run);
        let over_by_then = windows.iter().filter(|(_, end)| *end <= reached);
        let done: Vec<Piece> =
            over_by_then.map(|(from, to)| self.between(*from, *to)).collect::<Result<_, _>>()?;
        let cut = is_cut_short(self.run) && reached < self.run.load.duration;
        Ok(Windows { cut: cut && (done.len() < windows.len() || stage.is_some()), done })
    }

    /// The time that windows divide. Where the run was cut short within a stage, as much of it as
    /// whole windows cover.
    fn span(&self, over: Duration, stage: Option<usize>) -> Result<(Duration, Duration), Doubt> {
        let Some(stage) = stage else {
            return Ok((self.run.load.warm_up, self.run.load.duration));
        };
        let Piece { from, to, .. } = self.during(stage)?;
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
            (Ok(first), Ok(last)) if first <= last => self.sum(first, last),
            (Ok(_) | Err(_), Ok(_) | Err(_)) => Err(Doubt::NoWindows),
        }
    }

    fn sum(&self, first: usize, last: usize) -> Result<Piece, Doubt> {
        let all = || self.open(0, self.run.slices.len());
        let tallies = self.slices.get_or_init(all).as_ref().ok_or(Doubt::NoWindows)?;
        let wanted = tallies.get(first..=last).ok_or(Doubt::NoWindows)?;
        let mut tally = Tally::default();
        for slice in wanted {
            tally.merge(slice);
        }
        Ok(Piece { tally, from: self.run.slices[first].from, to: self.run.slices[last].to })
    }

    /// The sum of the slices that lie between two times, without opening any other; `None` where
    /// there is none.
    pub(super) fn latest(&self, from: Duration, to: Duration) -> Option<Tally> {
        let within = |slice: &Slice| !slice.warm_up && from <= slice.from && slice.to <= to;
        let first = self.run.slices.iter().position(within)?;
        let last = self.run.slices.iter().rposition(within)?;
        let sums = self.open(first, last + 1)?;
        Some(sums.iter().fold(Tally::default(), |mut sum, slice| {
            sum.merge(slice);
            sum
        }))
    }

    /// Some slices, added over the endpoints of the scope; `None` where one of them is damaged.
    fn open(&self, first: usize, end: usize) -> Option<Vec<Tally>> {
        let mut sums = vec![Tally::default(); end.saturating_sub(first)];
        for evidence in &self.parts {
            if evidence.slices.len() != self.run.slices.len() {
                return None;
            }
            for (sum, packed) in sums.iter_mut().zip(&evidence.slices[first..end]) {
                sum.merge(&packed.unpack().ok()?);
            }
        }
        Some(sums)
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
