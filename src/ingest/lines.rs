//! Lines of any length up to 1 MiB, streamed, with their numbers; and rows of separated fields.

use std::io::Read as _;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use memchr::{memchr, memchr_iter};

use super::fault::{Faults, No, Unreadable};
use super::input::Input;

/// The longest line.
const MOST_LINE: usize = 1024 * 1024;
/// How much is read at once.
const CHUNK: usize = 256 * 1024;

/// What is left of a file once it is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tail {
    /// Its last line, or element, broke off and was left out.
    pub(super) cut: bool,
}

/// A file's lines, without their ends. Lines end with LF, CR LF, or with CR alone where the file
/// has no LF.
pub(super) struct Lines<'a> {
    input: Input<'a>,
    end: u8,
    buffer: Vec<u8>,
    from: usize,
    filled: usize,
    over: bool,
    number: u64,
    /// The line just read had no end.
    open: bool,
    faults: Faults,
    partial: bool,
}

impl<'a> Lines<'a> {
    /// `partial` leaves out a last line that broke off.
    pub(super) fn new(input: Input<'a>, partial: bool) -> Self {
        let head = input.head();
        let old = memchr(b'\n', head).is_none() && memchr(b'\r', head).is_some();
        Self {
            end: if old { b'\r' } else { b'\n' },
            input,
            buffer: vec![0; CHUNK],
            from: 0,
            filled: 0,
            over: false,
            number: 0,
            open: false,
            faults: Faults::default(),
            partial,
        }
    }

    /// The number of the line just read, 1-based.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Where the next line lies in the buffer; `None` at the end.
    fn find(&mut self) -> Result<Option<(usize, usize)>, Unreadable> {
        let mut seen = self.from;
        loop {
            if let Some(at) = memchr(self.end, &self.buffer[seen..self.filled]) {
                let (from, to) = (self.from, seen + at);
                self.from = to + 1;
                return self.found(from, to, false);
            }
            seen = self.filled;
            if self.filled - self.from > MOST_LINE {
                return Err(Unreadable::LongLine(self.number + 1));
            }
            if self.over {
                let (from, to) = (self.from, self.filled);
                self.from = to;
                return if from == to { Ok(None) } else { self.found(from, to, true) };
            }
            seen -= self.more()?;
        }
    }

    fn found(
        &mut self,
        from: usize,
        to: usize,
        open: bool,
    ) -> Result<Option<(usize, usize)>, Unreadable> {
        self.number += 1;
        self.open = open;
        if to - from > MOST_LINE {
            return Err(Unreadable::LongLine(self.number));
        }
        let cr = to > from && self.buffer[to - 1] == b'\r';
        Ok(Some((from, if cr { to - 1 } else { to })))
    }

    /// Reads on; says by how much what is there was moved.
    fn more(&mut self) -> Result<usize, Unreadable> {
        let moved = self.from;
        self.buffer.copy_within(self.from..self.filled, 0);
        self.filled -= moved;
        self.from = 0;
        if self.buffer.len() - self.filled < CHUNK / 2 {
            self.buffer.resize(self.buffer.len() + CHUNK, 0);
        }
        let read = loop {
            match self.input.read(&mut self.buffer[self.filled..]) {
                Err(why) if why.kind() == std::io::ErrorKind::Interrupted => {}
                done => break done.map_err(|why| Unreadable::Unread(why.to_string()))?,
            }
        };
        self.over = read == 0;
        self.filled += read;
        Ok(moved)
    }

