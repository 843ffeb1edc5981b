//! Rows of data, kept as one text and one offset for each row.
//!
//! A cell is stored behind its length, and the length takes one byte for up to 63 bytes of text,
//! as much as the comma or line break it had in the file. So a table is no larger than its file,
//! but for the offsets.

use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object};

/// Rows of data, all in memory, never changed.
#[derive(Debug)]
pub struct Table {
    form: Form,
    columns: Vec<Box<str>>,
    text: String,
    starts: Offsets,
}

/// How a row is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Cells, each behind its length.
    Cells,
    /// A JSON object, as it was written.
    Json,
}

/// Where each row starts; four bytes each as long as they suffice.
#[derive(Debug)]
enum Offsets {
    Narrow(Vec<u32>),
    Wide(Vec<u64>),
}

impl Table {
    pub(super) fn empty(form: Form, columns: Vec<Box<str>>) -> Self {
        Self { form, columns, text: String::new(), starts: Offsets::Narrow(Vec::new()) }
    }

    /// Starts a row; what is pushed next belongs to it.
    pub(super) fn start_row(&mut self) {
        self.starts.push(self.text.len());
    }

    /// Adds a cell to the row that was started last.
    pub(super) fn push_cell(&mut self, cell: &str) {
        let mut rest = cell.len();
        while rest > 63 {
            self.text.push(length_digit(rest & 63 | 64));
            rest >>= 6;
        }
        self.text.push(length_digit(rest));
        self.text.push_str(cell);
    }

    /// Adds the JSON of the row that was started last.
    pub(super) fn push_json(&mut self, json: &str) {
        self.text.push_str(json);
    }

    /// Names a column that was not known before.
    pub(super) fn push_column(&mut self, name: &str) {
        self.columns.push(name.into());
    }

    /// Gives back memory that was reserved for growing.
    pub(super) fn close(&mut self) {
        self.text.shrink_to_fit();
        match &mut self.starts {
            Offsets::Narrow(starts) => starts.shrink_to_fit(),
            Offsets::Wide(starts) => starts.shrink_to_fit(),
        }
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        match &self.starts {
            Offsets::Narrow(starts) => starts.len(),
            Offsets::Wide(starts) => starts.len(),
        }
    }

    /// The names of the columns; in JSON lines the keys that occur in any row.
    #[must_use]
    pub fn columns(&self) -> &[Box<str>] {
        &self.columns
    }

    /// Whether every row has every column: so in CSV, not so in JSON lines.
    #[must_use]
    pub fn is_rectangular(&self) -> bool {
        self.form == Form::Cells
    }

    /// The bytes of memory that the rows take.
    #[must_use]
    pub fn memory(&self) -> usize {
        let starts = match &self.starts {
            Offsets::Narrow(starts) => starts.capacity() * size_of::<u32>(),
            Offsets::Wide(starts) => starts.capacity() * size_of::<u64>(),
        };
        self.text.capacity() + starts
    }

    /// What is kept of a row.
    fn row(&self, index: usize) -> Option<&str> {
        let start = self.starts.get(index)?;
        let end = self.starts.get(index + 1).unwrap_or(self.text.len());
        self.text.get(start..end)
    }

    /// The cell of a row in one column.
    fn cell(&self, row: usize, column: usize) -> Option<&str> {
        let mut rest = self.row(row)?;
        for _ in 0..column {
            let (start, len) = cell_span(rest)?;
            rest = rest.get(start + len..)?;
        }
        let (start, len) = cell_span(rest)?;
        rest.get(start..start + len)
    }
}

/// Six bits of a length as one character, which is ASCII so that the text stays UTF-8.
fn length_digit(bits: usize) -> char {
    char::from(u8::try_from(bits).expect("seven bits are given"))
}

/// Where the text of the first cell begins, and how long it is.
fn cell_span(rest: &str) -> Option<(usize, usize)> {
    let mut len = 0;
    for (place, byte) in rest.bytes().enumerate() {
        len |= usize::from(byte & 63) << (6 * place);
        if byte & 64 == 0 {
            return Some((place + 1, len));
        }
    }
    None
}

impl Offsets {
    fn push(&mut self, offset: usize) {
        match self {
            Self::Narrow(starts) => {
                if let Ok(narrow) = u32::try_from(offset) {
                    starts.push(narrow);
                } else {
                    let wide = starts.iter().copied().map(u64::from);
                    *self = Self::Wide(wide.chain([offset as u64]).collect());
                }
            }
            Self::Wide(starts) => starts.push(offset as u64),
        }
    }

    fn get(&self, index: usize) -> Option<usize> {
        match self {
            Self::Narrow(starts) => starts.get(index).map(|start| *start as usize),
            Self::Wide(starts) => {
                starts.get(index).map(|start| usize::try_from(*start).expect("it was a usize"))
            }
        }
    }
}

/// One row of a table. Cheap to keep and to copy.
#[derive(Clone, Debug)]
pub struct Row {
    table: Arc<Table>,
    index: usize,
}

impl Row {
    /// The row of that number, counted from zero.
    #[must_use]
    pub fn of(table: &Arc<Table>, index: usize) -> Option<Self> {
        (index < table.rows()).then(|| Self { table: Arc::clone(table), index })
    }

    /// Its number in the table, counted from zero.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// The text of a cell; `None` for an unknown column, and in JSON lines.
    #[must_use]
    pub fn cell(&self, column: &str) -> Option<&str> {
        match self.table.form {
            Form::Cells => {
                let place = self.table.columns.iter().position(|name| **name == *column)?;
                self.table.cell(self.index, place)
            }
            Form::Json => None,
        }
    }

    /// The object of a row of JSON lines; `None` in CSV.
    #[must_use]
    pub fn object(&self) -> Option<Value> {
        match self.table.form {
            Form::Cells => None,
            Form::Json => serde_json::from_str(self.table.row(self.index)?).ok(),
        }
    }
}

/// A row of cells, as templates see it: its columns are its attributes.
impl Object for Row {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.cell(key.as_str()?).map(Value::from)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.cell(key).map(Value::from)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let columns = self.table.columns.iter();
        Enumerator::Values(columns.map(|name| Value::from(&**name)).collect())
    }
}
