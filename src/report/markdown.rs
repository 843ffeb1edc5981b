//! `summary.md`, for a pull request and for a job's summary: what failed or is in doubt, the rest
//! folded away.
//!
//! A host takes 65,536 characters at most; what is too long loses its least important rows, never
//! half a row.

use std::fmt::Write as _;

use super::bar::Line;
use super::check::{Check, Mark};
use super::facts::{Facts, Fitness, Load, Source};
use super::measured::{Measured, Spread};
use super::text;
use super::words;
use super::{next, picture};
use crate::judge::finding::{Rule, Verdict};
use crate::metric::Value;
use crate::plan::threshold::Level;
use crate::run::Model;
use crate::sanitise::{Clean, markdown, markdown_code};

/// The most bytes of a summary, with room for what a host's adapter puts around it.
pub const MOST_BYTES: usize = 60_000;

/// Which block loses rows first.
const SHED: [usize; 6] = [4, 6, 5, 7, 2, 1];

/// A part of the page: what stands above its rows, the rows, what stands below.
#[derive(Default)]
struct Block {
    head: String,
    rows: Vec<String>,
    foot: String,
    /// What is said where rows were left out.
    rest: &'static str,
}

/// Writes the report.
#[must_use]
pub fn render(facts: &Facts) -> String {
    within(facts, MOST_BYTES, false)
}

/// Writes the report in so many bytes; what is always in sight may take more. `charts`: the host
/// draws Mermaid's.
#[must_use]
pub fn within(facts: &Facts, most: usize, charts: bool) -> String {
    // In the order of the page; shed in the order of `SHED`.
    let mut blocks = [
        Block { head: headline(facts, charts), ..Block::default() },
        urgent(facts),
        differences(facts),
        steps(facts),
        held(facts),
        endpoints(facts),
        apart(facts),
        machinery(facts),
    ];
    for at in SHED {
        let excess = blocks.iter().map(Block::len).sum::<usize>().saturating_sub(most);
        blocks[at].shed(excess);
    }
    blocks.iter().map(Block::written).collect()
}

impl Block {
    fn len(&self) -> usize {
        self.written().len()
    }

    fn written(&self) -> String {
        if self.head.is_empty() {
            String::new()
        } else {
            self.head.clone() + &self.rows.concat() + &self.foot
        }
    }

    /// Leaves out rows from the end until so many bytes are saved, and says how many.
    fn shed(&mut self, excess: usize) {
        if excess == 0 || self.rows.is_empty() {
            return;
        }
        let (mut saved, all) = (0, self.rows.len());
        // What is said instead takes room of its own.
        while saved < excess + self.rest.len() + 40 {
            let Some(row) = self.rows.pop() else { break };
            saved += row.len();
        }
        let left = words::count((all - self.rows.len()) as u64);
        self.foot = format!("\n… and {left} more {}.\n{}", self.rest, self.foot);
    }
}

fn headline(facts: &Facts, charts: bool) -> String {
    let sign = match facts.verdict {
        Verdict::Pass => "✅",
        Verdict::Inconclusive => "❔",
        Verdict::Fail => "❌",
    };
    let mut out =
        format!("### {sign} {}: {}\n\n", facts.verdict.name(), markdown(facts.why.as_str()));
    for note in &facts.notes {
        let _ = writeln!(out, "> {}  ", markdown(note.as_str()));
    }
    if !facts.notes.is_empty() {
        out.push('\n');
    }
    out.push_str(&picture::bars(facts));
    out.push_str(&picture::over_time(facts));
    if charts {
        out.push_str(&picture::chart(facts));
    }
    out
}

/// What failed, is in doubt or only warns: always in sight.
fn urgent(facts: &Facts) -> Block {
    let marks = Mark::ALL.into_iter().filter(|mark| mark.is_urgent());
    let rows: Vec<_> = marks.flat_map(|mark| facts.marked(mark)).map(row).collect();
    let head = if rows.is_empty() { String::new() } else { CHECKS.to_owned() };
    Block {
        head,
        rows,
        foot: "\n".to_owned(),
        rest: "checks like these, in verdict.json and junit.xml",
    }
}

/// What to do about it: always in sight.
fn steps(facts: &Facts) -> Block {
    let steps = next::steps(facts);
    if steps.is_empty() {
        return Block::default();
    }
    let mut head = "**What to do next**\n\n".to_owned();
    for step in steps {
        let _ = writeln!(head, "- {step}");
    }
    head.push('\n');
    Block { head, ..Block::default() }
}

