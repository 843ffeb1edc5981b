//! What was asked beside the load, over its time: below latency, on the same axis.

use super::{bands, over_time, pieces};
use crate::report::facts::Facts;
use crate::report::probes::Probed;
use crate::report::svg::{Axis, Line, Plot};
use crate::report::words;
use crate::unit::show_number;

/// A plot for each probe that answered at all.
pub(super) fn probes(facts: &Facts) -> Vec<Plot> {
    let all = facts.probes.iter().enumerate();
    all.filter_map(|(nth, probed)| plot(facts, nth, probed)).collect()
}

fn plot(facts: &Facts, nth: usize, probed: &Probed) -> Option<Plot> {
    let answers = probed.points.iter().filter_map(|(_, answer)| *answer);
    let (least, most) = (answers.clone().reduce(f64::min)?, answers.reduce(f64::max)?);
    // A limit far away would press the answers flat: it is told and not drawn.
    let far = |(limit, _): &&(f64, String)| *limit > most.abs().max(1e-9) * 4.0;
    let (beyond, limits): (Vec<_>, Vec<_>) = probed.limits.iter().partition(far);
    let most = limits.iter().map(|(limit, _)| *limit).fold(most, f64::max);
    let beyond: Vec<_> = beyond.iter().map(|(_, said)| format!("; {said} lies above")).collect();
    let unit = probed.unit.as_str();
    let word = |number: f64| united(number, unit);
    let points = probed.points.iter().map(|(at, answer)| answer.map(|answer| (*at, answer)));
    let line = Line { name: probed.name.to_string(), class: "a", pieces: pieces(points) };
    let spots = probed.points.iter().zip(probed.points.iter().skip(1));
    let spots = spots.filter_map(|((from, answer), (to, _))| {
        let words = format!("{from:.1} s: {} {}", probed.name, word((*answer)?));
        Some((*from, *to, words))
    });
    Some(Plot {
        id: format!("probe-{nth}"),
        title: format!("Probe {}{}{}", probed.name, titled(unit), beyond.concat()),
        desc: described(probed, &word),
        x: over_time(facts)?,
        y: Axis::around(least.min(0.0), most, &word),
        bands: bands(facts),
        limits: limits.into_iter().cloned().collect(),
        lines: vec![line],
        spots: spots.collect(),
        ..Plot::default()
    })
}

fn titled(unit: &str) -> String {
    if unit.is_empty() { String::new() } else { format!(", in {unit}") }
}

fn united(number: f64, unit: &str) -> String {
    let space = if matches!(unit, "" | "/s") { "" } else { " " };
    format!("{}{space}{unit}", show_number(number))
}

/// What there is to see, in words.
fn described(probed: &Probed, word: &dyn Fn(f64) -> String) -> String {
    let counts = format!(
        "{} of {} answered in the judged time.",
        words::count(probed.answered),
        words::plural(probed.asked, "question")
    );
    let Some(span) = probed.span else { return counts };
    let [least, mean, largest, final_one] = span.map(word);
    format!("{counts} Least {least}, mean {mean}, largest {largest}, last {final_one}.")
}
