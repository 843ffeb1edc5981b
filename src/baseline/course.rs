//! How one metric went over kept runs, and where it changed.

use super::kept::Kept;
use crate::metric::Metric;
use crate::run::Run;
use crate::stats::change::{Change, Search, changes};
use crate::tally::{Frame, Tally};

/// How a history is searched for changes: one in a thousand histories without any shows one, and
/// each state holds for five runs at least (as Apache Otava has it).
pub const SEARCH: Search = Search { level: 0.001, shortest: 5, shuffles: 999, seed: 1 };

/// A metric of one scope over kept runs.
#[derive(Clone, Debug)]
pub struct Course {
    /// The endpoint; `None` for the whole run.
    pub scope: Option<String>,
    /// The metric.
    pub metric: Metric,
    /// Its natural logarithm in each run, in microseconds where it is a time; `None` where it was
    /// not measured, or no number.
    pub values: Vec<Option<f64>>,
}

/// A place where a course changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Turn {
    /// The index of the first run after it.
    pub at: usize,
    /// The change as a logarithm.
    pub step: f64,
    /// The chance of one as clear without any.
    pub p: f64,
}

impl Course {
    /// The course of a metric over runs.
    #[must_use]
    pub fn of<'a>(
        runs: impl Iterator<Item = &'a Run>,
        scope: Option<&str>,
        metric: Metric,
    ) -> Self {
        let values = runs.map(|run| log(run, scope, metric)).collect();
        Self { scope: scope.map(str::to_owned), metric, values }
    }

    /// Where it changed.
    #[must_use]
    pub fn turns(&self) -> Vec<Turn> {
        let told = |(at, value): (usize, &Option<f64>)| value.map(|value| (at, value));
        let known: Vec<(usize, f64)> = self.values.iter().enumerate().filter_map(told).collect();
        let series: Vec<f64> = known.iter().map(|(_, value)| *value).collect();
        let found = changes(&series, SEARCH).into_iter();
        found.map(|Change { at, p, step }| Turn { at: known[at].0, step, p }).collect()
    }

    /// The values since the last change, those that are known.
    #[must_use]
    pub fn since_turn(&self) -> Vec<f64> {
        let from = self.turns().last().map_or(0, |turn| turn.at);
        self.values[from..].iter().flatten().copied().collect()
    }
}

/// What a scope counted: an endpoint, or all of them together.
#[must_use]
pub fn tally(run: &Run, scope: Option<&str>) -> Option<Tally> {
    match scope {
        None => Some(run.whole()),
        Some(name) => {
            let mut found = run.endpoints.iter().filter(|evidence| evidence.name == name);
            found.next().map(|evidence| evidence.whole.clone())
        }
    }
}

/// What a run's tallies are read against.
#[must_use]
pub fn frame(run: &Run) -> Frame {
    Frame { span: run.judged(), timeout: run.load.timeout }
}

fn log(run: &Run, scope: Option<&str>, metric: Metric) -> Option<f64> {
    let value = tally(run, scope)?.read_log(metric, frame(run))?;
    Some(value).filter(|value| value.is_finite())
}

/// The scopes of kept runs, the whole run first, endpoints in the order of the last run.
#[must_use]
pub fn scopes(runs: &[Kept]) -> Vec<Option<String>> {
    let names = runs.last().into_iter().flat_map(|kept| &kept.run.endpoints);
    std::iter::once(None).chain(names.map(|one| Some(one.name.clone()))).collect()
}
