//! How often each request is expected: arrivals by scenario, times what one turn sends.

use std::time::Duration;

use super::Drive;
use super::draw::Draw;
use super::parts::{are_one, parts};
use super::scenario::{Group, Pace, Scenario, Share, Step, Task, Think, Work, total};
use crate::run::Model;

/// Expected numbers are counted in millionths of a request.
pub(super) const MICRO: u64 = 1_000_000;

/// How long an answer is taken to last where only time can tell how much is sent.
pub(super) const ANSWER: Duration = Duration::from_millis(100);

/// What arrivals are expected to send.
#[derive(Clone, Debug)]
pub struct Mix {
    /// Millionths of requests in a turn, by scenario and endpoint. An arrival's turn is all it
    /// does: start, work, stop.
    turns: Vec<Vec<u64>>,
    /// Who is drawn in each part of the load.
    parts: Vec<(Draw, Vec<usize>)>,
    /// Endpoints that virtual users send to, as often as the answers allow.
    untold: Vec<bool>,
}

impl Mix {
    /// The mix of a drive under a seed; where there are no scenarios, each request is a turn of its
    /// own.
    #[must_use]
    pub fn new(drive: &Drive, seed: u64) -> Self {
        if drive.scenarios.is_empty() {
            let all = drive.requests.iter();
            let requests: Vec<_> = all.map(|one| (one.weight, one.endpoint)).collect();
            return Self::of_requests(&requests, drive.endpoints.len(), seed);
        }
        let turns = drive.scenarios.iter().map(|scenario| whole_turn(drive, scenario));
        let parts = parts(&drive.scenarios, &drive.load.profile).into_iter().map(|part| {
            let shares = part.scenarios.iter().map(|index| weight(drive.scenarios[*index].share));
            (Draw::new(&shares.collect::<Vec<_>>(), seed), part.scenarios)
        });
        let turns: Vec<Vec<u64>> = turns.collect();
        let whole = &drive.load.profile;
        let of = |scenario: &Scenario| scenario.load.as_deref().unwrap_or(whole).model;
        let closed = || (0..turns.len()).filter(|at| of(&drive.scenarios[*at]) == Model::Closed);
        let untold =
            (0..drive.endpoints.len()).map(|place| closed().any(|at| turns[at][place] > 0));
        Self { untold: untold.collect(), parts: parts.collect(), turns }
    }

    /// The mix of requests with these weights and endpoints, of which there are so many.
    #[must_use]
    pub fn of_requests(requests: &[(u32, usize)], endpoints: usize, seed: u64) -> Self {
        let weights: Vec<u32> = requests.iter().map(|(weight, _)| *weight).collect();
        let turns = requests.iter().map(|(_, endpoint)| {
            let mut turn = vec![0; endpoints];
            turn[*endpoint] = MICRO;
            turn
        });
        let all = (0..requests.len()).collect();
        let (turns, parts) = (turns.collect(), vec![(Draw::new(&weights, seed), all)]);
        Self { turns, parts, untold: vec![false; endpoints] }
    }

    /// Millionths of requests in a turn, by scenario and endpoint; by request where there are no
    /// scenarios.
    pub(super) fn turns(&self) -> &[Vec<u64>] {
        &self.turns
    }

    /// Whether arrivals alone send to an endpoint, so that it is known how much.
    #[must_use]
    pub fn tells(&self, endpoint: usize) -> bool {
        self.untold.get(endpoint).is_some_and(|untold| !untold)
    }

