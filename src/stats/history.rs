//! A run against the runs before it: a screen, a second run for what is suspicious, a claim only
//! where both agree.

use super::family::holm;
use super::paired::Bounds;
use super::shift::{Check, Found, Outcome, Seen};
use super::special::{t_above, t_critical};
use super::{deviation, mean, median, size};

/// Fewer earlier runs than this allow no judgement.
pub const FEWEST: usize = 10;
/// More earlier runs than this are not looked at.
pub const MOST: usize = 40;
/// How far from the median, in robust standard deviations, an earlier run may count in full.
const OUTLYING: f64 = 5.0;
/// The median distance from the median, as a part of a normal distribution's standard deviation.
const MAD: f64 = 0.674_489_750_196_081_7;
/// The family's chance to be sent to a second run without reason.
const SCREEN: f64 = 0.10;

/// How the runs before it were, as logarithms turned so that more is worse.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Norm {
    /// Where they lie.
    pub center: f64,
    /// Their standard deviation from run to run.
    pub spread: f64,
    /// How many they are.
    pub runs: usize,
}

impl Norm {
    /// The norm of the last runs, newest last, and the standard error within one run, below which
    /// no spread is believed. A run far outside counts as one at the edge, so that one bad night
    /// does not hide a regression.
    ///
    /// # Errors
    /// With fewer than ten runs: how many more it takes.
    pub fn of(past: &[f64], noise: f64) -> Result<Self, usize> {
        let finite: Vec<f64> = past.iter().copied().filter(|value| value.is_finite()).collect();
        let recent = &finite[finite.len().saturating_sub(MOST)..];
        if recent.len() < FEWEST {
            return Err(FEWEST - recent.len());
        }
        let middle = median(recent);
        let distances: Vec<f64> = recent.iter().map(|value| (value - middle).abs()).collect();
        let reach = OUTLYING * median(&distances) / MAD;
        let tamed: Vec<f64> = if reach > 0.0 {
            recent.iter().map(|value| value.clamp(middle - reach, middle + reach)).collect()
        } else {
            recent.to_vec()
        };
        let spread = deviation(&tamed).max(noise).max(f64::MIN_POSITIVE);
        Ok(Self { center: mean(&tamed), spread, runs: recent.len() })
    }

    /// The standard error of the mean of a number of new runs against the norm.
    #[must_use]
    pub fn error(&self, new_runs: f64) -> f64 {
        self.spread * (1.0 / new_runs + 1.0 / size(self.runs)).sqrt()
    }

    fn freedom(&self) -> f64 {
        size(self.runs) - 1.0
    }

    /// The value that Student's t of this norm exceeds with a chance.
    fn critical(&self, chance: f64) -> f64 {
        t_critical(chance, self.freedom())
    }
}

/// One check of a run, with its norm and its value in the first run and, where there was one, in
/// the second, as logarithms turned so that more is worse.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// What is asked.
    pub check: Check,
    /// How it was before.
    pub norm: Norm,
    /// How it is.
    pub first: f64,
    /// How it was in the run that should confirm.
    pub second: Option<f64>,
}

impl Reading {
    /// How many standard errors one new run lies above what is ignored.
    fn score(&self, value: f64) -> f64 {
        (value - self.check.ignored() - self.norm.center) / self.norm.error(1.0)
    }

    /// Whether the first run alone asks for a second, in a family of so many checks.
    #[must_use]
    pub fn suspicious(&self, family: usize) -> bool {
        self.score(self.first) > self.norm.critical(SCREEN / size(family))
    }

    /// The mean of the runs there are against the norm, and its standard error.
    fn estimate(&self) -> (f64, f64) {
        match self.second {
            Some(second) => {
                let both = f64::midpoint(self.first, second);
                (both - self.norm.center, self.norm.error(2.0))
            }
            None => (self.first - self.norm.center, self.norm.error(1.0)),
        }
    }

