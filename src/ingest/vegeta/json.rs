//! `vegeta encode --to json`: a line for each hit.

use std::borrow::Cow;

use serde::Deserialize;

use super::{Hit, hit, told};
use crate::ingest::fault::{No, Unreadable};
use crate::ingest::head::Head;
use crate::ingest::input::Input;
use crate::ingest::intake::Intake;
use crate::ingest::lines::Lines;
use crate::ingest::number::moment;

/// Whether it is this format.
pub(in crate::ingest) fn claims(head: &Head<'_>) -> bool {
    let line = head.first();
    head.begins("{\"attack\":") && line.has("\"latency\":") && line.has("\"seq\":")
}

#[derive(Deserialize)]
struct Line<'a> {
    code: u64,
    #[serde(borrow)]
    timestamp: Cow<'a, str>,
    latency: u64,
    #[serde(default)]
    bytes_in: u64,
    #[serde(borrow, default)]
    error: Cow<'a, str>,
    #[serde(borrow, default)]
    method: Cow<'a, str>,
    #[serde(borrow, default)]
    url: Cow<'a, str>,
}

/// Reads it.
pub(in crate::ingest) fn read(input: Input<'_>, intake: &mut Intake) -> Result<(), Unreadable> {
    let tail = Lines::new(input, intake.partial).each(|line| {
        let line: Line<'_> = serde_json::from_slice(line)
            .map_err(|why| No::from(format!("is no hit of vegeta: {}", without_place(&why))))?;
        let sent = moment(line.timestamp.as_bytes()).ok_or("has no time")?;
        let one = Hit {
            code: line.code,
            sent,
            took: line.latency,
            bytes: line.bytes_in,
            error: line.error.as_bytes(),
            method: &line.method,
            url: &line.url,
        };
        hit(&one, intake)
    })?;
    intake.tail(tail);
    told(intake);
    Ok(())
}

fn without_place(why: &serde_json::Error) -> String {
    let place = format!(" at line {} column {}", why.line(), why.column());
    why.to_string().replace(&place, "")
}
