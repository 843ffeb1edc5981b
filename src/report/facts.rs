//! What every report tells, gathered once: all text in it is clean, all numbers know their unit.

use std::time::Duration;

use super::bar::Bar;
use super::check::{Check, Mark};
use super::measured::Measured;
use super::probes::{Probed, probes};
use super::series::{Moment, series};
use super::source;
use super::versions::Versions;
use super::{Case, gate, words};
use crate::judge::finding::{Doubt, Outcome, Rule, Scope, Verdict};
use crate::metric::Value;
use crate::run::{self, Clock, Model, Run, Starved, Stop};
use crate::sanitise::{self, Clean};
use crate::unit::Ratio;

/// Notes of left-out checks, at most.
const MOST_LEFT_OUT: usize = 10;

/// What every report tells.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Pass, fail or inconclusive.
    pub verdict: Verdict,
    /// What the process is going to end with.
    pub exit_code: u8,
    /// The verdict's reason in one line.
    pub why: Clean,
    /// What a reader must know to believe the numbers, most urgent first.
    pub notes: Vec<Clean>,
    /// One for each expectation, in the order of the plan.
    pub checks: Vec<Check>,
    /// Checks of endpoints that the chosen tags leave out, in words: nobody judged them.
    pub left_out: Vec<Clean>,
    /// What was asked beside the load.
    pub probes: Vec<Probed>,
    /// Two versions side by side, where there were two.
    pub versions: Option<Versions>,
    /// What it was judged by, in lines of a gate file.
    pub gate: Vec<Clean>,
    /// How the gate file compares with the base commit's, where there is one.
    pub bar: Option<Bar>,
    /// All endpoints together.
    pub whole: Measured,
    /// Each endpoint, in the order of the plan.
    pub endpoints: Vec<Measured>,
    /// The run over time.
    pub series: Vec<Moment>,
    /// Upper edges and counts of all good answers' latencies, rising.
    pub latencies: Vec<(Duration, u64)>,
    /// The same from sending; empty where that is no different.
    pub services: Vec<(Duration, u64)>,
    /// Where the run comes from.
    pub origin: Origin,
    /// The files it was read from, where another tool measured it.
    pub source: Option<Source>,
    /// The load asked for and put on.
    pub load: Load,
    /// How fit the generator was.
    pub generator: Generator,
    /// Why the run ended: its name for machines, and a sentence where it ended early.
    pub stop: (&'static str, Option<Clean>),
}

pub use super::fitness::Fitness;
pub use super::loaded::Load;
use super::loaded::load;
pub use super::source::Source;

/// Where a run comes from, fit for a report.
pub type Origin = run::Origin<Clean>;

/// How fit the generator was; see [`crate::run::Generator`].
#[derive(Clone, Debug)]
pub struct Generator {
    /// Whether it was the bottleneck.
    pub fitness: Fitness,
    /// Why it was, with advice.
    pub reasons: Vec<Clean>,
    /// Load threads.
    pub threads: u64,
    /// Median, 99th percentile and most of the lateness of arrivals; `None` where no timetable
    /// released them.
    pub lag: Option<[Duration; 3]>,
    /// CPU of each load thread as a share of one core.
    pub cpu: Vec<Ratio>,
    /// Share of seconds in which a thread was saturated.
    pub saturated: Ratio,
    /// How threads had to wait for a CPU; `None` where the system does not tell.
    pub starved: Option<Starved>,
    /// Open descriptors at the fullest moment, and the limit.
    pub descriptors: Option<(u64, u64)>,
    /// CPU time the hypervisor took.
    pub steal: Option<Ratio>,
    /// What releases arrivals.
    pub pacing: Clean,
    /// What became of the machine's clocks.
    pub clock: Clock,
}

