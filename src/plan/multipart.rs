//! `multipart` as it is written, made into a body of parts (RFC 7578).

use super::beside::{Files, read_file};
use super::environment::literal;
use super::live::{self, Use};
use super::reader::{At, Reader, Text};
use super::value::{Dict, OneOrMany};
use crate::script::template::{Place, Template};

/// The content type of such a body. No part may hold the boundary.
pub(super) const KIND: &str = "multipart/form-data; boundary=loadgate-7b1d0e93c2f54a68";
/// What stands between two parts.
const BOUNDARY: &str = "loadgate-7b1d0e93c2f54a68";
/// The most bytes of all parts together.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// Content types by the endings of names.
const KINDS: [(&str, &str); 13] = [
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("svg", "image/svg+xml"),
    ("pdf", "application/pdf"),
    ("json", "application/json"),
    ("xml", "application/xml"),
    ("zip", "application/zip"),
    ("csv", "text/csv"),
    ("txt", "text/plain"),
    ("html", "text/html"),
];

/// The fields of such a body: texts, and files by `@` and their path.
pub(super) type Fields = Dict<OneOrMany<Text>>;

/// The bytes of the body, and its template where values of a user stand in it.
pub(super) fn body(
    fields: &At<Fields>,
    files: Files<'_>,
    uses: &mut Vec<Use>,
    reader: &mut Reader<'_>,
) -> Option<(Vec<u8>, Option<Template>)> {
    let before = reader.faults.len();
    let (mut bytes, mut script, mut texts) = (Vec::new(), Some(String::new()), Vec::new());
    let parts = fields.value.0.iter();
    let parts = parts.flat_map(|(name, all)| all.value.0.iter().map(move |at| (name, at)));
    for (name, at) in parts {
        let head = opening(&name.value);
        let (head, part, source) = if let Some(path) = path_of(at) {
            live::refuse(&path, "the name of a file", "write it out", reader);
            let content = read_file(&path, files, reader)?;
            let source = std::str::from_utf8(&content).ok().map(literal);
            (head + &named(&path.value.value), content, source)
        } else {
            let text = plain(at);
            texts.extend(text.value.live.then(|| text.clone()));
            let Text { value, script, live, .. } = text.value;
            let source = if live { script } else { literal(&value) };
            (head + "\r\n\r\n", value.into_bytes(), Some(source))
        };
        if String::from_utf8_lossy(&part).contains(BOUNDARY) {
            let hint = "no part may hold what stands between parts".to_owned();
            reader.fault(at.span.clone(), format!("the part holds `{BOUNDARY}`"), hint);
        }
        script = script.zip(source).map(|(all, part)| all + &literal(&head) + &part + "\r\n");
        bytes.extend([head.as_bytes(), &part, b"\r\n"].concat());
    }
    let end = format!("--{BOUNDARY}--\r\n");
    bytes.extend_from_slice(end.as_bytes());
    fits(fields, bytes.len(), script.is_none() && !texts.is_empty(), reader);
    (reader.faults.len() == before).then_some(())?;
    let source = script.unwrap_or_default() + &end;
    let parse = || Template::parse_for(Place::Body, &source);
    let template = live::whole(&texts, Place::Body, parse, uses, reader);
    Some((bytes, template))
}

fn fits(fields: &At<Fields>, bytes: usize, torn: bool, reader: &mut Reader<'_>) {
    let (message, hint) = if fields.value.0.is_empty() {
        ("`multipart` has no part", "write `multipart = { file = \"@photo.png\" }`")
    } else if bytes > MOST_BYTES {
        ("the parts are larger than 64 MiB together", "send less in one request")
    } else if torn {
        let message = "a file that is no text stands beside values of users";
        (message, "send the same text with it for all users, or a file of text")
    } else {
        return;
    };
    reader.fault(fields.span.clone(), message, hint.to_owned());
}

/// How a part begins.
fn opening(name: &str) -> String {
    let name = quoted(name);
    format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"")
}

/// The path of a file, where the text names one.
fn path_of(at: &At<Text>) -> Option<At<Text>> {
    let named = at.value.value.starts_with('@') && !at.value.value.starts_with("@@");
    named.then(|| At { value: without_sign(&at.value), span: at.span.clone() })
}

/// The text of a field; `@@` stands for the sign itself.
fn plain(at: &At<Text>) -> At<Text> {
    let value =
        if at.value.value.starts_with("@@") { without_sign(&at.value) } else { at.value.clone() };
    At { value, span: at.span.clone() }
}

fn without_sign(text: &Text) -> Text {
    let cut = |text: &String| text.strip_prefix('@').unwrap_or(text).to_owned();
    let [value, shown, template, script] =
        [&text.value, &text.shown, &text.template, &text.script].map(cut);
    Text { value, shown, template, script, ..text.clone() }
}

/// What the head of a file's part says beside its field.
fn named(path: &str) -> String {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let known = KINDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(ending));
    let kind = known.map_or("application/octet-stream", |(_, kind)| kind);
    format!("; filename=\"{}\"\r\nContent-Type: {kind}\r\n\r\n", quoted(name))
}

/// A name as browsers write it in the head of a part.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}
