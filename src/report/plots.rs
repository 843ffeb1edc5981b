//! Which plots a run is worth: latency, throughput and failures over time, and the distribution
//! with its tail.

use std::time::Duration;

use super::check::Check;
use super::facts::Facts;
use super::series::Moment;
use super::svg::{Axis, Band, Line, Plot, Scale};
use super::words;
use crate::metric::Value;
use crate::run::Model;
use crate::unit;

/// The plots there is something to see in.
#[must_use]
pub fn plots(facts: &Facts) -> Vec<Plot> {
    let all = [latency(facts), throughput(facts), failures(facts), distribution(facts)];
    all.into_iter().flatten().collect()
}

fn seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}

fn millis(number: f64) -> String {
    if number >= 1000.0 { format!("{} s", number / 1000.0) } else { format!("{number} ms") }
}

fn per_second(number: f64) -> String {
    if number >= 10_000.0 { format!("{} k/s", number / 1000.0) } else { format!("{number}/s") }
}

/// The time axis, with at most seven words.
fn over_time(facts: &Facts) -> Option<Axis> {
    const STEPS: [u64; 16] =
        [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200];
    let to = seconds(facts.series.last()?.to);
    let step = STEPS.into_iter().find(|step| to / words::float(*step) <= 6.5).unwrap_or(86_400);
    let ticks = (0..=7).map(|nth| nth * step).filter(|at| words::float(*at) <= to);
    let ticks = ticks.map(|at| (words::float(at), unit::show_duration(Duration::from_secs(at))));
    Some(Axis { scale: Scale::Linear, from: 0.0, to, ticks: ticks.collect() })
}

/// Warm-up and stages.
fn bands(facts: &Facts) -> Vec<Band> {
    let mut all = Vec::new();
    let warm = facts.series.iter().filter(|moment| moment.warm_up);
    if let Some(end) = warm.map(|moment| moment.to).max() {
        let label = "warm-up".to_owned();
        all.push(Band { from: 0.0, to: seconds(end), class: "warm", label });
    }
    let mut at = 0;
    while let Some(first) = facts.series.get(at) {
        let stage = facts.series[at..].iter().take_while(|moment| moment.stage == first.stage);
        let (count, last) = (stage.clone().count(), stage.last().unwrap_or(first));
        let label = facts.load.stages.get(first.stage).map(ToString::to_string).unwrap_or_default();
        let label = if first.warm_up && last.warm_up { String::new() } else { label };
        let (from, to) = (seconds(first.from), seconds(last.to));
        all.push(Band { from, to, class: if at == 0 { "first" } else { "stage" }, label });
        at += count.max(1);
    }
    all
}