impl Facts {
    /// Gathers what there is to tell of a case.
    #[must_use]
    pub fn of(case: &Case<'_>) -> Self {
        let Case { plan, run, judgement, exit_code } = *case;
        // Hidden before the cap, so that no half of a secret is left at the end of a long text;
        // and here, so that no number and no word of ours is taken for a secret when it is written.
        let clean = |text: &str| Clean::line(&plan.masks.apply(&sanitise::strip(text)));
        let tally = run.whole();
        let whole = Measured::whole(planned(run), &tally, run);
        let each = run.endpoints.iter();
        let each = each.map(|evidence| Measured::endpoint(evidence, run, &clean));
        let endpoints: Vec<_> = each.collect();
        let measured = |scope: &Scope| match scope {
            Scope::Whole => Some(&whole),
            Scope::Probe(_) => None,
            Scope::Endpoint(name) => {
                let at = run.endpoints.iter().position(|evidence| evidence.name == *name);
                at.map(|at| &endpoints[at])
            }
        };
        let check = |finding| Check::of(finding, &clean, measured(&finding.scope));
        let checks: Vec<_> = judgement.findings.iter().map(check).collect();
        let stop = words::stop(&run.stop.hidden(&plan.masks), run.load.lasted);
        let mut facts = Self {
            verdict: judgement.verdict(),
            exit_code,
            why: Clean::default(),
            notes: Vec::new(),
            probes: probes(plan, run, &clean),
            versions: Versions::of(plan, run, &checks, &clean),
            checks,
            left_out: plan.left_out.iter().map(|check| clean(&check.to_string())).collect(),
            gate: gate::lines(plan, &clean),
            bar: judgement.policy.as_ref().map(|policy| Bar::of(policy, &clean)),
            series: series(run),
            latencies: tally.latency().buckets(),
            services: tally.service().buckets(),
            origin: run.origin.hidden(&plan.masks).map(Clean::line),
            source: Source::of(run),
            load: load(run, &clean),
            generator: generator(run),
            stop: (words::stop_name(&run.stop), stop.map(|text| Clean::line(&text))),
            whole,
            endpoints,
        };
        facts.generator.reasons =
            facts.checks.iter().flat_map(|check| check.reasons.clone()).collect();
        facts.generator.fitness = fitness(run, &facts.checks);
        facts.why = Clean::line(&why(&facts, &run.stop));
        facts.notes = notes(&facts, run, judgement.interrupted.as_deref().map(Clean::line), &clean);
        facts
    }

    /// A time in seconds, for formats of other tools that have no word for *never*: it is told as
    /// the deadline of a request, after which nobody waited. `None` for what is no time.
    #[must_use]
    pub fn seconds(&self, value: Value) -> Option<f64> {
        match value {
            Value::Time(time) => Some(time.as_secs_f64()),
            Value::Never => Some(self.load.timeout.as_secs_f64()),
            Value::Share(_) | Value::Rate(_) | Value::Count(_) | Value::Number(..) => None,
        }
    }

    /// The numbers of the whole run that stand beside a verdict, by their titles.
    #[must_use]
    pub fn figures(&self) -> Vec<(&'static str, Value)> {
        let whole = &self.whole;
        let mut all = vec![("requests", Value::Count(whole.count))];
        all.extend(whole.error_rate.map(|share| ("error rate", Value::Share(share))));
        all.extend(whole.throughput.map(|rate| ("good answers per second", Value::Rate(rate))));
        let latency =
            whole.latency.map(|all| [("p50", all.p50), ("p95", all.p95), ("p99", all.p99)]);
        all.extend(latency.into_iter().flatten());
        all
    }

    /// The checks with one mark, in the order of the plan.
    pub fn marked(&self, mark: Mark) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(move |check| check.mark == mark)
    }
}

fn planned(run: &Run) -> Option<u64> {
    run.alone().try_fold(0_u64, |sum, evidence| Some(sum.saturating_add(evidence.planned?)))
}

fn generator(run: &Run) -> Generator {
    let generator = &run.generator;
    let lag = || Some([generator.lag_p50?, generator.lag_p99?, generator.lag_max?]);
    Generator {
        fitness: Fitness::Unused,
        reasons: Vec::new(),
        threads: generator.threads,
        lag: lag(),
        cpu: generator.cpu.clone(),
        saturated: generator.saturated,
        starved: generator.starved,
        descriptors: generator.descriptors,
        steal: generator.steal,
        pacing: Clean::line(&generator.pacing),
        clock: generator.clock,
    }
}

fn fitness(run: &Run, checks: &[Check]) -> Fitness {
    let behind = |check: &Check| matches!(check.outcome, Outcome::Unjudged(Doubt::FellBehind(_)));
    if run.imported.is_some() {
        Fitness::Foreign
    } else if checks.iter().any(behind) {
        Fitness::Unfit
    } else if run.has_begun() {
        Fitness::Fit
    } else {
        Fitness::Unused
    }
}

