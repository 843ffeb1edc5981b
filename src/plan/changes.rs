//! `[regression]` made into what a comparison asks, in agreement with itself and with the load.

use std::collections::HashMap;
use std::time::Duration;

use super::address::Address;
use super::compare::{Compare, Percent, Wish};
use super::fault::Fault;
use super::limits::Setting;
use super::reader::{At, Reader, Slot, nearest};
use super::regression::{Change, IGNORED_ERRORS, Mode, Regression};
use super::threshold::{Level, Selector};
use super::{Site, Target, glob};
use crate::metric::Metric;
use crate::run::Model;
use crate::unit::{Margin, Ratio};

/// The least confidence that means anything, and the most that some rounds can reach.
const CONFIDENT: (f64, f64) = (0.8, 0.9999);
/// The most that may be ignored.
const MOST_IGNORED: f64 = 0.5;
/// Turns of one version and of the other, each of which loses its beginning.
const SHORTEST_TURNS: Duration = Duration::from_secs(4);

/// The comparison that is asked for by the file, or by a flag alone.
pub(super) fn regression(
    written: &Slot<Compare>,
    setting: &Setting<'_>,
    target: Option<&Target>,
    flag: Option<&str>,
    reader: &mut Reader<'_>,
) -> Option<Regression> {
    let mut regression = Regression::usual();
    match written {
        Slot::Is(at) => fill(&mut regression, &at.value, setting, reader),
        Slot::Absent if flag.is_some() => {}
        Slot::Absent | Slot::Bad => return None,
    }
    let keys = written.value().map(|compare| &compare.keys);
    let at = keys.and_then(|keys| keys.against.get());
    let address = match (flag, at) {
        (Some(flag), _) => Some((flag, flag.trim().to_owned())),
        (None, Some(at)) => Some((at.value.value.as_str(), at.value.shown.trim().to_owned())),
        (None, None) => None,
    };
    if let Some((text, shown)) = address {
        let place = if flag.is_some() { None } else { at.map(|at| at.span.clone()) };
        let wrong = |why: String, hint: String, reader: &mut Reader<'_>| {
            if let Some(span) = &place {
                return reader.fault(span.clone(), format!("`against` {why}"), hint);
            }
            let message = format!("the address {why}");
            reader.faults.push(Fault::outside("--against", message, Some(hint)));
        };
        match Address::parse(text) {
            Ok(_) if setting.load.is_some_and(|load| !load.shard.is_alone()) => {
                let hint = "compare on one machine, and share the load without it".to_owned();
                wrong("cannot be compared with from several machines".to_owned(), hint, reader);
            }
            Ok(Address { secure, host, port, prefix }) => {
                if target.is_some_and(|target| target.prefix != prefix) {
                    let hint = "both versions are asked for the same paths".to_owned();
                    wrong("has another path than the target".to_owned(), hint, reader);
                }
                regression.against = Some(Site { secure, host, port, shown });
            }
            Err(bad) => wrong(bad.why, bad.hint, reader),
        }
    }
    Some(regression)
}

fn fill(
    regression: &mut Regression,
    written: &Compare,
    setting: &Setting<'_>,
    reader: &mut Reader<'_>,
) {
    let keys = &written.keys;
    regression.baseline = keys.baseline.value().map(|text| text.value.trim().to_owned());
    if let Some(at) = keys.baseline.get().filter(|at| at.value.value.trim().is_empty()) {
        let hint = "write a branch: `baseline = \"main\"`".to_owned();
        reader.fault(at.span.clone(), "`baseline` names no branch", hint);
    }
    if let Some(share) = keys.confidence.get().and_then(|at| confidence(at, reader)) {
        regression.confidence = share;
    }
    if let Some(share) = keys.ignore.get().and_then(|at| ignored(at, reader)) {
        regression.ignore = share;
    }
    regression.inconclusive = keys.inconclusive.value().map(|one| one.0).unwrap_or_default();
    regression.mode = keys.mode.value().map(|one| one.0).unwrap_or_default();
    let rounds = keys.rounds.value().and_then(|rounds| usize::try_from(rounds.0).ok());
    regression.rounds = rounds;
    regression.round = keys.round.value().map(|round| round.0);
    regression.restart = keys.restart.value().map(|text| text.value.clone());
    if let Some(at) = keys.restart.get().filter(|at| at.value.value.trim().is_empty()) {
        let hint = "write the command, or leave the key out".to_owned();
        reader.fault(at.span.clone(), "`restart` is empty", hint);
    }
    if let Some(at) = keys.round.get()
        && regression.mode == Mode::Alternate
        && at.value.0 < SHORTEST_TURNS
    {
        let hint = "write at least `round = \"4s\"`".to_owned();
        reader.fault(at.span.clone(), "turns of 2s do not fit into this round", hint);
    }
    if let Some(at) = keys.mode.get().filter(|at| at.value.0 == Mode::Alternate)
        && setting.load.is_some_and(|load| load.profile.model == Model::Closed)
    {
        let hint = "write `mode = \"duet\"`, or a `rate` in `[load]`".to_owned();
        reader.fault(at.span.clone(), "users cannot take turns, only arrivals can", hint);
    }
    twice(&written.entries, reader);
    scopes(&written.entries, setting, reader);
    let ignored = regression.ignore;
    let own = written.entries.iter().flat_map(|wish| changes(wish, ignored, reader)).collect();
    if !written.entries.is_empty() {
        regression.changes = own;
    }
}

