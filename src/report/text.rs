//! The report for a terminal and for the log of a job: the verdict first, then why, then the
//! numbers.

use std::fmt::Write as _;

use super::Style;
use super::bar::Bar;
use super::check::{Check, Mark};
use super::facts::{Facts, Fitness};
use super::measured::{Measured, Missed, Spread};
use super::words;
use crate::judge::finding::{Rule, Verdict};
use crate::metric::Value;
use crate::plan::threshold::Level;
use crate::run::Model;
use crate::sample::Failure;

/// More endpoints than this are left to the other reports.
const MOST_ENDPOINTS: usize = 30;
/// The columns of the table of endpoints, but for the name.
const COLUMNS: [(&str, usize); 6] =
    [("requests", 10), ("errors", 9), ("p50", 9), ("p95", 9), ("p99", 9), ("max", 10)];
/// The least columns that a name gets.
const LEAST_NAME: usize = 16;

/// Writes the report.
#[must_use]
pub fn render(facts: &Facts, style: Style) -> String {
    let mut out = headline(facts, style);
    for note in &facts.notes {
        out.push_str(&folded("note", note.as_str(), style));
    }
    out.push('\n');
    let untrusted = |check: &&Check| check.is_fitness() && check.mark == Mark::Doubt;
    if let Some(check) = facts.checks.iter().find(untrusted) {
        // What made one thing unjudged made all of them so: told once.
        out.push_str(&unmet(check, style));
        let policy = facts.checks.iter().filter(|check| check.is_policy());
        policy.for_each(|check| out.push_str(&unmet(check, style)));
        let others = facts.checks.iter().filter(|check| check.rule != Rule::Trust);
        out.push_str(&compact(others, Mark::Doubt, style));
    } else {
        let urgent = Mark::ALL.into_iter().filter(|mark| mark.is_urgent());
        for check in urgent.flat_map(|mark| facts.marked(mark)) {
            out.push_str(&unmet(check, style));
        }
        out.push_str(&compact(facts.marked(Mark::Open), Mark::Open, style));
        out.push_str(&compact(facts.marked(Mark::Held), Mark::Held, style));
    }
    if let Some(bar) = &facts.bar {
        out.push_str(&differences(bar, style));
    }
    out.push('\n');
    out.push_str(&endpoints(facts, style));
    out.push('\n');
    out.push_str(&load(facts, style));
    out.push_str(&generator(facts, style));
    out
}

/// The verdict and why, indented below itself where one line does not hold it.
fn headline(facts: &Facts, style: Style) -> String {
    let indent = chars(facts.verdict.name()) + 2;
    let room = style.width.saturating_sub(indent).max(30);
    let why = flowed(facts.why.as_str(), room, indent);
    format!("{}  {why}\n", verdict(facts.verdict, style))
}

fn verdict(verdict: Verdict, style: Style) -> String {
    let code = match verdict {
        Verdict::Pass => "1;32",
        Verdict::Inconclusive => "1;33",
        Verdict::Fail => "1;31",
    };
    painted(verdict.name(), code, style)
}

fn painted(text: &str, code: &str, style: Style) -> String {
    if style.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
}

fn marked(mark: Mark, style: Style) -> String {
    let code = match mark {
        Mark::Fail => "31",
        Mark::Doubt | Mark::Warn | Mark::Unsure | Mark::Open => "33",
        Mark::Held => "32",
    };
    painted(&format!("{:<5}", mark.word()), code, style)
}

/// A check that asks for attention: a line for what is wrong, a line for each remark.
fn unmet(check: &Check, style: Style) -> String {
    let said = format!("{}  {}", check.place(), check.said());
    let excess = check.excess.as_ref().map(|excess| format!(" ({excess})")).unwrap_or_default();
    let mut out = wrapped(&format!("{said}{excess}"), &marked(check.mark, style), style);
    for remark in check.remarks() {
        out.push_str(&wrapped(&remark, "     ", style));
    }
    out
}

/// What needs no words of its own, several to a line.
fn compact<'a>(checks: impl Iterator<Item = &'a Check>, mark: Mark, style: Style) -> String {
    let all: Vec<_> = checks.map(short).collect();
    if all.is_empty() { String::new() } else { packed(&all, &marked(mark, style), style) }
}

/// How the gate file differs from the base commit's.
fn differences(bar: &Bar, style: Style) -> String {
    if bar.differences.is_empty() {
        return String::new();
    }
    let mut out = format!("\n  the gate file since {}\n", bar.base);
    for line in &bar.differences {
        let colour = if line.loosens { "31" } else { "0" };
        let way = painted(&format!("{:<9}", line.way.name()), colour, style);
        let room = style.width.saturating_sub(13).max(30);
        let _ = writeln!(out, "  {way}  {}", flowed(&line.text(), room, 13));
    }
    out
}

