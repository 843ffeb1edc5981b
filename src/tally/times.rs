//! Latencies of one kind. Only this file and the one for logs of other programs know HdrHistogram.
//!
//! They lie in histograms from 1 µs to 600 s with three significant digits (HdrHistogram, V2
//! encoding); count, sum, least and largest are kept exactly beside them.

use std::fmt;
use std::io::Read as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::read::ZlibDecoder;
use flate2::{Compress, Compression, FlushCompress, Status};
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2Serializer};

use crate::stats::quantile::Cell;
use crate::stats::real;

/// The smallest latency told apart: 1 µs.
pub(super) const LOW: u64 = 1;
/// The largest latency told apart: 600 s. Longer ones are counted as 600 s and as out of range.
pub(super) const HIGH: u64 = 600_000_000;
const DIGITS: u8 = 3;
/// The longest encoded histogram that is read: one with every bucket used has 15 KB.
pub(super) const MOST_ENCODED: usize = 64 * 1024;

/// Latencies of one kind: buckets for the quantiles, and what is known exactly.
#[derive(Clone, Debug, Default)]
pub struct Times {
    /// Absent until something is recorded: an empty histogram would answer zero.
    buckets: Option<Box<Histogram<u64>>>,
    pub(super) sum: u128,
    least: Duration,
    pub(super) most: Duration,
    pub(super) over_range: u64,
}

/// [`Times`] as they lie in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedTimes {
    /// HdrHistogram V2, deflated, in base64.
    pub histogram: String,
    /// How many values.
    pub count: u64,
    /// Their sum in nanoseconds.
    pub sum: u128,
    /// The least value.
    pub least: Duration,
    /// The largest value.
    pub most: Duration,
    /// Values above 600 s.
    pub over_range: u64,
}

/// Why an encoded histogram is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damaged {
    /// It is not base64, or longer than any histogram of ours.
    #[error("the histogram is not base64 of at most 64 KiB")]
    NotBase64,
    /// It is not a deflated V2 histogram.
    #[error("the histogram is not HdrHistogram V2 with deflate")]
    NotHistogram,
    /// Its bounds or digits are not ours.
    #[error("the histogram's bounds are not 1 µs to 600 s with 3 digits")]
    OtherBounds,
    /// Its buckets do not add up to the count beside it.
    #[error("the histogram holds {buckets} values where {count} are said to be")]
    Miscounted {
        /// The values in the buckets.
        buckets: u64,
        /// The values that are said to be there.
        count: u64,
    },
    /// Its exact least and largest values, sum or values above 600 s contradict its buckets.
    #[error("least, largest, sum and values above 600 s do not fit the histogram")]
    OtherRange,
    /// There are more answers by status, or by time from sending, than requests.
    #[error("there are more answers than requests")]
    MoreAnswers,
}

impl Times {
    /// Counts a time.
    pub fn record(&mut self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.over_range += u64::from(micros > HIGH);
        self.least = if self.buckets.is_none() { time } else { self.least.min(time) };
        self.most = self.most.max(time);
        self.sum += time.as_nanos();
        self.buckets
            .get_or_insert_with(|| Box::new(growing()))
            .record(micros.clamp(LOW, HIGH))
            .expect("a growing histogram takes every value up to the bound");
    }

    /// Adds other times: the same as if all had been counted here.
    pub fn merge(&mut self, other: &Self) {
        let Some(theirs) = &other.buckets else { return };
        self.least = if self.buckets.is_none() { other.least } else { self.least.min(other.least) };
        self.most = self.most.max(other.most);
        self.sum += other.sum;
        self.over_range += other.over_range;
        match &mut self.buckets {
            Some(ours) => ours
                .add(theirs.as_ref())
                .expect("a growing histogram takes every value up to the same bound"),
            None => self.buckets = Some(theirs.clone()),
        }
    }

