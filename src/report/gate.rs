//! What was asked, as the gate file could have it: the limits a run was judged by, wherever each of
//! them came from. Written from the plan and not from the file, which may hold what nobody shall
//! see.

use std::fmt::Write as _;

use crate::plan::Plan;
use crate::plan::regression::Regression;
use crate::plan::threshold::{During, Level, Selector, Threshold};
use crate::sanitise::Clean;
use crate::unit::show_duration;

/// The lines of `[sla]`, `[regression]` and `[[accept]]`; `clean` makes text from outside fit for a
/// sink.
#[must_use]
pub fn lines(plan: &Plan, clean: &dyn Fn(&str) -> Clean) -> Vec<Clean> {
    let mut out = Vec::new();
    let mut last: Option<&Selector> = None;
    for threshold in &plan.thresholds {
        if last != Some(&threshold.selector) {
            out.push(headline("sla", &threshold.selector));
        }
        last = Some(&threshold.selector);
        out.push(limit(threshold));
    }
    let mut last = None;
    for limit in &plan.probe_limits {
        let (probe, gauge) = (&limit.probe, key(&limit.gauge.to_string()));
        let rule = match limit.level {
            Level::Fail => format!("\"{}\"", limit.limit),
            Level::Warn => format!("{{ warn = \"{}\" }}", limit.limit),
        };
        if last != Some(probe) {
            out.push(format!("[sla.probe.{probe}]"));
        }
        last = Some(probe);
        out.push(format!("{gauge} = {rule}{}", origin(false, limit.line)));
    }
    if let Some(regression) = &plan.regression {
        out.extend(compared(regression));
    }
    for accept in &plan.accepts {
        let (scope, metric) = (&accept.selector, accept.metric);
        let (until, by) = (&accept.until, &accept.by);
        out.push(format!("# accepted until {until} by {by}: {scope} {metric}"));
    }
    out.iter().map(|line| clean(line)).collect()
}

fn headline(table: &str, selector: &Selector) -> String {
    match selector {
        Selector::Whole => format!("[{table}]"),
        Selector::Endpoints(pattern) => format!("[{table}.{pattern:?}]"),
    }
}

fn limit(threshold: &Threshold) -> String {
    let Threshold { metric, limit, level, window, abort, default, line, .. } = threshold;
    let mut keys = vec![format!("{} = \"{limit}\"", word(*level))];
    keys.extend(window.over.map(|over| format!("over = \"{}\"", show_duration(over))));
    keys.extend(window.during.as_ref().map(|during| match during {
        During::Index(index) => format!("during = {index}"),
        During::Named(name) => format!("during = {name:?}"),
    }));
    keys.extend(abort.map(|abort| format!("abort = \"{}\"", show_duration(abort))));
    let rule = match &keys[..] {
        [_] if *level == Level::Fail => format!("\"{limit}\""),
        keys => format!("{{ {} }}", keys.join(", ")),
    };
    format!("{} = {rule}{}", key(&metric.to_string()), origin(*default, *line))
}

fn compared(regression: &Regression) -> Vec<String> {
    let mut out = vec!["[regression]".to_owned()];
    out.extend(regression.baseline.as_ref().map(|branch| format!("baseline = {branch:?}")));
    out.extend(regression.against.as_ref().map(|site| format!("against = {:?}", site.shown)));
    out.push(format!("confidence = \"{}\"", regression.confidence));
    out.push(format!("ignore = \"{}\"", regression.ignore));
    if regression.against.is_some() {
        let (rounds, round) = (regression.rounds(), show_duration(regression.round()));
        out.push(format!("rounds = {rounds}"));
        out.push(format!("round = \"{round}\""));
        out.push(format!("mode = \"{}\"", regression.mode.name()));
    }
    let mut last = &Selector::Whole;
    for change in &regression.changes {
        if change.selector != *last {
            out.push(headline("regression", &change.selector));
            last = &change.selector;
        }
        let mut rule = format!("\"{}\"", change.limit);
        if change.level == Level::Warn || change.floor.is_some() {
            rule = format!("{{ {} = {rule}", word(change.level));
            if let Some(floor) = change.floor {
                let _ = write!(rule, ", floor = \"{}\"", show_duration(floor));
            }
            rule.push_str(" }");
        }
        let (metric, origin) =
            (key(&change.metric.to_string()), origin(change.default, change.line));
        out.push(format!("{metric} = {rule}{origin}"));
    }
    out
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Fail => "fail",
        Level::Warn => "warn",
    }
}

/// A metric as a key: `p99.9` needs quotes.
fn key(metric: &str) -> String {
    if metric.contains('.') { format!("\"{metric}\"") } else { metric.to_owned() }
}

fn origin(default: bool, line: usize) -> String {
    match (default, line) {
        (true, _) => "  # a default".to_owned(),
        (false, 0) => String::new(),
        (false, line) => format!("  # line {line}"),
    }
}
