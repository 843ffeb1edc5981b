//! Packed histograms added up without unpacking each: what a plot over many endpoints and slices
//! needs.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::{Decompress, FlushDecompress, Status};

use super::times::{Damaged, HIGH, LOW, MOST_ENCODED, PackedTimes, Times};

/// The bits of a value that three significant digits keep below 2048: ⌈log₂(2·10³)⌉ − 1.
const HALF_BITS: usize = 10;
const HALF: usize = 1 << HALF_BITS;
/// Buckets of a histogram up to 600 s: 21 halves of 1024.
const BUCKETS: usize = 21 * HALF;
/// A bucket takes at most nine bytes; what does not fit is not ours.
const MOST_PLAIN: usize = HEAD + 9 * BUCKETS;
/// The head of HdrHistogram's V2 encoding, once inflated.
const HEAD: usize = 40;

/// Latencies of several packed histograms together.
///
/// Unpacking takes ten times as long as adding here: a report of 100 endpoints over 100 slices is
/// ready before anybody waits.
pub struct Sum {
    counts: Vec<u64>,
    /// The first bucket that may hold something, and the one behind the last.
    used: (usize, usize),
    exact: PackedTimes,
    inflater: Decompress,
    bytes: Vec<u8>,
    plain: Vec<u8>,
}

impl Default for Sum {
    fn default() -> Self {
        Self {
            counts: vec![0; BUCKETS],
            used: (BUCKETS, 0),
            exact: nothing(),
            inflater: Decompress::new(true),
            bytes: Vec::new(),
            plain: vec![0; MOST_PLAIN],
        }
    }
}

impl Sum {
    /// Forgets what was added.
    pub fn clear(&mut self) {
        let (from, to) = self.used;
        if from < to {
            self.counts[from..to].fill(0);
        }
        self.used = (BUCKETS, 0);
        self.exact = nothing();
    }

    /// Adds a packed histogram.
    ///
    /// # Errors
    /// When it is damaged, or contradicts what is said beside it; the sum is then of no use.
    pub fn add(&mut self, packed: &PackedTimes) -> Result<(), Damaged> {
        let length = self.inflate(packed)?;
        let mut payload = self.plain.get(HEAD..length).ok_or(Damaged::NotHistogram)?;
        let (mut at, mut found, mut last) = (0_usize, 0_u64, 0_u64);
        let mut ends: Option<(usize, usize)> = None;
        while !payload.is_empty() {
            let step = zig_zag(&mut payload).ok_or(Damaged::NotHistogram)?;
            let skipped = usize::try_from(step.unsigned_abs()).unwrap_or(usize::MAX);
            if step <= 0 {
                at = at.checked_add(skipped.max(1)).ok_or(Damaged::NotHistogram)?;
                continue;
            }
            let bucket = self.counts.get_mut(at).ok_or(Damaged::OtherBounds)?;
            let count = step.unsigned_abs();
            *bucket = bucket.saturating_add(count);
            found = found.saturating_add(count);
            ends = Some((ends.map_or(at, |(first, _)| first), at));
            last = count;
            at += 1;
        }
        if let Some((first, end)) = ends {
            self.used = (self.used.0.min(first), self.used.1.max(end + 1));
        }
        if found != packed.count || found == 0 {
            return Err(Damaged::Miscounted { buckets: found, count: packed.count });
        }
        agrees(packed, ends, last)?;
        let exact = &mut self.exact;
        exact.count = exact.count.saturating_add(found);
        exact.sum = exact.sum.saturating_add(packed.sum);
        exact.least = exact.least.min(packed.least);
        exact.most = exact.most.max(packed.most);
        exact.over_range = exact.over_range.saturating_add(packed.over_range);
        Ok(())
    }

    /// How many values were added.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.exact.count
    }

    /// What was added, to be read in every way; empty where nothing was.
    #[must_use]
    pub fn times(&self) -> Times {
        if self.exact.count == 0 {
            return Times::default();
        }
        let used = (self.used.0..self.used.1).filter(|at| self.counts[*at] > 0);
        Times::counted(used.map(|at| (upper_edge(at), self.counts[at])), &self.exact)
    }

    /// The values at rising 1-based ranks, to three digits, read in one pass; `None` beyond the
    /// last.
    #[must_use]
    pub fn at_ranks<const N: usize>(&self, ranks: [u64; N]) -> [Option<Duration>; N] {
        let mut found = [None; N];
        let (mut next, mut seen) = (0, 0_u64);
        for at in self.used.0..self.used.1 {
            seen = seen.saturating_add(self.counts[at]);
            while next < N && ranks[next] <= seen {
                let edge = Duration::from_micros(upper_edge(at));
                found[next] = Some(edge.clamp(self.exact.least, self.exact.most));
                next += 1;
            }
        }
        found
    }

    /// Unwraps the histogram into `plain`, and says how long it is.
    fn inflate(&mut self, packed: &PackedTimes) -> Result<usize, Damaged> {
        if packed.histogram.len() > MOST_ENCODED {
            return Err(Damaged::NotBase64);
        }
        self.bytes.clear();
        BASE64.decode_vec(&packed.histogram, &mut self.bytes).map_err(|_| Damaged::NotBase64)?;
        let deflated = self.bytes.get(8..).ok_or(Damaged::NotHistogram)?;
        self.inflater.reset(true);
        let done = self.inflater.decompress(deflated, &mut self.plain, FlushDecompress::Finish);
        let length = usize::try_from(self.inflater.total_out()).unwrap_or(MOST_PLAIN);
        let head = &self.plain[..length];
        let long = |at: usize| {
            head.get(at..at + 8).and_then(|part| part.try_into().ok()).map(u64::from_be_bytes)
        };
        match done {
            Ok(Status::StreamEnd) if long(16) == Some(LOW) && long(24) == Some(HIGH) => Ok(length),
            Ok(Status::StreamEnd) => Err(Damaged::OtherBounds),
            Ok(Status::Ok | Status::BufError) | Err(_) => Err(Damaged::NotHistogram),
        }
    }
}

