//! Plans, samples and runs made up in code.

use std::collections::BTreeMap;
use std::time::Duration;

use loadgate::metric::{Kind, Metric, Value};
use loadgate::plan::axis::{Piece, axis};
use loadgate::plan::profile::{Profile, Stage};
use loadgate::plan::threshold::{During, Level, Limit, Relation, Selector, Threshold, Window};
use loadgate::plan::{Arrivals, Drive, Expect, Http, Load, Plan, Proof, Request, Target, Tls};
use loadgate::run::{
    Clock, Delivered, Evidence, Generator, Model, Origin, Pulse, Run, Slice, Stop,
};
use loadgate::sample::{End, EndpointId, Failure, Sample};
use loadgate::secret::Masks;
use loadgate::shard::Shard;
use loadgate::tally::{Packed, Packer, Tally, Times};
use loadgate::unit::{self, Rate, Ratio};

/// Whole seconds.
pub(crate) fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Whole milliseconds.
pub(crate) fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A stage of that length at 100 arrivals per second.
pub(crate) fn stage(name: &str, duration: Duration) -> Stage {
    let name = (!name.is_empty()).then(|| name.to_owned());
    Stage { name, duration, from: 100_000_000, to: 100_000_000 }
}

/// An open load of these stages.
pub(crate) fn load(stages: Vec<Stage>, warm_up: Duration) -> Load {
    Load {
        profile: Profile { model: Model::Open, stages },
        warm_up,
        arrivals: Arrivals::Even,
        max_in_flight: 2000,
        connections: 2000,
        threads: None,
        streams: 100,
        seed: Some(42),
        shard: Shard::ALONE,
        abort_after: s(30),
    }
}

/// A threshold at level fail over the whole run: `asked("p99", "< 250ms")`.
pub(crate) fn asked(metric: &str, limit: &str) -> Threshold {
    let metric = Metric::parse(metric).expect("a metric");
    let (sign, bound) = limit.split_once(' ').expect("a sign and a bound");
    let relation = [Relation::Below, Relation::AtMost, Relation::Above, Relation::AtLeast]
        .into_iter()
        .find(|relation| relation.sign() == sign)
        .expect("a sign");
    let bound = match metric.kind() {
        Kind::Time => Value::Time(unit::parse_duration(bound).expect("a time")),
        Kind::Share => Value::Share(Ratio::parse(bound).expect("a share")),
        Kind::Rate => Value::Rate(Rate::parse(bound).expect("a rate")),
        Kind::Count => Value::Count(bound.parse().expect("a count")),
    };
    Threshold {
        selector: Selector::Whole,
        metric,
        limit: Limit { relation, bound },
        level: Level::Fail,
        window: Window::default(),
        abort: None,
        required: true,
        default: false,
        line: 1,
    }
}

/// The same of each endpoint that matches.
pub(crate) fn of(selector: &str, threshold: Threshold) -> Threshold {
    Threshold { selector: Selector::Endpoints(selector.to_owned()), ..threshold }
}

/// The same for each window of that length.
pub(crate) fn over(window: Duration, threshold: Threshold) -> Threshold {
    Threshold { window: Window { over: Some(window), ..threshold.window.clone() }, ..threshold }
}

/// The same within one stage.
pub(crate) fn during(stage: usize, threshold: Threshold) -> Threshold {
    let during = Some(During::Index(stage));
    Threshold { window: Window { during, ..threshold.window.clone() }, ..threshold }
}

/// The same, only said.
pub(crate) fn warn(threshold: Threshold) -> Threshold {
    Threshold { level: Level::Warn, ..threshold }
}

/// A plan with a target that nobody asks.
pub(crate) fn plan(load: Load, names: &[&str], thresholds: Vec<Threshold>) -> Plan {
    let target = Target {
        secure: false,
        host: "127.0.0.1".to_owned(),
        port: 8080,
        prefix: String::new(),
        shown: "http://127.0.0.1:8080".to_owned(),
        headers: Vec::new(),
        timeout: s(10),
        ready: None,
        tls: Tls::default(),
        http: Http::One,
        also: Vec::new(),
        proof: Proof::default(),
    };
    let requests = names.iter().enumerate().map(request).collect();
    let endpoints = names.iter().map(|name| (*name).to_owned()).collect();
    Plan {
        name: "gate.toml".to_owned(),
        hash: "0".repeat(64),
        asked_in: "gate.toml".to_owned(),
        locust: None,
        drive: Some(Drive { target, load, requests, endpoints, scenarios: Vec::new() }),
        thresholds,
        confidence: None,
        regression: None,
        accepts: Vec::new(),
        export: None,
        probes: Vec::new(),
        probe_limits: Vec::new(),
        left_out: Vec::new(),
        tags: Vec::new(),
        exclude_tags: Vec::new(),
        masks: Masks::default(),
        warnings: Vec::new(),
    }
}

fn request((at, name): (usize, &&str)) -> Request {
    Request {
        name: (*name).to_owned(),
        method: "GET".to_owned(),
        path: "/".to_owned(),
        headers: Vec::new(),
        body: None,
        weight: 1,
        expect: Expect::default(),
        endpoint: at,
        live: None,
        call: None,
        stream: None,
        grant: None,
        follow: 0,
    }
}

/// A good answer of that latency, due at that time.
pub(crate) fn good(due: Duration, latency: Duration) -> Sample {
    let end = End::Good(200);
    Sample { endpoint: EndpointId(0), due, sent: due + ms(1), done: due + latency, end, bytes: 512 }
}

