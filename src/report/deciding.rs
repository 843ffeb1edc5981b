//! Which findings decided a verdict.

use super::check::{Check, Mark};
use super::facts::Facts;

/// Findings that are shown as those that decided a verdict, at most.
const MOST: usize = 3;

/// The findings that decided the verdict: the one that the verdict's reason names, then what failed
/// or is in doubt, the farthest beyond its limit first; where all held, what came nearest to its
/// limit.
#[must_use]
pub fn deciding(facts: &Facts) -> Vec<&Check> {
    let order = |check: &Check| match check.mark {
        Mark::Fail => 0,
        Mark::Doubt => 1,
        Mark::Warn => 2,
        Mark::Unsure => 3,
        Mark::Open | Mark::Held => 4,
    };
    let told = |check: &&Check| check.used.is_some() || check.mark.is_urgent();
    let mut all: Vec<&Check> = facts.checks.iter().filter(told).collect();
    all.sort_by_key(|check| order(check));
    let named = all.first().filter(|check| check.mark.is_urgent()).copied();
    let used = |check: &Check| check.used.unwrap_or(0.0);
    // Stable: what is alike stays in the order of the plan.
    all.sort_by(|one, other| {
        let is_named = |check: &Check| named.is_some_and(|named| std::ptr::eq(named, check));
        let first = is_named(other).cmp(&is_named(one));
        first.then(order(one).cmp(&order(other))).then(used(other).total_cmp(&used(one)))
    });
    all.truncate(MOST);
    all
}
