//! Results of other tools, read as a run.
//!
//! A file is streamed: samples are counted in slices of time as they come, and what a summary
//! quotes stays what it is. What a format does not tell is said with the run, so that a judgement
//! never takes silence for an answer.

mod format;
mod fault;
mod input;
mod head;
mod lines;
mod bytes;
mod number;
mod unit;
pub mod class;
mod span;
mod intake;
mod printed;
mod beside;
mod whole;
mod json;
mod locust;
mod k6;
mod jmeter;
mod gatling;
mod vegeta;
mod wrk;
mod hey;
mod h2load;
mod ab;
mod oha;
mod autocannon;
mod artillery;
mod siege;
mod taurus;
mod hlog;
mod generic;
mod recognise;

use std::io::Read;
use std::time::Duration;

use crate::run::Run;
use input::Input;
use intake::Intake;
use locust::Beside;

pub use fault::Unreadable;
pub use format::Format;
pub use locust::name as locust_name;
pub use recognise::recognise;
pub use unit::Unit;

/// The longest summary: 64 MiB.
const MOST_SUMMARY: u64 = 64 * 1024 * 1024;

/// What is asked of the files.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The gate file's name.
    pub gate: &'a str,
    /// Its SHA-256.
    pub gate_hash: &'a str,
    /// The windows that it looks at, so that slices fit them.
    pub windows: &'a [Duration],
    /// The format of all files; recognised where none is given.
    pub format: Option<Format>,
    /// A last line that broke off is left out, and that is said.
    pub partial: bool,
    /// The unit of times, for a format whose files do not say theirs.
    pub unit: Option<Unit>,
}

/// A file to read.
pub struct File<'a> {
    /// Its name, for errors.
    pub name: String,
    /// Its bytes.
    pub bytes: Box<dyn Read + 'a>,
}

/// What is wrong, and with which file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The file's name.
    pub file: String,
    /// Half a sentence that can follow it.
    pub why: Unreadable,
}

/// The format of a file whose first bytes, at most 64 KiB of them, are these, packed or not.
///
/// # Errors
/// When it is empty, no text, or not exactly one format claims it.
pub fn look(head: &[u8]) -> Result<Format, Unreadable> {
    let input = Input::open(Box::new(head))?;
    recognise(input.head())
}

/// Reads the files of one run.
///
/// # Errors
/// When one of them is not as its format has it, tells nothing, or does not go with the others.
pub fn read(files: Vec<File<'_>>, ask: &Ask<'_>) -> Result<Run, Refused> {
    let mut intake = Intake::new(ask);
    let mut beside = Beside::default();
    let mut last = String::new();
    for file in files {
        last.clone_from(&file.name);
        let done = one(file.bytes, ask, &mut intake, &mut beside);
        done.map_err(|why| Refused { file: file.name, why })?;
    }
    beside.settle(&mut intake);
    whole::run(intake, ask).map_err(|why| Refused { file: last, why })
}

fn one<'a>(
    bytes: Box<dyn Read + 'a>,
    ask: &Ask<'_>,
    intake: &mut Intake,
    beside: &mut Beside,
) -> Result<(), Unreadable> {
    let input = Input::open(bytes)?;
    let format = match ask.format {
        Some(format) => format,
        None => recognise(input.head())?,
    };
    if ask.unit.is_some() && format != Format::Hlog {
        return Err(Unreadable::OwnUnit(format.name()));
    }
    match intake.told.format {
        Some(first) if !first.goes_with(format) => {
            return Err(Unreadable::Mixed(format.name(), first.name()));
        }
        Some(first) => intake.told.format = Some(first.min(format)),
        None => intake.told.format = Some(format),
    }
    by(format, input, intake, beside)
}

fn by(
    format: Format,
    input: Input<'_>,
    intake: &mut Intake,
    beside: &mut Beside,
) -> Result<(), Unreadable> {
    match format {
        Format::Loadgate => {
            Err(Unreadable::Nothing("is a run of loadgate: give it alone".to_owned()))
        }
        Format::LocustStats => locust::stats::read(input, intake),
        Format::LocustHistory => locust::history::read(input, intake, beside),
        Format::LocustFailures => locust::failures::read(input, intake, beside),
        Format::LocustExceptions => locust::exceptions::read(input, intake),
        Format::LocustJson => locust::json::read(input, intake),
        Format::LocustHtml => locust::html::read(input, intake),
        Format::LocustRequests => locust::requests::read(input, intake),
        Format::K6Ndjson => k6::ndjson::read(input, intake),
        Format::K6Csv => k6::csv::read(input, intake),
        Format::K6Summary => k6::summary::read(input, intake),
        Format::JmeterCsv => jmeter::csv::read(input, intake),
        Format::JmeterXml => jmeter::xml::read(input, intake),
        Format::GatlingText => gatling::text::read(input, intake),
        Format::GatlingBinary => gatling::binary::read(input, intake),
        Format::VegetaJson => vegeta::json::read(input, intake),
        Format::VegetaCsv => vegeta::csv::read(input, intake),
        Format::VegetaBin => vegeta::gob::read(input, intake),
        Format::VegetaReport => vegeta::report::read(input, intake),
        Format::Wrk => wrk::read(input, intake),
        Format::HeyCsv => hey::read_csv(input, intake),
        Format::HeyText => hey::read_text(input, intake),
        Format::H2loadLog => h2load::read_log(input, intake),
        Format::H2loadText => h2load::read_text(input, intake),
        Format::AbText => ab::read_text(input, intake),
        Format::AbPercent => ab::read_percent(input, intake),
        Format::AbGnuplot => ab::read_gnuplot(input, intake),
        Format::OhaJson => oha::read_json(input, intake),
        Format::OhaCsv => oha::read_csv(input, intake),
        Format::Autocannon => autocannon::read(input, intake),
        Format::Artillery => artillery::read(input, intake),
        Format::Siege => siege::read(input, intake),
        Format::TaurusCsv => taurus::read_csv(input, intake),
        Format::TaurusXml => taurus::read_xml(input, intake),
        Format::Hlog => hlog::read(input, intake),
        Format::Csv => generic::read_csv(input, intake),
        Format::Ndjson => generic::read_ndjson(input, intake),
    }
}
