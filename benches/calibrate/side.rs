//! Two versions side by side, simulated: how often each verdict comes, and after how many rounds.

use loadgate::metric::Better;
use loadgate::stats::count::{Count, Errors};
use loadgate::stats::shift::{Check, Outcome};
use loadgate::stats::side::{Comparison, ErrorCheck, Judged, Round, Rules};

use super::dice::Dice;
use super::table::{Cell, Want};
use super::world::{Noise, ROUND, SAME, Slower, World, endpoints};

/// The limits that are the defaults: 5 % for p50, 10 % for p95, 20 % for p99.
const LIMITS: [f64; 3] = [0.05, 0.10, 0.20];

/// A comparison of four endpoints by three quantiles; eleven of the twelve have samples enough.
pub(super) fn comparison(ignore: f64) -> Comparison {
    let check = |limit: &f64| Check { better: Better::Lower, ignore, limit: *limit, floor: None };
    let checks = (0..4).flat_map(|_| LIMITS.iter().map(check)).collect();
    let errors = vec![ErrorCheck { ignore: 0.001, limit: 0.005 }; 4];
    Comparison { rules: Rules::restarted(0.01, 0.05), checks, errors }
}

/// The versions of one case.
#[derive(Clone, Copy)]
pub(super) struct Case {
    /// In words.
    pub(super) name: &'static str,
    /// How much slower the new version is.
    pub(super) slower: Slower,
    /// How often it must be claimed where it is not noisy: where nothing is ignored, and 1 %.
    power: Option<[f64; 2]>,
}

/// The cases of the table.
pub(super) fn cases() -> Vec<Case> {
    let all = |by: f64| [[by; 3]; 4];
    let one = |by: f64| {
        let mut slower = SAME;
        slower[1] = [by; 3];
        slower
    };
    let tails = |by: f64| [[1.0, by, by]; 4];
    let case = |name, slower, power| Case { name, slower, power };
    vec![
        case("A/A", SAME, None),
        case("+5 % on every endpoint", all(1.05), Some([0.99, 0.98])),
        case("+5 % on one endpoint", one(1.05), Some([0.95, 0.82])),
        case("+7.5 % on one endpoint", one(1.075), Some([0.99, 0.99])),
        case("+10 % on p95 and p99", tails(1.10), Some([0.98, 0.95])),
        case("+5 % on p95 and p99", tails(1.05), None),
        case("+20 % on one endpoint", one(1.20), Some([0.99, 0.99])),
    ]
}

/// What came of many gate runs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tallied {
    /// Those that claimed a regression, whatever its limit.
    pub(super) found: u64,
    /// Those that failed.
    pub(super) fail: u64,
    /// Those that passed.
    pub(super) pass: u64,
    /// Those that passed although a check that was beyond its limit was armed.
    pub(super) missed: u64,
    /// Those that passed with a warning.
    pub(super) warn: u64,
    /// Rounds of all of them.
    pub(super) rounds: u64,
}

impl Tallied {
    /// Both together.
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            found: self.found + other.found,
            fail: self.fail + other.fail,
            pass: self.pass + other.pass,
            missed: self.missed + other.missed,
            warn: self.warn + other.warn,
            rounds: self.rounds + other.rounds,
        }
    }
}

/// Judges so many gate runs of a case.
pub(super) fn play(
    case: &Case,
    noise: Noise,
    ignore: f64,
    runs: std::ops::Range<u64>,
    seed: u64,
) -> Tallied {
    let plan = comparison(ignore);
    let mut sum = Tallied::default();
    for run in runs {
        let judged = gate(&plan, case, noise, seed, run);
        sum.rounds += judged.rounds as u64;
        let claims =
            plan.checks.iter().zip(&judged.checks).any(|(check, found)| {
                found.is_some_and(|found| found.bounds.lower > check.ignored())
            });
        sum.found += u64::from(claims);
        match judged.outcome {
            Outcome::Fail => sum.fail += 1,
            Outcome::Pass => {
                sum.pass += 1;
                sum.missed += u64::from(armed(case, &judged));
            }
            Outcome::Warn => sum.warn += 1,
            Outcome::Inconclusive => {}
        }
    }
    sum
}

/// Whether a check was armed whose version is slower by its limit or more.
fn armed(case: &Case, judged: &Judged) -> bool {
    let beyond = case.slower.iter().flat_map(|endpoint| {
        endpoint.iter().zip(LIMITS).map(|(slower, limit)| *slower > 0.999 + limit)
    });
    let armed = judged.checks.iter().map(|found| found.is_some_and(|found| found.armed));
    beyond.zip(armed).any(|(beyond, armed)| beyond && armed)
}

/// One gate run to its end.
pub(super) fn gate(plan: &Comparison, case: &Case, noise: Noise, seed: u64, run: u64) -> Judged {
    let mut world = World::new(noise, seed, run);
    let mut rounds = Vec::new();
    loop {
        let judged = plan.judge(&rounds);
        let Some(next) = judged.next else { return judged };
        while rounds.len() < next {
            let pairs = world.round(&case.slower);
            let errors = errors(world.dice());
            rounds.push(Round { pairs, errors });
        }
    }
}

/// One request in two thousand fails, on both sides.
fn errors(dice: &mut Dice) -> Vec<Errors> {
    let count = |dice: &mut Dice, rate: f64| {
        let all = dice.events(rate * ROUND / 2.0);
        Count { bad: dice.hits(all, 0.0005), all }
    };
    let endpoints = endpoints();
    let each = endpoints.iter().map(|endpoint| endpoint.rate);
    each.map(|rate| Errors { base: count(dice, rate), new: count(dice, rate) }).collect()
}

/// The rows of a case in the table: how often it fails, passes, warns, and ends by itself.
pub(super) fn cells(case: &Case, noise: Noise, ignore: f64, runs: u64, sum: Tallied) -> Vec<Cell> {
    let nothing_ignored = ignore <= 0.0;
    let cell = |what: String, hits, want| Cell::new(what, hits, runs, want);
    let rounds = super::dice::real(sum.rounds) / super::dice::real(runs);
    let named = |what: &str| format!("{} {what}", case.name);
    let Some(power) = case.power else {
        let same = case.slower == SAME;
        let claims = if nothing_ignored { 0.015 } else { 0.01 };
        let claimed = if same { Want::AtMost(claims) } else { Want::Shown };
        let passes = if same { Want::AtLeast(0.97) } else { Want::Shown };
        return vec![
            cell(named("claims a regression"), sum.found.max(sum.fail + sum.warn), claimed),
            cell(named("fails"), sum.fail, Want::Shown),
            cell(format!("{} passes, {rounds:.1} rounds", case.name), sum.pass, passes),
        ];
    };
    let power = power[usize::from(!nothing_ignored)];
    let want = if noise.name == "noisy" { Want::Shown } else { Want::AtLeast(power) };
    vec![
        cell(format!("{} is found, {rounds:.1} rounds", case.name), sum.found, want),
        cell(named("fails"), sum.fail, Want::Shown),
        cell(named("passes"), sum.pass, Want::Shown),
        cell(
            named("passes, though armed"),
            sum.missed,
            Want::AtMost(0.05).unless(noise.name == "noisy"),
        ),
    ]
}
