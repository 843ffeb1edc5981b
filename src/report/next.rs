//! What a reader whose gate did not pass may do next.

use super::check::{Check, Mark};
use super::facts::Facts;
use crate::judge::finding::{Outcome, Verdict};
use crate::sanitise::markdown_code;

/// The most pages that are named.
const MOST: usize = 3;

/// A step for each line, as Markdown; none where the gate passed.
#[must_use]
pub fn steps(facts: &Facts) -> Vec<String> {
    if facts.verdict == Verdict::Pass {
        return Vec::new();
    }
    let mut names: Vec<String> = Vec::new();
    for check in facts.marked(Mark::Fail).chain(facts.marked(Mark::Doubt)) {
        let name = page(check);
        if !names.contains(&name) && names.len() < MOST {
            names.push(name);
        }
    }
    let explained = names.iter().map(|name| markdown_code(&format!("loadgate explain {name}")));
    let explained = explained.collect::<Vec<_>>().join(", ");
    let mut steps = Vec::new();
    if !explained.is_empty() {
        steps.push(format!("{explained}: what it means, and what usually helps"));
    }
    if facts.whole.count > 0 {
        steps.push("`report.html`, beside this summary: when it happened, and where".to_owned());
    }
    let again = format!("loadgate run {} --seed {}", facts.origin.gate, facts.origin.seed);
    steps.push(format!("{}: the same requests once more", markdown_code(&again)));
    steps
}

/// The page of `loadgate explain` that speaks of a check.
fn page(check: &Check) -> String {
    match &check.outcome {
        Outcome::Unjudged(doubt) => doubt.name().to_owned(),
        Outcome::Held | Outcome::Breached => check.metric.clone(),
    }
}
