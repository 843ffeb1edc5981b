//! vegeta: every hit as JSON, CSV or gob, and the JSON report.

pub(super) mod json;
pub(super) mod csv;
pub(super) mod gob;
pub(super) mod report;

use std::time::Duration;

use super::class::{Ended, class};
use super::fault::No;
use super::intake::{Intake, Sample};
use crate::sample::End;

/// One hit.
struct Hit<'a> {
    code: u64,
    sent: u64,
    took: u64,
    bytes: u64,
    error: &'a [u8],
    method: &'a str,
    url: &'a str,
}

/// Counts a hit. vegeta calls failed what has an error: no answer, or a status outside 200 to 399.
fn hit(hit: &Hit<'_>, intake: &mut Intake) -> Result<(), No> {
    let status = u16::try_from(hit.code).ok().filter(|code| (100..=999).contains(code));
    let end = match (hit.error.is_empty(), status) {
        (true, Some(status)) => Ended::Known(End::Good(status)),
        (true, None) => Ended::Good,
        (false, status) => {
            // A body that broke off has an error beside a good status.
            let cut = status.is_some_and(|status| status < 400);
            let why = class(if cut { None } else { status }, hit.error);
            Ended::Known(End::Failed { why, status })
        }
    };
    let endpoint = intake.endpoint(super::k6::name(hit.method, hit.url).as_bytes())?;
    let took = Duration::from_nanos(hit.took);
    intake.sample(Sample { endpoint, sent: hit.sent, took, end, bytes: hit.bytes })
}

/// What must be known of vegeta's times.
fn told(intake: &mut Intake) {
    intake.note(
        "vegeta times a hit from when it was sent: how late that was by its schedule is not in",
    );
}
