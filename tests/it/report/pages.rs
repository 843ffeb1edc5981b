//! Runs that look like real ones, for pages that are looked at: latencies with tails, a bad
//! half minute, a hundred endpoints, two versions side by side.

use std::time::Duration;

use loadgate::baseline::group::groups;
use loadgate::baseline::{History, Kept, Mark, Meaning, Past, Proof, Shelf};
use loadgate::chance::Key;
use loadgate::judge::judge_after;
use loadgate::plan::regression::Regression;
use loadgate::plan::{Plan, Site};
use loadgate::report::words::float as real;
use loadgate::run::{Rounds, Run};
use loadgate::sample::{Failure, Sample};

use super::cases::Owned;
use crate::support::made::{asked, bad, good, load, ms, of, over, plan, run, s, stage, warn};

const NAMES: [&str; 3] = ["GET /products", "GET /cart", "POST /checkout"];
/// Rounds of a comparison: after so many it is clear that one version is slower, and it ends.
const ROUNDS: u64 = 6;

/// A draw around zero, nearly normal: the same for the same place.
fn draw(seed: u64, nth: u64) -> f64 {
    let key = Key::new(seed, 1);
    let parts = (0..8).map(|part| key.bits(nth * 8 + part) >> 40);
    (parts.map(|part| real(part) / 16_777_216.0).sum::<f64>() - 4.0) * 1.22
}

fn millis(millis: f64) -> Duration {
    Duration::from_secs_f64(millis.max(0.05) / 1e3)
}

/// Good answers around so many milliseconds, now and then a slow one.
fn around(seed: u64, count: u64, lasts: Duration, center: f64) -> Vec<Sample> {
    let one = |nth: u64| {
        let due = lasts.mul_f64(real(nth) / real(count));
        let tail = if draw(seed + 7, nth) > 2.0 { 4.0 } else { 1.0 };
        good(due, millis(center * (0.35 * draw(seed, nth)).exp() * tail))
    };
    (0..count).map(one).collect()
}

/// A ramp and a hold in which something goes wrong after two thirds: slow, then errors of two
/// kinds.
pub(super) fn trouble() -> Owned {
    let stages = vec![stage("ramp", s(30)), stage("hold", s(90))];
    let thresholds = vec![
        asked("p95", "< 300ms"),
        asked("p99", "< 800ms"),
        asked("throughput", "> 20/s"),
        of("GET /*", asked("p50", "< 100ms")),
        of("POST /checkout", over(s(10), asked("p90", "< 250ms"))),
        warn(asked("mean", "< 500ms")),
        asked("error_rate", "< 1%"),
    ];
    let plan = plan(load(stages, s(10)), &NAMES, thresholds);
    let mut samples = Vec::new();
    for (nth, name) in (0..).zip(NAMES) {
        let mut all = around(nth, 2400, s(120), 28.0 + 22.0 * real(nth));
        for sample in all.iter_mut().filter(|one| (s(80)..s(104)).contains(&one.due)) {
            let late = sample.latency().mul_f64(if nth == 2 { 9.0 } else { 2.0 });
            let lot = draw(nth + 90, u64::try_from(sample.due.as_millis()).expect("small"));
            *sample = match lot {
                lot if nth == 2 && lot > 0.9 => bad(sample.due, s(10), Failure::Timeout),
                lot if lot > 1.3 => bad(sample.due, ms(4), Failure::Status),
                _ => good(sample.due, late),
            };
        }
        samples.push((name, all));
    }
    let mut run = run(&plan, &samples);
    let busy = |slice: &&mut loadgate::run::Slice| (s(80)..s(104)).contains(&slice.from);
    run.slices.iter_mut().filter(busy).for_each(|slice| slice.pulse.in_flight = 64);
    let timed_out = "no whole answer within 10s".to_owned();
    run.endpoints[2].examples.insert(Failure::Timeout, timed_out);
    let answered = "status 503, and 2xx was expected".to_owned();
    run.endpoints[2].examples.insert(Failure::Status, answered);
    Owned::new("trouble", (plan, run))
}