fn short(check: &Check) -> String {
    if check.told.is_some() {
        return format!("{} {}", check.place(), check.said());
    }
    let default = if check.default { " (default)" } else { "" };
    let warn = if check.level == Level::Warn { " (warn)" } else { "" };
    let over = check.over.map(|over| format!(" each {}", words::duration(over)));
    let during = check.during.as_ref().map(|stage| format!(" during {stage}"));
    let known = check.got.is_some() || check.change.is_some();
    let got = if known { format!(" {}", check.measured()) } else { String::new() };
    let limit = if check.limit.is_empty() { "" } else { " " };
    let more = over.unwrap_or_default() + &during.unwrap_or_default();
    format!("{} {}{got}{limit}{}{more}{warn}{default}", check.place(), check.metric, check.limit)
}

/// Short texts, as many to a line as fit, never broken within.
fn packed(texts: &[String], label: &str, style: Style) -> String {
    let room = style.width.saturating_sub(9).max(30);
    let mut lines: Vec<String> = Vec::new();
    for text in texts {
        match lines.last_mut() {
            Some(line) if chars(line) + 3 + chars(text) <= room => {
                line.push_str(" · ");
                line.push_str(text);
            }
            Some(_) | None => lines.push(text.clone()),
        }
    }
    let mut out = String::new();
    for (at, line) in lines.iter().enumerate() {
        out.push_str(&wrapped(line, if at == 0 { label } else { "     " }, style));
    }
    out
}

/// A text behind a label of five columns, wrapped at spaces and indented below itself.
fn wrapped(text: &str, label: &str, style: Style) -> String {
    let room = style.width.saturating_sub(9).max(30);
    format!("  {label}  {}\n", flowed(text, room, 9))
}

