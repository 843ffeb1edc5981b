//! `[sla]` as it is written, made into thresholds that agree with the load and with each other.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::time::Duration;

use super::axis::judged_span;
use super::probe::Probe;
use super::reader::{At, Reader, nearest};
use super::sla::{Entry, Sla};
use super::threshold::{During, Level, Limit, Relation, Selector, Threshold, Window};
use super::{Arrivals, Load, Request, glob, timed};
use crate::metric::{Metric, Timing, Value};
use crate::run::Model;
use crate::sanitise;
use crate::unit::{Quantile, Rate, Ratio, show_duration};

/// Windows of one threshold, at most.
const MOST_WINDOWS: u128 = 2_000;

/// What the thresholds must agree with; nothing to know where a file holds thresholds alone.
pub(super) struct Setting<'a> {
    pub(super) load: Option<&'a Load>,
    /// How long the run lasts, where that is known.
    pub(super) lasts: Option<Duration>,
    /// The file holds thresholds alone: what they must agree with is the run that is judged.
    pub(super) alone: bool,
    /// Scenarios have loads of their own, so that no stage is one of the whole.
    pub(super) apart: bool,
    /// The names of the stages as they are written, whatever else is wrong with the load.
    pub(super) stages: Vec<&'a str>,
    /// The names of the endpoints.
    pub(super) names: Vec<&'a str>,
    /// What is sent.
    pub(super) requests: &'a [Request],
    /// What is asked beside it.
    pub(super) probes: &'a [Probe],
    /// The names of the probes as they are written, whatever else is wrong with them.
    pub(super) asked: Vec<&'a str>,
}

/// A threshold, and where its limit stands.
struct Placed {
    threshold: Threshold,
    span: Range<usize>,
}

/// All thresholds in the order of the file, the default error rate last.
pub(super) fn thresholds(
    sla: &Sla,
    setting: &Setting<'_>,
    reader: &mut Reader<'_>,
) -> Vec<Threshold> {
    let mut placed = Vec::new();
    let mut seen: HashMap<(Option<&str>, Metric), usize> = HashMap::new();
    for entry in &sla.entries {
        let scope = entry.scope.as_ref().map(|scope| scope.value.as_str());
        let line = reader.page.line(entry.key.span.start);
        if let Some(first) = seen.insert((scope, entry.metric), line) {
            let message = format!("`{}` is there twice, by two spellings", entry.metric);
            let hint = format!("the first stands on line {first}; keep one of them");
            reader.fault(entry.key.span.clone(), message, hint);
        }
        placed.extend(entry_thresholds(entry, setting, reader));
    }
    scopes(sla, setting, reader);
    if setting.load.is_some() {
        timed::check(&sla.entries, &setting.names, setting.requests, reader);
    }
    warn_before_fail(&sla.entries, reader);
    rising(&placed, reader);
    let mut thresholds: Vec<_> = placed.into_iter().map(|placed| placed.threshold).collect();
    let asks = !thresholds.is_empty() || !sla.probes.is_empty();
    if !thresholds.iter().any(is_whole_error_rate) && asks {
        thresholds.push(default_error_rate());
    }
    thresholds
}

fn is_whole_error_rate(threshold: &Threshold) -> bool {
    threshold.selector == Selector::Whole
        && threshold.metric == Metric::ErrorRate
        && threshold.window.during.is_none()
}

/// What is asked of every run that is not told otherwise: less than 1 % of requests fail.
pub(super) fn default_error_rate() -> Threshold {
    let bound = Value::Share(Ratio::new(0.01).expect("1 % is a share"));
    Threshold {
        selector: Selector::Whole,
        metric: Metric::ErrorRate,
        limit: Limit { relation: Relation::Below, bound },
        level: Level::Fail,
        window: Window::default(),
        abort: None,
        required: true,
        default: true,
        line: 0,
    }
}

fn entry_thresholds(entry: &Entry, setting: &Setting<'_>, reader: &mut Reader<'_>) -> Vec<Placed> {
    let during = entry.during.as_ref().and_then(|at| stage(at, setting, reader));
    let over = entry.over.as_ref().map(|at| at.value.0);
    if let Some(at) = &entry.over {
        window_fits(at.value.0, &at.span, during.as_ref(), setting, reader);
    }
    if let Some(at) = &entry.abort {
        abort_in_time(at.value.0, &at.span, setting, reader);
    }
    let selector = entry
        .scope
        .as_ref()
        .map_or(Selector::Whole, |scope| Selector::Endpoints(scope.value.clone()));
    let levels = [(Level::Fail, &entry.fail), (Level::Warn, &entry.warn)];
    let limits = levels.into_iter().filter_map(|(level, limit)| Some((level, limit.as_ref()?)));
    limits
        .map(|(level, limit)| {
            reachable(entry, limit, setting, reader);
            let threshold = Threshold {
                selector: selector.clone(),
                metric: entry.metric,
                limit: limit.value,
                level,
                window: Window { over, during: during.clone() },
                abort: entry.abort.as_ref().map(|at| at.value.0).filter(|_| level == Level::Fail),
                required: entry.required,
                default: false,
                line: reader.page.line(limit.span.start),
            };
            Placed { threshold, span: limit.span.clone() }
        })
        .collect()
}

