//! Samples counted. The only file that knows HdrHistogram.
//!
//! Latencies lie in histograms from 1 µs to 600 s with three significant digits (HdrHistogram, V2 encoding);
//! count, sum, least and largest are kept exactly beside them.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};

use crate::metric::{Metric, Value};
use crate::sample::{End, Failure, Sample};
use crate::unit::{Quantile, Rate, Ratio};

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
    sum: u128,
    least: Duration,
    most: Duration,
    over_range: u64,
}

/// Samples of one scope, counted.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    latency: Times,
    service: Times,
    failed: Times,
    failures: [u64; Failure::ALL.len()],
    statuses: BTreeMap<u16, u64>,
    answered: u64,
    bytes: u64,
}

/// What a tally is read against: the time it covers and the longest time a request was allowed.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// How long the tally's time is; throughput is counted per this.
    pub span: Duration,
    /// The deadline of a request; a failed request enters the mean with at least this.
    pub timeout: Duration,
}

/// A tally as it lies in a file: small, and not yet believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packed {
    /// Latencies of good answers, from due.
    pub latency: Option<PackedTimes>,
    /// Latencies of good answers, from sending.
    pub service: Option<PackedTimes>,
    /// Latencies of failed requests, from due.
    pub failed: Option<PackedTimes>,
    /// Failed requests by class.
    pub failures: BTreeMap<Failure, u64>,
    /// Answers by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Good answers that arrived within the tally's time.
    pub answered: u64,
    /// Bytes read.
    pub bytes: u64,
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
    /// Its exact least and largest values contradict its buckets.
    #[error("the least and largest values do not fit the histogram")]
    OtherRange,
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

    /// How many values lie above a limit, to three digits; the bucket that holds the limit counts as within.
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
            .expect("writing into memory does not fail, and the histogram is far below the format's largest size");
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
        if !fits(self.least, fixed.min()) || !fits(self.most, fixed.max()) || !ordered {
            return Err(Damaged::OtherRange);
        }
        let mut growing = growing();
        growing.add(&fixed).expect("the growing histogram takes every value up to the same bound");
        let (sum, least, most, over_range) = (self.sum, self.least, self.most, self.over_range);
        Ok(Times { buckets: Some(Box::new(growing)), sum, least, most, over_range })
    }
}

impl Tally {
    /// Counts a sample by when it was due; its arrival is counted apart, by [`Tally::arrived`].
    pub fn record(&mut self, sample: &Sample) {
        self.bytes += sample.bytes;
        if let Some(status) = sample.end.status() {
            *self.statuses.entry(status).or_default() += 1;
        }
        match sample.end {
            End::Good(_) => {
                self.latency.record(sample.latency());
                if sample.sent != sample.due {
                    self.service.record(sample.service_time());
                }
            }
            End::Failed { why, .. } => {
                self.failed.record(sample.latency());
                self.failures[why as usize] += 1;
            }
        }
    }

    /// Counts a good answer that arrived within this tally's time, whenever it was due.
    pub fn arrived(&mut self) {
        self.answered += 1;
    }

    /// Adds another tally: the same as if all its samples had been counted here.
    pub fn merge(&mut self, other: &Self) {
        self.latency.merge(&other.latency);
        self.service.merge(&other.service);
        self.failed.merge(&other.failed);
        for (ours, theirs) in self.failures.iter_mut().zip(other.failures) {
            *ours += theirs;
        }
        for (status, count) in &other.statuses {
            *self.statuses.entry(*status).or_default() += count;
        }
        self.answered += other.answered;
        self.bytes += other.bytes;
    }

