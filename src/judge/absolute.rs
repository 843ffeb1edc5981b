//! The run against its thresholds.

use std::cmp::Ordering;
use std::time::Duration;

use super::finding::{Asked, Doubt, Finding, Outcome, Rule, Scope};
use super::quoted;
use super::reading::{Reading, compare, holds};
use super::sure::{self, Batches, Sure};
use super::window::{Measured, Piece, nothing};
use crate::metric::Value;
use crate::plan::threshold::{During, Level, Limit, Relation, Selector, Threshold, Window};
use crate::plan::{Plan, glob};
use crate::run::Run;
use crate::stats::sla::SHORTEST;
use crate::tally::{Frame, Tally};

/// Latencies beyond this are only known to be beyond it.
const TOLD_APART: Duration = Duration::from_mins(10);

/// One finding for each threshold and each endpoint it matches, in the order of the plan.
pub(super) fn findings(plan: &Plan, run: &Run) -> Vec<Finding> {
    // Endpoint by endpoint, so that the slices of only one are open at a time; sorted afterwards.
    let mut placed: Vec<Placed> = Vec::new();
    let mut look = |place: usize, measured: &Measured| {
        let asked = plan.thresholds.iter().enumerate();
        let asked = asked.filter(|(_, threshold)| applies(threshold, &measured.scope));
        for (window, group) in by_window(asked) {
            let thresholds: Vec<_> = group.iter().map(|(_, threshold)| *threshold).collect();
            let readings = readings(plan, run, &window, &thresholds, measured);
            for ((index, threshold), mut reading) in group.into_iter().zip(readings) {
                let sure = reading.sure.take();
                let finding = finding(plan, run, threshold, measured.scope.clone(), reading);
                placed.push(((index, place), finding, sure));
            }
        }
    };
    if plan.thresholds.iter().any(|threshold| threshold.selector == Selector::Whole) {
        look(0, &Measured::whole(run));
    }
    for (place, evidence) in run.endpoints.iter().enumerate() {
        look(place, &Measured::endpoint(run, evidence));
    }
    let unseen = unseen(plan, run);
    for (index, threshold) in plan.thresholds.iter().enumerate() {
        let missing = unseen.iter().map(|name| Scope::Endpoint((*name).to_owned()));
        for (place, scope) in missing.filter(|scope| applies(threshold, scope)).enumerate() {
            let finding = finding(plan, run, threshold, scope, Reading::doubted(nothing(run)));
            placed.push(((index, run.endpoints.len() + place), finding, None));
        }
        if !placed.iter().any(|((of, _), _, _)| *of == index) {
            placed.push(((index, 0), unmatched(plan, run, threshold), None));
        }
    }
    placed.sort_by_key(|(place, _, _)| *place);
    let (mut findings, sure): (Vec<_>, Vec<_>) =
        placed.into_iter().map(|(_, finding, sure)| (finding, sure)).unzip();
    sure::settle(run, plan.confidence, &mut findings, &sure);
    findings
}

/// A finding with its place among all, and how sure its value is.
type Placed = ((usize, usize), Finding, Option<Sure>);

/// Endpoints that the plan sends to and the run knows nothing of: renamed, or another plan's run.
fn unseen<'a>(plan: &'a Plan, run: &Run) -> Vec<&'a str> {
    let seen: std::collections::BTreeSet<&str> =
        run.endpoints.iter().map(|endpoint| endpoint.name.as_str()).collect();
    let endpoints = plan.drive.iter().flat_map(|drive| &drive.endpoints);
    endpoints.map(String::as_str).filter(|name| !seen.contains(name)).collect()
}

pub(super) fn applies(threshold: &Threshold, scope: &Scope) -> bool {
    match (&threshold.selector, scope) {
        (Selector::Whole, Scope::Whole) => true,
        (Selector::Endpoints(pattern), Scope::Endpoint(name)) => glob::selects(pattern, name),
        (Selector::Whole, Scope::Endpoint(_) | Scope::Probe(_))
        | (Selector::Endpoints(_), Scope::Whole | Scope::Probe(_)) => false,
    }
}

fn unmatched(plan: &Plan, run: &Run, threshold: &Threshold) -> Finding {
    let pattern = match &threshold.selector {
        Selector::Whole => "*",
        Selector::Endpoints(pattern) => pattern,
    };
    let names = run.endpoints.iter().map(|endpoint| endpoint.name.as_str());
    let far = |name: &&str| strsim::levenshtein(name, pattern);
    // Further away than half its length, a name is another one and not a misspelt one.
    let near = names.min_by_key(far).filter(|name| far(name) * 2 <= pattern.chars().count());
    let doubt = Doubt::NoSuchScope { nearest: near.map(str::to_owned) };
    let scope = Scope::Endpoint(pattern.to_owned());
    finding(plan, run, threshold, scope, Reading::doubted(doubt))
}

