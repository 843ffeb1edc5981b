//! What was measured of one endpoint, or of all together, read once for every report.

use std::time::Duration;

use crate::metric::{Metric, Timing, Value};
use crate::run::{Evidence, Quotes, Run};
use crate::sample::Failure;
use crate::sanitise::Clean;
use crate::tally::{Frame, Lap, Tally, Times};
use crate::unit::{Quantile, Rate, Ratio};

/// The percentiles of every table: 50, 95, 99.
const SHOWN: [u32; 3] = [500_000, 950_000, 990_000];

/// One row of the table of endpoints.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The endpoint's name; `all` for the whole run.
    pub name: Clean,
    /// Arrivals planned within the judged time; `None` in the closed model.
    pub planned: Option<u64>,
    /// Requests counted, good and failed.
    pub count: u64,
    /// Failed ones among them.
    pub failed: u64,
    /// Their share; `None` where nothing was counted.
    pub error_rate: Option<Ratio>,
    /// Good answers per second.
    pub throughput: Option<Rate>,
    /// Latency of all requests, failed ones behind every answer; `None` where nothing was counted.
    pub latency: Option<Spread>,
    /// The 90th percentile of the same latency, which only other tools' formats ask for.
    pub p90: Option<Value>,
    /// The fastest good answer.
    pub least: Option<Duration>,
    /// Latency of good answers alone; `None` where there was none.
    pub good: Option<Spread>,
    /// From sending to answer, where that is not the same as from due.
    pub service: Option<Spread>,
    /// Failed requests by class.
    pub failures: Vec<(Failure, u64)>,
    /// What one of them said, by class; empty for the whole run.
    pub examples: Vec<(Failure, Clean)>,
    /// Expectations that were missed, most often missed first; empty for the whole run.
    pub missed: Vec<Missed>,
    /// Answers by status.
    pub statuses: Vec<(u16, u64)>,
    /// Bytes read.
    pub bytes: u64,
    /// Times inside requests, those that were measured.
    pub timings: Vec<Timed>,
    /// Events of a stream per second; `None` where no stream had two.
    pub events_per_second: Option<Rate>,
}

/// Answers that missed one expectation.
#[derive(Clone, Debug, PartialEq)]
pub struct Missed {
    /// The expectation in words.
    pub asked: Clean,
    /// How many missed it.
    pub count: u64,
    /// What one of them had instead; empty where the words say all.
    pub got: Clean,
}

/// Times inside requests of one kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timed {
    /// What was timed.
    pub timing: Timing,
    /// How many times there are.
    pub count: u64,
    /// How many of them never came to their end.
    pub broken: u64,
    /// All of them, what never came to its end behind the rest; the mean is of the rest alone.
    pub spread: Spread,
}

fn timed(timing: Timing, lap: &Lap) -> Option<Timed> {
    let (count, broken) = (lap.count(), lap.broken.count());
    if count == 0 {
        return None;
    }
    let [p50, p95, p99] = at_ranks(&lap.whole, ranks(count));
    let most = lap.whole.most().filter(|_| broken == 0);
    let mean = lap.whole.mean();
    let [max, mean] = [most, mean].map(|time| time.map_or(Value::Never, Value::Time));
    let spread = Spread { p50, p95, p99, max, mean: Some(mean) };
    Some(Timed { timing, count, broken, spread })
}

/// Where only a few requests were sent later than due, as those that opened connections in the
/// closed model, their times say nothing about the rest.
fn service(tally: &Tally) -> Option<Spread> {
    let times = tally.service();
    if times.count() * 2 < tally.good() { None } else { spread(times, times.count()) }
}

/// A distribution in five numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The median.
    pub p50: Value,
    /// The 95th percentile.
    pub p95: Value,
    /// The 99th percentile.
    pub p99: Value,
    /// The largest value.
    pub max: Value,
    /// The mean; `None` where a summary of another tool does not tell it.
    pub mean: Option<Value>,
}

impl Measured {
    /// One endpoint, by its evidence; `clean` makes text from outside fit for a sink.
    #[must_use]
    pub fn endpoint(evidence: &Evidence, run: &Run, clean: &dyn Fn(&str) -> Clean) -> Self {
        let examples = evidence.examples.iter().map(|(why, what)| (*why, clean(what)));
        let measured = Self::of(clean(&evidence.name), evidence.planned, &evidence.whole, run);
        let missed = evidence.missed.iter().map(|missed| Missed {
            asked: clean(&missed.asked),
            count: missed.count,
            got: clean(&missed.got),
        });
        let (examples, missed) = (examples.collect(), missed.collect());
        Self { examples, missed, ..measured }.with(evidence.quotes.as_ref(), run)
    }

    /// All endpoints together.
    #[must_use]
    pub fn whole(planned: Option<u64>, tally: &Tally, run: &Run) -> Self {
        let measured = Self::of(Clean::line("all"), planned, tally, run);
        let quotes = run.imported.as_ref().and_then(|imported| imported.whole.as_ref());
        measured.with(quotes, run)
    }

