//! `verdict.json`: the judgement for machines, in the shape that `verdict.rs` fixes.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::generate::SchemaSettings;

use super::bar::{Bar, Line};
use super::check::Check;
use super::facts::{self, Facts, Fitness};
use super::measured::{self, Measured};
use super::outside::{Between, Source};
use super::probes;
use super::verdict::{
    Accepted, Change, Descriptors, Difference, Endpoint, Environment, File, Finding, Generator,
    Got, Interval, Lag, Missed, Policy, Probed, Refused, Shift, Shifted, Shifts, Spread, Stop,
    Timed, Told, Window,
};
use super::{change, delivered, shifts, versions, words};
use crate::judge::finding::{self, Doubt, Outcome, Rests};
use crate::judge::interval;
use crate::metric::Value;
use crate::sanitise::Clean;
use crate::unit::{self, Ratio};

/// The JSON Schema of `verdict.json`, for whoever reads it.
#[must_use]
pub fn verdict_schema() -> &'static str {
    include_str!("verdict.schema.json")
}

/// The schema as it follows from the types; what [`verdict_schema`] must say.
#[must_use]
pub fn derived_schema() -> String {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let schema = settings.into_generator().into_root_schema_for::<File<'_>>();
    serde_json::to_string_pretty(&schema).expect("a schema is plain JSON") + "\n"
}

/// Writes the report.
#[must_use]
pub fn render(facts: &Facts) -> String {
    let file = File {
        schema: "loadgate.verdict/1",
        verdict: facts.verdict.name(),
        exit_code: facts.exit_code,
        why: facts.why.as_str(),
        findings: facts.checks.iter().map(finding).collect(),
        facts: told(facts),
    };
    serde_json::to_string_pretty(&file).expect("no number is NaN and every key is a string") + "\n"
}

fn finding(check: &Check) -> Finding<'_> {
    let (doubt, need) = match &check.outcome {
        Outcome::Unjudged(doubt) => (Some(doubt.name()), need(doubt)),
        Outcome::Held | Outcome::Breached => (None, None),
    };
    let number = |value: Value| value.number().map(rounded);
    Finding {
        rule: check.rule.name(),
        scope: check.scope.as_str(),
        metric: &check.metric,
        asked: &check.asked,
        over: check.over.map(unit::show_duration),
        during: check.during.as_ref().map(Clean::as_str),
        got: check.got.map(got),
        between: check.between.map(|(low, high)| Between { low: number(low), high: number(high) }),
        outcome: check.outcome.name(),
        doubt,
        why: doubt.map(|_| check.doubt.as_str()),
        level: check.level.name(),
        samples: check.samples,
        need,
        window: check.at.map(|(from, to)| Window { from_s: seconds(from), to_s: seconds(to) }),
        interval: check.interval.as_ref().map(bounds),
        change: check.change.as_ref().map(changed),
        accepted: check.accepted.as_ref().map(accepted),
        default: check.default,
        base: check.base,
        line: (check.line > 0).then_some(check.line),
    }
}

fn bounds(interval: &interval::Interval) -> Interval {
    let end = |value: Option<Value>| value.and_then(Value::number).map(rounded);
    let unit = interval.lower.or(interval.upper).map_or("", Value::unit);
    let (lower, upper) = (end(interval.lower), end(interval.upper));
    Interval { lower, upper, unit, confidence: rounded(interval.confidence.share() * 100.0) }
}

fn changed(change: &finding::Change) -> Change {
    let percent = |share: f64| share.is_finite().then(|| rounded(share * 100.0));
    let (rounds, runs) = match change.rests {
        Rests::Rounds(count) => (Some(count), None),
        Rests::Runs(count) => (None, Some(count)),
    };
    Change {
        unit: if change.in_points { "pp" } else { "%" },
        estimate: percent(change.estimate),
        lower: percent(change.lower),
        upper: percent(change.upper),
        p: rounded(change.p),
        rounds,
        runs,
        base: change.base.map(got),
        detectable: change.detectable.and_then(percent),
        armed: change.armed,
        method: change.method,
        cautions: change.cautions.iter().map(|caution| caution.name()).collect(),
    }
}

