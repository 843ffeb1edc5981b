//! Data files into tables: CSV and JSON lines.

use std::collections::HashSet;
use std::io::{self, BufRead, BufReader, Read};

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::table::{Form, Table};
use super::utf8::{Checked, NotUtf8};

/// A row may be as long as this, in bytes; a longer one is a quote that was never closed.
const ROW_LIMIT: usize = 1 << 20;

/// Keys that are remembered of JSON lines.
const COLUMN_LIMIT: usize = 1_000;

/// A cell that is read behind the last one. Missing means that a quote swallowed it.
const END: &str = "\u{0}end of data\u{0}";
const END_LINE: &[u8] = b"\n\0end of data\0\n";

/// Why a data file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadData {
    /// What is wrong, in half a sentence.
    pub why: String,
    /// The line, counted from 1, where there is one to point at.
    pub line: Option<u64>,
    /// The column, counted from 1 in characters, where it is known.
    pub column: Option<u64>,
    /// What to do about it.
    pub hint: String,
}

impl std::error::Error for BadData {}

impl std::fmt::Display for BadData {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.line, self.column) {
            (Some(line), Some(column)) => write!(out, "line {line}, column {column}: ")?,
            (Some(line), None) => write!(out, "line {line}: ")?,
            (None, _) => {}
        }
        out.write_str(&self.why)
    }
}

impl BadData {
    fn new(why: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { why: why.into(), line: None, column: None, hint: hint.into() }
    }

    fn at_line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    fn empty(hint: &str) -> Self {
        Self::new("the file is empty", hint)
    }

    /// What a failed read says, which is mostly that the text is not UTF-8.
    fn of_io(error: &io::Error) -> Self {
        let inside = error.get_ref().and_then(|inside| inside.downcast_ref::<NotUtf8>());
        match inside {
            Some(place) => Self {
                why: format!("byte {} is not UTF-8", place.offset),
                line: Some(place.line),
                column: Some(place.column),
                hint: "save the file as UTF-8".to_owned(),
            },
            None => Self::new(format!("cannot be read: {error}"), "check the file and its disk"),
        }
    }

    /// The text is UTF-8 and may have any number of cells, so that only reading can fail.
    fn of_csv(error: &csv::Error) -> Self {
        if let csv::ErrorKind::Io(error) = error.kind() {
            return Self::of_io(error);
        }
        Self::new(format!("not CSV: {error}"), "write it as RFC 4180 has it")
    }
}

/// Reads CSV: comma between cells, names of columns in the first row, quotes as RFC 4180 has them.
///
/// # Errors
/// The first fault of the file.
pub fn csv(input: impl Read) -> Result<Table, BadData> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(Checked::new(input, END_LINE));
    let mut record = csv::StringRecord::new();
    let mut more = read_record(&mut reader, &mut record)?;
    if is_end(&record) {
        return Err(BadData::empty("name the columns in the first line, one row in each other"));
    }
    let mut last_line = line_of(&record);
    let mut table = Table::empty(Form::Cells, header(&record)?);
    while more {
        more = read_record(&mut reader, &mut record)?;
        if !more {
            let hint = "close the quote with `\"`; write a quote inside a cell as `\"\"`";
            let why = "a quote is opened in this row and never closed";
            return Err(BadData::new(why, hint).at_line(last_line));
        }
        if is_end(&record) {
            break;
        }
        last_line = line_of(&record);
        push_record(&mut table, &record)?;
    }
    if table.rows() == 0 {
        let hint = "add at least one row under it";
        return Err(BadData::new("there is a header and no row", hint));
    }
    table.close();
    Ok(table)
}

fn read_record<R: Read>(
    reader: &mut csv::Reader<R>,
    record: &mut csv::StringRecord,
) -> Result<bool, BadData> {
    reader.read_record(record).map_err(|error| BadData::of_csv(&error))
}

fn line_of(record: &csv::StringRecord) -> u64 {
    record.position().map_or(1, csv::Position::line)
}

fn is_end(record: &csv::StringRecord) -> bool {
    record.len() == 1 && record.get(0) == Some(END)
}

