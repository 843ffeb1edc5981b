//! How much of the load asked for was put on, and how much of it was answered, in words.

use super::facts::{Facts, Fitness, Load};
use super::measured::Measured;
use super::words;
use crate::run::Model;
use crate::sample::Failure;

/// What was sent beside what was planned, and why they differ.
#[derive(Clone, Debug)]
pub(super) struct Told {
    /// `3,600 of 4,800`, or the requests alone where no timetable says how many there should be.
    pub(super) number: String,
    /// Which share of the plan that is; `None` without a timetable.
    pub(super) share: Option<f64>,
    /// What became of the rest, what was not answered, and at which rate good answers came.
    pub(super) rest: Vec<String>,
}

/// Tells it.
#[must_use]
pub(super) fn told(facts: &Facts) -> Told {
    let load = &facts.load;
    let (number, share, mut rest) = match (load.model, load.planned) {
        (Model::Open, Some(planned)) if planned > 0 && facts.source.is_none() => {
            let done = done(load);
            let number = format!("{} of {}", words::count(done), words::count(planned));
            (number, Some(words::float(done) / words::float(planned)), apart(facts, planned))
        }
        (Model::Open | Model::Closed, _) => {
            let users = (load.users > 0).then(|| words::plural(load.users, "user"));
            let by = users.map(|users| format!("by {users}"));
            (words::plural(load.sent, "request"), None, by.into_iter().collect())
        }
    };
    let (lost, judged) = (unanswered(&facts.whole), facts.whole.count);
    if lost > 0 {
        let (lost, judged) = (words::count(lost), words::plural(judged, "judged request"));
        rest.push(format!("{lost} of {judged} got no whole answer"));
    }
    rest.extend(facts.whole.throughput.map(|rate| format!("good answers at {rate}")));
    Told { number, share, rest }
}

/// Why what was sent is not what was planned.
fn apart(facts: &Facts, planned: u64) -> Vec<String> {
    let load = &facts.load;
    let unsent = unsent(load).unwrap_or(0);
    let more = done(load).saturating_sub(planned);
    let what = if load.arrived.is_some() { "users arrived" } else { "requests were sent" };
    if unsent == 0 && load.dropped == 0 && more == 0 {
        return vec![format!("all planned {what}")];
    }
    let mut all = vec![format!("planned {what}")];
    if more > 0 {
        all.push("more than were planned".to_owned());
    }
    if load.dropped > 0 {
        let dropped = words::count(load.dropped);
        all.push(format!("{dropped} dropped because max_in_flight was reached"));
    }
    if unsent > 0 {
        all.push(format!("{} not sent {}", words::count(unsent), why(facts)));
    }
    all
}

/// Why arrivals were neither sent nor dropped.
fn why(facts: &Facts) -> &'static str {
    match (facts.generator.fitness, &facts.stop.1) {
        (Fitness::Unused, _) => "because the load never began",
        (Fitness::Unfit, _) => "because the generator fell behind",
        (Fitness::Fit | Fitness::Foreign, Some(_)) => "when the run ended early",
        (Fitness::Fit | Fitness::Foreign, None) => "in time",
    }
}

/// Arrivals that the load put on: a request each, or a user with several.
fn done(load: &Load) -> u64 {
    load.arrived.unwrap_or(load.sent)
}

/// Arrivals planned that were neither sent nor dropped; `None` where no timetable plans any.
#[must_use]
pub(super) fn unsent(load: &Load) -> Option<u64> {
    match load.model {
        Model::Open => {
            load.planned.map(|all| all.saturating_sub(done(load)).saturating_sub(load.dropped))
        }
        Model::Closed => None,
    }
}

/// Requests that got no whole answer.
#[must_use]
pub(super) fn unanswered(measured: &Measured) -> u64 {
    let lost = measured.failures.iter().filter(|(why, _)| !is_answered(*why));
    lost.map(|(_, count)| count).sum()
}

/// Whether a request that failed in this way got a whole answer.
fn is_answered(failure: Failure) -> bool {
    match failure {
        Failure::Status | Failure::Expectation => true,
        Failure::Dns
        | Failure::Connect
        | Failure::Tls
        | Failure::Timeout
        | Failure::Reset
        | Failure::Truncated
        | Failure::Malformed
        | Failure::TooLarge
        | Failure::LocalFd
        | Failure::LocalPort
        | Failure::Unfinished => false,
    }
}
