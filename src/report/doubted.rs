//! Doubts as reports tell them: in one line, with what made the measurement unfit beside it.

use crate::judge::finding::{Doubt, Outcome};
use crate::sanitise::Clean;

/// Why there is no answer, and what made the measurement unfit.
pub(super) fn doubt<'a>(
    outcome: &'a Outcome,
    clean: &dyn Fn(&str) -> Clean,
) -> (Clean, &'a [String]) {
    match outcome {
        // The reasons are told once, by the check on the measurement itself, each on its own.
        Outcome::Unjudged(Doubt::FellBehind(reasons)) => {
            (Clean::line("the generator was not fit"), reasons)
        }
        // The only doubts that repeat a text from outside.
        Outcome::Unjudged(
            doubt @ (Doubt::NoSuchScope { .. }
            | Doubt::NoReadings(_)
            | Doubt::NoBase(_)
            | Doubt::Foreign(_)
            | Doubt::OtherLoad(_)
            | Doubt::Damaged(_)
            | Doubt::Unequal(_)
            | Doubt::Untold(_)),
        ) => (clean(&doubt.to_string()), &[]),
        Outcome::Unjudged(Doubt::Unsound(reasons)) => {
            (Clean::line("the files cannot be taken for a whole run"), reasons)
        }
        Outcome::Unjudged(Doubt::Invalid(reasons)) => {
            (Clean::line("the run cannot be judged"), reasons)
        }
        Outcome::Unjudged(doubt) => (Clean::line(&doubt.to_string()), &[]),
        Outcome::Held | Outcome::Breached => (Clean::default(), &[]),
    }
}
