//! What makes a file unreadable, and where.

use std::borrow::Cow;

/// What is wrong with one line, as half a sentence.
pub(super) type Why = Cow<'static, str>;

/// Faults of one file that are told one by one.
const MOST_TOLD: usize = 5;

/// Why a file of another tool is not read; half a sentence that can follow the file's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// There is nothing in it.
    #[error("is empty")]
    Empty,
    /// No format claims it.
    #[error("is of no format that is known; `loadgate explain formats` lists them all")]
    Unknown,
    /// Several formats claim it.
    #[error("may be {}: say which with --format", .0.join(" or "))]
    Ambiguous(Vec<&'static str>),
    /// It is not text in UTF-8.
    #[error("is {0}, and only UTF-8 is read: convert it first")]
    Encoding(&'static str),
    /// A line is longer than any tool writes.
    #[error("has a line of more than 1 MiB, line {0}: it is damaged, or of another format")]
    LongLine(u64),
    /// Lines are wrong.
    #[error("is damaged:{}", listed(.told, *.all))]
    Bad {
        /// The first of them: the line, 1-based, and what is wrong.
        told: Vec<(u64, String)>,
        /// How many there are.
        all: u64,
    },
    /// It ends in the middle of a line.
    #[error(
        "ends in the middle of line {0}: it was not written or copied whole; \
         --allow-truncated-tail leaves that line out"
    )]
    Truncated(u64),
    /// Its outermost element is not closed.
    #[error(
        "ends in the middle: it was not written or copied whole; --allow-truncated-tail takes \
         what is whole in it"
    )]
    Unclosed,
    /// Columns are missing.
    #[error("lacks {}{}", .missing.join(" and "), had(.there))]
    NoColumns {
        /// What is asked for.
        missing: Vec<&'static str>,
        /// What is there; empty where there is no header at all.
        there: Vec<String>,
    },
    /// It is of its format, and tells nothing.
    #[error("{0}")]
    Nothing(String),
    /// It is of its format, but not as any version of the tool writes it.
    #[error("is not as {0} writes it: {1}")]
    Unlike(&'static str, String),
    /// There are more names than endpoints may be.
    #[error(
        "has more than {0} names of requests: let the tool name them without ids and query strings"
    )]
    Names(usize),
    /// It tells of a time that no run lasts.
    #[error("has requests more than a year apart: they are not of one run")]
    Apart,
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Unread(String),
    /// It is not of the run that another file is of.
    #[error("is {0}, and another file is {1}: files of one run are of one tool and format")]
    Mixed(&'static str, &'static str),
    /// It does not say in which unit its times are.
    #[error("does not say in which unit its times are: say it, such as --unit us")]
    NoUnit,
    /// It says another unit than the one that was given.
    #[error("says that its times are in {0}, and --unit says {1}: leave --unit out")]
    OtherUnit(&'static str, &'static str),
    /// Its format has a unit of its own.
    #[error("is {0}, which has its own units: --unit is for logs of HdrHistogram")]
    OwnUnit(&'static str),
    /// It quotes percentiles, which cannot be added.
    #[error(
        "quotes percentiles, and those of several files cannot be added: give samples or histograms"
    )]
    NotAdded,
}

impl Unreadable {
    /// Whether it is the command that is wrong, and not the file.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Ambiguous(_)
            | Self::NoColumns { .. }
            | Self::Mixed(..)
            | Self::NoUnit
            | Self::OtherUnit(..)
            | Self::OwnUnit(_)
            | Self::NotAdded => true,
            Self::Empty
            | Self::Unknown
            | Self::Encoding(_)
            | Self::LongLine(_)
            | Self::Bad { .. }
            | Self::Truncated(_)
            | Self::Unclosed
            | Self::Nothing(_)
            | Self::Unlike(..)
            | Self::Names(_)
            | Self::Apart
            | Self::Unread(_) => false,
        }
    }
}

fn listed(told: &[(u64, String)], all: u64) -> String {
    let lines: Vec<String> = told.iter().map(|(at, why)| format!("\n  line {at} {why}")).collect();
    let more = all.saturating_sub(told.len() as u64);
    let more = if more == 0 { String::new() } else { format!("\n  and {more} more lines") };
    lines.concat() + &more
}

fn had(there: &[String]) -> String {
    if there.is_empty() {
        return ", and has no header that names its columns".to_owned();
    }
    let shown: Vec<&str> = there.iter().take(20).map(String::as_str).collect();
    format!("; its columns are {}", shown.join(", "))
}

/// What stops the reading of one line, or of the whole file.
#[derive(Debug)]
pub(super) enum No {
    /// The line is wrong.
    Line(Why),
    /// The file is.
    File(Unreadable),
}

impl From<&'static str> for No {
    fn from(why: &'static str) -> Self {
        Self::Line(Cow::Borrowed(why))
    }
}

impl From<String> for No {
    fn from(why: String) -> Self {
        Self::Line(Cow::Owned(why))
    }
}

impl From<Unreadable> for No {
    fn from(why: Unreadable) -> Self {
        Self::File(why)
    }
}

/// The wrong lines of one file.
#[derive(Debug, Default)]
pub(super) struct Faults {
    told: Vec<(u64, String)>,
    all: u64,
}

impl Faults {
    pub(super) fn add(&mut self, line: u64, why: &str) {
        if self.told.len() < MOST_TOLD {
            self.told.push((line, why.to_owned()));
        }
        self.all += 1;
    }

    /// Whether all lines were right.
    pub(super) fn end(self) -> Result<(), Unreadable> {
        if self.all == 0 {
            return Ok(());
        }
        Err(Unreadable::Bad { told: self.told, all: self.all })
    }
}