fn accepted(told: &change::Accepted) -> Accepted<'_> {
    let change::Accepted { reason, until, by } = told;
    Accepted { reason: reason.as_str(), until: until.as_str(), by: by.as_str() }
}

fn got(got: Value) -> Got {
    Got { value: got.number().map(rounded), unit: got.unit() }
}

fn need(doubt: &Doubt) -> Option<u64> {
    if let Doubt::TooFewRuns { need, .. } | Doubt::TooFewRounds { need, .. } = doubt {
        return Some(*need as u64);
    }
    let Doubt::TooFew { need, .. } = doubt else { return None };
    Some(*need)
}

fn told(facts: &Facts) -> Told<'_> {
    let (origin, load) = (&facts.origin, &facts.load);
    Told {
        run: origin.id.as_str(),
        version: origin.version.as_str(),
        gate: origin.gate.as_str(),
        gate_sha256: origin.gate_hash.as_str(),
        target: origin.target.as_str(),
        protocol: origin.protocol.as_str(),
        insecure: origin.insecure,
        seed: origin.seed,
        started: origin.started.as_str(),
        model: words::model(load.model),
        profile: load.profile.as_str(),
        duration_s: seconds(load.duration),
        lasted_s: seconds(load.lasted),
        warm_up_s: seconds(load.warm_up),
        judged_s: seconds(load.judged),
        timeout_s: seconds(load.timeout),
        planned: load.planned,
        released: load.released,
        sent: load.sent,
        dropped: load.dropped,
        unsent: delivered::unsent(load),
        ended: facts.whole.count,
        failed: facts.whole.failed,
        unanswered: delivered::unanswered(&facts.whole),
        failures: failures(&facts.whole),
        users: load.users,
        connections: load.connections,
        reconnects: load.reconnects,
        connecting_ms: load.connecting.map(spread),
        refused: load.refused.iter().map(refused).collect(),
        generator: generator(&facts.generator),
        environment: environment(origin),
        source: facts.source.as_ref().map(source),
        stop: Stop { reason: facts.stop.0, text: facts.stop.1.as_ref().map(Clean::as_str) },
        policy: facts.bar.as_ref().map(policy),
        left_out: facts.left_out.iter().map(Clean::as_str).collect(),
        probes: facts.probes.iter().map(probed).collect(),
        shifts: shifts::shifts(facts).map(shifted),
        notes: facts.notes.iter().map(Clean::as_str).collect(),
        whole: endpoint(&facts.whole, "*"),
        endpoints: facts
            .endpoints
            .iter()
            .map(|measured| endpoint(measured, measured.name.as_str()))
            .collect(),
    }
}

fn shifted(told: shifts::Shifts<'_>) -> Shifts<'_> {
    let percent = |share: f64| share.is_finite().then(|| rounded(share * 100.0));
    let shift = |one: &versions::Shift| Shift {
        percentile: one.quantile.to_string(),
        estimate_percent: percent(one.estimate),
        lower_percent: percent(one.lower),
        upper_percent: percent(one.upper),
    };
    let scopes = told.scopes.into_iter().map(|one| Shifted {
        scope: one.scope,
        percentiles: one.shifts.iter().map(shift).collect(),
    });
    Shifts { against: told.against.name(), scopes: scopes.collect() }
}

fn policy(bar: &Bar) -> Policy<'_> {
    let text = |text: &Option<Clean>| text.as_ref().map(ToString::to_string);
    let difference = |line: &'_ Line| Difference {
        way: line.way.name(),
        level: line.level.name(),
        what: line.what.to_string(),
        from: text(&line.from),
        to: text(&line.to),
        by: text(&line.by),
    };
    Policy {
        base: bar.base.as_str(),
        state: bar.state,
        approved: bar.approved,
        differences: bar.differences.iter().map(difference).collect(),
    }
}

fn probed(probed: &probes::Probed) -> Probed<'_> {
    let of = |nth: usize| probed.span.map(|span| rounded(span[nth]));
    Probed {
        name: probed.name.as_str(),
        unit: probed.unit.as_str(),
        asked: probed.asked,
        answered: probed.answered,
        min: of(0),
        mean: of(1),
        max: of(2),
        last: of(3),
        said: Some(probed.said.as_str()).filter(|said| !said.is_empty()),
    }
}

