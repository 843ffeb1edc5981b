//! What the generator planned and did over time.

use super::{bands, line, over_time, per_second, spots};
use crate::report::facts::Facts;
use crate::report::series::Moment;
use crate::report::svg::{Axis, Plot};
use crate::report::words;
use crate::run::Model;

/// Requests planned, sent and answered well.
pub(super) fn throughput(facts: &Facts) -> Option<Plot> {
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
        lines,
        spots: spots(facts, &|moment| delivered(facts, moment)),
        ..Plot::default()
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

/// Requests in flight, and users where there are any. Runs that another tool measured tell neither.
pub(super) fn at_once(facts: &Facts) -> Option<Plot> {
    let in_flight = |moment: &Moment| Some(words::float(moment.pulse.in_flight));
    let users = |moment: &Moment| Some(words::float(moment.pulse.users));
    let mut lines = vec![line(facts, "requests in flight", "a", &in_flight)];
    let many = facts.series.iter().any(|moment| moment.pulse.users > 0);
    if many {
        lines.push(line(facts, "users", "b", &users));
    }
    let values = lines.iter().flat_map(|line| line.pieces.iter().flatten()).map(|(_, y)| *y);
    let most = values.reduce(f64::max).filter(|most| *most > 0.0)?;
    let peak = facts.series.iter().map(|moment| moment.pulse.in_flight).max().unwrap_or(0);
    let title = if many { "Users and requests in flight" } else { "Requests in flight" };
    let whole =
        |number: f64| if number.fract() == 0.0 { number.to_string() } else { String::new() };
    Some(Plot {
        id: "at-once".to_owned(),
        title: title.to_owned(),
        desc: format!("At the end of each slice; {} in flight at most.", words::count(peak)),
        x: over_time(facts)?,
        y: Axis::linear(most, &whole),
        bands: bands(facts),
        lines,
        spots: spots(facts, &|moment| delivered(facts, moment)),
        ..Plot::default()
    })
}
