//! The comparison with another version: each change with its bounds beside its limit, and where
//! there were two versions side by side, how their times were spread and how far they are apart.

mod shift;

use maud::{Markup, html};

use super::change;
use super::check::Check;
use super::facts::Facts;
use super::plots::{curve, log, percentiles, thin, times};
use super::stack::{self, Column, column};
use super::svg::{Area, Axis, Line, Plot};
use super::versions::Both;
use super::{findings, shifts, words};
use crate::judge::finding::{Change, Rests};
use crate::metric::Value;

/// The columns of the table of changes.
const COLUMNS: [Column; 9] = [
    column("outcome", ""),
    column("of", ""),
    column("metric", "w"),
    column("before", "n"),
    column("now", "n"),
    column("change", "n"),
    column("surely", "n"),
    column("limit", "n"),
    column("picture", ""),
];
/// The width of a change's picture, and half of it.
const WIDE: f64 = 240.0;
const MIDDLE: f64 = 120.0;

/// Writes it; nothing where nothing was compared.
#[must_use]
pub fn comparison(facts: &Facts) -> Markup {
    let told = facts.checks.iter().filter_map(|check| Some((check, check.change.as_ref()?)));
    let mut told: Vec<_> = told.collect();
    let Some((_, first)) = told.first().copied() else { return html! {} };
    told.sort_by_key(|(check, _)| check.mark);
    let rows = told.iter().map(|(check, change)| row(check, change, &told));
    let plots: Vec<Plot> = facts.versions.iter().flat_map(|all| pictures(&all.scopes)).collect();
    html! {
        section aria-labelledby="comparison" {
            h2 id="comparison" { (title(facts, first)) }
            (stack::table("comparison", &COLUMNS, 1, rows))
            p.note {
                "Each picture: no change in the middle, worse to the right; the dot is the \
                 estimate, the line what bounds it, the dashes are the limit."
            }
            (shift::table(facts))
            @if !plots.is_empty() {
                div.plots { @for plot in &plots { (plot.figure()) } }
            }
        }
    }
}

fn title(facts: &Facts, change: &Change) -> String {
    match (change.rests, &facts.versions) {
        (Rests::Rounds(_), Some(all)) => {
            let rounds = words::plural(all.rounds as u64, "round");
            format!("Compared with {} in {rounds}", all.against)
        }
        (Rests::Rounds(rounds), None) => {
            format!("Compared with another version in {}", words::plural(rounds as u64, "round"))
        }
        (Rests::Runs(runs), _) => {
            format!("Compared with {}", words::plural(runs as u64, "earlier run"))
        }
    }
}

fn row(check: &Check, change: &Change, all: &[(&Check, &Change)]) -> Vec<Markup> {
    let told = |value: Option<Value>| value.map_or_else(|| "–".to_owned(), words::value);
    vec![
        findings::pill(check.mark),
        html! { (check.place()) },
        html! { (check.metric) },
        html! { (told(change.base)) },
        html! { (told(check.got)) },
        html! { (change::short(change)) },
        html! { (change::bounds(change).unwrap_or_else(|| "–".to_owned())) },
        html! { (check.limit) },
        picture(check, change, all),
    ]
}

/// A change, what bounds it, and its limit, on one scale for all changes of its kind; what is said
/// by it stands beside it in numbers.
fn picture(check: &Check, change: &Change, all: &[(&Check, &Change)]) -> Markup {
    // Less is worse of what should rise: it is turned, so that worse is always to the right.
    let way =
        |check: &Check| if check.margin.is_some_and(|margin| margin < 0.0) { -1.0 } else { 1.0 };
    let kin = all.iter().filter(|(_, other)| other.in_points == change.in_points);
    let ends = kin
        .flat_map(|(check, one)| [one.estimate, one.lower, one.upper, check.margin.unwrap_or(0.0)]);
    let most = ends.filter(|end| end.is_finite()).map(f64::abs).reduce(f64::max);
    let most = most.unwrap_or(0.0).max(1e-4) * 1.05;
    let at = |share: f64| {
        let place = (way(check) * share / most).clamp(-1.0, 1.0);
        format!("{:.1}", MIDDLE + place * (MIDDLE - 4.0))
    };
    let (one, other) = (at(change.lower), at(change.upper));
    html! {
        svg.change viewBox=(format!("0 0 {WIDE} 18")) width=(WIDE) height="18" aria-hidden="true" {
            path.zero fill="none" stroke="currentColor" stroke-opacity=".5"
                d=(format!("M{MIDDLE} 0V18")) {}
            @if let Some(margin) = check.margin {
                path.limit fill="none" stroke="#d0454f" stroke-width="1.5" stroke-dasharray="3 3"
                    d=(format!("M{} 0V18", at(margin))) {}
            }
            path.a fill="none" stroke="#2f86d6" stroke-width="2.5"
                d=(format!("M{one} 9H{other}")) {}
            circle.dot cx=(at(change.estimate)) cy="9" r="4" fill="#2f86d6" {}
        }
    }
}

