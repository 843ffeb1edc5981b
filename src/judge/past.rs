//! The run against the runs before it.

use std::collections::BTreeMap;

use super::finding::{Asked, Change, Doubt, Finding, Outcome, Rests};
use super::foreseen::Foreseen;
use super::sight::{Look, Pair, Sight, Subject, Values, scope_name};
use super::trust;
use crate::baseline::course::{frame, tally};
use crate::baseline::{History, Past};
use crate::metric::{Metric, Value};
use crate::plan::Plan;
use crate::plan::regression::Regression;
use crate::run::Run;
use crate::stats::errors::ErrorFound;
use crate::stats::history::{FEWEST, Rates, Reading, judge};
use crate::stats::shift::{self, Found};
use crate::unit::{Rate, Ratio};

/// The part of the chance of a false claim that error rates may use up; the rest is for times and
/// throughput.
const FOR_ERRORS: f64 = 0.25;
/// The chance that a check passes although it is beyond its limit.
const BETA: f64 = 0.05;
/// How claims are made, for reports.
const METHOD: &str = "prediction interval from earlier runs (Student's t)";
const METHOD_ANCHOR: &str = "prediction interval from the runs up to the anchor (Student's t)";
const METHOD_PROBED: &str =
    "prediction interval from earlier runs, each divided by its reference service (Student's t)";
const METHOD_ANCHOR_PROBED: &str = "prediction interval from the runs up to the anchor, each \
    divided by its reference service (Student's t)";
const METHOD_ERRORS: &str = "conditional binomial against earlier runs";

/// Answers questions from the history.
pub(super) fn answer(
    regression: &Regression,
    history: &History,
    (plan, run): (&Plan, &Run),
    questions: &mut [Finding],
) {
    let past = match history {
        History::Past(past) => past,
        History::Nothing => return doubt(questions, &Doubt::NoBaseline),
        History::Foreign(how) => return doubt(questions, &Doubt::Foreign(how.clone())),
        History::OtherLoad(how) => return doubt(questions, &Doubt::OtherLoad(how.clone())),
        History::Damaged(why) => return doubt(questions, &Doubt::Damaged(why.clone())),
    };
    let family = Family::of(regression, past, (plan, run), questions);
    let found = family.judge();
    for (finding, answer) in questions.iter_mut().zip(found) {
        match answer {
            Answer::Not(doubt) => finding.outcome = Outcome::Unjudged(doubt),
            Answer::Time(time) => tell(finding, &time),
            Answer::Errors(found, runs) => tell_errors(finding, &found, runs),
        }
        let scope = scope_name(&finding.scope);
        if let Asked::Change { metric, .. } = finding.asked
            && let Some(tally) = tally(run, scope)
        {
            finding.got = tally.read(metric, frame(run));
            finding.samples = tally.samples(metric);
        }
    }
}

/// Whether the run alone is suspicious, so that a second one has to decide.
pub(super) fn is_suspicious(
    regression: &Regression,
    history: &History,
    (plan, run): (&Plan, &Run),
    questions: &[Finding],
) -> bool {
    let History::Past(past) = history else { return false };
    let family = Family::of(regression, past, (plan, run), questions);
    family.is_suspicious()
}

/// What would be found of each question, told from the runs before it alone: the last of them
/// stands for the run to come.
pub(super) fn foreseen(
    regression: &Regression,
    past: &Past,
    plan: &Plan,
    questions: &[Finding],
) -> Vec<Foreseen> {
    let Some(last) = past.runs.last() else { return vec![Foreseen::Unknown; questions.len()] };
    let family = Family::of(regression, past, (plan, &last.run), questions);
    let times = family.sizes().0;
    let errors = regression.asked(true).any(|one| one.metric == Metric::ErrorRate);
    let alpha = 1.0 - regression.confidence.share();
    let alpha = alpha * (1.0 - if errors { FOR_ERRORS } else { 0.0 });
    let told = |look: Look| match look {
        Look::Time(Pair { last: Some(reading), .. }) => {
            let (check, detectable) = (reading.check, reading.detectable(alpha, times));
            let limit = check.limited(check.worse(reading.norm.center).exp());
            let (change, within) = (check.change(detectable), detectable <= limit);
            Foreseen::Found { change, within, rounds: None }
        }
        Look::Time(Pair { have, .. }) | Look::Not(Doubt::TooFewRuns { have, .. }) => {
            Foreseen::TooFewRuns { have, need: FEWEST }
        }
        Look::Errors(_) | Look::Not(_) => Foreseen::Unknown,
    };
    family.looks.into_iter().map(told).collect()
}

