//! Percentiles of latency over time, with the limits they are judged by.

use super::{
    bands, described, line, log, middle, millis, over_time, pieces, spots, times, windows,
};
use crate::metric::Value;
use crate::report::check::Check;
use crate::report::facts::Facts;
use crate::report::series::Moment;
use crate::report::svg::{Area, Axis, Plot, Scale};
use crate::report::words;

/// Median, 95th and 99th percentile of each slice, and the room between the first and the last.
pub(super) fn latency(facts: &Facts) -> Option<Plot> {
    let told = || facts.series.iter().filter_map(|moment| moment.latency).flatten();
    let values: Vec<f64> = told().filter_map(Value::number).collect();
    let limits: Vec<_> = facts.checks.iter().filter_map(|check| limit(check, &values)).collect();
    let y = axis(&values, &limits, told().any(|value| value == Value::Never))?;
    let top = y.to;
    // *Never* lies at the upper edge: beyond whatever the axis has.
    let number = |value: Value| value.number().unwrap_or(top);
    let of = |nth: usize| move |moment: &Moment| moment.latency.map(|all| number(all[nth]));
    let lines = vec![
        line(facts, "p99", "c", &of(2)),
        line(facts, "p95", "b", &of(1)),
        line(facts, "p50", "a", &of(0)),
    ];
    let between = facts.series.iter().map(|moment| {
        moment.latency.map(|[low, _, high]| (middle(moment), number(low), number(high)))
    });
    let spread = Area { name: String::new(), class: "spread", pieces: pieces(between) };
    let words = |moment: &Moment| match moment.latency {
        None => "nothing was answered".to_owned(),
        Some(all) => {
            let [p50, p95, p99] = all.map(words::value);
            let count = words::plural(moment.good + moment.failed, "request");
            format!("p50 {p50}, p95 {p95}, p99 {p99}, {count}")
        }
    };
    let mut set_apart = bands(facts);
    set_apart.extend(windows(facts));
    Some(Plot {
        id: "latency".to_owned(),
        title: format!("Latency over time{}", log(&y)),
        desc: described("Latency percentiles", facts),
        x: over_time(facts)?,
        y,
        bands: set_apart,
        limits,
        areas: vec![spread],
        lines,
        spots: spots(facts, &words),
        ..Plot::default()
    })
}

/// The axis of the latencies, with room for the limits and a word for *never* where it is needed.
fn axis(values: &[f64], limits: &[(f64, String)], never: bool) -> Option<Axis> {
    let mut y = times(values)?;
    if let Some(most) = limits.iter().map(|(at, _)| *at).reduce(f64::max) {
        y = match y.scale {
            Scale::Linear => Axis::linear(most.max(y.to), &millis),
            Scale::Log => Axis::log(y.from, y.to.max(most * 1.25), &millis),
        };
    }
    if never {
        let near: Vec<_> = y.ticks.iter().map(|(at, _)| y.share(*at) > 0.93).collect();
        let mut near = near.into_iter();
        y.ticks.retain(|_| near.next() == Some(false));
        y.ticks.push((y.to, "never".to_owned()));
    }
    Some(y)
}

/// A limit on a latency of the whole run, unless it lies so far above that nothing else could be
/// told apart.
fn limit(check: &Check, values: &[f64]) -> Option<(f64, String)> {
    let most = values.iter().copied().reduce(f64::max)?;
    let bound = check.time_limit.filter(|_| check.whole)?;
    let at = bound.as_secs_f64() * 1e3;
    (at < 3.0 * most).then(|| (at, format!("{} {}", check.metric, check.limit)))
}
