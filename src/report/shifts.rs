//! How far the percentiles of each compared scope are from another version, or from the runs
//! before, for the page and for machines.

use super::check::Check;
use super::facts::Facts;
use super::versions::Shift;
use super::words;
use crate::judge::finding::{Change, Rests};
use crate::metric::Metric;

/// The shifts of a comparison.
#[derive(Clone, Debug)]
pub(super) struct Shifts<'a> {
    /// What was compared with.
    pub(super) against: Against,
    /// Each scope, those whose checks ask for attention first.
    pub(super) scopes: Vec<Shifted<'a>>,
}

/// What was compared with, and so what bounds a shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Against {
    /// Another version in rounds: each percentile is bounded by itself.
    Version,
    /// Earlier runs: the bounds are those of the checks.
    Runs,
}

impl Against {
    /// Its name in `verdict.json`.
    #[must_use]
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::Runs => "runs",
        }
    }
}

/// One scope.
#[derive(Clone, Debug)]
pub(super) struct Shifted<'a> {
    /// The endpoint's name; `*` for the whole run.
    pub(super) scope: &'a str,
    /// The same for people.
    pub(super) place: &'a str,
    /// By percentile, rising; empty where there were too few requests to tell any.
    pub(super) shifts: Vec<Shift>,
}

/// Gathers them; `None` where nothing was compared.
#[must_use]
pub(super) fn shifts(facts: &Facts) -> Option<Shifts<'_>> {
    if let Some(versions) = &facts.versions {
        let scopes = versions.scopes.iter().map(|both| Shifted {
            scope: if both.whole { "*" } else { both.name.as_str() },
            place: both.name.as_str(),
            shifts: both.shifts.clone(),
        });
        return Some(Shifts { against: Against::Version, scopes: scopes.collect() });
    }
    let mut told: Vec<&Check> = facts.checks.iter().filter(|check| is_of_runs(check)).collect();
    told.sort_by_key(|check| check.mark);
    let mut scopes: Vec<Shifted<'_>> = Vec::new();
    for check in told {
        let (scope, place) = (if check.whole { "*" } else { check.scope.as_str() }, check.place());
        let known = scopes.iter().position(|one| (one.scope, one.place) == (scope, place));
        let at = known.unwrap_or(scopes.len());
        if known.is_none() {
            scopes.push(Shifted { scope, place, shifts: Vec::new() });
        }
        let shift = shift(check);
        // One percentile may be asked for twice, with another limit.
        let is_new =
            |shift: &Shift| scopes[at].shifts.iter().all(|one| one.quantile != shift.quantile);
        if let Some(shift) = shift.filter(is_new) {
            scopes[at].shifts.push(shift);
        }
    }
    for one in &mut scopes {
        one.shifts.sort_by_key(|shift| shift.quantile.millionths());
    }
    let against = Against::Runs;
    facts.checks.iter().any(is_of_runs).then_some(Shifts { against, scopes })
}

fn is_of_runs(check: &Check) -> bool {
    matches!(check.change, Some(Change { rests: Rests::Runs(_), .. }))
}

/// What a check tells of a percentile; `None` of any other metric.
fn shift(check: &Check) -> Option<Shift> {
    let Metric::Latency(quantile) = Metric::parse(&check.metric)? else { return None };
    let Change { estimate, lower, upper, .. } = *check.change.as_ref()?;
    Some(Shift { quantile, estimate, lower, upper })
}

/// A shift in words: `p99 +7.2 % (+5.1 % to +9.4 %)`.
#[must_use]
pub(super) fn said(shift: &Shift) -> String {
    let told = |share| words::change(share, false).unwrap_or_else(|| "beyond measure".to_owned());
    let [estimate, lower, upper] = [shift.estimate, shift.lower, shift.upper].map(told);
    format!("{} {estimate} ({lower} to {upper})", shift.quantile)
}
