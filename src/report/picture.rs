//! Pictures for a comment and a job's summary, out of signs: what a host shows without loading
//! anything. None of them is the only one to tell a fact.

use std::fmt::Write as _;
use std::time::Duration;

use unicode_width::UnicodeWidthStr as _;

use super::check::Check;
use super::deciding::deciding;
use super::facts::Facts;
use super::words;
use crate::metric::Value;

/// Cells of a bar before its limit, and behind it.
const CELLS: usize = 10;
/// The widest name beside a bar.
const MOST_NAME: usize = 44;
/// The most points of a chart.
const MOST_POINTS: usize = 40;

/// The numbers that decided the verdict as bars: the line in each is its limit.
#[must_use]
pub fn bars(facts: &Facts) -> String {
    let told: Vec<_> = deciding(facts).into_iter().filter(|check| check.used.is_some()).collect();
    if told.is_empty() {
        return String::new();
    }
    let names: Vec<String> = told.iter().map(|check| name(check)).collect();
    let widest = names.iter().map(|name| name.width()).max().unwrap_or(0);
    let mut lines = String::new();
    for (check, name) in told.iter().zip(&names) {
        let room = " ".repeat(widest - name.width());
        let (word, bar) = (check.mark.word(), bar(check.used.unwrap_or(0.0)));
        let (got, limit) = (check.measured(), &check.limit);
        let _ = writeln!(lines, "{word:<5} {name}{room} {bar} {got}, limit {limit}");
    }
    let fence = fence(&lines);
    format!("{fence}\n{lines}{fence}\n\n")
}

/// More backticks than there are in a row anywhere in a text.
fn fence(text: &str) -> String {
    let longest = text.split(|sign| sign != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

fn name(check: &Check) -> String {
    let name = format!("{} {}", check.place(), check.metric);
    if name.width() <= MOST_NAME {
        return name;
    }
    // The metric stands at the end and is never cut off.
    let room = MOST_NAME.saturating_sub(check.metric.width() + 2);
    let mut short = String::new();
    for sign in check.place().chars() {
        if short.width() + 2 > room {
            break;
        }
        short.push(sign);
    }
    format!("{short}… {}", check.metric)
}

/// How much of a limit is used: to the line where all of it is, at most twice as far.
fn bar(used: f64) -> String {
    const EIGHTHS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    let cell = |nth: usize| {
        let full = used * words::float(CELLS as u64) - words::float(nth as u64);
        let part = EIGHTHS.iter().zip(0_u32..8).rev();
        let mut part = part.filter(|(_, eighths)| full * 8.0 >= f64::from(*eighths));
        if full >= 1.0 { '█' } else { part.next().map_or(' ', |(sign, _)| *sign) }
    };
    let before: String = (0..CELLS).map(cell).collect();
    let behind: String = (CELLS..2 * CELLS).map(cell).collect();
    format!("{before}│{behind}")
}

/// The 95th percentile over time in one line of blocks.
#[must_use]
pub fn over_time(facts: &Facts) -> String {
    let judged = facts.series.iter().filter(|moment| !moment.warm_up);
    let values: Vec<_> = judged.map(|moment| moment.latency.map(|[_, p95, _]| p95)).collect();
    let times = || values.iter().flatten().filter_map(|value| value.number());
    let (Some(least), Some(most)) = (times().reduce(f64::min), times().reduce(f64::max)) else {
        return String::new();
    };
    let shown = |wanted: f64| {
        let time = Duration::from_secs_f64(wanted / 1e3);
        words::value(Value::Time(time))
    };
    format!("p95 over time `{}` {} to {}\n\n", sparkline(&values), shown(least), shown(most))
}

/// At most sixty blocks; each is the worst of the slices it stands for. A dot is no answer, `✗` is
/// *never*.
#[must_use]
pub fn sparkline(values: &[Option<Value>]) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    const MOST: usize = 60;
    let width = values.len().div_ceil(MOST).max(1);
    let most = values.iter().flatten().filter_map(|value| value.number()).fold(0.0, f64::max);
    let block = |part: &[Option<Value>]| {
        let told: Vec<_> = part.iter().flatten().copied().collect();
        if told.contains(&Value::Never) {
            return '✗';
        }
        let Some(worst) = told.iter().filter_map(|value| value.number()).reduce(f64::max) else {
            return '·';
        };
        let share = if most > 0.0 { worst / most } else { 0.0 };
        let place = BLOCKS
            .iter()
            .rev()
            .zip((0..8_u32).rev())
            .find(|(_, nth)| share * 8.0 > f64::from(*nth));
        place.map_or(BLOCKS[0], |(block, _)| *block)
    };
    values.chunks(width).map(block).collect()
}

/// A chart of the 95th percentile over time, for hosts that draw Mermaid's; nothing where there are
/// fewer than two points, or one of them is missing: it has no word for a gap.
#[must_use]
pub fn chart(facts: &Facts) -> String {
    let (Some(first), Some(last)) = (facts.series.first(), facts.series.last()) else {
        return String::new();
    };
    let (from, to) = (first.from.as_secs_f64(), last.to.as_secs_f64());
    let count = facts.series.len().min(MOST_POINTS);
    let points: Option<Vec<f64>> = (0..count).map(|nth| worst(facts, nth, count, to)).collect();
    let Some(points) = points.filter(|points| points.len() > 1) else { return String::new() };
    let most = points.iter().copied().fold(0.0, f64::max);
    let limit = facts.checks.iter().filter(|check| check.whole && check.metric == "p95");
    let limit = limit.filter_map(|check| check.time_limit).map(|time| time.as_secs_f64() * 1e3);
    let limit = limit.reduce(f64::min).filter(|limit| *limit < 3.0 * most);
    let top = limit.unwrap_or(0.0).max(most) * 1.1;
    let written = |values: &[f64]| {
        values.iter().map(|value| format!("{value:.1}")).collect::<Vec<_>>().join(", ")
    };
    let mut out = String::from("```mermaid\nxychart-beta\n");
    let title = if limit.is_some() { ", and its limit" } else { "" };
    let _ = writeln!(out, "    title \"p95 over time in ms{title}\"");
    let _ = writeln!(out, "    x-axis \"seconds\" {from:.0} --> {to:.0}");
    let _ = writeln!(out, "    y-axis \"ms\" 0 --> {top:.1}");
    let _ = writeln!(out, "    line [{}]", written(&points));
    if let Some(limit) = limit {
        let _ = writeln!(out, "    line [{}]", written(&vec![limit; points.len()]));
    }
    out.push_str("```\n\n");
    out
}

/// The worst of what lies in the `nth` of so many equal parts of the run, in milliseconds; *never*
/// is drawn as the deadline of a request, after which nobody waited.
fn worst(facts: &Facts, nth: usize, count: usize, to: f64) -> Option<f64> {
    let part = |nth: usize| to * words::float(nth as u64) / words::float(count as u64);
    let (low, high) = (part(nth), part(nth + 1));
    let within = facts
        .series
        .iter()
        .filter(|moment| moment.from.as_secs_f64() < high && moment.to.as_secs_f64() > low);
    let deadline = facts.load.timeout.as_secs_f64() * 1e3;
    let told = within.filter_map(|moment| moment.latency);
    told.map(|[_, p95, _]| p95.number().unwrap_or(deadline)).reduce(f64::max)
}
