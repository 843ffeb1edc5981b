//! Latencies of one kind. The only file that knows HdrHistogram.
//!
//! They lie in histograms from 1 µs to 600 s with three significant digits (HdrHistogram, V2
//! encoding); count, sum, least and largest are kept exactly beside them.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};

/// The smallest latency told apart: 1 µs.
const LOW: u64 = 1;
/// The largest latency told apart: 600 s. Longer ones are counted as 600 s and as out of range.
const HIGH: u64 = 600_000_000;
const DIGITS: u8 = 3;
/// The longest encoded histogram that is read: one with every bucket used has 15 KB.
const MOST_ENCODED: usize = 64 * 1024;

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
    pub fn at_rank(&self, rank: u64) -> Option<Duration> {
        let buckets = self.buckets.as_ref()?;
        let mut seen = 0;
        for step in buckets.iter_recorded() {
            seen += step.count_since_last_iteration();
            if seen >= rank {
                let value =
                    Duration::from_micros(buckets.highest_equivalent(step.value_iterated_to()));
                return Some(value.clamp(self.least, self.most));
            }
        }
        None
    }

    /// How many values lie above a limit, to three digits; the bucket that holds the limit counts
    /// as within.
    #[must_use]
    pub fn count_above(&self, limit: Duration) -> u64 {
        let Some(buckets) = &self.buckets else { return 0 };
        let micros = u64::try_from(limit.as_micros()).unwrap_or(u64::MAX);
        let edge = buckets.highest_equivalent(micros.min(HIGH));
        let above = buckets.iter_recorded().filter(|step| step.value_iterated_to() > edge);
        above.map(|step| step.count_at_value()).sum()
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

    /// The times as they lie in a file; `None` where there are none.
    #[must_use]
    pub fn pack(&self) -> Option<PackedTimes> {
        let buckets = self.buckets.as_ref()?;
        let mut fixed = bounded();
        fixed.add(buckets.as_ref()).expect("the fixed bounds are those of the growing histogram");
        let mut bytes = Vec::new();
        V2DeflateSerializer::new()
            .serialize(&fixed, &mut bytes)
            .expect("memory takes it, and the format takes every histogram of these bounds");
        let histogram = BASE64.encode(bytes);
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
        guard(&bytes)?;
        let fixed: Histogram<u64> = Deserializer::new()
            .deserialize(&mut bytes.as_slice())
            .map_err(|_| Damaged::NotHistogram)?;
        let buckets = fixed
            .iter_recorded()
            .try_fold(0_u64, |sum, step| sum.checked_add(step.count_at_value()));
        let buckets = buckets.unwrap_or(u64::MAX);
        if buckets != self.count || self.count == 0 {
            return Err(Damaged::Miscounted { buckets, count: self.count });
        }
        let micros =
            |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX).clamp(LOW, HIGH);
        let fits = |time, edge| fixed.equivalent(micros(time), edge);
        let mean = self.sum / u128::from(self.count);
        let ordered = self.least.as_nanos() <= mean && mean <= self.most.as_nanos();
        let beyond = self.most.as_micros() > u128::from(HIGH);
        let counted = beyond == (self.over_range > 0) && self.over_range <= fixed.count_at(HIGH);
        if !fits(self.least, fixed.min()) || !fits(self.most, fixed.max()) || !ordered || !counted {
            return Err(Damaged::OtherRange);
        }
        let mut growing = growing();
        growing.add(&fixed).expect("the growing histogram takes every value up to the same bound");
        let (sum, least, most, over_range) = (self.sum, self.least, self.most, self.over_range);
        Ok(Times { buckets: Some(Box::new(growing)), sum, least, most, over_range })
    }
}

/// Checks the head of an encoded histogram before the decoder sees it: 40 bytes could make it take
/// 4 GiB.
///
/// The layout is HdrHistogram's V2: cookie and length of the deflated part; inside, cookie, payload
/// length, normalising offset, digits, lowest and highest value, conversion ratio.
fn guard(deflated: &[u8]) -> Result<(), Damaged> {
    use std::io::Read as _;
    const DEFLATED_V2: u32 = 0x1c84_9314;
    const MOST_PAYLOAD: u32 = 256 * 1024;
    let word = |bytes: &[u8], at: usize| {
        bytes.get(at..at + 4).and_then(|part| part.try_into().ok()).map(u32::from_be_bytes)
    };
    let long = |bytes: &[u8], at: usize| {
        bytes.get(at..at + 8).and_then(|part| part.try_into().ok()).map(u64::from_be_bytes)
    };
    if word(deflated, 0) != Some(DEFLATED_V2)
        || word(deflated, 4) != u32::try_from(deflated.len().saturating_sub(8)).ok()
    {
        return Err(Damaged::NotHistogram);
    }
    let mut head = [0; 40];
    let mut inflater = flate2::read::ZlibDecoder::new(&deflated[8..]);
    inflater.read_exact(&mut head).map_err(|_| Damaged::NotHistogram)?;
    let rest = std::io::copy(&mut inflater.take(u64::from(MOST_PAYLOAD) + 1), &mut std::io::sink());
    let payload =
        word(&head, 4).filter(|length| *length <= MOST_PAYLOAD).ok_or(Damaged::NotHistogram)?;
    if rest.map_err(|_| Damaged::NotHistogram)? != u64::from(payload) {
        return Err(Damaged::NotHistogram);
    }
    let ours = word(&head, 8) == Some(0)
        && word(&head, 12) == Some(u32::from(DIGITS))
        && long(&head, 16) == Some(LOW)
        && long(&head, 24) == Some(HIGH);
    if ours { Ok(()) } else { Err(Damaged::OtherBounds) }
}

fn growing() -> Histogram<u64> {
    let mut histogram = Histogram::new_with_bounds(LOW, 2 * LOW, DIGITS)
        .expect("constant bounds and digits are valid");
    histogram.auto(true);
    histogram
}

fn bounded() -> Histogram<u64> {
    Histogram::new_with_bounds(LOW, HIGH, DIGITS).expect("constant bounds and digits are valid")
}

/// A time from its nanoseconds, at most 584 years.
pub(super) fn nanos(nanos: u128) -> Duration {
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}