    /// Whether both runs say so: the first screens, both together convince, the second repeats.
    fn confirmed(&self, alpha: f64, family: usize) -> bool {
        let Some(second) = self.second else { return false };
        let (estimate, error) = self.estimate();
        let together = (estimate - self.check.ignored()) / error;
        self.suspicious(family)
            && together > self.norm.critical(alpha / size(family))
            && self.score(second) > self.norm.critical(0.05)
    }

    /// The shift that two runs would find with 95 %, as a logarithm: about four times the spread.
    #[must_use]
    pub fn detectable(&self, alpha: f64, family: usize) -> f64 {
        let reach = self.norm.critical(alpha / size(family)) + self.norm.critical(0.05);
        self.check.ignored() + reach * self.norm.error(2.0)
    }

    fn found(&self, p: f64, rates: Rates, family: usize) -> Found {
        let (estimate, error) = self.estimate();
        let lower = estimate - self.norm.critical(rates.alpha / size(family)) * error;
        let upper = estimate + self.norm.critical(rates.beta) * error;
        let level = self.check.worse(self.norm.center).exp();
        let limit = self.check.limited(level);
        let detectable = self.detectable(rates.alpha, family);
        let claimed = self.confirmed(rates.alpha, family);
        let mut outcome = Seen { estimate, upper, limit }.outcome(claimed);
        if self.second.is_none() && self.suspicious(family) {
            outcome = Outcome::Inconclusive;
        }
        let bounds = Bounds { lower, upper };
        let (armed, count) = (detectable <= limit, self.norm.runs);
        Found { outcome, estimate, bounds, p, limit, detectable, armed, count }
    }
}

/// The error rates that are kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// The chance of any false claim in the whole family.
    pub alpha: f64,
    /// The chance that a check passes although it is beyond its limit.
    pub beta: f64,
}

/// What came of each check. A suspicious one without a second run is open: `suspicious` says so.
#[must_use]
pub fn judge(readings: &[Reading], rates: Rates) -> Vec<Found> {
    let raw: Vec<f64> = readings
        .iter()
        .map(|reading| {
            let (estimate, error) = reading.estimate();
            let score = (estimate - reading.check.ignored()) / error;
            t_above(score, reading.norm.freedom())
        })
        .collect();
    let found = readings.iter().zip(holm(&raw));
    found.map(|(reading, p)| reading.found(p, rates, readings.len())).collect()
}

/// Whether values should be divided by those of the reference probe measured in the same runs: if
/// it explains more than 30 % of their variance in the middle, and leaves them with less. A probe
/// that varies more than they do by itself never does. Decided once from history, never for one
/// run.
#[must_use]
pub fn reference_helps(checks: &[Vec<f64>], reference: &[f64]) -> bool {
    let over = |of: &dyn Fn(&[f64]) -> f64| {
        median(&checks.iter().map(|check| of(check)).collect::<Vec<_>>())
    };
    let spread = over(&deviation);
    let left = over(&|check: &[f64]| deviation(&divided(check, reference)));
    over(&|check| explained(check, reference)) > 0.3 && left < spread
}

/// Logarithms of values divided by the reference probe of the same run.
#[must_use]
pub fn divided(values: &[f64], reference: &[f64]) -> Vec<f64> {
    values.iter().zip(reference).map(|(value, probe)| value - probe).collect()
}

/// The share of variance that a straight line through the reference explains: R².
#[must_use]
pub fn explained(values: &[f64], reference: &[f64]) -> f64 {
    let (here, there) = (mean(values), mean(reference));
    let (mut both, mut ours, mut theirs) = (0.0, 0.0, 0.0);
    for (value, probe) in values.iter().zip(reference) {
        both += (value - here) * (probe - there);
        ours += (value - here).powi(2);
        theirs += (probe - there).powi(2);
    }
    let share = both * both / (ours * theirs);
    if share.is_finite() { share } else { 0.0 }
}