/// A hundred endpoints, each with limits of its own.
pub(super) fn hundred() -> Owned {
    let names: Vec<String> = (0..100)
        .map(|nth| {
            let verb = ["GET", "GET", "POST", "PUT", "DELETE"][nth % 5];
            format!("{verb} /api/v1/shops/:shop/resources-{nth}/items/:item")
        })
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let thresholds = vec![
        asked("p95", "< 300ms"),
        of("*", asked("p50", "< 60ms")),
        of("*", asked("p95", "< 130ms")),
        asked("error_rate", "< 1%"),
    ];
    let plan = plan(load(vec![stage("", s(120))], s(10)), &names, thresholds);
    let samples: Vec<(&str, Vec<Sample>)> = (0..)
        .zip(&names)
        .map(|(nth, name)| (*name, around(nth, 600, s(120), 20.0 + real(nth * 7 % 31))))
        .collect();
    let run = run(&plan, &samples);
    Owned::new("hundred", (plan, run))
}

/// Two versions side by side: one endpoint became slower, one only in its tail, one faster.
pub(super) fn compared() -> Owned {
    let mut plan = plan(load(vec![stage("", s(60))], s(10)), &NAMES, vec![asked("p95", "< 900ms")]);
    let port = 9090;
    let shown = "http://127.0.0.1:9090".to_owned();
    let against = Site { secure: false, host: "127.0.0.1".to_owned(), port, shown };
    let restart = Some("systemctl restart shop".to_owned());
    plan.regression = Some(Regression {
        against: Some(against),
        rounds: Some(12),
        restart,
        ..Regression::usual()
    });
    let whole: Vec<(&str, Vec<Sample>)> =
        (0..).zip(NAMES).map(|(nth, name)| (name, around(nth, 1200, s(60), 30.0))).collect();
    let mut run = run(&plan, &whole);
    let rounds = (0..ROUNDS).map(|number| round(&plan, number)).collect();
    run.rounds = Some(Rounds { against: "http://127.0.0.1:9090".to_owned(), rounds, ended: None });
    Owned::new("compared", (plan, run))
}

fn round(plan: &Plan, number: u64) -> Run {
    let drift = 1.0 + 0.004 * draw(500, number);
    let mut samples = Vec::new();
    for arm in 0..2_u64 {
        for (nth, name) in (0..).zip(NAMES) {
            let seed = 1000 + number * 10 + nth * 3 + arm;
            let mut all = around(seed, 2400, s(60), 30.0 * drift);
            for (at, sample) in all.iter_mut().enumerate() {
                let slower = match (arm, nth) {
                    (0, 1) => 1.14,
                    (0, 2) if at % 12 == 0 => 2.2,
                    (0, 0) => 0.97,
                    _ => 1.0,
                };
                *sample = good(sample.due, sample.latency().mul_f64(slower));
            }
            samples.push((name, all));
        }
    }
    run(plan, &samples).bare()
}

/// A hundred endpoints, compared in rounds.
pub(super) fn hundred_compared() -> Owned {
    let names: Vec<String> = (0..100)
        .map(|nth| format!("GET /api/v1/shops/:shop/resources-{nth}/items/:item"))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut plan = plan(load(vec![stage("", s(60))], s(0)), &names, vec![asked("p95", "< 900ms")]);
    let shown = "http://127.0.0.1:9090".to_owned();
    let against = Site { secure: false, host: "127.0.0.1".to_owned(), port: 9090, shown };
    plan.regression = Some(Regression {
        against: Some(against),
        rounds: Some(12),
        restart: Some("systemctl restart shop".to_owned()),
        ..Regression::usual()
    });
    let all = |seed: u64, count: u64| -> Vec<(&str, Vec<Sample>)> {
        (0..)
            .zip(&names)
            .map(|(nth, name)| (*name, around(seed + nth, count, s(60), 30.0)))
            .collect()
    };
    let both = |number: u64| {
        let arms = (0..2).flat_map(|arm| all(9000 + number * 1000 + arm * 100, 120));
        self::run(&plan, &arms.collect::<Vec<_>>()).bare()
    };
    let mut run = run(&plan, &all(1, 120));
    let rounds = (0..ROUNDS).map(both).collect();
    run.rounds = Some(Rounds { against: "http://127.0.0.1:9090".to_owned(), rounds, ended: None });
    Owned::new("hundred-compared", (plan, run))
}