    /// The same with what a summary of another tool says in place of samples.
    fn with(self, quotes: Option<&Quotes>, run: &Run) -> Self {
        let Some(quotes) = quotes else { return self };
        let told = |metric: Metric| {
            let silent = run.imported.as_ref().and_then(|imported| imported.untold(metric));
            quotes.read(metric, run.judged()).filter(|_| silent.is_none()).map(|told| told.said)
        };
        let rate = match told(Metric::Throughput) {
            Some(Value::Rate(rate)) => Some(rate),
            Some(
                Value::Time(_)
                | Value::Never
                | Value::Share(_)
                | Value::Count(_)
                | Value::Number(..),
            )
            | None => None,
        };
        let ranked = |metric: fn(Quantile) -> Metric| {
            let [p50, p95, p99] = SHOWN.map(|at| {
                Quantile::from_millionths(at).and_then(|quantile| told(metric(quantile)))
            });
            let (max, mean) = (told(Metric::Max)?, told(Metric::Mean));
            Some(Spread { p50: p50?, p95: p95?, p99: p99?, max, mean })
        };
        Self {
            count: quotes.count,
            failed: quotes.failed,
            error_rate: told(Metric::ErrorRate).and(Ratio::of(quotes.failed, quotes.count)),
            throughput: rate,
            latency: ranked(Metric::Latency),
            good: ranked(Metric::GoodLatency),
            p90: Quantile::from_millionths(900_000).and_then(|at| told(Metric::Latency(at))),
            statuses: quotes.statuses.iter().map(|(code, count)| (*code, *count)).collect(),
            bytes: quotes.bytes,
            ..self
        }
    }

    /// What a tally says within the judged time of its run.
    #[must_use]
    pub fn of(name: Clean, planned: Option<u64>, tally: &Tally, run: &Run) -> Self {
        let frame = Frame { span: run.judged(), timeout: run.load.timeout };
        let rate = |metric| match tally.read(metric, frame) {
            Some(Value::Rate(rate)) => Some(rate),
            Some(
                Value::Time(_)
                | Value::Never
                | Value::Share(_)
                | Value::Count(_)
                | Value::Number(..),
            )
            | None => None,
        };
        let laps = Timing::ALL.into_iter().filter_map(|timing| timed(timing, tally.lap(timing)?));
        let good = spread(tally.latency(), tally.good());
        Self {
            name,
            planned,
            count: tally.count(),
            failed: tally.bad(),
            error_rate: Ratio::of(tally.bad(), tally.count()),
            throughput: rate(Metric::Throughput),
            latency: if tally.bad() == 0 { good } else { latency(tally, frame) },
            p90: (tally.count() > 0).then(|| at_ranks(tally.latency(), [ninety(tally); 3])[0]),
            least: tally.latency().least(),
            good,
            service: service(tally),
            failures: tally.failures().collect(),
            examples: Vec::new(),
            missed: Vec::new(),
            statuses: tally.statuses().iter().map(|(code, count)| (*code, *count)).collect(),
            bytes: tally.bytes(),
            timings: laps.collect(),
            events_per_second: rate(Metric::EventsPerSecond),
        }
    }

    /// The good answers' percentiles, where the failed requests changed a percentile that is shown.
    #[must_use]
    pub fn good_apart(&self) -> Option<Spread> {
        let same =
            |good: &Spread| self.latency.is_some_and(|all| all.percentiles() == good.percentiles());
        self.good.filter(|good| !same(good))
    }

    /// The service time, where waiting for a turn changed a percentile by more than 5 % and 0.5 ms.
    #[must_use]
    pub fn service_apart(&self) -> Option<Spread> {
        let (service, good) = (self.service?, self.good?);
        let pairs = service.percentiles().into_iter().zip(good.percentiles());
        let apart = |(service, good): (Value, Value)| match (service.number(), good.number()) {
            (Some(service), Some(good)) => good - service > (0.05 * good).max(0.5),
            (Some(_) | None, None) | (None, Some(_)) => false,
        };
        pairs.into_iter().any(apart).then_some(service)
    }
}

impl Spread {
    /// Median, 95th and 99th percentile.
    #[must_use]
    pub fn percentiles(&self) -> [Value; 3] {
        [self.p50, self.p95, self.p99]
    }
}

/// A distribution of times that all came to an end; `None` where there is none.
#[must_use]
pub fn spread(times: &Times, count: u64) -> Option<Spread> {
    let [p50, p95, p99] = at_ranks(times, ranks(count));
    let (max, mean) = (Value::Time(times.most()?), Value::Time(times.mean()?));
    Some(Spread { p50, p95, p99, max, mean: Some(mean) })
}

fn latency(tally: &Tally, frame: Frame) -> Option<Spread> {
    let [p50, p95, p99] = at_ranks(tally.latency(), ranks(tally.count()));
    let (max, mean) = (tally.read(Metric::Max, frame)?, tally.read(Metric::Mean, frame)?);
    Some(Spread { p50, p95, p99, max, mean: Some(mean) })
}

/// The ranks of the percentiles of every table among so many samples.
#[must_use]
pub fn ranks(count: u64) -> [u64; 3] {
    SHOWN.map(|millionths| {
        Quantile::from_millionths(millionths)
            .expect("the shown percentiles lie between 0 and 1")
            .rank(count)
    })
}

fn ninety(tally: &Tally) -> u64 {
    let quantile = Quantile::from_millionths(900_000).expect("0.9 lies between 0 and 1");
    quantile.rank(tally.count())
}

/// The values at three rising ranks in one pass; *never* beyond the last.
fn at_ranks(times: &Times, ranks: [u64; 3]) -> [Value; 3] {
    let mut found = [Value::Never; 3];
    let (mut next, mut seen) = (0, 0);
    let (least, most) = (times.least().unwrap_or_default(), times.most().unwrap_or(Duration::MAX));
    for (edge, count) in times.buckets() {
        seen += count;
        while next < 3 && ranks[next] <= seen {
            found[next] = Value::Time(edge.clamp(least, most));
            next += 1;
        }
    }
    found
}
