//! What can be measured, and which way is better.

use std::fmt;
use std::time::Duration;

use crate::unit::{self, Quantile, Rate, Ratio};

/// What can be asked of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// A percentile of latency over all requests; a failed request ranks behind every answer.
    Latency(Quantile),
    /// A percentile of latency over the good answers alone.
    GoodLatency(Quantile),
    /// Mean latency; a failed request counts with the whole time it was allowed.
    Mean,
    /// The largest latency; *never* once a single request failed.
    Max,
    /// Failed requests as a share of all.
    ErrorRate,
    /// Good answers per second.
    Throughput,
    /// Answers whose status lies in a range, as a share of all requests.
    Status(StatusRange),
    /// How many requests there were.
    Count,
    /// A percentile of a time measured inside requests; what never came to its end ranks behind all
    /// that did.
    Timing(Timing, Quantile),
    /// Events of a stream per second, from its first event on, over all streams together.
    EventsPerSecond,
}

/// A time that is measured inside a request: of a stream of events, or of a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timing {
    /// From when a stream was due to its first event.
    FirstEvent,
    /// From one event of a stream to the next.
    EventGap,
    /// From when a WebSocket was due to its opening handshake's end, TCP and TLS included.
    WsConnect,
    /// From a message sent on a WebSocket to the last message it asks for in return.
    WsRoundTrip,
}

impl Timing {
    /// Every kind, in the order of reports.
    pub const ALL: [Self; 4] =
        [Self::FirstEvent, Self::EventGap, Self::WsConnect, Self::WsRoundTrip];

    /// Its name in every file we write; a percentile of it is `first_event_p95`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::FirstEvent => "first_event",
            Self::EventGap => "event_gap",
            Self::WsConnect => "ws_connect",
            Self::WsRoundTrip => "ws_round_trip",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|timing| timing.name() == name)
    }

    /// Whether each request has it once, and not as often as its answer has parts.
    #[must_use]
    pub fn is_once(self) -> bool {
        match self {
            Self::FirstEvent | Self::WsConnect => true,
            Self::EventGap | Self::WsRoundTrip => false,
        }
    }
}

/// A range of HTTP status codes: one code, or a class such as `5xx`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusRange {
    /// The first code that belongs to it.
    pub from: u16,
    /// The last code that belongs to it.
    pub to: u16,
}

/// An answer to a [`Metric`]. Only answers of one kind compare.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A time.
    Time(Duration),
    /// A time beyond every limit: so many requests failed that no time bounds the share asked for.
    Never,
    /// A share of all requests.
    Share(Ratio),
    /// Events per second.
    Rate(Rate),
    /// A plain number of requests.
    Count(u64),
    /// What a probe answered, in its unit.
    Number(f64, &'static str),
}

/// What kind of [`Value`] answers a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// [`Value::Time`] or [`Value::Never`].
    Time,
    /// [`Value::Share`].
    Share,
    /// [`Value::Rate`].
    Rate,
    /// [`Value::Count`].
    Count,
}

/// Which way a metric is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Less is better.
    Lower,
    /// More is better.
    Higher,
    /// Neither way is better in itself.
    Neither,
}

impl StatusRange {
    /// Reads `404` or `5xx`; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let lower = text.to_ascii_lowercase();
        if let Some(class) = lower.strip_suffix("xx") {
            let class: u16 = class.parse().ok().filter(|class| (1..=5).contains(class))?;
            return Some(Self { from: class * 100, to: class * 100 + 99 });
        }
        let code = lower.parse().ok().filter(|code| (100..=599).contains(code))?;
        Some(Self { from: code, to: code })
    }

    /// Whether a status code lies in the range.
    #[must_use]
    pub fn contains(self, code: u16) -> bool {
        (self.from..=self.to).contains(&code)
    }
}

impl fmt::Display for StatusRange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.from == self.to {
            write!(out, "{}", self.from)
        } else {
            write!(out, "{}xx", self.from / 100)
        }
    }
}

