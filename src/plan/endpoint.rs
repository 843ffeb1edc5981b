//! `[[request]]` as it is written, made into requests: names, methods, paths, headers, bodies.

use std::collections::HashMap;
use std::ops::Range;

use serde_json_path::JsonPath;

use super::address::path_is_good;
use super::file;
use super::json::encode;
use super::reader::{At, Reader, Text, visible};
use super::value::Dict;
use super::{Body, Expect, HeaderRule, Request};
use crate::sanitise::{self, Clean};

/// The most endpoints of one gate file: each has histograms of its own.
const MOST: usize = 1_000;
const LONGEST_NAME: usize = sanitise::MOST_CHARS;

/// Reads a file that a request names, by its path beside the gate file.
pub(super) type Files<'a> = &'a dyn Fn(&str) -> Result<Vec<u8>, String>;

/// All requests; less than are written where the reader has been told why.
pub(super) fn requests(
    written: &[At<file::Request>],
    prefix: &str,
    files: Files<'_>,
    reader: &mut Reader<'_>,
) -> Vec<Request> {
    let mut lines = HashMap::new();
    let mut requests = Vec::new();
    for at in written {
        let mut request = request(at, prefix, files, reader);
        if let Some(request) = &mut request {
            request.endpoint = requests.len();
        }
        // A request with another fault still has the name it was given.
        let given = || at.value.name.value().map(|name| name.template.clone());
        let Some(name) = request.as_ref().map(|one| one.name.clone()).or_else(given) else {
            continue;
        };
        let line = reader.page.line(at.span.start);
        if let Some(first) = lines.insert(name.clone(), line) {
            let span = at.value.name.get().map_or(at.span.clone(), |name| name.span.clone());
            let message = format!("two requests are named `{}`", visible(&name));
            let hint = format!("the first stands on line {first}; give one of them a `name`");
            reader.fault(span, message, hint);
        }
        requests.extend(request);
    }
    if let Some(beyond) = written.get(MOST) {
        let message = format!("there are {} requests, {MOST} at most", written.len());
        let hint = "a name is an endpoint, not a single address".to_owned();
        reader.fault(beyond.span.clone(), message, hint);
    }
    requests
}

fn request(
    at: &At<file::Request>,
    prefix: &str,
    files: Files<'_>,
    reader: &mut Reader<'_>,
) -> Option<Request> {
    let before = reader.faults.len();
    let written = &at.value;
    let (method, path) = method_and_path(at, reader)?;
    if let Err(bad) = path_is_good(&path.value.value) {
        reader.fault(path.span.clone(), format!("the path {}", bad.why), bad.hint);
    }
    let name = name(written, &method, &path, reader)?;
    let body = body(written, files, reader);
    let expect = expect(written, &method, reader);
    let headers = written.headers.value().map(|dict| headers(dict, reader));
    (reader.faults.len() == before).then(|| Request {
        name,
        path: format!("{prefix}{}", path.value.value),
        method,
        headers: headers.unwrap_or_default(),
        body,
        weight: written
            .weight
            .value()
            .map_or(1, |weight| u32::try_from(weight.0).unwrap_or(u32::MAX)),
        expect,
        endpoint: 0,
        live: None,
    })
}

fn name(
    written: &file::Request,
    method: &str,
    path: &At<Text>,
    reader: &mut Reader<'_>,
) -> Option<String> {
    let (name, span) = match written.name.get() {
        Some(name) => (name.value.template.clone(), name.span.clone()),
        None if written.name.is_absent() => {
            let span = path.span.clone();
            let path = path.value.template.split('?').next().unwrap_or_default();
            (format!("{method} {path}"), span)
        }
        None => return None,
    };
    name_is_good(&name, span, reader).then_some(name)
}

