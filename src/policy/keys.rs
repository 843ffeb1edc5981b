//! Keys of two gate files side by side, as they are written: what each means for the bar.

use std::collections::BTreeSet;

use super::compared;
use super::difference::{Difference, Part, Way};
use super::loads::distance;
use super::written::{Leaves, METHODS, number};
use crate::metric::StatusRange;
use crate::plan::threshold::Level;

/// The most characters of a value that are shown.
const MOST_SHOWN: usize = 60;
/// What has a value that may be a secret, or a whole document.
const HIDDEN: [&str; 9] =
    ["headers", "body", "json", "form", "default", "message", "variables", "send", "talk"];

/// What a key means for the bar.
#[derive(Clone, Copy)]
enum Rule {
    /// Compared elsewhere, in numbers.
    Counted,
    /// What makes an answer good: more of it is stricter, another one is another bar.
    Expected,
    /// The statuses that are good: fewer are stricter.
    Status,
    /// More is stricter.
    AtLeast,
    /// What was measured is no longer what is measured.
    Asked,
    /// Rest between requests: less is stricter.
    Rest,
    /// An exception from the rules.
    Exception,
    /// How sure a pass must be: more is stricter, and without it nothing needs to be.
    Sure,
    /// What is compared with earlier versions, and how.
    Compared(Level),
    /// Neither more nor less.
    Told,
}

/// How the keys differ that no other comparison looks at.
pub(super) fn compare(old: &Leaves, new: &Leaves) -> Vec<Difference> {
    let paths: BTreeSet<&Vec<String>> = old.keys().chain(new.keys()).collect();
    let compares = |path: &Vec<String>| path.first().is_some_and(|word| word == "regression");
    let fresh = !old.keys().any(compares);
    let mut all: Vec<Difference> = Vec::new();
    for path in paths {
        let (was, is) = (old.get(path), new.get(path));
        // Of an entry that one of them lacks, the entry is told and nothing in it.
        let lacking = (1..path.len()).any(|end| {
            let entry = &path[..end];
            (old.get(entry).is_some() && new.get(entry).is_none())
                || (new.get(entry).is_some() && old.get(entry).is_none())
        });
        if was == is || lacking {
            continue;
        }
        let texts = (was.map(String::as_str), is.map(String::as_str));
        all.extend(told(path, texts, fresh));
    }
    all
}

fn told(
    path: &[String],
    (was, is): (Option<&str>, Option<&str>),
    fresh: bool,
) -> Option<Difference> {
    let entry = was.or(is).is_some_and(str::is_empty);
    let (way, level) = match rule(path, entry) {
        Rule::Counted => return None,
        Rule::Told => (Way::Changed, Level::Fail),
        Rule::Expected => (expected(was, is), Level::Fail),
        Rule::Status => (statuses(was, is)?, Level::Fail),
        Rule::Compared(level) => {
            let key = path.last().map_or("", String::as_str);
            (compared::way(key, (was, is), fresh), level)
        }
        Rule::Sure => (sure(was, is), Level::Fail),
        Rule::AtLeast => (at_least(was, is), Level::Fail),
        Rule::Asked => (Way::Loosened, Level::Fail),
        Rule::Rest => (rest(was, is)?, Level::Fail),
        Rule::Exception => (if is.is_some() { Way::Loosened } else { Way::Tightened }, Level::Fail),
    };
    let shown = |text: &str| shown(path, text);
    let (from, to) = (was.and_then(shown), is.and_then(shown));
    let numbers = was.and_then(number).zip(is.and_then(number));
    let elsewhere = from.is_some() && from == to && was != is;
    let by = numbers.filter(|_| from.is_some()).and_then(|(was, is)| distance(was, is));
    let by = if elsewhere { Some("another query".to_owned()) } else { by };
    let what = named(path);
    let what = match (way, entry || from.is_none() && to.is_none(), was, is) {
        (Way::Changed, true, Some(_), None) => format!("{what}, no longer there"),
        (Way::Changed, true, None, Some(_)) => format!("{what}, new"),
        (_, _, _, _) => what,
    };
    Some(Difference { level, from, to, by, ..Difference::new(way, part(path), what) })
}

