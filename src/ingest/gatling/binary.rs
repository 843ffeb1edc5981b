//! From 3.13 on: records of one kind byte each, numbers big-endian, texts told once and then by
//! number.

use std::collections::HashMap;
use std::time::Duration;

use super::{ended, name, told};
use crate::ingest::bytes::Bytes;
use crate::ingest::fault::{No, Unreadable};
use crate::ingest::head::Head;
use crate::ingest::input::Input;
use crate::ingest::intake::{Intake, Sample};
use crate::ingest::number::MILLI;

/// Texts that are told by number, at most.
const MOST_TEXTS: usize = 1_000_000;

/// Whether it is this format.
pub(in crate::ingest) fn claims(head: &Head<'_>) -> bool {
    let [0, 0, 0, 0, length, version @ ..] = head.raw else { return false };
    let version = version.get(..usize::from(*length)).unwrap_or_default();
    let shaped = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    !version.is_empty() && version[0].is_ascii_digit() && version.iter().all(shaped)
}

/// A log and the texts that it told.
struct Log<'a> {
    bytes: Bytes<'a>,
    texts: HashMap<i32, String>,
    buffer: Vec<u8>,
}

impl Log<'_> {
    fn int(&mut self) -> Result<i32, Unreadable> {
        self.bytes.array().map(i32::from_be_bytes)
    }

    fn flag(&mut self) -> Result<bool, Unreadable> {
        self.bytes.array().map(|[byte]| byte != 0)
    }

    fn count(&mut self) -> Result<usize, Unreadable> {
        let count = self.int()?;
        let fits = usize::try_from(count).ok().filter(|count| *count <= 100_000);
        fits.ok_or_else(|| self.unlike("has a count that is none"))
    }

    fn text(&mut self) -> Result<String, Unreadable> {
        let length = self.int()?;
        let Ok(length) = usize::try_from(length) else {
            return Err(self.unlike("has a text of negative length"));
        };
        if length == 0 {
            return Ok(String::new());
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        self.bytes.block(length, &mut buffer)?;
        let [coder] = self.bytes.array()?;
        let text = if coder == 0 {
            buffer.iter().map(|byte| char::from(*byte)).collect()
        } else {
            let units: Vec<u16> =
                buffer.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
            String::from_utf16_lossy(&units)
        };
        self.buffer = buffer;
        Ok(text)
    }

    /// A text that is told now, or was told before.
    fn known(&mut self) -> Result<String, Unreadable> {
        let number = self.int()?;
        if number > 0 {
            let text = self.text()?;
            if self.texts.len() < MOST_TEXTS {
                self.texts.insert(number, text.clone());
            }
            return Ok(text);
        }
        let found = number.checked_neg().and_then(|number| self.texts.get(&number)).cloned();
        found.ok_or_else(|| self.unlike("names a text that was not told"))
    }

    fn groups(&mut self) -> Result<Vec<String>, Unreadable> {
        (0..self.count()?).map(|_| self.known()).collect()
    }

    fn unlike(&self, what: &str) -> Unreadable {
        Unreadable::Unlike("Gatling", format!("it {what}, near byte {}", self.bytes.read()))
    }
}

/// Reads it.
pub(in crate::ingest) fn read(input: Input<'_>, intake: &mut Intake) -> Result<(), Unreadable> {
    let mut log = Log { bytes: Bytes::new(input), texts: HashMap::new(), buffer: Vec::new() };
    let mut began = None;
    let mut users = 0_u64;
    intake.records(|intake| record(&mut log, &mut began, &mut users, intake))?;
    told(intake);
    Ok(())
}

/// Reads one record; false at the end.
fn record(
    log: &mut Log<'_>,
    began: &mut Option<u64>,
    users: &mut u64,
    intake: &mut Intake,
) -> Result<bool, Unreadable> {
    let Some(kind) = log.bytes.next()? else { return Ok(false) };
    match (kind, *began) {
        (0, None) => *began = Some(run(log)?),
        (1, Some(began)) => request(log, began, intake)?,
        (2, Some(_)) => {
            let (_, start, _) = (log.int()?, log.flag()?, log.int()?);
            *users = if start { *users + 1 } else { users.saturating_sub(1) };
            intake.told.users = intake.told.users.max(*users);
        }
        (3, Some(_)) => {
            log.groups()?;
            let _ = (log.int()?, log.int()?, log.int()?, log.flag()?);
        }
        (4, Some(_)) => {
            let _ = (log.known()?, log.int()?);
        }
        _ => return Err(log.unlike("has a record of an unknown kind")),
    }
    Ok(true)
}

/// The head: when the run began, in milliseconds since 1970.
fn run(log: &mut Log<'_>) -> Result<u64, Unreadable> {
    let _ = (log.text()?, log.text()?);
    let began = u64::try_from(i64::from_be_bytes(log.bytes.array()?));
    let began = began.map_err(|_| log.unlike("began before 1970"))?;
    let _ = log.text()?;
    for _ in 0..log.count()? {
        log.text()?;
    }
    let mut block = Vec::new();
    for _ in 0..log.count()? {
        let length = log.count()?;
        log.bytes.block(length, &mut block)?;
    }
    Ok(began)
}

fn request(log: &mut Log<'_>, began: u64, intake: &mut Intake) -> Result<(), Unreadable> {
    let (groups, own) = (log.groups()?, log.known()?);
    let (sent, done) = (log.int()?, log.int()?);
    let (good, said) = (log.flag()?, log.known()?);
    let took = u64::try_from(i64::from(done) - i64::from(sent));
    let took = took.map_err(|_| log.unlike("has a request that ended before it began"))?;
    let sent = began.checked_add_signed(i64::from(sent)).and_then(|ms| ms.checked_mul(MILLI));
    let sent = sent.ok_or_else(|| log.unlike("has a request at no time"))?;
    let counted = intake.endpoint(name(groups.iter().map(String::as_str), &own).as_bytes());
    let sample = counted.and_then(|endpoint| {
        let (took, end) = (Duration::from_millis(took), ended(good, said.as_bytes()));
        intake.sample(Sample { endpoint, sent, took, end, bytes: 0 })
    });
    sample.map_err(|no| match no {
        No::File(why) => why,
        No::Line(why) => log.unlike(&why),
    })
}