    /// Times of which it is known how many lie in each bucket: any value of a bucket in µs, and
    /// the count.
    pub(super) fn counted(counts: impl Iterator<Item = (u64, u64)>, exact: &PackedTimes) -> Self {
        let PackedTimes { sum, least, most, over_range, .. } = *exact;
        // As large as it must be at once: growing takes longer than counting.
        let top = u64::try_from(most.as_micros()).unwrap_or(u64::MAX).clamp(2 * LOW, HIGH);
        let mut buckets = Histogram::new_with_bounds(LOW, top, DIGITS)
            .expect("bounds within constant ones are valid");
        buckets.auto(true);
        for (micros, count) in counts {
            buckets
                .record_n(micros.clamp(LOW, HIGH), count)
                .expect("a growing histogram takes every value up to the bound");
        }
        Self { buckets: Some(Box::new(buckets)), sum, least, most, over_range }
    }

    /// How many values there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.as_ref().map_or(0, |buckets| buckets.len())
    }

    /// The exact largest value; `None` where there is none.
    #[must_use]
    pub fn most(&self) -> Option<Duration> {
        self.buckets.as_ref().map(|_| self.most)
    }

    /// The exact least value; `None` where there is none.
    #[must_use]
    pub fn least(&self) -> Option<Duration> {
        self.buckets.as_ref().map(|_| self.least)
    }

    /// The exact mean; `None` where there is no value.
    #[must_use]
    pub fn mean(&self) -> Option<Duration> {
        let count = u128::from(self.count());
        (count > 0).then(|| nanos(self.sum / count))
    }

    /// The value at a 1-based rank, to three digits; `None` beyond the last.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "half a rank below the rank asked for, rounding cannot reach another one"
    )]
    pub fn at_rank(&self, rank: u64) -> Option<Duration> {
        let buckets = self.buckets.as_ref().filter(|buckets| rank <= buckets.len())?;
        let quantile = (rank.max(1) as f64 - 0.5) / buckets.len() as f64;
        let value = Duration::from_micros(buckets.value_at_quantile(quantile));
        Some(value.clamp(self.least, self.most))
    }

    /// How many values lie above a limit, to three digits; the bucket that holds the limit counts
    /// as within.
    #[must_use]
    pub fn count_above(&self, limit: Duration) -> u64 {
        let Some(buckets) = &self.buckets else { return 0 };
        let micros = u64::try_from(limit.as_micros()).unwrap_or(u64::MAX).min(HIGH);
        buckets.len() - buckets.count_between(0, micros)
    }

    /// How many values are told ([`Times::at_rank`]) as more than a limit; or as the limit, where
    /// that is `beyond` itself.
    #[must_use]
    pub fn count_beyond(&self, limit: Duration, beyond: bool) -> u64 {
        let Some(buckets) = &self.buckets else { return 0 };
        let micros = u64::try_from(limit.as_micros()).unwrap_or(u64::MAX).min(HIGH);
        let told = Duration::from_micros(buckets.highest_equivalent(micros));
        let told = told.clamp(self.least, self.most);
        let is_beyond = told > limit || (beyond && told == limit);
        self.count_above(limit) + if is_beyond { buckets.count_at(micros) } else { 0 }
    }

    /// Each bucket that holds something: its upper edge and its count, in rising order.
    #[must_use]
    pub fn buckets(&self) -> Vec<(Duration, u64)> {
        let Some(buckets) = &self.buckets else { return Vec::new() };
        let edge = |value| Duration::from_micros(buckets.highest_equivalent(value));
        buckets
            .iter_recorded()
            .map(|step| (edge(step.value_iterated_to()), step.count_at_value()))
            .collect()
    }

    /// Each bucket that holds something: the least and the largest time that may lie in it, and
    /// its count, in rising order.
    #[must_use]
    pub fn edges(&self) -> Vec<(Duration, Duration, u64)> {
        let Some(buckets) = &self.buckets else { return Vec::new() };
        let steps = buckets.iter_recorded();
        let edge = |step: u64, count: u64| {
            let low = Duration::from_micros(buckets.lowest_equivalent(step));
            let high = Duration::from_micros(buckets.highest_equivalent(step) + 1);
            (low.max(self.least), high.min(self.most).max(self.least), count)
        };
        steps.map(|step| edge(step.value_iterated_to(), step.count_at_value())).collect()
    }

    /// Each bucket that holds something, with both edges, in rising order.
    #[must_use]
    pub(super) fn cells(&self) -> Vec<Cell> {
        let Some(buckets) = &self.buckets else { return Vec::new() };
        let cell = |value: u64, count: u64| Cell {
            from: real(buckets.lowest_equivalent(value)),
            to: real(buckets.highest_equivalent(value) + 1),
            count,
        };
        let steps = buckets.iter_recorded();
        steps.map(|step| cell(step.value_iterated_to(), step.count_at_value())).collect()
    }

    /// The times as they lie in a file; `None` where there are none.
    #[must_use]
    pub fn pack(&self) -> Option<PackedTimes> {
        self.pack_by(&mut Packer::default())
    }

    /// The same with what earlier packing left to be used again.
    #[must_use]
    pub fn pack_by(&self, packer: &mut Packer) -> Option<PackedTimes> {
        let buckets = self.buckets.as_ref()?;
        let histogram = BASE64.encode(packer.encode(buckets));
        let (sum, least, most, over_range) = (self.sum, self.least, self.most, self.over_range);
        Some(PackedTimes { histogram, count: self.count(), sum, least, most, over_range })
    }
}

