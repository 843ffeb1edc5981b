//! `[load]` as it is written, made into a load: which model, which stages, which limits of its own.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::fault::Fault;
use super::file;
use super::parts::{delayed, sum};
use super::profile::{Profile, Stage};
use super::reader::{At, Reader, Slot};
use super::stage::Own;
use super::value::{Int, Lasting, Level as Height, MOST_USERS, Many, Pace, Time};
use super::{Arrivals, Load};
use crate::run::Model;
use crate::shard::Shard;
use crate::unit::show_duration;

/// Levels are counted in millionths of an arrival per second, or of a user.
const MICRO: u64 = 1_000_000;
/// The least and the most requests in flight when the file does not say.
const IN_FLIGHT: std::ops::RangeInclusive<usize> = 1_000..=100_000;
const CONNECTIONS: usize = 4_096;
const STREAMS: usize = 100;
const ABORT_AFTER: Duration = Duration::from_secs(30);
const NANOS_AND_MICROS: u128 = 1_000_000_000 * 1_000_000;

/// How much a load is, wherever that is written.
struct Level<'w> {
    span: Range<usize>,
    rate: &'w Slot<Pace>,
    users: &'w Slot<Int<1, MOST_USERS>>,
    duration: &'w Slot<Lasting>,
    ramp: &'w Slot<Time>,
    spawn_rate: &'w Slot<Pace>,
    ramp_down: &'w Slot<Time>,
    stage: &'w Slot<Many<file::Stage>>,
}

/// The keys of a level out of a table that has them all.
macro_rules! level {
    ($at:expr) => {
        Level {
            span: $at.span.clone(),
            rate: &$at.value.rate,
            users: &$at.value.users,
            duration: &$at.value.duration,
            ramp: &$at.value.ramp,
            spawn_rate: &$at.value.spawn_rate,
            ramp_down: &$at.value.ramp_down,
            stage: &$at.value.stage,
        }
    };
}

/// The load that a scenario has for itself.
pub(super) fn own(at: &At<Own>, reader: &mut Reader<'_>) -> Option<Profile> {
    let after = at.value.after.value().map_or(Duration::ZERO, |time| time.0);
    profile(&level!(at), None, reader).map(|profile| delayed(profile, after))
}

/// Whether a load says how much, for the scenarios that do not say so themselves.
pub(super) fn is_shared(load: &file::Load) -> bool {
    let absent = load.rate.is_absent() && load.users.is_absent();
    !(absent && load.duration.is_absent() && load.stage.is_absent())
}

/// The load, or nothing where the reader has been told what is wrong with it.
pub(super) fn load(
    at: &At<file::Load>,
    timeout: Duration,
    duration: Option<Duration>,
    own: &[Arc<Profile>],
    reader: &mut Reader<'_>,
) -> Option<(Load, Option<Profile>)> {
    let before = reader.faults.len();
    let load = &at.value;
    let stages = load.stage.value().map_or(&[][..], |many| &many.0);
    let users = |stage: &At<file::Stage>| matches!(stage.value.to.value(), Some(Height::Users(_)));
    let open = own.iter().any(|own| own.model == Model::Open);
    if load.rate.is_absent() && (!load.users.is_absent() || stages.iter().any(users)) && !open {
        open_only(load, reader);
    }
    let shared = if own.is_empty() || is_shared(load) {
        Some(profile(&level!(at), duration, reader)?)
    } else {
        None
    };
    if !own.is_empty() {
        alone(stages, duration, reader);
    }
    let all: Vec<&Profile> = shared.iter().chain(own.iter().map(|own| &**own)).collect();
    let profile = sum(&all);
    let warm_up = warm_up(load, &profile, reader);
    let int = |value: Option<u64>| value.and_then(|value| usize::try_from(value).ok());
    let in_flight = int(load.max_in_flight.value().map(|int| int.0));
    let in_flight = in_flight.unwrap_or_else(|| usual_in_flight(profile.peak(), timeout));
    let connections = int(load.connections.value().map(|int| int.0));
    let load = |profile| Load {
        warm_up,
        arrivals: load.arrivals.value().map_or(Arrivals::Even, |one| one.0),
        max_in_flight: in_flight,
        connections: connections.unwrap_or(in_flight.min(CONNECTIONS)),
        threads: int(load.threads.value().map(|int| int.0)),
        streams: int(load.streams.value().map(|int| int.0)).unwrap_or(STREAMS),
        seed: load.seed.value().map(|int| int.0),
        shard: Shard::ALONE,
        abort_after: load.abort_after.value().map_or(ABORT_AFTER, |time| time.0),
        profile,
    };
    (reader.faults.len() == before).then(|| (load(profile), shared))
}

