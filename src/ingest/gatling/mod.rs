//! Gatling's `simulation.log`: lines of fields up to 3.12, binary from 3.13 on.

pub(super) mod text;
pub(super) mod binary;

use std::time::Duration;

use super::class::Ended;
use super::class::class;
use super::intake::Intake;
use super::number::MILLI;
use crate::run::{Precision, Subject};
use crate::sample::End;

/// An endpoint's name: its groups, and its own.
fn name<'a>(groups: impl Iterator<Item = &'a str>, name: &str) -> String {
    let mut all: Vec<&str> = groups.filter(|group| !group.is_empty()).collect();
    all.push(name);
    all.join(" / ")
}

/// Gatling tells good from failed, and says why in words.
fn ended(good: bool, said: &[u8]) -> Ended {
    if good {
        return Ended::Good;
    }
    let checked = memchr::memmem::find(said, b"found").is_some();
    let why = if checked { crate::sample::Failure::Expectation } else { class(None, said) };
    Ended::Known(End::Failed { why, status: None })
}

/// What must be known of Gatling's times.
fn told(intake: &mut Intake) {
    intake.told.precision = Precision::Step(Duration::from_nanos(MILLI));
    let why = "Gatling's simulation.log does not tell the status of answers";
    intake.told.untold.insert(Subject::Statuses, why.to_owned());
    intake.note("a request that was still waiting when Gatling ended is in no line of its log");
}
