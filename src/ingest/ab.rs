//! ab: what it prints, its `-e` CSV and its `-g` TSV. Neither file says how many failed, and ab
//! takes a connection that was dropped for an answer of no length.

use super::class::Ended;
use super::fault::Unreadable;
use super::head::Head;
use super::input::Input;
use super::intake::{Intake, Sample};
use super::lines::{Lines, Rows, places};
use super::number::{MILLI, SECOND, scaled, took, whole};
use super::printed::{self, MOST_TEXT};
use crate::run::{Precision, Quotes, Subject};
use crate::unit::Quantile;
use std::time::Duration;

const GNUPLOT: [&str; 3] = ["seconds", "ttime", "wait"];
/// The length of `Mon Nov 23 20:51:07 2026`.
const CTIME: usize = 24;
const CURE: &str = "give what ab prints beside it";

/// Whether it is what ab prints.
pub(super) fn claims_text(head: &Head<'_>) -> bool {
    head.has("This is ApacheBench") || (head.has("Complete requests:") && head.has("Concurrency"))
}

/// Whether it is the file of `-e`.
pub(super) fn claims_percent(head: &Head<'_>) -> bool {
    head.line.starts_with(b"Percentage served,Time in ms")
}

/// Whether it is the file of `-g`.
pub(super) fn claims_gnuplot(head: &Head<'_>) -> bool {
    head.line.starts_with(b"starttime\t") && head.columns(&GNUPLOT)
}

/// Reads the file of `-e`.
pub(super) fn read_percent(input: Input<'_>, intake: &mut Intake) -> Result<(), Unreadable> {
    let mut rows = Rows::new(Lines::new(input, intake.partial), b',');
    rows.header()?;
    let mut all = Vec::new();
    let tail = rows.each(|row| {
        let share = scaled(row.get(0), 10_000).ok_or("has no percentage")?;
        let text = std::str::from_utf8(row.get(1)).unwrap_or_default();
        let band = printed::digits(text, MILLI).ok_or("has no time")?;
        let at = u32::try_from(share).ok().and_then(Quantile::from_millionths);
        all.extend(at.map(|at| (at, band)));
        Ok(())
    })?;
    intake.tail(tail);
    intake.told.percentiles = Some((all, CURE));
    Ok(())
}

/// Reads the file of `-g`.
pub(super) fn read_gnuplot(input: Input<'_>, intake: &mut Intake) -> Result<(), Unreadable> {
    let mut rows = Rows::new(Lines::new(input, intake.partial), b'\t');
    let header = rows.header()?;
    let [seconds, total, _] = places(&header, GNUPLOT)?;
    let tail = rows.each(|row| {
        if row.get(0).len() != CTIME {
            return Err("has no `starttime`".into());
        }
        let endpoint = intake.endpoint(b"all requests")?;
        let sent = scaled(row.get(seconds), SECOND).ok_or("has no time")?;
        let took = took(row.get(total), MILLI, "`ttime`")?;
        intake.sample(Sample { endpoint, sent, took, end: Ended::Good, bytes: 0 })
    })?;
    intake.tail(tail);
    intake.told.precision = Precision::Step(Duration::from_nanos(MILLI));
    let why = format!("ab's `-g` file does not tell which requests failed: {CURE}");
    intake.told.untold.insert(Subject::Good, why.clone());
    intake.told.untold.insert(Subject::Statuses, why);
    Ok(())
}

/// Reads what ab prints.
pub(super) fn read_text(input: Input<'_>, intake: &mut Intake) -> Result<(), Unreadable> {
    if intake.told.whole.is_some() {
        return Err(Unreadable::NotAdded);
    }
    let text = input.text(MOST_TEXT)?;
    let value = |label: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(label))?;
        line.split_whitespace().next()
    };
    let number = |label: &str| value(label).and_then(|word| whole(word.as_bytes()));
    // Failures and percentiles stand before the last of these lines.
    let last = number("Complete requests:").is_some_and(|all| all > 1);
    let ends = if last { "(longest request)" } else { "Transfer rate:" };
    let unclear = value("Non-2xx responses:").is_some() && number("Non-2xx responses:").is_none();
    if unclear || !text.contains(ends) {
        return Err(Unreadable::Unclosed);
    }
    let all = number("Complete requests:").ok_or(Unreadable::Unclosed)?;
    let failed = number("Failed requests:").ok_or(Unreadable::Unclosed)?;
    let refused = number("Non-2xx responses:").unwrap_or(0);
    // Answers of another length than the first are failed ones too; with `-l` ab takes any length.
    let length = lengths(&text);
    let broken = failed.saturating_sub(length);
    let failed = broken.saturating_add(length.max(refused));
    let line = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [share, time, ..] = words.as_slice() else { return None };
        printed::percentile(share).zip(printed::digits(time, MILLI))
    };
    let times = printed::ranks(text.lines().filter_map(line).collect());
    let path = value("Document Path:").unwrap_or("/").to_owned();
    if number("Total transferred:") == Some(0) {
        intake.told.unsound.push(
            "not one byte came back: ab counts connections that were dropped as complete requests"
                .to_owned(),
        );
    }
    let lasted = value("Time taken for tests:").and_then(|text| printed::digits(text, SECOND));
    intake.told.lasted = lasted.map(|band| band.said);
    intake.told.users = number("Concurrency Level:").unwrap_or(0);
    let why = "ab does not print the status of answers";
    intake.told.untold.insert(Subject::Statuses, why.to_owned());
    let bytes = number("Total transferred:").unwrap_or(0);
    intake.told.whole = Some(Quotes { times, bytes, ..printed::quotes(all, failed, all) });
    intake.told.named = Some(printed::path(&path).to_owned());
    Ok(())
}

/// Answers of another length than the first: `(Connect: 0, Receive: 0, Length: 57, …)`.
fn lengths(text: &str) -> u64 {
    let after = text.split_once("(Connect: ").and_then(|(_, rest)| rest.split_once("Length: "));
    let after = after.map_or("", |(_, rest)| rest);
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    whole(digits.as_bytes()).unwrap_or(0)
}