fn confidence(at: &At<Percent>, reader: &mut Reader<'_>) -> Option<Ratio> {
    let share = at.value.0.share();
    if !(CONFIDENT.0..=CONFIDENT.1).contains(&share) {
        let hint = "write `confidence = \"99%\"`".to_owned();
        reader.fault(at.span.clone(), "`confidence` is not between 80% and 99.99%", hint);
        return None;
    }
    Some(at.value.0)
}

fn ignored(at: &At<Percent>, reader: &mut Reader<'_>) -> Option<Ratio> {
    if at.value.0.share() > MOST_IGNORED {
        let hint = "write `ignore = \"1%\"`".to_owned();
        reader.fault(at.span.clone(), "`ignore` is more than 50%", hint);
        return None;
    }
    Some(at.value.0)
}

/// Two spellings of one metric.
fn twice(entries: &[Wish], reader: &mut Reader<'_>) {
    let mut seen: HashMap<(Option<&str>, Metric), usize> = HashMap::new();
    for wish in entries {
        let scope = wish.scope.as_ref().map(|scope| scope.value.as_str());
        let line = reader.page.line(wish.key.span.start);
        if let Some(first) = seen.insert((scope, wish.metric), line) {
            let message = format!("`{}` is there twice, by two spellings", wish.metric);
            let hint = format!("the first stands on line {first}; keep one of them");
            reader.fault(wish.key.span.clone(), message, hint);
        }
    }
}

/// Scopes that match no endpoint: said before the load, and unjudged after it.
fn scopes(entries: &[Wish], setting: &Setting<'_>, reader: &mut Reader<'_>) {
    let mut told: Vec<usize> = Vec::new();
    for scope in entries.iter().filter_map(|wish| wish.scope.as_ref()) {
        if told.contains(&scope.span.start) {
            continue;
        }
        told.push(scope.span.start);
        let plain = crate::sanitise::strip(&scope.value) == scope.value;
        if scope.value.trim().is_empty() || !plain {
            let hint = "write an endpoint's name, or `*` for each".to_owned();
            reader.fault(scope.span.clone(), "this cannot be an endpoint's name", hint);
        } else if setting.load.is_some()
            && !setting.names.iter().any(|name| glob::selects(&scope.value, name))
        {
            let near = nearest(&scope.value, &setting.names);
            let hint = near.map(|near| format!("did you mean `{near}`?"));
            reader.warn(scope.span.clone(), format!("`{}` matches no endpoint", scope.value), hint);
        }
    }
}

fn changes(wish: &Wish, ignored: Ratio, reader: &mut Reader<'_>) -> Vec<Change> {
    if let (Some(fail), Some(warn)) = (&wish.fail, &wish.warn)
        && warn.value.size() >= fail.value.size()
    {
        let message =
            format!("`warn = \"{}\"` comes after `fail = \"{}\"`", warn.value, fail.value);
        let hint = "a warning comes before a failure: make it the smaller one".to_owned();
        reader.fault(warn.span.clone(), message, hint);
    }
    let selector = wish.scope.as_ref();
    let selector =
        selector.map_or(Selector::Whole, |scope| Selector::Endpoints(scope.value.clone()));
    let levels = [(Level::Fail, &wish.fail), (Level::Warn, &wish.warn)];
    let limits = levels.into_iter().filter_map(|(level, limit)| Some((level, limit.as_ref()?)));
    limits
        .map(|(level, limit)| {
            beyond_ignored(limit, ignored, reader);
            Change {
                selector: selector.clone(),
                metric: wish.metric,
                limit: limit.value,
                floor: wish.floor.as_ref().map(|floor| floor.value.0),
                level,
                default: false,
                line: reader.page.line(limit.span.start),
            }
        })
        .collect()
}

/// A limit within what is ignored could never be breached.
fn beyond_ignored(limit: &At<Margin>, ignored: Ratio, reader: &mut Reader<'_>) {
    let (least, what) = if limit.value.is_points() {
        (IGNORED_ERRORS, "a rise of up to 0.1pp".to_owned())
    } else {
        (ignored.share(), format!("a change of up to {ignored} (`ignore`)"))
    };
    if limit.value.size() <= least {
        let message = format!("`{}` is never breached: {what} is never claimed", limit.value);
        let hint = "allow more, or ignore less".to_owned();
        reader.fault(limit.span.clone(), message, hint);
    }
}
