//! A kept run, and a mark, as text and back. What is read is hostile until it was checked.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{Unreadable, contradicts, form, inward, is_sealed, of_schema, opened, outward, seal};
use crate::baseline::kept::{Kept, Proof, id_is_good};
use crate::baseline::mark::{Mark, Meaning};

/// The name of the format of a kept run.
pub const SCHEMA: &str = "loadgate.kept/1";
/// The name of the format of a mark.
pub const MARK: &str = "loadgate.mark/1";
/// The longest text of a mark or a branch.
const MOST_WORDS: usize = 500;

#[derive(Serialize, Deserialize)]
struct File<'a> {
    #[serde(borrow)]
    schema: Cow<'a, str>,
    #[serde(borrow)]
    branch: Cow<'a, str>,
    #[serde(borrow)]
    proof: Cow<'a, str>,
    #[serde(borrow)]
    run: form::File<'a>,
}

#[derive(Serialize, Deserialize)]
struct MarkFile<'a> {
    #[serde(borrow)]
    schema: Cow<'a, str>,
    #[serde(borrow)]
    run: Cow<'a, str>,
    #[serde(borrow)]
    meaning: Cow<'a, str>,
    #[serde(borrow)]
    at: Cow<'a, str>,
    #[serde(borrow)]
    reason: Cow<'a, str>,
}

/// A kept run as text: the same run is always the same text.
#[must_use]
pub fn write(kept: &Kept) -> String {
    let wholes = outward::Wholes::of(&kept.run);
    written(&File {
        schema: Cow::Borrowed(SCHEMA),
        branch: Cow::Borrowed(&kept.branch),
        proof: Cow::Borrowed(kept.proof.name()),
        run: outward::file(&kept.run, &wholes),
    })
}

/// The kept run in a text.
///
/// # Errors
/// When the text is not whole, of another kind or a newer version, was changed, or contradicts
/// itself.
pub fn read(text: &str) -> Result<Kept, Unreadable> {
    let file: File = opened(text, SCHEMA)?;
    of_schema(&file.schema, SCHEMA)?;
    of_schema(&file.run.schema, super::SCHEMA)?;
    if !is_sealed(text) {
        return Err(Unreadable::Edited);
    }
    let branch = words(&file.branch, "branch")?;
    let proof =
        Proof::named(&file.proof).ok_or_else(|| wrong("proof", "there is no such proof"))?;
    let run = inward::run(file.run).map_err(contradicts)?;
    if !id_is_good(&run.origin.id) {
        return Err(wrong("run.origin.id", "it cannot be the name of a file"));
    }
    Ok(Kept { run, branch, proof })
}

/// A mark as text.
#[must_use]
pub fn write_mark(mark: &Mark) -> String {
    written(&MarkFile {
        schema: Cow::Borrowed(MARK),
        run: Cow::Borrowed(&mark.run),
        meaning: Cow::Borrowed(mark.meaning.name()),
        at: Cow::Borrowed(&mark.at),
        reason: Cow::Borrowed(&mark.reason),
    })
}

/// The mark in a text.
///
/// # Errors
/// As [`read`].
pub fn read_mark(text: &str) -> Result<Mark, Unreadable> {
    let file: MarkFile = opened(text, MARK)?;
    of_schema(&file.schema, MARK)?;
    if !is_sealed(text) {
        return Err(Unreadable::Edited);
    }
    if !id_is_good(&file.run) {
        return Err(wrong("run", "it cannot be the name of a run"));
    }
    let meaning = Meaning::named(&file.meaning);
    Ok(Mark {
        run: file.run.into_owned(),
        meaning: meaning.ok_or_else(|| wrong("meaning", "there is no such meaning"))?,
        at: words(&file.at, "at")?,
        reason: words(&file.reason, "reason")?,
    })
}

fn written(file: &impl Serialize) -> String {
    let mut text = serde_json::to_string(file).expect("texts, numbers and lists are always JSON");
    seal(&mut text);
    text
}

fn words(text: &str, place: &str) -> Result<String, Unreadable> {
    if text.len() > MOST_WORDS {
        return Err(wrong(place, &format!("its text is longer than {MOST_WORDS} bytes")));
    }
    Ok(text.to_owned())
}

fn wrong(place: &str, what: &str) -> Unreadable {
    Unreadable::Contradicts { place: place.to_owned(), what: what.to_owned() }
}
