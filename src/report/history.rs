//! One page of history: every metric over the kept runs, with the places where it changed.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::course::{self, Named, metrics, percent};
use super::html::{STYLE, policy};
use super::plots::{log, pieces, times};
use super::svg::{Axis, Band, Line, Plot, Scale};
use super::words;
use crate::baseline::Kept;
use crate::baseline::course::{Course, scopes};
use crate::baseline::group::Group;
use crate::metric::{Metric, Value};
use crate::sanitise::Clean;

/// Scopes that are drawn, at most, for each machine and load.
const MOST_SCOPES: usize = 100;
/// Words along the time axis, at most.
const MOST_TICKS: usize = 7;

/// Writes the page, with the last so many runs of each group.
#[must_use]
pub fn render(groups: &[Group<'_>], last: usize) -> String {
    let title = "History of kept runs";
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy(None));
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                meta name="robots" content="noindex";
                link rel="icon" href="data:,";
                title { (title) " · loadgate" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header { h1 { (title) } }
                main {
                    @if groups.is_empty() { p { "Nothing is kept yet." } }
                    @for (nth, group) in groups.iter().rev().enumerate() {
                        (section(group, nth, last))
                    }
                }
                footer { "loadgate " (env!("CARGO_PKG_VERSION")) }
            }
        }
    };
    page.into_string() + "\n"
}

fn section(group: &Group<'_>, nth: usize, last: usize) -> Markup {
    let runs = &group.runs[group.runs.len().saturating_sub(last)..];
    let changes = course::changes(runs);
    let profile = runs.last().map(|kept| kept.run.load.profile.as_str()).unwrap_or_default();
    let newest: Vec<Kept> = runs.last().map(|kept| (*kept).clone()).into_iter().collect();
    let scopes = scopes(&newest);
    html! {
        section aria-labelledby=(format!("g{nth}")) {
            h2 id=(format!("g{nth}")) {
                (Clean::line(group.branch)) ": " (Clean::line(profile))
            }
            p.sub {
                (Clean::line(&group.class.to_string())) " · "
                (words::plural(runs.len() as u64, "run")) " · load "
                (Clean::line(group.load.get(..12).unwrap_or_default()))
            }
            (told(runs, &changes))
            div.plots {
                @for (place, scope) in scopes.iter().take(MOST_SCOPES).enumerate() {
                    @if let Some(plot) = latency(group, runs, scope.as_deref(), (nth, place)) {
                        (plot.figure())
                    }
                }
                @if let Some(plot) = errors(group, runs, nth) { (plot.figure()) }
            }
            @if scopes.len() > MOST_SCOPES {
                p { (scopes.len() - MOST_SCOPES) " more endpoints are not drawn." }
            }
            (listed(group, runs, &changes))
        }
    }
}

/// Where something changed, in words.
fn told(runs: &[&Kept], changes: &[Named]) -> Markup {
    html! {
        @if changes.is_empty() {
            p { "No change point: nothing here moved for good." }
        } @else {
            ul.notes {
                @for Named { what, turn } in changes {
                    @let at = runs[turn.at];
                    li {
                        (what) " " (percent(turn.step)) " since " (Clean::line(at.started()))
                        ", commit " (Clean::line(at.short_commit()))
                        " (p = " (format!("{:.3}", turn.p)) ")"
                    }
                }
            }
        }
    }
}

fn latency(
    group: &Group<'_>,
    runs: &[&Kept],
    scope: Option<&str>,
    (nth, place): (usize, usize),
) -> Option<Plot> {
    let courses = metrics().map(|metric| Course::of(all(runs), scope, metric));
    let number = |log: f64| course::millis(log);
    let values: Vec<f64> = courses
        .iter()
        .flat_map(|course| course.values.iter().flatten().copied().map(number))
        .collect();
    let classes = ["a", "b", "c"];
    let mut lines: Vec<Line> = courses
        .iter()
        .zip(classes)
        .map(|(course, class)| {
            let points = course.values.iter().map(|value| value.map(number));
            Line { name: course.metric.to_string(), class, pieces: row(points) }
        })
        .collect();
    lines.reverse();
    let mut bands = since(runs, &courses);
    bands.extend(anchors(group, runs));
    let y = times(&values)?;
    let name = Clean::line(scope.unwrap_or("whole run")).to_string();
    let words = |kept: &Kept| {
        let told = metrics().map(|metric| {
            let value = course::value(&kept.run, scope, metric);
            format!("{metric} {}", value.map_or_else(|| "–".to_owned(), words::value))
        });
        told.join(", ")
    };
    Some(Plot {
        id: format!("l{nth}-{place}"),
        title: format!("{name}: latency{}", log(&y)),
        desc: format!("Latency percentiles of {name} over {} runs", runs.len()),
        x: axis(runs),
        y,
        bands,
        lines,
        spots: spots(runs, &words),
        ..Plot::default()
    })
}

fn errors(group: &Group<'_>, runs: &[&Kept], nth: usize) -> Option<Plot> {
    let of = |kept: &Kept| course::value(&kept.run, None, Metric::ErrorRate);
    let points: Vec<Option<f64>> =
        runs.iter().map(|kept| of(kept).and_then(Value::number)).collect();
    let most = points.iter().flatten().copied().reduce(f64::max)?;
    let line = Line { name: "error rate".to_owned(), class: "c", pieces: row(points.into_iter()) };
    let words = |kept: &Kept| of(kept).map_or_else(|| "–".to_owned(), words::value);
    Some(Plot {
        id: format!("e{nth}"),
        title: "whole run: failed requests".to_owned(),
        desc: format!("Failed requests in percent over {} runs", runs.len()),
        x: axis(runs),
        y: Axis::linear(most, &|number| words::percent(number / 100.0)),
        bands: anchors(group, runs),
        lines: vec![line],
        spots: spots(runs, &words),
        ..Plot::default()
    })
}

