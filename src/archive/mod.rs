//! `run.json`: a run as text and back, byte for byte. What is read is hostile until it was checked.

mod number;
mod quoted;
mod form;
mod outward;
mod inward;
pub mod kept;

use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::error::Category;
use sha2::{Digest as _, Sha256};

use crate::run::Run;
use crate::tally::PackedTimes;

/// The name of the format, as the file has it.
pub const SCHEMA: &str = "loadgate.run/1";
/// The longest file that is read: 64 MiB.
pub const MOST_BYTES: usize = 64 * 1024 * 1024;
/// Endpoints of one file, at most.
pub const MOST_ENDPOINTS: usize = 1_000;
/// Slices of one file, at most.
pub const MOST_SLICES: usize = 4_096;
/// Rounds of one comparison, at most.
const MOST_ROUNDS: usize = 256;
/// Bytes of one text, at most: a name, an address, what was seen.
const MOST_TEXT: usize = 4_096;

/// What stands between the content and its hash.
const SEAL: &str = ",\"sha256\":\"";

/// Why a text is not a run; half a sentence that can follow the file's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// There is nothing in it.
    #[error("is empty")]
    Empty,
    /// It is longer than any run file.
    #[error("is longer than 64 MiB, which no run file is")]
    TooLong,
    /// It ends in the middle.
    #[error(
        "ends in the middle, at line {line}, column {column}: it was not written or copied whole"
    )]
    Truncated {
        /// The line, 1-based.
        line: usize,
        /// The column, 1-based.
        column: usize,
    },
    /// It is not JSON.
    #[error("is not JSON: {what}, at line {line}, column {column}")]
    NotJson {
        /// What is wrong.
        what: String,
        /// The line, 1-based.
        line: usize,
        /// The column, 1-based.
        column: usize,
    },
    /// It is JSON of something else.
    #[error("is JSON, but no file of loadgate: it does not begin with a `schema` of `{0}`")]
    OtherJson(&'static str),
    /// It has another schema.
    #[error("is a `{found}`, not a `{wanted}`")]
    OtherSchema {
        /// Its schema.
        found: String,
        /// The one that was looked for.
        wanted: &'static str,
    },
    /// It has a later version of the schema.
    #[error("is a `{0}`, written by a newer loadgate: update this one")]
    Newer(String),
    /// A member is missing, or is not what it should be.
    #[error("is damaged: {what}, at line {line}, column {column}")]
    Wrong {
        /// What is wrong.
        what: String,
        /// The line, 1-based.
        line: usize,
        /// The column, 1-based.
        column: usize,
    },
    /// Its hash is not that of its content.
    #[error("was damaged or edited since it was written: its `sha256` is not that of its content")]
    Edited,
    /// It contradicts itself.
    #[error("contradicts itself in `{place}`: {what}")]
    Contradicts {
        /// The member.
        place: String,
        /// How.
        what: String,
    },
}

/// The run as text: the same run is always the same text.
#[must_use]
pub fn write(run: &Run) -> String {
    let wholes = outward::Wholes::of(run);
    let file = outward::file(run, &wholes);
    let mut bytes = Vec::with_capacity(room(run));
    serde_json::to_writer(&mut bytes, &file).expect("texts, numbers and lists are always JSON");
    let mut text = String::from_utf8(bytes).expect("JSON is UTF-8");
    seal(&mut text);
    text
}

/// Puts the hash of all that comes before it at the end of an object.
fn seal(text: &mut String) {
    text.pop();
    let hash = hash(text);
    text.push_str(SEAL);
    text.push_str(&hash);
    text.push_str("\"}\n");
}

