//! The parts of a load: scenarios that share a timetable, or users; and all parts together.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::Load;
use super::profile::{Profile, Stage};
use super::scenario::Scenario;
use super::timetable::Timetable;
use crate::run::Model;

/// Scenarios that share a load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// How much, over the time of the whole load.
    pub profile: Profile,
    /// The indices of the scenarios; none where requests are only drawn by weight.
    pub scenarios: Vec<usize>,
}

/// The parts of a load, which is one where no scenario has a load of its own.
#[must_use]
pub fn parts(scenarios: &[Scenario], whole: &Profile) -> Vec<Part> {
    let mut parts: Vec<(Option<&Arc<Profile>>, Part)> = Vec::new();
    for (index, scenario) in scenarios.iter().enumerate() {
        let own = scenario.load.as_ref();
        let same = |known: Option<&Arc<Profile>>| match (known, own) {
            (Some(known), Some(own)) => Arc::ptr_eq(known, own),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if let Some((_, part)) = parts.iter_mut().find(|(known, _)| same(*known)) {
            part.scenarios.push(index);
        } else {
            let profile = own.map_or(whole, |own| own).clone();
            parts.push((own, Part { profile, scenarios: vec![index] }));
        }
    }
    if parts.is_empty() {
        return vec![Part { profile: whole.clone(), scenarios: Vec::new() }];
    }
    parts.into_iter().map(|(_, part)| part).collect()
}

impl Timetable {
    /// The timetable of each part of a load; one of users has no arrivals.
    #[must_use]
    pub fn of_parts(parts: &[Part], load: &Load, seed: u64) -> Vec<Self> {
        let nothing = Profile { model: Model::Open, stages: Vec::new() };
        let table = |(place, part): (u64, &Part)| {
            let profile = match part.profile.model {
                Model::Open => &part.profile,
                Model::Closed => &nothing,
            };
            // Parts of one rate must not arrive together.
            Self::of(profile, load.arrivals, seed.wrapping_add(place))
        };
        (0..).zip(parts).map(table).collect()
    }
}

/// Whether two scenarios share a load.
pub(super) fn are_one(one: &Scenario, other: &Scenario) -> bool {
    match (&one.load, &other.load) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// The load that begins so long after the others.
#[must_use]
pub fn delayed(mut profile: Profile, after: Duration) -> Profile {
    if !after.is_zero() {
        profile.stages.insert(0, Stage { name: None, duration: after, from: 0, to: 0 });
    }
    profile
}

/// All loads together, as long as the longest. Where some are rates and some are users, it is the
/// rates that add up: users come on top.
#[must_use]
pub fn sum(all: &[&Profile]) -> Profile {
    if let [alone] = all {
        return (*alone).clone();
    }
    let open = all.iter().any(|profile| profile.model == Model::Open);
    let model = if open { Model::Open } else { Model::Closed };
    let added: Vec<_> = all.iter().filter(|profile| profile.model == model).collect();
    let mut cuts = BTreeSet::from([Duration::ZERO]);
    cuts.extend(all.iter().map(|profile| profile.duration()));
    for profile in &added {
        cuts.extend(profile.stages.iter().scan(Duration::ZERO, |at, stage| {
            *at += stage.duration;
            Some(*at)
        }));
    }
    let pieces = cuts.iter().zip(cuts.iter().skip(1));
    let stages = pieces.map(|(from, to)| {
        let levels = added.iter().map(|profile| between(profile, *from, *to));
        let (start, end) = levels.fold((0_u64, 0_u64), |(start, end), (from, to)| {
            (start.saturating_add(from), end.saturating_add(to))
        });
        Stage { name: None, duration: to.saturating_sub(*from), from: start, to: end }
    });
    Profile { model, stages: stages.collect() }
}

/// The levels of a profile behind the beginning and before the end of a time in which no stage
/// ends.
fn between(profile: &Profile, from: Duration, to: Duration) -> (u64, u64) {
    let mut start = Duration::ZERO;
    for stage in &profile.stages {
        let end = start + stage.duration;
        if from >= start && to <= end && !stage.duration.is_zero() {
            return (
                level(stage, from.saturating_sub(start)),
                level(stage, to.saturating_sub(start)),
            );
        }
        start = end;
    }
    (0, 0)
}

fn level(stage: &Stage, time: Duration) -> u64 {
    let (length, time) = (stage.duration.as_nanos(), time.as_nanos());
    let sum = u128::from(stage.from) * (length - time) + u128::from(stage.to) * time;
    u64::try_from(sum / length).unwrap_or(u64::MAX)
}