fn doubt(questions: &mut [Finding], doubt: &Doubt) {
    for finding in questions {
        if finding.outcome == Outcome::Held {
            finding.outcome = Outcome::Unjudged(doubt.clone());
        }
    }
}

/// All checks of the comparison, which share one chance of a false claim.
struct Family<'a> {
    regression: &'a Regression,
    /// Of each question, what was looked at.
    looks: Vec<Look>,
}

/// What came of a question.
enum Answer {
    Not(Doubt),
    Time(Told),
    Errors(ErrorFound, usize),
}

/// A reading, what came of it, and how.
struct Told {
    reading: Reading,
    found: Found,
    by: f64,
    method: &'static str,
}

impl Told {
    /// What is told of two: a claim, then what a second run has to decide, then the last runs.
    fn urgency(&self, family: usize) -> u8 {
        let open = self.reading.second.is_none() && self.reading.suspicious(family);
        if self.found.outcome == shift::Outcome::Fail { 2 } else { u8::from(open) }
    }
}

/// What is told of a subject: what came of the last runs, unless the anchor claims more. Where the
/// last runs are too few, the anchor alone proves nothing good.
fn most_urgent(last: Option<Told>, anchor: Option<Told>, family: usize) -> Option<Told> {
    let usual = last.as_ref().map_or(0, |told| told.urgency(family));
    anchor.filter(|told| told.urgency(family) > usual).or(last)
}

/// The names of the methods: against the last runs, and against the anchor.
fn methods(probed: bool) -> [&'static str; 2] {
    if probed { [METHOD_PROBED, METHOD_ANCHOR_PROBED] } else { [METHOD, METHOD_ANCHOR] }
}

impl<'a> Family<'a> {
    fn of(
        regression: &'a Regression,
        past: &Past,
        (plan, run): (&Plan, &Run),
        questions: &[Finding],
    ) -> Self {
        let second = run.again.as_deref().filter(|again| trust::doubt(plan, again).is_none());
        let mut sight =
            Sight { runs: &past.runs, anchor: &past.anchor, run, second, probed: false };
        sight.probed = sight.is_steadier_by_the_reference(questions);
        let mut values: BTreeMap<String, Result<Values, Doubt>> = BTreeMap::new();
        let looks = questions.iter().map(|finding| {
            let Asked::Change { metric, .. } = finding.asked else {
                return Look::Not(Doubt::NoBaseline);
            };
            if let Outcome::Unjudged(doubt) = &finding.outcome {
                return Look::Not(doubt.clone());
            }
            if metric == Metric::ErrorRate {
                return sight.errors(finding);
            }
            let subject: Subject = (finding.scope.clone(), metric);
            let key = format!("{} {metric}", finding.scope.name());
            let values = values.entry(key).or_insert_with(|| sight.values(&subject));
            match values {
                Ok(values) => values.look(finding, regression),
                Err(doubt) => Look::Not(doubt.clone()),
            }
        });
        Self { regression, looks: looks.collect() }
    }

    /// How many tests there are of times and throughput, and of error rates.
    fn sizes(&self) -> (usize, usize) {
        let times = self.readings().count();
        let errors = self.looks.iter().filter(|look| matches!(look, Look::Errors(_))).count();
        (times, errors)
    }

    /// All readings, in order.
    fn readings(&self) -> impl Iterator<Item = Reading> {
        self.looks.iter().flat_map(|look| match look {
            Look::Time(pair) => pair.last.into_iter().chain(pair.anchor),
            Look::Errors(_) | Look::Not(_) => None.into_iter().chain(None),
        })
    }

    fn is_suspicious(&self) -> bool {
        let (times, errors) = self.sizes();
        self.looks.iter().any(|look| match look {
            Look::Time(Pair { last, anchor, .. }) => {
                last.iter().chain(anchor).any(|reading| reading.suspicious(times))
            }
            Look::Errors(one) => one.suspicious(errors),
            Look::Not(_) => false,
        })
    }

