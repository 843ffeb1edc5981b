//! The shape of a file, believed piece by piece until it is a run.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::number::{Count, MOST_COUNT, Nanos, Real};
use super::{MOST_TEXT, form, quoted};
use crate::run::{
    Clock, Delivered, Evidence, Generator, Imported, Merged, Missed, Model, Origin, Pulse,
    Reference, Rounds, Run, Series, Slice, Starved, Stop,
};
use crate::shard::{self, Shard};
use crate::tally::{Packed, PackedLap, PackedTimes, Tally, Times};

/// The longest histogram, in base64.
const MOST_HISTOGRAM: usize = 64 * 1024;

/// What in a file contradicts itself: where, and how.
pub(super) struct Contradiction {
    pub(super) place: String,
    pub(super) what: String,
}

type Believed<T> = Result<T, Contradiction>;

fn no<T>(place: impl Into<String>, what: impl Into<String>) -> Believed<T> {
    Err(Contradiction { place: place.into(), what: what.into() })
}

pub(super) fn run(file: form::File<'_>) -> Believed<Run> {
    let load = load(file.load)?;
    let slices = slices(&file.slices, &load)?;
    let endpoints = endpoints(file.endpoints, "endpoints", slices.len())?;
    Ok(Run {
        rounds: file.rounds.map(rounds).transpose()?,
        origin: origin(file.origin)?,
        load,
        generator: generator(file.generator)?,
        slices,
        endpoints,
        stop: stop(file.stop)?,
        reference: file.reference.map(reference),
        probes: file.probes.into_iter().enumerate().map(probe).collect::<Believed<_>>()?,
        again: file.again.map(|form| again(*form).map(Box::new)).transpose()?,
        imported: file.imported.map(imported).transpose()?,
    })
}

fn again(form: form::Again<'_>) -> Believed<Run> {
    Ok(Run {
        origin: origin(form.origin)?,
        load: load(form.load)?,
        generator: generator(form.generator)?,
        slices: Vec::new(),
        endpoints: endpoints(form.endpoints, "again.endpoints", 0)?,
        stop: stop(form.stop)?,
        reference: form.reference.map(reference),
        probes: Vec::new(),
        again: None,
        rounds: None,
        imported: None,
    })
}

fn reference(form: form::Reference) -> Reference {
    Reference { before: form.before_ns.0, after: form.after_ns.0 }
}

