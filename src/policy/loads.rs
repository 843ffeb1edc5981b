//! The loads of two gate files side by side, in numbers.

use std::fmt::Display;
use std::time::Duration;

use super::difference::{Difference, Part, Way};
use crate::plan::profile::Profile;
use crate::plan::threshold::Threshold;
use crate::plan::{Arrivals, Drive, Plan, expected, shares, starved};
use crate::run::Model;
use crate::unit::{Rate, show_count, show_duration};

/// Shares and counts that differ by less, in parts of the larger, are the same: drawing and
/// rounding do that much.
const SAME: f64 = 0.01;
/// An endpoint that keeps less of what was sent to it than this is no longer tested as it was.
const MOST_OF_IT: f64 = 0.5;
const MILLION: f64 = 1e6;

/// How the loads differ.
pub(super) fn compare(base: &Plan, change: &Plan) -> Vec<Difference> {
    let (old, new) = match (&base.drive, &change.drive) {
        (Some(old), Some(new)) => (old, new),
        (Some(_), None) => return vec![Difference::new(Way::Removed, Part::Load, "the load")],
        (None, Some(_)) => return vec![Difference::new(Way::Added, Part::Load, "the load")],
        (None, None) => return Vec::new(),
    };
    let mut all = Vec::new();
    let judged = |drive: &Drive| drive.load.profile.duration().saturating_sub(drive.load.warm_up);
    let time = times("judged time", Part::Load, judged(old), judged(new), More::IsMore);
    if old.load.profile.model == new.load.profile.model {
        all.extend(amounts(old, new));
        let less = all.iter().chain(&time).any(Difference::loosens);
        all.extend(endpoints((old, new), &base.thresholds, less));
    } else {
        all.push(models(old, new));
    }
    all.extend(time);
    let (was, is) = (old.load.warm_up, new.load.warm_up);
    all.extend(times("warm-up, sent and not judged", Part::Load, was, is, More::IsLess));
    let (was, is) = (old.target.timeout, new.target.timeout);
    all.extend(times("timeout of a request", Part::Target, was, is, More::IsLess));
    all.extend(arrivals(old, new));
    if old.target.tls.insecure != new.target.tls.insecure {
        let way = if new.target.tls.insecure { Way::Loosened } else { Way::Tightened };
        let words =
            |drive: &Drive| if drive.target.tls.insecure { "not checked" } else { "checked" };
        let told = Difference::new(way, Part::Target, "certificates");
        all.push(told.from(words(old)).to(words(new)));
    }
    all
}

/// Whether more of something is more to ask.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum More {
    IsMore,
    IsLess,
}

fn models(old: &Drive, new: &Drive) -> Difference {
    // Nobody can say that as much is sent; users who wait even send less to a service that is slow.
    let words = |drive: &Drive| match drive.load.profile.model {
        Model::Open => format!("open model, {}", drive.load.profile),
        Model::Closed => format!("closed model, {}", drive.load.profile),
    };
    Difference::new(Way::Loosened, Part::Load, "load").from(words(old)).to(words(new))
}

/// How much is sent: all together, and at the highest.
fn amounts(old: &Drive, new: &Drive) -> Vec<Difference> {
    let mut all = Vec::new();
    let peak = |drive: &Drive| drive.load.profile.peak();
    match old.load.profile.model {
        Model::Open => {
            let [was, is] = [old, new].map(|drive| expected(drive).map_or(0, |all| all.sent));
            all.extend(numbers("planned requests", Part::Load, was, is, show_count));
            all.extend(numbers("highest rate", Part::Load, peak(old), peak(new), |micro| {
                Rate::from_micro(micro).to_string()
            }));
        }
        Model::Closed => {
            let [was, is] = [old, new].map(|drive| area(&drive.load.profile));
            let words = |number| format!("{} user-seconds", show_count(number));
            all.extend(numbers("users over time", Part::Load, was, is, words));
            let users = |micro: u64| show_count(micro.div_ceil(1_000_000));
            all.extend(numbers("most users", Part::Load, peak(old), peak(new), users));
        }
    }
    let [was, is] = [old, new].map(|drive| drive.load.profile.to_string());
    if all.is_empty() && was != is {
        all.push(Difference::new(Way::Changed, Part::Load, "profile").from(was).to(is));
    }
    all
}

/// The arrivals of a profile; or its users, each counted for as many seconds as it lives.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "levels lie far below 2^53 millionths, and none is negative"
)]
pub(super) fn area(profile: &Profile) -> u64 {
    let stages = profile.stages.iter();
    let sum: f64 = stages
        .map(|stage| (stage.from + stage.to) as f64 / 2.0 / MILLION * stage.duration.as_secs_f64())
        .sum();
    sum.round() as u64
}

