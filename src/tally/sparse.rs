//! Samples counted in little memory, for as many endpoints and slices of time as a long file of
//! another tool has: two bytes for each time at first, eight for each bucket once there are many.

use std::time::Duration;

use super::Tally;
use super::sum::{bucket, upper_edge};
use super::times::{HIGH, PackedTimes, Times};
use crate::sample::{End, Failure};

/// Times that are kept one by one before they are counted by bucket.
const FRESH: usize = 1_024;

/// Times in the buckets of [`Times`], of which few are used.
#[derive(Clone, Debug, Default)]
struct Sparse {
    fresh: Vec<u16>,
    folded: Vec<(u16, u32)>,
    sum: u128,
    least: Duration,
    most: Duration,
    over_range: u64,
    count: u64,
}

impl Sparse {
    fn record(&mut self, time: Duration) {
        self.least = if self.count == 0 { time } else { self.least.min(time) };
        self.most = self.most.max(time);
        self.sum += time.as_nanos();
        self.over_range += u64::from(time.as_micros() > u128::from(HIGH));
        self.count += 1;
        self.fresh.push(u16::try_from(bucket(time)).unwrap_or(u16::MAX));
        if self.fresh.len() >= FRESH {
            self.fold();
        }
    }

    /// Counts times that are already counted, rising.
    fn record_counts(&mut self, counts: &[(Duration, u32)]) {
        let (Some((first, _)), Some((last, _))) = (counts.first(), counts.last()) else { return };
        self.least = if self.count == 0 { *first } else { self.least.min(*first) };
        self.most = self.most.max(*last);
        let mut counted: Vec<(u16, u32)> = Vec::with_capacity(counts.len());
        for (time, count) in counts {
            self.sum += time.as_nanos() * u128::from(*count);
            let over = time.as_micros() > u128::from(HIGH);
            self.over_range += if over { u64::from(*count) } else { 0 };
            self.count += u64::from(*count);
            let bucket = u16::try_from(bucket(*time)).unwrap_or(u16::MAX);
            match counted.last_mut() {
                Some((last, sum)) if *last == bucket => *sum = sum.saturating_add(*count),
                _ => counted.push((bucket, *count)),
            }
        }
        self.folded = both(&self.folded, &counted);
    }

    /// Counts the fresh ones by bucket.
    fn fold(&mut self) {
        self.fresh.sort_unstable();
        let mut counted: Vec<(u16, u32)> = Vec::new();
        for bucket in self.fresh.drain(..) {
            match counted.last_mut() {
                Some((last, count)) if *last == bucket => *count += 1,
                _ => counted.push((bucket, 1)),
            }
        }
        self.folded = both(&self.folded, &counted);
    }

    fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        self.least = if self.count == 0 { other.least } else { self.least.min(other.least) };
        self.most = self.most.max(other.most);
        self.sum += other.sum;
        self.over_range += other.over_range;
        self.count += other.count;
        self.folded = both(&self.folded, &other.folded);
        self.fresh.extend_from_slice(&other.fresh);
        if self.fresh.len() >= FRESH {
            self.fold();
        }
    }

    fn times(&mut self) -> Times {
        if self.count == 0 {
            return Times::default();
        }
        self.fold();
        let exact = PackedTimes {
            histogram: String::new(),
            count: self.count,
            sum: self.sum,
            least: self.least,
            most: self.most,
            over_range: self.over_range,
        };
        let counts = self.folded.iter();
        Times::counted(
            counts.map(|(at, count)| (upper_edge(usize::from(*at)), u64::from(*count))),
            &exact,
        )
    }
}

/// Two sorted lists of counts as one.
fn both(one: &[(u16, u32)], other: &[(u16, u32)]) -> Vec<(u16, u32)> {
    let mut sum = Vec::with_capacity(one.len() + other.len());
    let (mut one, mut other) = (one.iter().copied().peekable(), other.iter().copied().peekable());
    while let (Some((a, _)), Some((b, _))) = (one.peek(), other.peek()) {
        let (a, b) = (*a, *b);
        let ours = if a <= b { one.next() } else { None };
        let theirs = if b <= a { other.next() } else { None };
        let count = [ours, theirs].into_iter().flatten().map(|(_, count)| count);
        sum.push((a.min(b), count.fold(0, u32::saturating_add)));
    }
    sum.extend(one);
    sum.extend(other);
    sum
}

