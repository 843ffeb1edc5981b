//! The load as it is put on: the base's where the change lowers it unasked.

use std::sync::Arc;

use super::Barred;
use crate::plan::parts::sum;
use crate::plan::profile::Profile;
use crate::plan::threshold::{During, Threshold};
use crate::plan::{Drive, Plan};
use crate::policy;

impl Barred {
    /// The plan as its load is put on: the base's load where the change lowers it unasked, in
    /// pieces of time that the expectations of both can be told by.
    pub(in crate::app) fn driven(&self) -> Plan {
        let mut driven = self.plan.clone();
        let Some((base, policy)) = self.base.as_ref().zip(self.policy.as_ref()) else {
            return driven;
        };
        if policy.approval.is_given() {
            return driven;
        }
        let loads = driven.drive.as_mut().zip(base.drive.as_ref());
        let lowered = policy::lowers_load(policy.differences());
        if let Some((drive, old)) = loads.filter(|_| lowered) {
            relay(drive, old);
            driven.thresholds = replaced(&self.plan, &driven);
        }
        let more = replaced(base, &driven);
        driven.thresholds.extend(more);
        driven
    }
}

/// Puts the base's load in the place of the change's: that of each scenario, where scenarios have
/// loads of their own. One that the base does not have keeps its own on top.
fn relay(drive: &mut Drive, old: &Drive) {
    let mut load = old.load.clone();
    let apart = drive.scenarios.iter().chain(&old.scenarios).any(|one| one.load.is_some());
    if apart && !drive.scenarios.is_empty() {
        let shared = Arc::new(old.load.profile.clone());
        let rest = Arc::new(drive.load.profile.clone());
        for scenario in &mut drive.scenarios {
            let before = old.scenarios.iter().find(|one| one.name == scenario.name);
            let (own, other) = match before {
                Some(before) => (before.load.clone(), &shared),
                None => (scenario.load.clone(), &rest),
            };
            scenario.load = Some(own.unwrap_or_else(|| Arc::clone(other)));
        }
        load.profile = whole(drive);
    }
    drive.load = load;
}

/// All loads of scenarios together, each counted once.
fn whole(drive: &Drive) -> Profile {
    let mut all: Vec<&Arc<Profile>> = Vec::new();
    for load in drive.scenarios.iter().filter_map(|scenario| scenario.load.as_ref()) {
        if !all.iter().any(|known| Arc::ptr_eq(known, load)) {
            all.push(load);
        }
    }
    sum(&all.into_iter().map(|load| &**load).collect::<Vec<_>>())
}

/// The thresholds of one plan as they look at the stages of another: by name where stages have
/// one. What looks at a stage that is not there looks at nothing.
fn replaced(plan: &Plan, other: &Plan) -> Vec<Threshold> {
    let names = |plan: &Plan| -> Vec<Option<String>> {
        let stages = plan.drive.iter().flat_map(|drive| &drive.load.profile.stages);
        stages.map(|stage| stage.name.clone()).collect()
    };
    let (from, to) = (names(plan), names(other));
    let place = |during: &During| match during {
        During::Named(_) => Some(during.clone()),
        During::Index(index) => match from.get(*index)? {
            Some(name) => to.iter().position(|other| other.as_ref() == Some(name)),
            None => Some(*index).filter(|index| *index < to.len()),
        }
        .map(During::Index),
    };
    let moved = |threshold: &Threshold| {
        let mut threshold = threshold.clone();
        if let Some(during) = &threshold.window.during {
            threshold.window.during = Some(place(during)?);
        }
        Some(threshold)
    };
    plan.thresholds.iter().filter_map(moved).collect()
}