/// The names of the columns.
fn header(record: &csv::StringRecord) -> Result<Vec<Box<str>>, BadData> {
    let bad = |why: String, hint: &str| Err(BadData::new(why, hint).at_line(line_of(record)));
    let mut seen = HashSet::new();
    for (place, name) in record.iter().map(str::trim).enumerate() {
        let number = place + 1;
        if name.is_empty() {
            return bad(format!("column {number} has no name"), "name every column");
        }
        if !seen.insert(name) {
            let hint = "give each column a name of its own";
            return bad(format!("two columns are named `{name}`"), hint);
        }
    }
    let first = record.get(0).unwrap_or_default();
    if let (1, Some(separator)) = (record.len(), first.find([';', '\t'])) {
        let separator = if first[separator..].starts_with(';') { "`;`" } else { "tabs" };
        let why = format!("the cells seem to be separated by {separator}");
        return bad(why, "separate them by commas");
    }
    Ok(record.iter().map(|name| name.trim().into()).collect())
}

fn push_record(table: &mut Table, record: &csv::StringRecord) -> Result<(), BadData> {
    let line = line_of(record);
    let (got, wanted) = (record.len(), table.columns().len());
    if record.as_slice().len() > ROW_LIMIT {
        let hint = "look for a quote that is not closed in this row";
        return Err(BadData::new("the row is longer than 1 MiB", hint).at_line(line));
    }
    if got != wanted {
        let why = format!("{}, where the header names {wanted}", count(got, "cell"));
        let hint = if got > wanted {
            "put a cell that contains a comma in quotes"
        } else {
            "write an empty cell as nothing between two commas"
        };
        return Err(BadData::new(why, hint).at_line(line));
    }
    table.start_row();
    for cell in record {
        table.push_cell(cell);
    }
    Ok(())
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// Reads JSON lines: one object in each line, blank lines aside.
///
/// # Errors
/// The first fault of the file.
pub fn json_lines(input: impl Read) -> Result<Table, BadData> {
    let mut reader = BufReader::new(Checked::new(input, b""));
    let mut table = Table::empty(Form::Json, Vec::new());
    let mut seen = HashSet::new();
    let mut line = String::new();
    for number in 1_u64.. {
        line.clear();
        let limit = ROW_LIMIT as u64 + 1;
        let read = (&mut reader).take(limit).read_line(&mut line);
        if read.map_err(|error| BadData::of_io(&error))? == 0 {
            break;
        }
        if line.len() > ROW_LIMIT {
            let hint = "write one object in each line";
            return Err(BadData::new("the line is longer than 1 MiB", hint).at_line(number));
        }
        let text = line.trim();
        if text.is_empty() {
            continue;
        }
        for key in keys(text, &line).map_err(|bad| bad.at_line(number))? {
            if seen.len() < COLUMN_LIMIT && !seen.contains(&key) {
                table.push_column(&key);
                seen.insert(key);
            }
        }
        table.start_row();
        table.push_json(text);
    }
    if table.rows() == 0 {
        return Err(BadData::empty(
            "write one object in each line: {\"email\": \"a@example.org\"}",
        ));
    }
    table.close();
    Ok(table)
}

/// The keys of one line's object.
fn keys(text: &str, line: &str) -> Result<Vec<String>, BadData> {
    if text.starts_with('[') {
        let hint = "write one object in each line, as `jq -c '.[]'` does";
        return Err(BadData::new("this is a list, not an object", hint));
    }
    if !text.starts_with('{') {
        let hint = "write one object in each line: {\"email\": \"a@example.org\"}";
        return Err(BadData::new("this is not a JSON object", hint));
    }
    serde_json::from_str(text).map(|Keys(keys)| keys).map_err(|error| {
        let told = error.to_string();
        let told = told.split(" at line ").next().unwrap_or_default();
        let (why, before) = if error.is_eof() {
            ("the line ends inside the object".to_owned(), text.len())
        } else {
            (format!("not JSON: {told}"), error.column().saturating_sub(1))
        };
        let indent = line.len() - line.trim_start().len();
        let before = line.get(..indent + before).unwrap_or(line).chars().count() as u64;
        let hint = "write one whole JSON object in each line, not over several lines";
        BadData { column: Some(before + 1), ..BadData::new(why, hint) }
    })
}

/// The keys of an object, its values read over.
struct Keys(Vec<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(KeysVisitor)
    }
}

struct KeysVisitor;

impl<'de> Visitor<'de> for KeysVisitor {
    type Value = Keys;

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
        let mut keys = Vec::new();
        while let Some((key, IgnoredAny)) = map.next_entry()? {
            keys.push(key);
        }
        Ok(Keys(keys))
    }
}