fn all<'a>(runs: &'a [&'a Kept]) -> impl Iterator<Item = &'a crate::run::Run> {
    runs.iter().map(|kept| &kept.run)
}

/// From each change on to the next one, with the run that it began with and what changed there.
fn since(runs: &[&Kept], courses: &[Course]) -> Vec<Band> {
    let mut turns: Vec<(usize, Vec<String>)> = Vec::new();
    for course in courses {
        for turn in course.turns() {
            let words = format!("{} {}", course.metric, percent(turn.step));
            match turns.iter_mut().find(|(at, _)| *at == turn.at) {
                Some((_, all)) => all.push(words),
                None => turns.push((turn.at, vec![words])),
            }
        }
    }
    turns.sort_by_key(|(at, _)| *at);
    let ends = turns.iter().skip(1).map(|(at, _)| *at).chain(std::iter::once(runs.len()));
    let band = |((at, what), end): (&(usize, Vec<String>), usize)| {
        let kept = runs[*at];
        let commit: String = kept.short_commit().chars().take(8).collect();
        let (commit, started) = (Clean::line(&commit), Clean::line(kept.started()));
        Band {
            from: place(*at) - 0.5,
            to: place(end) - 0.5,
            class: "turn",
            label: commit.to_string(),
            named: format!("since {commit}, {started}: {}", what.join(", ")),
        }
    };
    turns.iter().zip(ends).map(band).collect()
}

fn anchors(group: &Group<'_>, runs: &[&Kept]) -> Vec<Band> {
    let at = runs.iter().position(|kept| group.is_anchor(kept.id()));
    let band = |at: usize| Band {
        from: place(at) - 0.2,
        to: place(at) + 0.2,
        class: "warm",
        label: String::new(),
        named: "the anchor".to_owned(),
    };
    at.map(band).into_iter().collect()
}

fn place(at: usize) -> f64 {
    words::float(at as u64)
}

/// The runs side by side, with the days of some of them.
fn axis(runs: &[&Kept]) -> Axis {
    let step = runs.len().div_ceil(MOST_TICKS).max(1);
    // The table has the year; here there is no room for it.
    let day = |kept: &Kept| Clean::line(kept.started().get(5..10).unwrap_or_default()).to_string();
    let ticks = runs.iter().enumerate().step_by(step).map(|(at, kept)| (place(at), day(kept)));
    let (from, to) = (-0.5, place(runs.len()) - 0.5);
    Axis { scale: Scale::Linear, from, to, ticks: ticks.collect() }
}

/// Points in a row; a run without a value is a gap.
fn row(points: impl Iterator<Item = Option<f64>>) -> Vec<Vec<(f64, f64)>> {
    pieces(points.enumerate().map(|(at, value)| value.map(|value| (place(at), value))))
}

fn spots(runs: &[&Kept], words: &dyn Fn(&Kept) -> String) -> Vec<(f64, f64, String)> {
    let spot = |(at, kept): (usize, &&Kept)| {
        let name = Clean::line(&format!("{} {}", kept.started(), kept.short_commit()));
        (place(at) - 0.5, place(at) + 0.5, format!("{name}: {}", words(kept)))
    };
    runs.iter().enumerate().map(spot).collect()
}

/// Every run with what the whole of it measured, the newest first, and what changed with it.
fn listed(group: &Group<'_>, runs: &[&Kept], changes: &[Named]) -> Markup {
    let here = |nth: usize| {
        let here = changes.iter().filter(|named| named.turn.at == nth);
        let told = here.map(|named| format!("{} {}", named.what, percent(named.turn.step)));
        told.collect::<Vec<_>>().join(", ")
    };
    let told = |kept: &Kept, metric| {
        let value = course::value(&kept.run, None, metric);
        value.map_or_else(|| "–".to_owned(), words::value)
    };
    html! {
        div.scroll tabindex="0" role="group" aria-label="Runs" {
            table cellpadding="6" {
                thead { tr {
                    th scope="col" { "run" }
                    th scope="col" { "started" }
                    th scope="col" { "commit" }
                    @for metric in metrics() { th.n scope="col" { (metric) } }
                    th.n scope="col" { "failed" }
                    th scope="col" { "proof" }
                    th scope="col" { "marked" }
                    th scope="col" { "changed with it" }
                } }
                tbody {
                    @for (nth, kept) in runs.iter().enumerate().rev() {
                        tr {
                            th scope="row" { (Clean::line(kept.id())) }
                            td.w { (Clean::line(kept.started())) }
                            td.w { (Clean::line(kept.short_commit())) }
                            @for metric in metrics() { td.n { (told(kept, metric)) } }
                            td.n { (told(kept, Metric::ErrorRate)) }
                            td.w { (kept.proof.name()) }
                            td { (Clean::line(&group.words(kept.id()))) }
                            td.rest { (here(nth)) }
                        }
                    }
                }
            }
        }
    }
}
