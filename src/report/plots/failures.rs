//! Failed requests over time, by class.

use super::{bands, over_time, per_second, seconds, spots};
use crate::report::facts::Facts;
use crate::report::series::Moment;
use crate::report::svg::{Axis, Bars, Plot};
use crate::report::words;
use crate::sample::Failure;

/// The classes that have bars of their own, the most frequent first; the rest share the last.
const CLASSES: [&str; 4] = ["one", "two", "three", "four"];

/// Bars one above the other; nothing where nothing failed.
pub(super) fn failures(facts: &Facts) -> Option<Plot> {
    let rate = |count: u64, moment: &Moment| words::float(count) / moment.seconds();
    let all = facts.series.iter().map(|moment| rate(moment.failed, moment));
    let most = all.reduce(f64::max).filter(|most| *most > 0.0)?;
    let kinds = kinds(&facts.series);
    let mut bars: Vec<Bars> = Vec::new();
    for (nth, (name, _)) in kinds.iter().enumerate() {
        bars.push(Bars { name: name.clone(), class: CLASSES[nth], bars: Vec::new() });
    }
    for moment in &facts.series {
        let mut low = 0.0;
        for ((_, of), bars) in kinds.iter().zip(&mut bars) {
            let count: u64 = of.iter().map(|why| moment.failures[*why as usize]).sum();
            let high = low + rate(count, moment);
            if count > 0 {
                bars.bars.push([seconds(moment.from), seconds(moment.to), low, high]);
            }
            low = high;
        }
    }
    let told = |moment: &Moment| told(moment);
    Some(Plot {
        id: "failures-over-time".to_owned(),
        title: "Failed requests over time".to_owned(),
        desc: format!(
            "Failed requests per second; {} of {} failed in the judged time.",
            words::count(facts.whole.failed),
            words::plural(facts.whole.count, "request")
        ),
        x: over_time(facts)?,
        y: Axis::linear(most, &per_second),
        bands: bands(facts),
        bars,
        spots: spots(facts, &told),
        ..Plot::default()
    })
}

/// Names with the classes they stand for.
fn kinds(series: &[Moment]) -> Vec<(String, Vec<Failure>)> {
    let count = |why: Failure| series.iter().map(|one| one.failures[why as usize]).sum::<u64>();
    let mut seen: Vec<_> = Failure::ALL.into_iter().filter(|why| count(*why) > 0).collect();
    // Stable: classes that came equally often stay in the order of reports.
    seen.sort_by_key(|why| std::cmp::Reverse(count(*why)));
    let own = if seen.len() > CLASSES.len() { CLASSES.len() - 1 } else { seen.len() };
    let rest = seen.split_off(own);
    let mut kinds: Vec<_> =
        seen.into_iter().map(|why| (why.name().to_owned(), vec![why])).collect();
    if !rest.is_empty() {
        kinds.push(("other".to_owned(), rest));
    }
    kinds
}

fn told(moment: &Moment) -> String {
    let by_class = Failure::ALL.into_iter().filter_map(|why| {
        let count = moment.failures[why as usize];
        (count > 0).then(|| format!("{} {why}", words::count(count)))
    });
    let by_class = by_class.collect::<Vec<_>>().join(", ");
    let all = words::count(moment.good + moment.failed);
    let why = if by_class.is_empty() { by_class } else { format!(": {by_class}") };
    format!("{} of {all} requests failed{why}", words::count(moment.failed))
}