/// What each endpoint gets. Where the whole has not shrunk and no endpoint has gone, a part that
/// shrinks makes room for others: less is asked for only where little is left of it.
fn endpoints((old, new): (&Drive, &Drive), limits: &[Threshold], less: bool) -> Vec<Difference> {
    let (was, is) = (shares(old), shares(new));
    let [before, after] = [old, new].map(|drive| expected(drive).map(|all| all.judged));
    let [starved_before, starved_now] = [old, new].map(|drive| starved(drive, limits));
    let lacks = |all: &[(String, f64)], name: &String| all.iter().all(|(other, _)| other != name);
    let less = less || was.iter().any(|(name, _)| lacks(&is, name));
    let mut all = Vec::new();
    for (name, share) in &was {
        let Some((_, now)) = is.iter().find(|(other, _)| other == name) else {
            all.push(Difference::new(Way::Removed, Part::Requests, format!("endpoint {name}")));
            continue;
        };
        if is_same(*share, *now) {
            continue;
        }
        let count = |all: &Option<Vec<(String, u64)>>| {
            all.iter().flatten().find(|(other, _)| other == name).map(|(_, count)| *count)
        };
        let counted = count(&before).zip(count(&after));
        let fewer = counted.and_then(|(was, is)| {
            let what = format!("planned requests of {name}");
            let told = numbers(&what, Part::Requests, was, is, show_count)?;
            told.loosens().then_some((told, float(was), float(is)))
        });
        let needs =
            |all: &[(String, u64)]| all.iter().find(|(one, _)| one == name).map(|one| one.1);
        let short = needs(&starved_now).filter(|_| needs(&starved_before).is_none());
        let shrunk = |was: f64, is: f64| less || short.is_some() || is < was * MOST_OF_IT;
        all.push(match fewer {
            Some((told, was, is)) => eased(told, shrunk(was, is), short),
            None => part(name, (*share, *now), counted.is_some(), shrunk(*share, *now)),
        });
    }
    let fresh = is.iter().filter(|(name, _)| lacks(&was, name));
    all.extend(fresh.map(|(name, share)| {
        let told = Difference::new(Way::Added, Part::Requests, format!("endpoint {name}"));
        told.to(format!("{} of the requests", percent(*share)))
    }));
    all
}

/// Fewer requests of an endpoint, and why that asks for less where it does.
fn eased(told: Difference, less: bool, need: Option<u64>) -> Difference {
    let way = if less { Way::Loosened } else { Way::Changed };
    let need = need.map(|need| format!("its limits need {}", show_count(need)));
    let by = [told.by.clone(), need].into_iter().flatten().collect::<Vec<_>>().join(", ");
    Difference { way, by: Some(by).filter(|by| !by.is_empty()), ..told }
}

/// An endpoint's part of the whole. Where as much is sent to it as before, it is only told.
fn part(name: &str, (was, is): (f64, f64), counted: bool, less: bool) -> Difference {
    let way = match (counted, is < was) {
        (false, true) if less => Way::Loosened,
        (false, false) => Way::Tightened,
        (true | false, _) => Way::Changed,
    };
    let told = Difference::new(way, Part::Requests, format!("share of {name}"));
    told.from(percent(was)).to(percent(is))
}

fn arrivals(old: &Drive, new: &Drive) -> Option<Difference> {
    let open = old.load.profile.model == Model::Open && new.load.profile.model == Model::Open;
    let (was, is) = (old.load.arrivals, new.load.arrivals);
    let words = |arrivals| match arrivals {
        Arrivals::Even => "even",
        Arrivals::Poisson => "poisson",
    };
    // A Poisson process has bursts; even arrivals spare the service them.
    let way = match is {
        Arrivals::Even => Way::Loosened,
        Arrivals::Poisson => Way::Tightened,
    };
    let told = Difference::new(way, Part::Load, "arrivals").from(words(was)).to(words(is));
    (open && was != is).then_some(told)
}

pub(super) fn numbers(
    what: &str,
    part: Part,
    was: u64,
    is: u64,
    words: impl Fn(u64) -> String,
) -> Option<Difference> {
    let (a, b) = (float(was), float(is));
    compared(what, part, (a, b), More::IsMore, (words(was), words(is)))
}

pub(super) fn times(
    what: &str,
    part: Part,
    was: Duration,
    is: Duration,
    more: More,
) -> Option<Difference> {
    let (a, b) = (was.as_secs_f64(), is.as_secs_f64());
    compared(what, part, (a, b), more, (show_duration(was), show_duration(is)))
}

/// One number before and after, with the distance between them.
fn compared(
    what: &str,
    part: Part,
    (was, is): (f64, f64),
    more: More,
    (from, to): (impl Display, impl Display),
) -> Option<Difference> {
    if is_same(was, is) {
        return None;
    }
    let way = if (is > was) == (more == More::IsMore) { Way::Tightened } else { Way::Loosened };
    let told = Difference::new(way, part, what).from(from.to_string()).to(to.to_string());
    Some(Difference { by: distance(was, is), ..told })
}

fn is_same(one: f64, other: f64) -> bool {
    (one - other).abs() <= SAME * one.max(other)
}

/// How far a number lies from an earlier one: `−83 %`.
pub(super) fn distance(was: f64, is: f64) -> Option<String> {
    let share = (is - was) / was * 100.0;
    let sign = if share < 0.0 { '−' } else { '+' };
    share.is_finite().then(|| format!("{sign}{:.0} %", share.abs()))
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

#[expect(clippy::cast_precision_loss, reason = "compared to one part in a hundred")]
fn float(number: u64) -> f64 {
    number as f64
}