/// A run after twelve that were kept: one endpoint is slower than they were.
pub(super) fn kept() -> Owned {
    let mut plan = plan(load(vec![stage("", s(60))], s(0)), &NAMES, vec![asked("p95", "< 900ms")]);
    plan.regression = Some(Regression { baseline: Some("main".to_owned()), ..Regression::usual() });
    let made = |number: u64| {
        let one = |(nth, name): (u64, &'static str)| {
            let slower = if nth == 1 && number >= 12 { 1.3 } else { 1.0 };
            let center = 30.0 * slower * (1.0 + 0.01 * draw(800 + nth, number));
            (name, around(number * 3 + nth, 1200, s(60), center))
        };
        self::run(&plan, &(0..).zip(NAMES).map(one).collect::<Vec<_>>())
    };
    let before = (0..12).map(|number| Kept::of(made(number), "main".to_owned(), Proof::Passed));
    let past = Past { runs: before.collect(), anchor: Vec::new(), branch: "main".to_owned() };
    let mut run = made(12);
    run.again = Some(Box::new(made(13)));
    let judgement = judge_after(&plan, &run, Some(&History::Past(past)));
    Owned { name: "kept", plan, run, judgement }
}

/// Twenty kept runs of which one endpoint became slower with the twelfth, as a page.
pub(super) fn history() -> String {
    let plan = plan(load(vec![stage("", s(60))], s(0)), &NAMES, vec![asked("p95", "< 900ms")]);
    let kept = |number: u64| {
        let one = |(nth, name): (u64, &'static str)| {
            let slower = if nth == 1 && number >= 11 { 1.2 } else { 1.0 };
            let center = 30.0 * slower * (1.0 + 0.01 * draw(700 + nth, number));
            (name, around(number * 3 + nth, 600, s(60), center))
        };
        let samples: Vec<_> = (0..).zip(NAMES).map(one).collect();
        let mut run = run(&plan, &samples);
        run.origin.id = format!("run-{number:02}");
        run.origin.started = format!("2026-10-{:02}T21:00:00Z", number + 1);
        run.origin.commit = format!("{number:02}").repeat(20);
        Kept::of(run, "main".to_owned(), Proof::Passed)
    };
    let anchor = Mark {
        run: "run-04".to_owned(),
        meaning: Meaning::Anchor,
        at: "2026-10-06T09:00:00Z".to_owned(),
        reason: "release 1".to_owned(),
    };
    let shelf = Shelf::of((0..20).map(kept).collect(), vec![anchor]);
    loadgate::report::history::render(&groups(&shelf, None), 100)
}

/// An endpoint for each of these names, and the names wherever else text from outside can stand.
pub(super) fn hostile(names: &[String]) -> Owned {
    let mut made = trouble();
    let finding = made.judgement.findings[0].clone();
    let pattern = made.run.endpoints[2].clone();
    made.judgement.findings.clear();
    made.run.endpoints.clear();
    for name in names {
        let mut finding = finding.clone();
        finding.scope = loadgate::judge::finding::Scope::Endpoint(name.clone());
        made.judgement.findings.push(finding);
        let mut evidence = pattern.clone();
        evidence.name.clone_from(name);
        evidence.examples.values_mut().for_each(|said| said.clone_from(name));
        let (asked, got) = (name.clone(), name.clone());
        evidence.missed = vec![loadgate::run::Missed { asked, count: 1, got }];
        made.run.endpoints.push(evidence);
    }
    let name = |nth: usize| names[nth % names.len()].clone();
    made.run.load.stages = vec![name(3), name(4)];
    made.run.load.profile = name(5);
    made.run.origin.target = name(6);
    made.run.origin.gate = name(7);
    made.run.origin.cpu = name(8);
    made.run.origin.version = name(9);
    made.run.generator.pacing = name(10);
    made.run.stop = loadgate::run::Stop::Panic(name(11));
    made
}