    /// The next line.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, Unreadable> {
        Ok(self.find()?.map(|(from, to)| &self.buffer[from..to]))
    }

    /// The first line that is not blank; a file that has none is empty.
    pub(super) fn first(&mut self) -> Result<Vec<u8>, Unreadable> {
        while let Some(line) = self.next()? {
            if !line.trim_ascii().is_empty() {
                return Ok(line.to_vec());
            }
        }
        Err(Unreadable::Empty)
    }

    /// Shows every line that is not blank, and the file's wrong lines in the end.
    pub(super) fn each(
        mut self,
        mut read: impl FnMut(&[u8]) -> Result<(), No>,
    ) -> Result<Tail, Unreadable> {
        while let Some((from, to)) = self.find()? {
            let line = &self.buffer[from..to];
            if line.is_empty() || line.trim_ascii().is_empty() {
                continue;
            }
            let done = read(line);
            if let Some(tail) = self.settle(done)? {
                return Ok(tail);
            }
        }
        self.faults.end().map(|()| Tail::default())
    }

    /// What a line's fault means for the file; a tail where it ends with a line that broke off.
    fn settle(&mut self, done: Result<(), No>) -> Result<Option<Tail>, Unreadable> {
        let why = match done {
            Ok(()) => return Ok(None),
            Err(No::File(why)) => return Err(why),
            Err(No::Line(why)) => why,
        };
        if self.open && self.is_last()? {
            std::mem::take(&mut self.faults).end()?;
            let cut = Tail { cut: true };
            return if self.partial {
                Ok(Some(cut))
            } else {
                Err(Unreadable::Truncated(self.number))
            };
        }
        self.faults.add(self.number, &why);
        Ok(None)
    }

    fn is_last(&mut self) -> Result<bool, Unreadable> {
        while !self.over && self.from == self.filled {
            self.more()?;
        }
        Ok(self.over && self.from == self.filled)
    }
}

/// Rows of fields, separated and quoted as RFC 4180 has it, or by another sign.
pub(super) struct Rows<'a> {
    lines: Lines<'a>,
    sign: u8,
    /// How many fields each row has, once a header told it.
    columns: Option<usize>,
    quoted: Box<Reader>,
    joined: Vec<u8>,
    fields: Vec<u8>,
    ends: Vec<usize>,
    spans: Vec<(usize, usize)>,
}

/// One row.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    text: &'a [u8],
    spans: &'a [(usize, usize)],
}

impl<'a> Row<'a> {
    /// How many fields it has.
    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    /// A field; empty where there is none.
    pub(super) fn get(&self, at: usize) -> &'a [u8] {
        self.spans.get(at).map_or(&[], |(from, to)| &self.text[*from..*to])
    }
}

impl<'a> Rows<'a> {
    pub(super) fn new(lines: Lines<'a>, sign: u8) -> Self {
        Self {
            lines,
            sign,
            columns: None,
            quoted: Box::new(ReaderBuilder::new().delimiter(sign).build()),
            joined: Vec::new(),
            fields: Vec::new(),
            ends: Vec::new(),
            spans: Vec::new(),
        }
    }

    /// The fields of the first row, as text.
    pub(super) fn header(&mut self) -> Result<Vec<String>, Unreadable> {
        let line = self.lines.first()?;
        let sign = self.sign;
        split(&line, sign, &mut self.spans);
        self.columns = Some(self.spans.len());
        let text = |(from, to): &(usize, usize)| {
            let field = String::from_utf8_lossy(&line[*from..*to]).into_owned();
            field.trim().trim_matches('"').to_owned()
        };
        Ok(self.spans.iter().map(text).collect())
    }

    /// Shows every row, and the file's wrong lines in the end. Rows with more or fewer fields than
    /// the header are wrong.
    pub(super) fn each(
        mut self,
        mut read: impl FnMut(Row<'_>) -> Result<(), No>,
    ) -> Result<Tail, Unreadable> {
        let columns = self.columns;
        let mut read = |row: Row<'_>| match (row.len(), columns) {
            (has, Some(asked)) if has != asked => {
                Err(No::from(format!("has {has} fields where there are {asked} columns")))
            }
            _ => read(row),
        };
        while let Some((from, to)) = self.lines.find()? {
            let line = &self.lines.buffer[from..to];
            if line.is_empty() {
                continue;
            }
            let done = if memchr(b'"', line).is_some() {
                self.joined.clear();
                self.joined.extend_from_slice(line);
                self.quote()?;
                if !is_well_quoted(&self.joined, self.sign) {
                    Err(No::from("goes on behind a quoted field: did two writers mix their lines?"))
                } else if self.unquote() {
                    read(Row { text: &self.fields, spans: &self.spans })
                } else {
                    Err(No::from("has a quoted field without an end"))
                }
            } else {
                split(line, self.sign, &mut self.spans);
                read(Row { text: line, spans: &self.spans })
            };
            if let Some(tail) = self.lines.settle(done)? {
                return Ok(tail);
            }
        }
        self.lines.faults.end().map(|()| Tail::default())
    }

