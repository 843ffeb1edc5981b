//! Thresholds: `p99 < 250ms`, parsed and printed.

use std::fmt;
use std::time::Duration;

use crate::metric::{Metric, Value};
use crate::unit;

/// One expectation: of what, which metric, against which limit, and how much it matters.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// Of what it is expected.
    pub selector: Selector,
    /// What is measured.
    pub metric: Metric,
    /// What it must be; of the metric's kind.
    pub limit: Limit,
    /// Whether a breach fails the gate or is only said.
    pub level: Level,
    /// Which time is looked at.
    pub window: Window,
    /// End the run early once it is clearly breached, not before this time.
    pub abort: Option<Duration>,
    /// Whether it must find samples; only `required = false` makes it tolerate having none.
    pub required: bool,
    /// The user did not write it: it is the default error rate.
    pub default: bool,
    /// The line of the gate file it stands on, 1-based; 0 for a default.
    pub line: usize,
}

/// Of what something is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// The whole run, all endpoints together.
    Whole,
    /// Each endpoint whose name matches, on its own; `*` and `?` as in a shell, `*` alone is every endpoint.
    Endpoints(String),
}

/// Which time an expectation looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Each window of this length on its own, and not only the whole.
    pub over: Option<Duration>,
    /// The index of the stage it looks at alone.
    pub during: Option<usize>,
}

/// What a value must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    /// The relation.
    pub relation: Relation,
    /// The bound.
    pub bound: Value,
}

/// How a value relates to a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
}

/// How much a breach matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// It is said, and the gate passes.
    Warn,
    /// The gate fails.
    Fail,
}

impl Relation {
    /// The sign, as a gate file has it.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Above => ">",
            Self::AtLeast => ">=",
        }
    }
}

impl Level {
    /// The name, as a gate file has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} ", self.relation.sign())?;
        match self.bound {
            Value::Time(time) => out.write_str(&unit::show_duration(time)),
            bound @ (Value::Never | Value::Share(_) | Value::Rate(_) | Value::Count(_)) => {
                write!(out, "{bound}")
            }
        }
    }
}