impl PackedTimes {
    /// The times, once they were found to agree with what is said beside them.
    ///
    /// # Errors
    /// When the histogram is damaged, or contradicts count, sum, least or largest value.
    pub fn unpack(&self) -> Result<Times, Damaged> {
        if self.histogram.len() > MOST_ENCODED {
            return Err(Damaged::NotBase64);
        }
        let bytes = BASE64.decode(&self.histogram).map_err(|_| Damaged::NotBase64)?;
        let micros =
            |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX).clamp(LOW, HIGH);
        let mut times = decode(&bytes, micros(self.most))?;
        let buckets = times.len();
        if buckets != self.count || self.count == 0 {
            return Err(Damaged::Miscounted { buckets, count: self.count });
        }
        let fits = |time, edge| times.equivalent(micros(time), edge);
        let mean = self.sum / u128::from(self.count);
        let ordered = self.least.as_nanos() <= mean && mean <= self.most.as_nanos();
        let beyond = self.most.as_micros() > u128::from(HIGH);
        let counted = beyond == (self.over_range > 0) && self.over_range <= times.count_at(HIGH);
        if !fits(self.least, times.min()) || !fits(self.most, times.max()) || !ordered || !counted {
            return Err(Damaged::OtherRange);
        }
        times.auto(true);
        let (sum, least, most, over_range) = (self.sum, self.least, self.most, self.over_range);
        Ok(Times { buckets: Some(Box::new(times)), sum, least, most, over_range })
    }
}

/// What stands before each encoded histogram: a cookie, and the length of the deflated part.
const DEFLATED_V2: u32 = 0x1c84_9314;
/// The cookie inside.
const PLAIN_V2: u32 = 0x1c84_9313;
/// The head inside: cookie, payload length, normalising offset, digits, lowest and highest value,
/// conversion ratio.
const HEAD: usize = 40;
/// Where in the head the highest value stands.
const HIGHEST: std::ops::Range<usize> = 24..32;
/// The longest payload: one with every bucket used has 200 KiB.
const MOST_PAYLOAD: u64 = 256 * 1024;

/// What packing one histogram after another uses again: a deflater's half megabyte, taken and given
/// back each time, would scatter what stays in memory.
#[derive(Default)]
pub struct Packer {
    serializer: V2Serializer,
    deflater: Option<Compress>,
    plain: Vec<u8>,
    bytes: Vec<u8>,
}

