//! Thresholds: `p99 < 250ms`, parsed and printed.

use std::fmt;
use std::time::Duration;

use super::glob;
use super::profile::Stage;
use crate::metric::{Better, Kind, Metric, Value};
use crate::unit::{self, BadUnit, Rate, Ratio};

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
    /// Each endpoint whose name matches, on its own; `*` and `?` as in a shell, `*` alone is every
    /// endpoint.
    Endpoints(String),
}

/// Which time an expectation looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Each window of this length on its own, and not only the whole.
    pub over: Option<Duration>,
    /// The stage it looks at alone.
    pub during: Option<During>,
}

/// The stage that an expectation looks at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum During {
    /// The stage of that index in the load of the same plan.
    Index(usize),
    /// The stage of that name in whatever run is judged: its file holds thresholds alone.
    Named(String),
}

impl During {
    /// Its place among the stages of a load; `None` where there is no such stage.
    #[must_use]
    pub fn among(&self, stages: &[Stage]) -> Option<usize> {
        match self {
            Self::Index(index) => Some(*index).filter(|index| *index < stages.len()),
            Self::Named(name) => {
                stages.iter().position(|stage| stage.name.as_deref() == Some(name))
            }
        }
    }
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

impl Selector {
    /// Whether an endpoint of that name is meant. The whole run is no endpoint.
    #[must_use]
    pub fn matches(&self, endpoint: &str) -> bool {
        match self {
            Self::Whole => false,
            Self::Endpoints(pattern) => glob::selects(pattern, endpoint),
        }
    }
}

impl fmt::Display for Threshold {
    /// The check in words: `GET /cart p95 < 300ms`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { selector, metric, limit, .. } = self;
        write!(out, "{selector} {metric} {limit}")?;
        if let Some(over) = self.window.over {
            write!(out, " each {}", unit::show_duration(over))?;
        }
        match self.level {
            Level::Warn => out.write_str(" (warn)"),
            Level::Fail => Ok(()),
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => out.write_str("whole run"),
            Self::Endpoints(pattern) if pattern == "*" => out.write_str("each endpoint"),
            Self::Endpoints(pattern) => out.write_str(pattern),
        }
    }
}

impl Relation {
    const ALL: [Self; 4] = [Self::AtMost, Self::AtLeast, Self::Below, Self::Above];

    /// Whether it bounds a value from above.
    #[must_use]
    pub fn is_upper(self) -> bool {
        match self {
            Self::Below | Self::AtMost => true,
            Self::Above | Self::AtLeast => false,
        }
    }

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

impl Limit {
    /// Reads `< 250ms` as a limit of that metric: a relation, a number, the unit of its kind.
    ///
    /// # Errors
    /// When the relation or the unit is missing or of the wrong kind, or the limit bounds the
    /// metric from its good side.
    pub fn parse(text: &str, metric: Metric) -> Result<Self, BadUnit> {
        let text = text.trim();
        let usual = usual_sign(metric);
        let found = Relation::ALL.into_iter().find(|relation| text.starts_with(relation.sign()));
        let Some(relation) = found else {
            return Err(without_relation(text, metric));
        };
        let number = text[relation.sign().len()..].trim();
        let bound = bound(number, metric.kind()).map_err(|bad| with_sign(relation, number, bad))?;
        let limit = Self { relation, bound };
        let good_side = match metric.better() {
            Better::Lower => !relation.is_upper(),
            Better::Higher => relation.is_upper(),
            Better::Neither => false,
        };
        if good_side {
            let better = if usual == "<" { "less" } else { "more" };
            return Err(BadUnit::new(
                format!("is the wrong way round: of `{metric}`, {better} is better"),
                format!("write `{usual} {number}`"),
            ));
        }
        match limit.decided(metric) {
            Some(true) => Err(BadUnit::new("always holds", "ask for something that can fail")),
            Some(false) => {
                let sign = if relation.is_upper() { "<=" } else { ">=" };
                Err(BadUnit::new("can never hold", format!("write `{sign} {number}`")))
            }
            None => Ok(limit),
        }
    }

    /// Whether the answer is certain whatever is measured, because no value lies on the other side.
    fn decided(&self, metric: Metric) -> Option<bool> {
        let least = match metric.kind() {
            Kind::Time => Value::Time(Duration::ZERO),
            Kind::Share => Value::Share(Ratio::ZERO),
            Kind::Rate => Value::Rate(Rate::ZERO),
            Kind::Count => Value::Count(0),
        };
        let whole = matches!(self.bound, Value::Share(share) if share.share() >= 1.0);
        match self.relation {
            Relation::Below if self.bound == least => Some(false),
            Relation::AtLeast if self.bound == least => Some(true),
            Relation::Above if whole => Some(false),
            Relation::AtMost if whole => Some(true),
            Relation::Below | Relation::AtMost | Relation::Above | Relation::AtLeast => None,
        }
    }
}

/// A limit of a metric as one writes it, for a hint.
pub(super) fn example_of(metric: Metric) -> String {
    format!("{} {}", usual_sign(metric), example(metric.kind()))
}

fn usual_sign(metric: Metric) -> &'static str {
    match (metric.better(), metric.kind()) {
        (Better::Higher, _) => ">",
        (_, Kind::Count) => ">=",
        (Better::Lower | Better::Neither, _) => "<",
    }
}

/// What is no relation of ours, `=` or `=<` or `≤`, is not repeated in the hint.
fn without_relation(text: &str, metric: Metric) -> BadUnit {
    let number = text.trim_start_matches(['=', '<', '>', '≤', '≥', '!', '~', ' ']);
    let usual = usual_sign(metric);
    let equal = text.starts_with(['=', '≤', '≥']) && !usual.ends_with('=');
    let number = if number.is_empty() { example(metric.kind()) } else { number };
    BadUnit::new(
        "needs a relation: `<`, `<=`, `>` or `>=`",
        format!("write `{usual}{} {number}`", if equal { "=" } else { "" }),
    )
}

/// A bound as one writes it, for a hint.
fn example(kind: Kind) -> &'static str {
    match kind {
        Kind::Time => "250ms",
        Kind::Share => "1%",
        Kind::Rate => "100/s",
        Kind::Count => "1000",
    }
}

fn bound(number: &str, kind: Kind) -> Result<Value, BadUnit> {
    let hint = format!("write `{}`", example(kind));
    if number.is_empty() {
        return Err(BadUnit::new("has no number", hint));
    }
    match kind {
        Kind::Time => unit::parse_duration(number).map(Value::Time),
        Kind::Share => Ratio::parse(number).map(Value::Share),
        Kind::Rate => Rate::parse(number).map(Value::Rate),
        Kind::Count => Some(number)
            .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|text| text.parse().ok())
            .map(Value::Count)
            .ok_or_else(|| BadUnit::new("is not a whole number", hint)),
    }
}

/// Puts the relation into the hint, so that it can be copied.
fn with_sign(relation: Relation, number: &str, bad: BadUnit) -> BadUnit {
    let sign = relation.sign();
    let hint = bad.hint.replace("write `", &format!("write `{sign} "));
    let hint = hint.replace(&format!("or `{number}"), &format!("or `{sign} {number}"));
    BadUnit { hint, ..bad }
}

impl fmt::Display for Limit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} ", self.relation.sign())?;
        match self.bound {
            Value::Time(time) => out.write_str(&unit::show_duration(time)),
            Value::Rate(rate) => out.write_str(&rate.written()),
            Value::Number(number, unit) => write!(out, "{number}{unit}"),
            bound @ (Value::Never | Value::Share(_) | Value::Count(_)) => write!(out, "{bound}"),
        }
    }
}
