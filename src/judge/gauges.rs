//! What was asked beside the load, against its limits.

use super::finding::{Asked, Doubt, Finding, Outcome, Rule, Scope};
use super::reading::holds;
use crate::metric::Value;
use crate::plan::Plan;
use crate::plan::probe::{Gauge, ProbeLimit};
use crate::plan::threshold::{Level, Relation};
use crate::run::{Run, Series};

/// One finding for each limit on a probe, in the order of the plan.
pub(super) fn findings(plan: &Plan, run: &Run) -> Vec<Finding> {
    plan.probe_limits.iter().map(|limit| finding(run, limit)).collect()
}

fn finding(run: &Run, asked: &ProbeLimit) -> Finding {
    let series = run.probes.iter().find(|series| series.name == asked.probe);
    let (got, samples, outcome) = match series {
        Some(series) => judged(run, asked, series),
        None => (None, 0, Outcome::Unjudged(Doubt::NoReadings("nobody asked it".to_owned()))),
    };
    let missing = matches!(outcome, Outcome::Unjudged(Doubt::NoReadings(_)));
    let level = if missing && !asked.required { Level::Warn } else { asked.level };
    let scope = Scope::Probe(format!("probe.{}", asked.probe));
    let question = Asked::Gauge { gauge: asked.gauge, limit: asked.limit };
    let finding = Finding::of(Rule::Sla, scope, question, outcome);
    Finding { got, samples, level, line: asked.line, ..finding }
}

/// What was measured within the judged time, of how many answers, and what became of the limit.
fn judged(run: &Run, asked: &ProbeLimit, series: &Series) -> (Option<Value>, u64, Outcome) {
    let unit = asked.limit.bound.unit();
    if series.unit != unit {
        let why = format!("it was measured in {:?}, and the limit is in {unit:?}", series.unit);
        return (None, 0, Outcome::Unjudged(Doubt::NoReadings(why)));
    }
    let (answers, questions) = run.answers(series);
    let have = answers.len() as u64;
    let got = asked.gauge.of(&answers).map(|number| Value::Number(number, unit));
    let Some(value) = got else {
        return (None, 0, Outcome::Unjudged(Doubt::NoReadings(unanswered(0, questions, series))));
    };
    let need = asked.gauge.samples_needed();
    let outcome = if is_certain(asked) && !holds(asked.limit, value) {
        // What other answers would have said cannot mend it.
        Outcome::Breached
    } else if have * 2 < questions {
        Outcome::Unjudged(Doubt::NoReadings(unanswered(have, questions, series)))
    } else if have < need {
        Outcome::Unjudged(Doubt::TooFew { have, need })
    } else if holds(asked.limit, value) {
        Outcome::Held
    } else {
        Outcome::Breached
    };
    (got, have, outcome)
}

/// Whether one answer beyond the limit is enough, whatever the others are.
fn is_certain(asked: &ProbeLimit) -> bool {
    match (asked.gauge, asked.limit.relation) {
        (Gauge::Max, Relation::Below | Relation::AtMost)
        | (Gauge::Min, Relation::Above | Relation::AtLeast) => true,
        (Gauge::Max | Gauge::Min | Gauge::Mean | Gauge::Last | Gauge::Quantile(_), _) => false,
    }
}

fn unanswered(have: u64, questions: u64, series: &Series) -> String {
    let said = match series.said.as_str() {
        "" => "the load ended before an answer came",
        said => said,
    };
    match (have, questions) {
        (0, 0) => "the judged time was over before it was asked".to_owned(),
        (0, 1) => format!("its one question was not answered: {said}"),
        (0, _) => format!("none of {questions} questions was answered: {said}"),
        (have, _) => format!("only {have} of {questions} questions were answered: {said}"),
    }
}
