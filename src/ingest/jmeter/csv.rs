//! JTL as CSV: any delimiter, any columns in any order, with or without a header.

use super::{LeftOut, TRANSACTION, told};
use crate::ingest::class::{end, status};
use crate::ingest::fault::{No, Unreadable};
use crate::ingest::head::Head;
use crate::ingest::input::Input;
use crate::ingest::intake::{Intake, Sample};
use crate::ingest::lines::{Lines, Row, Rows, place, places};
use crate::ingest::number::{MILLI, moment, took, whole};
use crate::run::Subject;

const ASKED: [&str; 3] = ["timeStamp", "elapsed", "label"];
/// What `JMeter` writes where nobody changed it, in this order.
const USUAL: [&str; 17] = [
    "timeStamp",
    "elapsed",
    "label",
    "responseCode",
    "responseMessage",
    "threadName",
    "dataType",
    "success",
    "failureMessage",
    "bytes",
    "sentBytes",
    "grpThreads",
    "allThreads",
    "URL",
    "Latency",
    "IdleTime",
    "Connect",
];
const SIGNS: [u8; 5] = [b',', b';', b'\t', b'|', b'^'];

/// Whether it is this format.
pub(in crate::ingest) fn claims(head: &Head<'_>) -> bool {
    let strange = |sign: u8| head.line.starts_with(b"timeStamp") && head.line.contains(&sign);
    (head.columns(&ASKED) && !head.has("avg_ct")) || strange(b'^') || usual(head.line).is_some()
}

/// The delimiter of a row without header that has the usual columns.
fn usual(line: &[u8]) -> Option<u8> {
    SIGNS.into_iter().find(|sign| {
        let fields: Vec<&[u8]> = line.split(|byte| byte == sign).collect();
        let stamp = fields.first().is_some_and(|stamp| stamp.len() == 13 && whole(stamp).is_some());
        let success = |field: &[u8]| matches!(field, b"true" | b"false");
        let at = fields.iter().position(|field| success(field));
        // A quoted message may hold delimiters of its own.
        stamp && at.is_some_and(|at| at >= 7) && fields.len() >= USUAL.len()
    })
}

/// Where the columns are.
struct Columns {
    count: usize,
    time: usize,
    took: usize,
    label: usize,
    code: usize,
    message: usize,
    success: usize,
    failure: usize,
    bytes: usize,
    threads: usize,
    thread: usize,
}

impl Columns {
    fn of(header: &[String]) -> Result<Self, Unreadable> {
        let [time, took, label] = places(header, ASKED)?;
        let at = |name: &str| place(header, name);
        Ok(Self {
            count: header.len(),
            time,
            took,
            label,
            code: at("responseCode"),
            message: at("responseMessage"),
            success: at("success"),
            failure: at("failureMessage"),
            bytes: at("bytes"),
            threads: at("allThreads"),
            thread: at("threadName"),
        })
    }
}

/// Reads it.
pub(in crate::ingest) fn read(input: Input<'_>, intake: &mut Intake) -> Result<(), Unreadable> {
    let line = Head::of(input.head()).line.to_vec();
    let bare = usual(&line);
    let sign = bare.or_else(|| {
        let count = |sign: &u8| memchr::memchr_iter(*sign, &line).count();
        SIGNS.into_iter().max_by_key(count)
    });
    let mut rows = Rows::new(Lines::new(input, intake.partial), sign.unwrap_or(b','));
    let header = match bare {
        Some(_) => USUAL.map(str::to_owned).to_vec(),
        None if line.first().is_some_and(u8::is_ascii_digit) => {
            let missing = vec!["a header (jmeter.save.saveservice.print_field_names=true)"];
            return Err(Unreadable::NoColumns { missing, there: Vec::new() });
        }
        None => rows.header()?,
    };
    let columns = Columns::of(&header)?;
    hidden(&columns, intake);
    let mut left_out = LeftOut::default();
    let mut family = Family::default();
    let tail = rows.each(|row| sample(&columns, row, intake, &mut left_out, &mut family))?;
    intake.tail(tail);
    told(intake, &left_out);
    Ok(())
}

/// What columns that are missing leave untold.
fn hidden(columns: &Columns, intake: &mut Intake) {
    if columns.code == usize::MAX {
        let why = "the JTL has no column `responseCode`: let JMeter save it";
        intake.told.untold.insert(Subject::Statuses, why.to_owned());
    }
    if columns.success == usize::MAX {
        let why = "the JTL has no column `success`: let JMeter save it";
        intake.told.untold.insert(Subject::Good, why.to_owned());
    }
}

fn sample(
    columns: &Columns,
    row: Row<'_>,
    intake: &mut Intake,
    left_out: &mut LeftOut,
    family: &mut Family,
) -> Result<(), No> {
    if row.len() < columns.count {
        let (has, asked) = (row.len(), columns.count);
        return Err(format!("has {has} fields where there are {asked} columns").into());
    }
    let took = took(row.get(columns.took), MILLI, "`elapsed`")?;
    let sent = moment(row.get(columns.time));
    let sent = sent.ok_or("has no `timeStamp` that is a time")?;
    let good = match row.get(columns.success) {
        b"true" | b"TRUE" => true,
        b"false" | b"FALSE" => false,
        _ if columns.success == usize::MAX => true,
        _ => return Err("has a `success` that is neither true nor false".into()),
    };
    let threads = whole(row.get(columns.threads)).unwrap_or(0);
    intake.told.users = intake.told.users.max(threads);
    if row.get(columns.message).starts_with(TRANSACTION) {
        left_out.transactions += 1;
        return Ok(());
    }
    let label = row.get(columns.label);
    let done = sent.saturating_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    if family.has(label, row.get(columns.thread), (sent, done)) {
        left_out.parts += 1;
        return Ok(());
    }
    family.begin(label, row.get(columns.thread), (sent, done));
    let endpoint = intake.endpoint(label)?;
    let code = status(row.get(columns.code));
    let said = if row.get(columns.failure).is_empty() { columns.message } else { columns.failure };
    let said = if code.is_none() { columns.code.min(said) } else { said };
    let end = end(good, code, row.get(said));
    let bytes = whole(row.get(columns.bytes)).unwrap_or(0);
    intake.sample(Sample { endpoint, sent, took, end, bytes })
}

/// A sample whose parts follow it: `name-0`, `name-1`, of the same thread, within its time.
#[derive(Debug, Default)]
struct Family {
    label: Vec<u8>,
    thread: Vec<u8>,
    time: (u64, u64),
}

impl Family {
    fn begin(&mut self, label: &[u8], thread: &[u8], time: (u64, u64)) {
        self.label.clear();
        self.label.extend_from_slice(label);
        self.thread.clear();
        self.thread.extend_from_slice(thread);
        self.time = time;
    }

    fn has(&self, label: &[u8], thread: &[u8], (sent, done): (u64, u64)) -> bool {
        let numbered = label.strip_prefix(self.label.as_slice()).is_some_and(|rest| {
            let digits = rest.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-');
            rest.len() > 1 && rest[0] == b'-' && digits
        });
        let slack = 2 * MILLI;
        numbered
            && !self.label.is_empty()
            && thread == self.thread
            && self.time.0 <= sent.saturating_add(slack)
            && done <= self.time.1.saturating_add(slack)
    }
}