fn pictures(scopes: &[Both]) -> Vec<Plot> {
    let all = scopes.iter().enumerate();
    let drawn = all.filter(|(_, both)| !both.new.is_empty() || !both.base.is_empty());
    drawn.flat_map(|(nth, both)| [plot(nth, both), spread(nth, both)]).flatten().collect()
}

/// How far the version judged is from the other, by percentile.
fn plot(nth: usize, both: &Both) -> Option<Plot> {
    let place = |share: f64| 1.0 / (1.0 - share);
    // As far as the last percentile that is told, and a little room.
    let last = both.shifts.last().map(|one| place(one.quantile.share()))?;
    let x = Axis { to: last * 1.3, ..percentiles(u64::MAX) };
    let x = Axis { ticks: x.ticks.iter().filter(|(at, _)| *at <= x.to).cloned().collect(), ..x };
    let points = both.shifts.iter().map(|one| (place(one.quantile.share()), one.estimate * 100.0));
    let points: Vec<_> = points.collect();
    let sure = both
        .shifts
        .iter()
        .map(|one| (place(one.quantile.share()), one.lower * 100.0, one.upper * 100.0));
    let sure: Vec<_> = sure.collect();
    let ends = sure.iter().flat_map(|(_, low, high)| [*low, *high]);
    let (low, high) = (ends.clone().reduce(f64::min)?, ends.reduce(f64::max)?);
    let told = both.shifts.iter().map(shifts::said);
    let spots = both.shifts.iter().zip(told.clone()).map(|(one, words)| {
        (place(one.quantile.share()) * 0.9, place(one.quantile.share()) * 1.12, words)
    });
    let name = &both.name;
    Some(Plot {
        id: format!("shift-{nth}"),
        title: format!("{name}: shift by percentile"),
        desc: format!(
            "How much slower each percentile became: {}.",
            told.clone().collect::<Vec<_>>().join(", ")
        ),
        y: Axis::around(low, high, &|number| format!("{} %", tidy(number))),
        areas: vec![Area { name: "95 % interval".to_owned(), class: "sure", pieces: vec![sure] }],
        lines: vec![
            Line {
                name: "no change".to_owned(),
                class: "zero",
                pieces: vec![vec![(x.from, 0.0), (x.to, 0.0)]],
            },
            Line { name: "shift".to_owned(), class: "a", pieces: vec![points] },
        ],
        spots: spots.collect(),
        x,
        ..Plot::default()
    })
}

/// A number of an axis without the dust of binary fractions.
fn tidy(number: f64) -> f64 {
    let tidied = (number * 1e6).round() / 1e6;
    if tidied == 0.0 { 0.0 } else { tidied }
}

/// How the times of both versions were spread.
fn spread(nth: usize, both: &Both) -> Option<Plot> {
    let [new, base] = [(&both.new, both.counts[0]), (&both.base, both.counts[1])]
        .map(|(buckets, count)| thin(curve(buckets, count)));
    let values: Vec<f64> = new.iter().chain(&base).map(|(_, time)| *time).collect();
    let y = times(&values)?;
    let name = &both.name;
    Some(Plot {
        id: format!("spread-{nth}"),
        title: format!("{name}: latency by percentile{}", log(&y)),
        desc: format!(
            "Both versions: {} now, {} before.",
            words::plural(both.counts[0], "request"),
            words::plural(both.counts[1], "request")
        ),
        x: percentiles(both.counts[0].min(both.counts[1])),
        y,
        lines: vec![
            Line { name: "before".to_owned(), class: "b", pieces: vec![base] },
            Line { name: "now".to_owned(), class: "c", pieces: vec![new] },
        ],
        ..Plot::default()
    })
}