fn name_is_good(name: &str, span: Range<usize>, reader: &mut Reader<'_>) -> bool {
    let why = if name.trim().is_empty() {
        "is empty"
    } else if sanitise::strip(name) != name || name.contains(['\n', '\t']) {
        "holds a control character or one that is not seen"
    } else if name.chars().count() > LONGEST_NAME {
        "is longer than 200 characters"
    } else if Clean::line(name).as_str() != name {
        // Reports would show it otherwise, and two names could become one.
        "has spaces where none belong, or begins like a command to a CI host"
    } else {
        return true;
    };
    let hint = "write a short `name = \"checkout\"`".to_owned();
    reader.fault(span, format!("the name {why}"), hint);
    false
}

/// The method and the path, from `method` and `path` or from a short form.
fn method_and_path(at: &At<file::Request>, reader: &mut Reader<'_>) -> Option<(String, At<Text>)> {
    let written = &at.value;
    let short = [
        ("GET", &written.get),
        ("POST", &written.post),
        ("PUT", &written.put),
        ("PATCH", &written.patch),
        ("DELETE", &written.delete),
        ("HEAD", &written.head),
        ("OPTIONS", &written.options),
    ];
    let given: Vec<_> = short.into_iter().filter(|(_, slot)| !slot.is_absent()).collect();
    let long = !written.method.is_absent() || !written.path.is_absent();
    match given.as_slice() {
        [(method, slot)] if !long => Some(((*method).to_owned(), slot.get()?.clone())),
        [] if long => {
            for (key, absent) in
                [("method", written.method.is_absent()), ("path", written.path.is_absent())]
            {
                if absent {
                    let hint = "`method` and `path` go together; or write `get = \"/path\"`";
                    reader.fault(at.span.clone(), format!("`{key}` is missing"), hint.to_owned());
                }
            }
            let method = method(written.method.get()?, reader)?;
            Some((method, written.path.get()?.clone()))
        }
        [] => {
            let hint = "write `get = \"/path\"`, or `method` and `path`".to_owned();
            reader.fault(at.span.clone(), "the request has no path", hint);
            None
        }
        [..] => {
            let hint = "a request has one method and one path".to_owned();
            reader.fault(at.span.clone(), "the request has more than one path", hint);
            None
        }
    }
}

fn method(at: &At<Text>, reader: &mut Reader<'_>) -> Option<String> {
    let name = at.value.value.to_ascii_uppercase();
    let word = (1..=20).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_uppercase());
    if !word || name == "CONNECT" || name == "TRACE" {
        let hint = "write `GET`, `POST`, `PUT`, `PATCH`, `DELETE`, `HEAD` or `OPTIONS`".to_owned();
        reader.fault(at.span.clone(), "the method cannot be sent", hint);
        return None;
    }
    Some(name)
}

/// Headers that follow from the request itself, or that change how the connection is used.
const OURS: [&str; 8] = [
    "content-length",
    "expect",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Header names in lower case, with their values.
pub(super) fn headers(dict: &Dict<Text>, reader: &mut Reader<'_>) -> Vec<(String, String)> {
    let mut read: Vec<(String, String)> = Vec::new();
    for (key, value) in &dict.0 {
        let name = key.value.to_ascii_lowercase();
        header_name_is_good(key, reader);
        if OURS.contains(&name.as_str()) {
            let message = format!("`{}` is written by loadgate itself", key.value);
            reader.fault(key.span.clone(), message, "leave it out".to_owned());
        }
        if read.iter().any(|(other, _)| *other == name) {
            let message = format!("the header `{}` is there twice", key.value);
            reader.fault(key.span.clone(), message, "case does not matter in names".to_owned());
        }
        let text = value.value.value.trim();
        let words = ["close", "keep-alive"];
        if name == "connection" && !words.iter().any(|word| text.eq_ignore_ascii_case(word)) {
            let hint = "write `close` for a connection of its own for each request".to_owned();
            reader.fault(value.span.clone(), "`connection` is `close` or `keep-alive`", hint);
        }
        if !text.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte)) {
            let message =
                format!("the value of `{}` holds a character that no header has", key.value);
            reader.fault(value.span.clone(), message, "only ASCII, without line breaks".to_owned());
        }
        read.push((name, text.to_owned()));
        reader.warn_of_token(&value.value.template, &value.span);
    }
    read
}

