//! Taurus: the final statistics as CSV and as XML, times in seconds to a millisecond.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::io::BufReader;
use std::time::Duration;

use super::class::status;
use super::fault::{No, Unreadable};
use super::head::Head;
use super::input::Input;
use super::intake::Intake;
use super::lines::{Lines, Rows, places};
use super::number::{MILLI, SECOND, scaled, whole};
use super::printed;
use crate::archive::MOST_ENDPOINTS;
use crate::run::{Band, Quotes, Ranks, Subject};
use crate::unit::Quantile;

const ASKED: [&str; 4] = ["label", "avg_rt", "succ", "fail"];

/// Whether it is the CSV.
pub(super) fn claims_csv(head: &Head<'_>) -> bool {
    head.columns(&ASKED)
}

/// Whether it is the XML.
pub(super) fn claims_xml(head: &Head<'_>) -> bool {
    head.begins("<") && head.has("<FinalStatus>")
}

/// The numbers of one label.
#[derive(Default)]
struct Group {
    label: String,
    good: u64,
    failed: u64,
    mean: Option<Duration>,
    bytes: u64,
    percentiles: Vec<(Quantile, Band)>,
    statuses: std::collections::BTreeMap<u16, u64>,
}

impl Group {
    /// Takes a number by its name, as the columns of the CSV have it.
    fn take(&mut self, name: &str, value: &[u8]) -> Result<(), No> {
        let bad = || No::from(format!("has no number for `{name}`"));
        match name {
            "succ" => self.good = whole(value).ok_or_else(bad)?,
            "fail" => self.failed = whole(value).ok_or_else(bad)?,
            "bytes" => self.bytes = whole(value).unwrap_or(0),
            "avg_rt" => {
                self.mean = Some(Duration::from_nanos(scaled(value, SECOND).ok_or_else(bad)?));
            }
            _ => {}
        }
        if let Some(share) = name.strip_prefix("perc_").filter(|_| !value.is_empty()) {
            let low = Duration::from_nanos(scaled(value, SECOND).ok_or_else(bad)?);
            let high = low.saturating_add(Duration::from_nanos(MILLI - 1));
            let share = scaled(share.as_bytes(), 10_000).ok_or_else(bad)?;
            let at = u32::try_from(share).ok().and_then(Quantile::from_millionths);
            self.percentiles.extend(at.map(|at| (at, Band { low, high, said: low })));
        }
        let code = name.strip_prefix("rc_").and_then(|code| status(code.as_bytes()));
        if let Some(code) = code.filter(|_| !value.is_empty()) {
            self.statuses.insert(code, whole(value).ok_or_else(bad)?);
        }
        Ok(())
    }

    fn give(self, intake: &mut Intake) -> Result<(), Unreadable> {
        let all = self.good.saturating_add(self.failed);
        let times = printed::ranks(self.percentiles);
        let most = match &times {
            Ranks::Fixed(all) => all.last().filter(|(at, _)| *at == Quantile::MAX),
            Ranks::Buckets(_) => None,
        };
        let most = most.map(|(_, band)| Band::exactly(band.high));
        let quotes = Quotes {
            times,
            mean: self.mean.map(Band::exactly),
            most,
            statuses: self.statuses,
            bytes: self.bytes,
            ..printed::quotes(all, self.failed, all)
        };
        if intake.quoted.len() >= MOST_ENDPOINTS {
            return Err(Unreadable::Names(MOST_ENDPOINTS));
        }
        if self.label.is_empty() {
            intake.told.whole = Some(quotes);
        } else {
            intake.quoted.push((self.label, quotes));
        }
        Ok(())
    }
}