/// A failed request that took that long, due at that time.
pub(crate) fn bad(due: Duration, latency: Duration, why: Failure) -> Sample {
    let status = (why == Failure::Status).then_some(500);
    Sample { end: End::Failed { why, status }, ..good(due, latency) }
}

/// An even load: `count` good answers spread over a time, their latencies rising evenly between two
/// bounds.
pub(crate) fn even(count: u32, over: Duration, least: Duration, most: Duration) -> Vec<Sample> {
    (0..count)
        .map(|number| {
            // 7919 is prime: latencies are spread over the whole time and not sorted by it.
            let place = u32::try_from(u64::from(number) * 7919 % u64::from(count.max(1)));
            let place = place.expect("a remainder is smaller than its divisor");
            let latency = least + most.saturating_sub(least) * place / count;
            good(over * number / count, latency)
        })
        .collect()
}

/// What a generator without troubles says of itself.
pub(crate) fn fit() -> Generator {
    Generator {
        threads: 1,
        lag_p50: Some(Duration::from_micros(40)),
        lag_p99: Some(Duration::from_micros(180)),
        lag_max: Some(ms(2)),
        cpu: vec![Ratio::new(0.41).expect("a share")],
        saturated: Ratio::ZERO,
        starved: None,
        descriptors: Some((70, 20_000)),
        steal: Some(Ratio::ZERO),
        pacing: "timerfd".to_owned(),
        clock: Clock::default(),
    }
}

/// Machine, tool and gate file of a made-up run.
pub(crate) fn origin() -> Origin {
    Origin {
        id: "made-1".to_owned(),
        started: "2026-11-23T21:00:00Z".to_owned(),
        version: "0.1.0".to_owned(),
        target: "http://127.0.0.1:8080".to_owned(),
        protocol: "HTTP/1.1".to_owned(),
        insecure: false,
        gate: "gate.toml".to_owned(),
        gate_hash: "0".repeat(64),
        load_hash: "1".repeat(64),
        commit: "c".repeat(40),
        runner: String::new(),
        seed: 42,
        shard: Shard::ALONE,
        tags: Vec::new(),
        exclude_tags: Vec::new(),
        cpu: "AMD EPYC 7763".to_owned(),
        cores: 4,
        memory: 16 << 30,
        os: "Linux 6.8".to_owned(),
        arch: "x86_64".to_owned(),
    }
}

/// The run of a plan in which every endpoint got these samples.
pub(crate) fn run(plan: &Plan, samples: &[(&str, Vec<Sample>)]) -> Run {
    let drive = plan.drive.as_ref().expect("a plan with a load");
    let pieces = axis(&drive.load, &plan.thresholds);
    let endpoints: Vec<Evidence> =
        samples.iter().map(|(name, samples)| evidence(name, samples, &pieces)).collect();
    let all = || samples.iter().flat_map(|(_, samples)| samples);
    let slices = pieces.iter().map(|piece| slice(piece, all())).collect();
    let sent = u64::try_from(all().count()).expect("few samples");
    Run {
        origin: origin(),
        load: delivered(&drive.load, sent),
        generator: fit(),
        slices,
        endpoints,
        stop: Stop::End,
        reference: None,
        probes: Vec::new(),
        again: None,
        rounds: None,
        imported: None,
    }
}

fn evidence(name: &str, samples: &[Sample], pieces: &[Piece]) -> Evidence {
    let mut whole = Tally::default();
    let mut slices = vec![Tally::default(); pieces.len()];
    for sample in samples {
        let due_in = pieces.iter().position(|piece| sample.due < piece.to);
        let due_in = due_in.expect("samples are due within the load");
        // What is answered after the end was asked within it and counts in the last slice.
        let done_in = pieces.iter().position(|piece| sample.done < piece.to);
        let done_in = done_in.unwrap_or(pieces.len() - 1);
        slices[due_in].record(sample);
        if sample.end.is_good() {
            slices[done_in].arrived();
        }
        if !pieces[due_in].warm_up {
            whole.record(sample);
            if sample.end.is_good() {
                whole.arrived();
            }
        }
    }
    let planned = Some(whole.count());
    // One for all: half a megabyte taken for each slice scatters what stays into gigabytes.
    let mut packer = Packer::default();
    let slices: Vec<Packed> = slices.iter().map(|slice| slice.pack_by(&mut packer)).collect();
    Evidence {
        name: name.to_owned(),
        planned,
        whole,
        slices,
        examples: BTreeMap::new(),
        missed: Vec::new(),
        quotes: None,
    }
}

fn slice<'a>(piece: &Piece, samples: impl Iterator<Item = &'a Sample>) -> Slice {
    let due = samples.filter(|sample| (piece.from..piece.to).contains(&sample.due)).count();
    let sent = u64::try_from(due).expect("few samples");
    Slice {
        from: piece.from,
        to: piece.to,
        stage: piece.stage,
        warm_up: piece.warm_up,
        pulse: Pulse { planned: sent, released: sent, sent, dropped: 0, in_flight: 3, users: 0 },
    }
}

fn delivered(load: &Load, sent: u64) -> Delivered {
    let duration = load.profile.duration();
    let names = load.profile.stages.iter().map(|stage| stage.name.clone().unwrap_or_default());
    let mut connecting = Times::default();
    connecting.record(ms(2));
    Delivered {
        model: load.profile.model,
        profile: format!("100/s for {}", unit::show_duration(duration)),
        stages: names.collect(),
        duration,
        lasted: duration,
        warm_up: load.warm_up,
        timeout: s(10),
        planned: Some(sent),
        released: None,
        sent,
        dropped: 0,
        users: 0,
        connections: 10,
        reconnects: 0,
        connecting,
        refused: Vec::new(),
        merged: None,
    }
}