/// The stage that `during` names.
fn stage(
    at: &At<super::reader::Text>,
    setting: &Setting<'_>,
    reader: &mut Reader<'_>,
) -> Option<During> {
    let name = at.value.value.as_str();
    if setting.alone {
        return Some(During::Named(name.to_owned()));
    }
    if setting.apart {
        let hint = "leave it out, or write a gate file of its own".to_owned();
        let message = "scenarios with loads of their own have no stages together";
        reader.fault(at.span.clone(), message, hint);
        return None;
    }
    if !setting.stages.contains(&name) {
        let hint = match nearest(name, &setting.stages) {
            Some(near) => format!("did you mean `{near}`?"),
            None if setting.stages.is_empty() => {
                "give a `[[load.stage]]` of this file that name".to_owned()
            }
            None => format!("stages are {}", setting.stages.join(", ")),
        };
        reader.fault(at.span.clone(), format!("there is no stage `{}`", at.value.shown), hint);
        return None;
    }
    // Where the load is wrong, which has been told, its stages are known by name alone.
    let stages = &setting.load?.profile.stages;
    let index = stages.iter().position(|stage| stage.name.as_deref() == Some(name))?;
    let during = During::Index(index);
    if let Some(load) = setting.load.filter(|load| judged(load, Some(&during)).is_zero()) {
        let message = format!("the stage `{}` has no time that is judged", at.value.shown);
        let hint = format!("the warm-up lasts {}", show_duration(load.warm_up));
        reader.fault(at.span.clone(), message, hint);
        return None;
    }
    Some(during)
}

/// The judged time of the whole load, or of one stage.
fn judged(load: &Load, stage: Option<&During>) -> Duration {
    judged_span(load, stage).map_or(Duration::ZERO, |(from, to)| to.saturating_sub(from))
}

fn window_fits(
    over: Duration,
    span: &Range<usize>,
    during: Option<&During>,
    setting: &Setting<'_>,
    reader: &mut Reader<'_>,
) {
    let Some(load) = setting.load else { return };
    let judged = judged(load, during);
    if over > judged {
        let message = format!(
            "windows of {} do not fit into the judged {}",
            show_duration(over),
            show_duration(judged)
        );
        reader.fault(span.clone(), message, "make them shorter, or the load longer".to_owned());
    } else if judged.as_nanos().div_ceil(over.as_nanos()) > MOST_WINDOWS {
        let message = format!(
            "windows of {} are more than {MOST_WINDOWS} in the judged {}",
            show_duration(over),
            show_duration(judged)
        );
        reader.fault(span.clone(), message, "make them longer".to_owned());
    }
}

fn abort_in_time(
    abort: Duration,
    span: &Range<usize>,
    setting: &Setting<'_>,
    reader: &mut Reader<'_>,
) {
    let Some(whole) = setting.lasts else { return };
    if abort >= whole {
        let message = format!(
            "`abort` after {} never comes in a load of {}",
            show_duration(abort),
            show_duration(whole)
        );
        reader.fault(span.clone(), message, "make it shorter than the load".to_owned());
    }
}

/// More than is sent cannot be reached by any service.
fn reachable(entry: &Entry, limit: &At<Limit>, setting: &Setting<'_>, reader: &mut Reader<'_>) {
    let Some(load) = setting.load.filter(|load| load.profile.model == Model::Open) else { return };
    let peak = load.profile.peak();
    let (asked, most, shown) = match limit.value.bound {
        Value::Rate(asked) if entry.metric == Metric::Throughput => {
            (asked.micro().into(), peak.into(), Rate::from_micro(peak).written())
        }
        Value::Count(asked) if load.arrivals == Arrivals::Even => {
            let most = u128::from(peak) * judged(load, None).as_nanos();
            let most = most.div_ceil(1_000_000_000_000_000);
            (u128::from(asked), most, format!("{most} requests"))
        }
        Value::Rate(_)
        | Value::Count(_)
        | Value::Number(..)
        | Value::Time(_)
        | Value::Never
        | Value::Share(_) => {
            return;
        }
    };
    let (lower, above) =
        (!limit.value.relation.is_upper(), limit.value.relation == Relation::Above);
    if lower && (asked > most || (above && asked == most)) {
        let message = format!("`{}` asks for more than the {shown} that are sent", entry.key.value);
        let hint = "ask for somewhat less than the load, or raise the load".to_owned();
        reader.fault(limit.span.clone(), message, hint);
    }
}

