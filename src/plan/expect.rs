//! `expect` as it is written, made into rules: the same for all users, or each user's own.

use std::sync::Arc;

use super::ask::{self, HeaderAsk};
use super::beside::{Files, read_file};
use super::live::{self, Use};
use super::nodes::{Nodes, nodes};
use super::reader::{At, Reader, Text};
use super::scenario::Wanted;
use super::{Expect, HeaderRule};
use crate::script::shape::Shape;
use crate::script::template::{Place, Template};

/// What makes an answer good: what is the same for all users, and what is written anew for each.
pub(super) fn rules(
    at: &At<ask::Expect>,
    method: &str,
    files: Files<'_>,
    uses: &mut Vec<Use>,
    reader: &mut Reader<'_>,
) -> (Expect, Vec<Wanted>) {
    let asked = &at.value;
    let mut expect = Expect {
        status: asked.status.value().map(|list| list.0.iter().map(|at| at.value.0).collect()),
        ..Expect::default()
    };
    let mut wanted = Vec::new();
    if let Some(body) = asked.body.value() {
        for text in &body.contains {
            match live_text(text, uses, reader) {
                Some(template) => wanted.push(Wanted::Body(template)),
                None => expect.body.push(text.value.value.clone()),
            }
        }
        for text in &body.lacks {
            match live_text(text, uses, reader) {
                Some(template) => wanted.push(Wanted::Lacks(template)),
                None => expect.lacks.push(text.value.value.clone()),
            }
        }
        expect.matches.clone_from(&body.matches);
    }
    expect.size = asked.size.value().map(|size| size.0.clone());
    expect.max_time = asked.max_time.value().map(|time| time.0);
    expect.schema = asked.schema.get().and_then(|file| shape(file, files, reader));
    for (key, value) in asked.header.value().iter().flat_map(|dict| &dict.0) {
        header_name_is_good(key, reader);
        header(key, &value.value, (&mut expect, &mut wanted), uses, reader);
    }
    let codes = asked.grpc.value().into_iter().flat_map(|list| &list.0);
    expect.grpc.extend(codes.map(|at| at.value.0));
    let Nodes { same, own } = nodes(asked.json.value(), uses, reader);
    expect.json = same;
    wanted.extend(own.into_iter().map(|(query, value)| Wanted::Json(query, value)));
    let looks =
        |wanted: &Wanted| matches!(wanted, Wanted::Body(_) | Wanted::Lacks(_) | Wanted::Json(..));
    let body = expect.needs_body() || expect.size.is_some() || wanted.iter().any(looks);
    if method == "HEAD" && body {
        let hint = "expect a `status` or a `header` instead".to_owned();
        reader.fault(at.span.clone(), "an answer to HEAD has no body", hint);
    }
    (expect, wanted)
}

/// A text that is written anew for each user; nothing where it is the same for all.
fn live_text(text: &At<Text>, uses: &mut Vec<Use>, reader: &mut Reader<'_>) -> Option<Template> {
    if text.value.live { live::template(text, Place::Body, uses, reader) } else { None }
}

/// The schema in a file; each file is read once.
fn shape(file: &At<Text>, files: Files<'_>, reader: &mut Reader<'_>) -> Option<Arc<Shape>> {
    let name = &file.value.value;
    if let Some(known) = reader.shapes.get(name) {
        return known.clone();
    }
    live::refuse(file, "the name of a file", "write it out", reader);
    let shown = file.value.shown.clone();
    let read = read_file(file, files, reader).and_then(|bytes| {
        let read = Shape::read(&shown, &bytes);
        let told = |why: String| {
            let message = format!("the file `{shown}` is no JSON Schema: {why}");
            let hint = "keep it in one file; its patterns have no look-around".to_owned();
            reader.fault(file.span.clone(), message, hint);
        };
        read.map_err(told).ok().map(Arc::new)
    });
    reader.shapes.insert(name.clone(), read.clone());
    read
}

fn header(
    key: &At<String>,
    asked: &HeaderAsk,
    (expect, wanted): (&mut Expect, &mut Vec<Wanted>),
    uses: &mut Vec<Use>,
    reader: &mut Reader<'_>,
) {
    let name = key.value.to_ascii_lowercase();
    for (rule, text) in &asked.0 {
        let Some(text) = text.as_ref().filter(|text| text.value.live) else {
            expect.headers.push((name.clone(), rule.clone()));
            continue;
        };
        let value = live::template(text, Place::Header, uses, reader);
        let whole = matches!(rule, HeaderRule::Equals(_));
        wanted.extend(value.map(|value| Wanted::Header { name: name.clone(), value, whole }));
    }
}

/// RFC 9110, section 5.6.2: a field name is a token.
pub(super) fn header_name_is_good(key: &At<String>, reader: &mut Reader<'_>) {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if key.value.is_empty() || !key.value.bytes().all(token) {
        let message = format!("`{}` cannot be the name of a header", key.value);
        reader.fault(key.span.clone(), message, "write one such as `x-request-id`".to_owned());
    }
}