/// Reads the CSV.
pub(super) fn read_csv(input: Input<'_>, intake: &mut Intake) -> Result<(), Unreadable> {
    if intake.told.whole.is_some() {
        return Err(Unreadable::NotAdded);
    }
    let mut rows = Rows::new(Lines::new(input, intake.partial), b',');
    let header = rows.header()?;
    let [label, ..] = places(&header, ASKED)?;
    let tail = rows.each(|row| {
        let name = std::str::from_utf8(row.get(label)).map_err(|_| No::from("is no UTF-8"))?;
        let mut group = Group { label: name.to_owned(), ..Group::default() };
        for (at, column) in header.iter().enumerate() {
            group.take(column, row.get(at))?;
        }
        group.give(intake).map_err(No::from)
    })?;
    intake.tail(tail);
    let why = "Taurus's CSV does not tell how long the run lasted: give its XML, or kpi.jtl";
    intake.told.untold.insert(Subject::Span, why.to_owned());
    finish(intake)
}

fn finish(intake: &mut Intake) -> Result<(), Unreadable> {
    intake.note("Taurus rounds times to milliseconds: kpi.jtl has every request");
    let whole = intake.told.whole.is_some();
    let why = "has no row of all requests together: it is not whole".to_owned();
    if whole { Ok(()) } else { Err(Unreadable::Nothing(why)) }
}

/// Reads the XML.
pub(super) fn read_xml(input: Input<'_>, intake: &mut Intake) -> Result<(), Unreadable> {
    if intake.told.whole.is_some() {
        return Err(Unreadable::NotAdded);
    }
    let text = input.text(printed::MOST_TEXT)?;
    let mut reader = Reader::from_reader(BufReader::new(text.as_bytes()));
    let mut buffer = Vec::new();
    let mut group: Option<Group> = None;
    let (mut timed, mut over) = (false, false);
    loop {
        buffer.clear();
        let event = reader.read_event_into(&mut buffer);
        match event.map_err(|_| Unreadable::Unclosed)? {
            Event::Start(tag) | Event::Empty(tag) => match tag.name().as_ref() {
                b"Group" => {
                    let label = attribute(&tag, b"label").unwrap_or_default();
                    group = Some(Group { label, ..Group::default() });
                }
                b"TestDuration" => timed = true,
                name => {
                    let name = String::from_utf8_lossy(name).into_owned();
                    number(&tag, &name, group.as_mut())?;
                }
            },
            Event::Text(text) if timed => {
                let seconds = scaled(text.as_ref(), SECOND).map(Duration::from_nanos);
                (intake.told.lasted, timed) = (seconds, false);
            }
            Event::End(tag) if tag.name().as_ref() == b"Group" => {
                group.take().map_or(Ok(()), |group| group.give(intake))?;
            }
            Event::End(tag) => over |= tag.name().as_ref() == b"FinalStatus",
            Event::DocType(_) => {
                return Err(Unreadable::Unlike("Taurus", "it has a DTD".to_owned()));
            }
            Event::Eof => break,
            Event::Text(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::GeneralRef(_) => {}
        }
    }
    if over { finish(intake) } else { Err(Unreadable::Unclosed) }
}

/// A number of a group: `<succ value="230">`, `<perc value="0.005" param="50.0">`.
fn number(tag: &BytesStart<'_>, name: &str, group: Option<&mut Group>) -> Result<(), Unreadable> {
    let Some((group, value)) = group.zip(attribute(tag, b"value")) else { return Ok(()) };
    let name = match (name, attribute(tag, b"param")) {
        ("perc" | "rc", Some(param)) => format!("{name}_{param}"),
        _ => name.to_owned(),
    };
    group.take(&name, value.as_bytes()).map_err(|no| match no {
        No::File(why) => why,
        No::Line(why) => Unreadable::Unlike("Taurus", format!("`{}` {why}", group.label)),
    })
}

fn attribute(tag: &BytesStart<'_>, name: &[u8]) -> Option<String> {
    let mut all = tag.attributes();
    let found = all.with_checks(false).flatten().find(|one| one.key.as_ref() == name)?;
    let text = std::str::from_utf8(&found.value).ok()?;
    quick_xml::escape::unescape(text).ok().map(std::borrow::Cow::into_owned)
}
