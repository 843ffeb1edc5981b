//! `data` as it is written, made into tables of rows.

use std::collections::HashMap;
use std::sync::Arc;

use super::fault::Fault;
use super::payload::{Files, read_file};
use super::reader::{At, Reader, Text};
use super::scenario::{Feed, Per};
use super::story::{Data, PickAsk};
use super::take::name_fits;
use super::value::OneOrMany;
use crate::script::feeder::{OnEnd, Pick};
use crate::script::read;
use crate::script::table::Table;

/// Files that were read already, by path and whether they are CSV. `None`: the fault was told.
pub(super) type Tables = HashMap<(String, bool), Option<Arc<Table>>>;

const USUAL_NAME: &str = "row";

/// The tables of a scenario; less than are written where the reader has been told why.
pub(super) fn feeds(
    written: Option<&OneOrMany<Data>>,
    files: Files<'_>,
    tables: &mut Tables,
    reader: &mut Reader<'_>,
) -> Vec<Feed> {
    let mut feeds: Vec<Feed> = Vec::new();
    for at in written.iter().flat_map(|list| &list.0) {
        let table = table(at, files, tables, reader);
        let pick = pick(&at.value, reader);
        let per = at.value.per.value().map_or(Per::Turn, |one| one.0);
        let named = at.value.r#as.get();
        let span = named.map_or(at.span.clone(), |name| name.span.clone());
        let name = named.map_or(USUAL_NAME, |name| &name.value.value).to_owned();
        if !name_fits(&At { value: name.clone(), span: span.clone() }, reader) {
            continue;
        }
        if feeds.iter().any(|feed| feed.name == name) {
            let hint = "give each its own name: `as = \"user_row\"`".to_owned();
            reader.fault(span, format!("two tables are known as `{name}`"), hint);
        }
        feeds.extend(table.map(|table| Feed { name, table, pick, per }));
    }
    feeds
}

fn pick(data: &Data, reader: &mut Reader<'_>) -> Pick {
    let pick = data.pick.value().map_or(PickAsk::Next, |one| one.0);
    if let Some(at) = data.at_end.get().filter(|_| pick != PickAsk::Next) {
        let hint = "leave it out, or write `pick = \"next\"`".to_owned();
        reader.fault(at.span.clone(), "`at_end` belongs to `pick = \"next\"`", hint);
    }
    match pick {
        PickAsk::Next => Pick::Next(data.at_end.value().map_or(OnEnd::Wrap, |one| one.0)),
        PickAsk::Random => Pick::Random,
        PickAsk::Once => Pick::Once,
    }
}

fn table(
    at: &At<Data>,
    files: Files<'_>,
    tables: &mut Tables,
    reader: &mut Reader<'_>,
) -> Option<Arc<Table>> {
    let data = &at.value;
    let both = !data.csv.is_absent() && !data.jsonl.is_absent();
    if both || (data.csv.is_absent() && data.jsonl.is_absent()) {
        let hint = "write `csv = \"users.csv\"` or `jsonl = \"users.jsonl\"`".to_owned();
        reader.fault(at.span.clone(), "data comes from one file", hint);
        return None;
    }
    let is_csv = data.jsonl.is_absent();
    let path = if is_csv { data.csv.get() } else { data.jsonl.get() }?;
    let key = (path.value.value.clone(), is_csv);
    if let Some(known) = tables.get(&key) {
        return known.clone();
    }
    let table = read_table(path, is_csv, files, reader).map(Arc::new);
    tables.insert(key, table.clone());
    table
}

/// Reads a file. Its faults are told with their place in it, and without the line, which may hold
/// anybody's password.
fn read_table(
    path: &At<Text>,
    is_csv: bool,
    files: Files<'_>,
    reader: &mut Reader<'_>,
) -> Option<Table> {
    let bytes = read_file(path, files, reader)?;
    let read = if is_csv { read::csv(&bytes[..]) } else { read::json_lines(&bytes[..]) };
    let bad = match read {
        Ok(table) if table.rows() > 0 => return Some(table),
        Ok(_) => {
            let hint = "it needs one row at least, below the names of the columns".to_owned();
            let file = &path.value.shown;
            reader.fault(path.span.clone(), format!("the file `{file}` has no rows"), hint);
            return None;
        }
        Err(bad) => bad,
    };
    let Some(line) = bad.line else {
        let message = format!("the file `{}` cannot be used: {}", path.value.shown, bad.why);
        reader.fault(path.span.clone(), message, bad.hint);
        return None;
    };
    let place = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let mut fault = Fault::outside(&path.value.shown, bad.why, Some(bad.hint));
    (fault.line, fault.column) = (place(line), bad.column.map_or(1, place));
    reader.faults.push(fault);
    None
}