    /// Joins lines for as long as a quoted field goes on.
    fn quote(&mut self) -> Result<(), Unreadable> {
        let mut quotes = memchr_iter(b'"', &self.joined).count();
        while quotes % 2 == 1 {
            let end = self.lines.end;
            let Some(line) = self.lines.next()? else { return Ok(()) };
            quotes += memchr_iter(b'"', line).count();
            self.joined.push(end);
            self.joined.extend_from_slice(line);
            if self.joined.len() > MOST_LINE {
                return Err(Unreadable::LongLine(self.lines.number()));
            }
        }
        Ok(())
    }

    /// Takes the quotes out of what was joined; false where a quoted field has no end.
    fn unquote(&mut self) -> bool {
        if memchr_iter(b'"', &self.joined).count() % 2 == 1 {
            return false;
        }
        self.joined.push(b'\n');
        self.quoted.reset();
        self.fields.resize(self.joined.len(), 0);
        self.ends.resize(self.joined.len() + 1, 0);
        let (done, _, _, count) =
            self.quoted.read_record(&self.joined, &mut self.fields, &mut self.ends);
        let mut from = 0;
        self.spans.clear();
        for end in &self.ends[..count] {
            self.spans.push((from, *end));
            from = *end;
        }
        matches!(done, ReadRecordResult::Record)
    }
}

/// Whether each quoted field is all that its row has between two signs; also one without an end,
/// which is told apart.
fn is_well_quoted(mut row: &[u8], sign: u8) -> bool {
    loop {
        if let Some(quoted) = row.strip_prefix(b"\"") {
            let Some(end) = closing(quoted) else { return true };
            row = &quoted[end + 1..];
            let behind = row.iter().position(|byte| *byte == sign).unwrap_or(row.len());
            if !row[..behind].trim_ascii().is_empty() {
                return false;
            }
        }
        match memchr(sign, row) {
            Some(at) => row = &row[at + 1..],
            None => return true,
        }
    }
}

/// Where a quoted field ends, two quotes being one of its text.
fn closing(quoted: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + memchr(b'"', &quoted[from..])?;
        if quoted.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        from = at + 2;
    }
}

/// Where the fields of a line without quotes lie.
fn split(line: &[u8], sign: u8, into: &mut Vec<(usize, usize)>) {
    into.clear();
    let mut from = 0;
    // Fields are so short that looking at each byte is faster than a search for each sign.
    for (at, _) in line.iter().enumerate().filter(|(_, byte)| **byte == sign) {
        into.push((from, at));
        from = at + 1;
    }
    into.push((from, line.len()));
}

/// Where columns stand that must be there.
pub(super) fn places<const N: usize>(
    header: &[String],
    asked: [&'static str; N],
) -> Result<[usize; N], Unreadable> {
    let at = |name: &str| header.iter().position(|column| column == name);
    let missing: Vec<_> = asked.into_iter().filter(|name| at(name).is_none()).collect();
    if !missing.is_empty() {
        return Err(Unreadable::NoColumns { missing, there: header.to_vec() });
    }
    Ok(asked.map(|name| at(name).unwrap_or(usize::MAX)))
}

/// Where a column stands that may be missing; beyond the last one then.
pub(super) fn place(header: &[String], name: &str) -> usize {
    header.iter().position(|column| column == name).unwrap_or(usize::MAX)
}
