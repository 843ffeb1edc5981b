//! Error rates of two versions, simulated: errors that come alone, or in clumps.

use loadgate::stats::count::{Count, Errors};
use loadgate::stats::shift::Outcome;
use loadgate::stats::side::{Comparison, ErrorCheck, Round, Rules};
use loadgate::stats::special::beta;

use super::dice::{Dice, real};
use super::world::{ROUND, endpoints};

/// What came of many gate runs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tallied {
    /// Those that failed.
    pub(super) fail: u64,
    /// Those that Fisher's exact test on requests would have failed, at 1 % over the four endpoints
    /// (its conditional form, as many requests on both sides).
    pub(super) fisher: u64,
}

impl Tallied {
    /// Both together.
    pub(super) fn plus(self, other: Self) -> Self {
        Self { fail: self.fail + other.fail, fisher: self.fisher + other.fisher }
    }
}

/// So many gate runs in which one request of a hundred fails, in clumps of a size, and so many
/// times as many of the new version.
pub(super) fn play(clump: u64, times: f64, runs: std::ops::Range<u64>, seed: u64) -> Tallied {
    let errors = vec![ErrorCheck { ignore: 0.001, limit: 0.005 }; 4];
    let plan = Comparison { rules: Rules::restarted(0.01, 0.05), checks: vec![], errors };
    let mut sum = Tallied::default();
    for run in runs {
        let mut dice = Dice::new(seed, run);
        let rounds: Vec<Round> = (0..16).map(|_| round(clump, times, &mut dice)).collect();
        sum.fail += u64::from(plan.judge(&rounds).outcome == Outcome::Fail);
        sum.fisher += u64::from(fisher(&rounds));
    }
    sum
}

fn round(clump: u64, times: f64, dice: &mut Dice) -> Round {
    let side = |rate: f64, share: f64, dice: &mut Dice| {
        let all = dice.events(rate * ROUND / 2.0);
        let clumps = dice.events(share * real(all) / real(clump));
        Count { bad: (clumps * clump).min(all), all }
    };
    let endpoints = endpoints();
    let each = endpoints.iter().map(|endpoint| endpoint.rate);
    let errors = each
        .map(|rate| Errors { base: side(rate, 0.01, dice), new: side(rate, 0.01 * times, dice) });
    Round { pairs: vec![], errors: errors.collect() }
}

fn fisher(rounds: &[Round]) -> bool {
    (0..4).any(|at| {
        let bad = |of: &dyn Fn(&Errors) -> u64| -> f64 {
            real(rounds.iter().map(|round| of(&round.errors[at])).sum())
        };
        let (base, new) = (bad(&|errors| errors.base.bad), bad(&|errors| errors.new.bad));
        beta(0.5, new, base + 1.0) <= 0.01 / 4.0
    })
}
