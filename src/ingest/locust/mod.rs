//! Locust: its CSV, JSON and HTML, and what they round.
//!
//! A summary knows a request only once it is over, and no file but the history tells how long the
//! run went on: a target that stopped answering looks like a short run.

pub(super) mod stats;
pub(super) mod history;
pub(super) mod failures;
pub(super) mod exceptions;
pub(super) mod json;
pub(super) mod html;
pub(super) mod requests;

use std::time::Duration;

use super::intake::Intake;
use super::number::{MILLI, time_of};
use super::whole::silent;
use crate::run::{Band, Subject};
use crate::unit::Quantile;

/// What files beside the statistics tell.
#[derive(Debug, Default)]
pub(super) struct Beside {
    /// How the run went on, second by second.
    pub(super) story: Option<history::Story>,
    /// Failures in words, the most frequent first.
    pub(super) failures: Vec<(u64, String)>,
}

/// Silence at the end is told from this on.
const SILENT: Duration = Duration::from_secs(5);
/// Failures that are told in words, at most.
const MOST_FAILURES: usize = 5;

impl Beside {
    /// Puts it together with the statistics.
    pub(super) fn settle(mut self, intake: &mut Intake) {
        self.failures.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(&other.1)));
        for (count, what) in self.failures.iter().take(MOST_FAILURES) {
            intake.note(format!("{count} times {what}"));
        }
        let Some(story) = self.story else { return };
        intake.told.users = intake.told.users.max(story.users);
        // A history that ends before the last answer came tells no end.
        if story.lasted + SILENT >= intake.told.lasted.unwrap_or_default() {
            intake.told.untold.remove(&Subject::End);
        }
        if story.gap > SILENT.max(story.usual * 3) {
            intake.told.unsound.push(silent(story.gap, story.lasted, story.users));
        }
        if intake.told.whole.is_none() && intake.quoted.is_empty() {
            intake.told.whole = story.quotes;
            let why = "Locust's history tells percentiles of the last seconds alone: give \
                       `_stats.csv` beside it";
            intake.told.untold.insert(Subject::Latency, why.to_owned());
        }
        intake.told.lasted = Some(intake.told.lasted.unwrap_or_default().max(story.lasted));
        intake.told.began = intake.told.began.or(Some(story.began));
    }
}

/// Says that a summary does not tell how long the run was meant to last.
pub(super) fn endless(intake: &mut Intake) {
    let why = "Locust's summary counts no request that is still waiting, and does not tell when \
               the run ended, so that a target which stopped answering looks like a short run: \
               give `_stats_history.csv` beside it, or the `--html` report alone";
    intake.told.untold.insert(Subject::End, why.to_owned());
}

/// How Locust calls an endpoint, by its method and its name.
#[must_use]
pub fn name(method: &str, name: &str) -> String {
    if method.is_empty() { name.to_owned() } else { format!("{method} {name}") }
}

/// The times that Locust rounds to one: whole milliseconds below 100, tens below 1,000, hundreds
/// below 10,000, thousands above (`locust.stats.bucket_response_time`).
pub(super) fn bucket(millis: f64) -> Option<Band> {
    let step = match millis {
        below if below < 100.0 => MILLI,
        below if below < 1_000.0 => 10 * MILLI,
        below if below < 10_000.0 => 100 * MILLI,
        _ => 1_000 * MILLI,
    };
    Some(Band::rounded(time_of(millis, MILLI)?, Duration::from_nanos(step)))
}

/// Where a percentile of Locust's stands: it takes the value at `int(count * share)` from zero,
/// which is one rank further than the nearest rank wherever the product is whole.
pub(super) fn place(millionths: u64, count: u64) -> Option<Quantile> {
    let million = 1_000_000_u128;
    let rank = u128::from(count) * u128::from(millionths) / million + 1;
    let rank = rank.min(u128::from(count.max(1)));
    let share = rank * million / u128::from(count.max(1));
    Quantile::from_millionths(u32::try_from(share.clamp(1, million)).ok()?)
}
