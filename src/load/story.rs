//! The scenarios of a load, made ready: who walks which, and with which data.

use std::sync::Arc;
use std::time::Duration;

use crate::chance::{Key, ONE};
use crate::plan::Drive;
use crate::plan::draw::Draw;
use crate::plan::scenario::{Live, Scenario, Share, Think};
use crate::plan::turn::{Dice, Turn};
use crate::script::feeder::{Feeder, Shard};
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
    draw: Draw,
}

impl Story {
    /// The story of a load; `None` where requests are only drawn by weight.
    #[must_use]
    pub fn new(drive: &Drive, seed: u64) -> Option<Arc<Self>> {
        let scenarios = drive.scenarios.clone();
        if scenarios.is_empty() {
            return None;
        }
        let feeders = |scenario: &Scenario| {
            let feeds = scenario.feeds.iter();
            feeds
                .map(|feed| {
                    Feeder::new(&feed.name, Arc::clone(&feed.table), feed.pick, Shard::ALONE, seed)
                })
                .collect()
        };
        let weights: Vec<u32> = scenarios
            .iter()
            .map(|scenario| match scenario.share {
                Share::Weight(weight) => weight,
                Share::Fixed(_) => 0,
            })
            .collect();
        Some(Arc::new(Self {
            feeders: scenarios.iter().map(feeders).collect(),
            lives: drive.requests.iter().map(|request| request.live.clone()).collect(),
            draw: Draw::new(&weights, seed),
            scenarios,
            seed,
        }))
    }

    /// The scenario of a virtual user: fixed numbers first, the others by weight.
    pub(super) fn of_user(&self, user: u64) -> usize {
        let mut fixed = 0;
        for (index, scenario) in self.scenarios.iter().enumerate() {
            if let Share::Fixed(users) = scenario.share {
                fixed += u64::from(users);
                if user < fixed {
                    return index;
                }
            }
        }
        self.draw.nth(0, user - fixed)
    }

    /// The scenario of an arrival.
    pub(super) fn of_arrival(&self, number: u64) -> usize {
        self.draw.nth(0, number)
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
