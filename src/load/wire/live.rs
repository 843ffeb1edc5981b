//! Requests with parts that are written anew each time: everything else is prepared once.

use std::io::Write as _;

use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::Url;

use super::Unfit;
use super::ask::{
    AGENT, as_call, escaped, for_two, headers as all_headers, is_bare, lines, method,
};
use super::fault::Fault;
use crate::load::probe::Rendered;
use crate::plan::{Request, Target};
use crate::sample::Failure;
use crate::script::message::Method;

/// What a request goes out with beside what was prepared.
#[derive(Clone, Copy)]
pub(super) struct Luggage<'a> {
    /// The parts that are written anew; empty where none is.
    pub(super) parts: &'a Rendered,
    /// The user's cookies.
    pub(super) cookie: Option<&'a [u8]>,
    /// The token that it shows.
    pub(super) token: Option<&'a HeaderValue>,
}

impl<'a> Luggage<'a> {
    /// The header lines that come beside those of the request itself.
    fn extra(self) -> impl Iterator<Item = (HeaderName, &'a [u8])> {
        let cookie = self.cookie.map(|cookie| (http::header::COOKIE, cookie));
        let token = self.token.map(|token| (http::header::AUTHORIZATION, token.as_bytes()));
        cookie.into_iter().chain(token)
    }
}

/// A request, prepared up to its changing parts.
pub(super) struct LiveAsk {
    method: String,
    /// Path and query, escaped, where they do not change.
    path: String,
    /// Scheme and authority.
    origin: String,
    /// The lines of the headers that never change.
    lines: Vec<u8>,
    /// The names of those that do.
    names: Vec<HeaderName>,
    /// The length is told even where it is zero.
    told: bool,
    body: bool,
    /// The body that is sent where none is written anew.
    own: Option<Bytes>,
    /// The headers for HTTP/2 that never change.
    parts: HeaderMap,
    /// The gRPC method that is called, where one is.
    call: Option<Method>,
}

/// Prepares what does not change of a request that has parts written anew, or may bring something
/// along.
pub(super) fn prepared(target: &Target, request: &Request) -> Result<LiveAsk, Unfit> {
    let scheme = if target.secure { "https" } else { "http" };
    let prepared = all_headers(target, request).and_then(|headers| {
        let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
        LiveAsk::prepare(target, request, format!("{scheme}://{host}"), &headers)
    });
    prepared.map_err(|what| Unfit(format!("{}: {what}", request.name)))
}

