//! Up to 3.12: a line for each request, with other columns in each version. What is common to all:
//! groups and name stand before the times, the times before `OK` or `KO`, the message behind it.

use memchr::memchr_iter;

use super::{ended, name, told};
use crate::ingest::fault::{No, Unreadable};
use crate::ingest::head::Head;
use crate::ingest::input::Input;
use crate::ingest::intake::{Intake, Sample};
use crate::ingest::lines::Lines;
use crate::ingest::number::{MILLI, whole};
use std::time::Duration;

/// Whether it is this format.
pub(in crate::ingest) fn claims(head: &Head<'_>) -> bool {
    let first = head.line.split(|byte| *byte == b'\t').take(3).any(|field| field == b"RUN");
    let asserts = head.line.starts_with(b"ASSERTION\t");
    (first && head.line.contains(&b'\t')) || (asserts && head.has("\nRUN\t"))
}

/// `USER`, scenario, its number in old versions, `START` or `END`, and two times.
const MOST_OF_USER: usize = 6;

/// Reads it.
pub(in crate::ingest) fn read(input: Input<'_>, intake: &mut Intake) -> Result<(), Unreadable> {
    let mut users = 0_u64;
    let mut shape = None;
    let tail = Lines::new(input, intake.partial).each(|line| {
        let mut fields: [&[u8]; 16] = [&[]; 16];
        let count = split(line, &mut fields);
        let fields = &fields[..count];
        match fields.first().copied().unwrap_or_default() {
            b"REQUEST" => request(&fields[1..], &mut shape, intake),
            b"USER" if fields.len() > MOST_OF_USER => Err(No::from("has too many fields")),
            b"USER" => {
                user(fields, &mut users);
                intake.told.users = intake.told.users.max(users);
                Ok(())
            }
            b"RUN" | b"GROUP" | b"ERROR" | b"ASSERTION" => Ok(()),
            // Before 2.3 the scenario and the user came first.
            _ if fields.get(2).copied() == Some(b"REQUEST") => {
                request(&fields[3..], &mut shape, intake)
            }
            _ if fields.len() > 2 && matches!(fields[2], b"USER" | b"GROUP" | b"RUN") => Ok(()),
            _ => Err(No::from("is no line of a simulation.log")),
        }
    })?;
    intake.tail(tail);
    told(intake);
    Ok(())
}

fn split<'a>(line: &'a [u8], into: &mut [&'a [u8]; 16]) -> usize {
    let (mut from, mut count) = (0, 0);
    for at in memchr_iter(b'\t', line) {
        if count == 15 {
            break;
        }
        into[count] = &line[from..at];
        (from, count) = (at + 1, count + 1);
    }
    into[count] = &line[from..];
    count + 1
}

fn user(fields: &[&[u8]], users: &mut u64) {
    if fields.contains(&&b"START"[..]) {
        *users += 1;
    } else if fields.contains(&&b"END"[..]) {
        *users = users.saturating_sub(1);
    }
}

/// Counts a request. All of a file have their result in the same place: else the line of another
/// writer lies within this one.
fn request(fields: &[&[u8]], shape: &mut Option<usize>, intake: &mut Intake) -> Result<(), No> {
    let stamp = |field: &&[u8]| field.len() == 13 && whole(field).is_some();
    let result = (2..fields.len()).find(|at| {
        matches!(fields[*at], b"OK" | b"KO") && stamp(&fields[at - 1]) && stamp(&fields[at - 2])
    });
    let result = result.ok_or("is a request without times and OK or KO")?;
    if *shape.get_or_insert(result) != result {
        return Err(No::from("has OK or KO in another place than the lines before"));
    }
    let first = (0..result).rev().take_while(|at| stamp(&fields[*at])).last();
    let first = first.filter(|first| *first > 0).ok_or("is a request without a name")?;
    let time = |at: usize| whole(fields[at]).unwrap_or(0);
    let (sent, done) = (time(first), time(result - 1));
    let took = done.checked_sub(sent).ok_or("is a request that ended before it began")?;
    let text = |at: usize| {
        std::str::from_utf8(fields[at]).map_err(|_| No::from("has a name that is no UTF-8"))
    };
    let own = text(first - 1)?;
    let groups = if first > 1 { text(first - 2)? } else { "" };
    let endpoint = if groups.is_empty() {
        intake.endpoint(own.as_bytes())?
    } else {
        intake.endpoint(name(groups.split(','), own).as_bytes())?
    };
    let said = fields.get(result + 1).copied().unwrap_or_default();
    let sent = sent.checked_mul(MILLI).ok_or("has no time")?;
    let took = Duration::from_millis(took);
    let end = ended(fields[result] == b"OK", said);
    intake.sample(Sample { endpoint, sent, took, end, bytes: 0 })
}
