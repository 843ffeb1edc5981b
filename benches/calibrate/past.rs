//! A run against the runs before it, simulated.
//!
//! Logarithms of a run's quantiles are drawn as they are: those of the machine are alike for all
//! checks of a run, those of the run's own (sampling, process start, drift within the run) are not.

use loadgate::metric::Better;
use loadgate::stats::history::{Norm, Rates, Reading, judge};
use loadgate::stats::shift::{Check, Found, Outcome};
use loadgate::stats::special::t_critical;

use super::dice::Dice;

/// Checks of a run.
const CHECKS: usize = 10;

/// How the runs of a project vary.
#[derive(Clone, Copy, Debug)]
pub(super) struct Project {
    /// In words.
    pub(super) name: &'static str,
    /// From machine to machine, as a standard deviation of logarithms.
    pub(super) machine: f64,
    /// Each check's own, from run to run.
    pub(super) own: f64,
    /// Earlier runs.
    pub(super) runs: usize,
    /// Whether the run that confirms has a machine of its own.
    pub(super) elsewhere: bool,
}

/// What came of many runs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tallied {
    /// Those that one run alone would have failed, at the same level.
    pub(super) single: u64,
    /// Those that claimed a regression, confirmed by a second run, whatever its limit.
    pub(super) found: u64,
    /// Those that failed, or passed with a warning.
    pub(super) fail: u64,
    /// Those that asked for a second run.
    pub(super) second: u64,
}

impl Tallied {
    /// Both together.
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            single: self.single + other.single,
            found: self.found + other.found,
            fail: self.fail + other.fail,
            second: self.second + other.second,
        }
    }
}

/// So many runs of a project, with one check slower by a share.
pub(super) fn play(
    project: Project,
    slower: f64,
    runs: std::ops::Range<u64>,
    seed: u64,
) -> Tallied {
    let mut sum = Tallied::default();
    for run in runs {
        let mut dice = Dice::new(seed, run);
        let one = gate(project, slower, &mut dice);
        sum = sum.plus(one);
    }
    sum
}

/// How many standard errors one run lies above what is ignored, beside the value that so few
/// exceed.
fn exceeds(reading: &Reading, value: f64, chance: f64) -> bool {
    let freedom = f64::from(u32::try_from(reading.norm.runs).expect("few runs")) - 1.0;
    let over = value - reading.check.ignored() - reading.norm.center;
    over / reading.norm.error(1.0) > t_critical(chance, freedom)
}

fn gate(project: Project, slower: f64, dice: &mut Dice) -> Tallied {
    let run = |machine: f64, dice: &mut Dice| -> Vec<f64> {
        (0..CHECKS).map(|_| machine + project.own * dice.normal()).collect()
    };
    let past: Vec<Vec<f64>> =
        (0..project.runs).map(|_| run(project.machine * dice.normal(), dice)).collect();
    let machine = project.machine * dice.normal();
    let other = if project.elsewhere { project.machine * dice.normal() } else { machine };
    let (first, second) = (run(machine, dice), run(other, dice));
    let check = Check { better: Better::Lower, ignore: 0.01, limit: 0.10, floor: None };
    let reading = |at: usize, confirmed: bool| {
        let series: Vec<f64> = past.iter().map(|run| run[at]).collect();
        let norm = Norm::of(&series, 0.0).expect("there are runs enough");
        let shift = if at == 0 { slower.ln_1p() } else { 0.0 };
        let second = confirmed.then_some(second[at] + shift);
        Reading { check, norm, first: first[at] + shift, second }
    };
    let alone: Vec<Reading> = (0..CHECKS).map(|at| reading(at, false)).collect();
    let suspicious = alone.iter().any(|reading| reading.suspicious(CHECKS));
    let single = alone.iter().any(|reading| exceeds(reading, reading.first, 0.01 / 10.0));
    let rates = Rates { alpha: 0.01, beta: 0.05 };
    let both: Vec<Reading> = (0..CHECKS).map(|at| reading(at, true)).collect();
    let failed = |found: &Found| matches!(found.outcome, Outcome::Fail | Outcome::Warn);
    let judged = judge(&both, rates);
    let fail = suspicious && judged.iter().any(failed);
    // The first run screens, both together convince, the second repeats.
    let claims = |(reading, found): (&Reading, &Found)| {
        let repeats = reading.second.is_some_and(|second| exceeds(reading, second, 0.05));
        let sure = found.bounds.lower > reading.check.ignored();
        reading.suspicious(CHECKS) && sure && repeats
    };
    let found = both.iter().zip(&judged).any(claims);
    let count = u64::from;
    Tallied {
        single: count(single),
        second: count(suspicious),
        found: count(found),
        fail: count(fail),
    }
}
