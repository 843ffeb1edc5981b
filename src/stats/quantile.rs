//! A quantile's logarithm, from the buckets of a histogram.

use super::real;

/// A bucket of a histogram: times from one edge up to another, in microseconds, and how many.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// Where it begins.
    pub from: f64,
    /// Where the next one begins.
    pub to: f64,
    /// How many times lie in it.
    pub count: u64,
}

/// The natural logarithm of the time, in microseconds, within which a share of all requests had a
/// good answer. Failed requests rank behind every answer: infinite where the share reaches into
/// them, `None` where there was no request. Times lie evenly in their bucket, so that two sides
/// hardly ever tie.
#[must_use]
pub fn log_quantile(cells: &[Cell], failed: u64, share: f64) -> Option<f64> {
    let good: u64 = cells.iter().map(|cell| cell.count).sum();
    if good + failed == 0 {
        return None;
    }
    // A product rounded up must not reach into the next bucket.
    let rank = share * real(good + failed) * (1.0 - 1e-12);
    let mut below = 0;
    for cell in cells.iter().filter(|cell| cell.count > 0) {
        if rank <= real(below + cell.count) {
            let inside = ((rank - real(below)) / real(cell.count)).max(0.0);
            return Some((cell.from + (cell.to - cell.from) * inside).max(f64::MIN_POSITIVE).ln());
        }
        below += cell.count;
    }
    Some(f64::INFINITY)
}
