//! `graphql` and `grpc` as they are written, made into what is sent.

use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::ask::Expect;
use super::beside::{Files, read_file};
use super::live::refuse;
use super::protocol::{Graphql, Grpc};
use super::reader::{At, Reader, Text, nearest, visible};
use super::value::Dict;
use super::{Call, json::Json};
use crate::script::graphql::operations;
use crate::script::message::{Descriptors, Method};

/// The body of an operation, as "GraphQL over HTTP" has it; nothing where the reader has been told
/// why.
pub(super) fn operation(written: &Graphql, reader: &mut Reader<'_>) -> Option<Json> {
    let query = written.query.get()?;
    if !query.value.live {
        operation_is_there(query, written, reader);
    }
    let mut parts = vec![("query", Json::of(query))];
    if let Some(variables) = written.variables.get() {
        if !variables.value.value.is_object() {
            let hint = "write `variables = { id = 1 }`".to_owned();
            reader.fault(variables.span.clone(), "`variables` is no table", hint);
        }
        parts.push(("variables", variables.value.clone()));
    }
    if let Some(name) = written.operation.get() {
        refuse(name, "the name of an operation", "write it out", reader);
        parts.push(("operationName", Json::of(name)));
    }
    let (mut value, mut script, mut live) = (Map::new(), Map::new(), Vec::new());
    for (name, part) in parts {
        value.insert(name.to_owned(), part.value);
        script.insert(name.to_owned(), part.script);
        live.extend(part.live);
    }
    Some(Json { value: value.into(), script: script.into(), live })
}

/// Tells of an operation that the document does not have, or that is not told from others.
fn operation_is_there(query: &At<Text>, written: &Graphql, reader: &mut Reader<'_>) {
    let all = operations(&query.value.value);
    let names: Vec<&str> = all.iter().filter_map(|one| one.name).collect();
    let asked = written.operation.get();
    let found = match asked {
        Some(asked) => all.iter().find(|one| one.name == Some(asked.value.value.as_str())),
        None => all.first(),
    };
    match (found, asked) {
        (None, None) => {
            let hint = "write one such as `query = \"{ products { id } }\"`".to_owned();
            reader.fault(query.span.clone(), "the query has no operation", hint);
        }
        (None, Some(asked)) => {
            let message = format!("the query has no operation `{}`", asked.value.shown);
            let hint = match nearest(&asked.value.value, &names) {
                Some(near) => format!("did you mean `{near}`?"),
                None if names.is_empty() => "its operation has no name; leave it out".to_owned(),
                None => format!("there is {}", names.join(", ")),
            };
            reader.fault(asked.span.clone(), message, hint);
        }
        (Some(_), None) if all.len() > 1 => {
            let message = format!("the query has {} operations", all.len());
            let hint = format!("write `operation`, one of {}", names.join(", "));
            reader.fault(query.span.clone(), message, hint);
        }
        (Some(one), _) if one.kind == "subscription" => {
            let hint = "ask a query or a mutation".to_owned();
            reader.fault(query.span.clone(), "a subscription is a stream, not an answer", hint);
        }
        (Some(_), _) => {}
    }
}

/// Tells of a GraphQL operation in a request that cannot carry one.
pub(super) fn graphql_fits(graphql: Option<&At<Graphql>>, method: &str, reader: &mut Reader<'_>) {
    if let Some(at) = graphql.filter(|_| method != "POST") {
        let hint = "write `post = \"/graphql\"`".to_owned();
        reader.fault(at.span.clone(), "`graphql` goes with POST", hint);
    }
}

/// The endpoint's name where none is written.
pub(super) fn name(graphql: Option<&At<Graphql>>, method: &str, path: &str) -> String {
    match graphql.and_then(|at| at.value.operation.value()) {
        Some(operation) => format!("{method} {path} {}", operation.template),
        None => format!("{method} {path}"),
    }
}

/// The path of a call: its method's name behind a `/`.
pub(super) fn path(grpc: &Grpc, reader: &mut Reader<'_>) -> Option<At<Text>> {
    let At { value, span } = grpc.method.get()?;
    refuse(grpc.method.get()?, "the method of a call", "write a request for each", reader);
    let name = value.value.as_str();
    let word = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let good = name
        .split_once('/')
        .is_some_and(|(service, method)| service.split('.').all(word) && word(method));
    if !good && !value.live {
        let message = format!("`{}` is not the full name of a method", visible(&value.shown));
        let hint = "write service and method, such as `shop.v1.Cart/Add`".to_owned();
        reader.fault(span.clone(), message, hint);
    }
    good.then(|| At { value: Text::plain(&format!("/{name}")), span: span.clone() })
}