impl Metric {
    /// Reads a metric's name as a gate file has it: `p99_9`, `good_p95`, `mean`, `status_5xx`;
    /// `None` when unknown.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "mean" => return Some(Self::Mean),
            "max" => return Some(Self::Max),
            "error_rate" => return Some(Self::ErrorRate),
            "throughput" => return Some(Self::Throughput),
            "count" => return Some(Self::Count),
            "events_per_second" => return Some(Self::EventsPerSecond),
            _ => {}
        }
        if let Some(digits) = name.strip_prefix('p') {
            return Quantile::parse_percent(digits).ok().map(Self::Latency);
        }
        if let Some(digits) = name.strip_prefix("good_p") {
            return Quantile::parse_percent(digits).ok().map(Self::GoodLatency);
        }
        if let Some((timing, digits)) = name.rsplit_once("_p")
            && let Some(timing) = Timing::named(timing)
        {
            return Quantile::parse_percent(digits).ok().map(|at| Self::Timing(timing, at));
        }
        StatusRange::parse(name.strip_prefix("status_")?).map(Self::Status)
    }

    /// Which way is better.
    #[must_use]
    pub fn better(self) -> Better {
        match self {
            Self::Latency(_)
            | Self::GoodLatency(_)
            | Self::Mean
            | Self::Max
            | Self::ErrorRate
            | Self::Timing(..) => Better::Lower,
            Self::Throughput | Self::EventsPerSecond => Better::Higher,
            Self::Status(_) | Self::Count => Better::Neither,
        }
    }

    /// What kind of value answers it.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::Latency(_) | Self::GoodLatency(_) | Self::Mean | Self::Max | Self::Timing(..) => {
                Kind::Time
            }
            Self::ErrorRate | Self::Status(_) => Kind::Share,
            Self::Throughput | Self::EventsPerSecond => Kind::Rate,
            Self::Count => Kind::Count,
        }
    }

    /// How many samples there must be before an answer means anything.
    #[must_use]
    pub fn samples_needed(self) -> u64 {
        match self {
            Self::Latency(quantile) | Self::GoodLatency(quantile) | Self::Timing(_, quantile) => {
                quantile.samples_needed()
            }
            Self::Mean
            | Self::Max
            | Self::ErrorRate
            | Self::Throughput
            | Self::Status(_)
            | Self::Count
            | Self::EventsPerSecond => 1,
        }
    }

    /// The time inside requests that it is about; `None` where it is about requests as such.
    #[must_use]
    pub fn timing(self) -> Option<Timing> {
        match self {
            Self::Timing(timing, _) => Some(timing),
            Self::EventsPerSecond => Some(Timing::EventGap),
            Self::Latency(_)
            | Self::GoodLatency(_)
            | Self::Mean
            | Self::Max
            | Self::ErrorRate
            | Self::Throughput
            | Self::Status(_)
            | Self::Count => None,
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latency(quantile) => write!(out, "{quantile}"),
            Self::GoodLatency(quantile) => write!(out, "good_{quantile}"),
            Self::Mean => write!(out, "mean"),
            Self::Max => write!(out, "max"),
            Self::ErrorRate => write!(out, "error_rate"),
            Self::Throughput => write!(out, "throughput"),
            Self::Status(range) => write!(out, "status_{range}"),
            Self::Count => write!(out, "count"),
            Self::Timing(timing, quantile) => write!(out, "{}_{quantile}", timing.name()),
            Self::EventsPerSecond => write!(out, "events_per_second"),
        }
    }
}

impl Value {
    /// The value as a number in its report unit (milliseconds, percent, per second); `None` for
    /// *never*.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts beyond 2^53 are beyond any run")]
    pub fn number(self) -> Option<f64> {
        match self {
            Self::Time(time) => Some(time.as_secs_f64() * 1e3),
            Self::Never => None,
            Self::Share(share) => Some(share.share() * 100.0),
            Self::Rate(rate) => Some(rate.as_f64()),
            Self::Count(count) => Some(count as f64),
            Self::Number(number, _) => Some(number),
        }
    }

    /// The unit of [`Value::number`].
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Self::Time(_) | Self::Never => "ms",
            Self::Share(_) => "%",
            Self::Rate(_) => "/s",
            Self::Count(_) => "",
            Self::Number(_, unit) => unit,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(time) => out.write_str(&unit::show_time(*time)),
            Self::Never => out.write_str("never"),
            Self::Share(share) => write!(out, "{share}"),
            Self::Rate(rate) => write!(out, "{rate}"),
            Self::Count(count) => write!(out, "{count}"),
            Self::Number(number, unit) => {
                let space = if matches!(*unit, "" | "/s") { "" } else { " " };
                write!(out, "{}{space}{unit}", unit::show_number(*number))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_printed_and_read_is_itself() {
        for name in [
            "p50",
            "p99.9",
            "good_p95",
            "mean",
            "max",
            "error_rate",
            "throughput",
            "count",
            "status_5xx",
            "status_429",
            "first_event_p95",
            "event_gap_p99.9",
            "ws_connect_p50",
            "ws_round_trip_p99",
            "events_per_second",
        ] {
            assert_eq!(Metric::parse(name).map(|metric| metric.to_string()), Some(name.to_owned()));
        }
        let bad = ["p100", "p0", "p", "p95th", "good_", "status_6xx", "status_", "errors", "P95"];
        for bad in bad.into_iter().chain(["first_event", "first_event_p100", "ws_p95"]) {
            assert_eq!(Metric::parse(bad), None, "{bad}");
        }
    }
}