fn probe((index, form): (usize, form::Series<'_>)) -> Believed<Series> {
    let place = format!("probes[{index}]");
    let reading = |(at, answer): (Nanos, Option<Real>)| (at.0, answer.map(|answer| answer.0));
    let readings: Vec<_> = form.readings.into_iter().map(reading).collect();
    if !readings.is_sorted_by_key(|(at, _)| *at) {
        return no(place, "its readings are not in the order of time");
    }
    Ok(Series {
        name: text(form.name, &place)?,
        unit: text(form.unit, &place)?,
        said: text(form.said, &place)?,
        readings,
    })
}

fn endpoints(forms: Vec<form::Endpoint<'_>>, of: &str, slices: usize) -> Believed<Vec<Evidence>> {
    let mut names = BTreeSet::new();
    let mut endpoints = Vec::with_capacity(forms.len());
    for (index, form) in forms.into_iter().enumerate() {
        let place = format!("{of}[{index}]");
        let endpoint = endpoint(form, &place, slices)?;
        if !names.insert(endpoint.name.clone()) {
            return no(place, "its name is that of an earlier endpoint");
        }
        endpoints.push(endpoint);
    }
    Ok(endpoints)
}

fn rounds(form: form::Rounds<'_>) -> Believed<Rounds> {
    let ended = form.ended.map(|ended| text(ended, "rounds.ended")).transpose()?;
    let rounds = form.all.into_iter().enumerate().map(|(index, form)| round(form, index));
    Ok(Rounds {
        against: text(form.against, "rounds.against")?,
        rounds: rounds.collect::<Result<_, _>>()?,
        ended,
    })
}

fn round(form: form::Round<'_>, index: usize) -> Believed<Run> {
    let place = format!("rounds.rounds[{index}]");
    let mut both = endpoints(form.new, &format!("{place}.new"), 0)?;
    let base = endpoints(form.base, &format!("{place}.base"), 0)?;
    let names = |all: &[Evidence]| all.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
    if names(&both) != names(&base) {
        return no(place, "its two versions have different endpoints");
    }
    both.extend(base);
    Ok(Run {
        origin: Origin { seed: form.seed.0, ..Origin::default() },
        load: load(form.load)?,
        generator: generator(form.generator)?,
        slices: Vec::new(),
        endpoints: both,
        stop: stop(form.stop)?,
        reference: None,
        probes: Vec::new(),
        again: None,
        rounds: None,
        imported: None,
    })
}

fn imported(form: quoted::Imported<'_>) -> Believed<Imported> {
    told(quoted::inward(form), "imported")
}

fn told<T>(told: Result<T, &'static str>, place: &str) -> Believed<T> {
    told.or_else(|why| no(place, why))
}

fn text(text: Cow<'_, str>, place: &str) -> Believed<String> {
    if text.len() > MOST_TEXT {
        return no(place, format!("its text is longer than {MOST_TEXT} bytes"));
    }
    Ok(text.into_owned())
}

fn texts(texts: Vec<Cow<'_, str>>, place: &str) -> Believed<Vec<String>> {
    texts.into_iter().map(|one| text(one, place)).collect()
}

fn origin(form: form::Origin<'_>) -> Believed<Origin> {
    Ok(Origin {
        id: text(form.id, "origin.id")?,
        started: text(form.started, "origin.started")?,
        version: text(form.version, "origin.version")?,
        target: text(form.target, "origin.target")?,
        protocol: text(form.protocol, "origin.protocol")?,
        insecure: form.insecure,
        gate: text(form.gate, "origin.gate")?,
        gate_hash: text(form.gate_hash, "origin.gate_hash")?,
        load_hash: text(form.load_hash, "origin.load_hash")?,
        commit: text(form.commit, "origin.commit")?,
        runner: text(form.runner, "origin.runner")?,
        seed: form.seed.0,
        shard: form.shard.as_ref().map_or(Ok(Shard::ALONE), shard)?,
        tags: texts(form.tags, "origin.tags")?,
        exclude_tags: texts(form.exclude_tags, "origin.exclude_tags")?,
        cpu: text(form.cpu, "origin.cpu")?,
        cores: form.cores.0,
        memory: form.memory.0,
        os: text(form.os, "origin.os")?,
        arch: text(form.arch, "origin.arch")?,
    })
}

fn shard(form: &form::Shard) -> Believed<Shard> {
    let number = |count: &Count| u32::try_from(count.0).ok();
    let of = number(&form.of).filter(|of| u64::from(*of) <= shard::MOST);
    let shard = number(&form.index).zip(of).and_then(|(index, of)| Shard::new(index, of));
    shard.map_or_else(|| no("origin.shard", "there is no such shard"), Ok)
}

fn load(form: form::Load<'_>) -> Believed<Delivered> {
    let connecting = match form.connecting {
        None => Times::default(),
        Some(packed) => match times(packed, "load.connecting")?.unpack() {
            Ok(times) => times,
            Err(why) => return no("load.connecting", why.to_string()),
        },
    };
    let refused = form.refused.into_iter();
    Ok(Delivered {
        model: match form.model {
            form::Model::Open => Model::Open,
            form::Model::Closed => Model::Closed,
        },
        profile: text(form.profile, "load.profile")?,
        stages: form
            .stages
            .into_iter()
            .map(|stage| text(stage, "load.stages"))
            .collect::<Result<_, _>>()?,
        duration: form.duration_ns.0,
        lasted: form.lasted_ns.0,
        warm_up: form.warm_up_ns.0,
        timeout: form.timeout_ns.0,
        planned: form.planned.map(|planned| planned.0),
        released: form.released.map(|released| released.0),
        sent: form.sent.0,
        dropped: form.dropped.0,
        users: form.users.0,
        connections: form.connections.0,
        reconnects: form.reconnects.0,
        connecting,
        refused: refused
            .map(|(address, count)| Ok((text(address, "load.refused")?, count.0)))
            .collect::<Result<_, _>>()?,
        merged: form.merged.map(|form| Merged { shards: form.shards.0, apart: form.apart_ns.0 }),
    })
}

fn generator(form: form::Generator<'_>) -> Believed<Generator> {
    Ok(Generator {
        threads: form.threads.0,
        lag_p50: form.lag_p50_ns.map(|lag| lag.0),
        lag_p99: form.lag_p99_ns.map(|lag| lag.0),
        lag_max: form.lag_max_ns.map(|lag| lag.0),
        cpu: form.cpu.into_iter().map(|share| share.0).collect(),
        saturated: form.saturated.0,
        starved: form.starved.map(|form| Starved { share: form.share.0, wait: form.wait_ns.0 }),
        descriptors: form.descriptors.map(|(open, limit)| (open.0, limit.0)),
        steal: form.steal.map(|share| share.0),
        pacing: text(form.pacing, "generator.pacing")?,
        clock: Clock { stepped: form.clock_stepped, suspended: form.suspended },
    })
}

fn stop(form: form::Stop<'_>) -> Believed<Stop> {
    Ok(match form {
        form::Stop::End => Stop::End,
        form::Stop::Signal { name } => Stop::Signal(text(name, "stop.name")?),
        form::Stop::Breached { which } => Stop::Breached(text(which, "stop.which")?),
        form::Stop::Dead { for_ns } => Stop::Dead(for_ns.0),
        form::Stop::Stalled { for_ns } => Stop::Stalled(for_ns.0),
        form::Stop::Panic { said } => Stop::Panic(text(said, "stop.said")?),
        form::Stop::NoThread { said } => Stop::NoThread(text(said, "stop.said")?),
        form::Stop::Unreachable { class, seen } => {
            Stop::Unreachable(class.0, text(seen, "stop.seen")?)
        }
        form::Stop::Checkpoint => Stop::Checkpoint,
    })
}

fn slices(forms: &[form::Slice], load: &Delivered) -> Believed<Vec<Slice>> {
    let (mut at, mut stage) = (Duration::ZERO, 0);
    let mut slices = Vec::with_capacity(forms.len());
    for (index, form) in forms.iter().enumerate() {
        let place = || format!("slices[{index}]");
        let (from, to) = (form.from_ns.0, form.to_ns.0);
        let of = usize::try_from(form.stage.0).unwrap_or(usize::MAX);
        // A run that ended before anything happened has one slice without length.
        let lasts = to > from || (to == from && forms.len() == 1);
        if from != at || !lasts {
            return no(place(), "it does not begin where the slice before it ends");
        }
        if of < stage || of >= load.stages.len() {
            return no(place(), "its stage is not one of `load.stages`, in order");
        }
        if form.warm_up != (from < load.warm_up) {
            return no(place(), "its `warm_up` contradicts `load.warm_up_ns`");
        }
        (at, stage) = (to, of);
        let pulse = Pulse {
            planned: form.planned.0,
            released: form.released.unwrap_or(form.sent).0,
            sent: form.sent.0,
            dropped: form.dropped.0,
            in_flight: form.in_flight.0,
            users: form.users.0,
        };
        slices.push(Slice { from, to, stage, warm_up: form.warm_up, pulse });
    }
    Ok(slices)
}

fn endpoint(form: form::Endpoint<'_>, place: &str, slices: usize) -> Believed<Evidence> {
    let name = text(form.name, place)?;
    if name.is_empty() {
        return no(place, "it has no name");
    }
    if form.slices.len() != slices {
        let what = format!("it has {} slices where the run has {slices}", form.slices.len());
        return no(place, what);
    }
    let whole = packed(form.whole, place)?;
    let slices = form.slices.into_iter().map(|form| packed(form, place));
    let slices = slices.collect::<Result<Vec<_>, _>>()?;
    if !adds_up(slices.iter().chain([&whole])) {
        return no(place, "its slices add up to more than can be counted");
    }
    let whole: Tally = match whole.unpack() {
        Ok(whole) => whole,
        Err(why) => return no(format!("{place}.whole"), why.to_string()),
    };
    let examples = form.examples.into_iter().map(|(why, what)| Ok((why.0, text(what, place)?)));
    let examples = examples.collect::<Believed<BTreeMap<_, _>>>()?;
    let missed = form.missed.into_iter().map(|form| {
        let (asked, got) = (text(form.asked, place)?, text(form.got, place)?);
        Ok(Missed { asked, count: form.count.0, got })
    });
    let missed = missed.collect::<Believed<Vec<_>>>()?;
    let planned = form.planned.map(|planned| planned.0);
    let quotes = form.quotes.map(|form| told(quoted::believed(form), place)).transpose()?;
    Ok(Evidence { name, planned, whole, slices, examples, missed, quotes })
}

/// Whether sums over tallies stay within what is counted exactly.
fn adds_up<'a>(tallies: impl Iterator<Item = &'a Packed>) -> bool {
    let mut sums = [0_u64; 5];
    for tally in tallies {
        let times = [&tally.latency, &tally.service, &tally.failed];
        let inside = tally.laps.values().flat_map(|lap| [&lap.whole, &lap.broken]);
        let counts = times.into_iter().flatten().map(|times| times.count);
        let parts = [
            counts.chain(tally.failures.values().copied()).try_fold(0, u64::checked_add),
            tally.statuses.values().copied().try_fold(0, u64::checked_add),
            Some(tally.answered),
            Some(tally.bytes),
            inside.flatten().map(|times| times.count).try_fold(0, u64::checked_add),
        ];
        for (sum, part) in sums.iter_mut().zip(parts) {
            let more = part.and_then(|part| sum.checked_add(part));
            let Some(more) = more.filter(|more| *more <= 8 * MOST_COUNT) else { return false };
            *sum = more;
        }
    }
    true
}

