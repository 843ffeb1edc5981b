//! `[[request]]` as it is written, made into requests: names, methods, paths, headers, bodies.

use std::collections::HashMap;
use std::ops::Range;

use super::address::path_is_good;
use super::auth::{self, AuthAsk, Proof};
use super::events::{self, SseAsk};
use super::expect::{self, header_name_is_good};
use super::file;
use super::live::{self, Use};
use super::manner::{Follow, Inherited};
use super::payload::{self, Files};
use super::reader::{At, Reader, Slot, Text, visible};
use super::scenario::{Live, Wanted};
use super::socket;
use super::stream::Stream;
use super::value::Dict;
use super::{Expect, Request, ask, call};
use crate::header;
use crate::run::is_group;
use crate::sanitise::{self, Clean};
use crate::script::template::Template;

const LONGEST_NAME: usize = sanitise::MOST_CHARS;

/// The keys of a request, wherever they are written.
#[derive(Clone)]
pub(super) struct Written<'w> {
    pub(super) span: Range<usize>,
    pub(super) name: &'w Slot<Text>,
    pub(super) method: &'w Slot<Text>,
    pub(super) path: &'w Slot<Text>,
    pub(super) short: [(&'static str, &'w Slot<Text>); 8],
    pub(super) headers: Option<&'w Dict<Text>>,
    pub(super) auth: Option<&'w At<AuthAsk>>,
    pub(super) follow: Option<&'w At<Follow>>,
    /// What it has where it does not say so itself.
    pub(super) inherited: Inherited<'w>,
    pub(super) payload: payload::Written<'w>,
    pub(super) expect: Option<&'w At<ask::Expect>>,
    pub(super) sse: Option<&'w At<SseAsk>>,
    pub(super) socket: socket::Written<'w>,
    pub(super) weight: u32,
}

/// The keys of a request out of a table that has them all.
macro_rules! written {
    ($at:expr, $weight:expr) => {
        $crate::plan::endpoint::Written {
            span: $at.span.clone(),
            name: &$at.value.name,
            method: &$at.value.method,
            path: &$at.value.path,
            short: [
                ("GET", &$at.value.get),
                ("POST", &$at.value.post),
                ("PUT", &$at.value.put),
                ("PATCH", &$at.value.patch),
                ("DELETE", &$at.value.delete),
                ("HEAD", &$at.value.head),
                ("OPTIONS", &$at.value.options),
                ("WS", &$at.value.ws),
            ],
            headers: $at.value.headers.value(),
            auth: $at.value.auth.get(),
            follow: $at.value.follow.get(),
            inherited: $crate::plan::manner::Inherited::default(),
            payload: $crate::plan::payload::Written {
                body: $at.value.body.get(),
                json: $at.value.json.get(),
                form: $at.value.form.get(),
                multipart: $at.value.multipart.get(),
                file: $at.value.file.get(),
                graphql: $at.value.graphql.get(),
                grpc: $at.value.grpc.get(),
            },
            expect: $at.value.expect.get(),
            sse: $at.value.sse.get(),
            socket: $crate::plan::socket::Written {
                subprotocol: $at.value.subprotocol.get(),
                talk: $at.value.talk.get(),
                extract: Vec::new(),
            },
            weight: $weight,
        }
    };
}
pub(super) use written;

/// Tells of requests that have one name.
pub(super) fn names_differ(all: &[At<file::Request>], reader: &mut Reader<'_>) {
    let mut lines = HashMap::new();
    for at in all {
        let before = reader.faults.len();
        let written = written!(at, 1);
        let read = method_and_path(&written, reader);
        let named = read.and_then(|(method, path)| name(&written, &method, &path, reader));
        // What is wrong with the request itself is told where it is read.
        reader.faults.truncate(before);
        // A request with another fault still has the name it was given.
        let given = || at.value.name.value().map(|name| name.template.clone());
        let Some(name) = named.or_else(given) else { continue };
        let line = reader.page.line(at.span.start);
        if let Some(first) = lines.insert(name.clone(), line) {
            let span = at.value.name.get().map_or(at.span.clone(), |name| name.span.clone());
            let message = format!("two requests are named `{}`", visible(&name));
            let hint = format!("the first stands on line {first}; give one of them a `name`");
            reader.fault(span, message, hint);
        }
    }
}