/// How the gate file differs from the base commit's: in sight where it asks for less.
fn differences(facts: &Facts) -> Block {
    let Some(bar) = facts.bar.as_ref().filter(|bar| !bar.differences.is_empty()) else {
        return Block::default();
    };
    let cell = |text: &Option<Clean>| {
        text.as_ref().map_or_else(|| "–".to_owned(), |text| markdown(text.as_str()))
    };
    let row = |line: &Line| {
        let sign = if line.loosens { "❌ " } else { "" };
        let by = line.by.as_ref().map(|by| markdown(by.as_str())).unwrap_or_default();
        let (what, from, to) = (markdown(line.what.as_str()), cell(&line.from), cell(&line.to));
        format!("| {sign}{} | {what} | {from} | {to} | {by} |\n", line.way.name())
    };
    let count = words::plural(bar.differences.len() as u64, "difference");
    let title = format!("gate file: {count} from {}", markdown(bar.base.as_str()));
    let (opening, foot) =
        if bar.is_lower() { (format!("**{title}**\n\n"), "\n") } else { (opened(&title), CLOSED) };
    let head = opening + "| | what | base | change | |\n| --- | --- | --- | --- | --- |\n";
    let rows = bar.differences.iter().map(row).collect();
    Block { head, rows, foot: foot.to_owned(), rest: "differences, in verdict.json" }
}

fn held(facts: &Facts) -> Block {
    let open = facts.marked(Mark::Open).map(row);
    let rows: Vec<_> = open.chain(facts.marked(Mark::Held).map(row)).collect();
    let count = |mark| facts.marked(mark).count() as u64;
    let (left, sure) = (count(Mark::Open), count(Mark::Held));
    let more = if left > 0 { format!(", {} left open", words::count(left)) } else { String::new() };
    let head = if rows.is_empty() {
        String::new()
    } else {
        opened(&format!("{} held{more}", words::plural(sure, "check"))) + CHECKS
    };
    Block { head, rows, foot: CLOSED.to_owned(), rest: "held, in verdict.json and junit.xml" }
}

const CHECKS: &str =
    "| | of | metric | measured | limit | |\n| --- | --- | --- | ---: | --- | --- |\n";
const CLOSED: &str = "\n</details>\n\n";

/// `summary` is a text of ours.
fn opened(summary: &str) -> String {
    format!("<details><summary>{summary}</summary>\n\n")
}

fn row(check: &Check) -> String {
    let sign = match check.mark {
        Mark::Fail => "❌ fail",
        Mark::Doubt | Mark::Unsure => "❔ doubt",
        Mark::Warn => "⚠️ warn",
        Mark::Open => "❔ open",
        Mark::Held => "✅ held",
    };
    let ours = check.whole || check.rule == Rule::Trust;
    let place = if ours { check.place().to_owned() } else { markdown_code(check.place()) };
    let got = check.measured();
    let got = if check.mark.is_urgent() { format!("**{got}**") } else { got };
    let mut remarks: Vec<String> = check.excess.clone().into_iter().collect();
    if !check.doubt.as_str().is_empty() {
        remarks.push(check.doubt.to_string());
    }
    if check.mark == Mark::Held && check.level == Level::Warn {
        remarks.push("only warns".to_owned());
    }
    if check.told.is_some() && check.doubt.as_str().is_empty() {
        remarks.push(check.said());
    }
    remarks.extend(check.remarks());
    let (metric, limit) = (markdown(&check.metric), markdown(&check.limit));
    let (sign, got, limit) = (kept(sign), kept(&got), kept(&limit));
    format!(
        "| {sign} | {place} | {metric} | {got} | {limit} | {} |\n",
        markdown(&remarks.join("; "))
    )
}

/// A number and its unit stay on one line.
fn kept(text: &str) -> String {
    text.replace(' ', "\u{a0}")
}

fn endpoints(facts: &Facts) -> Block {
    if facts.whole.count == 0 {
        return Block::default();
    }
    let title = format!("{} measured", words::plural(facts.endpoints.len() as u64, "endpoint"));
    let head = opened(&title)
        + "| endpoint | requests | errors | p50 | p95 | p99 | max |\n"
        + "| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
        + &endpoint("**all**", &facts.whole);
    let rows = facts.endpoints.iter().map(|one| endpoint(&markdown_code(one.name.as_str()), one));
    Block { head, rows: rows.collect(), foot: CLOSED.to_owned(), rest: "endpoints, in report.html" }
}

fn endpoint(name: &str, measured: &Measured) -> String {
    let errors =
        measured.error_rate.map_or_else(|| "–".to_owned(), |rate| words::percent(rate.share()));
    let times = |spread: Spread| [spread.p50, spread.p95, spread.p99, spread.max].map(words::value);
    let cells = measured.latency.map_or_else(|| std::array::from_fn(|_| "–".to_owned()), times);
    let cells = kept(&format!("{}|{errors}|{}", words::count(measured.count), cells.join("|")));
    format!("| {name} | {} |\n", cells.replace('|', " | "))
}