/// Scopes that match no endpoint: said before the load, and unjudged after it.
fn scopes(sla: &Sla, setting: &Setting<'_>, reader: &mut Reader<'_>) {
    let (mut told, mut unmatched) = (HashSet::new(), 0);
    let names: HashSet<&str> = setting.names.iter().copied().collect();
    for scope in sla.entries.iter().filter_map(|entry| entry.scope.as_ref()) {
        if !told.insert(scope.span.start) {
            continue;
        }
        let empty = scope.value.trim().is_empty();
        if empty || sanitise::strip(&scope.value) != scope.value {
            let hint = "write an endpoint's name, or `*` for each".to_owned();
            reader.fault(scope.span.clone(), "this cannot be an endpoint's name", hint);
            continue;
        }
        let any = || setting.names.iter().any(|name| glob::selects(&scope.value, name));
        let known = names.contains(scope.value.as_str());
        if !known && setting.load.is_some() && !(glob::is_pattern(&scope.value) && any()) {
            unmatched += 1;
            // Alikeness is dear: a file where nothing matches has another mistake than spelling.
            let among = if unmatched <= 20 { &setting.names[..] } else { &[] };
            let near = nearest(&scope.value, among);
            let hint = near.map(|near| format!("did you mean `{near}`?"));
            let message = format!("`{}` matches no endpoint", scope.value);
            reader.warn(scope.span.clone(), message, hint);
        }
    }
}

/// A warning that comes after the failure says nothing.
fn warn_before_fail(entries: &[Entry], reader: &mut Reader<'_>) {
    for entry in entries {
        let (Some(fail), Some(warn)) = (&entry.fail, &entry.warn) else { continue };
        if fail.value.relation.is_upper() == warn.value.relation.is_upper()
            && looser(warn.value, fail.value)
        {
            let message =
                format!("`warn = \"{}\"` is looser than `fail = \"{}\"`", warn.value, fail.value);
            let hint = "a warning comes before a failure: make it the tighter one".to_owned();
            reader.fault(warn.span.clone(), message, hint);
        }
    }
}

/// Whether the first limit allows what the second does not; both bound from the same side.
fn looser(first: Limit, second: Limit) -> bool {
    let (Some(a), Some(b)) = (first.bound.number(), second.bound.number()) else { return false };
    if first.relation.is_upper() { a > b } else { a < b }
}

/// The family of percentiles a metric belongs to, and its place in it.
fn percentile(metric: Metric) -> Option<((bool, Option<Timing>), Quantile)> {
    match metric {
        Metric::Latency(quantile) => Some(((false, None), quantile)),
        Metric::Max => Some(((false, None), Quantile::MAX)),
        Metric::GoodLatency(quantile) => Some(((true, None), quantile)),
        Metric::Timing(timing, quantile) => Some(((true, Some(timing)), quantile)),
        Metric::Mean
        | Metric::ErrorRate
        | Metric::Throughput
        | Metric::Status(_)
        | Metric::Count
        | Metric::EventsPerSecond => None,
    }
}

/// A higher percentile is never smaller than a lower one, so its limit must not be either.
fn rising(placed: &[Placed], reader: &mut Reader<'_>) {
    let mut families: BTreeMap<_, Vec<(Quantile, &Placed)>> = BTreeMap::new();
    for one in placed {
        let Some((kind, quantile)) = percentile(one.threshold.metric) else { continue };
        let Threshold { selector, level, window, .. } = &one.threshold;
        let key = (selector.to_string(), kind, *level, window.over, window.during.clone());
        families.entry(key).or_default().push((quantile, one));
    }
    for family in families.values_mut() {
        family.sort_by_key(|(quantile, _)| *quantile);
        for pair in family.windows(2) {
            let (low, high) = (&pair[0].1, &pair[1].1);
            if pair[0].0 < pair[1].0 && looser(low.threshold.limit, high.threshold.limit) {
                let (low, high, at) = (&low.threshold, &high.threshold, high.span.clone());
                let message = format!(
                    "contradictory: `{} {}` is tighter than `{} {}`, and a higher percentile is \
                     never smaller",
                    high.metric, high.limit, low.metric, low.limit
                );
                let hint = format!("the limit of `{}` stands on line {}", low.metric, low.line);
                reader.fault(at, message, hint);
            }
        }
    }
}
