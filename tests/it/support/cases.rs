//! Made-up gates for everything that reads a judgement: what passes, what fails, what cannot be
//! judged.

use loadgate::plan::Plan;
use loadgate::run::{Run, Stop};
use loadgate::sample::{Failure, Sample};

use super::made::{asked, bad, during, even, load, ms, of, over, plan, run, s, stage, warn};

const NAMES: [&str; 3] = ["GET /products", "GET /cart", "POST /checkout"];

/// Names that try to break out of every report.
pub(crate) const HOSTILE: [&str; 4] = [
    "GET /<script>alert(1)</script>",
    "a | b `c` ![x](http://evil/) @everyone",
    "::error::pwned\n##vso[task.complete result=Succeeded]",
    "\u{1b}[31mred\u{202e}desrever\u{0}\"'&]]>",
];

/// Every case, by a name that says what is special.
pub(crate) fn cases() -> Vec<(&'static str, Plan, Run)> {
    vec![
        named("passing", passing()),
        named("failing", failing()),
        named("warned", warned()),
        named("too-few", too_few()),
        named("fell-behind", fell_behind()),
        named("no-answers", no_answers()),
        named("interrupted", interrupted()),
        named("dead", dead()),
        named("hostile-names", hostile()),
    ]
}

fn named(name: &'static str, (plan, run): (Plan, Run)) -> (&'static str, Plan, Run) {
    (name, plan, run)
}

/// A plan of two stages with three endpoints and thresholds of every kind.
pub(crate) fn three(p99: &str) -> Plan {
    let stages = vec![stage("ramp", s(20)), stage("hold", s(40))];
    let thresholds = vec![
        asked("p95", "< 300ms"),
        asked("p99", p99),
        asked("throughput", "> 20/s"),
        of("GET /*", asked("p50", "< 100ms")),
        of("GET /cart", over(s(10), asked("p90", "< 250ms"))),
        during(1, asked("max", "< 2s")),
        warn(asked("mean", "< 500ms")),
        asked("error_rate", "< 1%"),
    ];
    plan(load(stages, s(10)), &NAMES, thresholds)
}

fn usual() -> Vec<(&'static str, Vec<Sample>)> {
    NAMES.into_iter().map(|name| (name, even(1200, s(60), ms(5), ms(180)))).collect()
}

/// Everything is held.
pub(crate) fn passing() -> (Plan, Run) {
    let plan = three("< 250ms");
    let run = run(&plan, &usual());
    (plan, run)
}

/// One endpoint is slow, another answers 500 now and then.
pub(crate) fn failing() -> (Plan, Run) {
    let plan = three("< 250ms");
    let mut samples = usual();
    samples[1].1 = even(1200, s(60), ms(50), ms(600));
    for sample in samples[2].1.iter_mut().step_by(20) {
        *sample = bad(sample.due, ms(3), Failure::Status);
    }
    let run = run(&plan, &samples);
    (plan, run)
}

/// Only a warning is breached.
pub(crate) fn warned() -> (Plan, Run) {
    let mut plan = three("< 250ms");
    plan.thresholds.push(warn(asked("p50", "< 10ms")));
    let run = run(&plan, &usual());
    (plan, run)
}

/// A percentile that the run has too few samples for, and a scope that it has not.
pub(crate) fn too_few() -> (Plan, Run) {
    let mut plan = three("< 250ms");
    plan.thresholds.push(asked("p99_9", "< 1s"));
    plan.thresholds.push(of("GET /carts", asked("p50", "< 1s")));
    let run = run(&plan, &usual());
    (plan, run)
}

/// The generator was the bottleneck.
pub(crate) fn fell_behind() -> (Plan, Run) {
    let (plan, mut run) = passing();
    run.generator.lag_p99 = Some(ms(31));
    run.load.dropped = 950;
    run.load.planned = Some(4800);
    (plan, run)
}

/// Every connection was refused.
pub(crate) fn no_answers() -> (Plan, Run) {
    let plan = three("< 250ms");
    let mut samples = usual();
    for sample in samples.iter_mut().flat_map(|(_, samples)| samples) {
        *sample = bad(sample.due, ms(1), Failure::Connect);
    }
    let run = run(&plan, &samples);
    (plan, run)
}

/// Stopped by a signal after everything had been held.
pub(crate) fn interrupted() -> (Plan, Run) {
    let (plan, mut run) = passing();
    run.stop = Stop::Signal("SIGTERM".to_owned());
    (plan, run)
}

/// The target went down for good.
pub(crate) fn dead() -> (Plan, Run) {
    let plan = three("< 250ms");
    let mut samples = usual();
    for sample in samples.iter_mut().flat_map(|(_, samples)| samples) {
        if sample.due >= s(30) {
            *sample = bad(sample.due, ms(1), Failure::Connect);
        }
    }
    let mut run = run(&plan, &samples);
    run.stop = Stop::Dead(s(30));
    (plan, run)
}

/// Names that try to break out of every report, in a gate that fails.
pub(crate) fn hostile() -> (Plan, Run) {
    let thresholds = vec![of("*", asked("p50", "< 50ms")), asked("error_rate", "< 1%")];
    let mut plan = plan(load(vec![stage("", s(60))], s(0)), &HOSTILE, thresholds);
    "gate\u{1b}[0m<b>.toml".clone_into(&mut plan.name);
    let samples = HOSTILE.map(|name| (name, even(600, s(60), ms(5), ms(180))));
    let run = run(&plan, &samples);
    (plan, run)
}
