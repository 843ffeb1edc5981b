//! How much a metric of one run would vary by chance alone, from its pieces.

use std::ops::Range;

use crate::baseline::course::frame;
use crate::metric::Metric;
use crate::run::{Evidence, Run};
use crate::stats::{deviation, size};
use crate::tally::{Frame, Tally};

/// Pieces of equal length that a run is taken apart into.
const BATCHES: usize = 10;

/// The standard error of the logarithm of a metric within one run, from ten pieces of its time
/// (batch means); zero where the run is too short to be taken apart.
pub(super) fn noise(run: &Run, scope: Option<&str>, metric: Metric) -> f64 {
    let judged: Vec<usize> =
        run.slices.iter().enumerate().filter(|(_, one)| !one.warm_up).map(|(at, _)| at).collect();
    if judged.len() < BATCHES {
        return 0.0;
    }
    let parts: Vec<&Evidence> = match scope {
        Some(name) => run.endpoints.iter().filter(|one| one.name == name).collect(),
        None => run.alone().collect(),
    };
    let logs: Vec<f64> = batches(judged.len())
        .filter_map(|range| {
            let slices = &judged[range];
            let pieces = slices.iter().map(|at| &run.slices[*at]);
            let span = pieces.map(|piece| piece.to.saturating_sub(piece.from)).sum();
            let frame = Frame { span, ..frame(run) };
            sum(&parts, slices)?.read_log(metric, frame).filter(|log| log.is_finite())
        })
        .collect();
    if logs.len() < BATCHES {
        return 0.0;
    }
    deviation(&logs) / size(logs.len()).sqrt()
}

fn batches(slices: usize) -> impl Iterator<Item = Range<usize>> {
    (0..BATCHES).map(move |nth| slices * nth / BATCHES..slices * (nth + 1) / BATCHES)
}

fn sum(parts: &[&Evidence], slices: &[usize]) -> Option<Tally> {
    let mut sum = Tally::default();
    for evidence in parts {
        for at in slices {
            sum.merge(&evidence.slices.get(*at)?.unpack().ok()?);
        }
    }
    Some(sum)
}
