//! From a load under way to a picture of it.

use std::fmt::Write as _;
use std::time::Duration;

use super::voice::Voice;
use crate::judge::finding::{Asked, Doubt, Finding, Outcome, Scope};
use crate::judge::so_far;
use crate::load;
use crate::metric::{Metric, Value};
use crate::plan::axis::judged_span;
use crate::plan::threshold::Level;
use crate::plan::{Drive, Plan};
use crate::report::words;
use crate::run::{Evidence, Model, Pulse, Run, is_group};
use crate::sanitise::Clean;
use crate::screen::{Check, Flow, Phase, Picture, State, Tiers};
use crate::tally::{Frame, Tally};
use crate::unit::{Quantile, Rate, Ratio, show_duration};

/// Windows are looked at so seldom: that opens every slice of the run.
const WINDOWS: Duration = Duration::from_secs(10);

/// Looks at a load, again and again.
pub(super) struct Lookout<'a> {
    voice: &'a Voice,
    /// What is expected of it; nothing of a load that only compares two versions.
    plan: Option<&'a Plan>,
    drive: &'a Drive,
    name: &'a str,
    /// When it was looked at last, and what had been sent by then.
    before: (Duration, Pulse),
    /// How the windows stood when they were looked at last, and when they are next.
    windows: (Vec<Finding>, Duration),
}

impl<'a> Lookout<'a> {
    /// For the load of a plan; where it shares the load between two versions, nothing is expected
    /// of it.
    pub(super) fn new(voice: &'a Voice, plan: &'a Plan, drive: &'a Drive, shared: bool) -> Self {
        let before = (Duration::ZERO, Pulse::default());
        let windows = (Vec::new(), Duration::ZERO);
        let name = plan.name.as_str();
        Self { voice, plan: Some(plan).filter(|_| !shared), drive, name, before, windows }
    }

    /// What is seen now, and what was said last.
    pub(super) fn look(&mut self, now: &load::Progress<'_>, note: Option<&String>) -> Picture {
        let (run, pulse) = (now.sketch(), now.pulse());
        let (since, before) = std::mem::replace(&mut self.before, (now.elapsed(), pulse));
        let warm_up = run.load.warm_up.saturating_sub(now.elapsed());
        let phase = match (now.is_draining(), warm_up.is_zero()) {
            (true, _) => Phase::Draining,
            (false, false) => Phase::WarmUp(warm_up),
            (false, true) => Phase::Judged,
        };
        let whole = run.whole();
        Picture {
            gate: self.clean(self.name),
            target: self.clean(&self.drive.target.shown),
            profile: run.load.profile.clone(),
            phase,
            elapsed: now.elapsed(),
            whole: now.duration(),
            flow: flow(pulse, before, now.elapsed().saturating_sub(since), run.load.model),
            now: tiers(&recently(&run, now.recent())),
            all: tiers(&whole),
            errors: whole.failures().map(|(why, count)| (why.name(), count)).collect(),
            endpoints: self.endpoints(&run, now.recent()),
            checks: self.checks(now, &run),
            generator: (run.generator.lag_p99, busiest(&run.generator.cpu)),
            note: note.map(|note| self.clean(note)),
        }
    }

    fn clean(&self, text: &str) -> String {
        // Masked first: a value that is cleaned is no longer found.
        Clean::line(&self.voice.masks().apply(text)).as_str().to_owned()
    }

    /// Each endpoint; of a load that is shared, once for each version.
    fn endpoints(&self, run: &Run, recent: &[Tally]) -> Vec<(String, Tiers, Tiers)> {
        let half = run.endpoints.len() / 2;
        let one = |(at, evidence): (usize, &Evidence)| {
            let version = match self.plan {
                Some(_) => "",
                None if at < half => "new ",
                None => "base ",
            };
            let name = format!("{version}{}", self.clean(&evidence.name));
            let now = recent.get(at).map(tiers).unwrap_or_default();
            (name, tiers(&evidence.whole), now)
        };
        run.endpoints.iter().enumerate().map(one).collect()
    }

