//! What users of a closed load are expected to send, were each answer to take as long as assumed.

use std::time::Duration;

use super::Drive;
use super::mix::{ANSWER, MICRO, turn_time, turns_of};
use super::parts::are_one;
use super::profile::Profile;
use super::scenario::{Scenario, Share};
use crate::run::Model;

/// Expected requests by endpoint of the whole load, of its virtual users alone.
pub(super) fn requests(drive: &Drive) -> Vec<u64> {
    let profile = &drive.load.profile;
    let whole = user_time(profile);
    if drive.scenarios.is_empty() {
        let all = whole.as_nanos() / ANSWER.as_nanos();
        let weights: u128 = drive.requests.iter().map(|one| u128::from(one.weight)).sum();
        let part = |weight: u32| count(all * u128::from(weight) / weights.max(1));
        return drive.requests.iter().map(|one| part(one.weight)).collect();
    }
    let mut sums = vec![0_u128; drive.endpoints.len()];
    for scenario in &drive.scenarios {
        let profile = scenario.load.as_deref().unwrap_or(profile);
        if profile.model == Model::Open {
            continue;
        }
        let whole = user_time(profile);
        let (part, of) = part(drive, scenario, profile);
        let users = u128::from(profile.peak()) * part / of;
        let time = whole.as_nanos() * part / of;
        let turns = time * u128::from(MICRO) / turn_time(scenario).as_nanos().max(1);
        let (once, turn) = turns_of(drive, scenario);
        for (sum, (once, turn)) in sums.iter_mut().zip(once.into_iter().zip(turn)) {
            *sum += users * u128::from(once) + turns * u128::from(turn);
        }
    }
    let unit = u128::from(MICRO).pow(2);
    sums.into_iter().map(|sum| count((sum + unit / 2) / unit)).collect()
}

/// A scenario's part of all users, as a fraction.
fn part(drive: &Drive, scenario: &Scenario, profile: &Profile) -> (u128, u128) {
    let peak = u128::from(profile.peak());
    let (mut fixed, mut weights) = (0, 0);
    for one in drive.scenarios.iter().filter(|one| are_one(one, scenario)) {
        match one.share {
            Share::Fixed(users) => fixed += u128::from(users) * u128::from(MICRO),
            Share::Weight(weight) => weights += u128::from(weight),
        }
    }
    match scenario.share {
        Share::Fixed(users) => (u128::from(users) * u128::from(MICRO), peak.max(1)),
        Share::Weight(weight) => {
            (peak.saturating_sub(fixed) * u128::from(weight), peak.max(1) * weights.max(1))
        }
    }
}

/// The time of all users together.
fn user_time(profile: &Profile) -> Duration {
    let area = profile.stages.iter().map(|stage| {
        (u128::from(stage.from) + u128::from(stage.to)) * stage.duration.as_nanos() / 2
    });
    let nanos = area.sum::<u128>() / u128::from(MICRO);
    Duration::from_nanos(count(nanos))
}

fn count(number: u128) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
