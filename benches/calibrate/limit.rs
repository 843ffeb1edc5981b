//! An absolute limit, simulated: requests beyond it, second by second.
//!
//! The service drifts (autoregressive, over tens of seconds), has bursts of a few seconds and
//! pauses, so that slow requests come together. The limit lies where, in the long run, five of a
//! hundred requests are beyond it; or a quarter below, so that the true p95 is 25 % above it.

use std::time::Duration;

use loadgate::stats::count::Count;
use loadgate::stats::shift::Outcome;
use loadgate::stats::sla::{self, BATCHES, Evidence};

use super::dice::{Dice, real};
use super::world::normal_below;

/// Requests per second.
const RATE: f64 = 100.0;
/// The share that may be beyond the limit: that of p95.
pub(super) const ALLOWED: f64 = 0.05;

/// How a service wanders.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weather {
    /// Its name.
    pub(super) name: &'static str,
    /// The drift's standard deviation, of logarithms.
    drift: f64,
    /// How long a drift lasts, in seconds.
    lasts: f64,
    /// Bursts per second.
    bursts: f64,
    /// How much slower a burst makes everything, as a logarithm.
    slower: f64,
}

/// Little drift.
pub(super) const QUIET: Weather =
    Weather { name: "quiet", drift: 0.03, lasts: 5.0, bursts: 0.002, slower: 0.3 };
/// Drift as on a runner of one's own.
pub(super) const TYPICAL: Weather =
    Weather { name: "typical", drift: 0.12, lasts: 8.0, bursts: 0.02, slower: 0.5 };
/// Drift as on a runner that others use too.
pub(super) const NOISY: Weather =
    Weather { name: "noisy", drift: 0.15, lasts: 10.0, bursts: 0.03, slower: 0.6 };

/// A service over time.
pub(super) struct Service {
    weather: Weather,
    dice: Dice,
    drift: f64,
    burst: f64,
}

impl Service {
    /// The service of one run.
    pub(super) fn new(weather: Weather, seed: u64, run: u64) -> Self {
        let mut dice = Dice::new(seed, run);
        let drift = weather.drift * dice.normal();
        Self { weather, dice, drift, burst: 0.0 }
    }

    /// The share of the next second's requests that take longer than a limit (the logarithm of a
    /// time, where the usual median is 1): a log-normal distribution whose middle moves.
    fn beyond(&mut self, limit: f64) -> f64 {
        let weather = self.weather;
        let keep = (-1.0 / weather.lasts).exp();
        let step = weather.drift * (1.0 - keep * keep).sqrt();
        self.drift = keep * self.drift + step * self.dice.normal();
        self.burst -= 1.0;
        if self.dice.even() < weather.bursts {
            self.burst = 3.0 * self.dice.wait();
        }
        let part = self.burst.clamp(0.0, 1.0);
        let calm = normal_below((self.drift - limit) / 0.5);
        let burst = normal_below((self.drift + weather.slower - limit) / 0.5);
        (1.0 - part) * calm + part * burst
    }

    /// What is counted in the next second.
    pub(super) fn second(&mut self, limit: f64) -> Count {
        let share = self.beyond(limit);
        let all = self.dice.events(RATE);
        Count { bad: self.dice.hits(all, share), all }
    }

    /// What is counted in so many seconds, one by one.
    pub(super) fn seconds(&mut self, limit: f64, seconds: u64) -> Vec<Count> {
        (0..seconds).map(|_| self.second(limit)).collect()
    }
}

/// The limit that five of a hundred requests exceed in so many seconds, by bisection.
pub(super) fn boundary(weather: Weather, seed: u64, seconds: u64) -> f64 {
    let share = |limit: f64| {
        let mut service = Service::new(weather, seed, u64::MAX);
        (0..seconds).map(|_| service.beyond(limit)).sum::<f64>() / real(seconds)
    };
    let (mut low, mut high) = (0.0, 3.0);
    for _ in 0..14 {
        let middle = f64::midpoint(low, high);
        if share(middle) > ALLOWED { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// Counts of seconds as batches of equal time.
pub(super) fn batches(seconds: &[Count]) -> Vec<Count> {
    let sum = |part: &[Count]| {
        part.iter().fold(Count::default(), |sum, one| Count {
            bad: sum.bad + one.bad,
            all: sum.all + one.all,
        })
    };
    seconds.chunks(seconds.len().div_ceil(BATCHES)).map(sum).collect()
}

/// What came of many runs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tallied {
    /// Surely above.
    pub(super) fail: u64,
    /// Surely below.
    pub(super) pass: u64,
    /// Above by comparing the values alone.
    pub(super) plain: u64,
}

impl Tallied {
    /// Both together.
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            fail: self.fail + other.fail,
            pass: self.pass + other.pass,
            plain: self.plain + other.plain,
        }
    }
}

/// So many runs of a length in seconds against a limit.
pub(super) fn play(
    weather: Weather,
    limit: f64,
    seconds: u64,
    runs: std::ops::Range<u64>,
    seed: u64,
) -> Tallied {
    let mut sum = Tallied::default();
    for run in runs {
        let counts = Service::new(weather, seed, run).seconds(limit, seconds);
        let batches = batches(&counts);
        let Some(evidence) = Evidence::of(&batches, ALLOWED) else { continue };
        let span = Duration::from_secs(seconds);
        let outcome = sla::judge(&[evidence], batches.len(), span, 0.01)[0];
        sum.fail += u64::from(outcome == Outcome::Fail);
        sum.pass += u64::from(outcome == Outcome::Pass);
        sum.plain += u64::from(evidence.share > ALLOWED);
    }
    sum
}

/// How many of so many runs of a length in seconds are ended early by a limit with `abort` after
/// ten seconds.
pub(super) fn ended(
    weather: Weather,
    limit: f64,
    seconds: u64,
    runs: std::ops::Range<u64>,
    seed: u64,
) -> u64 {
    let first = Duration::from_secs(10);
    let looks: Vec<(Duration, f64)> =
        (10..=seconds).filter_map(|over| sla::look(first, Duration::from_secs(over))).collect();
    let is_ended = |run: &u64| {
        let counts = Service::new(weather, seed, *run).seconds(limit, seconds);
        // Between two looks nothing new is said.
        let mut before = Duration::ZERO;
        looks.iter().any(|(at, spent)| {
            let fresh = *at > before;
            before = *at;
            let until = usize::try_from(at.as_secs()).expect("a short run").min(counts.len());
            let level = 0.01 * spent;
            fresh && sla::is_clear(&batches(&counts[..until]), ALLOWED, *at, level)
        })
    };
    runs.filter(is_ended).count() as u64
}
