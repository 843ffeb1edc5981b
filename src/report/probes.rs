//! What was asked beside the load, as reports tell it.

use crate::plan::probe::{Gauge, ProbeLimit};
use crate::plan::{Plan, threshold::Level};
use crate::run::{Run, Series};
use crate::sanitise::Clean;

/// Points of a plot, at most.
const MOST_POINTS: usize = 600;

/// A probe and its answers.
#[derive(Clone, Debug)]
pub struct Probed {
    /// Its name.
    pub name: Clean,
    /// The unit of its answers.
    pub unit: Clean,
    /// Questions within the judged time, and those that were answered.
    pub asked: u64,
    /// Those that were answered.
    pub answered: u64,
    /// The least, the mean, the largest and the last answer within the judged time; `None` where
    /// there was none.
    pub span: Option<[f64; 4]>,
    /// What was wrong with the last question without an answer; empty where each had one.
    pub said: Clean,
    /// All answers over the whole load: seconds from its begin, and the answer; `None` is a gap.
    /// Of many, the least and the largest of each while.
    pub points: Vec<(f64, Option<f64>)>,
    /// Limits on the largest, the least or any other value of it, in words.
    pub limits: Vec<(f64, String)>,
}

/// Every probe of a run, with what is asked of it.
pub(super) fn probes(plan: &Plan, run: &Run, clean: &dyn Fn(&str) -> Clean) -> Vec<Probed> {
    run.probes.iter().map(|series| probed(series, plan, run, clean)).collect()
}

fn probed(series: &Series, plan: &Plan, run: &Run, clean: &dyn Fn(&str) -> Clean) -> Probed {
    let (answers, asked) = run.answers(series);
    let of = |gauge: Gauge| gauge.of(&answers);
    let span = of(Gauge::Min)
        .and_then(|least| Some([least, of(Gauge::Mean)?, of(Gauge::Max)?, of(Gauge::Last)?]));
    let own = plan.probe_limits.iter().filter(|limit| limit.probe == series.name);
    let limits = own.filter_map(|limit| Some((limit.limit.bound.number()?, words(limit))));
    Probed {
        name: clean(&series.name),
        unit: clean(&series.unit),
        asked,
        answered: answers.len() as u64,
        span,
        said: clean(&series.said),
        points: thin(series),
        limits: limits.collect(),
    }
}

fn words(limit: &ProbeLimit) -> String {
    let warn = if limit.level == Level::Warn { " (warn)" } else { "" };
    format!("{} {}{warn}", limit.gauge, super::words::limit(limit.limit))
}

/// No more points than a plot has room for.
fn thin(series: &Series) -> Vec<(f64, Option<f64>)> {
    let all = series.readings.iter().map(|(at, answer)| (at.as_secs_f64(), *answer));
    let all: Vec<_> = all.collect();
    if all.len() <= MOST_POINTS {
        return all;
    }
    let many = all.len().div_ceil(MOST_POINTS / 2);
    let mut out = Vec::new();
    for part in all.chunks(many) {
        let answered = part.iter().filter_map(|(at, answer)| Some((*at, (*answer)?)));
        let least = answered.clone().min_by(|one, other| one.1.total_cmp(&other.1));
        let most = answered.max_by(|one, other| one.1.total_cmp(&other.1));
        let (Some(least), Some(most)) = (least, most) else {
            out.push((part[0].0, None));
            continue;
        };
        let (first, second) = if least.0 <= most.0 { (least, most) } else { (most, least) };
        out.extend([(first.0, Some(first.1)), (second.0, Some(second.1))]);
    }
    out
}
