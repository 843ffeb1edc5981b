//! Judgement: a plan and a run in, findings out. Pure.

pub mod interval;
pub mod finding;
pub mod foreseen;
mod window;
mod beyond;
mod sure;
mod trust;
mod reading;
mod quoted;
mod absolute;
mod gauges;
mod noise;
mod sight;
mod past;
mod asked;
mod pairs;
mod side;
mod relative;
pub mod outlook;
mod ending;
mod script;
mod early;
mod bar;
mod explain;

use crate::baseline::History;
use crate::plan::Plan;
use crate::run::{Run, Stop};
use finding::{Asked, Finding, Judgement, Outcome, Rule, Scope, Verdict};

pub use bar::{judge_both, stricter};
pub use early::clearly_breached;
pub use explain::{explain, subjects};
pub use pairs::of_scope;
pub use side::{sound_rounds, wants_more};

/// One finding for each expectation, in the order of the plan: each threshold and each change
/// against another version for each endpoint it matches, then the trust in the measurement itself.
/// Where there is none, everything else is unjudged, whatever was measured; but for what would be
/// breached even if all that was not sent had been answered well.
#[must_use]
pub fn judge(plan: &Plan, run: &Run) -> Judgement {
    judge_after(plan, run, None)
}

/// Whether a second run has to decide: this one is worse than the runs before it, and nothing else
/// has decided already.
#[must_use]
pub fn wants_second(plan: &Plan, run: &Run, history: &History) -> bool {
    let decided = run.again.is_some() || judge(plan, run).verdict() == Verdict::Fail;
    let fit = run.stop == Stop::End && trust::doubt(plan, run).is_none();
    fit && !decided && relative::is_suspicious(plan, run, history)
}

/// The same with the runs before it, where the gate file compares with them.
#[must_use]
pub fn judge_after(plan: &Plan, run: &Run, history: Option<&History>) -> Judgement {
    let mut findings = absolute::findings(plan, run);
    findings.extend(gauges::findings(plan, run));
    ending::settle(run, &mut findings);
    findings.extend(relative::findings(plan, run, history));
    findings.extend(script::finding(plan, run));
    findings.push(fitness(run));
    if let Some(doubt) = trust::asks_less(run) {
        for finding in findings.iter_mut().filter(|finding| trust::asks_for_many(&finding.asked)) {
            if finding.outcome == Outcome::Breached {
                finding.outcome = Outcome::Unjudged(doubt.clone());
            }
        }
    }
    if let Some(doubt) = trust::doubt(plan, run) {
        let certain = trust::is_only_dropped(plan, run);
        for finding in &mut findings {
            if certain && early::stands(plan, run, finding) {
                continue;
            }
            finding.outcome = Outcome::Unjudged(doubt.clone());
        }
    }
    let interrupted = run.stop.signal().map(str::to_owned);
    Judgement { findings, interrupted, policy: None }
}

/// How the thresholds stand in the middle of a load: what each would be found to be, were the run
/// over and its generator fit. For whoever looks on; no verdict is made of it.
#[must_use]
pub fn so_far(plan: &Plan, run: &Run) -> Vec<Finding> {
    absolute::findings(plan, run)
}

fn fitness(run: &Run) -> Finding {
    let asked = match &run.imported {
        Some(imported) if imported.is_driven() => Asked::Valid,
        Some(_) => Asked::Sound,
        None => Asked::Fit,
    };
    let samples = run.load.sent;
    Finding { samples, ..Finding::of(Rule::Trust, Scope::Whole, asked, Outcome::Held) }
}