impl fmt::Debug for Packer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Packer")
    }
}

impl Packer {
    /// Encodes a histogram, whatever its size, as one with the fixed bounds: they only differ in a
    /// head.
    fn encode(&mut self, buckets: &Histogram<u64>) -> &[u8] {
        self.plain.clear();
        self.serializer
            .serialize(buckets, &mut self.plain)
            .expect("memory takes it, and the format takes every histogram of these bounds");
        self.plain[HIGHEST].copy_from_slice(&HIGH.to_be_bytes());
        self.bytes.clear();
        self.bytes.resize(8, 0);
        self.deflate();
        let length =
            u32::try_from(self.bytes.len() - 8).expect("a histogram of these bounds is short");
        self.bytes[..4].copy_from_slice(&DEFLATED_V2.to_be_bytes());
        self.bytes[4..8].copy_from_slice(&length.to_be_bytes());
        &self.bytes
    }

    /// Deflates what is plain behind the bytes that are there.
    fn deflate(&mut self) {
        let deflater =
            self.deflater.get_or_insert_with(|| Compress::new(Compression::default(), true));
        deflater.reset();
        loop {
            self.bytes.reserve(4096);
            let taken = usize::try_from(deflater.total_in()).unwrap_or(usize::MAX);
            let rest = self.plain.get(taken..).unwrap_or_default();
            let done = deflater.compress_vec(rest, &mut self.bytes, FlushCompress::Finish);
            match done.expect("a deflater that was reset takes everything") {
                Status::StreamEnd => return,
                Status::Ok | Status::BufError => {}
            }
        }
    }
}

/// Decodes a histogram that is said to reach up to a value, in as little memory as that needs.
/// Its head is checked before the decoder sees it: 40 bytes could make it take 4 GiB.
fn decode(bytes: &[u8], most: u64) -> Result<Histogram<u64>, Damaged> {
    let (cookie, length) = (word(bytes, 0), word(bytes, 4));
    if cookie != Some(DEFLATED_V2) || length != u32::try_from(bytes.len().saturating_sub(8)).ok() {
        return Err(Damaged::NotHistogram);
    }
    let mut plain = Vec::new();
    let inflater = ZlibDecoder::new(&bytes[8..]);
    let read = inflater.take(MOST_PAYLOAD + 1).read_to_end(&mut plain);
    let payload = plain.len().checked_sub(HEAD).and_then(|length| u32::try_from(length).ok());
    let whole = read.is_ok() && payload.is_some() && payload == word(&plain, 4);
    if !whole || word(&plain, 0) != Some(PLAIN_V2) {
        return Err(Damaged::NotHistogram);
    }
    let ours = word(&plain, 8) == Some(0)
        && word(&plain, 12) == Some(u32::from(DIGITS))
        && long(&plain, 16) == Some(LOW)
        && long(&plain, HIGHEST.start) == Some(HIGH)
        && long(&plain, 32) == Some(1_f64.to_bits());
    if !ours {
        return Err(Damaged::OtherBounds);
    }
    plain[HIGHEST].copy_from_slice(&most.max(2 * LOW).to_be_bytes());
    Deserializer::new().deserialize(&mut plain.as_slice()).map_err(|_| Damaged::NotHistogram)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4).and_then(|part| part.try_into().ok()).map(u32::from_be_bytes)
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..at + 8).and_then(|part| part.try_into().ok()).map(u64::from_be_bytes)
}

fn growing() -> Histogram<u64> {
    let mut histogram = Histogram::new_with_bounds(LOW, 2 * LOW, DIGITS)
        .expect("constant bounds and digits are valid");
    histogram.auto(true);
    histogram
}

/// A time from its nanoseconds, at most 584 years.
pub(super) fn nanos(nanos: u128) -> Duration {
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}