/// About as many bytes as a run's file takes, so that no buffer has to grow while it is written.
fn room(run: &Run) -> usize {
    let of = |times: &Option<Box<PackedTimes>>| {
        times.as_ref().map_or(0, |times| times.histogram.len() + 160)
    };
    let slices = run.endpoints.iter().flat_map(|endpoint| &endpoint.slices);
    let packed: usize =
        slices.map(|one| 160 + of(&one.latency) + of(&one.service) + of(&one.failed)).sum();
    packed + run.slices.len() * 160 + run.endpoints.len() * 8_192 + 8_192
}

/// The run in a text, once everything in it agrees. Slices stay packed and are checked when they
/// are opened.
///
/// # Errors
/// When the text is not a whole run file of this version, was changed, or contradicts itself.
pub fn read(text: &str) -> Result<Run, Unreadable> {
    let file: form::File = opened(text, SCHEMA)?;
    of_schema(&file.schema, SCHEMA)?;
    if !is_sealed(text) {
        return Err(Unreadable::Edited);
    }
    inward::run(file).map_err(contradicts)
}

fn contradicts(no: inward::Contradiction) -> Unreadable {
    Unreadable::Contradicts { place: no.place, what: no.what }
}

/// The shape of a file of a schema.
fn opened<'a, Form: Deserialize<'a>>(
    text: &'a str,
    wanted: &'static str,
) -> Result<Form, Unreadable> {
    if text.len() > MOST_BYTES {
        return Err(Unreadable::TooLong);
    }
    if text.trim_ascii().is_empty() {
        return Err(Unreadable::Empty);
    }
    serde_json::from_str(text).map_err(|why| unfit(text, &why, wanted))
}

/// Whether the hash at the end is that of everything before it.
fn is_sealed(text: &str) -> bool {
    let Some((content, seal)) = text.trim_ascii_end().rsplit_once(SEAL) else { return false };
    seal.strip_suffix("\"}").is_some_and(|seal| seal == hash(content))
}

fn hash(content: &str) -> String {
    let digest = Sha256::digest(content.as_bytes());
    digest.iter().fold(String::with_capacity(64), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing into memory does not fail");
        text
    })
}

fn of_schema(schema: &str, wanted: &'static str) -> Result<(), Unreadable> {
    if schema == wanted {
        return Ok(());
    }
    let found: String = schema.chars().take(40).collect();
    let kind = wanted.split('/').next().unwrap_or(wanted);
    let version = schema.strip_prefix(kind).and_then(|rest| rest.strip_prefix('/'));
    match version.and_then(|version| version.parse().ok()) {
        Some(2_u32..) => Err(Unreadable::Newer(found)),
        Some(0..2) | None => Err(Unreadable::OtherSchema { found, wanted }),
    }
}

/// Why a text has not the shape that was looked for: not JSON, of another kind, or with a member
/// that is wrong.
fn unfit(text: &str, why: &serde_json::Error, wanted: &'static str) -> Unreadable {
    #[derive(Deserialize)]
    struct Head {
        schema: Option<String>,
    }
    let (line, column) = (why.line(), why.column());
    let place = format!(" at line {line} column {column}");
    let what: String = why.to_string().replace(&place, "").chars().take(200).collect();
    match why.classify() {
        Category::Eof => Unreadable::Truncated { line, column },
        Category::Syntax | Category::Io => Unreadable::NotJson { what, line, column },
        Category::Data => match serde_json::from_str::<Head>(text) {
            Ok(Head { schema: Some(schema) }) => {
                let other = of_schema(&schema, wanted).err();
                other.unwrap_or(Unreadable::Wrong { what, line, column })
            }
            Ok(Head { schema: None }) => Unreadable::OtherJson(wanted),
            Err(other) => match other.classify() {
                Category::Eof => {
                    Unreadable::Truncated { line: other.line(), column: other.column() }
                }
                Category::Syntax | Category::Io => {
                    let (line, column) = (other.line(), other.column());
                    Unreadable::NotJson { what: "it is malformed".to_owned(), line, column }
                }
                Category::Data => Unreadable::OtherJson(wanted),
            },
        },
    }
}