/// RFC 9110, section 5.6.2: a field name is a token.
fn header_name_is_good(key: &At<String>, reader: &mut Reader<'_>) {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if key.value.is_empty() || !key.value.bytes().all(token) {
        let message = format!("`{}` cannot be the name of a header", key.value);
        reader.fault(key.span.clone(), message, "write one such as `x-request-id`".to_owned());
    }
}

fn body(written: &file::Request, files: Files<'_>, reader: &mut Reader<'_>) -> Option<Body> {
    let given = [
        ("body", written.body.get().map(|at| at.span.clone())),
        ("json", written.json.get().map(|at| at.span.clone())),
        ("form", written.form.get().map(|at| at.span.clone())),
        ("file", written.file.get().map(|at| at.span.clone())),
    ];
    let mut given = given.into_iter().filter_map(|(key, span)| span.map(|span| (key, span)));
    let (first, _) = given.next()?;
    for (key, span) in given {
        let message = format!("`{first}` and `{key}` exclude each other");
        reader.fault(span, message, "a request has one body".to_owned());
    }
    if let Some(at) = written.body.get() {
        reader.warn_of_token(&at.value.template, &at.span);
        let bytes = at.value.value.clone().into_bytes();
        return Some(Body { bytes, content_type: Some("text/plain; charset=utf-8") });
    }
    if let Some(at) = written.json.get() {
        let bytes = at.value.0.to_string().into_bytes();
        return Some(Body { bytes, content_type: Some("application/json") });
    }
    if let Some(at) = written.form.get() {
        let bytes = encode(&at.value).into_bytes();
        return Some(Body { bytes, content_type: Some("application/x-www-form-urlencoded") });
    }
    let at = written.file.get()?;
    let bytes = read_file(at, files, reader)?;
    let json = at.value.value.to_ascii_lowercase().ends_with(".json");
    let content_type = if json { "application/json" } else { "application/octet-stream" };
    Some(Body { bytes, content_type: Some(content_type) })
}

/// The bytes of a file that the gate file names.
pub(super) fn read_file(
    at: &At<Text>,
    files: Files<'_>,
    reader: &mut Reader<'_>,
) -> Option<Vec<u8>> {
    match files(&at.value.value) {
        Ok(bytes) => Some(bytes),
        Err(why) => {
            let message = format!("the file `{}` cannot be read: {why}", at.value.shown);
            let hint = "paths start at the folder of the gate file".to_owned();
            reader.fault(at.span.clone(), message, hint);
            None
        }
    }
}

fn expect(written: &file::Request, method: &str, reader: &mut Reader<'_>) -> Expect {
    let Some(at) = written.expect.get() else { return Expect::default() };
    let asked = &at.value;
    let mut expect = Expect {
        status: asked.status.value().map(|list| list.0.iter().map(|at| at.value.0).collect()),
        ..Expect::default()
    };
    for text in asked.body.value().iter().flat_map(|body| &body.0) {
        expect.body.push(text.value.value.clone());
    }
    for (key, value) in asked.header.value().iter().flat_map(|dict| &dict.0) {
        header_name_is_good(key, reader);
        let rule: HeaderRule = value.value.0.clone();
        expect.headers.push((key.value.to_ascii_lowercase(), rule));
    }
    for (key, value) in asked.json.value().iter().flat_map(|dict| &dict.0) {
        match JsonPath::parse(&key.value) {
            Ok(path) => expect.json.push((path, value.value.0.clone())),
            Err(wrong) => {
                let message = format!("`{}` is not a JSON path: {}", key.value, wrong.message());
                let hint = "write one such as `\"$.items[0].id\"`".to_owned();
                reader.fault(key.span.clone(), message, hint);
            }
        }
    }
    if method == "HEAD" && expect.needs_body() {
        let hint = "expect a `status` or a `header` instead".to_owned();
        reader.fault(at.span.clone(), "an answer to HEAD has no body", hint);
    }
    expect
}
