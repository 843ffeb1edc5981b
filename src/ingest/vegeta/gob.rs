//! `results.bin`: hits in Go's gob encoding, as far as vegeta's own type needs it.
//!
//! A stream is messages, each behind its length; a message describes a type, or holds a value. A
//! struct is its fields by their distance from the one before, and a zero (package `encoding/gob`).

use super::{Hit, hit, told};
use crate::ingest::bytes::Bytes;
use crate::ingest::fault::{No, Unreadable};
use crate::ingest::head::Head;
use crate::ingest::input::Input;
use crate::ingest::intake::Intake;

/// The fields of a hit in the order of its type.
const FIELDS: [&str; 12] = [
    "Attack",
    "Seq",
    "Code",
    "Timestamp",
    "Latency",
    "BytesOut",
    "BytesIn",
    "Error",
    "Body",
    "Method",
    "URL",
    "Headers",
];
/// From the year 1, from which Go counts, to 1970, in seconds.
const TO_1970: u64 = 62_135_596_800;

/// Whether it is this format.
pub(in crate::ingest) fn claims(head: &Head<'_>) -> bool {
    let begins = head.raw[..head.raw.len().min(20)].windows(7).any(|part| part == b"\x06Result");
    begins && ["Attack", "Seq", "Latency"].iter().all(|name| head.has(name))
}

/// Reads it.
pub(in crate::ingest) fn read(input: Input<'_>, intake: &mut Intake) -> Result<(), Unreadable> {
    let mut bytes = Bytes::new(input);
    let mut message = Vec::new();
    let mut known = None;
    intake.records(|intake| one(&mut bytes, &mut message, &mut known, intake))?;
    told(intake);
    Ok(())
}

/// Reads one message; false at the end.
fn one(
    bytes: &mut Bytes<'_>,
    message: &mut Vec<u8>,
    known: &mut Option<i64>,
    intake: &mut Intake,
) -> Result<bool, Unreadable> {
    let Some(length) = length(bytes)? else { return Ok(false) };
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    bytes.block(length, message)?;
    let at = bytes.read();
    let unlike = |what: &str| Unreadable::Unlike("vegeta", format!("it {what}, near byte {at}"));
    let mut gob = Gob(message);
    let kind = gob.int().ok_or_else(|| unlike("has a message without a type"))?;
    if kind < 0 {
        if message.windows(7).any(|part| part == b"\x06Result") {
            let there =
                |name: &&str| message.windows(name.len()).any(|part| part == name.as_bytes());
            if !FIELDS.iter().all(there) {
                return Err(unlike(
                    "is of a version with other fields: `vegeta encode` it to JSON",
                ));
            }
            *known = Some(-kind);
        }
        return Ok(true);
    }
    if *known != Some(kind) {
        return Err(unlike("has a value of an unknown type"));
    }
    let fields = gob.hit().ok_or_else(|| unlike("has a hit that is none"))?;
    hit(&fields, intake).map_err(|no| match no {
        No::File(why) => why,
        No::Line(why) => unlike(&why),
    })?;
    Ok(true)
}

/// The length of the next message; `None` at the end.
fn length(bytes: &mut Bytes<'_>) -> Result<Option<u64>, Unreadable> {
    let Some(first) = bytes.next()? else { return Ok(None) };
    if first < 0x80 {
        return Ok(Some(u64::from(first)));
    }
    let mut number = 0_u64;
    for _ in 0..(!first).wrapping_add(1).min(8) {
        let [byte] = bytes.array()?;
        number = (number << 8) | u64::from(byte);
    }
    Ok(Some(number))
}

/// The rest of a message.
struct Gob<'a>(&'a [u8]);

impl<'a> Gob<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn uint(&mut self) -> Option<u64> {
        let first = self.byte()?;
        if first < 0x80 {
            return Some(u64::from(first));
        }
        let length = (!first).wrapping_add(1);
        if length > 8 {
            return None;
        }
        (0..length).try_fold(0_u64, |sum, _| Some((sum << 8) | u64::from(self.byte()?)))
    }

    fn int(&mut self) -> Option<i64> {
        let number = self.uint()?;
        let half = (number >> 1).cast_signed();
        Some(if number & 1 == 1 { !half } else { half })
    }

    fn block(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.uint()?).ok()?;
        let (block, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(block)
    }

    fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.block()?).ok()
    }

    fn headers(&mut self) -> Option<()> {
        for _ in 0..self.uint()?.min(100_000) {
            self.block()?;
            for _ in 0..self.uint()?.min(100_000) {
                self.block()?;
            }
        }
        Some(())
    }

    /// Go's binary time: a version, seconds since the year 1, nanoseconds, an offset.
    fn time(&mut self) -> Option<u64> {
        let block = self.block()?;
        let seconds = u64::from_be_bytes(block.get(1..9)?.try_into().ok()?);
        let nanos = u32::from_be_bytes(block.get(9..13)?.try_into().ok()?);
        seconds.checked_sub(TO_1970)?.checked_mul(1_000_000_000)?.checked_add(u64::from(nanos))
    }

    fn hit(&mut self) -> Option<Hit<'a>> {
        let (code, sent, took, bytes) = (0, 0, 0, 0);
        let mut hit = Hit { code, sent, took, bytes, error: &[], method: "", url: "" };
        let mut field = 0_u64;
        loop {
            let step = self.uint()?;
            if step == 0 {
                return Some(hit);
            }
            field = field.checked_add(step)?;
            match field {
                1 | 9 => {
                    self.block()?;
                }
                2 | 6 => {
                    self.uint()?;
                }
                3 => hit.code = self.uint()?,
                4 => hit.sent = self.time()?,
                5 => hit.took = u64::try_from(self.int()?).ok()?,
                7 => hit.bytes = self.uint()?,
                8 => hit.error = self.block()?,
                10 => hit.method = self.text()?,
                11 => hit.url = self.text()?,
                12 => self.headers()?,
                _ => return None,
            }
        }
    }
}