type Numbered<'a> = (usize, &'a Threshold);

/// Thresholds that look at the same time, so that its slices are opened once for all of them.
fn by_window<'a>(asked: impl Iterator<Item = Numbered<'a>>) -> Vec<(Window, Vec<Numbered<'a>>)> {
    let mut groups: Vec<(Window, Vec<Numbered<'a>>)> = Vec::new();
    for (index, threshold) in asked {
        let group = groups.iter_mut().find(|(window, _)| *window == threshold.window);
        match group {
            Some((_, group)) => group.push((index, threshold)),
            None => groups.push((threshold.window.clone(), vec![(index, threshold)])),
        }
    }
    groups
}

/// What each of some thresholds reads that look at the same time.
fn readings(
    plan: &Plan,
    run: &Run,
    window: &Window,
    thresholds: &[&Threshold],
    measured: &Measured,
) -> Vec<Reading> {
    let stage = window.during.as_ref().map(|during| stage_of(plan, run, during)).transpose();
    let found = stage.and_then(|stage| match (window.over, stage) {
        (None, None) => {
            let read = |threshold| match measured.quotes {
                Some(quotes) => quoted::read(threshold, run, quotes),
                None => read(threshold, run, &measured.whole, run.judged()),
            };
            let readings = thresholds.iter().copied().map(read).collect();
            Ok(bounded(plan, run, thresholds, measured, None, &measured.whole, readings))
        }
        (Some(_), _) | (_, Some(_)) if measured.quotes.is_some() => Err(quoted::no_windows()),
        (None, Some(stage)) => {
            let found = measured.during(stage)?;
            let readings =
                thresholds.iter().map(|threshold| piece(threshold, run, &found)).collect();
            Ok(bounded(plan, run, thresholds, measured, Some(stage), &found.tally, readings))
        }
        (Some(over), stage) => worst(thresholds, run, |show| measured.over(over, stage, show)),
    });
    found.unwrap_or_else(|doubt| {
        thresholds.iter().map(|_| Reading::doubted(doubt.clone())).collect()
    })
}

/// The same readings with what bounds each.
fn bounded(
    plan: &Plan,
    run: &Run,
    thresholds: &[&Threshold],
    measured: &Measured,
    stage: Option<usize>,
    whole: &Tally,
    mut readings: Vec<Reading>,
) -> Vec<Reading> {
    let has_bounds = |threshold: &&Threshold| sure::has_bounds(threshold.metric);
    if measured.quotes.is_some() || !thresholds.iter().any(has_bounds) {
        return readings;
    }
    let Ok((from, to)) = measured.time(stage) else { return readings };
    let span = to.saturating_sub(from);
    let parts = (span >= SHORTEST).then(|| measured.batches(from, to)).flatten();
    let Some(parts) = parts else { return readings };
    let batches = Batches { whole, parts: &parts, span };
    for (reading, threshold) in readings.iter_mut().zip(thresholds) {
        let got = reading.got.filter(|_| !matches!(reading.outcome, Outcome::Unjudged(_)));
        reading.sure =
            got.and_then(|got| sure::sure(threshold, got, run, &batches, plan.confidence));
    }
    readings
}

/// The run's stage that a threshold means: by name where the plan has names, so that a run of
/// another plan is not taken for one of this.
fn stage_of(plan: &Plan, run: &Run, during: &During) -> Result<usize, Doubt> {
    let stages = &run.load.stages;
    let found = match (stage_name(plan, run, during), during) {
        (Some(name), _) => stages.iter().position(|stage| *stage == name),
        (None, During::Index(index)) => Some(*index).filter(|index| *index < stages.len()),
        (None, During::Named(_)) => None,
    };
    found.ok_or(Doubt::NoSuchStage)
}

fn stage_name(plan: &Plan, run: &Run, during: &During) -> Option<String> {
    let own = plan.drive.as_ref().map(|drive| &drive.load.profile.stages);
    let name = match (during, own) {
        (During::Named(name), _) => Some(name.clone()),
        (During::Index(index), Some(stages)) => {
            stages.get(*index).and_then(|stage| stage.name.clone())
        }
        (During::Index(index), None) => run.load.stages.get(*index).cloned(),
    };
    name.filter(|name| !name.is_empty())
}

fn finding(
    plan: &Plan,
    run: &Run,
    threshold: &Threshold,
    scope: Scope,
    reading: Reading,
) -> Finding {
    let during = threshold.window.during.as_ref().map(|during| {
        let named = stage_name(plan, run, during);
        named.unwrap_or_else(|| match during {
            During::Index(index) => format!("stage {}", index + 1),
            During::Named(name) => name.clone(),
        })
    });
    let (metric, limit, over) = (threshold.metric, threshold.limit, threshold.window.over);
    let missing =
        matches!(&reading.outcome, Outcome::Unjudged(Doubt::NoSuchScope { .. } | Doubt::NoSamples));
    // What need not be there is still said to be missing, but does not hold up the gate.
    let level = if missing && !threshold.required { Level::Warn } else { threshold.level };
    let asked = Asked::Limit { metric, limit, over, during };
    Finding {
        got: reading.got,
        between: reading.between,
        samples: reading.samples,
        level,
        at: reading.at,
        default: threshold.default,
        line: threshold.line,
        ..Finding::of(Rule::Sla, scope, asked, reading.outcome)
    }
}

fn piece(threshold: &Threshold, run: &Run, piece: &Piece) -> Reading {
    read(threshold, run, &piece.tally, piece.to.saturating_sub(piece.from))
}

fn read(threshold: &Threshold, run: &Run, tally: &Tally, span: Duration) -> Reading {
    let metric = threshold.metric;
    if let Some(doubt) = quoted::untold(run, metric) {
        return Reading::doubted(doubt);
    }
    let samples = tally.samples(metric);
    let got = tally.read(metric, Frame { span, timeout: run.load.timeout });
    let need = metric.samples_needed();
    let outcome = if tally.count() == 0 {
        Outcome::Unjudged(nothing(run))
    } else if samples < need {
        Outcome::Unjudged(Doubt::TooFew { have: samples, need })
    } else {
        got.map_or(Outcome::Unjudged(Doubt::OverRange), |value| met(threshold, value, tally))
    };
    let reading = Reading { got, between: None, samples, outcome, at: None, sure: None };
    quoted::in_steps(threshold, run, reading)
}

fn met(threshold: &Threshold, value: Value, tally: &Tally) -> Outcome {
    let limit = threshold.limit;
    let endless = matches!(value, Value::Time(time) if time >= TOLD_APART);
    if endless && tally.over_range(threshold.metric) > 0 && beyond(limit) {
        Outcome::Unjudged(Doubt::OverRange)
    } else if holds(limit, value) {
        Outcome::Held
    } else {
        Outcome::Breached
    }
}

/// Whether the bound lies where latencies are no longer told apart.
fn beyond(limit: Limit) -> bool {
    compare(limit.bound, Value::Time(TOLD_APART)).is_some_and(Ordering::is_ge)
}

/// The worst window for each threshold: of those that breach, else the first that cannot be judged,
/// else the one nearest to breaching. `windows` shows them one by one, and says whether the run
/// ended before all were over.
fn worst(
    thresholds: &[&Threshold],
    run: &Run,
    windows: impl FnOnce(&mut dyn FnMut(&Piece)) -> Result<bool, Doubt>,
) -> Result<Vec<Reading>, Doubt> {
    let mut worst: Vec<Option<Reading>> = thresholds.iter().map(|_| None).collect();
    let cut = windows(&mut |window| {
        for (worst, threshold) in worst.iter_mut().zip(thresholds) {
            let at = Some((window.from, window.to));
            let reading = Reading { at, ..piece(threshold, run, window) };
            if worst.as_ref().is_none_or(|worst| is_worse(threshold.limit, &reading, worst)) {
                *worst = Some(reading);
            }
        }
    })?;
    let ended = |worst: Option<Reading>| {
        let mut worst = worst.unwrap_or_else(|| Reading::doubted(nothing(run)));
        if cut && worst.outcome == Outcome::Held {
            worst.outcome = Outcome::Unjudged(Doubt::CutShort);
        }
        worst
    };
    Ok(worst.into_iter().map(ended).collect())
}

fn is_worse(limit: Limit, one: &Reading, other: &Reading) -> bool {
    let rank = |reading: &Reading| match reading.outcome {
        Outcome::Breached => 2,
        Outcome::Unjudged(_) => 1,
        Outcome::Held => 0,
    };
    let further = || {
        let order = one.got.zip(other.got).and_then(|(one, other)| compare(one, other));
        match limit.relation {
            Relation::Below | Relation::AtMost => order == Some(Ordering::Greater),
            Relation::Above | Relation::AtLeast => order == Some(Ordering::Less),
        }
    };
    let (one_rank, other_rank) = (rank(one), rank(other));
    one_rank > other_rank || (one_rank == other_rank && one_rank != 1 && further())
}
