//! The words of a judgement: findings, outcomes, doubts, the verdict.

mod words;

use std::time::Duration;

use super::interval::{Close, Interval};
use crate::metric::{Metric, Value};
use crate::plan::probe::Gauge;
use crate::plan::threshold::{Level, Limit};
use crate::policy::Policy;
use crate::shard::Shard;
use crate::stats::side::Caution;
use crate::unit::Margin;

/// Findings, in the order of the plan, with the facts a reader needs to believe them.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// One for each expectation, no more, no fewer.
    pub findings: Vec<Finding>,
    /// The run was cut short by a signal, which one.
    pub interrupted: Option<String>,
    /// How the gate file compares with the base commit's; `None` where there is no base.
    pub policy: Option<Policy>,
}

/// What became of one expectation.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Which kind of rule asked.
    pub rule: Rule,
    /// Of what: `*` for the whole run, an endpoint's name else.
    pub scope: Scope,
    /// What was asked.
    pub asked: Asked,
    /// What was measured; `None` where nothing could be.
    pub got: Option<Value>,
    /// Between which values it lies, where another tool's file does not tell it more exactly.
    pub between: Option<(Value, Value)>,
    /// The samples behind it.
    pub samples: u64,
    /// Held, breached, or not to be judged.
    pub outcome: Outcome,
    /// How much a breach matters.
    pub level: Level,
    /// Where in the run the worst window lies, for windowed expectations.
    pub at: Option<(Duration, Duration)>,
    /// What bounds what was measured, where the run was long enough to tell.
    pub interval: Option<Interval>,
    /// How it changed against another version, where that is what was asked and could be measured.
    pub change: Option<Change>,
    /// A person let it pass.
    pub accepted: Option<Accepted>,
    /// The gate file wants it told in the reports alone, where it cannot be judged.
    pub quiet: bool,
    /// The user did not write the expectation.
    pub default: bool,
    /// Only the gate file of the base commit asks for it.
    pub base: bool,
    /// The line of the gate file it stands on, 1-based; 0 for none.
    pub line: usize,
}

impl Finding {
    /// What became of something asked, with nothing measured, and a breach that fails the gate.
    pub(super) fn of(rule: Rule, scope: Scope, asked: Asked, outcome: Outcome) -> Self {
        Self {
            rule,
            scope,
            asked,
            got: None,
            between: None,
            samples: 0,
            outcome,
            level: Level::Fail,
            at: None,
            interval: None,
            change: None,
            accepted: None,
            quiet: false,
            default: false,
            base: false,
            line: 0,
        }
    }
}

/// Which kind of rule asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// An absolute threshold.
    Sla,
    /// A comparison with another version.
    Regression,
    /// The measurement itself must be fit to be judged.
    Trust,
}

/// Of what a finding speaks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// The whole run.
    Whole,
    /// One endpoint, by name; or the selector as written, where it matched none.
    Endpoint(String),
    /// What was asked beside the load: `probe.cpu`.
    Probe(String),
}

/// What was asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    /// A metric within a limit, over all of the judged time, a stage, or each window.
    Limit {
        /// The metric.
        metric: Metric,
        /// The limit.
        limit: Limit,
        /// Each window of this length.
        over: Option<Duration>,
        /// The name of the stage.
        during: Option<String>,
    },
    /// What a probe answered within a limit, over all of the judged time.
    Gauge {
        /// What of its answers.
        gauge: Gauge,
        /// The limit, in the probe's unit.
        limit: Limit,
    },
    /// A metric that became no more than so much worse.
    Change {
        /// The metric.
        metric: Metric,
        /// How much worse it may become.
        limit: Margin,
        /// A change must also be larger than this.
        floor: Option<Duration>,
    },
    /// The generator kept up with its plan.
    Fit,
    /// The files of another tool tell a whole run.
    Sound,
    /// The run that another tool was told to make is whole.
    Valid,
    /// The script that another tool ran was content; what it did, in words.
    Script(String),
    /// The gate file asks for no less than that of the base commit; what was found, in words.
    Policy(String),
}

/// How a metric changed against another version. Shares are of what it was, and of all requests
/// where they are percentage points; positive is more, whichever way is better.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Percentage points of an error rate, and not shares of what it was.
    pub in_points: bool,
    /// The estimate.
    pub estimate: f64,
    /// It is above this; minus infinity where nothing bounds it. The side that would be worse is
    /// bounded at the confidence of the whole comparison.
    pub lower: f64,
    /// It is below this; infinity where nothing bounds it.
    pub upper: f64,
    /// The chance of data like these if the change were no more than what is ignored, corrected for
    /// all checks together.
    pub p: f64,
    /// What it rests on.
    pub rests: Rests,
    /// What was measured of the version compared with.
    pub base: Option<Value>,
    /// The change that would have been found in 95 of 100 comparisons as long as this one; `None`
    /// where nobody can say.
    pub detectable: Option<f64>,
    /// Whether that lies within the limit: only then a pass means something.
    pub armed: bool,
    /// The name of the method.
    pub method: &'static str,
    /// What a reader should know of the rounds besides.
    pub cautions: Vec<Caution>,
}