/// A request; nothing where the reader has been told why. The names it needs from its user are
/// there in either case.
pub(super) fn request(
    written: &Written<'_>,
    prefix: &str,
    files: Files<'_>,
    uses: &mut Vec<Use>,
    reader: &mut Reader<'_>,
) -> Option<Request> {
    let before = reader.faults.len();
    let (method, path) = method_and_path(written, reader)?;
    // An odd sign within a tag is none of the path's, and a value may bring its own `/`.
    let around = path.value.around("0");
    let around = if path.value.leads() { format!("/{around}") } else { around };
    if let Err(bad) = path_is_good(&around) {
        reader.fault(path.span.clone(), format!("the path {}", bad.why), bad.hint);
    }
    let name = name(written, &method, &path, reader)?;
    let given = call::metadata(written.headers, written.payload.grpc, reader);
    let Proof { headers: proven, grant } =
        auth::proof(written.auth, written.inherited.auth, given, reader);
    let written = &Written { headers: proven.as_ref().or(given), ..written.clone() };
    let (body, live_body) = payload::body(&written.payload, files, uses, reader);
    let called = written.payload.grpc.and_then(|at| call::call(&at.value, files, reader));
    let (mut rules, wanted) = written
        .expect
        .map(|at| expect::rules(at, &method, files, uses, reader))
        .unwrap_or_default();
    rules.graphql = written.payload.graphql.is_some();
    protocol_fits(written, &method, reader);
    let opens = method == "WS" && written.method.is_absent();
    let stream = stream(written, (opens, &method), &mut rules, uses, reader);
    let headers = written.headers.map(|dict| headers(dict, reader));
    let anew = Anew { body: live_body, expect: wanted, stream: stream.as_ref() };
    let live = written_anew(&path, prefix, written.headers, anew, uses, reader);
    (reader.faults.len() == before).then_some(())?;
    Some(Request {
        name,
        path: format!("{prefix}{}", path.value.value),
        method: if opens { "GET".to_owned() } else { method },
        headers: headers.unwrap_or_default(),
        body,
        weight: written.weight,
        expect: rules,
        endpoint: 0,
        live,
        call: called,
        stream,
        grant,
        follow: follow(written, opens, reader),
    })
}

/// Tells of keys that belong to another protocol.
fn protocol_fits(written: &Written<'_>, method: &str, reader: &mut Reader<'_>) {
    if let Some(at) = written.expect {
        call::expect_fits(&at.value, written.payload.grpc.is_some(), reader);
    }
    call::graphql_fits(written.payload.graphql, method, reader);
}

/// How many redirects are followed: none by what is no plain request.
fn follow(written: &Written<'_>, opens: bool, reader: &mut Reader<'_>) -> u8 {
    let plain = !opens && written.sse.is_none() && written.payload.grpc.is_none();
    if let Some(at) = written.follow.filter(|_| !plain) {
        let hint = "leave it out; ask at the address that it leads to".to_owned();
        let message = "a stream, a WebSocket or a call follows no redirect";
        reader.fault(at.span.clone(), message, hint);
    }
    let asked = written.follow.map(|at| &at.value).or(written.inherited.follow);
    asked.filter(|_| plain).map_or(0, |hops| u8::try_from(hops.0).unwrap_or(u8::MAX))
}

/// What may be written anew each time beside path and headers.
struct Anew<'s> {
    body: Option<Template>,
    expect: Vec<Wanted>,
    stream: Option<&'s Stream>,
}

/// The parts that are written anew each time, where there are any.
fn written_anew(
    path: &At<Text>,
    prefix: &str,
    headers: Option<&Dict<Text>>,
    anew: Anew<'_>,
    uses: &mut Vec<Use>,
    reader: &mut Reader<'_>,
) -> Option<Live> {
    let mut texts = headers.iter().flat_map(|dict| &dict.0);
    let Anew { body, expect, stream } = anew;
    let own = texts.any(|(_, at)| at.value.live) || !expect.is_empty();
    let own = own || stream.is_some_and(Stream::needs_user);
    if body.is_none() && !path.value.live && !own {
        return None;
    }
    let said = match stream {
        Some(Stream::Events(events)) => Some(&events.expect).filter(|said| said.varies()),
        Some(Stream::Socket(_)) | None => None,
    };
    let (path, headers) = live::parts(path, prefix, headers, uses, reader)?;
    Some(Live { path, prefix: prefix.len(), headers, body, expect, said: said.cloned() })
}

