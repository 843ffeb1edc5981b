//! Mistakes in a gate file as plain data, and how they are drawn: the line, a caret under the
//! place, and a hint.

use std::fmt;
use std::ops::Range;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::token;
use crate::sanitise::{self, Clean};

/// One mistake, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file's name.
    pub file: String,
    /// What is wrong, as a half sentence.
    pub message: String,
    /// The bytes of the file it is about.
    pub span: Range<usize>,
    /// The line it stands on, 1-based; 0 where it stands in no line.
    pub line: usize,
    /// The character of the line it begins with, 1-based.
    pub column: usize,
    /// The line itself; whatever looks like a token in it is starred out.
    pub source: String,
    /// What to do instead.
    pub hint: Option<String>,
}

/// All mistakes of a gate file, in the order of the file. Shown, each is drawn with its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl std::error::Error for Faults {}

impl fmt::Display for Faults {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            let gap = if index == 0 { "" } else { "\n\n" };
            write!(out, "{gap}{fault}")?;
        }
        Ok(())
    }
}

impl Fault {
    /// A mistake that stands in no file: a flag, an override.
    #[must_use]
    pub fn outside(place: &str, message: impl Into<String>, hint: Option<String>) -> Self {
        Self {
            file: place.to_owned(),
            message: message.into(),
            span: 0..0,
            line: 0,
            column: 0,
            source: String::new(),
            hint,
        }
    }

    /// The line, and a caret for each column under the place.
    fn draw(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, rest) = split_at_char(&self.source, self.column.saturating_sub(1));
        let (within, behind) = rest.split_at(floor(rest, self.span.len()));
        let (before, within) = (shown(before), shown(within));
        let shift = before.width().saturating_sub(LEFT);
        let (cut, kept) = crop(&before, shift);
        let room = WIDEST.saturating_sub(kept.width() + cut.width()).max(8);
        let line = fit(&format!("{within}{}", shown(behind)), room);
        let carets = within.width().clamp(1, room);
        let margin = self.line.to_string();
        writeln!(out, "\n{margin} | {}", sanitise::unarmed(&format!("{cut}{kept}{line}")))?;
        let indent = sanitise::unarmed(&format!("{cut}{kept}")).width();
        write!(out, "{:width$} | {:indent$}{}", "", "", "^".repeat(carets), width = margin.len())
    }
}

/// How much of a long line is shown left of the place, and the most columns that are shown.
const LEFT: usize = 40;
const WIDEST: usize = 92;

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", Clean::line(&self.file))?;
        if self.line > 0 {
            write!(out, ":{}:{}", self.line, self.column)?;
        }
        write!(out, ": {}", Clean::line(&self.message))?;
        if !self.source.trim().is_empty() {
            self.draw(out)?;
        }
        match &self.hint {
            Some(hint) => write!(out, "\nhint: {}", Clean::line(hint)),
            None => Ok(()),
        }
    }
}

/// A text with a name, whose places are found by byte.
pub(super) struct Page<'a> {
    /// The file's name.
    pub(super) name: &'a str,
    /// All of it.
    pub(super) text: &'a str,
    /// Where each line begins.
    starts: Vec<usize>,
}

impl<'a> Page<'a> {
    pub(super) fn new(name: &'a str, text: &'a str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect();
        Self { name, text, starts }
    }

    /// The line of a byte, 1-based.
    pub(super) fn line(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at).max(1)
    }

    /// The text of a line, 1-based, without its end.
    pub(super) fn source(&self, line: usize) -> &'a str {
        let from = self.starts.get(line - 1).copied().unwrap_or(self.text.len());
        let to = self.starts.get(line).copied().unwrap_or(self.text.len());
        self.text.get(from..to).unwrap_or("").trim_end_matches(['\r', '\n'])
    }

    /// The text of a span.
    pub(super) fn slice(&self, span: &Range<usize>) -> &'a str {
        self.text.get(span.clone()).unwrap_or("")
    }

    /// A mistake at a span.
    pub(super) fn fault(
        &self,
        span: Range<usize>,
        message: impl Into<String>,
        hint: Option<String>,
    ) -> Fault {
        let from = floor(self.text, span.start);
        let line = self.line(from);
        let start = self.starts[line - 1];
        let source = self.source(line);
        let column = self.text[start..from].chars().count() + 1;
        let end = span.end.clamp(from, start + source.len().max(from - start));
        Fault {
            file: self.name.to_owned(),
            message: message.into(),
            span: from..end,
            line,
            column,
            source: token::starred(source),
            hint,
        }
    }
}

/// The nearest boundary of a character at or before a byte.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn split_at_char(text: &str, count: usize) -> (&str, &str) {
    let at = text.char_indices().nth(count).map_or(text.len(), |(at, _)| at);
    text.split_at(at)
}

/// What a terminal shows: tabs as four spaces, nothing that is not seen.
fn shown(text: &str) -> String {
    sanitise::strip(text).replace('\t', "    ").replace('\n', " ")
}

/// Takes `columns` off the front; the sign that says so, and what is left.
fn crop(text: &str, columns: usize) -> (&'static str, &str) {
    if columns == 0 {
        return ("", text);
    }
    let mut gone = 0;
    for (at, sign) in text.char_indices() {
        if gone > columns {
            return ("…", &text[at..]);
        }
        gone += sign.width().unwrap_or(0);
    }
    ("…", "")
}

/// The front of a text that fits into so many columns.
fn fit(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut used = 1;
    let fits = |sign: &char| {
        used += sign.width().unwrap_or(0);
        used <= columns
    };
    text.chars().take_while(fits).chain(std::iter::once('…')).collect()
}

/// Adds a fault that was not told yet: what many requests inherit is read with each of them.
pub(super) fn once(all: &mut Vec<Fault>, fault: Fault) {
    if !all.contains(&fault) {
        all.push(fault);
    }
}