/// The headers of a request; of a call, its metadata.
pub(super) fn metadata<'w>(
    headers: Option<&'w Dict<Text>>,
    grpc: Option<&'w At<Grpc>>,
    reader: &mut Reader<'_>,
) -> Option<&'w Dict<Text>> {
    let Some(at) = grpc else { return headers };
    if headers.is_some() {
        let hint = "write them as `grpc.metadata`".to_owned();
        reader.fault(at.span.clone(), "the headers of a gRPC call are its metadata", hint);
    }
    let metadata = at.value.metadata.value()?;
    for (key, _) in &metadata.0 {
        let name = key.value.to_ascii_lowercase();
        if name.starts_with("grpc-") || name == "content-type" {
            let message = format!("`{}` is written by loadgate itself", key.value);
            reader.fault(key.span.clone(), message, "leave it out".to_owned());
        }
    }
    Some(metadata)
}

/// Tells of expectations that belong to another protocol.
pub(super) fn expect_fits(expect: &Expect, called: bool, reader: &mut Reader<'_>) {
    if let Some(at) = expect.status.get().filter(|_| called) {
        let hint = "write `expect.grpc = \"NOT_FOUND\"`; the default is `OK`".to_owned();
        reader.fault(at.span.clone(), "a gRPC answer has a status code of its own", hint);
    }
    if let Some(at) = expect.grpc.get().filter(|_| !called) {
        let hint = "leave it out, or expect a `status`".to_owned();
        reader.fault(at.span.clone(), "only a gRPC answer has such a code", hint);
    }
}

/// The message of a call.
pub(super) fn message(written: &Grpc) -> &Json {
    static EMPTY: LazyLock<Json> = LazyLock::new(Json::empty);
    written.message.value().map_or(&EMPTY, |message| &message.json)
}

/// The call; nothing where the reader has been told why.
pub(super) fn call(written: &Grpc, files: Files<'_>, reader: &mut Reader<'_>) -> Option<Call> {
    let at = written.method.get()?;
    let message = message(written).script.clone();
    let method = at.value.value.clone();
    let Some(file) = written.descriptor.get() else {
        return Some(Call { method, shapes: None, message });
    };
    let descriptors = descriptors(file, files, reader)?;
    let found = match descriptors.method(&method) {
        Ok(found) => found,
        Err(unknown) => {
            reader.fault(at.span.clone(), unknown.why, unknown.hint);
            return None;
        }
    };
    fits(written, &found, &message, reader);
    Some(Call { method, shapes: Some(found), message })
}

/// Tells of every part of a message that does not fit its shape.
fn fits(written: &Grpc, method: &Method, message: &Value, reader: &mut Reader<'_>) {
    let whole = written.message.get();
    for misfit in method.misfits(message) {
        let spans = whole.and_then(|at| at.value.spans.get(&misfit.path));
        let span = spans.map(|(name, value)| if misfit.name { name } else { value });
        let span = span.or(whole.map(|at| &at.span)).cloned().unwrap_or_default();
        let whole = misfit.path.is_empty();
        let name = if whole { "message".to_owned() } else { misfit.path.join(".") };
        let message = format!("`{}` {}", visible(&name), misfit.why);
        reader.fault(span, message, misfit.hint);
    }
}

/// The services that a file describes; each file is read once.
fn descriptors(file: &At<Text>, files: Files<'_>, reader: &mut Reader<'_>) -> Option<Descriptors> {
    let path = &file.value.value;
    if let Some(known) = reader.described.get(path) {
        return known.clone();
    }
    refuse(file, "the name of a file", "write it out", reader);
    let read = read_file(file, files, reader).and_then(|bytes| {
        let described = Descriptors::read(&bytes);
        described.map_err(|why| undescribed(file, &why, reader)).ok()
    });
    reader.described.insert(path.clone(), read.clone());
    read
}

fn undescribed(file: &At<Text>, why: &str, reader: &mut Reader<'_>) {
    let shown = &file.value.shown;
    let message = format!("the file `{shown}` is no compiled description of a service: {why}");
    let hint = "compile it: `protoc --include_imports --descriptor_set_out=shop.binpb shop.proto`";
    reader.fault(file.span.clone(), message, hint.to_owned());
}