/// How a request is more than one answer.
fn stream(
    written: &Written<'_>,
    (opens, method): (bool, &str),
    expect: &mut Expect,
    uses: &mut Vec<Use>,
    reader: &mut Reader<'_>,
) -> Option<Stream> {
    if !opens {
        written.socket.refuse(reader);
        if let (Some(at), Some(_)) = (written.sse, written.payload.grpc) {
            let hint = "a call has one message each way".to_owned();
            reader.fault(at.span.clone(), "`sse` and `grpc` exclude each other", hint);
        }
        return written.sse.map(|at| events::stream(at, method, expect, uses, reader));
    }
    let spans = [
        (written.expect.map(|at| at.span.clone()), "`expect` of an answer", "expect it in `talk`"),
        (written.sse.map(|at| at.span.clone()), "`sse`", "it is a stream of events or a WebSocket"),
        (written.payload.span(), "a body", "what is sent stands in `talk`"),
    ];
    for (span, what, hint) in spans {
        if let Some(span) = span {
            reader.fault(span, format!("{what} and `ws` exclude each other"), hint.to_owned());
        }
    }
    Some(written.socket.stream(uses, reader))
}

fn name(
    written: &Written<'_>,
    method: &str,
    path: &At<Text>,
    reader: &mut Reader<'_>,
) -> Option<String> {
    let (name, span) = match written.name.get() {
        Some(name) => (name.value.template.clone(), name.span.clone()),
        None if written.name.is_absent() => {
            let span = path.span.clone();
            let path = path.value.template.split('?').next().unwrap_or_default();
            let name = match written.payload.grpc {
                Some(_) => path.trim_start_matches('/').to_owned(),
                None => call::name(written.payload.graphql, method, path),
            };
            (name, span)
        }
        None => return None,
    };
    if is_group(&name) {
        let hint = "give the step a `group`, and a name of its own".to_owned();
        reader.fault(span, "names that begin with `group:` are of groups", hint);
        return None;
    }
    name_is_good(&name, &span, reader).then_some(name)
}

/// Whether reports can show a name as it is; where not, the reader has been told why.
pub(super) fn name_is_good(name: &str, span: &Range<usize>, reader: &mut Reader<'_>) -> bool {
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
    reader.fault(span.clone(), format!("the name {why}"), hint);
    false
}

/// The method and the path, from `method` and `path` or from a short form.
fn method_and_path(written: &Written<'_>, reader: &mut Reader<'_>) -> Option<(String, At<Text>)> {
    if let Some(at) = written.payload.grpc {
        let mut short = written.short.iter().map(|(_, slot)| *slot);
        let long = !written.method.is_absent() || !written.path.is_absent();
        if long || short.any(|slot| !slot.is_absent()) {
            let message = "the path of a gRPC call is its method";
            let hint = "leave the method and the path out".to_owned();
            reader.fault(written.span.clone(), message, hint);
        }
        return call::path(&at.value, reader).map(|path| ("POST".to_owned(), path));
    }
    let given: Vec<_> = written.short.iter().filter(|(_, slot)| !slot.is_absent()).collect();
    let long = !written.method.is_absent() || !written.path.is_absent();
    match given.as_slice() {
        [(method, slot)] if !long => Some(((*method).to_owned(), slot.get()?.clone())),
        [] if long => {
            for (key, absent) in
                [("method", written.method.is_absent()), ("path", written.path.is_absent())]
            {
                if absent {
                    let hint = "`method` and `path` go together; or write `get = \"/path\"`";
                    reader.fault(
                        written.span.clone(),
                        format!("`{key}` is missing"),
                        hint.to_owned(),
                    );
                }
            }
            let method = method(written.method.get()?, reader)?;
            Some((method, written.path.get()?.clone()))
        }
        [] => {
            let hint = "write `get = \"/path\"`, or `method` and `path`".to_owned();
            reader.fault(written.span.clone(), "the request has no path", hint);
            None
        }
        [..] => {
            let hint = "a request has one method and one path".to_owned();
            reader.fault(written.span.clone(), "the request has more than one path", hint);
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

/// Header names in lower case, with their values.
pub(super) fn headers(dict: &Dict<Text>, reader: &mut Reader<'_>) -> Vec<(String, String)> {
    let mut read: Vec<(String, String)> = Vec::new();
    for (key, value) in &dict.0 {
        let name = key.value.to_ascii_lowercase();
        header_name_is_good(key, reader);
        if header::is_ours(&name) {
            let message = format!("`{}` is written by loadgate itself", key.value);
            reader.fault(key.span.clone(), message, "leave it out".to_owned());
        }
        if read.iter().any(|(other, _)| *other == name) {
            let message = format!("the header `{}` is there twice", key.value);
            reader.fault(key.span.clone(), message, "case does not matter in names".to_owned());
        }
        let around = value.value.around("0");
        let text = around.trim();
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
        read.push((name, value.value.value.trim().to_owned()));
        reader.warn_of_token(&value.value.template, &value.span);
    }
    read
}