impl LiveAsk {
    /// Prepares a request; `headers` are all that it would have, were nothing in it to change.
    fn prepare(
        target: &Target,
        request: &Request,
        origin: String,
        headers: &HeaderMap,
    ) -> Result<Self, String> {
        let live = request.live.as_ref();
        let mut fixed = headers.clone();
        fixed.remove("content-length");
        if request.grant.is_some() {
            fixed.remove("authorization");
        }
        let written = live.map_or(&[][..], |live| &live.headers);
        let mut names = Vec::with_capacity(written.len());
        for (name, _) in written {
            let name = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| format!("`{}` is not a header name", name.escape_debug()))?;
            if matches!(name.as_str(), "transfer-encoding" | "content-length") {
                return Err(format!("`{name}` cannot be set: bodies are sent with their length"));
            }
            fixed.remove(&name);
            names.push(name);
        }
        let mut prepared = Vec::new();
        lines(&mut prepared, &fixed);
        let call = method(request)?.cloned();
        let mut parts = for_two(fixed);
        if call.is_some() {
            as_call(&mut parts, target);
        }
        let anew = live.is_some_and(|live| live.body.is_some());
        let own = request.body.as_ref().filter(|_| !anew).map(|body| &body.bytes);
        let own = match (own, &call) {
            (Some(json), Some(method)) => Some(Bytes::from(method.frame(json)?)),
            (Some(bytes), None) => Some(Bytes::copy_from_slice(bytes)),
            (None, _) => None,
        };
        Ok(Self {
            method: request.method.clone(),
            path: if live.is_some() { String::new() } else { escaped(&request.path) },
            origin,
            lines: prepared,
            names,
            told: matches!(request.method.as_str(), "POST" | "PUT" | "PATCH"),
            body: anew,
            own,
            parts,
            call,
        })
    }

    /// The body as it goes out.
    fn body<'a>(&'a self, parts: &'a Rendered) -> &'a [u8] {
        if self.body { &parts.body } else { self.own.as_deref().unwrap_or_default() }
    }

    /// Whether a length is told.
    fn tells(&self) -> bool {
        self.call.is_none() && (self.body || self.own.is_some() || self.told)
    }

    /// The body as HTTP/2 sends it: of a call, the message in its frame.
    fn sent(&self, parts: &Rendered) -> Result<Bytes, Fault> {
        match (&self.own, &self.call) {
            (Some(own), _) => Ok(own.clone()),
            (None, Some(method)) => {
                let unfit = |why| Fault::new(Failure::Expectation, format!("message: {why}"));
                method.frame(self.body(parts)).map(Bytes::from).map_err(unfit)
            }
            (None, None) => Ok(Bytes::copy_from_slice(self.body(parts))),
        }
    }

    /// Whether cookies of a user may come along: those that a gate file writes stand alone.
    pub(super) fn takes_cookies(&self) -> bool {
        let own = |name: &HeaderName| *name == http::header::COOKIE;
        self.call.is_none() && !self.parts.contains_key("cookie") && !self.names.iter().any(own)
    }

    /// Where it goes.
    pub(super) fn address(&self, parts: &Rendered) -> Option<Url> {
        let mut address = self.origin.clone().into_bytes();
        self.put_path(parts, &mut address);
        Url::parse(std::str::from_utf8(&address).ok()?).ok()
    }

    fn put_path(&self, parts: &Rendered, into: &mut Vec<u8>) {
        if parts.path.is_empty() {
            into.extend_from_slice(self.path.as_bytes());
        } else {
            escape(&parts.path, into);
        }
    }

    /// The method.
    pub(super) fn method(&self) -> &str {
        &self.method
    }

    /// Headers and body of the same request where a redirect leads it. What was written for its
    /// own place alone, credentials among it, stays there.
    pub(super) fn hop(
        &self,
        luggage: Luggage<'_>,
        (own, carries): (bool, bool),
        host: &str,
    ) -> Result<(HeaderMap, Bytes), Fault> {
        let unfit = |_| Fault::new(Failure::Expectation, "a header that HTTP cannot carry");
        let parts = luggage.parts;
        let mut headers = if own { self.parts.clone() } else { HeaderMap::new() };
        if !own {
            headers.insert("user-agent", HeaderValue::from_static(AGENT));
            if let Some(kind) = self.parts.get("content-type") {
                headers.insert("content-type", kind.clone());
            }
        }
        let written = self.names.iter().cloned().zip(parts.headers.iter().map(Vec::as_slice));
        for (name, value) in written.filter(|_| own).chain(luggage.extra()) {
            let value = HeaderValue::from_bytes(value.trim_ascii()).map_err(unfit)?;
            headers.append(name, value);
        }
        headers.insert("host", HeaderValue::from_str(host).map_err(unfit)?);
        if !carries {
            for name in ["content-type", "content-encoding", "content-language"] {
                headers.remove(name);
            }
            return Ok((headers, Bytes::new()));
        }
        let body = Bytes::copy_from_slice(self.body(parts));
        if self.tells() {
            headers.insert("content-length", HeaderValue::from(body.len()));
        }
        Ok((headers, body))
    }

    /// Writes the whole request for HTTP/1.1.
    pub(super) fn write(&self, luggage: Luggage<'_>, into: &mut Vec<u8>) {
        let parts = luggage.parts;
        into.clear();
        into.extend_from_slice(self.method.as_bytes());
        into.push(b' ');
        self.put_path(parts, into);
        into.extend_from_slice(b" HTTP/1.1\r\n");
        into.extend_from_slice(&self.lines);
        for (name, value) in self.names.iter().zip(&parts.headers) {
            into.extend_from_slice(name.as_str().as_bytes());
            into.extend_from_slice(b": ");
            into.extend_from_slice(value.trim_ascii());
            if *name == "user-agent" {
                into.push(b' ');
                into.extend_from_slice(AGENT.as_bytes());
            }
            into.extend_from_slice(b"\r\n");
        }
        for (name, value) in luggage.extra() {
            into.extend_from_slice(name.as_str().as_bytes());
            into.extend_from_slice(b": ");
            into.extend_from_slice(value);
            into.extend_from_slice(b"\r\n");
        }
        let body = self.body(parts);
        if self.tells() {
            write!(into, "content-length: {}\r\n", body.len()).expect("a Vec takes everything");
        }
        into.extend_from_slice(b"\r\n");
        into.extend_from_slice(body);
    }

    /// Makes the whole request for HTTP/2.
    pub(super) fn make(&self, luggage: Luggage<'_>) -> Result<(http::Request<()>, Bytes), Fault> {
        let parts = luggage.parts;
        let mut uri = self.origin.clone().into_bytes();
        self.put_path(parts, &mut uri);
        let unfit = |what: &'static str| Fault::new(Failure::Expectation, what);
        let mut made = http::Request::builder()
            .method(self.method.as_str())
            .uri(uri.as_slice())
            .body(())
            .map_err(|_| unfit("the rendered path is not one"))?;
        let mut headers = self.parts.clone();
        let own = self.names.iter().cloned().zip(parts.headers.iter().map(Vec::as_slice));
        for (name, value) in own.chain(luggage.extra()) {
            let value = HeaderValue::from_bytes(value.trim_ascii())
                .map_err(|_| unfit("a rendered header has a character that HTTP cannot carry"))?;
            headers.append(name, value);
        }
        let body = self.sent(parts)?;
        if self.tells() {
            headers.insert("content-length", HeaderValue::from(body.len()));
        }
        let te = headers.remove("te");
        let mut headers = for_two(headers);
        if let Some(te) = te.filter(|_| self.call.is_some()) {
            headers.insert("te", te);
        }
        *made.headers_mut() = headers;
        Ok((made, body))
    }
}

/// Escapes what a request line cannot carry.
fn escape(path: &[u8], into: &mut Vec<u8>) {
    for &byte in path {
        if is_bare(byte) {
            into.push(byte);
        } else {
            write!(into, "%{byte:02X}").expect("a Vec takes everything");
        }
    }
}
