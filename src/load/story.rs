//! The scenarios of a load, made ready: who walks which, and with which data.

use std::sync::Arc;
use std::time::Duration;

use crate::chance::{Key, ONE};
use crate::plan::Drive;
use crate::plan::draw::Draw;
use crate::plan::scenario::{Live, Scenario, Share, Step, Task, Think, Work};
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

/// A step of a turn, and whether its sequence ends with it.
pub(super) type Stride<'a> = (&'a Step, bool);

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

    /// The request that an arrival begins with.
    pub(super) fn first(&self, number: u64) -> usize {
        let scenario = &self.scenarios[self.of_arrival(number)];
        if let Some(step) = scenario.start.first() {
            return step.request;
        }
        let mut turn = Vec::new();
        unfold(&scenario.work, &State::new(self.seed, number), &mut turn);
        turn.first().map_or(0, |(step, _)| step.request)
    }
}

/// Draws one turn of work: its steps in the order in which they are made.
pub(super) fn unfold<'a>(work: &'a Work, state: &State, into: &mut Vec<Stride<'a>>) {
    match work {
        Work::Steps(steps) => {
            let last = steps.len().saturating_sub(1);
            into.extend(steps.iter().enumerate().map(|(place, step)| (step, place == last)));
        }
        Work::Tasks(tasks) => {
            let Some(task) = drawn(tasks, state) else { return };
            let (least, most) = task.repeat;
            let more = u64::from(most.saturating_sub(least));
            let times = u64::from(least) + if more > 0 { state.draw_below(more + 1) } else { 0 };
            (0..times).for_each(|_| unfold(&task.work, state, into));
        }
    }
}

fn drawn<'a>(tasks: &'a [Task], state: &State) -> Option<&'a Task> {
    let all: u64 = tasks.iter().map(|task| u64::from(task.weight)).sum();
    let mut slot = if tasks.len() > 1 { state.draw_below(all) } else { 0 };
    tasks.iter().find(|task| {
        let weight = u64::from(task.weight);
        let hit = slot < weight;
        slot = slot.saturating_sub(weight);
        hit
    })
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