/// What a comparison rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rests {
    /// Rounds of two versions side by side.
    Rounds(usize),
    /// Earlier runs.
    Runs(usize),
}

/// Who let a regression pass, until when, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    pub until: String,
    /// Who answers for it.
    pub by: String,
}

/// What became of an expectation.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It was met.
    Held,
    /// It was not.
    Breached,
    /// No answer can be given.
    Unjudged(Doubt),
}

/// Why no answer can be given. Each has a page under `loadgate explain`.
#[derive(Clone, Debug, PartialEq)]
pub enum Doubt {
    /// The scope matched no endpoint; the nearest name, where one is near.
    NoSuchScope {
        /// The endpoint whose name is most alike.
        nearest: Option<String>,
    },
    /// No request of the scope ended within the time looked at.
    NoSamples,
    /// A probe answered too few of its questions, or none: how many, and why.
    NoReadings(String),
    /// Too few samples for this metric.
    TooFew {
        /// How many there are.
        have: u64,
        /// How many it takes.
        need: u64,
    },
    /// Nothing in the whole run was answered.
    NoAnswers,
    /// The generator was the bottleneck: how, in words with numbers and advice.
    FellBehind(Vec<String>),
    /// The run ended before the time looked at was over.
    CutShort,
    /// The run's slices do not tell windows of this length apart.
    NoWindows,
    /// The run has no stage of that name.
    NoSuchStage,
    /// The answer lies above the longest time that was told apart.
    OverRange,
    /// The gate file of the base commit cannot be read, and why.
    NoBase(String),
    /// The run is one part of several.
    OneShard(Shard),
    /// With confidence asked for: the limit lies between the bounds of what was measured.
    TooClose(Close),
    /// With confidence asked for: the run is shorter than this, or not told apart in ten parts.
    TooShort(Duration),
    /// There is nothing to compare with.
    NoBaseline,
    /// Fewer earlier runs than a claim needs.
    TooFewRuns {
        /// How many there are.
        have: usize,
        /// How many it takes.
        need: usize,
    },
    /// The earlier runs are of another machine or another service: how they differ.
    Foreign(String),
    /// The earlier runs had another load: how it differs.
    OtherLoad(String),
    /// What is kept of earlier runs cannot be read, and why.
    Damaged(String),
    /// Fewer rounds than a claim needs.
    TooFewRounds {
        /// How many there are.
        have: usize,
        /// How many it takes.
        need: usize,
    },
    /// The two versions were not under the same conditions, and how not.
    Unequal(Vec<String>),
    /// The change may lie within its limit or beyond it.
    Undecided,
    /// A change as large as the limit would not have been found.
    Unarmed,
    /// The files of another tool do not tell it: why, and what to give instead.
    Untold(String),
    /// The files of another tool tell it no more exactly than this, and the limit lies between.
    TooCoarse(Value, Value),
    /// The files of another tool cannot be taken for a whole run: why, each in one sentence.
    Unsound(Vec<String>),
    /// The run that another tool was told to make is none that can be judged: why, each in one
    /// sentence.
    Invalid(Vec<String>),
}

/// What a gate ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// All that was asked was held.
    Pass,
    /// No judgement can be given.
    Inconclusive,
    /// Something asked was breached.
    Fail,
}

impl Judgement {
    /// The worst outcome among what fails the gate. Where nothing was asked, nothing passed; nor
    /// does a run that was interrupted.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let strict = self.findings.iter().filter(|finding| finding.level == Level::Fail);
        let worst = strict.map(|finding| finding.outcome.verdict()).max();
        let least = if self.interrupted.is_some() { Verdict::Inconclusive } else { Verdict::Pass };
        worst.unwrap_or(Verdict::Inconclusive).max(least)
    }
}

impl Verdict {
    /// The name in every report.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Inconclusive => "inconclusive",
            Self::Fail => "fail",
        }
    }
}

impl Outcome {
    /// What it makes of a gate that depends on it.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Held => Verdict::Pass,
            Self::Unjudged(_) => Verdict::Inconclusive,
            Self::Breached => Verdict::Fail,
        }
    }

    /// The name in every report.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Breached => "breached",
            Self::Unjudged(_) => "unjudged",
        }
    }
}

impl Rule {
    /// The name in every report.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sla => "sla",
            Self::Regression => "regression",
            Self::Trust => "trust",
        }
    }
}

impl Scope {
    /// `*` for the whole run, an endpoint's name else.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Whole => "*",
            Self::Endpoint(name) | Self::Probe(name) => name,
        }
    }
}