fn packed(form: form::Tally<'_>, place: &str) -> Believed<Packed> {
    let boxed = |form: Option<Box<form::Times<'_>>>| {
        form.map(|form| times(*form, place).map(Box::new)).transpose()
    };
    let number = |count: Count| count.0;
    let lap = |form: form::Lap<'_>| {
        Ok(PackedLap { whole: boxed(form.whole)?, broken: boxed(form.broken)? })
    };
    let laps = form.timings.into_iter().map(|(timing, form)| Ok((timing.0, lap(form)?)));
    Ok(Packed {
        laps: laps.collect::<Believed<_>>()?,
        latency: boxed(form.latency)?,
        service: boxed(form.service)?,
        failed: boxed(form.failed)?,
        failures: form.failures.into_iter().map(|(why, count)| (why.0, number(count))).collect(),
        statuses: form.statuses.into_iter().map(|(code, count)| (code, number(count))).collect(),
        answered: form.answered.0,
        bytes: form.bytes.0,
    })
}

fn times(form: form::Times<'_>, place: &str) -> Believed<PackedTimes> {
    if form.hdr.len() > MOST_HISTOGRAM {
        return no(place, "its histogram is longer than 64 KiB");
    }
    Ok(PackedTimes {
        histogram: form.hdr.into_owned(),
        count: form.count.0,
        sum: form.sum_ns.0,
        least: form.least_ns.0,
        most: form.most_ns.0,
        over_range: form.over_range.0,
    })
}
