//! Templates in requests: what they need, and where they are wrong.

use std::ops::Range;

use super::environment::literal;
use super::reader::{At, Reader, Text};
use super::value::Dict;
use crate::script::template::{BadTemplate, Place, Template};

/// A name that a template needs from its user, with its attributes: `row.email`.
pub(super) struct Use {
    pub(super) path: String,
    pub(super) span: Range<usize>,
}

/// The path and the headers as templates; nothing where the reader has been told why.
pub(super) fn parts(
    path: &At<Text>,
    prefix: &str,
    headers: Option<&Dict<Text>>,
    uses: &mut Vec<Use>,
    reader: &mut Reader<'_>,
) -> Option<(Template, Vec<(String, Template)>)> {
    // Read on its own first, so that a fault is found where the text was written.
    let read = template(path, Place::Url, uses, reader);
    let prefix = if path.value.live { literal(prefix) } else { prefix.to_owned() };
    let whole = read.and_then(|read| {
        let source = format!("{prefix}{}", read.source());
        Template::parse_for(Place::Url, &source).ok()
    });
    let mut read = Vec::new();
    for (key, value) in headers.iter().flat_map(|dict| &dict.0) {
        let template = template(value, Place::Header, uses, reader)?;
        read.push((key.value.to_ascii_lowercase(), template));
    }
    Some((whole?, read))
}

/// A text as a template for a place. One without a tag stays as it is.
pub(super) fn template(
    at: &At<Text>,
    place: Place,
    uses: &mut Vec<Use>,
    reader: &mut Reader<'_>,
) -> Option<Template> {
    let text = &at.value;
    if text.torn {
        let message = "a value from the environment cannot be part of a template";
        let hint = "a template is written out; put `${…}` outside of `{{ … }}`".to_owned();
        reader.fault(at.span.clone(), message, hint);
        return None;
    }
    let trimmed = if place == Place::Header { text.script.trim() } else { &text.script };
    match Template::parse_for(place, trimmed) {
        Ok(template) => {
            for path in template.paths() {
                let span = find(&path, &at.span, reader);
                uses.push(Use { path, span });
            }
            Some(template)
        }
        Err(bad) => {
            let behind = trimmed.get(bad.at..).unwrap_or_default();
            let line = behind.lines().next().unwrap_or_default();
            let span = pinpoint(trimmed, bad.at, line, &at.span, reader);
            reader.fault(span, bad.why, bad.hint);
            None
        }
    }
}

/// A text, as a template where it is one.
pub(super) fn text(
    at: &At<Text>,
    uses: &mut Vec<Use>,
    reader: &mut Reader<'_>,
) -> Option<Template> {
    if at.value.live {
        template(at, Place::Body, uses, reader)
    } else {
        Some(Template::fixed(&at.value.value))
    }
}

/// Many texts as one template, each of them read on its own first, so that a fault is
/// found where it was written.
pub(super) fn whole(
    live: &[At<Text>],
    place: Place,
    parse: impl Fn() -> Result<Template, BadTemplate>,
    uses: &mut Vec<Use>,
    reader: &mut Reader<'_>,
) -> Option<Template> {
    let first = live.first()?;
    let good = live.iter().filter(|at| template(at, place, uses, reader).is_some()).count();
    (good == live.len()).then_some(())?;
    match parse() {
        Ok(template) => Some(template),
        Err(bad) => {
            reader.fault(first.span.clone(), bad.why, bad.hint);
            None
        }
    }
}

/// Tells of a template where none is written out.
pub(super) fn refuse(at: &At<Text>, place: &str, hint: &str, reader: &mut Reader<'_>) {
    if at.value.live {
        let message = format!("{place} cannot hold a template");
        reader.fault(at.span.clone(), message, hint.to_owned());
    }
}

/// Where in the file a place of a text stands: the word there, or all of the text.
fn pinpoint(
    text: &str,
    at: usize,
    line: &str,
    span: &Range<usize>,
    reader: &Reader<'_>,
) -> Range<usize> {
    let Some(start) = reader.page.slice(span).find(text) else { return span.clone() };
    let start = span.start + start + at;
    let part = |sign: char| sign.is_alphanumeric() || sign == '_';
    let word = line.find(|sign| !part(sign)).unwrap_or(line.len());
    let first = line.chars().next().map_or(1, char::len_utf8);
    start..start + word.max(first)
}

/// Where a name stands within a text, as a word of its own and within a tag.
fn find(path: &str, span: &Range<usize>, reader: &Reader<'_>) -> Range<usize> {
    let source = reader.page.slice(span);
    let from = source.find("{{").into_iter().chain(source.find("{%")).min().unwrap_or(0);
    let part = |sign: char| sign.is_alphanumeric() || sign == '_' || sign == '.';
    let place = source.match_indices(path).map(|(at, _)| at).find(|at| {
        let before = source[..*at].chars().next_back();
        let behind = source[at + path.len()..].chars().next();
        *at > from && !before.is_some_and(part) && !behind.is_some_and(part)
    });
    place.map_or(span.clone(), |at| span.start + at..span.start + at + path.len())
}
