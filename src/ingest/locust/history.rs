//! `_stats_history.csv`: the run second by second, which alone shows that a target went silent.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Beside;
use super::stats::untold;
use crate::ingest::fault::{No, Unreadable};
use crate::ingest::head::Head;
use crate::ingest::input::Input;
use crate::ingest::intake::Intake;
use crate::ingest::lines::{Lines, Rows, places};
use crate::ingest::number::{MILLI, SECOND, scaled, whole};
use crate::run::{Band, Quotes, Ranks};

const ASKED: [&str; 5] =
    ["Timestamp", "User Count", "Name", "Total Request Count", "Total Failure Count"];

/// Whether it is this format.
pub(in crate::ingest) fn claims(head: &Head<'_>) -> bool {
    head.columns(&ASKED)
}

/// How a run went on.
#[derive(Debug)]
pub(in crate::ingest) struct Story {
    /// When it began, in nanoseconds since 1970.
    pub(super) began: u64,
    /// How long it went on.
    pub(super) lasted: Duration,
    /// Most users at once.
    pub(super) users: u64,
    /// How long nothing had ended when it was over, while there were users.
    pub(super) gap: Duration,
    /// The longest such time before.
    pub(super) usual: Duration,
    /// What it says of all requests.
    pub(super) quotes: Option<Quotes>,
}

/// One row of all requests.
struct Beat {
    at: u64,
    users: u64,
    count: u64,
    failed: u64,
    mean: Option<Duration>,
    most: Option<Duration>,
}

/// Reads it.
pub(in crate::ingest) fn read(
    input: Input<'_>,
    intake: &mut Intake,
    beside: &mut Beside,
) -> Result<(), Unreadable> {
    let mut rows = Rows::new(Lines::new(input, intake.partial), b',');
    let header = rows.header()?;
    let at = |name: &str| header.iter().position(|column| column == name);
    let [time, users, name, count, failed] = places(&header, ASKED)?;
    let (mean, most) = (at("Total Average Response Time"), at("Total Max Response Time"));
    let mut beats: Vec<Beat> = Vec::new();
    let tail = rows.each(|row| {
        let number = |at: usize, what: &'static str| {
            whole(row.get(at)).ok_or_else(|| No::from(format!("has no number for {what}")))
        };
        let (all, bad) = (number(count, "its requests")?, number(failed, "its failures")?);
        let (seconds, users) = (number(time, "its time")?, number(users, "its users")?);
        if row.get(name) != b"Aggregated" {
            return Ok(());
        }
        if beats.len() > 10_000_000 || bad > all {
            return Err(No::from("contradicts itself"));
        }
        let known = |at: Option<usize>| {
            at.and_then(|at| scaled(row.get(at), MILLI)).map(Duration::from_nanos)
        };
        let (mean, most) = (known(mean), known(most));
        beats.push(Beat { at: seconds, users, count: all, failed: bad, mean, most });
        Ok(())
    })?;
    intake.tail(tail);
    untold(intake);
    beside.story = story(&beats);
    Ok(())
}

fn story(beats: &[Beat]) -> Option<Story> {
    let (first, last) = (beats.first()?, beats.last()?);
    let seconds = |from: u64, to: u64| Duration::from_secs(to.saturating_sub(from));
    let (mut since, mut usual, mut before) = (first.at, Duration::ZERO, 0);
    for beat in beats {
        if beat.count != before || beat.users == 0 {
            usual = if before > 0 { usual.max(seconds(since, beat.at)) } else { usual };
            (since, before) = (beat.at, beat.count);
        }
    }
    let quotes = Quotes {
        count: last.count,
        failed: last.failed,
        timed: last.count,
        times: Ranks::Fixed(Vec::new()),
        mean: last.mean.map(Band::exactly),
        most: last.most.map(Band::exactly),
        statuses: BTreeMap::new(),
        bytes: 0,
    };
    Some(Story {
        began: first.at.saturating_mul(SECOND),
        lasted: seconds(first.at, last.at),
        users: beats.iter().map(|beat| beat.users).max().unwrap_or(0),
        gap: seconds(since, last.at),
        usual,
        quotes: Some(quotes),
    })
}