    fn judge(self) -> Vec<Answer> {
        let alpha = 1.0 - self.regression.confidence.share();
        let (times, errors) = self.sizes();
        let for_errors = if errors == 0 { 0.0 } else { FOR_ERRORS };
        let readings: Vec<Reading> = self.readings().collect();
        let rates = Rates { alpha: alpha * (1.0 - for_errors), beta: BETA };
        let mut found = judge(&readings, rates).into_iter();
        let answer = |look: Look| match look {
            Look::Not(doubt) => Answer::Not(doubt),
            Look::Time(pair) => {
                let mut told = |reading: Reading, method| {
                    found.next().map(|found| Told { reading, found, by: pair.by, method })
                };
                let [plain, anchored] = methods(pair.by != 0.0);
                let last = pair.last.and_then(|one| told(one, plain));
                let anchor = pair.anchor.and_then(|one| told(one, anchored));
                most_urgent(last, anchor, times).map_or_else(
                    || Answer::Not(Doubt::TooFewRuns { have: pair.have, need: FEWEST }),
                    Answer::Time,
                )
            }
            Look::Errors(one) => {
                let runs = one.past.len();
                match one.judge(alpha * for_errors, BETA, errors) {
                    Some(found) => Answer::Errors(found, runs),
                    None => Answer::Not(Doubt::NoSamples),
                }
            }
        };
        self.looks.into_iter().map(answer).collect()
    }
}

fn tell(finding: &mut Finding, told: &Told) {
    let Asked::Change { metric, .. } = finding.asked else { return };
    let Told { reading: Reading { check, norm, .. }, found, by, method } = told;
    // Turned back, less throughput is a fall: the bounds change places.
    let ends = [found.bounds.lower, found.bounds.upper].map(|log| check.change(log));
    let (lower, upper) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
    finding.change = Some(Change {
        in_points: false,
        estimate: check.change(found.estimate),
        lower,
        upper,
        p: found.p,
        rests: Rests::Runs(found.count),
        base: value(metric, check.worse(norm.center) + by),
        detectable: Some(check.change(found.detectable)),
        armed: found.armed,
        method,
        cautions: Vec::new(),
    });
    finding.outcome = outcome(found.outcome, found.armed);
}

fn tell_errors(finding: &mut Finding, found: &ErrorFound, runs: usize) {
    finding.change = Some(Change {
        in_points: true,
        estimate: found.estimate,
        lower: found.lower,
        upper: found.upper,
        p: found.p,
        rests: Rests::Runs(runs),
        base: Ratio::new(found.base).map(Value::Share),
        detectable: None,
        armed: true,
        method: METHOD_ERRORS,
        cautions: Vec::new(),
    });
    finding.outcome = outcome(found.outcome, true);
}

fn outcome(outcome: shift::Outcome, armed: bool) -> Outcome {
    match outcome {
        shift::Outcome::Fail => Outcome::Breached,
        // Worse for sure, and within what is allowed: the change says so.
        shift::Outcome::Warn => Outcome::Held,
        shift::Outcome::Pass if armed => Outcome::Held,
        shift::Outcome::Inconclusive if armed => Outcome::Unjudged(Doubt::Undecided),
        shift::Outcome::Pass | shift::Outcome::Inconclusive => Outcome::Unjudged(Doubt::Unarmed),
    }
}

/// A logarithm as a value of the metric.
fn value(metric: Metric, log: f64) -> Option<Value> {
    let number = log.exp();
    match metric {
        Metric::Latency(_) => time(number / 1e6),
        Metric::Mean => time(number / 1e3),
        Metric::Throughput => Rate::per_second(number).map(Value::Rate),
        Metric::GoodLatency(_)
        | Metric::Max
        | Metric::ErrorRate
        | Metric::Status(_)
        | Metric::Count
        | Metric::Timing(..)
        | Metric::EventsPerSecond => None,
    }
}

fn time(seconds: f64) -> Option<Value> {
    std::time::Duration::try_from_secs_f64(seconds).ok().map(Value::Time)
}
