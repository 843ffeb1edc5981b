//! What a run that ended early does to what was found in it.

use std::time::Duration;

use super::finding::{Asked, Doubt, Finding, Outcome, Rule, Scope, Verdict};
use crate::metric::{Metric, Value};
use crate::plan::threshold::{Level, Limit, Relation};
use crate::run::{Model, Run, Stop};
use crate::unit::Ratio;

/// Failures in a row that are less likely than this are no chance.
const BY_CHANCE: f64 = 1e-6;

/// Settles the findings of a run by how it ended.
pub(super) fn settle(run: &Run, findings: &mut Vec<Finding>) {
    match &run.stop {
        Stop::Checkpoint => cut_short(findings),
        // What was clear while it ran is not clear in the end: less than all was measured, so
        // nothing passes.
        Stop::Breached(_) if !fails(findings) => cut_short(findings),
        Stop::Dead(time) if !fails(findings) => {
            let since = run.load.lasted.saturating_sub(*time);
            died((since, run.load.lasted), findings);
        }
        Stop::Stalled(time) if !fails(findings) => {
            let since = run.load.lasted.saturating_sub(*time);
            died((since, run.load.lasted), findings);
        }
        Stop::End if !fails(findings) => {
            if let Some(span) = silent(run) {
                died(span, findings);
            }
        }
        Stop::End
        | Stop::Signal(_)
        | Stop::Breached(_)
        | Stop::Dead(_)
        | Stop::Stalled(_)
        | Stop::Panic(_)
        | Stop::NoThread(_)
        | Stop::Unreachable(..) => {}
    }
}

fn fails(findings: &[Finding]) -> bool {
    let strict = findings.iter().filter(|finding| finding.level == Level::Fail);
    strict.map(|finding| finding.outcome.verdict()).max() == Some(Verdict::Fail)
}

fn cut_short(findings: &mut [Finding]) {
    for finding in findings.iter_mut().filter(|finding| finding.outcome == Outcome::Held) {
        finding.outcome = Outcome::Unjudged(Doubt::CutShort);
    }
}

/// The time at the end of a closed load in which nothing was answered any more, after answers had
/// come: users that wait for ever send next to nothing, so no share of requests tells. `None` also
/// where so many failures in a row could come by chance.
fn silent(run: &Run) -> Option<(Duration, Duration)> {
    if run.load.model == Model::Open || !run.anything_answered() {
        return None;
    }
    let parts = |index: usize| run.alone().filter_map(move |of| of.slices.get(index));
    let quiet = |index: &usize| {
        parts(*index).all(|part| part.answered == 0 && part.statuses.values().all(|n| *n == 0))
    };
    let all = run.slices.len();
    let since = (0..all).rev().take_while(quiet).last().filter(|since| *since > 0)?;
    let failures = |from: usize, to: usize| -> u64 {
        (from..to).flat_map(parts).flat_map(|part| part.failures.values()).sum()
    };
    let good = |from: usize, to: usize| -> u64 {
        let latencies = (from..to).flat_map(parts).filter_map(|part| part.latency.as_ref());
        latencies.map(|times| times.count).sum()
    };
    let answered: u64 = (0..all).flat_map(parts).map(|part| part.answered).sum();
    // Good answers that came after the load: it was slow, not silent.
    if good(0, all) > answered {
        return None;
    }
    let before = failures(0, since);
    let waiting = run.slices[since - 1].pulse.in_flight.min(before);
    let in_a_row = failures(since, all) + waiting;
    let usual = Ratio::of(before - waiting + 1, good(0, since) + before - waiting + 2)?;
    let chance = usual.share().powi(i32::try_from(in_a_row).unwrap_or(i32::MAX));
    (chance < BY_CHANCE).then(|| (run.slices[since].from, run.load.lasted))
}

/// A target that went down and stayed down fails the gate, however lenient its limits are: in the
/// time it was dead, all requests failed. Told on the error rate that was asked for, or on one of
/// our own.
fn died(span: (Duration, Duration), findings: &mut Vec<Finding>) {
    let is_error_rate =
        |finding: &Finding| matches!(finding.asked, Asked::Limit { metric: Metric::ErrorRate, .. });
    let of_whole = |finding: &Finding| is_error_rate(finding) && finding.scope == Scope::Whole;
    let place = findings.iter().position(of_whole);
    let place = place.or_else(|| findings.iter().position(is_error_rate));
    let place = place.unwrap_or_else(|| {
        findings.push(default_error_rate());
        findings.len() - 1
    });
    let finding = &mut findings[place];
    finding.outcome = Outcome::Breached;
    finding.level = Level::Fail;
    finding.got = Ratio::new(1.0).map(Value::Share);
    finding.at = Some(span);
}

fn default_error_rate() -> Finding {
    let all = Ratio::new(1.0).expect("all is a share");
    let limit = Limit { relation: Relation::Below, bound: Value::Share(all) };
    let asked = Asked::Limit { metric: Metric::ErrorRate, limit, over: None, during: None };
    let plain = Finding::of(Rule::Sla, Scope::Whole, asked, Outcome::Breached);
    Finding { default: true, ..plain }
}
