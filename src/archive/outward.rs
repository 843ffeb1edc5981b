//! A run, given the shape of its file.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::number::{Class, Count, Nanos, Real, Seed, Share, Sum, Timed};
use super::{form, quoted};
use crate::run::{
    Delivered, Evidence, Generator, Missed, Model, Origin, Reference, Rounds, Run, Series, Slice,
    Stop,
};
use crate::tally::{Packed, PackedLap, PackedTimes, Packer};

/// The tallies of a run that are not packed yet: the caller keeps them while the form looks at
/// them.
pub(super) struct Wholes {
    endpoints: Vec<Packed>,
    connecting: Option<PackedTimes>,
    again: Option<Box<Wholes>>,
    rounds: Vec<Wholes>,
}

impl Wholes {
    pub(super) fn of(run: &Run) -> Self {
        let mut packer = Packer::default();
        let pack = |endpoint: &Evidence| endpoint.whole.pack_by(&mut packer);
        let endpoints = run.endpoints.iter().map(pack).collect();
        let again = run.again.as_deref().map(|again| Box::new(Self::of(again)));
        let rounds = run.rounds.iter().flat_map(|rounds| &rounds.rounds).map(Self::of).collect();
        Self { endpoints, connecting: run.load.connecting.pack(), again, rounds }
    }
}

pub(super) fn file<'a>(run: &'a Run, wholes: &'a Wholes) -> form::File<'a> {
    let endpoints = run.endpoints.iter().zip(&wholes.endpoints);
    form::File {
        schema: Cow::Borrowed(super::SCHEMA),
        origin: origin(&run.origin),
        load: load(&run.load, wholes.connecting.as_ref()),
        generator: generator(&run.generator),
        stop: stop(&run.stop),
        slices: run.slices.iter().map(slice).collect(),
        endpoints: endpoints.map(|(evidence, whole)| endpoint(evidence, whole)).collect(),
        reference: run.reference.map(reference),
        probes: run.probes.iter().map(probe).collect(),
        again: run.again.as_deref().zip(wholes.again.as_deref()).map(again),
        rounds: run.rounds.as_ref().map(|all| rounds(all, &wholes.rounds)),
        imported: run.imported.as_ref().map(quoted::outward),
    }
}

fn rounds<'a>(rounds: &'a Rounds, wholes: &'a [Wholes]) -> form::Rounds<'a> {
    let each = rounds.rounds.iter().zip(wholes);
    form::Rounds {
        against: text(&rounds.against),
        ended: rounds.ended.as_deref().map(text),
        all: each.map(|(run, wholes)| round(run, wholes)).collect(),
    }
}

fn round<'a>(run: &'a Run, wholes: &'a Wholes) -> form::Round<'a> {
    let half = run.endpoints.len() / 2;
    let all = run.endpoints.iter().zip(&wholes.endpoints);
    let mut new: Vec<_> = all.map(|(evidence, whole)| endpoint(evidence, whole)).collect();
    let base = new.split_off(half);
    form::Round {
        seed: Seed(run.origin.seed),
        load: load(&run.load, wholes.connecting.as_ref()),
        generator: generator(&run.generator),
        stop: stop(&run.stop),
        new,
        base,
    }
}

fn again<'a>((run, wholes): (&'a Run, &'a Wholes)) -> Box<form::Again<'a>> {
    let form::File { origin, load, generator, stop, endpoints, reference, .. } = file(run, wholes);
    Box::new(form::Again { origin, load, generator, stop, endpoints, reference })
}

fn probe(series: &Series) -> form::Series<'_> {
    let readings = series.readings.iter().map(|(at, answer)| (Nanos(*at), answer.map(Real)));
    form::Series {
        name: text(&series.name),
        unit: text(&series.unit),
        said: text(&series.said),
        readings: readings.collect(),
    }
}

fn reference(reference: Reference) -> form::Reference {
    form::Reference { before_ns: Nanos(reference.before), after_ns: Nanos(reference.after) }
}

fn origin(origin: &Origin) -> form::Origin<'_> {
    form::Origin {
        id: text(&origin.id),
        started: text(&origin.started),
        version: text(&origin.version),
        target: text(&origin.target),
        protocol: text(&origin.protocol),
        insecure: origin.insecure,
        gate: text(&origin.gate),
        gate_hash: text(&origin.gate_hash),
        load_hash: text(&origin.load_hash),
        commit: text(&origin.commit),
        runner: text(&origin.runner),
        seed: Seed(origin.seed),
        shard: (!origin.shard.is_alone()).then(|| form::Shard {
            index: Count(origin.shard.index()),
            of: Count(origin.shard.of()),
        }),
        tags: origin.tags.iter().map(|tag| text(tag)).collect(),
        exclude_tags: origin.exclude_tags.iter().map(|tag| text(tag)).collect(),
        cpu: text(&origin.cpu),
        cores: Count(origin.cores),
        memory: Count(origin.memory),
        os: text(&origin.os),
        arch: text(&origin.arch),
    }
}