/// The samples of one endpoint within one slice of time, counted: a [`Tally`] in the making.
#[derive(Clone, Debug, Default)]
pub struct Sliver {
    good: Sparse,
    failed: Sparse,
    failures: Vec<(Failure, u64)>,
    statuses: Vec<(u16, u64)>,
    answered: u64,
    bytes: u64,
}

impl Sliver {
    /// Counts a sample: how long it took, how it ended, and the bytes of its answer.
    pub fn record(&mut self, took: Duration, end: End, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
        if let Some(status) = end.status() {
            add(&mut self.statuses, status, 1);
        }
        match end {
            End::Good(_) => self.good.record(took),
            End::Failed { why, .. } => {
                self.failed.record(took);
                add(&mut self.failures, why, 1);
            }
        }
    }

    /// Counts a good answer without a status: formats that tell good from failed and no more.
    pub fn record_good(&mut self, took: Duration, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
        self.good.record(took);
    }

    /// Counts good answers without a status that came and arrived within this slice: times, rising,
    /// and how many there are of each.
    pub fn record_counts(&mut self, counts: &[(Duration, u32)]) {
        let before = self.good.count;
        self.good.record_counts(counts);
        self.answered += self.good.count - before;
    }

    /// Counts a good answer that arrived within this slice, whenever it was asked for.
    pub fn arrived(&mut self) {
        self.answered += 1;
    }

    /// Requests counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.good.count + self.failed.count
    }

    /// Adds other samples: the same as if all had been counted here.
    pub fn merge(&mut self, other: &Self) {
        self.good.merge(&other.good);
        self.failed.merge(&other.failed);
        for (why, count) in &other.failures {
            add(&mut self.failures, *why, *count);
        }
        for (status, count) in &other.statuses {
            add(&mut self.statuses, *status, *count);
        }
        self.answered += other.answered;
        self.bytes = self.bytes.saturating_add(other.bytes);
    }

    /// The same as a tally.
    #[must_use]
    pub fn tally(&mut self) -> Tally {
        let mut tally = Tally {
            latency: self.good.times(),
            failed: self.failed.times(),
            statuses: self.statuses.iter().copied().collect(),
            answered: self.answered,
            bytes: self.bytes,
            ..Tally::default()
        };
        for (why, count) in &self.failures {
            tally.failures[*why as usize] = *count;
        }
        tally
    }
}

fn add<Key: PartialEq>(counts: &mut Vec<(Key, u64)>, key: Key, more: u64) {
    match counts.iter_mut().find(|(one, _)| *one == key) {
        Some((_, count)) => *count += more,
        None => counts.push((key, more)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{EndpointId, Sample};

    #[test]
    fn counting_sparsely_and_in_pieces_is_the_same_as_counting_at_once() {
        let mut tally = Tally::default();
        let mut pieces = vec![Sliver::default(); 3];
        for step in 0..5_000_u64 {
            let took = Duration::from_nanos((step * 7_919) % 700_000_000 * (1 + step % 3 * 500));
            let why = if step % 2 == 0 { Failure::Status } else { Failure::Timeout };
            let end = match step % 10 {
                0 => End::Failed { why, status: Some(503) },
                _ => End::Good(200),
            };
            let (due, endpoint) = (Duration::ZERO, EndpointId(0));
            tally.record(&Sample { endpoint, due, sent: due, done: took, end, bytes: 7 });
            let piece = &mut pieces[usize::try_from(step % 3).expect("small")];
            piece.record(took, end, 7);
            if end.is_good() {
                tally.arrived();
                piece.arrived();
            }
        }
        let mut sum = Sliver::default();
        for piece in &pieces {
            sum.merge(piece);
        }
        assert_eq!(sum.count(), 5_000);
        assert_eq!(sum.tally().pack(), tally.pack());
    }
}
