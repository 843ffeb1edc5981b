//! The shift of each compared scope in a row: a small picture and its numbers. What asks for
//! attention is in sight, the rest folded away where there is much of it.

use maud::{Markup, html};

use crate::report::facts::Facts;
use crate::report::shifts::{self, Against, Shifted, Shifts};
use crate::report::stack::{self, Column, column};
use crate::report::versions::Shift;
use crate::report::words;

/// More scopes than this are folded away.
const IN_SIGHT: usize = 8;
/// The columns.
const COLUMNS: [Column; 3] = [column("of", ""), column("shift", "rest"), column("picture", "")];
/// The width of a picture, its height, and what is left free on each side.
const WIDE: f64 = 240.0;
const HIGH: f64 = 60.0;
const FREE: f64 = 6.0;

/// Writes it; nothing where nothing was compared.
pub(super) fn table(facts: &Facts) -> Markup {
    let Some(told) = shifts::shifts(facts) else { return html! {} };
    let Shifts { against, scopes } = &told;
    let (sight, folded) = scopes.split_at(scopes.len().min(IN_SIGHT));
    let most = farthest(scopes);
    let rows = |part: &[Shifted<'_>]| -> Vec<Vec<Markup>> {
        part.iter().map(|one| row(one, most)).collect()
    };
    html! {
        h3.part id="shifts" { "Shift by percentile" }
        @if scopes.is_empty() {
            p { "No percentile is compared with the runs before: [regression] asks for none." }
        } @else {
            (stack::table("shifts", &COLUMNS, 0, rows(sight).into_iter()))
            @if !folded.is_empty() {
                details {
                    summary id="more-shifts" { (words::plural(folded.len() as u64, "more shift")) }
                    (stack::table("more-shifts", &COLUMNS, 0, rows(folded).into_iter()))
                }
            }
            p.note { (note(*against)) }
        }
    }
}

fn note(against: Against) -> &'static str {
    match against {
        Against::Version => {
            "From the lowest percentile to the highest, slower is up, all on one scale, of roots: \
             the dot is the estimate, the upright line holds the true shift with 95 %, each \
             percentile by itself; what is judged, and corrected for all checks together, stands \
             in the table of changes."
        }
        Against::Runs => {
            "From the lowest percentile to the highest, slower is up, all on one scale, of roots: \
             the dot is the distance from the middle of the runs before (their mean, runs far out \
             drawn in), the upright line the prediction interval by which it is judged: its \
             lower end holds for all checks together, its upper end with 95 %. Only the \
             percentiles that [regression] asks for are compared with runs before."
        }
    }
}

/// The end that is farthest from no change.
fn farthest(scopes: &[Shifted<'_>]) -> f64 {
    let all = scopes.iter().flat_map(|one| &one.shifts);
    let ends = all.flat_map(|shift| [shift.estimate, shift.lower, shift.upper]);
    ends.filter(|end| end.is_finite()).map(f64::abs).fold(1e-4, f64::max)
}

fn row(one: &Shifted<'_>, most: f64) -> Vec<Markup> {
    let said: Vec<String> = one.shifts.iter().map(shifts::said).collect();
    vec![
        html! { (one.place) },
        html! {
            @if said.is_empty() {
                "too few requests to tell any percentile"
            } @else {
                (said.join("; "))
            }
        },
        html! { @if !said.is_empty() { (picture(&one.shifts, most)) } },
    ]
}

/// The shifts side by side; what is said by it stands beside it in numbers.
fn picture(all: &[Shift], most: f64) -> Markup {
    let step = (WIDE - 2.0 * FREE) / words::float(all.len() as u64);
    let across = |nth: usize| FREE + step * (words::float(nth as u64) + 0.5);
    let down = |share: f64| {
        // By its root, so that small shifts are seen beside a wide interval of a high percentile.
        let part = if share.is_nan() { 0.0 } else { (share / most).clamp(-1.0, 1.0) };
        let place = part.abs().sqrt().copysign(part);
        HIGH / 2.0 - place * (HIGH / 2.0 - FREE)
    };
    let bars = all.iter().enumerate().map(|(nth, shift)| {
        format!("M{:.0} {:.1}V{:.1}", across(nth), down(shift.lower), down(shift.upper))
    });
    html! {
        svg.change viewBox=(format!("0 0 {WIDE} {HIGH}")) width=(WIDE) height=(HIGH)
            aria-hidden="true" {
            path.zero fill="none" stroke="currentColor" stroke-opacity=".5"
                d=(format!("M0 {}H{WIDE}", HIGH / 2.0)) {}
            path.a fill="none" stroke="#2f86d6" stroke-width="2.5" d=(bars.collect::<String>()) {}
            @for (nth, shift) in all.iter().enumerate() {
                circle.dot cx=(format!("{:.0}", across(nth)))
                    cy=(format!("{:.1}", down(shift.estimate))) r="3.5" fill="#2f86d6" {}
            }
        }
    }
}
