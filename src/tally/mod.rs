//! Samples counted, and what can be read off them.

mod times;
mod timings;
mod packed;
pub mod sum;
mod gather;
mod sparse;
mod logs;
mod interval;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::metric::{Metric, Timing, Value};
use crate::sample::{End, Failure, Sample};
use crate::stats::real;
use crate::unit::{Quantile, Rate, Ratio};

pub use gather::Gather;
pub use interval::{Interval, LogLine, Unlogged, Values, log_line};
pub use packed::Packed;
pub use sparse::Sliver;
pub use times::{Damaged, PackedTimes, Packer, Times};
pub use timings::{Lap, PackedLap, Timings};

use times::nanos;
use timings::Laps;

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
    /// Times inside requests: absent where nothing was timed.
    laps: Laps,
}

/// What a tally is read against: the time it covers and the longest time a request was allowed.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// How long the tally's time is; throughput is counted per this.
    pub span: Duration,
    /// The deadline of a request; a failed request enters the mean with at least this.
    pub timeout: Duration,
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

    /// Counts times measured inside a request of this tally.
    pub fn time(&mut self, timings: &Timings) {
        timings.pour(&mut self.laps);
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
        timings::merge(&mut self.laps, &other.laps);
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

    /// Times inside requests of one kind; `None` where nothing was timed.
    #[must_use]
    pub fn lap(&self, timing: Timing) -> Option<&Lap> {
        self.laps.get(&timing)
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
            Metric::Timing(timing, quantile) => {
                let lap = self.lap(timing).filter(|lap| lap.count() > 0)?;
                time(lap.whole.at_rank(quantile.rank(lap.count())))
            }
            Metric::EventsPerSecond => self.events_per_second().map(Value::Rate),
        }
    }

    /// Events after the first one, per second of waiting for them: the wait for one that never came
    /// counts too.
    fn events_per_second(&self) -> Option<Rate> {
        let gaps = self.lap(Timing::EventGap)?;
        Rate::of(gaps.whole.count(), nanos(gaps.whole.sum + gaps.broken.sum))
    }

    /// The mean where every failed request counts with the longest time any request could have
    /// taken, so that failing never looks fast.
    fn mean(&self, frame: Frame) -> Duration {
        let charge = frame.timeout.max(self.latency.most).max(self.failed.most);
        let sum = self.latency.sum + u128::from(self.bad()) * charge.as_nanos();
        nanos(sum / u128::from(self.count().max(1)))
    }

    /// The samples behind a metric: good answers for `good_…`, what was timed for times inside
    /// requests, all requests for the rest.
    #[must_use]
    pub fn samples(&self, metric: Metric) -> u64 {
        if let Some(timing) = metric.timing() {
            return self.lap(timing).map_or(0, Lap::count);
        }
        if matches!(metric, Metric::GoodLatency(_)) { self.good() } else { self.count() }
    }

    /// Times behind a metric that do not fit the histogram and make every quantile above 600 s
    /// unknown.
    #[must_use]
    pub fn over_range(&self, metric: Metric) -> u64 {
        match metric.timing() {
            Some(timing) => self.lap(timing).map_or(0, |lap| lap.whole.over_range),
            None => self.latency.over_range,
        }
    }

    /// The time that such a share of all lies beyond, failed requests behind every answer; `None`
    /// where the share is all of them, or the metric is no percentile.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a count is a count"
    )]
    pub fn beyond(&self, metric: Metric, share: f64) -> Option<Value> {
        let at = |times: &Times, all: u64| {
            let rank = all - ((share.clamp(0.0, 1.0) * real(all)).round() as u64).min(all);
            let time = times.at_rank(rank).map_or(Value::Never, Value::Time);
            (rank > 0).then_some(time)
        };
        match metric {
            Metric::Latency(_) => at(&self.latency, self.count()),
            Metric::GoodLatency(_) => at(&self.latency, self.good()),
            Metric::Timing(timing, _) => {
                self.lap(timing).and_then(|lap| at(&lap.whole, lap.count()))
            }
            Metric::Mean
            | Metric::Max
            | Metric::ErrorRate
            | Metric::Throughput
            | Metric::Status(_)
            | Metric::Count
            | Metric::EventsPerSecond => None,
        }
    }

    /// The tally as it lies in a file.
    #[must_use]
    pub fn pack(&self) -> Packed {
        self.pack_by(&mut Packer::default())
    }

    /// The same with what earlier packing left to be used again.
    #[must_use]
    pub fn pack_by(&self, packer: &mut Packer) -> Packed {
        Packed {
            latency: self.latency.pack_by(packer).map(Box::new),
            service: self.service.pack_by(packer).map(Box::new),
            failed: self.failed.pack_by(packer).map(Box::new),
            failures: self.failures().collect(),
            statuses: self.statuses.clone(),
            answered: self.answered,
            bytes: self.bytes,
            laps: self
                .laps
                .iter()
                .map(|(timing, lap)| (*timing, PackedLap::of(lap, packer)))
                .collect(),
        }
    }
}

/// A convenience for reports: the quantile of good answers and failures together, as
/// [`Metric::Latency`] has it.
#[must_use]
pub fn latency_at(tally: &Tally, quantile: Quantile) -> Option<Value> {
    tally.read(Metric::Latency(quantile), Frame { span: Duration::ZERO, timeout: Duration::ZERO })
}
