//! `--out csv`: a row for each point of each metric.

use super::ndjson::told;
use super::{ended, name};
use crate::ingest::class::status;
use crate::ingest::fault::Unreadable;
use crate::ingest::head::Head;
use crate::ingest::input::Input;
use crate::ingest::intake::{Intake, Sample};
use crate::ingest::lines::{Lines, Rows, place, places};
use crate::ingest::number::{MILLI, moment, scaled, took};

const ASKED: [&str; 3] = ["metric_name", "timestamp", "metric_value"];

/// Whether it is this format.
pub(in crate::ingest) fn claims(head: &Head<'_>) -> bool {
    head.columns(&ASKED)
}

/// Reads it.
pub(in crate::ingest) fn read(input: Input<'_>, intake: &mut Intake) -> Result<(), Unreadable> {
    let mut rows = Rows::new(Lines::new(input, intake.partial), b',');
    let header = rows.header()?;
    let [metric, time, value] = places(&header, ASKED)?;
    let more = ["name", "method", "status", "expected_response", "error", "url"];
    let [named, method, code, expected, error, url] = more.map(|name| place(&header, name));
    let tail = rows.each(|row| {
        let about = row.get(metric);
        if about == b"vus" {
            let users = scaled(row.get(value), 1).ok_or("has no number of users")?;
            let at = moment(row.get(time)).ok_or("has no time")?;
            intake.told.users = intake.told.users.max(users);
            if users > 0 {
                intake.alive(at);
            }
            return Ok(());
        }
        if about != b"http_req_duration" {
            return Ok(());
        }
        let took = took(row.get(value), MILLI, "`metric_value`")?;
        let done = moment(row.get(time)).ok_or("has no time")?;
        let text =
            |at: usize| std::str::from_utf8(row.get(at)).map_err(|_| "has a name that is no UTF-8");
        let given = if row.get(named).is_empty() { text(url)? } else { text(named)? };
        let endpoint = intake.endpoint(name(text(method)?, given).as_bytes())?;
        let expected = match row.get(expected) {
            b"true" => Some(true),
            b"false" => Some(false),
            _ => None,
        };
        let end = ended(expected, status(row.get(code)), row.get(error));
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        intake.sample(Sample { endpoint, sent: done.saturating_sub(nanos), took, end, bytes: 0 })
    })?;
    intake.tail(tail);
    told(intake);
    intake.note("k6 writes times of day in whole seconds to its CSV: so exact are the slices");
    Ok(())
}
