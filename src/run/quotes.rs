//! What a summary says of many requests: counts, and a few percentiles or buckets. Less than a
//! [`crate::tally::Tally`], and never made to look like one.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::metric::{Metric, Value};
use crate::unit::{Quantile, Rate, Ratio};

/// What a summary says of many requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quotes {
    /// Requests, good and failed.
    pub count: u64,
    /// Failed ones among them; zero where the summary does not tell them, which is then said in
    /// [`super::Imported::untold`].
    pub failed: u64,
    /// Requests whose times these are: all good ones, and as many failed ones as there are more,
    /// wherever their time puts them.
    pub timed: u64,
    /// The times.
    pub times: Ranks,
    /// Their mean.
    pub mean: Option<Band>,
    /// The largest of them.
    pub most: Option<Band>,
    /// Answers by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Bytes read.
    pub bytes: u64,
}

/// A time that is known to lie between two others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Band {
    /// At least this.
    pub low: Duration,
    /// At most this.
    pub high: Duration,
    /// The time as the summary has it.
    pub said: Duration,
}

impl Band {
    /// A time known as it is.
    #[must_use]
    pub fn exactly(time: Duration) -> Self {
        Self { low: time, high: time, said: time }
    }

    /// A time rounded to a multiple of a step.
    #[must_use]
    pub fn rounded(time: Duration, step: Duration) -> Self {
        let half = step / 2;
        Self { low: time.saturating_sub(half), high: time.saturating_add(half), said: time }
    }

    /// The same, where it is known that no time lies below or above others.
    #[must_use]
    pub fn within(self, least: Option<Duration>, most: Option<Duration>) -> Self {
        let (least, most) = (least.unwrap_or_default(), most.unwrap_or(Duration::MAX));
        let (low, high) = (self.low.max(least), self.high.min(most));
        if low > high { self } else { Self { low, high, ..self } }
    }
}

/// Times by rank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ranks {
    /// Some percentiles, rising. They are never added to others.
    Fixed(Vec<(Quantile, Band)>),
    /// Counts by bucket, rising. They can be added exactly.
    Buckets(Vec<(Band, u64)>),
}

/// What a summary answers: a value that is known to lie between two others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answer {
    /// The value as the summary has it, or the least that is certainly not exceeded.
    pub said: Value,
    /// At least this.
    pub low: Value,
    /// At most this.
    pub high: Value,
}

impl Answer {
    fn exactly(value: Value) -> Self {
        Self { said: value, low: value, high: value }
    }

    /// A time as far as it is known.
    fn within(Band { low, high, said }: Band) -> Self {
        let [said, low, high] = [said, low, high].map(Value::Time);
        Self { said, low, high }
    }
}

impl Quotes {
    /// Good answers.
    #[must_use]
    pub fn good(&self) -> u64 {
        self.count.saturating_sub(self.failed)
    }

    /// The samples behind a metric.
    #[must_use]
    pub fn samples(&self, metric: Metric) -> u64 {
        if matches!(metric, Metric::GoodLatency(_)) { self.good() } else { self.count }
    }

    /// Between which values the answer to a metric lies; `None` where the summary says nothing of
    /// it.
    ///
    /// Where times of failed requests are mixed in, a rank among good answers lies between the
    /// same rank among all and the one that follows if every failed request was faster.
    #[must_use]
    pub fn read(&self, metric: Metric, span: Duration) -> Option<Answer> {
        if self.count == 0 {
            return None;
        }
        match metric {
            Metric::Latency(quantile) => self.at(quantile.rank(self.count)),
            Metric::GoodLatency(quantile) if self.good() > 0 => self.at(quantile.rank(self.good())),
            Metric::GoodLatency(_) | Metric::Timing(..) | Metric::EventsPerSecond => None,
            Metric::Mean if self.failed > 0 => None,
            Metric::Mean => self.mean.map(Answer::within),
            Metric::Max if self.failed > 0 => Some(Answer::exactly(Value::Never)),
            Metric::Max => self.most.map(Answer::within),
            Metric::ErrorRate => {
                Ratio::of(self.failed, self.count).map(|share| Answer::exactly(Value::Share(share)))
            }
            Metric::Throughput => {
                Rate::of(self.good(), span).map(|rate| Answer::exactly(Value::Rate(rate)))
            }
            Metric::Status(range) => {
                let within = self.statuses.iter().filter(|(status, _)| range.contains(**status));
                let share = Ratio::of(within.map(|(_, count)| count).sum(), self.count)?;
                Some(Answer::exactly(Value::Share(share)))
            }
            Metric::Count => Some(Answer::exactly(Value::Count(self.count))),
        }
    }

    /// The time at a rank among good answers, failed requests behind them.
    fn at(&self, rank: u64) -> Option<Answer> {
        if rank > self.good() {
            return Some(Answer::exactly(Value::Never));
        }
        let (all, hidden) = (self.timed, self.timed.saturating_sub(self.good()));
        let found = self.times.at(rank, all)?;
        let high = self.times.at(rank + hidden, all)?.high.or(self.most.map(|most| most.high))?;
        let high = high.max(found.low);
        let said = found.said.filter(|_| hidden == 0).unwrap_or(high);
        Some(Answer {
            said: Value::Time(said),
            low: Value::Time(found.low),
            high: Value::Time(high),
        })
    }
}

/// What is known of one rank.
struct Found {
    low: Duration,
    /// `None` where no percentile above it is told.
    high: Option<Duration>,
    /// The time as the summary has it, where it tells this very rank.
    said: Option<Duration>,
}

impl Ranks {
    /// What is known of a rank among so many; `None` where nothing at all is told.
    fn at(&self, rank: u64, all: u64) -> Option<Found> {
        match self {
            Self::Buckets(buckets) => {
                let mut seen = 0_u64;
                let found = buckets.iter().find(|(_, count)| {
                    seen = seen.saturating_add(*count);
                    rank <= seen
                });
                let low = found.or(buckets.last())?.0.low;
                let (high, said) = (found.map(|(band, _)| band.high), found.map(|(at, _)| at.said));
                Some(Found { low, high, said })
            }
            Self::Fixed(quotes) => {
                let below = quotes.iter().rev().find(|(at, _)| at.rank(all) <= rank);
                let above = quotes.iter().find(|(at, _)| at.rank(all) >= rank);
                let very = above.filter(|(at, _)| at.rank(all) == rank);
                let low = below.or(quotes.first())?.1.low;
                let low = if below.is_some() { low } else { Duration::ZERO };
                let (high, said) = (above.map(|(_, band)| band.high), very.map(|(_, b)| b.said));
                Some(Found { low, high, said })
            }
        }
    }
}

/// A time from its nanoseconds, at most 584 years.
pub(super) fn nanos(nanos: u128) -> Duration {
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}