fn load<'a>(load: &'a Delivered, connecting: Option<&'a PackedTimes>) -> form::Load<'a> {
    form::Load {
        model: match load.model {
            Model::Open => form::Model::Open,
            Model::Closed => form::Model::Closed,
        },
        profile: text(&load.profile),
        stages: load.stages.iter().map(|stage| text(stage)).collect(),
        duration_ns: Nanos(load.duration),
        lasted_ns: Nanos(load.lasted),
        warm_up_ns: Nanos(load.warm_up),
        timeout_ns: Nanos(load.timeout),
        planned: load.planned.map(Count),
        released: load.released.map(Count),
        sent: Count(load.sent),
        dropped: Count(load.dropped),
        users: Count(load.users),
        connections: Count(load.connections),
        reconnects: Count(load.reconnects),
        connecting: connecting.map(times),
        refused: load.refused.iter().map(|(at, count)| (text(at), Count(*count))).collect(),
        merged: load.merged.map(|merged| form::Merged {
            shards: Count(merged.shards),
            apart_ns: Nanos(merged.apart),
        }),
    }
}

fn generator(generator: &Generator) -> form::Generator<'_> {
    form::Generator {
        threads: Count(generator.threads),
        lag_p50_ns: generator.lag_p50.map(Nanos),
        lag_p99_ns: generator.lag_p99.map(Nanos),
        lag_max_ns: generator.lag_max.map(Nanos),
        cpu: generator.cpu.iter().copied().map(Share).collect(),
        saturated: Share(generator.saturated),
        starved: generator.starved.map(|starved| form::Starved {
            share: Share(starved.share),
            wait_ns: Nanos(starved.wait),
        }),
        descriptors: generator.descriptors.map(|(open, limit)| (Count(open), Count(limit))),
        steal: generator.steal.map(Share),
        pacing: text(&generator.pacing),
        clock_stepped: generator.clock.stepped,
        suspended: generator.clock.suspended,
    }
}

fn stop(stop: &Stop) -> form::Stop<'_> {
    match stop {
        Stop::End => form::Stop::End,
        Stop::Signal(name) => form::Stop::Signal { name: text(name) },
        Stop::Breached(which) => form::Stop::Breached { which: text(which) },
        Stop::Dead(time) => form::Stop::Dead { for_ns: Nanos(*time) },
        Stop::Stalled(time) => form::Stop::Stalled { for_ns: Nanos(*time) },
        Stop::Panic(said) => form::Stop::Panic { said: text(said) },
        Stop::NoThread(said) => form::Stop::NoThread { said: text(said) },
        Stop::Unreachable(class, seen) => {
            form::Stop::Unreachable { class: Class(*class), seen: text(seen) }
        }
        Stop::Checkpoint => form::Stop::Checkpoint,
    }
}

fn slice(slice: &Slice) -> form::Slice {
    form::Slice {
        from_ns: Nanos(slice.from),
        to_ns: Nanos(slice.to),
        stage: Count(u64::try_from(slice.stage).unwrap_or(u64::MAX)),
        warm_up: slice.warm_up,
        planned: Count(slice.pulse.planned),
        released: Some(Count(slice.pulse.released)),
        sent: Count(slice.pulse.sent),
        dropped: Count(slice.pulse.dropped),
        in_flight: Count(slice.pulse.in_flight),
        users: Count(slice.pulse.users),
    }
}

fn endpoint<'a>(evidence: &'a Evidence, whole: &'a Packed) -> form::Endpoint<'a> {
    form::Endpoint {
        name: text(&evidence.name),
        planned: evidence.planned.map(Count),
        whole: tally(whole),
        slices: evidence.slices.iter().map(tally).collect(),
        examples: evidence.examples.iter().map(|(why, what)| (Class(*why), text(what))).collect(),
        missed: evidence.missed.iter().map(missed).collect(),
        quotes: evidence.quotes.as_ref().map(quoted::quotes),
    }
}

fn missed(missed: &Missed) -> form::Missed<'_> {
    let Missed { asked, count, got } = missed;
    form::Missed { asked: text(asked), count: Count(*count), got: text(got) }
}

fn tally(packed: &Packed) -> form::Tally<'_> {
    let classes = packed.failures.iter().map(|(class, count)| (Class(*class), Count(*count)));
    let statuses = packed.statuses.iter().map(|(status, count)| (*status, Count(*count)));
    form::Tally {
        answered: Count(packed.answered),
        bytes: Count(packed.bytes),
        statuses: statuses.collect::<BTreeMap<_, _>>(),
        failures: classes.collect::<BTreeMap<_, _>>(),
        latency: boxed(packed.latency.as_deref()),
        service: boxed(packed.service.as_deref()),
        failed: boxed(packed.failed.as_deref()),
        timings: packed.laps.iter().map(|(timing, packed)| (Timed(*timing), lap(packed))).collect(),
    }
}

fn lap(packed: &PackedLap) -> form::Lap<'_> {
    form::Lap { whole: boxed(packed.whole.as_deref()), broken: boxed(packed.broken.as_deref()) }
}

fn boxed(packed: Option<&PackedTimes>) -> Option<Box<form::Times<'_>>> {
    packed.map(times).map(Box::new)
}

fn times(packed: &PackedTimes) -> form::Times<'_> {
    form::Times {
        count: Count(packed.count),
        sum_ns: Sum(packed.sum),
        least_ns: Nanos(packed.least),
        most_ns: Nanos(packed.most),
        over_range: Count(packed.over_range),
        hdr: Cow::Borrowed(&packed.histogram),
    }
}

/// A text, cut where it is longer than a reader takes.
fn text(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(&text[..text.floor_char_boundary(super::MOST_TEXT)])
}
