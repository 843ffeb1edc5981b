//! What another tool measured, and how much of it its files tell.

use std::collections::BTreeMap;
use std::time::Duration;

use super::quotes::Quotes;
use crate::metric::Metric;
use crate::unit::show_duration;

/// What another tool measured, and how much of it its files tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The format of the files, by its name: `jmeter-csv`.
    pub format: String,
    /// Whose it is: `JMeter`.
    pub tool: String,
    /// How exactly times are known.
    pub precision: Precision,
    /// What the files do not tell, and why: half a sentence that says what to give instead.
    pub untold: BTreeMap<Subject, String>,
    /// Why nothing can be judged by them, each in one sentence.
    pub unsound: Vec<String>,
    /// What a reader must know to believe the numbers.
    pub notes: Vec<String>,
    /// All endpoints together, where the files quote that apart from each.
    pub whole: Option<Quotes>,
    /// What the script did beside its requests, where loadgate had the tool run it.
    pub script: Option<Script>,
}

/// The format of a run that loadgate had Locust make.
pub const DRIVEN: &str = "locust-run";

/// What a script did beside its requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// Exceptions that it let go.
    pub exceptions: u64,
    /// Some of them in words.
    pub raised: Vec<String>,
    /// The exit code that it set, where it set one that is no success.
    pub exit: Option<i64>,
}

/// How exactly the times of a file are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Each request's time as it was measured.
    Exact,
    /// Each request's time, cut down to whole steps.
    Step(Duration),
    /// Each request's time, to so many significant digits and in steps of at least so much, as the
    /// largest it may have been.
    Digits(u8, Duration),
    /// Counts by bucket: each time is known to lie within one.
    Buckets,
    /// A few percentiles, and nothing between them.
    Fixed,
}

/// What files may leave untold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// Requests that failed: some or all of them are not in the files.
    Failures,
    /// Which answers were good: failed requests may pass for good ones.
    Good,
    /// The status of answers.
    Statuses,
    /// How long requests took.
    Latency,
    /// How long the run lasted.
    Span,
    /// Whether it came to the end that was planned.
    End,
}

impl Subject {
    /// Every subject.
    pub const ALL: [Self; 6] =
        [Self::Failures, Self::Good, Self::Statuses, Self::Latency, Self::Span, Self::End];

    /// Its name in `run.json`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Failures => "failures",
            Self::Good => "good",
            Self::Statuses => "statuses",
            Self::Latency => "latency",
            Self::Span => "span",
            Self::End => "end",
        }
    }

    /// The subject of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|subject| subject.name() == name)
    }
}

impl Precision {
    /// The same in words.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Exact => "each request's time is known".to_owned(),
            Self::Step(step) => {
                format!("each request's time is known in steps of {}", show_duration(step))
            }
            Self::Digits(digits, _) => {
                format!("each request's time is known to {digits} significant digits")
            }
            Self::Buckets => "times are known by bucket".to_owned(),
            Self::Fixed => "a few percentiles are known, and nothing between them".to_owned(),
        }
    }

    /// The least and the largest time that a value read off a histogram may stand for.
    #[must_use]
    pub fn around(self, value: Duration) -> (Duration, Duration) {
        let step = match self {
            Self::Step(step) if !step.is_zero() => step,
            Self::Digits(digits, step) => {
                // Our own buckets are a thousandth wide besides.
                let wide = value / 10_u32.saturating_pow(u32::from(digits)) + value / 1_000;
                return (value.saturating_sub(wide.max(step)), value);
            }
            Self::Exact | Self::Step(_) | Self::Buckets | Self::Fixed => return (value, value),
        };
        let within = value.as_nanos() % step.as_nanos();
        let low = value.saturating_sub(super::quotes::nanos(within));
        (low, low.saturating_add(step).saturating_sub(Duration::from_nanos(1)))
    }
}

impl Precision {
    /// What is known where times of two files are added: the less exact of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Step(one), Self::Step(two)) => Self::Step(one.max(two)),
            (Self::Digits(one, step), Self::Digits(two, other)) => {
                Self::Digits(one.min(two), step.max(other))
            }
            (Self::Exact, other) | (other, Self::Exact) => other,
            (Self::Fixed, _) | (_, Self::Fixed) => Self::Fixed,
            (Self::Buckets, _) | (_, Self::Buckets) => Self::Buckets,
            (Self::Digits(digits, one), Self::Step(two))
            | (Self::Step(one), Self::Digits(digits, two)) => Self::Digits(digits, one.max(two)),
        }
    }
}

impl Imported {
    /// Whether loadgate had the tool run, and did not only read its files.
    #[must_use]
    pub fn is_driven(&self) -> bool {
        self.script.is_some()
    }

    /// Why the files cannot answer a metric; `None` where they can.
    #[must_use]
    pub fn untold(&self, metric: Metric) -> Option<String> {
        let needs: &[Subject] = match metric {
            Metric::Latency(_) | Metric::Mean | Metric::Max => {
                &[Subject::Latency, Subject::Good, Subject::Failures]
            }
            Metric::GoodLatency(_) => &[Subject::Latency, Subject::Good],
            Metric::ErrorRate | Metric::Count => &[Subject::Good, Subject::Failures],
            Metric::Throughput => &[Subject::Good, Subject::Span],
            Metric::Status(_) => &[Subject::Statuses, Subject::Failures],
            Metric::Timing(..) | Metric::EventsPerSecond => {
                return Some(format!("{} does not time what is inside a request", self.tool));
            }
        };
        needs.iter().find_map(|subject| self.untold.get(subject)).cloned()
    }
}
