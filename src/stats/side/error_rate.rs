//! Error rates of both sides.

use super::{Comparison, ErrorCheck, ErrorFound, Round};
use crate::stats::count::{ErrorShift, Errors};
use crate::stats::family::holm;
use crate::stats::shift::Outcome;
use crate::stats::{real, size};

/// What a look says of each error rate.
pub(super) fn judge(plan: &Comparison, look: usize, rounds: &[Round]) -> Vec<Option<ErrorFound>> {
    let look = plan.rules.looks[look];
    let shifts: Vec<Option<ErrorShift>> =
        (0..plan.errors.len()).map(|index| counted(rounds, index)).collect();
    let known = shifts.iter().flatten().count().max(1);
    let alpha = look.spent * plan.rules.alpha * plan.share_of_errors();
    let beta = look.spent * plan.rules.beta;
    let raw: Vec<f64> = shifts.iter().flatten().map(|shift| shift.p).collect();
    let mut adjusted = holm(&raw).into_iter();
    let scale = size(plan.rules.planned()) / size(look.rounds);
    let found = |(check, shift): (&ErrorCheck, &Option<ErrorShift>)| {
        let shift = (*shift)?;
        let p = adjusted.next().unwrap_or(1.0);
        let (lower, upper) =
            (shift.bounds(alpha / size(known), beta).0, shift.bounds(beta, beta).1);
        let claimed = p <= alpha && shift.difference() > check.ignore;
        let outcome = match (claimed, upper < check.limit) {
            (true, _) if shift.difference() >= check.limit => Outcome::Fail,
            (true, true) => Outcome::Warn,
            (false, true) => Outcome::Pass,
            (_, false) => Outcome::Inconclusive,
        };
        let armed = least_provable(shift, scale, plan.rules.beta) <= check.limit;
        Some(ErrorFound { outcome, shift, lower, upper, p, armed })
    };
    plan.errors.iter().zip(&shifts).map(found).collect()
}

fn counted(rounds: &[Round], index: usize) -> Option<ErrorShift> {
    let errors = rounds.iter().filter_map(|round| round.errors.get(index).copied());
    ErrorShift::of(&errors.collect::<Vec<Errors>>())
}

/// The smallest rise that the planned number of requests excludes, all of them good.
fn least_provable(shift: ErrorShift, scale: f64, beta: f64) -> f64 {
    let requests = real(shift.new.all.min(shift.base.all)) * scale;
    1.0 - beta.powf(1.0 / requests)
}