/// What cannot be said of a load of many parts.
fn alone(stages: &[At<file::Stage>], duration: Option<Duration>, reader: &mut Reader<'_>) {
    for name in stages.iter().filter_map(|stage| stage.value.name.get()) {
        let hint = "leave the name out, or write a gate file of its own".to_owned();
        let message = "stages have no names where scenarios have loads of their own";
        reader.fault(name.span.clone(), message, hint);
    }
    if duration.is_some() {
        let hint = "change the durations in the gate file".to_owned();
        let message = "scenarios with loads of their own have no one duration to replace";
        reader.faults.push(Fault::outside("--duration", message, Some(hint)));
    }
}

/// As many as are unanswered when every request takes the whole time it is allowed.
fn usual_in_flight(peak: u64, timeout: Duration) -> usize {
    let most = u128::from(peak) * timeout.as_nanos() / NANOS_AND_MICROS;
    usize::try_from(most).unwrap_or(usize::MAX).clamp(*IN_FLIGHT.start(), *IN_FLIGHT.end())
}

fn warm_up(load: &file::Load, profile: &Profile, reader: &mut Reader<'_>) -> Duration {
    let Some(at) = load.warm_up.get() else { return Duration::ZERO };
    let whole = profile.duration();
    if at.value.0 >= whole {
        let message = format!(
            "the warm-up of {} leaves nothing to judge of a load of {}",
            show_duration(at.value.0),
            show_duration(whole)
        );
        reader.fault(at.span.clone(), message, "make it shorter than the load".to_owned());
    }
    at.value.0
}

fn open_only(load: &file::Load, reader: &mut Reader<'_>) {
    let keys = [
        ("arrivals", load.arrivals.get().map(|at| at.span.clone())),
        ("max_in_flight", load.max_in_flight.get().map(|at| at.span.clone())),
        ("connections", load.connections.get().map(|at| at.span.clone())),
    ];
    for (key, span) in keys {
        if let Some(span) = span {
            let message = format!("`{key}` means nothing with a number of users");
            let hint = "leave it out, or write a `rate` instead of users".to_owned();
            reader.fault(span, message, hint);
        }
    }
}

/// The level over time, from stages or from a level, a ramp and a duration.
fn profile(
    load: &Level<'_>,
    duration: Option<Duration>,
    reader: &mut Reader<'_>,
) -> Option<Profile> {
    let profile = if load.stage.is_absent() {
        plain(load, duration, reader)?
    } else {
        instead_of_stages(load, duration, reader);
        staged(&load.stage.get()?.value.0, reader)?
    };
    let area: u128 = profile.stages.iter().map(area).sum();
    let empty = match profile.model {
        Model::Open => area < NANOS_AND_MICROS,
        Model::Closed => area == 0,
    };
    if empty {
        let hint = "ask for a higher level or a longer duration".to_owned();
        reader.fault(load.span.clone(), "the load sends nothing", hint);
    }
    (!empty).then_some(profile)
}

/// Level times time: arrivals, in millionths of a billionth.
fn area(stage: &Stage) -> u128 {
    (u128::from(stage.from) + u128::from(stage.to)) * stage.duration.as_nanos() / 2
}

fn plain(load: &Level<'_>, duration: Option<Duration>, reader: &mut Reader<'_>) -> Option<Profile> {
    let (model, level) = level(load, reader)?;
    let whole = duration.or_else(|| lasting(load.duration));
    let Some(whole) = whole else {
        if load.duration.is_absent() {
            let hint = "write how long the load lasts: `duration = \"60s\"`".to_owned();
            reader.fault(load.span.clone(), "`duration` is missing", hint);
        }
        return None;
    };
    let ramp = ramp(load, model, level, reader)?;
    let fall = load.ramp_down.value().map_or(Duration::ZERO, |time| time.0);
    let slopes = ramp.saturating_add(fall);
    let (slope, span) = match (load.ramp.get(), load.spawn_rate.get(), load.ramp_down.get()) {
        (Some(at), _, None) => ("the ramp", at.span.clone()),
        (None, Some(at), None) => ("the ramp", at.span.clone()),
        (_, _, Some(at)) if ramp.is_zero() => ("the ramp down", at.span.clone()),
        (_, _, Some(at)) => ("up and down, the ramp", at.span.clone()),
        (None, None, None) => ("the ramp", load.span.clone()),
    };
    if slopes > whole {
        let message = format!(
            "{slope} of {} is longer than the load of {}",
            show_duration(slopes),
            show_duration(whole)
        );
        reader.fault(span, message, "the ramp is a part of the duration".to_owned());
        return None;
    }
    let stage = |duration, from, to| Stage { name: None, duration, from, to };
    let hold = stage(whole.saturating_sub(slopes), level, level);
    let stages = [stage(ramp, 0, level), hold, stage(fall, level, 0)];
    let stages = stages.into_iter().filter(|stage| !stage.duration.is_zero()).collect();
    Some(Profile { model, stages })
}