/// Why requests failed, and percentiles that tell another story.
fn apart(facts: &Facts) -> Block {
    let row = |measured: &Measured, name: &str| {
        let remarks = text::remarks(measured);
        (!remarks.is_empty()).then(|| format!("| {name} | {} |\n", markdown(&remarks.join("; "))))
    };
    let endpoints = facts.endpoints.iter();
    let rows: Vec<_> =
        endpoints.filter_map(|one| row(one, &markdown_code(one.name.as_str()))).collect();
    if rows.is_empty() {
        return Block::default();
    }
    let head = opened("failures, and percentiles beside them")
        + "| endpoint | |\n| --- | --- |\n"
        + &row(&facts.whole, "**all**").unwrap_or_default();
    Block { head, rows, foot: CLOSED.to_owned(), rest: "endpoints, in report.html" }
}

/// The load and the generator, as a table of two columns.
fn machinery(facts: &Facts) -> Block {
    let (load, origin, generator) = (&facts.load, &facts.origin, &facts.generator);
    if let Some(source) = &facts.source {
        return foreign(facts, source);
    }
    let mut rows: Vec<(&str, String)> = vec![
        (
            "target",
            format!(
                "{} over {}",
                markdown_code(origin.target.as_str()),
                markdown(origin.protocol.as_str())
            ),
        ),
        (
            "load",
            format!("{}, {} model", markdown(load.profile.as_str()), words::model(load.model)),
        ),
        ("time", times(load)),
        ("sent", sent(load)),
        ("generator", fitness(generator.fitness)),
    ];
    rows.extend(generator.reasons.iter().map(|reason| ("", markdown(reason.as_str()))));
    if let Some(lag) = generator.lag {
        let [p50, p99, max] = lag.map(|time| words::value(Value::Time(time)));
        rows.push(("lag", format!("p50 {p50}, p99 {p99}, max {max}")));
    }
    let cpu: Vec<_> =
        generator.cpu.iter().map(|cpu| format!("{:.0} %", cpu.share() * 100.0)).collect();
    if !cpu.is_empty() {
        rows.push(("CPU of load threads", cpu.join(", ")));
    }
    let machine = format!("{}, {} cores, {}", origin.cpu, origin.cores, origin.os);
    rows.push(("machine", markdown(&machine)));
    rows.push(("gate", format!("{}, seed {}", markdown_code(origin.gate.as_str()), origin.seed)));
    rows.push(("loadgate", markdown(&format!("{}, run {}", origin.version, origin.id))));
    let rows = rows.into_iter().map(|(name, value)| format!("| {name} | {value} |\n"));
    let head = opened("load and generator") + "| | |\n| --- | --- |\n";
    Block { head, rows: rows.collect(), foot: "\n</details>\n".to_owned(), rest: "in report.html" }
}

/// The same where another tool put on the load.
fn foreign(facts: &Facts, source: &Source) -> Block {
    let (load, origin) = (&facts.load, &facts.origin);
    let rows = [
        ("measured by", markdown(&source.said())),
        ("time", words::duration(load.lasted)),
        ("requests", words::count(load.sent)),
        ("gate", markdown_code(origin.gate.as_str())),
    ];
    let rows = rows.into_iter().map(|(name, value)| format!("| {name} | {value} |\n"));
    let head = opened("load") + "| | |\n| --- | --- |\n";
    Block { head, rows: rows.collect(), foot: "\n</details>\n".to_owned(), rest: "in report.html" }
}

fn fitness(fitness: Fitness) -> String {
    match fitness {
        Fitness::Unfit => format!("**{}**", fitness.said()),
        Fitness::Fit | Fitness::Unused | Fitness::Foreign => fitness.said().to_owned(),
    }
}

fn times(load: &Load) -> String {
    let cut = if load.lasted == load.duration {
        String::new()
    } else {
        format!(" of {} planned", words::duration(load.duration))
    };
    format!(
        "{}{cut}, the first {} not judged",
        words::moment(load.lasted),
        words::duration(load.warm_up)
    )
}

fn sent(load: &Load) -> String {
    let sent = words::count(load.sent);
    if let (Some(arrived), Some(planned)) = (load.arrived, load.planned) {
        return format!(
            "{sent} by {} of {} planned, {} dropped",
            words::plural(arrived, "user"),
            words::count(planned),
            words::count(load.dropped)
        );
    }
    match (load.model, load.planned) {
        (Model::Open, Some(planned)) => format!(
            "{sent} of {} planned, {} dropped",
            words::count(planned),
            words::count(load.dropped)
        ),
        (Model::Open | Model::Closed, _) => {
            format!("{sent} by {}", words::plural(load.users, "user"))
        }
    }
}
