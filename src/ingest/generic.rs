//! Samples of anything: CSV or NDJSON with named columns.
//!
//! One column tells how long a request took, in the unit of its name (`latency_ms`, `duration_us`,
//! …). Others may tell its `name`, its `start`, its `status`, and whether it failed: by `error`
//! (empty where it did not) or by `success` (`true` or `false`).

use serde_json::{Map, Value};

use super::class::{end, status};
use super::fault::{No, Unreadable};
use super::head::Head;
use super::input::Input;
use super::intake::{Intake, Sample};
use super::lines::{Lines, Rows};
use super::number::{MICRO, MILLI, SECOND, moment, took};
use crate::run::Subject;

/// What a column that tells how long a request took may be called, before its unit.
const TIMES: [&str; 4] = ["latency", "duration", "elapsed", "response_time"];
const UNITS: [(&str, u64); 4] = [("_ns", 1), ("_us", MICRO), ("_ms", MILLI), ("_s", SECOND)];
const NAMES: [&str; 4] = ["name", "endpoint", "label", "request"];
const STARTS: [&str; 4] = ["start", "timestamp", "time", "ts"];
const CODES: [&str; 3] = ["status", "status_code", "code"];

/// The unit of a column that tells how long a request took.
fn unit(column: &str) -> Option<u64> {
    let (_, unit) = UNITS
        .into_iter()
        .find(|(end, _)| column.strip_suffix(end).is_some_and(|stem| TIMES.contains(&stem)))?;
    Some(unit)
}

/// Whether it is CSV with such columns.
pub(super) fn claims_csv(head: &Head<'_>) -> bool {
    let line = String::from_utf8_lossy(head.line);
    let columns: Vec<&str> =
        line.split([',', ';', '\t']).map(|name| name.trim_matches('"')).collect();
    let times = columns.iter().any(|name| unit(name).is_some());
    // CsvRequestLogger of Locust has such a column, too.
    !head.begins("{") && times && !columns.contains(&"request_type")
}

/// Whether it is NDJSON with such members.
pub(super) fn claims_ndjson(head: &Head<'_>) -> bool {
    let first: Option<Map<String, Value>> = serde_json::from_slice(head.line).ok();
    first.is_some_and(|first| first.keys().any(|name| unit(name).is_some()))
}

/// One sample, as text.
struct Told<'a> {
    name: &'a [u8],
    start: Option<&'a [u8]>,
    took: &'a [u8],
    unit: u64,
    code: Option<&'a [u8]>,
    success: Option<&'a [u8]>,
    error: Option<&'a [u8]>,
}

fn sample(told: &Told<'_>, intake: &mut Intake) -> Result<(), No> {
    let took = took(told.took, told.unit, "how long it took")?;
    let sent = match told.start.filter(|_| !intake.told.relative) {
        Some(start) => moment(start).ok_or("has a start that is no time")?,
        None => 0,
    };
    let code = told.code.and_then(status);
    let said = told.error.unwrap_or_default().trim_ascii();
    let success = match told.success.map(<[u8]>::to_ascii_lowercase).as_deref() {
        Some(b"true" | b"1" | b"yes") => Some(true),
        Some(b"false" | b"0" | b"no") => Some(false),
        Some(_) => return Err("has a `success` that is neither true nor false".into()),
        None => None,
    };
    let quiet = told.error.map(|_| said.is_empty());
    let fine = told.code.map(|_| code.is_some_and(|code| code < 400));
    let good = [success, quiet].into_iter().flatten().reduce(|one, other| one && other);
    let good = good.or(fine).unwrap_or(true);
    let name = if told.name.is_empty() { b"all requests" } else { told.name };
    let endpoint = intake.endpoint(name)?;
    intake.sample(Sample { endpoint, sent, took, end: end(good, code, said), bytes: 0 })
}

/// What columns that are missing leave untold.
fn hidden(has: impl Fn(&[&str]) -> bool, intake: &mut Intake) {
    let mut untold = |of, why: &str| intake.told.untold.insert(of, why.to_owned());
    if !has(&CODES) {
        untold(Subject::Statuses, "the file has no column `status`");
    }
    if !has(&CODES) && !has(&["error", "success"]) {
        untold(Subject::Good, "the file has no column `status`, `error` or `success`");
    }
    if !has(&STARTS) {
        untold(Subject::Span, "the file has no column `start`");
        intake.told.relative = true;
    }
}

/// Reads CSV.
pub(super) fn read_csv(input: Input<'_>, intake: &mut Intake) -> Result<(), Unreadable> {
    let line = Head::of(input.head()).line.to_vec();
    let count = |sign: &u8| memchr::memchr_iter(*sign, &line).count();
    let sign = [b',', b';', b'\t'].into_iter().max_by_key(count).unwrap_or(b',');
    let mut rows = Rows::new(Lines::new(input, intake.partial), sign);
    let header = rows.header()?;
    let any = |names: &[&str]| header.iter().position(|column| names.contains(&column.as_str()));
    let times = header.iter().enumerate().find_map(|(at, name)| Some((at, unit(name)?)));
    let Some((time, unit)) = times else {
        let missing = vec!["a column such as `latency_ms`"];
        return Err(Unreadable::NoColumns { missing, there: header });
    };
    hidden(|names| any(names).is_some(), intake);
    let (name, start, code) = (any(&NAMES), any(&STARTS), any(&CODES));
    let (success, error) = (any(&["success"]), any(&["error"]));
    let tail = rows.each(|row| {
        let told = Told {
            name: name.map_or(&[], |at| row.get(at)),
            start: start.map(|at| row.get(at)),
            took: row.get(time),
            unit,
            code: code.map(|at| row.get(at)),
            success: success.map(|at| row.get(at)),
            error: error.map(|at| row.get(at)),
        };
        sample(&told, intake)
    })?;
    intake.tail(tail);
    Ok(())
}

/// Reads NDJSON.
pub(super) fn read_ndjson(input: Input<'_>, intake: &mut Intake) -> Result<(), Unreadable> {
    let first: Map<String, Value> =
        serde_json::from_slice(Head::of(input.head()).line).unwrap_or_default();
    hidden(|names| first.keys().any(|name| names.contains(&name.as_str())), intake);
    let tail = Lines::new(input, intake.partial).each(|line| {
        let object: Map<String, Value> =
            serde_json::from_slice(line).map_err(|_| No::from("is no JSON object"))?;
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                value.to_string()
            }
        };
        let any = |names: &[&str]| names.iter().find_map(|name| object.get(*name)).map(text);
        let times = object.iter().find_map(|(name, value)| Some((text(value), unit(name)?)));
        let (took, unit) = times.ok_or("does not say how long the request took")?;
        let (name, start, code) = (any(&NAMES), any(&STARTS), any(&CODES));
        let (success, error) = (any(&["success"]), any(&["error"]));
        let told = Told {
            name: name.as_deref().unwrap_or_default().as_bytes(),
            start: start.as_deref().map(str::as_bytes),
            took: took.as_bytes(),
            unit,
            code: code.as_deref().map(str::as_bytes),
            success: success.as_deref().map(str::as_bytes),
            error: error.as_deref().map(str::as_bytes),
        };
        sample(&told, intake)
    })?;
    intake.tail(tail);
    Ok(())
}
