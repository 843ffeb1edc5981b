//! The run against another version.

use super::asked::questions;
use super::finding::{Accepted, Asked, Doubt, Finding, Outcome, Scope};
use super::{past, side};
use crate::baseline::History;
use crate::plan::regression::{Inconclusive, Regression};
use crate::plan::threshold::{Level, Selector};
use crate::plan::{Plan, glob};
use crate::run::Run;

/// One finding for each change that is asked for and each endpoint it matches, in the order of the
/// plan.
pub(super) fn findings(plan: &Plan, run: &Run, history: Option<&History>) -> Vec<Finding> {
    let Some(regression) = &plan.regression else { return Vec::new() };
    let mut findings = questions(regression, plan, run);
    let history = history.filter(|_| regression.against.is_none());
    match (&run.rounds, history) {
        (Some(rounds), _) => side::answer(plan, regression, rounds, &mut findings),
        (None, Some(history)) => past::answer(regression, history, (plan, run), &mut findings),
        (None, None) => unanswered(regression, &mut findings),
    }
    for finding in &mut findings {
        left_open(finding, regression.inconclusive);
        accept(finding, plan, run);
    }
    findings
}

/// Whether a second run has to decide, since the first one is worse than those before it.
pub(super) fn is_suspicious(plan: &Plan, run: &Run, history: &History) -> bool {
    let from_history = |one: &&Regression| one.against.is_none();
    let Some(regression) = plan.regression.as_ref().filter(from_history) else { return false };
    let questions = questions(regression, plan, run);
    past::is_suspicious(regression, history, (plan, run), &questions)
}

fn unanswered(regression: &Regression, findings: &mut [Finding]) {
    for finding in findings {
        if finding.outcome == Outcome::Held {
            finding.outcome = Outcome::Unjudged(nothing(regression));
        }
    }
}

/// Why there is nothing to judge.
fn nothing(regression: &Regression) -> Doubt {
    match regression.against {
        Some(_) => Doubt::TooFewRounds { have: 0, need: Regression::FEWEST_ROUNDS },
        None => Doubt::NoBaseline,
    }
}

/// What the gate file wants of a comparison that could not tell. A comparison that went wrong is
/// none that could not tell: it holds the gate up whatever the file says.
fn left_open(finding: &mut Finding, inconclusive: Inconclusive) {
    let Outcome::Unjudged(doubt) = &finding.outcome else { return };
    if !is_open(doubt) {
        return;
    }
    match inconclusive {
        Inconclusive::Fail => {}
        Inconclusive::Warn => finding.level = Level::Warn,
        Inconclusive::Pass => (finding.level, finding.quiet) = (Level::Warn, true),
    }
}

/// Whether a doubt says that the data could not tell, and not that something went wrong.
fn is_open(doubt: &Doubt) -> bool {
    match doubt {
        Doubt::NoBaseline
        | Doubt::Foreign(_)
        | Doubt::OtherLoad(_)
        | Doubt::TooFewRuns { .. }
        | Doubt::TooFew { .. }
        | Doubt::Undecided
        | Doubt::Unarmed => true,
        Doubt::NoSuchScope { .. }
        | Doubt::NoSamples
        | Doubt::NoReadings(_)
        | Doubt::NoAnswers
        | Doubt::FellBehind(_)
        | Doubt::CutShort
        | Doubt::NoWindows
        | Doubt::NoSuchStage
        | Doubt::OverRange
        | Doubt::NoBase(_)
        | Doubt::OneShard(_)
        | Doubt::TooClose(_)
        | Doubt::TooShort(_)
        | Doubt::Untold(_)
        | Doubt::TooCoarse(..)
        | Doubt::Unsound(_)
        | Doubt::Invalid(_)
        | Doubt::Damaged(_)
        | Doubt::TooFewRounds { .. }
        | Doubt::Unequal(_) => false,
    }
}

/// Lets a regression pass that a person accepted, as long as that holds on the day of the run.
fn accept(finding: &mut Finding, plan: &Plan, run: &Run) {
    let Asked::Change { metric, .. } = finding.asked else { return };
    if finding.outcome != Outcome::Breached {
        return;
    }
    let about = |selector: &Selector| match (selector, &finding.scope) {
        (Selector::Whole, Scope::Whole) => true,
        (Selector::Endpoints(pattern), Scope::Endpoint(name)) => glob::selects(pattern, name),
        (Selector::Whole, Scope::Endpoint(_) | Scope::Probe(_))
        | (Selector::Endpoints(_), Scope::Whole | Scope::Probe(_)) => false,
    };
    let mut accepts = plan.accepts.iter().filter(|one| one.metric == metric);
    let found = accepts.find(|one| about(&one.selector) && one.holds(&run.origin.started));
    if let Some(one) = found {
        finding.level = Level::Warn;
        let (reason, until, by) = (one.reason.clone(), one.until.clone(), one.by.clone());
        finding.accepted = Some(Accepted { reason, until, by });
    }
}
