//! `_failures.csv`: failures in words, told beside the statistics.

use super::{Beside, name};
use crate::ingest::fault::{No, Unreadable};
use crate::ingest::head::Head;
use crate::ingest::input::Input;
use crate::ingest::intake::Intake;
use crate::ingest::lines::{Lines, Rows, places};
use crate::ingest::number::whole;

const ASKED: [&str; 4] = ["Method", "Name", "Error", "Occurrences"];
/// Different failures that are kept in words, at most.
const MOST: usize = 10_000;

/// Whether it is this format.
pub(in crate::ingest) fn claims(head: &Head<'_>) -> bool {
    head.columns(&ASKED)
}

/// Reads it.
pub(in crate::ingest) fn read(
    input: Input<'_>,
    intake: &mut Intake,
    beside: &mut Beside,
) -> Result<(), Unreadable> {
    let mut rows = Rows::new(Lines::new(input, intake.partial), b',');
    let header = rows.header()?;
    let [method, path, error, count] = places(&header, ASKED)?;
    let tail = rows.each(|row| {
        let text = |at: usize| String::from_utf8_lossy(row.get(at)).into_owned();
        let count = whole(row.get(count)).ok_or("has no number for `Occurrences`")?;
        if beside.failures.len() > MOST {
            return Err(No::from("is one of more than 10,000 different failures"));
        }
        let what = format!("{}: {}", name(&text(method), &text(path)), text(error));
        beside.failures.push((count, what));
        Ok(())
    })?;
    intake.tail(tail);
    Ok(())
}
