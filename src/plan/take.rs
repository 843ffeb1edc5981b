//! `extract` as it is written, made into what is taken from an answer.

use std::borrow::Cow;
use std::ops::Range;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json_path::JsonPath;
use toml::de::DeValue;

use super::reader::{At, Node, Read, Reader, Slot, Text, table};
use super::value::{Dict, Flag, Int, schemas};
use crate::script::extract::{Extract, Group, Pattern, Source};
use crate::script::state::BUILT_IN;
use crate::script::template::FUNCTIONS;

table! {
    /// Where a value stands in an answer.
    Take as "`extract.token = { json = \"$.token\" }`" {
        /// The first node of a JSON path in the body.
        json: Text,
        /// The first match of a pattern in the body.
        regex: Text,
        /// Of a pattern: the group by number or name. Default: the first one.
        group: GroupAsk,
        /// A header, by name.
        header: Text,
        /// A cookie that the answer sets, by name.
        cookie: Text,
        /// The status.
        status: Flag,
        /// The whole body.
        body: Flag,
        /// What to take where the answer does not have it. Without one, the step fails.
        default: Text,
    }
}

/// A group of a pattern, by number or name.
#[derive(Clone, Debug)]
pub(super) struct GroupAsk(pub(super) Group);

impl Read for GroupAsk {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        if let DeValue::Integer(_) = node.value.get_ref() {
            let Int(number) = Int::<0, 1_000>::read(node, reader)?;
            return Some(Self(Group::Number(usize::try_from(number).unwrap_or(0))));
        }
        let text = reader.text(node, "the number or the name of a group")?;
        Some(Self(Group::Name(text.value)))
    }
}

schemas! {
    GroupAsk, |_generator| json_schema!({
        "anyOf": [{ "type": "integer", "minimum": 0, "maximum": 1000 }, { "type": "string" }],
    });
}

/// Everything that a step takes; less than is written where the reader has been told why.
pub(super) fn extracts(written: Option<&Dict<Take>>, reader: &mut Reader<'_>) -> Vec<Extract> {
    let all = written.iter().flat_map(|dict| &dict.0);
    all.filter_map(|(name, at)| {
        let good = name_fits(name, reader);
        let from = source(name, at, reader)?;
        let default = at.value.default.value().map(|text| text.value.clone());
        good.then(|| Extract { into: name.value.as_str().into(), from, default })
    })
    .collect()
}

/// Tells of values of the body of an answer that has none: one that opens a WebSocket.
pub(super) fn of_head(all: &[Extract], written: Option<&Dict<Take>>, reader: &mut Reader<'_>) {
    let bodies = all.iter().filter(|one| one.needs_body());
    let spans = spans(bodies, written);
    for span in spans {
        let hint = "take it out of a message: `talk = [{ extract.id = { json = \"$.id\" } }]`";
        reader.fault(span, "the answer that opens a WebSocket has no body", hint.to_owned());
    }
}

/// Tells of values of the head of an answer where there is only a message.
pub(super) fn of_body(all: &[Extract], written: Option<&Dict<Take>>, reader: &mut Reader<'_>) {
    let heads = all.iter().filter(|one| !one.needs_body());
    for span in spans(heads, written) {
        let hint = "take it in `extract` of the step, out of the answer that opens the WebSocket";
        reader.fault(span, "a message has no status and no headers", hint.to_owned());
    }
}

/// Where some of the values that are taken are written.
fn spans<'e>(
    some: impl Iterator<Item = &'e Extract>,
    written: Option<&Dict<Take>>,
) -> Vec<Range<usize>> {
    let names: Vec<&str> = some.map(|one| &*one.into).collect();
    let all = written.iter().flat_map(|dict| &dict.0);
    let meant = all.filter(|(name, _)| names.contains(&name.value.as_str()));
    meant.map(|(_, at)| at.span.clone()).collect()
}

/// Whether templates can know a value by a name; where not, the reader has been told why.
pub(super) fn name_fits(name: &At<String>, reader: &mut Reader<'_>) -> bool {
    const KEYWORDS: [&str; 14] = [
        "true", "false", "none", "True", "False", "None", "not", "in", "is", "and", "or", "if",
        "else", "loop",
    ];
    let text = name.value.as_str();
    let begins = text.starts_with(|sign: char| sign.is_ascii_alphabetic() || sign == '_');
    let (message, hint) = if !begins
        || !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    {
        let hint = "letters, digits and `_`, such as `order_id`";
        ("cannot be a name in templates", hint)
    } else if FUNCTIONS.contains(&text) || BUILT_IN.contains(&text) || KEYWORDS.contains(&text) {
        ("means something else in templates already", "choose another name")
    } else {
        return true;
    };
    let shown = super::reader::visible(text);
    reader.fault(name.span.clone(), format!("`{shown}` {message}"), hint.to_owned());
    false
}

/// Whether a flag is there and true.
fn is_set(slot: &Slot<Flag>) -> bool {
    slot.value().is_some_and(|flag| flag.0)
}

/// Tells of a value that is taken from nowhere, or from two places.
fn one_place(name: &At<String>, at: &At<Take>, reader: &mut Reader<'_>) -> Option<()> {
    let take = &at.value;
    let given = [
        !take.json.is_absent(),
        !take.regex.is_absent(),
        !take.header.is_absent(),
        !take.cookie.is_absent(),
        is_set(&take.status),
        is_set(&take.body),
    ];
    let count = given.into_iter().filter(|given| *given).count();
    // A misspelt key has been told already.
    if count == 0 && reader.faults.iter().any(|fault| at.span.contains(&fault.span.start)) {
        return None;
    }
    if count != 1 {
        let message = format!("`{}` is taken from one place of the answer", name.value);
        let hint =
            "write one of `json`, `regex`, `header`, `cookie`, `status = true` and `body = true`";
        reader.fault(at.span.clone(), message, hint.to_owned());
        return None;
    }
    Some(())
}

fn source(name: &At<String>, at: &At<Take>, reader: &mut Reader<'_>) -> Option<Source> {
    let take = &at.value;
    one_place(name, at, reader)?;
    if let Some(group) = take.group.get().filter(|_| take.regex.is_absent()) {
        let hint = "leave it out, or write a `regex`".to_owned();
        reader.fault(group.span.clone(), "`group` belongs to a `regex`", hint);
    }
    if let Some(path) = take.json.get() {
        return json(path, reader);
    }
    if let Some(pattern) = take.regex.get() {
        let group = take.group.value().map(|group| group.0.clone());
        return match Pattern::parse(&pattern.value.value, group) {
            Ok(pattern) => Some(Source::Regex(pattern)),
            Err(bad) => {
                reader.fault(pattern.span.clone(), bad.why, bad.hint);
                None
            }
        };
    }
    let name = |text: &Text| text.value.clone();
    if let Some(header) = take.header.value() {
        return Some(Source::Header(name(header).to_ascii_lowercase()));
    }
    if let Some(cookie) = take.cookie.value() {
        return Some(Source::Cookie(name(cookie)));
    }
    let rest = if is_set(&take.status) { Source::Status } else { Source::Body };
    (is_set(&take.status) || is_set(&take.body)).then_some(rest)
}

fn json(path: &At<Text>, reader: &mut Reader<'_>) -> Option<Source> {
    match JsonPath::parse(&path.value.value) {
        Ok(read) => Some(Source::Json(read.into())),
        Err(wrong) => {
            let why = format!("`{}` is not a JSON path: {}", path.value.shown, wrong.message());
            let hint = "write one such as `\"$.items[0].id\"`".to_owned();
            reader.fault(path.span.clone(), why, hint);
            None
        }
    }
}
