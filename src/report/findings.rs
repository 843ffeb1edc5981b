//! What became of each expectation, as tables: what asks for attention in sight, the rest folded
//! away where there is much of it.

use maud::{Markup, html};

use super::change;
use super::check::{Check, Mark};
use super::facts::Facts;
use super::stack::{self, Column, column};
use super::{tables, words};
use crate::metric::Value;

/// More checks than this that held are folded away.
const MOST_HELD: usize = 12;

/// The columns of a table of checks.
const COLUMNS: [Column; 8] = [
    column("outcome", ""),
    column("of", ""),
    column("metric", "w"),
    column("measured", "n"),
    column("limit", "w"),
    column("surely", "n"),
    column("samples", "n"),
    column("remarks", "rest"),
];

/// Writes them.
#[must_use]
pub fn checks(facts: &Facts) -> Markup {
    let marked = |urgent: bool| {
        let marks = Mark::ALL.into_iter().filter(move |mark| mark.is_urgent() == urgent);
        marks.flat_map(|mark| facts.marked(mark)).collect::<Vec<_>>()
    };
    let (urgent, held) = (marked(true), marked(false));
    let all = urgent.iter().chain(&held).copied();
    html! {
        section aria-labelledby="checks" {
            h2 id="checks" { (words::plural(facts.checks.len() as u64, "check")) }
            @if held.len() <= MOST_HELD {
                (table("checks", &all.collect::<Vec<_>>()))
            } @else {
                @if !urgent.is_empty() { (table("checks", &urgent)) }
                details {
                    summary id="held" { (told(&held)) }
                    (table("held", &held))
                }
            }
        }
    }
}

/// How many held, and how many nobody could judge.
fn told(checks: &[&Check]) -> String {
    let held = checks.iter().filter(|check| check.mark == Mark::Held).count();
    let open = checks.len() - held;
    let told = format!("{} held", words::plural(held as u64, "check"));
    if open > 0 { format!("{told}, {} left open", words::count(open as u64)) } else { told }
}

fn table(label: &str, checks: &[&Check]) -> Markup {
    stack::table(label, &COLUMNS, 1, checks.iter().map(|check| row(check)))
}

fn row(check: &Check) -> Vec<Markup> {
    let samples = if check.samples > 0 { words::count(check.samples) } else { "–".to_owned() };
    vec![
        pill(check.mark),
        html! { (check.place()) },
        html! { (check.metric) },
        html! { (check.measured()) },
        html! { (check.limit) },
        html! { (bounds(check)) },
        html! { (samples) },
        html! { (remarked(check)) },
    ]
}

/// What became of a check, in colour and in a word.
#[must_use]
pub(super) fn pill(mark: Mark) -> Markup {
    let class = match mark {
        Mark::Fail => "pill fail",
        Mark::Doubt | Mark::Warn | Mark::Unsure | Mark::Open => "pill doubt",
        Mark::Held => "pill pass",
    };
    html! { span class=(class) { (mark.word()) } }
}

/// Its remarks. Of many reasons why the measurement was not fit the first stands here, all of them
/// in the section on the generator.
fn remarked(check: &Check) -> String {
    let more = check.reasons.len().saturating_sub(1);
    let left_out: Vec<_> = check.reasons.iter().skip(1).map(ToString::to_string).collect();
    let mut told: Vec<_> =
        remarks(check).into_iter().filter(|remark| !left_out.contains(remark)).collect();
    told.extend((more > 0).then(|| tables::more(more)));
    told.join("; ")
}

/// Between which values it surely lies.
fn bounds(check: &Check) -> String {
    let told = |value: Option<Value>| value.map(words::value);
    let absolute = check.interval.as_ref().map(|one| (told(one.lower), told(one.upper)));
    let change = check.change.as_ref().and_then(change::bounds);
    change.unwrap_or_else(|| match absolute {
        Some((Some(lower), Some(upper))) => format!("{lower} to {upper}"),
        Some((Some(lower), None)) => format!("{lower} or more"),
        Some((None, Some(upper))) => format!("{upper} or less"),
        Some((None, None)) | None => "–".to_owned(),
    })
}

fn remarks(check: &Check) -> Vec<String> {
    let mut all: Vec<String> = check.excess.clone().into_iter().collect();
    if !check.doubt.as_str().is_empty() {
        all.push(check.doubt.to_string());
    }
    if check.told.is_some() && check.doubt.as_str().is_empty() {
        all.push(check.said());
    }
    // The bounds stand in a column of their own; here only how sure they are.
    let interval = check.interval.as_ref().map(words::interval);
    let sure = check.interval.as_ref().map(|one| words::percent(one.confidence.share()));
    for remark in check.remarks() {
        match (&interval, &sure) {
            (Some(told), Some(sure)) if *told == remark && bounds(check) != "–" => {
                all.push(format!("each bound holds with {sure}"));
            }
            _ => all.push(remark),
        }
    }
    all.extend((check.line > 0).then(|| format!("line {}", check.line)));
    all
}
