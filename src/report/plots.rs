//! Which plots a run is worth: latency, load, users and failures over time, and the distribution
//! with its tail.

mod latency;
mod load;
mod failures;
mod probes;
mod spread;

use std::time::Duration;

use super::facts::Facts;
use super::series::Moment;
use super::svg::{Axis, Band, Line, Plot, Scale};
use super::words;
use crate::unit;

pub(super) use spread::{curve, percentiles, thin};

/// Windows of checks that are marked, at most.
const MOST_WINDOWS: usize = 2;

/// The plots there is something to see in.
#[must_use]
pub fn plots(facts: &Facts) -> Vec<Plot> {
    let all = [
        latency::latency(facts),
        spread::distribution(facts),
        load::throughput(facts),
        load::at_once(facts),
        failures::failures(facts),
    ];
    all.into_iter().flatten().chain(probes::probes(facts)).collect()
}

fn seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}

/// Milliseconds as an axis has them.
pub(super) fn millis(number: f64) -> String {
    if number >= 1000.0 { format!("{} s", number / 1000.0) } else { format!("{number} ms") }
}

fn per_second(number: f64) -> String {
    if number >= 10_000.0 { format!("{} k/s", number / 1000.0) } else { format!("{number}/s") }
}

/// Where the time axis ends: where the load ended, or should have ended.
fn end(facts: &Facts) -> Option<Duration> {
    let last = facts.series.last()?.to;
    Some(if facts.stop.1.is_some() { last.max(facts.load.duration) } else { last })
}

/// The time axis, with at most seven words.
fn over_time(facts: &Facts) -> Option<Axis> {
    const STEPS: [u64; 16] =
        [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200];
    let to = seconds(end(facts)?);
    let step = STEPS.into_iter().find(|step| to / words::float(*step) <= 6.5).unwrap_or(86_400);
    let ticks = (0..=7).map(|nth| nth * step).filter(|at| words::float(*at) <= to);
    let ticks = ticks.map(|at| (words::float(at), unit::show_duration(Duration::from_secs(at))));
    Some(Axis { scale: Scale::Linear, from: 0.0, to, ticks: ticks.collect() })
}

/// Warm-up, stages, the time that is missing where a run ended early.
fn bands(facts: &Facts) -> Vec<Band> {
    let mut all = Vec::new();
    let band = |from, to, class, label| Band {
        from: seconds(from),
        to: seconds(to),
        class,
        label,
        named: String::new(),
    };
    let warm = facts.series.iter().filter(|moment| moment.warm_up);
    if let Some(end) = warm.map(|moment| moment.to).max() {
        all.push(band(Duration::ZERO, end, "warm", "warm-up".to_owned()));
    }
    let mut at = 0;
    while let Some(first) = facts.series.get(at) {
        let stage = facts.series[at..].iter().take_while(|moment| moment.stage == first.stage);
        let (count, last) = (stage.clone().count(), stage.last().unwrap_or(first));
        let label = facts.load.stages.get(first.stage).map(ToString::to_string).unwrap_or_default();
        let label = if first.warm_up && last.warm_up { String::new() } else { label };
        all.push(band(first.from, last.to, if at == 0 { "first" } else { "stage" }, label));
        at += count.max(1);
    }
    let (last, end) = (facts.series.last().map(|moment| moment.to), end(facts));
    if let (Some(last), Some(end)) = (last, end.filter(|end| last.is_some_and(|at| at < *end))) {
        let named = "not reached: the run ended early".to_owned();
        all.push(Band { named, ..band(last, end, "gone", String::new()) });
    }
    all
}

/// The worst windows of checks that ask for attention.
fn windows(facts: &Facts) -> Vec<Band> {
    let urgent = facts.checks.iter().filter(|check| check.mark.is_urgent());
    let worst = urgent.filter_map(|check| {
        let (from, to) = check.at?;
        let over = words::duration(check.over?);
        let named = format!("worst {over} of {} {}", check.place(), check.metric);
        let (from, to) = (seconds(from), seconds(to));
        Some(Band { from, to, class: "window", label: String::new(), named })
    });
    worst.take(MOST_WINDOWS).collect()
}

/// A line through the middle of each slice; a slice without a value is a gap.
fn line(
    facts: &Facts,
    name: &str,
    class: &'static str,
    value: &dyn Fn(&Moment) -> Option<f64>,
) -> Line {
    let points =
        facts.series.iter().map(|moment| value(moment).map(|value| (middle(moment), value)));
    Line { name: name.to_owned(), class, pieces: pieces(points) }
}

/// The middle of a slice, in seconds.
fn middle(moment: &Moment) -> f64 {
    f64::midpoint(seconds(moment.from), seconds(moment.to))
}

/// Points in a row; where one is missing there is a gap.
pub(super) fn pieces<T>(points: impl Iterator<Item = Option<T>>) -> Vec<Vec<T>> {
    let mut pieces: Vec<Vec<T>> = vec![Vec::new()];
    for point in points {
        match (point, pieces.last_mut()) {
            (Some(point), Some(piece)) => piece.push(point),
            (Some(_) | None, _) => pieces.push(Vec::new()),
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// What is told of each slice.
fn spots(facts: &Facts, words: &dyn Fn(&Moment) -> String) -> Vec<(f64, f64, String)> {
    let spot = |moment: &Moment| {
        let when = format!("{} to {}", words::moment(moment.from), words::moment(moment.to));
        (seconds(moment.from), seconds(moment.to), format!("{when}: {}", words(moment)))
    };
    facts.series.iter().map(spot).collect()
}

/// An axis for times: logarithmic where the largest is more than twenty times the least.
pub(super) fn times(values: &[f64]) -> Option<Axis> {
    let above = |value: &&f64| **value > 0.0;
    let least = values.iter().filter(above).copied().reduce(f64::min)?;
    let most = values.iter().copied().reduce(f64::max)?;
    if most / least > 20.0 {
        return Some(Axis::log(least * 0.8, most * 1.25, &millis));
    }
    Some(Axis::linear(most, &millis))
}

/// `, logarithmic` for the title of a plot whose axis is.
pub(super) fn log(axis: &Axis) -> &'static str {
    if axis.scale == Scale::Log { ", logarithmic" } else { "" }
}

fn described(what: &str, facts: &Facts) -> String {
    let lasted = words::moment(facts.load.lasted);
    let all = facts.whole.latency.map_or_else(String::new, |all| {
        let [p50, p95, p99] = all.percentiles().map(words::value);
        format!(" Over the judged time: p50 {p50}, p95 {p95}, p99 {p99}.")
    });
    format!("{what} of all endpoints over {lasted}.{all}")
}
