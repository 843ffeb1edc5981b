//! What the service, or the machine it is on, is asked beside the load.

use std::fmt;
use std::time::Duration;

use super::threshold::{Level, Limit};
use crate::unit::Quantile;

/// Units that readings may have; none is a plain number.
pub const UNITS: [&str; 12] =
    ["%", "ms", "s", "B", "kB", "MB", "GB", "KiB", "MiB", "GiB", "/s", ""];

/// A question that is asked again and again while the load is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Its name: letters, digits, `-` and `_`.
    pub name: String,
    /// How it is asked.
    pub asks: Asks,
    /// The unit of its answers, one of [`UNITS`].
    pub unit: &'static str,
    /// The time from one question to the next.
    pub every: Duration,
    /// How long one answer may take.
    pub timeout: Duration,
    /// Whom it asks, as a person wrote it; without a query, and what came from the environment as
    /// `${NAME}`.
    pub shown: String,
}

/// How a question is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asks {
    /// A query that Prometheus answers with one number.
    Prometheus {
        /// The server, without the path of its API.
        url: String,
        /// The query, in `PromQL`.
        query: String,
        /// Headers of every request, names in lower case.
        headers: Vec<(String, String)>,
    },
    /// A document of JSON with a number in it.
    Json {
        /// The document.
        url: String,
        /// Where the number is, RFC 6901; empty for the document itself.
        pointer: String,
        /// Headers of every request, names in lower case.
        headers: Vec<(String, String)>,
    },
    /// A command that prints a number first.
    Command(String),
}

/// What is asked of all readings of a probe together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gauge {
    /// The largest.
    Max,
    /// The smallest.
    Min,
    /// Their mean.
    Mean,
    /// The last one.
    Last,
    /// A percentile of them.
    Quantile(Quantile),
}

/// One expectation on the readings of a probe.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbeLimit {
    /// The probe's name.
    pub probe: String,
    /// What is asked of its readings.
    pub gauge: Gauge,
    /// What that must be; its bound is a number in the probe's unit.
    pub limit: Limit,
    /// Whether a breach fails the gate or is only said.
    pub level: Level,
    /// Whether there must be readings.
    pub required: bool,
    /// The line of the gate file, 1-based.
    pub line: usize,
}

impl Gauge {
    /// Reads `max`, `min`, `mean`, `last`, `p95`; `None` for anything else.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "max" => Some(Self::Max),
            "min" => Some(Self::Min),
            "mean" => Some(Self::Mean),
            "last" => Some(Self::Last),
            _ => Quantile::parse_percent(name.strip_prefix('p')?).ok().map(Self::Quantile),
        }
    }

    /// How many readings there must be before it means anything.
    #[must_use]
    pub fn samples_needed(self) -> u64 {
        match self {
            Self::Max | Self::Min | Self::Mean | Self::Last => 1,
            Self::Quantile(quantile) => quantile.samples_needed(),
        }
    }

    /// Its value over readings in the order of time; `None` where there are none. A percentile is
    /// the reading of its rank, as everywhere.
    #[must_use]
    pub fn of(self, readings: &[f64]) -> Option<f64> {
        match self {
            Self::Max => readings.iter().copied().reduce(f64::max),
            Self::Min => readings.iter().copied().reduce(f64::min),
            Self::Mean => {
                let sum: f64 = readings.iter().sum();
                (!readings.is_empty()).then(|| sum / crate::stats::size(readings.len()))
            }
            Self::Last => readings.last().copied(),
            Self::Quantile(quantile) => {
                let mut rising = readings.to_vec();
                rising.sort_by(f64::total_cmp);
                let rank = quantile.rank(rising.len() as u64);
                let at = usize::try_from(rank).unwrap_or(usize::MAX).checked_sub(1)?;
                rising.get(at).copied()
            }
        }
    }
}

impl fmt::Display for Gauge {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Max => out.write_str("max"),
            Self::Min => out.write_str("min"),
            Self::Mean => out.write_str("mean"),
            Self::Last => out.write_str("last"),
            Self::Quantile(quantile) => write!(out, "{quantile}"),
        }
    }
}

impl fmt::Display for ProbeLimit {
    /// The check in words: `probe.cpu max < 80 %`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { probe, gauge, limit, .. } = self;
        write!(out, "probe.{probe} {gauge} {limit}")?;
        match self.level {
            Level::Warn => out.write_str(" (warn)"),
            Level::Fail => Ok(()),
        }
    }
}