    /// Requests counted, good and failed.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.good() + self.bad()
    }

    /// Good answers.
    #[must_use]
    pub fn good(&self) -> u64 {
        self.latency.count()
    }

    /// Failed requests.
    #[must_use]
    pub fn bad(&self) -> u64 {
        self.failures.iter().sum()
    }

    /// Failed requests of one class.
    #[must_use]
    pub fn failed_by(&self, why: Failure) -> u64 {
        self.failures[why as usize]
    }

    /// Failed requests by class, those that occurred, in the order of [`Failure::ALL`].
    pub fn failures(&self) -> impl Iterator<Item = (Failure, u64)> + '_ {
        Failure::ALL.into_iter().zip(self.failures).filter(|(_, count)| *count > 0)
    }

    /// Answers by status code.
    #[must_use]
    pub fn statuses(&self) -> &BTreeMap<u16, u64> {
        &self.statuses
    }

    /// Requests that got an answer of any kind.
    #[must_use]
    pub fn answers(&self) -> u64 {
        self.statuses.values().sum()
    }

    /// Bytes read.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Latencies of good answers, from due.
    #[must_use]
    pub fn latency(&self) -> &Times {
        &self.latency
    }

    /// Latencies of good answers from sending; empty where that is the same as from due.
    #[must_use]
    pub fn service(&self) -> &Times {
        &self.service
    }

    /// Latencies, or ages, of failed requests.
    #[must_use]
    pub fn failed(&self) -> &Times {
        &self.failed
    }

    /// `None` where nothing was counted: an empty histogram would answer zero, and zero passes.
    #[must_use]
    pub fn read(&self, metric: Metric, frame: Frame) -> Option<Value> {
        let count = self.count();
        if count == 0 {
            return None;
        }
        let time = |time: Option<Duration>| Some(time.map_or(Value::Never, Value::Time));
        match metric {
            Metric::Latency(quantile) => time(self.latency.at_rank(quantile.rank(count))),
            Metric::GoodLatency(quantile) if self.good() > 0 => {
                time(self.latency.at_rank(quantile.rank(self.good())))
            }
            Metric::GoodLatency(_) => None,
            Metric::Max => time(self.latency.most().filter(|_| self.bad() == 0)),
            Metric::Mean => Some(Value::Time(self.mean(frame))),
            Metric::ErrorRate => Ratio::of(self.bad(), count).map(Value::Share),
            Metric::Throughput => Rate::of(self.answered, frame.span).map(Value::Rate),
            Metric::Status(range) => {
                let within = self.statuses.iter().filter(|(status, _)| range.contains(**status));
                Ratio::of(within.map(|(_, count)| count).sum(), count).map(Value::Share)
            }
            Metric::Count => Some(Value::Count(count)),
        }
    }

    /// The mean where every failed request counts with the longest time any request could have taken, so that
    /// failing never looks fast.
    fn mean(&self, frame: Frame) -> Duration {
        let charge = frame.timeout.max(self.latency.most).max(self.failed.most);
        let sum = self.latency.sum + u128::from(self.bad()) * charge.as_nanos();
        nanos(sum / u128::from(self.count().max(1)))
    }

    /// The samples behind a metric: good answers for `good_…`, all requests for the rest.
    #[must_use]
    pub fn samples(&self, metric: Metric) -> u64 {
        if matches!(metric, Metric::GoodLatency(_)) { self.good() } else { self.count() }
    }

    /// Latencies that do not fit the histogram and make every quantile above 600 s unknown.
    #[must_use]
    pub fn over_range(&self) -> u64 {
        self.latency.over_range
    }

    /// The tally as it lies in a file.
    #[must_use]
    pub fn pack(&self) -> Packed {
        Packed {
            latency: self.latency.pack(),
            service: self.service.pack(),
            failed: self.failed.pack(),
            failures: self.failures().collect(),
            statuses: self.statuses.clone(),
            answered: self.answered,
            bytes: self.bytes,
        }
    }
}

impl Packed {
    /// The tally, once everything in it was found to agree.
    ///
    /// # Errors
    /// When a histogram is damaged, or the counts beside it contradict it.
    pub fn unpack(&self) -> Result<Tally, Damaged> {
        let times = |packed: &Option<PackedTimes>| {
            packed.as_ref().map_or(Ok(Times::default()), PackedTimes::unpack)
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
        for (why, count) in &self.failures {
            tally.failures[*why as usize] = *count;
        }
        let classes = self
            .failures
            .values()
            .try_fold(0_u64, |sum, count| sum.checked_add(*count))
            .unwrap_or(u64::MAX);
        if classes != tally.failed.count() {
            return Err(Damaged::Miscounted { buckets: tally.failed.count(), count: classes });
        }
        Ok(tally)
    }
}

/// Checks the head of an encoded histogram before the decoder sees it: 40 bytes could make it take 4 GiB.
///
/// The layout is HdrHistogram's V2: cookie and length of the deflated part; inside, cookie, payload length,
/// normalising offset, digits, lowest and highest value, conversion ratio.
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

fn nanos(nanos: u128) -> Duration {
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// A convenience for reports: the quantile of good answers and failures together, as [`Metric::Latency`] has it.
#[must_use]
pub fn latency_at(tally: &Tally, quantile: Quantile) -> Option<Value> {
    tally.read(Metric::Latency(quantile), Frame { span: Duration::ZERO, timeout: Duration::ZERO })
}
