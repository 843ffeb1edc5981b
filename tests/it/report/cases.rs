//! The cases that every report is shown of: those of the judge, and some more that only reports
//! care about.

use std::sync::LazyLock;

use loadgate::judge::finding::{Judgement, Verdict};
use loadgate::judge::judge;
use loadgate::plan::Plan;
use loadgate::report::Case;
use loadgate::run::{Model, Run, Stop};
use loadgate::sample::Failure;
use loadgate::tally::Tally;

use crate::support::cases::{cases, passing, three};
use crate::support::made::{asked, bad, even, ms, of, run, s};

/// A case that owns its parts.
#[derive(Clone)]
pub(super) struct Owned {
    pub(super) name: &'static str,
    pub(super) plan: Plan,
    pub(super) run: Run,
    pub(super) judgement: Judgement,
}

impl Owned {
    pub(super) fn new(name: &'static str, (plan, run): (Plan, Run)) -> Self {
        let judgement = judge(&plan, &run);
        Self { name, plan, run, judgement }
    }

    pub(super) fn case(&self) -> Case<'_> {
        let exit_code = match (&self.judgement.interrupted, self.judgement.verdict()) {
            (Some(_), _) => 143,
            (None, Verdict::Pass) => 0,
            (None, Verdict::Fail) => 1,
            (None, Verdict::Inconclusive) => 3,
        };
        Case { plan: &self.plan, run: &self.run, judgement: &self.judgement, exit_code }
    }
}

/// Every case, made up once.
pub(super) fn all() -> &'static [Owned] {
    static ALL: LazyLock<Vec<Owned>> = LazyLock::new(|| {
        let own =
            [("never", never()), ("closed-insecure", closed()), ("unreachable", unreachable())];
        let judged = cases().into_iter().map(|(name, plan, run)| (name, (plan, run)));
        judged.chain(own).map(|(name, parts)| Owned::new(name, parts)).collect()
    });
    &ALL
}

/// The case of that name.
pub(super) fn case(name: &str) -> Owned {
    all().iter().find(|made| made.name == name).expect("a case has that name").clone()
}

/// So many requests failed that no time bounds 99 of 100; the good answers alone are fast.
fn never() -> (Plan, Run) {
    let mut plan = three("< 250ms");
    plan.thresholds.push(of("GET /cart", asked("p99", "< 250ms")));
    plan.thresholds.push(of("GET /cart", asked("good_p99", "< 250ms")));
    let names = ["GET /products", "GET /cart", "POST /checkout"];
    let mut samples = names.map(|name| (name, even(1200, s(60), ms(5), ms(180)))).to_vec();
    for sample in samples[1].1.iter_mut().step_by(12) {
        *sample = bad(sample.due, ms(3), Failure::Timeout);
    }
    let timed_out = "no whole answer within 10s".to_owned();
    // Half of these had to wait for a connection: from sending they are faster than from due.
    for sample in samples[2].1.iter_mut().step_by(2) {
        sample.sent = sample.due + sample.latency() / 2;
    }
    let mut run = run(&plan, &samples);
    run.endpoints[1].examples.insert(Failure::Timeout, timed_out);
    (plan, run)
}

/// Users who wait for their answers, and a certificate that nobody checked.
fn closed() -> (Plan, Run) {
    let (plan, mut run) = passing();
    run.load.model = Model::Closed;
    "50 users for 1m".clone_into(&mut run.load.profile);
    run.load.users = 50;
    run.load.planned = None;
    run.origin.insecure = true;
    "https://shop.test".clone_into(&mut run.origin.target);
    run.generator.lag_p50 = None;
    for evidence in &mut run.endpoints {
        evidence.planned = None;
    }
    (plan, run)
}

/// Nobody ever answered the door.
fn unreachable() -> (Plan, Run) {
    let (plan, mut run) = passing();
    run.slices.clear();
    for evidence in &mut run.endpoints {
        evidence.whole = Tally::default();
        evidence.slices.clear();
    }
    run.load.lasted = s(0);
    run.load.sent = 0;
    run.load.connections = 0;
    run.load.refused = vec![("127.0.0.1:8080".to_owned(), 3)];
    run.stop = Stop::Unreachable(Failure::Connect, "connection refused".to_owned());
    (plan, run)
}
