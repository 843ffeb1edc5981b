//! The expectations of two gate files side by side.

use super::difference::{Difference, Part, Way};
use crate::metric::Metric;
use crate::plan::threshold::{During, Level, Limit, Relation, Selector, Threshold};
use crate::plan::{Plan, glob};
use crate::unit::show_duration;

/// A threshold together with the name of the stage it looks at.
struct Bar<'a> {
    threshold: &'a Threshold,
    stage: Option<String>,
}

/// How the expectations differ. One that another covers is not gone.
pub(super) fn compare(base: &Plan, change: &Plan) -> Vec<Difference> {
    let (old, new) = (bars(base), bars(change));
    let mut taken = vec![false; new.len()];
    let mut partner = vec![None; old.len()];
    let least = [SAME, ALIKE, RELATED];
    for least in least {
        for (bar, partner) in old.iter().zip(&mut partner).filter(|(_, found)| found.is_none()) {
            let free = new.iter().enumerate().filter(|(at, _)| !taken[*at]);
            let likest = free.map(|(at, one)| (likeness(bar, one), at)).rev().max();
            if let Some((_, at)) = likest.filter(|(likeness, _)| *likeness >= least) {
                (taken[at], *partner) = (true, Some(at));
            }
        }
    }
    let pairs = old.iter().zip(partner);
    let mut all: Vec<Difference> =
        pairs.filter_map(|(bar, at)| difference(bar, at.map(|at| &new[at]), &new)).collect();
    let added = new.iter().zip(taken).filter(|(_, taken)| !taken).map(|(bar, _)| bar);
    all.extend(added.map(|bar| told(bar, Way::Added, None, Some(bar))));
    all
}

fn bars(plan: &Plan) -> Vec<Bar<'_>> {
    let name = |index: usize| {
        let stage = plan.drive.as_ref().and_then(|drive| drive.load.profile.stages.get(index));
        let named = stage.and_then(|stage| stage.name.clone());
        named.unwrap_or_else(|| format!("stage {}", index + 1))
    };
    let stage = |threshold: &Threshold| match threshold.window.during.as_ref()? {
        During::Index(index) => Some(name(*index)),
        During::Named(name) => Some(name.clone()),
    };
    let all = plan.thresholds.iter();
    all.map(|threshold| Bar { threshold, stage: stage(threshold) }).collect()
}

/// Two bars that are one.
const SAME: u32 = 100;
/// Two bars that differ in their limit alone.
const ALIKE: u32 = 11;
/// Two bars of one metric of one scope.
const RELATED: u32 = 1;

/// How much one bar looks like another's next version; 0 for bars of different things.
fn likeness(one: &Bar<'_>, other: &Bar<'_>) -> u32 {
    let (a, b) = (one.threshold, other.threshold);
    if a.selector != b.selector || a.metric != b.metric {
        return 0;
    }
    let stage = one.stage == other.stage;
    let window = a.window.over == b.window.over;
    let level = a.level == b.level;
    let limit = a.limit == b.limit && a.required == b.required;
    let alike = u32::from(level) * 6 + u32::from(stage) * 2 + u32::from(window) * 2;
    if alike == 10 && limit { SAME } else { 1 + alike }
}

