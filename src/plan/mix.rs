//! How often each request is expected: arrivals by scenario, times what one turn sends.

use super::Drive;
use super::draw::Draw;
use super::scenario::{Scenario, Share, Step, Task, Work};

/// Expected numbers are counted in millionths of a request.
pub(super) const MICRO: u64 = 1_000_000;

/// What one turn of each scenario is expected to send.
pub(super) struct Mix {
    /// Millionths of requests in a turn, by scenario and endpoint. An arrival's turn is all it
    /// does: start, work, stop.
    turns: Vec<Vec<u64>>,
    draw: Draw,
}

impl Mix {
    /// The mix of a drive; where there are no scenarios, each request is a turn of its own.
    pub(super) fn of(drive: &Drive) -> Self {
        let seed = drive.load.seed.unwrap_or(0);
        if drive.scenarios.is_empty() {
            let weights: Vec<u32> = drive.requests.iter().map(|request| request.weight).collect();
            let count = drive.endpoints.len();
            let turns = drive.requests.iter().map(|request| {
                let mut turn = vec![0; count];
                turn[request.endpoint] = MICRO;
                turn
            });
            return Self { turns: turns.collect(), draw: Draw::new(&weights, seed) };
        }
        let weights: Vec<u32> = drive.scenarios.iter().map(|one| weight(one.share)).collect();
        let turns = drive.scenarios.iter().map(|scenario| whole_turn(drive, scenario));
        Self { turns: turns.collect(), draw: Draw::new(&weights, seed) }
    }

    /// Expected requests by endpoint of the arrivals from one up to, not including, another.
    pub(super) fn requests(&self, from: u64, to: u64) -> Vec<u64> {
        let arrivals = self.draw.counts(0, from, to);
        let endpoints = self.turns.first().map_or(0, Vec::len);
        let mut sums = vec![0_u128; endpoints];
        for (count, turn) in arrivals.iter().zip(&self.turns) {
            for (sum, each) in sums.iter_mut().zip(turn) {
                *sum += u128::from(*count) * u128::from(*each);
            }
        }
        let whole = |sum: u128| (sum + u128::from(MICRO / 2)) / u128::from(MICRO);
        sums.into_iter().map(|sum| u64::try_from(whole(sum)).unwrap_or(u64::MAX)).collect()
    }
}

/// The weight of a scenario among arrivals; fixed numbers of users are none's business there.
pub(super) fn weight(share: Share) -> u32 {
    match share {
        Share::Weight(weight) => weight,
        Share::Fixed(_) => 0,
    }
}

fn whole_turn(drive: &Drive, scenario: &Scenario) -> Vec<u64> {
    let mut turn = vec![0; drive.endpoints.len()];
    steps(drive, &scenario.start, MICRO, &mut turn);
    work(drive, &scenario.work, MICRO, &mut turn);
    steps(drive, &scenario.stop, MICRO, &mut turn);
    turn
}

/// Millionths of requests that one turn of this work sends, all endpoints together.
pub(super) fn length(drive: &Drive, of: &Work) -> u64 {
    let mut turn = vec![0; drive.endpoints.len()];
    work(drive, of, MICRO, &mut turn);
    turn.into_iter().sum()
}

fn steps(drive: &Drive, all: &[Step], times: u64, turn: &mut [u64]) {
    for step in all {
        let endpoint = drive.requests[step.request].endpoint;
        turn[endpoint] = turn[endpoint].saturating_add(times);
    }
}

fn work(drive: &Drive, of: &Work, times: u64, turn: &mut [u64]) {
    match of {
        Work::Steps(all) => steps(drive, all, times, turn),
        Work::Tasks(tasks) => {
            for task in tasks {
                let (from, to) = task.repeat;
                // How often a condition lets a task come, nobody knows; once is sure.
                let (from, to) = if task.until.is_some() { (1, 1) } else { (from, to) };
                let repeats = u128::from(from) + u128::from(to);
                let times = u128::from(share(tasks, task, times)) * repeats / 2;
                work(drive, &task.work, u64::try_from(times).unwrap_or(u64::MAX), turn);
            }
        }
    }
}

/// A task's part, by its weight among its siblings.
pub(super) fn share(siblings: &[Task], task: &Task, of: u64) -> u64 {
    let sum: u128 = siblings.iter().map(|task| u128::from(task.weight)).sum();
    let part = u128::from(of) * u128::from(task.weight) / sum.max(1);
    u64::try_from(part).unwrap_or(u64::MAX)
}
