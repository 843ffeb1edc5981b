//! Two versions side by side, as far as pictures need them: how times were spread in each, and how
//! far apart they are at each percentile.

use std::time::Duration;

use super::check::Check;
use crate::judge::finding::Rule;
use crate::judge::{of_scope, sound_rounds};
use crate::metric::Metric;
use crate::plan::Plan;
use crate::run::{Rounds, Run};
use crate::sanitise::Clean;
use crate::stats::special::t_critical;
use crate::stats::{deviation, mean, real, size};
use crate::tally::{Frame, Tally};
use crate::unit::Quantile;

/// Scopes of which large plots are drawn, at most: those whose checks ask for attention first.
const MOST_DRAWN: usize = 8;
/// The percentiles at which a shift is told, in millionths.
const SHARES: [u32; 9] =
    [100_000, 250_000, 500_000, 750_000, 900_000, 950_000, 990_000, 999_000, 999_900];
/// Each version must have so many samples beyond a percentile in a round.
const TAIL: f64 = 5.0;
/// The chance that a true shift lies above an interval, and that it lies below it.
const EITHER_SIDE: f64 = 0.025;

/// Two versions side by side.
#[derive(Clone, Debug)]
pub struct Versions {
    /// The version compared with.
    pub against: Clean,
    /// Rounds that were compared.
    pub rounds: usize,
    /// Each scope that a check is about, and what else there is room to draw; the drawn first.
    pub scopes: Vec<Both>,
}

/// One scope of both versions.
#[derive(Clone, Debug)]
pub struct Both {
    /// The endpoint's name; `whole run` for all together.
    pub name: Clean,
    /// It is the whole run.
    pub whole: bool,
    /// Upper edges and counts of good answers' latencies: the version judged. Empty where no plot
    /// shows them.
    pub new: Vec<(Duration, u64)>,
    /// The same of the version compared with.
    pub base: Vec<(Duration, u64)>,
    /// Requests of each, failed ones included: of the version judged, and of the other.
    pub counts: [u64; 2],
    /// How far the version judged is from the other, by percentile.
    pub shifts: Vec<Shift>,
}

/// How far two versions are apart at one percentile. Shares of what it was: 0.05 is 5 % slower.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shift {
    /// The percentile.
    pub quantile: Quantile,
    /// The mean over rounds (of logarithms).
    pub estimate: f64,
    /// A bound that the true shift is above with 97.5 %, each percentile by itself (Student's t
    /// on the rounds' differences).
    pub lower: f64,
    /// The same from above.
    pub upper: f64,
}

impl Versions {
    /// What a run tells of two versions; `None` where there were not two, or too few rounds.
    #[must_use]
    pub fn of(
        plan: &Plan,
        run: &Run,
        checks: &[Check],
        clean: &dyn Fn(&str) -> Clean,
    ) -> Option<Self> {
        let told = run.rounds.as_ref()?;
        let rounds = sound_rounds(plan, told);
        if rounds.len() < 2 {
            return None;
        }
        let names = run.endpoints.iter().map(|evidence| evidence.name.as_str());
        let mut scopes: Vec<Option<&str>> = std::iter::once(None).chain(names.map(Some)).collect();
        let weight = |scope: Option<&str>| {
            let name = scope.map(clean);
            let about = |check: &&Check| match &name {
                None => check.whole,
                Some(name) => !check.whole && check.scope == *name,
            };
            let own = checks.iter().filter(about).filter(|check| check.change.is_some());
            own.map(|check| check.mark).min()
        };
        // Stable, and what nobody asked for comes last: `None` is less than any mark.
        scopes.sort_by_cached_key(|scope| weight(*scope).map_or((1, None), |mark| (0, Some(mark))));
        let compared = |check: &&Check| check.rule == Rule::Regression;
        let asked: Vec<&Check> = checks.iter().filter(compared).collect();
        let asked = |scope: Option<&str>| match scope.map(clean) {
            None => asked.iter().any(|check| check.whole),
            Some(name) => asked.iter().any(|check| !check.whole && check.scope == name),
        };
        let shown = scopes.into_iter().enumerate();
        let shown = shown.filter(|(nth, scope)| *nth < MOST_DRAWN || asked(*scope));
        let scopes =
            shown.map(|(nth, scope)| both(&rounds, scope, nth < MOST_DRAWN, clean)).collect();
        Some(Self { against: clean(&told.against), rounds: rounds.len(), scopes })
    }
}

fn both(rounds: &[&Run], scope: Option<&str>, drawn: bool, clean: &dyn Fn(&str) -> Clean) -> Both {
    let arms = |arm: usize| -> Vec<Tally> {
        rounds.iter().map(|round| of_scope(Rounds::arms(round)[arm], scope)).collect()
    };
    let (new, base) = (arms(0), arms(1));
    let sum = |arm: &[Tally]| {
        let mut sum = Tally::default();
        for tally in arm {
            sum.merge(tally);
        }
        sum
    };
    let (all_new, all_base) = (sum(&new), sum(&base));
    Both {
        name: scope.map_or_else(|| Clean::line("whole run"), clean),
        whole: scope.is_none(),
        new: if drawn { all_new.latency().buckets() } else { Vec::new() },
        base: if drawn { all_base.latency().buckets() } else { Vec::new() },
        counts: [all_new.count(), all_base.count()],
        shifts: shifts(&new, &base),
    }
}

/// The shift at each percentile that every round tells.
#[must_use]
pub fn shifts(new: &[Tally], base: &[Tally]) -> Vec<Shift> {
    let least = new.iter().chain(base).map(Tally::count).min().unwrap_or(0);
    let told = |millionths: &u32| {
        let share = f64::from(*millionths) / 1e6;
        let quantile = Quantile::from_millionths(*millionths)?;
        let frame = Frame { span: Duration::ZERO, timeout: Duration::ZERO };
        let log = |tally: &Tally| tally.read_log(Metric::Latency(quantile), frame);
        let pairs = new.iter().zip(base).map(|(new, base)| Some(log(new)? - log(base)?));
        let logs: Vec<f64> = pairs.collect::<Option<_>>()?;
        let center = mean(&logs);
        let half = t_critical(EITHER_SIDE, size(logs.len()) - 1.0) * deviation(&logs)
            / size(logs.len()).sqrt();
        let fit = center.is_finite() && half.is_finite() && real(least) * (1.0 - share) >= TAIL;
        let [estimate, lower, upper] = [center, center - half, center + half].map(f64::exp_m1);
        fit.then_some(Shift { quantile, estimate, lower, upper })
    };
    SHARES.iter().filter_map(told).collect()
}