fn difference(old: &Bar<'_>, new: Option<&Bar<'_>>, all: &[Bar<'_>]) -> Option<Difference> {
    let cover = all.iter().find(|one| covers(one, old));
    match (new, cover) {
        (Some(new), _) if likeness(old, new) == SAME => aborts(old, new),
        (Some(new), _) if covers(new, old) => Some(told(old, Way::Tightened, Some(old), Some(new))),
        (Some(new), None) => Some(told(old, Way::Loosened, Some(old), Some(new))),
        (Some(new), Some(cover)) => {
            let by = Some(format!("{} {} still asks for it", named(cover), words(cover)));
            Some(Difference { by, ..told(old, Way::Changed, Some(old), Some(new)) })
        }
        (None, Some(cover)) => {
            let by = Some(format!("{} {} covers it", named(cover), words(cover)));
            Some(Difference { by, ..told(old, Way::Changed, Some(old), None) })
        }
        (None, None) => Some(told(old, Way::Removed, Some(old), None)),
    }
}

/// When a breach ends the run early: what it saves is time, and no verdict.
fn aborts(old: &Bar<'_>, new: &Bar<'_>) -> Option<Difference> {
    let time = |bar: &Bar<'_>| bar.threshold.abort.map_or("never".to_owned(), show_duration);
    let (from, to) = (time(old), time(new));
    let what = format!("{}, early end", named(old));
    (from != to).then(|| Difference::new(Way::Changed, Part::Sla, what).from(from).to(to))
}

fn told(of: &Bar<'_>, way: Way, from: Option<&Bar<'_>>, to: Option<&Bar<'_>>) -> Difference {
    let level = from.or(to).map_or(Level::Fail, |bar| bar.threshold.level);
    let told = Difference::new(way, Part::Sla, named(of));
    Difference { level, from: from.map(words), to: to.map(words), ..told }
}

fn named(bar: &Bar<'_>) -> String {
    format!("{} {}", bar.threshold.selector, bar.threshold.metric)
}

/// The limit with all that makes it more or less strict.
fn words(bar: &Bar<'_>) -> String {
    let threshold = bar.threshold;
    let over = threshold.window.over.map(|over| format!(" each {}", show_duration(over)));
    let during = bar.stage.as_ref().map(|stage| format!(" during {stage}"));
    let warn = if threshold.level == Level::Warn { " (only warns)" } else { "" };
    let missing = if threshold.required { "" } else { " (may be missing)" };
    let default = if threshold.default { " (default)" } else { "" };
    let more = over.unwrap_or_default() + &during.unwrap_or_default();
    format!("{}{more}{warn}{missing}{default}", threshold.limit)
}

/// Whether nothing that a bar lets pass could be stopped by another: the other need not be asked.
fn covers(one: &Bar<'_>, other: &Bar<'_>) -> bool {
    let (a, b) = (one.threshold, other.threshold);
    a.level >= b.level
        && (a.required || !b.required)
        && holds_more(&a.selector, &b.selector)
        && is_as_far(a.metric, b.metric)
        && is_as_strict(a.limit, b.limit)
        && one.stage == other.stage
        && match (a.window.over, b.window.over) {
            (None | Some(_), None) => true,
            (None, Some(_)) => false,
            (Some(a), Some(b)) => !a.is_zero() && b.as_nanos().is_multiple_of(a.as_nanos()),
        }
}

/// Whether each endpoint that the second means is meant by the first.
fn holds_more(one: &Selector, other: &Selector) -> bool {
    match (one, other) {
        (Selector::Whole, Selector::Whole) => true,
        (Selector::Endpoints(a), Selector::Endpoints(b)) => {
            a == b || a == "*" || (!glob::is_pattern(b) && glob::matches(a, b))
        }
        (Selector::Whole, Selector::Endpoints(_)) | (Selector::Endpoints(_), Selector::Whole) => {
            false
        }
    }
}

/// Whether a bound on the first metric bounds the second as well: a higher percentile does.
fn is_as_far(one: Metric, other: Metric) -> bool {
    match (one, other) {
        (Metric::Latency(a), Metric::Latency(b) | Metric::GoodLatency(b))
        | (Metric::GoodLatency(a), Metric::GoodLatency(b)) => a >= b,
        (one, other) => one == other,
    }
}

fn is_as_strict(one: Limit, other: Limit) -> bool {
    if one.relation.is_upper() != other.relation.is_upper() {
        return false;
    }
    let (Some(a), Some(b)) = (one.bound.number(), other.bound.number()) else { return false };
    let further = if one.relation.is_upper() { a < b } else { a > b };
    let open = |limit: Limit| match limit.relation {
        Relation::Below | Relation::Above => true,
        Relation::AtMost | Relation::AtLeast => false,
    };
    let same = one.bound == other.bound;
    (further && !same) || (same && (open(one) || !open(other)))
}
