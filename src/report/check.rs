//! One expectation and what became of it, as every report tells it.

use std::time::Duration;

use super::change::{self, Accepted};
use super::doubted::doubt;
use super::measured::Measured;
use super::used::{excess, margin, used};
use super::words;
use crate::judge::finding::{Asked, Change, Finding, Outcome, Rule, Scope};
use crate::judge::interval::Interval;
use crate::metric::{Metric, Value};
use crate::plan::threshold::{Level, Limit};
use crate::sanitise::Clean;

/// One expectation and what became of it. Every text in it is fit for a sink.
#[derive(Clone, Debug)]
pub struct Check {
    /// Which kind of rule asked.
    pub rule: Rule,
    /// Of what: `*` for the whole run, an endpoint's name else.
    pub scope: Clean,
    /// It is asked of the whole run.
    pub whole: bool,
    /// What is measured: `p99`, `error_rate`; `fit` of the measurement itself, `policy` of the gate
    /// file.
    pub metric: String,
    /// What was asked, as a gate file has it: `< 250ms`.
    pub asked: String,
    /// The same for people: `< 250 ms`; empty for the measurement itself.
    pub limit: String,
    /// The limit where it is a time and the whole judged time is looked at, for plots.
    pub time_limit: Option<Duration>,
    /// Each window of this length.
    pub over: Option<Duration>,
    /// The stage that is looked at.
    pub during: Option<Clean>,
    /// What was measured.
    pub got: Option<Value>,
    /// Between which values it lies, where another tool's file does not tell it more exactly.
    pub between: Option<(Value, Value)>,
    /// How far that lies from the limit: `+65 %`.
    pub excess: Option<String>,
    /// How much of its limit it uses; see [`used`].
    pub used: Option<f64>,
    /// The samples behind it.
    pub samples: u64,
    /// What became of it.
    pub outcome: Outcome,
    /// Why there is no answer, as a half sentence; empty where there is one.
    pub doubt: Clean,
    /// What made the measurement unfit, each with advice.
    pub reasons: Vec<Clean>,
    /// How much a breach matters.
    pub level: Level,
    /// Where the worst window lies.
    pub at: Option<(Duration, Duration)>,
    /// The user did not write it.
    pub default: bool,
    /// Only the gate file of the base commit asks for it.
    pub base: bool,
    /// What bounds what was measured.
    pub interval: Option<Interval>,
    /// How it changed against another version, where that could be measured.
    pub change: Option<Change>,
    /// How much a change may be, where one is asked for: -0.05 for `-5%`.
    pub margin: Option<f64>,
    /// The least change that counts beside the limit.
    pub floor: Option<Duration>,
    /// Who let it pass, until when, and why.
    pub accepted: Option<Accepted>,
    /// How much it asks for attention.
    pub mark: Mark,
    /// What is said of the gate file itself, or of the script of another tool; `None` for any other
    /// check.
    pub told: Option<Clean>,
    /// The line of the gate file, 1-based; 0 for none.
    pub line: usize,
    /// The same percentile with, or without, the failed requests, where that differs: `good_p99 200
    /// ms`.
    pub beside: Option<String>,
}

/// How much a check asks for attention, the most first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// Breached, and the gate fails.
    Fail,
    /// Not judged, and the gate cannot pass.
    Doubt,
    /// Breached, and only said.
    Warn,
    /// Not judged, and only said.
    Unsure,
    /// Not judged, and the gate file wants no more ado about it.
    Open,
    /// Held.
    Held,
}

impl Mark {
    /// Every mark, the most urgent first.
    pub const ALL: [Self; 6] =
        [Self::Fail, Self::Doubt, Self::Warn, Self::Unsure, Self::Open, Self::Held];

    fn of(finding: &Finding) -> Self {
        match (&finding.outcome, finding.level) {
            (Outcome::Held, _) => Self::Held,
            (Outcome::Breached, Level::Fail) => Self::Fail,
            (Outcome::Breached, Level::Warn) => Self::Warn,
            (Outcome::Unjudged(_), Level::Fail) => Self::Doubt,
            (Outcome::Unjudged(_), Level::Warn) if finding.quiet => Self::Open,
            (Outcome::Unjudged(_), Level::Warn) => Self::Unsure,
        }
    }

    /// The word in front of a check.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Doubt | Self::Unsure => "doubt",
            Self::Warn => "warn",
            Self::Open => "open",
            Self::Held => "held",
        }
    }

    /// Whether it asks for attention at all.
    #[must_use]
    pub fn is_urgent(self) -> bool {
        match self {
            Self::Fail | Self::Doubt | Self::Warn | Self::Unsure => true,
            Self::Open | Self::Held => false,
        }
    }
}

