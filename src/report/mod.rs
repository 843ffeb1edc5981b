//! Reports: a judgement in, text out. Pure: no clock, no file, the same input gives the same bytes.

pub mod words;
pub mod measured;
pub mod change;
mod doubted;
pub mod used;
pub mod check;
pub mod series;
mod source;
pub mod loaded;
pub mod probes;
mod fitness;
pub mod bar;
pub mod gate;
pub mod versions;
pub mod facts;
mod shifts;
pub mod deciding;
mod delivered;
pub mod text;
mod outside;
mod verdict;
pub mod json;
pub mod junit;
pub mod next;
pub mod picture;
pub mod markdown;
pub mod svg;
pub mod plots;
mod stack;
pub mod tables;
pub mod findings;
pub mod compare;
pub mod top;
pub mod html;
pub mod course;
pub mod history;
pub mod outlook;
pub mod gitlab;
pub mod taurus;

use crate::judge::finding::Judgement;
use crate::plan::Plan;
use crate::run::Run;

pub use facts::Facts;
pub use json::verdict_schema;

/// What a report tells of.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// What was asked for.
    pub plan: &'a Plan,
    /// What was measured.
    pub run: &'a Run,
    /// What became of each expectation.
    pub judgement: &'a Judgement,
    /// What the process is going to end with.
    pub exit_code: u8,
}

/// A kind of report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For a terminal or the log of a job.
    Text(Style),
    /// `verdict.json`, for machines.
    Json,
    /// `junit.xml`, for the test tabs of CI hosts.
    Junit,
    /// `summary.md`, for a pull request and a job's summary.
    Markdown,
    /// `report.html`, for people: one page with plots.
    Html,
}

/// How text looks on its way to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Colours may be used.
    pub colour: bool,
    /// Columns of the terminal.
    pub width: usize,
}

impl Format {
    /// The formats that are written to files.
    pub const FILES: [Self; 4] = [Self::Json, Self::Junit, Self::Markdown, Self::Html];

    /// The file it is written to; `None` for what goes to a terminal.
    #[must_use]
    pub fn file_name(self) -> Option<&'static str> {
        match self {
            Self::Text(_) => None,
            Self::Json => Some("verdict.json"),
            Self::Junit => Some("junit.xml"),
            Self::Markdown => Some("summary.md"),
            Self::Html => Some("report.html"),
        }
    }
}

impl Facts {
    /// Writes one report, with one line break at its end.
    #[must_use]
    pub fn render(&self, format: Format) -> String {
        let mut text = match format {
            Format::Text(style) => text::render(self, style),
            Format::Json => json::render(self),
            Format::Junit => junit::render(self),
            Format::Markdown => markdown::render(self),
            Format::Html => html::render(self),
        };
        text.truncate(text.trim_end().len());
        text.push('\n');
        text
    }
}

/// Writes one report. Where several are written, [`Facts::of`] once and [`Facts::render`] for each
/// is faster.
#[must_use]
pub fn render(format: Format, case: &Case<'_>) -> String {
    Facts::of(case).render(format)
}
