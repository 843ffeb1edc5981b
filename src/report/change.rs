//! A change against another version in words: estimate, interval, what it rests on, what would have
//! been found.

use std::fmt;

use super::words;
use crate::judge::finding::{self, Change, Rests};
use crate::sanitise::Clean;
use crate::stats::side::Caution;

/// Who let a regression pass, until when, and why; fit for a sink.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// Why.
    pub reason: Clean,
    /// The last day on which it holds.
    pub until: Clean,
    /// Who answers for it.
    pub by: Clean,
}

impl Accepted {
    /// Tells it; `clean` makes text from outside fit for a sink.
    #[must_use]
    pub fn of(accepted: &finding::Accepted, clean: &dyn Fn(&str) -> Clean) -> Self {
        let finding::Accepted { reason, until, by } = accepted;
        Self { reason: clean(reason), until: clean(until), by: clean(by) }
    }
}

impl fmt::Display for Accepted {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reason, until, by } = self;
        write!(out, "accepted until {until} by {by}: {reason}")
    }
}

/// The estimate with what bounds it: `+7.2 % (+5.1 % to +9.4 %)`.
#[must_use]
pub fn estimate(change: &Change) -> String {
    let told = |share| words::change(share, change.in_points);
    let estimate = told(change.estimate).unwrap_or_else(|| "beyond measure".to_owned());
    match (told(change.lower), told(change.upper)) {
        (Some(lower), Some(upper)) => format!("{estimate} ({lower} to {upper})"),
        (Some(lower), None) => format!("{estimate} (more than {lower})"),
        (None, Some(upper)) => format!("{estimate} (less than {upper})"),
        (None, None) => estimate,
    }
}

/// What bounds it, in words; `None` where nothing does.
#[must_use]
pub fn bounds(change: &Change) -> Option<String> {
    let told = |share| words::change(share, change.in_points);
    match (told(change.lower), told(change.upper)) {
        (Some(lower), Some(upper)) => Some(format!("{lower} to {upper}")),
        (Some(lower), None) => Some(format!("{lower} or more")),
        (None, Some(upper)) => Some(format!("{upper} or less")),
        (None, None) => None,
    }
}

/// The estimate alone, for a column of numbers.
#[must_use]
pub fn short(change: &Change) -> String {
    words::change(change.estimate, change.in_points).unwrap_or_else(|| "–".to_owned())
}

/// What else a reader needs to believe it. `got` is what was measured of the version judged.
#[must_use]
pub fn remarks(change: &Change, got: Option<String>, samples: u64) -> Vec<String> {
    let rests = match change.rests {
        Rests::Rounds(count) => words::plural(count as u64, "round"),
        Rests::Runs(count) => words::plural(count as u64, "earlier run"),
    };
    let samples = words::plural(samples, "sample");
    let values = got.zip(change.base.map(words::value));
    let values = values.map(|(got, base)| format!("{got} against {base}, "));
    let from = format!("{}{rests}, {samples}", values.unwrap_or_default());
    let (p, method) = (words::chance(change.p), change.method);
    let how =
        if p.starts_with('<') { format!("{method}, p {p}") } else { format!("{method}, p = {p}") };
    let mut all = vec![from, how, detectable(change)];
    all.extend(change.cautions.iter().map(|caution| careful(*caution).to_owned()));
    all
}

/// A reason to read it with care, in a sentence.
fn careful(caution: Caution) -> &'static str {
    match caution {
        Caution::Trend => {
            "careful: the difference grew or shrank from round to round: warm up for longer"
        }
        Caution::Skewed => "careful: some rounds differ from all others",
        Caution::Drifting => {
            "careful: the version compared with became a fifth slower or faster meanwhile"
        }
    }
}

/// What would have been found, in a sentence.
fn detectable(change: &Change) -> String {
    let found = change.detectable.and_then(|share| words::change(share, change.in_points));
    match found {
        Some(share) if change.armed => {
            format!("a change of {share} would have been found in 95 of 100 comparisons like this")
        }
        Some(share) => format!(
            "only a change of {share} would have been found in 95 of 100 comparisons like this"
        ),
        None => "nobody can say which change would have been found".to_owned(),
    }
}
