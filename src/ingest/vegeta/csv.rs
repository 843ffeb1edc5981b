//! `vegeta encode --to csv`: a row for each hit, without a header.

use super::{Hit, hit, told};
use crate::ingest::fault::{No, Unreadable};
use crate::ingest::head::Head;
use crate::ingest::input::Input;
use crate::ingest::intake::Intake;
use crate::ingest::lines::{Lines, Rows};
use crate::ingest::number::whole;

/// Columns: time, code, latency, bytes out and in, error, body, attack, number, method, address,
/// headers.
const COLUMNS: usize = 12;

/// Whether it is this format.
pub(in crate::ingest) fn claims(head: &Head<'_>) -> bool {
    let fields: Vec<&[u8]> = head.line.split(|byte| *byte == b',').collect();
    let number = |at: usize| fields.get(at).is_some_and(|field| whole(field).is_some());
    let stamp = fields.first().is_some_and(|field| field.len() == 19);
    fields.len() >= COLUMNS && stamp && (0..5).all(number)
}

/// Reads it.
pub(in crate::ingest) fn read(input: Input<'_>, intake: &mut Intake) -> Result<(), Unreadable> {
    let tail = Rows::new(Lines::new(input, intake.partial), b',').each(|row| {
        if row.len() != COLUMNS {
            return Err(format!("has {} fields where vegeta writes 12", row.len()).into());
        }
        let number = |at: usize, what: &'static str| {
            whole(row.get(at)).ok_or_else(|| No::from(format!("has no number for {what}")))
        };
        let text = |at: usize| {
            std::str::from_utf8(row.get(at)).map_err(|_| No::from("has a name that is no UTF-8"))
        };
        let one = Hit {
            code: number(1, "its status")?,
            sent: number(0, "its time")?,
            took: number(2, "its latency")?,
            bytes: number(4, "its bytes")?,
            error: row.get(5),
            method: text(9)?,
            url: text(10)?,
        };
        hit(&one, intake)
    })?;
    intake.tail(tail);
    told(intake);
    Ok(())
}
