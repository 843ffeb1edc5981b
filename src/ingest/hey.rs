//! hey: its CSV, which leaves failed requests out, and what it prints.

use super::class::{end, status};
use super::fault::{No, Unreadable};
use super::head::Head;
use super::input::Input;
use super::intake::{Intake, Sample};
use super::lines::{Lines, Rows, places};
use super::number::{SECOND, scaled, took, whole};
use super::printed::{self, MOST_TEXT};
use crate::run::{Quotes, Subject};
use crate::stats::real;

const ASKED: [&str; 3] = ["response-time", "status-code", "offset"];

/// Whether it is the CSV.
pub(super) fn claims_csv(head: &Head<'_>) -> bool {
    head.columns(&ASKED)
}

/// Whether it is what hey prints.
pub(super) fn claims_text(head: &Head<'_>) -> bool {
    head.has("Response time histogram:")
        && head.has("Requests/sec:")
        && head.has("Slowest:")
        && !head.has("Success rate:")
}

/// Reads the CSV.
pub(super) fn read_csv(input: Input<'_>, intake: &mut Intake) -> Result<(), Unreadable> {
    let mut rows = Rows::new(Lines::new(input, intake.partial), b',');
    let header = rows.header()?;
    let [response, code, offset] = places(&header, ASKED)?;
    intake.told.relative = true;
    let tail = rows.each(|row| {
        let endpoint = intake.endpoint(b"all requests")?;
        let took = took(row.get(response), SECOND, "`response-time`")?;
        let sent = scaled(row.get(offset), SECOND).ok_or("has no offset")?;
        let code = status(row.get(code)).ok_or_else(|| No::from("has no status"))?;
        let end = end(code < 400, Some(code), b"");
        intake.sample(Sample { endpoint, sent, took, end, bytes: 0 })
    })?;
    intake.tail(tail);
    let why = "hey's CSV leaves out requests without an answer: give what it prints beside it \
               (a run without `-o csv` prints it)";
    intake.told.untold.insert(Subject::Failures, why.to_owned());
    intake.note("hey writes times in steps of 0.1 ms");
    Ok(())
}

/// Reads what hey prints.
pub(super) fn read_text(input: Input<'_>, intake: &mut Intake) -> Result<(), Unreadable> {
    if intake.told.whole.is_some() {
        return Err(Unreadable::NotAdded);
    }
    let text = input.text(MOST_TEXT)?;
    let (mut answers, mut errors, mut refused) = (0_u64, 0_u64, 0_u64);
    let mut quotes = printed::quotes(0, 0, 0);
    let mut percentiles = Vec::new();
    let mut rate = None;
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let seconds = |text: &str| printed::digits(text, SECOND);
        match words.as_slice() {
            ["Total:", time, "secs"] => {
                intake.told.lasted = seconds(time).map(|band| band.said);
            }
            ["Requests/sec:", number] => rate = number.parse::<f64>().ok(),
            ["Slowest:", time, "secs"] => quotes.most = seconds(time),
            ["Average:", time, "secs"] => quotes.mean = seconds(time),
            [share, "in", time, "secs"] => {
                percentiles.extend(printed::percentile(share).zip(seconds(time)));
            }
            [code, count, "responses"] => {
                let count = whole(count.as_bytes()).unwrap_or(0);
                let code = status(code.trim_matches(['[', ']']).as_bytes()).unwrap_or(0);
                answers = answers.saturating_add(count);
                refused = refused.saturating_add(if code >= 400 { count } else { 0 });
                *quotes.statuses.entry(code).or_default() += count;
            }
            [count, ..] if line.starts_with("  [") && count.ends_with(']') => {
                let count = whole(count.trim_matches(['[', ']']).as_bytes()).unwrap_or(0);
                errors = errors.saturating_add(count);
            }
            _ => {}
        }
    }
    let count = answers.saturating_add(errors);
    // Nothing marks the end: what broke off does not add up to the rate that stands above.
    let all = rate.zip(intake.told.lasted).map(|(rate, lasted)| rate * lasted.as_secs_f64());
    if all.is_none_or(|all| (all - real(count)).abs() > 1.0 + all / 1_000.0) {
        return Err(Unreadable::Unclosed);
    }
    let known = printed::quotes(count, refused.saturating_add(errors), answers);
    let (times, Quotes { mean, most, statuses, .. }) = (printed::ranks(percentiles), quotes);
    intake.told.whole = Some(Quotes { times, mean, most, statuses, ..known });
    Ok(())
}
