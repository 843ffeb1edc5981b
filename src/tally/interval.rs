//! Histograms in logs of other programs: `HdrHistogram`'s interval log, whose histograms have any
//! bounds, any number of digits and any unit.
//!
//! A line is `Tag=NAME,start,length,max,histogram`, all but the tag being required, with comments
//! for the moment from which starts count (`HistogramLogReader` and `HistogramLogWriter` of
//! HdrHistogram, log format 1.3). Histograms are V2, deflated or not, in base64.

use std::io::Read as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::read::ZlibDecoder;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

/// A line of an interval log that says something.
#[derive(Clone, Debug, PartialEq)]
pub enum LogLine {
    /// When the program that writes the log began, since 1970.
    Start(Duration),
    /// The moment from which intervals count, since 1970.
    Base(Duration),
    /// What was counted in an interval.
    Interval(Interval),
}

/// What was counted in an interval.
#[derive(Clone, Debug, PartialEq)]
pub struct Interval {
    /// What was counted, where the log tells several things apart.
    pub tag: Option<String>,
    /// When it began: since 1970, or since [`LogLine::Base`].
    pub start: Duration,
    /// How long it was.
    pub length: Duration,
    /// The values.
    pub values: Values,
}

/// The values of one histogram, in the unit of the program that wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Values {
    /// Significant decimal digits to which values are told apart.
    pub digits: u8,
    /// The least step between two values that are told apart.
    pub step: u64,
    /// The largest value that is the same as those of a bucket, and how many there are, rising.
    pub counts: Vec<(u64, u64)>,
}

/// Why a line of an interval log is not believed; half a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unlogged {
    /// It is no line of such a log.
    #[error("is no interval: `Tag=NAME,start,length,max,histogram`")]
    Shape,
    /// Its histogram is in an encoding before V2.
    #[error("has a histogram in an encoding before V2: write it with HdrHistogram 2.1.10 or newer")]
    Old,
    /// Its histogram is damaged.
    #[error("has a damaged histogram")]
    Damaged,
    /// Its histogram counts more than any program sends.
    #[error("has a histogram of more than 2^32 values in one bucket")]
    Many,
}

/// How V2 begins within a deflated block, and without.
const DEFLATED: u32 = 0x1c84_9314;
const PLAIN: u32 = 0x1c84_9313;
/// What the cookies of all versions have in common, V0 and V1 among them.
const FAMILY: u32 = 0x1c84_9300;
/// The longest payload, once inflated: one with every bucket of five digits used, and more.
const MOST_PLAIN: u64 = 8 * 1024 * 1024;
/// Cookie, payload length, normalising offset, digits, lowest and highest value, ratio.
const HEAD: usize = 40;
/// More digits are not told apart by any version.
const MOST_DIGITS: u32 = 5;
/// Where in the head the highest value stands.
const HIGHEST: std::ops::Range<usize> = 24..32;
/// The highest value that is decoded: 73 years in nanoseconds. Programs write the largest number
/// there is where they know no bound, and near that the edges of buckets overflow.
const MOST_VALUE: u64 = 1 << 61;

/// What a line of an interval log says; `None` for comments and the legend.
///
/// # Errors
/// When it is no line of such a log, or its histogram is damaged.
pub fn log_line(line: &[u8]) -> Result<Option<LogLine>, Unlogged> {
    let mut whole = line.trim_ascii().to_vec();
    whole.push(b'\n');
    Ok(match IntervalLogIterator::new(&whole).next() {
        None => None,
        Some(Err(_)) => return Err(Unlogged::Shape),
        Some(Ok(LogEntry::StartTime(start))) => Some(LogLine::Start(start)),
        Some(Ok(LogEntry::BaseTime(base))) => Some(LogLine::Base(base)),
        Some(Ok(LogEntry::Interval(interval))) => Some(LogLine::Interval(Interval {
            tag: interval.tag().map(|tag| tag.as_str().to_owned()),
            start: interval.start_timestamp(),
            length: interval.duration(),
            values: values(interval.encoded_histogram())?,
        })),
    })
}

/// The values of an encoded histogram. Its head is checked before the decoder sees it: it could
/// make that take gigabytes.
fn values(encoded: &str) -> Result<Values, Unlogged> {
    let bytes = BASE64.decode(encoded.trim()).map_err(|_| Unlogged::Damaged)?;
    let mut plain = inflated(bytes)?;
    let payload = plain.len().checked_sub(HEAD).and_then(|length| u32::try_from(length).ok());
    let digits = word(&plain, 12).filter(|digits| *digits <= MOST_DIGITS);
    if payload.is_none() || payload != word(&plain, 4) || digits.is_none() {
        return Err(Unlogged::Damaged);
    }
    let highest = plain.get(HIGHEST).and_then(|part| part.try_into().ok());
    let highest = highest.map(u64::from_be_bytes).ok_or(Unlogged::Damaged)?;
    plain[HIGHEST].copy_from_slice(&highest.min(MOST_VALUE).to_be_bytes());
    let histogram: Histogram<u64> =
        Deserializer::new().deserialize(&mut plain.as_slice()).map_err(|_| Unlogged::Damaged)?;
    let mut counts = Vec::new();
    for step in histogram.iter_recorded() {
        if step.count_at_value() > u64::from(u32::MAX) {
            return Err(Unlogged::Many);
        }
        counts
            .push((histogram.highest_equivalent(step.value_iterated_to()), step.count_at_value()));
    }
    let step = 1 << histogram.low().max(1).ilog2();
    Ok(Values { digits: histogram.sigfig(), step, counts })
}

/// A V2 histogram that is not deflated.
fn inflated(bytes: Vec<u8>) -> Result<Vec<u8>, Unlogged> {
    let cookie = word(&bytes, 0).ok_or(Unlogged::Damaged)?;
    if cookie == PLAIN {
        return Ok(bytes);
    }
    if cookie != DEFLATED {
        let old = cookie & 0xffff_ff00 == FAMILY;
        return Err(if old { Unlogged::Old } else { Unlogged::Damaged });
    }
    if word(&bytes, 4) != u32::try_from(bytes.len().saturating_sub(8)).ok() {
        return Err(Unlogged::Damaged);
    }
    let mut plain = Vec::new();
    let inflater = ZlibDecoder::new(&bytes[8..]);
    let read = inflater.take(MOST_PLAIN + 1).read_to_end(&mut plain);
    let whole = read.is_ok() && plain.len() as u64 <= MOST_PLAIN;
    if whole && word(&plain, 0) == Some(PLAIN) { Ok(plain) } else { Err(Unlogged::Damaged) }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4).and_then(|part| part.try_into().ok()).map(u32::from_be_bytes)
}