/// A signed number as HdrHistogram writes it: zig-zag, then LEB128 whose ninth byte has eight bits.
fn zig_zag(bytes: &mut &[u8]) -> Option<i64> {
    let mut value = 0_u64;
    for place in 0..9 {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        if place == 8 {
            value |= u64::from(*first) << 56;
            break;
        }
        value |= u64::from(first & 0x7f) << (7 * place);
        if first & 0x80 == 0 {
            break;
        }
    }
    Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
}

/// Nothing added yet.
fn nothing() -> PackedTimes {
    PackedTimes {
        histogram: String::new(),
        count: 0,
        sum: 0,
        least: Duration::MAX,
        most: Duration::ZERO,
        over_range: 0,
    }
}

/// Whether the exact values beside a histogram fit its first and last bucket, and what the last one
/// holds.
fn agrees(packed: &PackedTimes, ends: Option<(usize, usize)>, last: u64) -> Result<(), Damaged> {
    let mean = packed.sum / u128::from(packed.count.max(1));
    let ordered = packed.least.as_nanos() <= mean && mean <= packed.most.as_nanos();
    let beyond = packed.most.as_micros() > u128::from(HIGH);
    let most = if beyond { last } else { 0 };
    let counted = beyond == (packed.over_range > 0) && packed.over_range <= most;
    let fits = ends == Some((bucket(packed.least), bucket(packed.most)));
    if fits && ordered && counted { Ok(()) } else { Err(Damaged::OtherRange) }
}

/// The bucket that a value falls into.
pub(super) fn bucket(time: Duration) -> usize {
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX).clamp(LOW, HIGH);
    let bits = usize::try_from(micros.ilog2()).unwrap_or(0);
    let shift = bits.saturating_sub(HALF_BITS);
    shift * HALF + usize::try_from(micros >> shift).unwrap_or(usize::MAX)
}

/// The largest value that falls into a bucket, in µs.
pub(super) fn upper_edge(at: usize) -> u64 {
    let half = at >> HALF_BITS;
    let (shift, within) = match half.checked_sub(1) {
        None => (0, at),
        Some(shift) => (shift, (at & (HALF - 1)) + HALF),
    };
    (((within as u64) + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adding_packed_histograms_is_the_same_as_adding_unpacked_ones() {
        let mut sum = Sum::default();
        for round in 0..3_u64 {
            sum.clear();
            let mut merged = Times::default();
            for part in 0..4_u64 {
                let mut times = Times::default();
                for step in 1..200_u64 {
                    times.record(Duration::from_nanos(
                        (step * step * 7919 * (part * part * 40 + 1)) << (round * 5),
                    ));
                }
                sum.add(&times.pack().expect("something was recorded")).expect("it is whole");
                merged.merge(&times);
            }
            assert_eq!(sum.count(), merged.count());
            assert_eq!(sum.times().pack(), merged.pack());
            let ranks = [1, 2, 100, 398, 700, 790, 796, 797];
            assert_eq!(sum.at_ranks(ranks), ranks.map(|rank| merged.at_rank(rank)));
        }
    }

    #[test]
    fn a_damaged_histogram_is_not_added() {
        let mut times = Times::default();
        times.record(Duration::from_millis(3));
        let packed = times.pack().expect("something was recorded");
        let damaged = |histogram: &str, count| {
            let packed = PackedTimes { histogram: histogram.to_owned(), count, ..packed.clone() };
            Sum::default().add(&packed).expect_err("it is damaged")
        };
        assert_eq!(damaged("", 1), Damaged::NotHistogram);
        assert_eq!(damaged("%%%%", 1), Damaged::NotBase64);
        assert_eq!(damaged(&packed.histogram[..40], 1), Damaged::NotHistogram);
        assert_eq!(damaged(&packed.histogram, 2), Damaged::Miscounted { buckets: 1, count: 2 });
    }
}