impl Check {
    /// Tells a finding; `clean` makes text from outside fit for a sink, `measured` is what its
    /// scope measured.
    #[must_use]
    pub fn of(
        finding: &Finding,
        clean: &dyn Fn(&str) -> Clean,
        measured: Option<&Measured>,
    ) -> Self {
        let Wanted { metric, limit, over, during, floor } = Wanted::of(&finding.asked);
        let (doubt, reasons) = doubt(&finding.outcome, clean);
        let trust = finding.rule == Rule::Trust;
        let reasons = reasons.iter().filter(|_| trust).map(|reason| Clean::line(reason));
        Self {
            rule: finding.rule,
            scope: clean(finding.scope.name()),
            whole: finding.scope == Scope::Whole,
            metric,
            asked: words::asked(&finding.asked),
            limit,
            time_limit: time_limit(&finding.asked),
            over,
            during: during.map(clean),
            got: finding.got,
            between: finding.between,
            excess: excess(finding),
            used: used(finding),
            margin: margin(&finding.asked),
            samples: finding.samples,
            outcome: finding.outcome.clone(),
            doubt,
            reasons: reasons.collect(),
            level: finding.level,
            at: finding.at,
            default: finding.default,
            base: finding.base,
            interval: finding.interval.clone(),
            change: finding.change.clone(),
            floor,
            accepted: finding.accepted.as_ref().map(|one| Accepted::of(one, clean)),
            mark: Mark::of(finding),
            told: told(&finding.asked).map(clean),
            line: finding.line,
            beside: measured.and_then(|measured| beside(finding, measured)),
        }
    }

    /// Whether it asks if the measurement itself is fit to be judged.
    #[must_use]
    pub fn is_fitness(&self) -> bool {
        self.rule == Rule::Trust && self.told.is_none()
    }

    /// Whether it compares the gate file with that of a base.
    #[must_use]
    pub fn is_policy(&self) -> bool {
        self.told.is_some() && self.metric == "policy"
    }

    /// Of what it speaks, for people.
    #[must_use]
    pub fn place(&self) -> &str {
        if self.is_policy() {
            "gate file"
        } else if self.told.is_some() {
            "locustfile"
        } else if self.rule == Rule::Trust {
            "measurement"
        } else if self.whole {
            "whole run"
        } else {
            self.scope.as_str()
        }
    }

    /// What was measured, for a column of numbers: `412.3 ms`, or `+7.2 %` of a change.
    #[must_use]
    pub fn measured(&self) -> String {
        match (&self.change, self.got) {
            (Some(change), _) => change::short(change),
            (None, Some(got)) => words::value(got),
            (None, None) => "–".to_owned(),
        }
    }

    /// What was measured and what it should be: `p99 412.3 ms, limit < 250 ms`; why there is no
    /// answer else.
    #[must_use]
    pub fn said(&self) -> String {
        if let Some(said) = &self.told {
            let doubted = matches!(self.outcome, Outcome::Unjudged(_));
            return if doubted { &self.doubt } else { said }.to_string();
        }
        let metric = &self.metric;
        let measured = match (&self.change, self.got) {
            (Some(change), _) => format!("{metric} {}", change::estimate(change)),
            (None, Some(got)) => format!("{metric} {}", words::value(got)),
            (None, None) => metric.clone(),
        };
        match (self.rule, &self.outcome) {
            (Rule::Trust, Outcome::Held) if self.metric == "sound" => {
                "taken from another tool's files, which tell a whole run".to_owned()
            }
            (Rule::Trust, Outcome::Held) if self.metric == "valid" => {
                "was told all of, by every process".to_owned()
            }
            (Rule::Trust, Outcome::Held) => "kept up with its plan".to_owned(),
            (Rule::Trust, Outcome::Breached) => "did not keep up with its plan".to_owned(),
            (Rule::Trust, Outcome::Unjudged(_)) => self.doubt.to_string(),
            (Rule::Sla | Rule::Regression, Outcome::Held | Outcome::Breached) => {
                format!("{measured}, limit {}", self.limit)
            }
            (Rule::Sla | Rule::Regression, Outcome::Unjudged(_)) => {
                format!("{measured}, limit {}: {}", self.limit, self.doubt)
            }
        }
    }

