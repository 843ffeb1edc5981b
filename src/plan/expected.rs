//! What a load is expected to send, in numbers that two gate files can be compared by.

use std::collections::BTreeMap;

use super::Drive;
use super::mix::{MICRO, Mix, weight};
use super::parts::{Part, parts};
use super::planned::Planned;
use super::scenario::{Scenario, Share};
use super::threshold::Threshold;
use crate::run::is_group;

/// What the timetable of an open model sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Requests in the whole load, warm-up included.
    pub sent: u64,
    /// Requests in the judged time of each endpoint that arrivals alone send to, by its name.
    pub judged: Vec<(String, u64)>,
}

/// What a load is expected to send; `None` for a closed model, which depends on the service.
#[must_use]
pub fn expected(drive: &Drive) -> Option<Expected> {
    let planned = Planned::of(drive, &[])?;
    let mix = mix(drive);
    let sent = planned.sent().iter().sum();
    let judged = planned.names().iter().cloned().zip(planned.judged().iter().copied());
    let told = judged.enumerate().filter(|(place, _)| mix.tells(*place)).map(|(_, one)| one);
    Some(Expected { sent, judged: told.collect() })
}

/// Each endpoint's part of all requests, by its name: kinds of users by their weights, or by their
/// users where those are fixed, whatever pace each has.
#[must_use]
pub fn shares(drive: &Drive) -> Vec<(String, f64)> {
    let levels: Vec<f64> = if drive.scenarios.is_empty() {
        drive.requests.iter().map(|request| f64::from(request.weight)).collect()
    } else {
        levels(drive)
    };
    let mut sums = vec![0.0; drive.endpoints.len()];
    for (level, turn) in levels.iter().zip(mix(drive).turns()) {
        for (sum, each) in sums.iter_mut().zip(turn) {
            *sum += level * float(*each);
        }
    }
    let alone = drive.endpoints.iter().zip(&sums).filter(|(name, _)| !is_group(name));
    let all: f64 = alone.map(|(_, sum)| sum).sum();
    let part = |sum: f64| if all > 0.0 { sum / all } else { 0.0 };
    drive.endpoints.iter().cloned().zip(sums.into_iter().map(part)).collect()
}

/// Endpoints with fewer planned samples than a limit of their own needs, each with the samples that
/// it needs. Of a closed model nobody knows.
#[must_use]
pub fn starved(drive: &Drive, limits: &[Threshold]) -> Vec<(String, u64)> {
    let Some(planned) = Planned::of(drive, limits) else { return Vec::new() };
    let mut all: BTreeMap<String, u64> = BTreeMap::new();
    for (index, limit) in limits.iter().enumerate() {
        let need = limit.metric.samples_needed();
        for (name, _) in planned.of_each(index).filter(|(_, have)| *have < need) {
            let most = all.entry(name.to_owned()).or_default();
            *most = need.max(*most);
        }
    }
    all.into_iter().collect()
}

fn mix(drive: &Drive) -> Mix {
    Mix::new(drive, drive.load.seed.unwrap_or(0))
}

/// The users, or arrivals per second, of each scenario at the highest level of its load.
fn levels(drive: &Drive) -> Vec<f64> {
    let mut levels = vec![0.0; drive.scenarios.len()];
    for Part { profile, scenarios } in parts(&drive.scenarios, &drive.load.profile) {
        let members = || scenarios.iter().map(|index| &drive.scenarios[*index]);
        let sum = |of: fn(&Scenario) -> f64| members().map(of).sum::<f64>();
        let rest = (float(profile.peak()) / float(MICRO) - sum(fixed)).max(0.0);
        let weights = sum(weighted).max(1.0);
        for index in &scenarios {
            let scenario = &drive.scenarios[*index];
            levels[*index] = fixed(scenario) + rest * weighted(scenario) / weights;
        }
    }
    levels
}

fn weighted(scenario: &Scenario) -> f64 {
    f64::from(weight(scenario.share))
}

fn fixed(scenario: &Scenario) -> f64 {
    match scenario.share {
        Share::Weight(_) => 0.0,
        Share::Fixed(users) => f64::from(users),
    }
}

#[expect(clippy::cast_precision_loss, reason = "parts are compared to one in a hundred")]
fn float(number: u64) -> f64 {
    number as f64
}
