//! HdrHistogram's interval log: histograms of times by interval and tag, in a unit that the log may
//! say in a comment. A tag is taken for an endpoint.

use std::time::Duration;

use super::fault::{No, Unreadable};
use super::head::Head;
use super::input::Input;
use super::intake::Intake;
use super::lines::Lines;
use super::number::{MICRO, SECOND};
use super::unit::Unit;
use crate::run::{Precision, Subject};
use crate::tally::{Interval, LogLine, Values, log_line};

/// Starts this much smaller than the log's own start count from that (`HistogramLogReader` of
/// HdrHistogram). A log without any begins in 1970 where it is this short.
const YEAR: Duration = Duration::from_hours(365 * 24);

/// Whether it is this format.
pub(super) fn claims(head: &Head<'_>) -> bool {
    let log = head.begins("#") && head.has("#[Histogram log format version");
    let mut lines = head.text.split(|byte| matches!(byte, b'\n' | b'\r'));
    let first = lines.find(|line| !matches!(line.first(), None | Some(b'#' | b'"')));
    let mut fields = first.unwrap_or_default().rsplit(|byte| *byte == b',');
    // Every version's cookie begins with the same bytes.
    log || (fields.next().is_some_and(|last| last.starts_with(b"HIST")) && fields.count() >= 3)
}

/// What a log says of itself ahead of its intervals.
#[derive(Default)]
struct Ahead {
    start: Option<Duration>,
    base: Option<Duration>,
    /// The units that comments name.
    said: Vec<Unit>,
}

impl Ahead {
    fn comment(&mut self, text: &str) {
        if let Some(unit) = Unit::in_words(text).filter(|unit| !self.said.contains(unit)) {
            self.said.push(unit);
        }
    }

    /// When an interval began, since 1970.
    fn moment(&self, start: Duration) -> Duration {
        match (self.base, self.start) {
            (Some(base), _) => base.saturating_add(start),
            (None, Some(began)) if start.saturating_add(YEAR) < began => {
                began.saturating_add(start)
            }
            (None, _) => start,
        }
    }

    /// The unit of all times.
    fn unit(&self, asked: Option<Unit>) -> Result<Unit, Unreadable> {
        match (self.said.as_slice(), asked) {
            ([said], Some(asked)) if *said != asked => {
                Err(Unreadable::OtherUnit(said.name(), asked.name()))
            }
            ([said], _) => Ok(*said),
            (_, asked) => asked.ok_or(Unreadable::NoUnit),
        }
    }
}

/// Reads it.
pub(super) fn read(input: Input<'_>, intake: &mut Intake) -> Result<(), Unreadable> {
    let mut ahead = Ahead::default();
    let tail = Lines::new(input, intake.partial).each(|line| {
        if line.starts_with(b"#") {
            ahead.comment(&String::from_utf8_lossy(line));
        }
        match log_line(line).map_err(|why| No::from(why.to_string()))? {
            None => Ok(()),
            Some(LogLine::Start(start)) => {
                ahead.start = Some(start);
                Ok(())
            }
            Some(LogLine::Base(base)) => {
                ahead.base = Some(base);
                Ok(())
            }
            Some(LogLine::Interval(interval)) => count(&ahead, &interval, intake),
        }
    })?;
    intake.tail(tail);
    told(intake);
    Ok(())
}

fn count(ahead: &Ahead, interval: &Interval, intake: &mut Intake) -> Result<(), No> {
    let unit = ahead.unit(intake.unit)?.nanos();
    let moment = ahead.moment(interval.start);
    intake.told.relative |= moment < YEAR;
    let start = u64::try_from(moment.as_nanos()).map_err(|_| "has no time that any run has")?;
    let endpoint = intake.endpoint(interval.tag.as_deref().unwrap_or("all requests").as_bytes())?;
    let precision = precision(&interval.values, unit);
    intake.told.precision = intake.told.precision.and(precision);
    let time = |(value, count): &(u64, u64)| {
        let time = Duration::from_nanos(value.saturating_mul(unit));
        (time, u32::try_from(*count).unwrap_or(u32::MAX))
    };
    let counts: Vec<(Duration, u32)> = interval.values.counts.iter().map(time).collect();
    intake.interval(endpoint, (start, interval.length), &counts)
}

/// How exactly a histogram's times are known: three digits of microseconds are as exact as a run
/// of our own.
fn precision(values: &Values, unit: u64) -> Precision {
    let nanos = values.step.saturating_mul(unit);
    let step = Duration::from_nanos(nanos.min(3_600 * SECOND));
    match values.digits {
        0..3 => Precision::Digits(values.digits, step),
        _ if nanos <= MICRO => Precision::Exact,
        _ => Precision::Step(step),
    }
}

/// What no such log tells.
fn told(intake: &mut Intake) {
    let why = "a log of HdrHistogram holds times alone, and not which requests failed: give the \
               tool's samples";
    intake.told.untold.insert(Subject::Failures, why.to_owned());
    let why = "a log of HdrHistogram holds no status of answers: give the tool's samples";
    intake.told.untold.insert(Subject::Statuses, why.to_owned());
    intake.note("every time in the log is taken for that of a good answer, at its bucket's end");
}