    /// What else there is to say: the window, the stage, the other percentile, that nobody wrote
    /// it.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        let mut all: Vec<_> = self.reasons.iter().map(ToString::to_string).collect();
        if let Some(stage) = &self.during {
            all.push(format!("during stage {stage}"));
        }
        match (self.over, self.at) {
            (Some(over), Some((from, to))) => all.push(format!(
                "each {} window, the worst from {} to {}",
                words::duration(over),
                words::moment(from),
                words::moment(to)
            )),
            (Some(over), None) => all.push(format!("each {} window", words::duration(over))),
            (None, Some((from, to))) => {
                all.push(format!("from {} to {}", words::moment(from), words::moment(to)));
            }
            (None, None) => {}
        }
        all.extend(self.interval.as_ref().map(words::interval));
        all.extend(self.between.map(|(low, high)| {
            format!("known to lie between {} and {}", words::value(low), words::value(high))
        }));
        all.extend(self.beside.clone());
        if let Some(change) = &self.change {
            all.extend(change::remarks(change, self.got.map(words::value), self.samples));
        }
        all.extend(self.floor.map(|floor| format!("and by more than {}", words::duration(floor))));
        all.extend(self.accepted.iter().map(ToString::to_string));
        if self.base {
            all.push("asked for by the base commit, and no longer by this gate file".to_owned());
        }
        if self.default {
            all.push("a default, not in the gate file".to_owned());
        }
        all
    }
}

/// What was asked, in words.
#[derive(Default)]
struct Wanted<'a> {
    metric: String,
    limit: String,
    over: Option<Duration>,
    during: Option<&'a str>,
    floor: Option<Duration>,
}

impl<'a> Wanted<'a> {
    fn of(asked: &'a Asked) -> Self {
        match asked {
            Asked::Limit { metric, limit, over, during } => {
                let (metric, limit) = (metric.to_string(), words::limit(*limit));
                Self { metric, limit, over: *over, during: during.as_deref(), floor: None }
            }
            Asked::Change { metric, limit, floor } => {
                let (metric, limit) = (metric.to_string(), words::margin(*limit));
                Self { metric, limit, floor: *floor, ..Self::default() }
            }
            Asked::Gauge { gauge, limit } => {
                let (metric, limit) = (gauge.to_string(), words::limit(*limit));
                Self { metric, limit, ..Self::default() }
            }
            Asked::Fit => Self { metric: "fit".to_owned(), ..Self::default() },
            Asked::Sound => Self { metric: "sound".to_owned(), ..Self::default() },
            Asked::Valid => Self { metric: "valid".to_owned(), ..Self::default() },
            Asked::Script(_) => Self { metric: "script".to_owned(), ..Self::default() },
            Asked::Policy(_) => Self { metric: "policy".to_owned(), ..Self::default() },
        }
    }
}

/// What is told in a sentence of its own.
fn told(asked: &Asked) -> Option<&str> {
    match asked {
        Asked::Policy(said) | Asked::Script(said) => Some(said),
        Asked::Limit { .. }
        | Asked::Gauge { .. }
        | Asked::Change { .. }
        | Asked::Fit
        | Asked::Sound
        | Asked::Valid => None,
    }
}

fn time_limit(asked: &Asked) -> Option<Duration> {
    match asked {
        Asked::Limit { limit: Limit { bound: Value::Time(time), .. }, during: None, .. } => {
            Some(*time)
        }
        Asked::Limit { .. }
        | Asked::Gauge { .. }
        | Asked::Change { .. }
        | Asked::Fit
        | Asked::Sound
        | Asked::Valid
        | Asked::Script(_)
        | Asked::Policy(_) => None,
    }
}

/// The counterpart of a percentile over the whole judged time, where the failed requests make a
/// difference.
fn beside(finding: &Finding, measured: &Measured) -> Option<String> {
    let Asked::Limit { metric, over: None, during: None, .. } = &finding.asked else { return None };
    let got = finding.got?;
    let (quantile, other, spread) = match metric {
        Metric::Latency(quantile) => (quantile, Metric::GoodLatency(*quantile), measured.good?),
        Metric::GoodLatency(quantile) => (quantile, Metric::Latency(*quantile), measured.latency?),
        Metric::Mean
        | Metric::Max
        | Metric::ErrorRate
        | Metric::Throughput
        | Metric::Status(_)
        | Metric::Count
        | Metric::Timing(..)
        | Metric::EventsPerSecond => return None,
    };
    let value = match quantile.to_string().as_str() {
        "p50" => spread.p50,
        "p95" => spread.p95,
        "p99" => spread.p99,
        _ => return None,
    };
    (value != got).then(|| format!("{other} {}", words::value(value)))
}