/// The verdict's reason in one line.
fn why(facts: &Facts, stop: &Stop) -> String {
    let all = facts.checks.len() as u64;
    let first = |mark| {
        let check = facts.marked(mark).next()?;
        let rest = match facts.marked(mark).count() as u64 - 1 {
            0 => String::new(),
            more => format!(" ({} more of {})", words::count(more), words::plural(all, "check")),
        };
        Some(format!("{} {}{rest}", check.place(), check.said()))
    };
    let told = match facts.verdict {
        Verdict::Fail => {
            let early = matches!(stop, Stop::Dead(_) | Stop::Stalled(_) | Stop::Breached(_));
            let ended = facts.stop.1.as_ref().filter(|_| early).map(ToString::to_string);
            ended.or_else(|| first(Mark::Fail))
        }
        Verdict::Inconclusive => {
            let never_ran = match stop {
                Stop::Unreachable(..) | Stop::Panic(_) | Stop::NoThread(_) | Stop::Checkpoint => {
                    true
                }
                Stop::End
                | Stop::Signal(_)
                | Stop::Breached(_)
                | Stop::Dead(_)
                | Stop::Stalled(_) => false,
            };
            let ended = facts.stop.1.as_ref().filter(|_| never_ran).map(ToString::to_string);
            let unfit = || {
                let trust = facts.checks.iter().find(|check| check.is_fitness())?;
                let reason = trust.reasons.first().map(|reason| format!(": {reason}"));
                let reason = reason.unwrap_or_default();
                (trust.mark == Mark::Doubt).then(|| format!("{}{reason}", trust.doubt))
            };
            ended.or_else(unfit).or_else(|| first(Mark::Doubt))
        }
        Verdict::Pass => Some(held(facts, first(Mark::Warn))),
    };
    told.unwrap_or_else(|| "nothing was asked that could fail".to_owned())
}

/// How many checks held, and what else there is to say of them.
fn held(facts: &Facts, warned: Option<String>) -> String {
    let (all, held) = (facts.checks.len() as u64, facts.marked(Mark::Held).count() as u64);
    let told = words::plural(all, "check");
    let told = if held == all { told } else { format!("{} of {told}", words::count(held)) };
    let compared = || {
        let mut unsure = facts.marked(Mark::Unsure);
        let open = unsure.find(|check| check.rule == Rule::Regression)?;
        Some(format!("{} {}", open.place(), open.said()))
    };
    let warned = warned.or_else(compared).map(|text| format!(", with a warning: {text}"));
    format!("{told} held{}", warned.unwrap_or_default())
}

/// What a reader must know to believe the numbers.
fn notes(
    facts: &Facts,
    run: &Run,
    interrupted: Option<Clean>,
    clean: &dyn Fn(&str) -> Clean,
) -> Vec<Clean> {
    let load = &facts.load;
    let mut all: Vec<String> = Vec::new();
    match (&facts.stop.1, interrupted) {
        (Some(why), _) => all.push(why.to_string()),
        (None, Some(signal)) => all.push(format!("interrupted by {signal}")),
        (None, None) => {}
    }
    if facts.origin.insecure {
        all.push("certificates were not checked (tls.insecure)".to_owned());
    }
    all.extend(words::clock(facts.generator.clock).map(str::to_owned));
    if load.dropped > 0 {
        all.push(format!(
            "{} dropped because max_in_flight was reached",
            words::plural(load.dropped, "arrival")
        ));
    }
    if load.model == Model::Closed && load.users > 0 {
        all.push(format!(
            "closed model, {}: waiting users send less when the service is slow",
            words::plural(load.users, "user")
        ));
    }
    for (address, count) in &load.refused {
        all.push(format!("{} to {address} failed", words::plural(*count, "connection attempt")));
    }
    let told = |check: &&Check| {
        let ordinary = facts
            .bar
            .as_ref()
            .is_none_or(|bar| !bar.approved && matches!(bar.state, "same" | "changed"));
        check.is_policy() && check.mark == Mark::Held && !ordinary
    };
    let held = facts.checks.iter().find(told);
    all.extend(held.map(|check| format!("{} {}", check.place(), check.said())));
    all.extend(run.load.merged.map(|merged| {
        let (shards, apart) = (words::count(merged.shards), words::duration(merged.apart));
        format!("added up from {shards} shards, which began within {apart}")
    }));
    all.extend(left_out(&facts.left_out));
    all.extend(source::notes(run, clean));
    all.retain(|note| note != facts.why.as_str());
    all.iter().map(|note| Clean::line(note)).collect()
}

/// What the chosen tags left unjudged; `verdict.json` has all of it, however much.
fn left_out(checks: &[Clean]) -> impl Iterator<Item = String> + '_ {
    let (told, rest) = checks.split_at(checks.len().min(MOST_LEFT_OUT));
    let rest = (!rest.is_empty()).then(|| words::plural(rest.len() as u64, "more check"));
    let told = told.iter().map(|check| format!("left out by its tags, not judged: {check}"));
    told.chain(rest.map(|rest| format!("left out by their tags, not judged: {rest}")))
}