fn refused((address, count): &(Clean, u64)) -> Refused<'_> {
    Refused { address: address.as_str(), count: *count }
}

fn source(source: &facts::Source) -> Source<'_> {
    let facts::Source { format, tool, precision } = source;
    Source { format: format.as_str(), tool: tool.as_str(), precision }
}

fn environment(origin: &facts::Origin) -> Environment<'_> {
    Environment {
        cpu: origin.cpu.as_str(),
        cores: origin.cores,
        memory_bytes: origin.memory,
        os: origin.os.as_str(),
        arch: origin.arch.as_str(),
    }
}

fn generator(generator: &facts::Generator) -> Generator<'_> {
    let percent = |share: Ratio| rounded(share.share() * 100.0);
    let lag = |[p50, p99, max]: [Duration; 3]| Lag {
        p50: millis(p50),
        p99: millis(p99),
        max: millis(max),
    };
    Generator {
        fit: match generator.fitness {
            Fitness::Fit => Some(true),
            Fitness::Unfit => Some(false),
            Fitness::Unused | Fitness::Foreign => None,
        },
        reasons: generator.reasons.iter().map(Clean::as_str).collect(),
        threads: generator.threads,
        lag_ms: generator.lag.map(lag),
        cpu_percent: generator.cpu.iter().copied().map(percent).collect(),
        saturated_percent: percent(generator.saturated),
        starved_percent: generator.starved.map(|starved| percent(starved.share)),
        starved_wait_ms: generator.starved.map(|starved| millis(starved.wait)),
        steal_percent: generator.steal.map(percent),
        descriptors: generator.descriptors.map(|(most, limit)| Descriptors { most, limit }),
        pacing: generator.pacing.as_str(),
        clock_stepped: generator.clock.stepped,
        suspended: generator.clock.suspended,
    }
}

fn endpoint<'a>(measured: &'a Measured, name: &'a str) -> Endpoint<'a> {
    Endpoint {
        name,
        planned: measured.planned,
        count: measured.count,
        errors: measured.failed,
        error_percent: measured.error_rate.map(|rate| rounded(rate.share() * 100.0)),
        throughput_per_s: measured.throughput.map(|rate| rounded(rate.as_f64())),
        latency_ms: measured.latency.map(spread),
        good_latency_ms: measured.good.map(spread),
        service_ms: measured.service.map(spread),
        failures: failures(measured),
        examples: measured.examples.iter().map(|(why, what)| (why.name(), what.as_str())).collect(),
        missed: measured.missed.iter().map(missed).collect(),
        statuses: measured.statuses.iter().map(|(code, n)| (words::status(*code), *n)).collect(),
        bytes: measured.bytes,
        timings: measured.timings.iter().map(timed).collect(),
        events_per_second: measured.events_per_second.map(|rate| rounded(rate.as_f64())),
    }
}

fn missed(missed: &measured::Missed) -> Missed<'_> {
    let measured::Missed { asked, count, got } = missed;
    Missed { asked: asked.as_str(), count: *count, got: got.as_str() }
}

fn timed(timed: &measured::Timed) -> (&'static str, Timed) {
    let measured::Timed { timing, count, broken, spread: all } = *timed;
    (timing.name(), Timed { count, broken, ms: spread(all) })
}

fn failures(measured: &Measured) -> BTreeMap<&'static str, u64> {
    measured.failures.iter().map(|(why, count)| (why.name(), *count)).collect()
}

fn spread(spread: measured::Spread) -> Spread {
    let number = |value: Value| value.number().map(rounded);
    Spread {
        p50: number(spread.p50),
        p95: number(spread.p95),
        p99: number(spread.p99),
        max: number(spread.max),
        mean: spread.mean.and_then(number),
    }
}

fn millis(time: Duration) -> f64 {
    rounded(time.as_secs_f64() * 1e3)
}

fn seconds(time: Duration) -> f64 {
    rounded(time.as_secs_f64())
}

/// Six decimals: nanoseconds of a millisecond, and no tail of binary digits.
fn rounded(number: f64) -> f64 {
    (number * 1e6).round() / 1e6
}
