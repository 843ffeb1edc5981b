//! The scenarios of a load, made ready: who walks which, and with which data.

use std::sync::Arc;
use std::time::Duration;

use crate::chance::{Key, ONE};
use crate::plan::Drive;
use crate::plan::draw::Draw;
use crate::plan::parts::{Part, parts};
use crate::plan::scenario::{Live, Scenario, Share, Think};
use crate::plan::turn::{Dice, Turn};
use crate::script::feeder::Feeder;
use crate::script::state::State;

/// The scenarios of a load, shared by all its threads.
#[derive(Debug)]
pub struct Story {
    pub(super) scenarios: Vec<Scenario>,
    /// What is written anew, request by request.
    pub(super) lives: Vec<Option<Live>>,
    /// The data of each scenario.
    pub(super) feeders: Vec<Vec<Feeder>>,
    pub(super) seed: u64,
    /// Who is drawn in each part of the load.
    parts: Vec<(Draw, Part)>,
}

impl Story {
    /// The story of a load; `None` where requests are only drawn by weight.
    #[must_use]
    pub fn new(drive: &Drive, seed: u64) -> Option<Arc<Self>> {
        let scenarios = drive.scenarios.clone();
        if scenarios.is_empty() {
            return None;
        }
        let shard = drive.load.shard;
        let feeders = |scenario: &Scenario| {
            let feeds = scenario.feeds.iter();
            feeds
                .map(|feed| {
                    Feeder::new(&feed.name, Arc::clone(&feed.table), feed.pick, shard, seed)
                })
                .collect()
        };
        let parts = parts(&scenarios, &drive.load.profile).into_iter().map(|part| {
            let weights = part.scenarios.iter().map(|index| match scenarios[*index].share {
                Share::Weight(weight) => weight,
                Share::Fixed(_) => 0,
            });
            (Draw::new(&weights.collect::<Vec<_>>(), seed), part)
        });
        Some(Arc::new(Self {
            feeders: scenarios.iter().map(feeders).collect(),
            lives: drive.requests.iter().map(|request| request.live.clone()).collect(),
            parts: parts.collect(),
            scenarios,
            seed,
        }))
    }

    /// The parts of the load.
    pub(super) fn parts(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().map(|(_, part)| part)
    }

    /// The number by which a user of a part, or an arrival, is known from all others.
    pub(super) fn number(&self, part: usize, number: u64) -> u64 {
        number.saturating_mul(self.parts.len() as u64).saturating_add(part as u64)
    }

    /// The scenario of a virtual user of a part: fixed numbers first, the others by weight.
    pub(super) fn of_user(&self, part: usize, user: u64) -> usize {
        let (draw, part) = &self.parts[part];
        let mut fixed = 0;
        for index in &part.scenarios {
            if let Share::Fixed(users) = self.scenarios[*index].share {
                fixed += u64::from(users);
                if user < fixed {
                    return *index;
                }
            }
        }
        part.scenarios[draw.nth(0, user - fixed)]
    }

    /// The scenario of an arrival, by its number among all.
    pub(super) fn of_arrival(&self, number: u64) -> usize {
        let all = self.parts.len() as u64;
        let part = usize::try_from(number % all).expect("a remainder is below the number of parts");
        let (draw, part) = &self.parts[part];
        part.scenarios[draw.nth(0, number / all)]
    }

    /// A turn of a user of a scenario, drawn.
    pub(super) fn turn(&self, scenario: usize, user: u64, turn: u64) -> Turn<'_> {
        Turn::new(&self.scenarios[scenario].work, Dice::new(self.seed, user, turn))
    }

    /// The request that an arrival begins with.
    pub(super) fn first(&self, number: u64) -> usize {
        let scenario = self.of_arrival(number);
        let start = self.scenarios[scenario].start.first();
        let first = start.or_else(|| self.turn(scenario, number, 0).first());
        first.map_or(0, |step| step.request)
    }
}

/// How long a user thinks this time.
pub(super) fn thinks(think: Think, state: &State) -> Duration {
    match think {
        Think::Constant(time) => time,
        Think::Between(least, most) => {
            let span = super::nanos(most.saturating_sub(least));
            least + Duration::from_nanos(state.draw_below(span.saturating_add(1)))
        }
        Think::Exponential(mean) => {
            let drawn = Key::new(state.draw_below(u64::MAX), 0).exponential(0).min(10 * ONE);
            // In units of 2^-62: brought to microparts, so that no product overflows.
            let parts = u64::try_from((drawn >> 32).min(u128::from(u64::MAX))).unwrap_or(u64::MAX);
            let time = u128::from(super::nanos(mean)) * u128::from(parts) / (ONE >> 32);
            Duration::from_nanos(u64::try_from(time).unwrap_or(u64::MAX))
        }
    }
}
