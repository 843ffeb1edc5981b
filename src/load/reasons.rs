//! Why requests failed: examples, and how often each expectation was missed.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use super::probe::Answer;
use crate::plan::rule::time_asked;
use crate::run::Missed;
use crate::sample::{End, Failure, Unmet};
use crate::unit::show_duration;

/// More expectations of an endpoint than these are counted as one.
const MOST: usize = 200;

/// How long an example may be, in characters.
const LONGEST: usize = 200;

/// Request, class, and one example of why.
pub(super) type Examples = Vec<(usize, Failure, String)>;

/// Why the requests of a load thread failed.
#[derive(Debug, Default)]
pub(super) struct Reasons {
    pub(super) examples: Examples,
    /// Expectations that judged answers missed, with their endpoint.
    pub(super) missed: Vec<(usize, Missed)>,
}

/// What a load thread notes of failures that the protocol does not know, or does not count.
#[derive(Default)]
pub(super) struct Noted {
    examples: BTreeMap<usize, String>,
    missed: BTreeMap<usize, BTreeMap<String, Missed>>,
}

/// Why the requests of an endpoint failed.
#[derive(Clone, Default)]
pub(super) struct Whys {
    pub(super) examples: BTreeMap<Failure, String>,
    missed: BTreeMap<String, Missed>,
}

impl Noted {
    /// Keeps the first words on an expectation that a request did not meet.
    pub(super) fn note(&mut self, request: usize, what: String) {
        let cut = |what: String| what.chars().take(LONGEST).collect();
        self.examples.entry(request).or_insert_with(|| cut(what));
    }

    /// Counts an expectation of an endpoint that was not met.
    pub(super) fn miss(&mut self, endpoint: usize, unmet: Unmet) {
        let missed = self.missed.entry(endpoint).or_default();
        let Unmet { asked, got, .. } = unmet;
        if let Some(known) = missed.get_mut(&asked) {
            known.count += 1;
            return;
        }
        let full = missed.len() >= MOST;
        let asked = if full { "another expectation".to_owned() } else { asked };
        let cut = |text: String| text.chars().take(LONGEST).collect::<String>();
        let first = Missed { asked: cut(asked.clone()), count: 0, got: cut(got) };
        missed.entry(asked).or_insert(first).count += 1;
    }

    /// All of it, with the examples that the protocol has.
    pub(super) fn reasons(&self, mut examples: Examples) -> Reasons {
        let own = self.examples.iter();
        examples.extend(own.map(|(&at, what)| (at, Failure::Expectation, what.clone())));
        let missed = self.missed.iter().flat_map(|(&endpoint, missed)| {
            missed.values().map(move |missed| (endpoint, missed.clone()))
        });
        Reasons { examples, missed: missed.collect() }
    }
}

impl Whys {
    /// Keeps the first example of a failure.
    pub(super) fn note(&mut self, why: Failure, what: String) {
        self.examples.entry(why).or_insert(what);
    }

    /// Adds what a load thread counted.
    pub(super) fn miss(&mut self, missed: Missed) {
        match self.missed.get_mut(&missed.asked) {
            Some(known) => known.count += missed.count,
            None => drop(self.missed.insert(missed.asked.clone(), missed)),
        }
    }

    /// The expectations that were missed, most often missed first.
    pub(super) fn missed(&self) -> Vec<Missed> {
        let mut missed: Vec<_> = self.missed.values().cloned().collect();
        missed.sort_by_key(|missed| Reverse(missed.count));
        missed
    }
}

/// Judges how long a good answer took: the words for what it did not meet.
pub(super) fn too_late(
    most: Option<Duration>,
    took: Duration,
    answer: &mut Answer,
) -> Option<String> {
    let (Some(most), End::Good(status)) = (most, answer.end) else { return None };
    if took <= most {
        return None;
    }
    let what = format!("later than {}", show_duration(most));
    let got = format!("{:.3} ms", took.as_secs_f64() * 1_000.0);
    answer.unmet = Some(Box::new(Unmet { asked: time_asked(most), got, what: what.clone() }));
    answer.end = End::Failed { why: Failure::Expectation, status: Some(status) };
    Some(what)
}
