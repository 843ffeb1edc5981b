//! h2load: its log, which leaves failed requests out, and what it prints.

use super::class::{end, status};
use super::fault::Unreadable;
use super::head::Head;
use super::input::Input;
use super::intake::{Intake, Sample};
use super::lines::{Lines, Rows};
use super::number::{MICRO, took, whole};
use super::printed::{self, MOST_TEXT};
use crate::run::{Quotes, Subject};

/// Whether it is the log.
pub(super) fn claims_log(head: &Head<'_>) -> bool {
    let fields: Vec<&[u8]> = head.line.split(|byte| *byte == b'\t').collect();
    let [start, code, took] = fields.as_slice() else { return false };
    let code = code.strip_prefix(b"-").unwrap_or(code);
    start.len() == 16 && [start, &code, took].iter().all(|field| whole(field).is_some())
}

/// Whether it is what h2load prints.
pub(super) fn claims_text(head: &Head<'_>) -> bool {
    head.has("time for request:") && head.has("finished in ") && head.has("succeeded,")
}

/// Reads the log.
pub(super) fn read_log(input: Input<'_>, intake: &mut Intake) -> Result<(), Unreadable> {
    let tail = Rows::new(Lines::new(input, intake.partial), b'\t').each(|row| {
        if row.len() != 3 {
            return Err(format!("has {} fields where h2load writes 3", row.len()).into());
        }
        let endpoint = intake.endpoint(b"all requests")?;
        let sent = whole(row.get(0)).and_then(|micros| micros.checked_mul(MICRO));
        let sent = sent.ok_or("has no time")?;
        let took = took(row.get(2), MICRO, "its duration")?;
        let code = status(row.get(1));
        let good = code.is_some_and(|code| code < 400);
        intake.sample(Sample { endpoint, sent, took, end: end(good, code, b""), bytes: 0 })
    })?;
    intake.tail(tail);
    let why = "h2load's log leaves out requests that failed: give what it prints beside it";
    intake.told.untold.insert(Subject::Failures, why.to_owned());
    Ok(())
}

/// Reads what h2load prints.
pub(super) fn read_text(input: Input<'_>, intake: &mut Intake) -> Result<(), Unreadable> {
    if intake.told.whole.is_some() {
        return Err(Unreadable::NotAdded);
    }
    let text = input.text(MOST_TEXT)?;
    let mut counts = None;
    let (mut mean, mut most, mut whole) = (None, None, false);
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["finished", "in", time, ..] => {
                let time = printed::time(time.trim_end_matches(','));
                intake.told.lasted = time.map(|band| band.said);
            }
            ["requests:", rest @ ..] => counts = Some(counted(rest)?),
            ["time", "for", "request:", _, max, average, ..] => {
                mean = printed::time(average);
                most = printed::time(max);
            }
            ["req/s", ..] => whole = true,
            _ => {}
        }
    }
    let counts = counts.filter(|_| whole);
    let Counts { done, good, failed } = counts.ok_or(Unreadable::Unclosed)?;
    // Requests that were never done, behind a connection that was lost, are among the failed ones.
    let quotes = printed::quotes(good.saturating_add(failed), failed, done);
    let why = "h2load prints classes of status codes alone: give its `--log-file` too";
    intake.told.untold.insert(Subject::Statuses, why.to_owned());
    intake.told.whole = Some(Quotes { mean, most, ..quotes });
    Ok(())
}

/// What h2load counts.
struct Counts {
    /// Requests that got an answer, of any status.
    done: u64,
    good: u64,
    failed: u64,
}

fn counted(words: &[&str]) -> Result<Counts, Unreadable> {
    let of = |label: &str| {
        let place = words.iter().position(|word| word.trim_end_matches(',') == label)?;
        whole(words.get(place.checked_sub(1)?)?.as_bytes())
    };
    let lacks = || Unreadable::Unlike("h2load", "its `requests:` lacks counts".to_owned());
    let (done, good, failed) = (of("done"), of("succeeded"), of("failed"));
    let all = done.zip(good).zip(failed);
    all.map(|((done, good), failed)| Counts { done, good, failed }).ok_or_else(lacks)
}