/// A text wrapped at spaces, and indented but for its first line.
fn flowed(text: &str, room: usize, indent: usize) -> String {
    let (mut out, mut used) = (String::new(), 0);
    // Two spaces part a place from what is said of it; they stay together.
    for word in text.split(' ') {
        if used > 0 && used + 1 + chars(word) > room {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            used = 0;
        } else if used > 0 {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += chars(word).max(usize::from(used > 0));
    }
    out
}

fn folded(label: &str, text: &str, style: Style) -> String {
    wrapped(text, &format!("{label:<5}"), style)
}

fn endpoints(facts: &Facts, style: Style) -> String {
    if facts.whole.count == 0 {
        return "  nothing was measured\n".to_owned();
    }
    let fixed: usize = COLUMNS.iter().map(|(_, width)| width).sum();
    let room = style.width.saturating_sub(fixed + 2).max(LEAST_NAME);
    let shown = facts.endpoints.iter().take(MOST_ENDPOINTS);
    let longest = shown.clone().map(|endpoint| chars(endpoint.name.as_str())).max().unwrap_or(0);
    let name = longest.clamp(8, room);
    let mut out = format!("  {:<name$}", "endpoint");
    for (title, width) in COLUMNS {
        let _ = write!(out, "{title:>width$}");
    }
    out.push('\n');
    for endpoint in shown {
        out.push_str(&row(endpoint, name, style));
    }
    if facts.endpoints.len() > MOST_ENDPOINTS {
        let more = facts.endpoints.len() - MOST_ENDPOINTS;
        let _ = writeln!(out, "  … and {more} more, see report.html");
    }
    if facts.endpoints.len() != 1 {
        out.push_str(&row(&facts.whole, name, style));
    }
    out
}

fn row(measured: &Measured, name: usize, style: Style) -> String {
    let mut out = String::from("  ");
    let title = measured.name.as_str();
    if chars(title) > name {
        let _ = write!(out, "{title}\n  {:name$}", "");
    } else {
        let _ = write!(out, "{title:<name$}");
    }
    let errors =
        measured.error_rate.map_or_else(|| "-".to_owned(), |rate| words::percent(rate.share()));
    let cells = [words::count(measured.count), errors].into_iter().chain(times(measured.latency));
    for (cell, (_, width)) in cells.zip(COLUMNS) {
        let _ = write!(out, "{cell:>width$}");
    }
    out.push('\n');
    for remark in remarks(measured) {
        out.push_str(&wrapped(&remark, "     ", style));
    }
    out
}

fn times(spread: Option<Spread>) -> [String; 4] {
    let Some(spread) = spread else { return std::array::from_fn(|_| "-".to_owned()) };
    [spread.p50, spread.p95, spread.p99, spread.max].map(words::value)
}

/// So many expectations are told one by one; the others are in `verdict.json`.
const MOST_MISSED: usize = 5;

/// What else there is to say of an endpoint: why requests failed, and percentiles that tell another
/// story.
#[must_use]
pub fn remarks(measured: &Measured) -> Vec<String> {
    let mut all = Vec::new();
    if measured.failures.iter().any(|(_, count)| *count > 0) {
        all.push(format!("failed: {}", failures(measured)));
    }
    // A status says nothing beyond the codes that were just counted.
    // So does the first expectation beyond the counts of all.
    let counted = |why| why == Failure::Expectation && !measured.missed.is_empty();
    let telling =
        measured.examples.iter().filter(|(why, _)| *why != Failure::Status && !counted(*why));
    all.extend(telling.map(|(why, what)| format!("{why}: {what}")));
    all.extend(measured.missed.iter().take(MOST_MISSED).map(missed));
    let more = measured.missed.len().saturating_sub(MOST_MISSED);
    all.extend(
        (more > 0).then(|| format!("{} missed besides", words::plural(more as u64, "expectation"))),
    );
    let told = |what: &str, spread: Spread| {
        let [p50, p95, p99] = spread.percentiles().map(words::value);
        format!("{what}: p50 {p50}, p95 {p95}, p99 {p99}, max {}", words::value(spread.max))
    };
    all.extend(measured.good_apart().map(|good| told("good answers", good)));
    all.extend(measured.service_apart().map(|service| told("from sending", service)));
    for timed in &measured.timings {
        all.push(told(&timed.timing.name().replace('_', " "), timed.spread));
    }
    all.extend(measured.events_per_second.map(|rate| format!("events of a stream: {rate}")));
    all
}

/// An expectation, how often it was missed, and what one answer had instead.
#[must_use]
pub fn missed(missed: &Missed) -> String {
    let Missed { asked, count, got } = missed;
    let got = if got.as_str().is_empty() { String::new() } else { format!(", got {got}") };
    format!("{} expectation: {asked}{got}", words::count(*count))
}

/// Failed requests by class, and the statuses among them: `12 timeout, 3 status (503: 3)`.
#[must_use]
pub fn failures(measured: &Measured) -> String {
    let told =
        measured.failures.iter().map(|(why, count)| format!("{} {why}", words::count(*count)));
    let codes = words::bad_statuses(&measured.statuses);
    let codes = if codes.is_empty() { String::new() } else { format!(" ({codes})") };
    told.collect::<Vec<_>>().join(", ") + &codes
}

fn load(facts: &Facts, style: Style) -> String {
    let load = &facts.load;
    let planned = match (load.planned, load.arrived) {
        (None, _) => String::new(),
        (Some(planned), None) => format!("{} planned, ", words::count(planned)),
        (Some(planned), Some(arrived)) => {
            let (arrived, planned) = (words::plural(arrived, "user"), words::count(planned));
            format!("{arrived} of {planned} planned, ")
        }
    };
    let sent = match load.arrived {
        None => words::count(load.sent),
        Some(_) => words::plural(load.sent, "request"),
    };
    let dropped = match load.model {
        Model::Open => format!(", {} dropped", words::count(load.dropped)),
        Model::Closed => String::new(),
    };
    let warm_up = if load.warm_up.is_zero() {
        String::new()
    } else {
        format!(" (the first {} not judged)", words::duration(load.warm_up))
    };
    let answered =
        facts.whole.throughput.map_or_else(String::new, |rate| format!(", good answers at {rate}"));
    let text = format!(
        "{}, {} model{warm_up}: {planned}{sent} sent{dropped}{answered}",
        load.profile,
        words::model(load.model),
    );
    folded("load", &text, style)
}

fn generator(facts: &Facts, style: Style) -> String {
    if let Some(source) = &facts.source {
        let from = format!(
            "{}, gate {}, loadgate {}",
            source.said(),
            facts.origin.gate,
            facts.origin.version
        );
        return folded("from", &from, style);
    }
    let generator = &facts.generator;
    let fitness = match generator.fitness {
        Fitness::Unfit => "NOT fit",
        Fitness::Fit | Fitness::Unused | Fitness::Foreign => generator.fitness.said(),
    };
    let mut parts = vec![fitness.to_owned()];
    if let Some([p50, p99, max]) = generator.lag {
        let [p50, p99, max] = [p50, p99, max].map(|time| words::value(Value::Time(time)));
        parts.push(format!("lag p50 {p50}, p99 {p99}, max {max}"));
    }
    let busiest = generator.cpu.iter().map(|share| share.share()).reduce(f64::max);
    if let Some(busiest) = busiest {
        let threads = words::plural(generator.threads, "thread");
        parts.push(format!("{threads}, the busiest at {:.0} % of a core", busiest * 100.0));
    }
    let mut out = folded("gen", &parts.join("; "), style);
    let origin = &facts.origin;
    let from = format!(
        "{} over {}, gate {}, seed {}, loadgate {}",
        origin.target, origin.protocol, origin.gate, origin.seed, origin.version
    );
    out.push_str(&folded("from", &from, style));
    out
}

fn chars(text: &str) -> usize {
    text.chars().count()
}