/// How long the load grows: as it says, or as long as so many users a second take.
fn ramp(load: &Level<'_>, model: Model, level: u64, reader: &mut Reader<'_>) -> Option<Duration> {
    let Some(at) = load.spawn_rate.get() else {
        return Some(load.ramp.value().map_or(Duration::ZERO, |time| time.0));
    };
    if model == Model::Open {
        let hint = "write a `ramp`, or `users` instead of a rate".to_owned();
        reader.fault(at.span.clone(), "`spawn_rate` means nothing with a rate", hint);
        return None;
    }
    if !load.ramp.is_absent() {
        let hint = "say how long the users take to begin, or how many begin in a second".to_owned();
        reader.fault(at.span.clone(), "`ramp` and `spawn_rate` exclude each other", hint);
        return None;
    }
    let nanos = u128::from(level) * 1_000_000_000 / u128::from(at.value.0.micro().max(1));
    Some(Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
}

fn lasting(slot: &Slot<Lasting>) -> Option<Duration> {
    slot.value().map(|time| time.0)
}

/// The one level of a load without stages.
fn level(load: &Level<'_>, reader: &mut Reader<'_>) -> Option<(Model, u64)> {
    match (load.rate.get(), load.users.get()) {
        (Some(_), Some(users)) => {
            let hint = "open model: `rate`; closed model: `users`".to_owned();
            reader.fault(users.span.clone(), "`rate` and `users` exclude each other", hint);
            None
        }
        (Some(rate), None) => Some((Model::Open, rate.value.0.micro())),
        (None, Some(users)) => Some((Model::Closed, users.value.0 * MICRO)),
        (None, None) => {
            if load.rate.is_absent() && load.users.is_absent() {
                let hint = "write `rate = \"200/s\"`, `users = 50` or `[[load.stage]]`".to_owned();
                reader.fault(load.span.clone(), "the load does not say how much", hint);
            }
            None
        }
    }
}

/// Keys that say once more what stages say.
fn instead_of_stages(load: &Level<'_>, duration: Option<Duration>, reader: &mut Reader<'_>) {
    let keys = [
        ("rate", load.rate.get().map(|at| at.span.clone())),
        ("users", load.users.get().map(|at| at.span.clone())),
        ("duration", load.duration.get().map(|at| at.span.clone())),
        ("ramp", load.ramp.get().map(|at| at.span.clone())),
        ("spawn_rate", load.spawn_rate.get().map(|at| at.span.clone())),
        ("ramp_down", load.ramp_down.get().map(|at| at.span.clone())),
    ];
    for (key, span) in keys {
        if let Some(span) = span {
            let message = format!("`{key}` and stages exclude each other");
            reader.fault(span, message, "leave it out, or leave the stages out".to_owned());
        }
    }
    if duration.is_some() {
        let hint = "change the durations of the stages in the gate file".to_owned();
        let message = "a load of stages has no duration of its own to replace";
        reader.faults.push(Fault::outside("--duration", message, Some(hint)));
    }
}

fn staged(stages: &[At<file::Stage>], reader: &mut Reader<'_>) -> Option<Profile> {
    let mut read: Vec<Stage> = Vec::new();
    let mut model = None;
    let (mut names, before) = (std::collections::HashSet::new(), reader.faults.len());
    for at in stages {
        let (Some(duration), Some(to)) = (at.value.duration.value(), at.value.to.get()) else {
            // Already told, and nothing that follows would be true.
            return None;
        };
        let (own, level) = match to.value {
            Height::Rate(rate) => (Model::Open, rate.micro()),
            Height::Users(users) => (Model::Closed, users * MICRO),
        };
        if *model.get_or_insert(own) != own {
            let hint = "all stages lead to rates, or all to numbers of users".to_owned();
            reader.fault(to.span.clone(), "rates and users are mixed", hint);
        }
        let name = at.value.name.get();
        if let Some(name) = name.filter(|name| !names.insert(name.value.value.clone())) {
            let message = format!("two stages are named `{}`", name.value.shown);
            reader.fault(name.span.clone(), message, None);
        }
        let from = read.last().map_or(0, |stage| stage.to);
        let name = name.map(|name| name.value.value.clone());
        read.push(Stage { name, duration: duration.0, from, to: level });
    }
    let model = model.filter(|_| reader.faults.len() == before)?;
    Some(Profile { model, stages: read })
}
