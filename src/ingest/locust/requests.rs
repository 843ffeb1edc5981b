//! The CSV of `CsvRequestLogger` (`locust.contrib`, from 2.44): every request.

use super::name;
use crate::ingest::class::{end, status};
use crate::ingest::fault::Unreadable;
use crate::ingest::head::Head;
use crate::ingest::input::Input;
use crate::ingest::intake::{Intake, Sample};
use crate::ingest::lines::{Lines, Rows, place, places};
use crate::ingest::number::{MILLI, moment, took, whole};

const ASKED: [&str; 6] =
    ["timestamp", "request_type", "name", "response_time_ms", "status_code", "exception"];

/// Whether it is this format.
pub(in crate::ingest) fn claims(head: &Head<'_>) -> bool {
    head.columns(&ASKED)
}

/// Reads it.
pub(in crate::ingest) fn read(input: Input<'_>, intake: &mut Intake) -> Result<(), Unreadable> {
    let mut rows = Rows::new(Lines::new(input, intake.partial), b',');
    let header = rows.header()?;
    let [time, method, path, response, code, exception] = places(&header, ASKED)?;
    let bytes = place(&header, "response_length");
    let tail = rows.each(|row| {
        let text =
            |at: usize| std::str::from_utf8(row.get(at)).map_err(|_| "has a name that is no UTF-8");
        let endpoint = intake.endpoint(name(text(method)?, text(path)?).as_bytes())?;
        let sent = moment(row.get(time)).ok_or("has no time")?;
        let took = took(row.get(response), MILLI, "`response_time_ms`")?;
        let said = row.get(exception);
        let end = end(said.is_empty(), status(row.get(code)), said);
        let bytes = whole(row.get(bytes)).unwrap_or(0);
        intake.sample(Sample { endpoint, sent, took, end, bytes })
    })?;
    intake.tail(tail);
    intake.note("a request that was still waiting when Locust ended is in no file of Locust's");
    Ok(())
}