    fn checks(&mut self, now: &load::Progress<'_>, run: &Run) -> Vec<Check> {
        let Some(plan) = self.plan else { return Vec::new() };
        let mut findings = so_far(plan, run);
        if findings.iter().any(is_windowed) {
            if now.elapsed() >= self.windows.1 {
                self.windows = (so_far(plan, &now.run()), now.elapsed() + WINDOWS);
            }
            let known = findings.iter_mut().zip(&self.windows.0);
            for (finding, before) in known.filter(|(finding, _)| is_windowed(finding)) {
                *finding = before.clone();
            }
        }
        findings.iter().map(|finding| self.check(finding, plan, now.elapsed())).collect()
    }

    fn check(&self, finding: &Finding, plan: &Plan, elapsed: Duration) -> Check {
        let mut of = match &finding.scope {
            Scope::Whole => "whole run".to_owned(),
            Scope::Endpoint(name) | Scope::Probe(name) => self.clean(name),
        };
        let mut end = self.drive.load.profile.duration();
        if let Asked::Limit { metric, over, during, .. } = &finding.asked {
            let _ = write!(of, " {metric}");
            if let Some(over) = over {
                let _ = write!(of, " each {}", show_duration(*over));
            }
            if let Some(stage) = during {
                let _ = write!(of, " in {}", self.clean(stage));
                let asked = |line: usize| line == finding.line && line > 0;
                let threshold = plan.thresholds.iter().find(|one| asked(one.line));
                let during = threshold.and_then(|one| one.window.during.as_ref());
                end = judged_span(&self.drive.load, during).map_or(end, |(_, to)| to);
            }
        }
        let state = match (&finding.outcome, finding.level) {
            (Outcome::Held, _) => State::Held,
            (Outcome::Breached, Level::Fail) => State::Breached,
            (Outcome::Breached, Level::Warn) => State::Warned,
            (Outcome::Unjudged(doubt), _) => State::Open(open(doubt)),
        };
        let (asked, got) = (words::asked(&finding.asked), finding.got);
        Check { of, asked, got, state, left: end.saturating_sub(elapsed) }
    }
}

fn is_windowed(finding: &Finding) -> bool {
    let Asked::Limit { over, during, .. } = &finding.asked else { return false };
    over.is_some() || during.is_some()
}

/// Why it cannot be said yet, in few words.
fn open(doubt: &Doubt) -> String {
    if let Doubt::TooFew { have, need } = doubt {
        return format!("{} of {} samples", words::count(*have), words::count(*need));
    }
    let early = matches!(doubt, Doubt::NoSamples | Doubt::CutShort | Doubt::NoAnswers);
    if early { "no samples yet".to_owned() } else { doubt.name().to_owned() }
}

fn flow(now: Pulse, before: Pulse, time: Duration, model: Model) -> Flow {
    let rate = |now: u64, before: u64| Rate::of(now.saturating_sub(before), time);
    let open = match model {
        Model::Open => true,
        Model::Closed => false,
    };
    let several = now.released != now.sent;
    Flow {
        planned: rate(now.planned, before.planned).filter(|_| open),
        real: rate(now.released, before.released),
        requests: rate(now.sent, before.sent).filter(|_| several),
        in_flight: now.in_flight,
        users: (!open || now.users > 0).then_some(now.users),
        dropped: now.dropped,
    }
}

/// All endpoints together, without the groups of steps.
fn recently(run: &Run, recent: &[Tally]) -> Tally {
    let mut all = Tally::default();
    let alone = run.endpoints.iter().zip(recent).filter(|(one, _)| !is_group(&one.name));
    alone.for_each(|(_, tally)| all.merge(tally));
    all
}

fn tiers(tally: &Tally) -> Tiers {
    let frame = Frame { span: Duration::ZERO, timeout: Duration::ZERO };
    let at = |millionths: u32| -> Option<Value> {
        let quantile = Quantile::from_millionths(millionths)?;
        tally.read(Metric::Latency(quantile), frame)
    };
    Tiers {
        count: tally.count(),
        p50: at(500_000),
        p95: at(950_000),
        p99: at(990_000),
        max: tally.read(Metric::Max, frame),
        errors: Ratio::of(tally.bad(), tally.count()),
    }
}

fn busiest(cpu: &[Ratio]) -> Option<Ratio> {
    cpu.iter().copied().max_by(|one, other| one.share().total_cmp(&other.share()))
}
