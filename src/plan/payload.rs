//! Bodies as they are written, made into bytes or, where a user's values stand in them, templates.

use std::ops::Range;

use super::Body;
pub(super) use super::beside::{Files, read_file};
use super::call;
use super::json::{Form, Json, encode, fields, live_texts};
use super::live::{self, Use};
use super::multipart;
use super::protocol::{Graphql, Grpc};
use super::reader::{At, Reader, Text};
use super::value::Dict;
use crate::script::template::{Place, Template};

/// The keys of a body, of which one is written at most.
#[derive(Clone)]
pub(super) struct Written<'w> {
    pub(super) body: Option<&'w At<Text>>,
    pub(super) json: Option<&'w At<Json>>,
    pub(super) form: Option<&'w At<Dict<Form>>>,
    pub(super) multipart: Option<&'w At<multipart::Fields>>,
    pub(super) file: Option<&'w At<Text>>,
    pub(super) graphql: Option<&'w At<Graphql>>,
    pub(super) grpc: Option<&'w At<Grpc>>,
}

impl Written<'_> {
    /// Where the first of them is written.
    pub(super) fn span(&self) -> Option<Range<usize>> {
        let texts = [self.body, self.file].into_iter().flatten().map(|at| at.span.clone());
        let others = [
            self.json.map(|at| at.span.clone()),
            self.form.map(|at| at.span.clone()),
            self.multipart.map(|at| at.span.clone()),
            self.graphql.map(|at| at.span.clone()),
            self.grpc.map(|at| at.span.clone()),
        ];
        texts.chain(others.into_iter().flatten()).min_by_key(|span| span.start)
    }
}

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
const GRPC: &str = "application/grpc";
const FORM: &str = "application/x-www-form-urlencoded";

/// The body, and its template where it is not the same for every user.
pub(super) fn body(
    written: &Written<'_>,
    files: Files<'_>,
    uses: &mut Vec<Use>,
    reader: &mut Reader<'_>,
) -> (Option<Body>, Option<Template>) {
    one_body(written, reader);
    let of = |bytes: Vec<u8>, kind| Some(Body { bytes, content_type: Some(kind) });
    if let Some(at) = written.body {
        reader.warn_of_token(&at.value.template, &at.span);
        let live = at.value.live.then(|| live::template(at, Place::Body, uses, reader));
        return (of(at.value.value.clone().into_bytes(), TEXT), live.flatten());
    }
    let operation = written.graphql.and_then(|at| call::operation(&at.value, reader));
    let json = written.json.map(|at| (&at.value, JSON));
    let json = json.or(operation.as_ref().map(|json| (json, JSON)));
    let json = json.or(written.grpc.map(|at| (call::message(&at.value), GRPC)));
    if let Some((Json { value, script, live }, kind)) = json {
        let live =
            live::whole(live, Place::JsonString, || Template::parse_json(script), uses, reader);
        return (of(value.to_string().into_bytes(), kind), live);
    }
    if let Some(at) = written.form {
        let parse = || Template::parse_form(&fields(&at.value));
        let live = live::whole(&live_texts(&at.value), Place::Form, parse, uses, reader);
        return (of(encode(&at.value).into_bytes(), FORM), live);
    }
    if let Some(at) = written.multipart {
        let (bytes, live) = multipart::body(at, files, uses, reader).unzip();
        return (bytes.and_then(|bytes| of(bytes, multipart::KIND)), live.flatten());
    }
    let Some(at) = written.file else { return (None, None) };
    let json = at.value.value.to_ascii_lowercase().ends_with(".json");
    let kind = if json { JSON } else { "application/octet-stream" };
    (read_file(at, files, reader).and_then(|bytes| of(bytes, kind)), None)
}

fn one_body(written: &Written<'_>, reader: &mut Reader<'_>) {
    let given = [
        ("body", written.body.map(|at| at.span.clone())),
        ("json", written.json.map(|at| at.span.clone())),
        ("form", written.form.map(|at| at.span.clone())),
        ("multipart", written.multipart.map(|at| at.span.clone())),
        ("file", written.file.map(|at| at.span.clone())),
        ("graphql", written.graphql.map(|at| at.span.clone())),
        ("grpc", written.grpc.map(|at| at.span.clone())),
    ];
    let mut given = given.into_iter().filter_map(|(key, span)| span.map(|span| (key, span)));
    let Some((first, _)) = given.next() else { return };
    for (key, span) in given {
        let message = format!("`{first}` and `{key}` exclude each other");
        reader.fault(span, message, "a request has one body".to_owned());
    }
}
