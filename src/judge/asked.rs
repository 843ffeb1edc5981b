//! What is asked of the change between versions, before anything is known of it.

use super::finding::{Asked, Doubt, Finding, Outcome, Rule, Scope};
use crate::plan::regression::{Change, Regression};
use crate::plan::threshold::Selector;
use crate::plan::{Plan, glob};
use crate::run::{Model, Run};

/// What is asked, not answered yet: held until something else is known.
pub(super) fn questions(regression: &Regression, plan: &Plan, run: &Run) -> Vec<Finding> {
    let asked = regression.asked(run.load.model == Model::Closed);
    asked.flat_map(|change| scopes(change, plan, run)).collect()
}

fn scopes(change: &Change, plan: &Plan, run: &Run) -> Vec<Finding> {
    let Selector::Endpoints(pattern) = &change.selector else {
        return vec![question(change, Scope::Whole)];
    };
    let mut names: Vec<&str> = run.endpoints.iter().map(|one| one.name.as_str()).collect();
    let planned = plan.drive.iter().flat_map(|drive| &drive.endpoints).map(String::as_str);
    let unseen: Vec<&str> = planned.filter(|name| !names.contains(name)).collect();
    names.extend(unseen);
    names.retain(|name| glob::selects(pattern, name));
    if names.is_empty() {
        let mut finding = question(change, Scope::Endpoint(pattern.clone()));
        finding.outcome = Outcome::Unjudged(Doubt::NoSuchScope { nearest: None });
        return vec![finding];
    }
    names.iter().map(|name| question(change, Scope::Endpoint((*name).to_owned()))).collect()
}

fn question(change: &Change, scope: Scope) -> Finding {
    let Change { metric, limit, floor, level, default, line, .. } = *change;
    let asked = Asked::Change { metric, limit, floor };
    let plain = Finding::of(Rule::Regression, scope, asked, Outcome::Held);
    Finding { level, default, line, ..plain }
}