    /// Expected requests by endpoint of the arrivals from one up to, not including, another, part
    /// by part of the load.
    #[must_use]
    pub fn requests(&self, from: &[u64], to: &[u64]) -> Vec<u64> {
        let endpoints = self.turns.first().map_or(0, Vec::len);
        let mut sums = vec![0_u128; endpoints];
        for (((draw, indices), from), to) in self.parts.iter().zip(from).zip(to) {
            for (count, index) in draw.counts(0, *from, *to).iter().zip(indices) {
                for (sum, each) in sums.iter_mut().zip(&self.turns[*index]) {
                    *sum += u128::from(*count) * u128::from(*each);
                }
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
    let (made_once, turn) = turns_of(drive, scenario);
    made_once.into_iter().zip(turn).map(|(once, turn)| once.saturating_add(turn)).collect()
}

/// Millionths of requests that one turn of this work sends, all endpoints together.
pub(super) fn length(drive: &Drive, of: &Work) -> u64 {
    let mut turn = vec![0; drive.endpoints.len()];
    work(drive, of, MICRO, &mut turn);
    total(&drive.endpoints, &turn)
}

fn steps(drive: &Drive, all: &[Step], times: u64, turn: &mut [u64]) {
    let mut last: &[Group] = &[];
    for step in all {
        let endpoint = drive.requests[step.request].endpoint;
        turn[endpoint] = turn[endpoint].saturating_add(times);
        // Steps of one group that follow each other are one pass.
        for group in step.groups.iter().filter(|group| !last.contains(group)) {
            turn[group.endpoint] = turn[group.endpoint].saturating_add(times);
        }
        last = &step.groups;
    }
}

fn work(drive: &Drive, of: &Work, times: u64, turn: &mut [u64]) {
    match of {
        Work::Steps(all) => steps(drive, all, times, turn),
        Work::Tasks(tasks) => {
            for task in tasks {
                work(drive, &task.work, comes(tasks, task, times), turn);
            }
        }
    }
}

/// How often a task comes, of so many draws.
fn comes(siblings: &[Task], task: &Task, of: u64) -> u64 {
    // How often a condition lets a task come, nobody knows; once is sure.
    let (from, to) = if task.until.is_some() { (1, 1) } else { task.repeat };
    let repeats = u128::from(from) + u128::from(to);
    let times = u128::from(share(siblings, task, of)) * repeats / 2;
    u64::try_from(times).unwrap_or(u64::MAX)
}

/// A task's part, by its weight among its siblings.
pub(super) fn share(siblings: &[Task], task: &Task, of: u64) -> u64 {
    let sum: u128 = siblings.iter().map(|task| u128::from(task.weight)).sum();
    let part = u128::from(of) * u128::from(task.weight) / sum.max(1);
    u64::try_from(part).unwrap_or(u64::MAX)
}

/// How long a user is on its way on average: start, one turn of work, stop.
fn way(scenario: &Scenario) -> Duration {
    once(&scenario.start) + turn_time(scenario) + once(&scenario.stop)
}

/// How long a turn of work lasts on average, its rests included.
pub(super) fn turn_time(scenario: &Scenario) -> Duration {
    let rest = match scenario.pace {
        Pace::Wait(think) => mean(think),
        Pace::None | Pace::Paced(_) => Duration::ZERO,
    };
    let each = matches!(scenario.work, Work::Steps(_));
    let mut micros = 0;
    lasting(&scenario.work, MICRO, (rest, each), &mut micros);
    let time = Duration::from_nanos(u64::try_from(micros / u128::from(MICRO)).unwrap_or(u64::MAX));
    match scenario.pace {
        Pace::Paced(every) => time.max(every),
        Pace::None | Pace::Wait(_) => time.max(Duration::from_millis(1)),
    }
}

/// How long an arrival is on its way on average; no time where it is one request.
#[must_use]
pub fn mean_way(drive: &Drive) -> Duration {
    let peak = u128::from(drive.load.profile.peak().max(1));
    let nanos = u128::from(users_at_once(drive)) * 1_000_000_000 * u128::from(MICRO) / peak;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// How many users are on their way at once, at the highest rate of arrivals.
pub(super) fn users_at_once(drive: &Drive) -> u64 {
    let whole = &drive.load.profile;
    let users = drive.scenarios.iter().map(|scenario| {
        let profile = scenario.load.as_deref().unwrap_or(whole);
        if profile.model == Model::Closed {
            return 0;
        }
        let siblings = drive.scenarios.iter().filter(|one| are_one(one, scenario));
        let weights: u128 = siblings.map(|one| u128::from(weight(one.share))).sum();
        let mine = u128::from(profile.peak()) * u128::from(weight(scenario.share));
        mine.saturating_mul(way(scenario).as_nanos()) / weights.max(1)
    });
    let users: u128 = users.sum();
    u64::try_from(users.div_ceil(1_000_000_000 * u128::from(MICRO))).unwrap_or(u64::MAX)
}

/// Millionths of requests by endpoint: those a user makes once, and those of a turn.
pub(super) fn turns_of(drive: &Drive, scenario: &Scenario) -> (Vec<u64>, Vec<u64>) {
    let mut made_once = vec![0; drive.endpoints.len()];
    steps(drive, &scenario.start, MICRO, &mut made_once);
    steps(drive, &scenario.stop, MICRO, &mut made_once);
    let mut turn = vec![0; drive.endpoints.len()];
    work(drive, &scenario.work, MICRO, &mut turn);
    (made_once, turn)
}

/// Adds up nanoseconds, in millionths: answers, rests behind steps, rests behind sequences.
fn lasting(work: &Work, times: u64, rest: (Duration, bool), micros: &mut u128) {
    let mut add = |time: Duration| {
        *micros = micros.saturating_add(time.as_nanos().saturating_mul(times.into()));
    };
    match work {
        Work::Steps(steps) => {
            let rests = if rest.1 { steps.len() } else { 1 };
            add(once(steps));
            (0..rests).for_each(|_| add(rest.0));
        }
        Work::Tasks(tasks) => {
            for task in tasks {
                let times = comes(tasks, task, times);
                lasting(&task.work, times, rest, micros);
            }
        }
    }
}

fn once(steps: &[Step]) -> Duration {
    steps.iter().map(|step| ANSWER + step.wait.map_or(Duration::ZERO, mean)).sum()
}

fn mean(think: Think) -> Duration {
    match think {
        Think::Constant(time) | Think::Exponential(time) => time,
        Think::Between(least, most) => (least + most) / 2,
    }
}