/// A line through the middle of each slice; a slice without a value is a gap.
fn line(
    facts: &Facts,
    name: &str,
    class: &'static str,
    value: &dyn Fn(&Moment) -> Option<f64>,
) -> Line {
    let mut pieces: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
    for moment in &facts.series {
        match (value(moment), pieces.last_mut()) {
            (Some(value), Some(piece)) => {
                piece.push((f64::midpoint(seconds(moment.from), seconds(moment.to)), value));
            }
            (None, Some(piece)) if piece.is_empty() => {}
            (Some(_) | None, _) => pieces.push(Vec::new()),
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    Line { name: name.to_owned(), class, pieces }
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

fn latency(facts: &Facts) -> Option<Plot> {
    let told = || facts.series.iter().filter_map(|moment| moment.latency).flatten();
    let values: Vec<f64> = told().filter_map(Value::number).collect();
    let limits: Vec<_> = facts.checks.iter().filter_map(|check| limit(check, &values)).collect();
    let y = latency_axis(&values, &limits, told().any(|value| value == Value::Never))?;
    let top = y.to;
    // *Never* lies at the upper edge: beyond whatever the axis has.
    let number = |value: Value| value.number().unwrap_or(top);
    let of = |nth: usize| move |moment: &Moment| moment.latency.map(|all| number(all[nth]));
    let lines = vec![
        line(facts, "p99", "c", &of(2)),
        line(facts, "p95", "b", &of(1)),
        line(facts, "p50", "a", &of(0)),
    ];
    let words = |moment: &Moment| match moment.latency {
        None => "nothing was answered".to_owned(),
        Some(all) => {
            let [p50, p95, p99] = all.map(words::value);
            let count = words::plural(moment.good + moment.failed, "request");
            format!("p50 {p50}, p95 {p95}, p99 {p99}, {count}")
        }
    };
    let log = if y.scale == Scale::Log { ", logarithmic" } else { "" };
    Some(Plot {
        id: "latency".to_owned(),
        title: format!("Latency over time{log}"),
        desc: described("Latency percentiles", facts),
        x: over_time(facts)?,
        y,
        bands: bands(facts),
        limits,
        lines,
        bars: Vec::new(),
        spots: spots(facts, &words),
    })
}

/// The axis of the latencies, with room for the limits and a word for *never* where it is needed.
fn latency_axis(values: &[f64], limits: &[(f64, String)], never: bool) -> Option<Axis> {
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

fn described(what: &str, facts: &Facts) -> String {
    let lasted = words::moment(facts.load.lasted);
    let all = facts.whole.latency.map_or_else(String::new, |all| {
        let [p50, p95, p99] = all.percentiles().map(words::value);
        format!(" Over the judged time: p50 {p50}, p95 {p95}, p99 {p99}.")
    });
    format!("{what} of all endpoints over {lasted}.{all}")
}

fn throughput(facts: &Facts) -> Option<Plot> {
    let rate = |count: u64, moment: &Moment| words::float(count) / moment.seconds();
    let planned = |moment: &Moment| Some(rate(moment.pulse.planned, moment));
    let arrived = |moment: &Moment| Some(rate(moment.pulse.released, moment));
    let sent = |moment: &Moment| Some(rate(moment.pulse.sent, moment));
    let good = |moment: &Moment| Some(rate(moment.answered, moment));
    let mut lines = vec![line(facts, "good answers", "a", &good), line(facts, "sent", "b", &sent)];
    let users = facts.load.arrived.is_some();
    if users {
        lines.push(line(facts, "users arrived", "c", &arrived));
    }
    if facts.load.model == Model::Open {
        let name = if users { "users planned" } else { "planned" };
        lines.push(line(facts, name, "plan", &planned));
    }
    let values = lines.iter().flat_map(|line| line.pieces.iter().flatten()).map(|(_, y)| *y);
    let most = values.reduce(f64::max)?;
    let desc = format!(
        "Requests per second over {}: {} sent, {} dropped.",
        words::moment(facts.load.lasted),
        words::count(facts.load.sent),
        words::count(facts.load.dropped)
    );
    Some(Plot {
        id: "throughput".to_owned(),
        title: "Load planned and delivered".to_owned(),
        desc,
        x: over_time(facts)?,
        y: Axis::linear(most * 1.02, &per_second),
        bands: bands(facts),
        limits: Vec::new(),
        lines,
        bars: Vec::new(),
        spots: spots(facts, &|moment| delivered(facts, moment)),
    })
}

/// What was planned and done in a slice, in words.
fn delivered(facts: &Facts, moment: &Moment) -> String {
    let pulse = moment.pulse;
    let (planned, dropped) = (words::count(pulse.planned), words::count(pulse.dropped));
    let planned = match facts.load.model {
        Model::Open if facts.load.arrived.is_some() => {
            let users = words::plural(pulse.released, "user");
            format!("{users} of {planned} planned, {dropped} dropped, ")
        }
        Model::Open => format!("{planned} planned, {dropped} dropped, "),
        Model::Closed => format!("{}, ", words::plural(pulse.users, "user")),
    };
    format!(
        "{planned}{} sent, {} good answers, {} in flight at the end",
        words::count(pulse.sent),
        words::count(moment.answered),
        words::count(pulse.in_flight)
    )
}

fn failures(facts: &Facts) -> Option<Plot> {
    let rate = |moment: &Moment| words::float(moment.failed) / moment.seconds();
    let most = facts.series.iter().map(rate).reduce(f64::max).filter(|most| *most > 0.0)?;
    let bars = facts.series.iter().filter(|moment| moment.failed > 0);
    let words = |moment: &Moment| {
        let all = words::count(moment.good + moment.failed);
        format!("{} of {all} requests failed", words::count(moment.failed))
    };
    Some(Plot {
        id: "failures".to_owned(),
        title: "Failed requests over time".to_owned(),
        desc: format!(
            "Failed requests per second; {} of {} failed in the judged time.",
            words::count(facts.whole.failed),
            words::plural(facts.whole.count, "request")
        ),
        x: over_time(facts)?,
        y: Axis::linear(most, &per_second),
        bands: bands(facts),
        limits: Vec::new(),
        lines: Vec::new(),
        bars: bars.map(|one| (seconds(one.from), seconds(one.to), rate(one))).collect(),
        spots: spots(facts, &words),
    })
}

/// The marked percentiles, by the number of requests among which one lies beyond.
const PERCENTILES: [(f64, &str); 7] = [
    (2.0, "50 %"),
    (10.0, "90 %"),
    (100.0, "99 %"),
    (1e3, "99.9 %"),
    (1e4, "99.99 %"),
    (1e5, "99.999 %"),
    (1e6, "99.9999 %"),
];

/// Latency by percentile, where each step to the right leaves a tenth of the requests: the tail is
/// as wide as the rest. Where so many failed that a percentile is never reached, the line ends.
fn distribution(facts: &Facts) -> Option<Plot> {
    let total = facts.whole.count;
    let curve = |buckets: &[(Duration, u64)], of: u64| {
        let (mut seen, mut points) = (0, Vec::new());
        for (edge, count) in buckets {
            seen += count;
            let beyond = words::float(of - seen.min(of)).max(0.5) / words::float(of);
            points.push((1.0 / beyond, edge.as_secs_f64() * 1e3));
        }
        points
    };
    let all = curve(&facts.latencies, total);
    let values: Vec<f64> = all.iter().map(|(_, time)| *time).collect();
    let y = times(&values)?;
    let mut lines = vec![Line { name: "from due".to_owned(), class: "c", pieces: vec![thin(all)] }];
    if facts.whole.service_apart().is_some() {
        let service = thin(curve(&facts.services, total));
        lines.push(Line { name: "from sending".to_owned(), class: "a", pieces: vec![service] });
    }
    let to = (2.0 * words::float(total)).clamp(10.0, 1e7);
    let ticks = PERCENTILES.into_iter().filter(|(at, _)| *at <= to);
    let ticks = ticks.map(|(at, words)| (at, words.to_owned())).collect();
    let log = if y.scale == Scale::Log { ", logarithmic" } else { "" };
    Some(Plot {
        id: "distribution".to_owned(),
        title: format!("Latency by percentile{log}"),
        desc: described("Latency by percentile", facts),
        x: Axis { scale: Scale::Log, from: 1.0, to, ticks },
        y,
        bands: lost(facts, to),
        limits: Vec::new(),
        lines,
        bars: Vec::new(),
        spots: Vec::new(),
    })
}

/// The share of requests that never got a good answer.
fn lost(facts: &Facts, to: f64) -> Vec<Band> {
    if facts.whole.failed == 0 {
        return Vec::new();
    }
    let from = words::float(facts.whole.count) / words::float(facts.whole.failed);
    vec![Band { from, to, class: "lost", label: "failed: never".to_owned() }]
}

/// Leaves out points that lie within one pixel of the one before.
fn thin(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let near = |a: f64, b: f64| (a / b).ln().abs() < 0.012;
    let mut out: Vec<(f64, f64)> = Vec::new();
    let last = points.last().copied();
    for point in points {
        if !out.last().is_some_and(|last| near(last.0, point.0) && near(last.1, point.1)) {
            out.push(point);
        }
    }
    if out.last() != last.as_ref() {
        out.extend(last);
    }
    out
}
