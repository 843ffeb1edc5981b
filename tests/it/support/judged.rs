//! A minute of one endpoint, judged and told in lines.

use loadgate::judge::finding::{Asked, Finding, Outcome};
use loadgate::judge::judge;
use loadgate::plan::Plan;
use loadgate::plan::threshold::Threshold;
use loadgate::run::Run;
use loadgate::sample::{Failure, Sample};

use super::made::{bad, even, load, ms, plan, run, s, stage};

/// A finding in one line.
pub(crate) fn line(finding: &Finding) -> String {
    let asked = match &finding.asked {
        Asked::Limit { metric, limit, over, during } => {
            let over = over.map_or(String::new(), |over| format!(" over {over:?}"));
            let during = during.as_ref().map_or(String::new(), |name| format!(" during {name}"));
            format!("{metric} {limit}{over}{during}")
        }
        Asked::Change { metric, limit, .. } => format!("{metric} {limit}"),
        Asked::Gauge { gauge, limit } => format!("{gauge} {limit}"),
        Asked::Fit => "fit".to_owned(),
        Asked::Sound => "sound".to_owned(),
        Asked::Valid => "valid".to_owned(),
        Asked::Script(said) => format!("script {said}"),
        Asked::Policy(said) => format!("policy {said}"),
    };
    let got = finding.got.map_or(String::new(), |got| format!(", got {got}"));
    let at = finding.at.map_or(String::new(), |(from, to)| format!(" at {from:?}..{to:?}"));
    let outcome = match &finding.outcome {
        Outcome::Unjudged(doubt) => format!("unjudged ({})", doubt.name()),
        Outcome::Held | Outcome::Breached => finding.outcome.name().to_owned(),
    };
    format!("{outcome}: {} {asked}{got}{at}", finding.scope.name())
}

pub(crate) fn lines(plan: &Plan, run: &Run) -> Vec<String> {
    judge(plan, run).findings.iter().map(line).collect()
}

/// A minute of one endpoint, judged by some thresholds.
pub(crate) fn minute(thresholds: Vec<Threshold>, samples: Vec<Sample>) -> (Plan, Run) {
    let plan = plan(load(vec![stage("", s(60))], s(0)), &["GET /"], thresholds);
    let run = run(&plan, &[("GET /", samples)]);
    (plan, run)
}

/// 20 good answers a second, their latencies spread evenly up to 200 ms.
pub(crate) fn usual() -> Vec<Sample> {
    even(1200, s(60), ms(0), ms(200))
}

/// Every 20th request fails.
pub(crate) fn failing() -> Vec<Sample> {
    let mut samples = usual();
    for sample in samples.iter_mut().step_by(20) {
        *sample = bad(sample.due, ms(1), Failure::Status);
    }
    samples
}
