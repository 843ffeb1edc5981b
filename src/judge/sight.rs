//! What is looked at in a run and in the runs before it: values as logarithms, and error counts.

use super::finding::{Asked, Doubt, Finding, Scope};
use super::noise::noise;
use crate::baseline::Kept;
use crate::baseline::course::{Course, frame, tally};
use crate::metric::{Better, Metric};
use crate::plan::regression::{IGNORED_ERRORS, Regression};
use crate::run::{Reference, Run};
use crate::stats::count::Count;
use crate::stats::errors::Errors;
use crate::stats::history::{FEWEST, Norm, Reading, reference_helps};
use crate::stats::shift::Check;

/// What is compared: of which scope, which metric.
pub(super) type Subject = (Scope, Metric);

/// What one look at the history says of a subject.
pub(super) enum Look {
    /// Against the last runs, and against those up to the anchor.
    Time(Pair),
    Errors(Errors),
    Not(Doubt),
}

/// A value against the last runs, and against those up to the anchor.
#[derive(Clone, Copy)]
pub(super) struct Pair {
    /// `None` where the last runs are too few.
    pub(super) last: Option<Reading>,
    pub(super) anchor: Option<Reading>,
    /// What its logarithms were divided by, turned as they are; zero where they were not.
    pub(super) by: f64,
    /// How many of the last runs there are.
    pub(super) have: usize,
}

pub(super) fn scope_name(scope: &Scope) -> Option<&str> {
    match scope {
        Scope::Whole | Scope::Probe(_) => None,
        Scope::Endpoint(name) => Some(name),
    }
}

/// Turned so that more is worse.
fn sign(metric: Metric) -> f64 {
    match metric.better() {
        Better::Higher => -1.0,
        Better::Lower | Better::Neither => 1.0,
    }
}

/// What is looked at.
pub(super) struct Sight<'a> {
    pub(super) runs: &'a [Kept],
    pub(super) anchor: &'a [Kept],
    pub(super) run: &'a Run,
    pub(super) second: Option<&'a Run>,
    /// Values are divided by the reference service's.
    pub(super) probed: bool,
}

/// The values of one subject, as logarithms turned so that more is worse.
pub(super) struct Values {
    past: Vec<f64>,
    anchor: Vec<f64>,
    noise: f64,
    first: f64,
    second: Option<f64>,
    by: f64,
}

impl Sight<'_> {
    /// Whether division by the reference service would have lowered the spread of the earlier
    /// runs. Decided by them alone, never by the run at hand.
    pub(super) fn is_steadier_by_the_reference(&self, questions: &[Finding]) -> bool {
        let probes: Option<Vec<f64>> =
            self.runs.iter().map(|kept| kept.run.reference.map(Reference::log)).collect();
        let Some(probes) = probes.filter(|probes| probes.len() >= FEWEST) else { return false };
        let runs = || self.runs.iter().map(|kept| &kept.run);
        let checks = questions.iter().filter_map(|finding| {
            let Asked::Change { metric, .. } = finding.asked else { return None };
            let course = Course::of(runs(), scope_name(&finding.scope), metric);
            let turned = |value: &Option<f64>| value.map(|value| sign(metric) * value);
            let timed = metric != Metric::ErrorRate;
            course.values.iter().map(turned).collect::<Option<Vec<f64>>>().filter(|_| timed)
        });
        let checks: Vec<Vec<f64>> = checks.collect();
        self.run.reference.is_some() && reference_helps(&checks, &probes)
    }

    /// What the logarithm of a run's metric is divided by.
    fn by(&self, run: &Run, metric: Metric) -> f64 {
        let probe = run.reference.filter(|_| self.probed).map_or(0.0, Reference::log);
        sign(metric) * probe
    }

    pub(super) fn values(&self, (scope, metric): &Subject) -> Result<Values, Doubt> {
        let (name, metric) = (scope_name(scope), *metric);
        let log = |run: &Run| {
            let log = tally(run, name)?.read_log(metric, frame(run))?;
            Some(log - self.by(run, metric))
        };
        let counted = tally(self.run, name).map_or(0, |tally| tally.samples(metric));
        let need = metric.samples_needed();
        if counted == 0 {
            return Err(Doubt::NoSamples);
        }
        if counted < need {
            return Err(Doubt::TooFew { have: counted, need });
        }
        let first = log(self.run).ok_or(Doubt::NoSamples)?;
        let since = |runs: &[Kept]| {
            let mut course = Course::of(runs.iter().map(|kept| &kept.run), name, metric);
            for (value, kept) in course.values.iter_mut().zip(runs) {
                *value = value.map(|value| value - self.by(&kept.run, metric));
            }
            course.since_turn()
        };
        // Runs without their own reference are no measure for one that is divided by it.
        let lacks = |kept: &Kept| self.probed && kept.run.reference.is_none();
        let anchored = if self.anchor.iter().any(lacks) { &[] } else { self.anchor };
        let (past, anchor) = (since(self.runs), since(anchored));
        // A second run without its own reference would be measured by another yardstick.
        let second = self.second.filter(|run| !self.probed || run.reference.is_some());
        let second = second.and_then(log);
        let by = self.by(self.run, metric);
        Ok(Values { past, anchor, noise: noise(self.run, name, metric), first, second, by })
    }

    pub(super) fn errors(&self, finding: &Finding) -> Look {
        let name = scope_name(&finding.scope);
        let Asked::Change { limit, .. } = finding.asked else {
            return Look::Not(Doubt::NoBaseline);
        };
        let count = |run: &Run| {
            let tally = tally(run, name)?;
            Some(Count { bad: tally.bad(), all: tally.count() }).filter(|count| count.all > 0)
        };
        let past: Vec<Count> = self.runs.iter().filter_map(|kept| count(&kept.run)).collect();
        if past.len() < FEWEST {
            return Look::Not(Doubt::TooFewRuns { have: past.len(), need: FEWEST });
        }
        let Some(first) = count(self.run) else { return Look::Not(Doubt::NoSamples) };
        let second = self.second.and_then(count);
        let (ignore, limit) = (IGNORED_ERRORS, limit.size());
        Look::Errors(Errors { past, first, second, ignore, limit })
    }
}

impl Values {
    pub(super) fn look(&self, finding: &Finding, regression: &Regression) -> Look {
        let Asked::Change { metric, limit, floor } = finding.asked else {
            return Look::Not(Doubt::NoBaseline);
        };
        // Percentiles are in microseconds; the mean is in milliseconds.
        let unit = if metric == Metric::Mean { 1e3 } else { 1e6 };
        let floor = floor.map(|floor| floor.as_secs_f64() * unit);
        let (ignore, limit) = (regression.ignore.share(), limit.size());
        let check = Check { better: metric.better(), ignore, limit, floor };
        let second = self.second.map(|value| check.worse(value));
        let reading = |past: &[f64]| {
            let turned: Vec<f64> = past.iter().map(|value| check.worse(*value)).collect();
            let norm = Norm::of(&turned, self.noise)?;
            Ok::<_, usize>(Reading { check, norm, first: check.worse(self.first), second })
        };
        let (last, anchor) = (reading(&self.past), reading(&self.anchor).ok());
        let have = last.as_ref().map_or_else(|missing| FEWEST.saturating_sub(*missing), |_| FEWEST);
        match last.ok() {
            None if anchor.is_none() => Look::Not(Doubt::TooFewRuns { have, need: FEWEST }),
            last => Look::Time(Pair { last, anchor, by: self.by, have }),
        }
    }
}
