//! One look at the rounds there are.

use super::error_rate;
use super::{Comparison, ErrorFound, Judged, Round};
use crate::stats::family::holm;
use crate::stats::paired::Paired;
use crate::stats::shift::{Check, Found, Outcome, Seen, together};
use crate::stats::{deviation, median, size};

/// Samples beyond the quantile that the middle round must have.
const FEWEST_BEYOND: f64 = 5.0;

/// One check with its shifts, round by round.
struct Series {
    check: Check,
    shifts: Vec<f64>,
    /// The limit as a logarithm, with the floor brought in.
    limit: f64,
    /// The standard deviation from round to round.
    spread: f64,
}

/// Judges a look: the family is what the rounds before the first look support.
pub(super) fn judge(plan: &Comparison, look: usize, rounds: &[Round]) -> Judged {
    let first = plan.rules.looks.first().map_or(0, |look| look.rounds);
    let series: Vec<Option<Series>> = (0..plan.checks.len())
        .map(|index| Series::of(plan.checks[index], index, rounds, first))
        .collect();
    let checks = shifts(plan, look, &series);
    let errors = error_rate::judge(plan, look, rounds);
    let last = look + 1 == plan.rules.looks.len();
    let outcome = whole(&checks, &errors);
    let ended = match outcome {
        Outcome::Fail => true,
        Outcome::Pass | Outcome::Warn => checks.iter().flatten().all(low),
        Outcome::Inconclusive => false,
    };
    let next = plan.rules.looks.get(look + 1).filter(|_| !ended && !last);
    let outcome = if next.is_some() { Outcome::Inconclusive } else { outcome };
    let next = next.map(|look| look.rounds);
    Judged { outcome, rounds: rounds.len(), next, checks, errors }
}

/// Whether the estimate is at most half its limit: more would be a reason to go on.
fn low(found: &Found) -> bool {
    found.estimate <= found.limit / 2.0
}

fn whole(checks: &[Option<Found>], errors: &[Option<ErrorFound>]) -> Outcome {
    let checks = checks.iter().flatten().map(|found| (found.outcome, found.armed));
    let errors = errors.iter().flatten().map(|found| (found.outcome, found.armed));
    together(checks.chain(errors))
}

impl Series {
    /// The shifts of a check; `None` where the rounds before the first look have too few samples
    /// beyond the quantile.
    fn of(check: Check, index: usize, rounds: &[Round], first: usize) -> Option<Self> {
        let pair = |round: &Round| round.pairs.get(index).copied().flatten();
        let early: Vec<_> = rounds.iter().take(first).map(pair).collect();
        let tails: Vec<f64> = early.iter().map(|pair| pair.map_or(0.0, |pair| pair.tail)).collect();
        if tails.is_empty() || median(&tails) < FEWEST_BEYOND {
            return None;
        }
        let shift = |base: f64, new: f64| {
            let shift = check.worse(new) - check.worse(base);
            // Both without a good answer: no shift.
            if shift.is_nan() { 0.0 } else { shift }
        };
        let pairs: Vec<_> = rounds.iter().filter_map(pair).collect();
        let shifts: Vec<f64> = pairs.iter().map(|pair| shift(pair.base, pair.new)).collect();
        let base: Vec<f64> = pairs.iter().map(|pair| pair.base).collect();
        let level = median(&base).exp();
        // From all rounds there are: six alone tell so little of their spread that many a check
        // would be armed by luck, and then leave two versions that are alike undecided.
        let (limit, spread) = (check.limited(level), deviation(&shifts));
        Some(Self { check, shifts, limit, spread })
    }
}

fn shifts(plan: &Comparison, look: usize, series: &[Option<Series>]) -> Vec<Option<Found>> {
    let rules = &plan.rules;
    let (rounds, spent) = (rules.looks[look].rounds, rules.looks[look].spent);
    let supported = series.iter().flatten().count().max(1);
    let share = rules.alpha * plan.share_of_shifts();
    let (alpha, beta) = (spent * share, spent * rules.beta);
    let each = alpha / size(supported);
    let usual = Paired::new(rounds, each);
    let test = |one: &Series| {
        let complete = one.shifts.len();
        if complete == rounds { usual.clone() } else { Paired::new(complete, each) }
    };
    let tests: Vec<Option<Paired>> = series.iter().map(|one| one.as_ref().map(test)).collect();
    let both = || series.iter().flatten().zip(tests.iter().flatten());
    let raw: Vec<f64> =
        both().map(|(one, test)| test.p_above(&one.shifts, one.check.ignored())).collect();
    let (planned, reach) = (size(rules.planned()), plan.reach(supported));
    let mut found = both().zip(holm(&raw)).map(|((one, test), p)| {
        let estimate = test.estimate(&one.shifts);
        let bounds = test.bounds(&one.shifts, each, beta);
        let seen = Seen { estimate, upper: bounds.upper, limit: one.limit };
        let detectable = one.check.ignored() + reach * one.spread / planned.sqrt();
        let outcome = seen.outcome(p <= alpha);
        let (limit, armed, count) = (one.limit, detectable <= one.limit, one.shifts.len());
        Found { outcome, estimate, bounds, p, limit, detectable, armed, count }
    });
    series.iter().map(|one| one.as_ref().and_then(|_| found.next())).collect()
}