fn rule(path: &[String], entry: bool) -> Rule {
    let words: Vec<&str> = path.iter().map(String::as_str).collect();
    let last = words.last().copied().unwrap_or_default();
    let within = |word: &str| words[1..].contains(&word);
    let called = matches!(last, "method" | "path" | "ws") || within("grpc") || within("graphql");
    let asked = METHODS.contains(&last) || called;
    match words.first().copied().unwrap_or_default() {
        "sla" if words.len() == 2 && last == "confidence" => Rule::Sure,
        "sla" => Rule::Counted,
        "target" if matches!(last, "timeout" | "insecure") => Rule::Counted,
        "load" if within("stage") => Rule::Counted,
        "load"
            if matches!(last, "rate" | "users" | "duration" | "ramp" | "warm_up" | "arrivals") =>
        {
            Rule::Counted
        }
        "request" if entry || last == "weight" => Rule::Counted,
        "load" if matches!(last, "spawn_rate" | "ramp_down") => Rule::Counted,
        "scenario" if within("load") => Rule::Counted,
        "scenario" if matches!(last, "wait" | "paced") => Rule::Rest,
        "scenario" if matches!(last, "rate" | "users" | "duration") => Rule::AtLeast,
        "request" | "scenario" if words.ends_with(&["expect", "status"]) => Rule::Status,
        "request" | "scenario" if within("expect") => Rule::Expected,
        "scenario" if within("extract") && last == "default" => Rule::Exception,
        "scenario" if within("extract") || within("data") => Rule::Told,
        "request" | "scenario" if asked && !within("headers") && !within("json") => Rule::Asked,
        "regression" if last == "warn" => Rule::Compared(Level::Warn),
        "regression" => Rule::Compared(Level::Fail),
        "accept" => Rule::Exception,
        _ => Rule::Told,
    }
}

fn expected(was: Option<&str>, is: Option<&str>) -> Way {
    match (was, is) {
        (None, _) => Way::Added,
        (Some(_), None) => Way::Removed,
        (Some(_), Some(_)) => Way::Loosened,
    }
}

/// Statuses below 400 are good where nothing is said. `None` where the same ones are good.
fn statuses(was: Option<&str>, is: Option<&str>) -> Option<Way> {
    let good = |text: Option<&str>| -> BTreeSet<u16> {
        let Some(text) = text else { return (100..400).collect() };
        let words = text.trim_matches(['[', ']']).split(',');
        let ranges: Vec<_> = words.filter_map(|word| StatusRange::parse(word.trim())).collect();
        (100..600).filter(|code| ranges.iter().any(|range| range.contains(*code))).collect()
    };
    let (was, is) = (good(was), good(is));
    let way = if is.is_subset(&was) { Way::Tightened } else { Way::Loosened };
    (was != is).then_some(way)
}

fn sure(was: Option<&str>, is: Option<&str>) -> Way {
    match (was, is) {
        (None, _) => Way::Added,
        (Some(_), None) => Way::Removed,
        (Some(_), Some(_)) => at_least(was, is),
    }
}

fn at_least(was: Option<&str>, is: Option<&str>) -> Way {
    let numbers = was.and_then(number).zip(is.and_then(number));
    if numbers.is_some_and(|(was, is)| is > was) { Way::Tightened } else { Way::Loosened }
}

/// Longer rests make fewer requests. `None` where they are as long on average.
fn rest(was: Option<&str>, is: Option<&str>) -> Option<Way> {
    let mean = |text: Option<&str>| {
        let Some(text) = text else { return Some(0.0) };
        let (from, to) = text.split_once("..").unwrap_or((text, text));
        Some(f64::midpoint(number(from)?, number(to)?))
    };
    let Some((was, is)) = mean(was).zip(mean(is)) else { return Some(Way::Loosened) };
    let way = if is < was { Way::Tightened } else { Way::Loosened };
    ((was - is).abs() > f64::EPSILON).then_some(way)
}

fn part(path: &[String]) -> Part {
    match path.first().map_or("", String::as_str) {
        "load" => Part::Load,
        "request" | "scenario" => Part::Requests,
        "target" => Part::Target,
        "sla" | "regression" => Part::Sla,
        _ => Part::Other,
    }
}

/// The place of a key as a person reads it: `request GET /cart: expect.status`.
fn named(path: &[String]) -> String {
    match path {
        [kind, name] if kind == "request" || kind == "scenario" => format!("{kind} {name}"),
        [kind, name, rest @ ..] if kind == "request" || kind == "scenario" => {
            format!("{kind} {name}: {}", rest.join("."))
        }
        [] | [_, ..] => path.join("."),
    }
}

/// A value as it may be shown; `None` where it may be a secret, or has no value.
fn shown(path: &[String], text: &str) -> Option<String> {
    let expected = path.iter().any(|word| word == "expect");
    let secret = !expected && path.iter().any(|word| HIDDEN.contains(&word.as_str()));
    if secret || text.is_empty() {
        return None;
    }
    // What stands in a query may be a key to the house.
    let query = path.last().is_some_and(|last| METHODS.contains(&last.as_str()) || last == "path");
    let (text, more) = match text.split_once('?').filter(|_| query) {
        Some((path, _)) => (path, "?…"),
        None => (text, ""),
    };
    let cut = text.char_indices().nth(MOST_SHOWN).map(|(at, _)| &text[..at]);
    Some(cut.map_or_else(|| format!("{text}{more}"), |cut| format!("{cut}…")))
}
