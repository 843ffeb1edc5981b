//! The time axis of a run whose length nobody knows before its last line: slices that become wider
//! as the run becomes longer.

use std::time::Duration;

use super::fault::Unreadable;
use super::number::SECOND;

/// Widths of slices in seconds, each a multiple of the one before.
const WIDTHS: [u64; 12] = [1, 5, 10, 15, 30, 60, 300, 600, 1_800, 3_600, 21_600, 86_400];
/// Slices times endpoints that are kept apart: more are put together.
const CELLS: u64 = 4_096;
/// The same where windows of the gate file need them.
const CELLS_FOR_WINDOWS: u64 = 32_768;
/// Slices of one run, at most.
const SLICES: u64 = 4_000;
/// Longer than any run: a year, in seconds.
const YEAR: u64 = 366 * 86_400;

/// Slices of one width, counted from a moment.
#[derive(Clone, Debug)]
pub(super) struct Span {
    /// The moment from which slices count, in nanoseconds.
    zero: u64,
    /// In seconds.
    width: u64,
    /// What all windows of the gate file are a multiple of, in seconds; 0 where there are none.
    grain: u64,
    first: i64,
    last: i64,
}

impl Span {
    /// The axis of a run that begins about a moment.
    pub(super) fn new(zero: u64, windows: &[Duration]) -> Self {
        let whole = windows.iter().all(|window| window.subsec_nanos() == 0);
        let seconds = windows.iter().map(Duration::as_secs);
        let grain = if whole { seconds.fold(0, divisor) } else { 0 };
        Self { zero, width: 1, grain, first: 0, last: 0 }
    }

    /// The width of a slice.
    pub(super) fn width(&self) -> Duration {
        Duration::from_secs(self.width)
    }

    /// The moment at which the first slice begins.
    pub(super) fn began(&self) -> i128 {
        i128::from(self.zero) + i128::from(self.first) * i128::from(self.width * SECOND)
    }

    /// How many slices there are.
    pub(super) fn slices(&self) -> usize {
        usize::try_from(self.last - self.first + 1).unwrap_or(0)
    }

    /// The slice of a moment, counted from the first; by how many slices the first moved, and
    /// whether slices must be put together before it can be had.
    pub(super) fn slot(&self, moment: u64) -> i64 {
        let width = self.width * SECOND;
        let whole = |apart: u64| i64::try_from(apart / width).unwrap_or(i64::MAX - 1);
        match moment.checked_sub(self.zero) {
            Some(after) => whole(after),
            None => -1 - whole(self.zero - moment - 1),
        }
    }

    /// The first slice, and how wide all are: what numbers of slices hang on.
    pub(super) fn frame(&self) -> (i64, u64) {
        (self.first, self.width)
    }

    pub(super) fn first(&self) -> i64 {
        self.first
    }

    /// Makes slices at least so wide, up to a tenth of that. Says by what factor slices were put
    /// together; 1 where they were not.
    pub(super) fn widen(&mut self, least: Duration) -> u64 {
        let seconds = least.as_secs_f64() * 0.9;
        let fits = |width: &&u64| {
            width.is_multiple_of(self.width)
                && Duration::from_secs(**width).as_secs_f64() >= seconds
        };
        let wider = WIDTHS.iter().find(fits).copied().unwrap_or(self.width);
        self.put_together(wider)
    }

    fn put_together(&mut self, wider: u64) -> u64 {
        let times = wider / self.width;
        let by = i64::try_from(times).unwrap_or(1);
        (self.first, self.last) = (self.first.div_euclid(by), self.last.div_euclid(by));
        self.width = wider;
        times
    }

    /// Makes room for a slice among so many endpoints. Says by what factor slices were put
    /// together; 1 where they were not.
    pub(super) fn reach(&mut self, moment: u64, endpoints: usize) -> Result<u64, Unreadable> {
        let mut factor = 1;
        loop {
            let slot = self.slot(moment);
            if (self.first..=self.last).contains(&slot) {
                return Ok(factor);
            }
            let (first, last) = (self.first.min(slot), self.last.max(slot));
            let slices = last.abs_diff(first).saturating_add(1);
            if slices.saturating_mul(self.width) > YEAR {
                return Err(Unreadable::Apart);
            }
            let Some(wider) = self.wider(slices, endpoints as u64) else {
                (self.first, self.last) = (first, last);
                return Ok(factor);
            };
            factor *= self.put_together(wider);
        }
    }

    /// The next width, where so many slices are too many.
    fn wider(&self, slices: u64, endpoints: u64) -> Option<u64> {
        let next = |aligned: bool| {
            let fits = |width: &&u64| {
                **width > self.width
                    && width.is_multiple_of(self.width)
                    && (!aligned || self.grain == 0 || self.grain.is_multiple_of(**width))
            };
            WIDTHS.iter().find(fits).copied()
        };
        let cells = slices.saturating_mul(endpoints.max(1));
        let aligned = next(true).filter(|_| cells > CELLS);
        let must = slices > SLICES || (cells > CELLS_FOR_WINDOWS && self.grain > 0);
        aligned.or_else(|| next(false).filter(|_| must))
    }
}

/// The greatest common divisor.
fn divisor(one: u64, other: u64) -> u64 {
    if other == 0 { one } else { divisor(other, one % other) }
}
