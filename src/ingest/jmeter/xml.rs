//! JTL as XML: samples, with the parts of a sample inside it.

use std::io::{self, BufRead, BufReader, Read};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::{LeftOut, TRANSACTION, told};
use crate::ingest::class::{end, status};
use crate::ingest::fault::{No, Unreadable};
use crate::ingest::head::Head;
use crate::ingest::input::Input;
use crate::ingest::intake::{Intake, Sample};
use crate::ingest::lines::Tail;
use crate::ingest::number::{MILLI, moment, took, whole};

/// The longest tag or text.
const MOST_TOKEN: u64 = 16 * 1024 * 1024;

/// Whether it is this format.
pub(in crate::ingest) fn claims(head: &Head<'_>) -> bool {
    head.begins("<") && head.has("<testResults")
}

/// What an open element is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    /// The outermost one: samples in it count.
    Root,
    /// A transaction controller: samples in it count, it does not.
    Transaction,
    /// A sample: samples in it are its parts.
    Sample,
    /// Anything else.
    Other,
}

/// Reads it.
pub(in crate::ingest) fn read(input: Input<'_>, intake: &mut Intake) -> Result<(), Unreadable> {
    let mut reader = Reader::from_reader(Capped::new(input));
    let mut buffer = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut left_out = LeftOut::default();
    let mut over = false;
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(tag)) => {
                let what = element(&tag, open.last().copied(), intake, &mut left_out)?;
                if open.len() > 128 {
                    return Err(Unreadable::Unlike("JMeter", "it is nested too deeply".to_owned()));
                }
                open.push(what);
            }
            Ok(Event::Empty(tag)) => {
                element(&tag, open.last().copied(), intake, &mut left_out)?;
            }
            Ok(Event::End(_)) => {
                open.pop();
                over |= open.is_empty();
            }
            Ok(Event::DocType(_)) => {
                return Err(Unreadable::Unlike("JMeter", "it has a DTD".to_owned()));
            }
            Ok(Event::Eof) => break,
            Ok(
                Event::Text(_)
                | Event::CData(_)
                | Event::Comment(_)
                | Event::Decl(_)
                | Event::PI(_)
                | Event::GeneralRef(_),
            ) => {}
            Err(quick_xml::Error::Syntax(_) | quick_xml::Error::IllFormed(_)) if intake.partial => {
                break;
            }
            Err(quick_xml::Error::Syntax(_)) => return Err(Unreadable::Unclosed),
            Err(why) => return Err(broken(&why, reader.buffer_position())),
        }
    }
    if !over && !intake.partial {
        return Err(Unreadable::Unclosed);
    }
    intake.tail(Tail { cut: !over });
    told(intake, &left_out);
    Ok(())
}

fn broken(why: &quick_xml::Error, at: u64) -> Unreadable {
    if let quick_xml::Error::Io(why) = why {
        return Unreadable::Unread(why.to_string());
    }
    let what: String = why.to_string().chars().take(120).collect();
    Unreadable::Unlike("JMeter", format!("{what}, at byte {at}"))
}

/// Counts an element, where it is a sample that counts.
fn element(
    tag: &BytesStart<'_>,
    above: Option<Open>,
    intake: &mut Intake,
    left_out: &mut LeftOut,
) -> Result<Open, Unreadable> {
    match (tag.name().as_ref(), above) {
        (b"testResults", None) => Ok(Open::Root),
        (_, None) => {
            Err(Unreadable::Unlike("JMeter", "it does not begin with `testResults`".into()))
        }
        (b"httpSample" | b"sample", Some(Open::Root | Open::Transaction)) => {
            let counted = sample(tag, intake, left_out);
            counted.map_err(|no| match no {
                No::File(why) => why,
                No::Line(why) => Unreadable::Unlike("JMeter", format!("a sample {why}")),
            })
        }
        (b"httpSample" | b"sample", Some(Open::Sample)) => {
            left_out.parts += 1;
            Ok(Open::Sample)
        }
        (_, Some(_)) => Ok(Open::Other),
    }
}

/// The attributes of a sample that count.
#[derive(Default)]
struct Attributes {
    took: Vec<u8>,
    time: Vec<u8>,
    success: Vec<u8>,
    label: Vec<u8>,
    code: Vec<u8>,
    message: Vec<u8>,
    bytes: Vec<u8>,
    threads: Vec<u8>,
}

impl Attributes {
    fn of(tag: &BytesStart<'_>) -> Result<Self, No> {
        let mut all = Self::default();
        for attribute in tag.attributes().with_checks(false) {
            let attribute = attribute.map_err(|_| No::from("has a broken attribute"))?;
            let into = match attribute.key.as_ref() {
                b"t" => &mut all.took,
                b"ts" => &mut all.time,
                b"s" => &mut all.success,
                b"lb" => &mut all.label,
                b"rc" => &mut all.code,
                b"rm" => &mut all.message,
                b"by" => &mut all.bytes,
                b"na" => &mut all.threads,
                _ => continue,
            };
            let text = std::str::from_utf8(&attribute.value);
            let text = text.map_err(|_| No::from("has an attribute that is no UTF-8"))?;
            let text = quick_xml::escape::unescape(text);
            let text = text.map_err(|_| No::from("has an entity that is none of XML's own"))?;
            *into = text.into_owned().into_bytes();
        }
        Ok(all)
    }
}

fn sample(tag: &BytesStart<'_>, intake: &mut Intake, left_out: &mut LeftOut) -> Result<Open, No> {
    let all = Attributes::of(tag)?;
    let took = took(&all.took, MILLI, "`t`")?;
    let sent = moment(&all.time).ok_or("has no `ts` that is a time")?;
    let good = match all.success.as_slice() {
        b"true" => true,
        b"false" => false,
        _ => return Err("has an `s` that is neither true nor false".into()),
    };
    intake.told.users = intake.told.users.max(whole(&all.threads).unwrap_or(0));
    if all.message.starts_with(TRANSACTION) {
        left_out.transactions += 1;
        return Ok(Open::Transaction);
    }
    let endpoint = intake.endpoint(&all.label)?;
    let code = status(&all.code);
    let said = if code.is_none() { &all.code } else { &all.message };
    let end = end(good, code, said);
    let bytes = whole(&all.bytes).unwrap_or(0);
    intake.sample(Sample { endpoint, sent, took, end, bytes })?;
    Ok(Open::Sample)
}

/// Refuses tags and texts that are longer than any.
struct Capped<'a> {
    inner: BufReader<Input<'a>>,
    since: u64,
}

impl<'a> Capped<'a> {
    fn new(input: Input<'a>) -> Self {
        Self { inner: BufReader::with_capacity(256 * 1024, input), since: 0 }
    }
}

impl Read for Capped<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.inner.read(into)
    }
}

impl BufRead for Capped<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.since > MOST_TOKEN {
            return Err(io::Error::other("it has a tag or text of more than 16 MiB"));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        let taken = &self.inner.buffer()[..amount.min(self.inner.buffer().len())];
        self.since = match memchr::memrchr(b'>', taken) {
            Some(at) => (taken.len() - at) as u64,
            None => self.since.saturating_add(amount as u64),
        };
        self.inner.consume(amount);
    }
}
