//! What a run that ended early does to what was found in it.

use std::time::Duration;

use super::finding::{Asked, Doubt, Finding, Outcome, Rule, Scope, Verdict};
use crate::metric::{Metric, Value};
use crate::plan::threshold::{Level, Limit, Relation};
use crate::run::{Run, Stop};
use crate::unit::Ratio;

/// Settles the findings of a run by how it ended.
pub(super) fn settle(run: &Run, findings: &mut Vec<Finding>) {
    match &run.stop {
        Stop::Checkpoint => cut_short(findings),
        // What was clear while it ran is not clear in the end: less than all was measured, so
        // nothing passes.
        Stop::Breached(_) if !fails(findings) => cut_short(findings),
        Stop::Dead(time) if !fails(findings) => died(run, *time, findings),
        Stop::End
        | Stop::Signal(_)
        | Stop::Breached(_)
        | Stop::Dead(_)
        | Stop::Panic(_)
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

/// A target that went down and stayed down fails the gate, however lenient its limits are: in the
/// time it was dead, all requests failed. Told on the error rate that was asked for, or on one of
/// our own.
fn died(run: &Run, time: Duration, findings: &mut Vec<Finding>) {
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
    finding.at = Some((run.load.lasted.saturating_sub(time), run.load.lasted));
}

fn default_error_rate() -> Finding {
    let all = Ratio::new(1.0).expect("all is a share");
    let limit = Limit { relation: Relation::Below, bound: Value::Share(all) };
    let asked = Asked::Limit { metric: Metric::ErrorRate, limit, over: None, during: None };
    Finding {
        rule: Rule::Sla,
        scope: Scope::Whole,
        asked,
        got: None,
        samples: 0,
        outcome: Outcome::Breached,
        level: Level::Fail,
        at: None,
        default: true,
        line: 0,
    }
}
