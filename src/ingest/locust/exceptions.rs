//! `_exceptions.csv`: what went wrong in the script itself, told beside the statistics.

use crate::ingest::fault::Unreadable;
use crate::ingest::head::Head;
use crate::ingest::input::Input;
use crate::ingest::intake::Intake;
use crate::ingest::lines::{Lines, Rows, places};
use crate::ingest::number::whole;

const ASKED: [&str; 3] = ["Count", "Message", "Traceback"];

/// Whether it is this format.
pub(in crate::ingest) fn claims(head: &Head<'_>) -> bool {
    head.columns(&ASKED)
}

/// Reads it.
pub(in crate::ingest) fn read(input: Input<'_>, intake: &mut Intake) -> Result<(), Unreadable> {
    let mut rows = Rows::new(Lines::new(input, intake.partial), b',');
    let header = rows.header()?;
    let [count, ..] = places(&header, ASKED)?;
    let mut all = 0_u64;
    let tail = rows.each(|row| {
        let times = whole(row.get(count)).ok_or("has no number for `Count`")?;
        all = all.saturating_add(times);
        Ok(())
    })?;
    intake.tail(tail);
    if all > 0 {
        intake.note(format!(
            "the locustfile raised {all} exceptions of its own: Locust does not count the requests \
             in which that happened"
        ));
    }
    Ok(())
}
