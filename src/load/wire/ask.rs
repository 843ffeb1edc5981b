//! The requests of a plan, prepared once: the bytes that HTTP/1.1 writes, the parts that HTTP/2
//! takes.

use std::fmt::Write;

use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};

use super::Unfit;
use crate::plan::stream::{Events, Socket, Stream};
use crate::plan::{Expect, Request, Target};
use crate::script::message::Method;

/// Who we are, so that operators find us.
pub const AGENT: &str = concat!("loadgate/", env!("CARGO_PKG_VERSION"));

/// A request, prepared.
pub(super) struct Ask {
    /// Line, headers and body for HTTP/1.1, in one piece.
    pub(super) bytes: Vec<u8>,
    /// Line and headers for HTTP/2.
    pub(super) parts: http::Request<()>,
    /// The body for HTTP/2.
    pub(super) body: Bytes,
    /// The method is `HEAD`.
    pub(super) head: bool,
    /// Sending it twice does no harm (RFC 9110, section 9.2.2).
    pub(super) idempotent: bool,
    /// It asks the server to close the connection.
    pub(super) closes: bool,
    /// What makes the answer good.
    pub(super) expect: Expect,
    /// The gRPC method that is called, where one is.
    pub(super) call: Option<Method>,
    /// How it is more than one answer.
    pub(super) stream: Option<Stream>,
    /// How many redirects are followed, at most.
    pub(super) follow: u8,
    /// Which token it shows.
    pub(super) key: Option<usize>,
    /// Where it opens a WebSocket: how it asks for it.
    pub(super) upgrade: Option<http::Request<()>>,
}

impl Ask {
    /// Prepares a request; a name or value that HTTP cannot carry is told by its name.
    pub(super) fn prepare(target: &Target, request: &Request) -> Result<Self, Unfit> {
        let unfit = |what: String| Unfit(format!("{}: {what}", request.name));
        let headers = headers(target, request).map_err(&unfit)?;
        // A path that is written anew each time may not be one before it is.
        let path = if request.live.is_some() { "/".to_owned() } else { escaped(&request.path) };
        let authority = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
        let scheme = if target.secure { "https" } else { "http" };
        let mut parts = http::Request::builder()
            .method(request.method.as_str())
            .uri(format!("{scheme}://{authority}{path}"))
            .body(())
            .map_err(|error| unfit(format!("not a request: {error}")))?;
        let call = method(request).map_err(&unfit)?;
        let body = request.body.as_ref().map_or(&[][..], |body| &body.bytes);
        // Where the message is written anew each time, this one is never sent.
        let frame = call.filter(|_| request.live.as_ref().is_none_or(|live| live.body.is_none()));
        let frame = frame.map(|method| method.frame(body)).transpose().map_err(&unfit)?;
        let body = frame.as_deref().unwrap_or(body);
        let bytes = written(&request.method, &path, &headers, body);
        let closes = headers.get_all("connection").iter().any(|value| {
            value
                .as_bytes()
                .split(|&byte| byte == b',')
                .any(|token| token.trim_ascii().eq_ignore_ascii_case(b"close"))
        });
        let upgrade = match &request.stream {
            Some(Stream::Socket(asked)) => {
                let upgrade = upgrade(target.secure, authority, &path, headers.clone(), asked);
                Some(upgrade.map_err(&unfit)?)
            }
            Some(Stream::Events(_)) | None => None,
        };
        *parts.headers_mut() = for_two(headers);
        if call.is_some() {
            as_call(parts.headers_mut(), target);
        }
        Ok(Self {
            follow: request.follow,
            key: None,
            upgrade,
            bytes,
            parts,
            body: Bytes::copy_from_slice(body),
            head: request.method == "HEAD",
            idempotent: matches!(
                request.method.as_str(),
                "GET" | "HEAD" | "PUT" | "DELETE" | "OPTIONS" | "TRACE"
            ),
            closes,
            expect: request.expect.clone(),
            call: call.cloned(),
            stream: request.stream.clone(),
        })
    }

    /// Whether an answer is a redirect that is to be followed, and not what was asked for.
    pub(super) fn follows(&self, status: u16, headers: &[(String, Vec<u8>)]) -> bool {
        self.follow > 0
            && matches!(status, 301 | 302 | 303 | 307 | 308)
            && !(self.expect.status.is_some() && self.expect.allows(status))
            && headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("location"))
    }

    /// The WebSocket that it opens.
    pub(super) fn socket(&self) -> Option<&Socket> {
        match &self.stream {
            Some(Stream::Socket(socket)) => Some(socket),
            Some(Stream::Events(_)) | None => None,
        }
    }

    /// What is expected of the stream of events that answers it.
    pub(super) fn events(&self) -> Option<&Events> {
        match &self.stream {
            Some(Stream::Events(events)) => Some(events),
            Some(Stream::Socket(_)) | None => None,
        }
    }
}

/// The request that asks for a WebSocket, but for its key.
fn upgrade(
    secure: bool,
    authority: &str,
    path: &str,
    mut headers: HeaderMap,
    socket: &Socket,
) -> Result<http::Request<()>, String> {
    let scheme = if secure { "wss" } else { "ws" };
    let mut request = http::Request::builder()
        .uri(format!("{scheme}://{authority}{path}"))
        .body(())
        .map_err(|error| format!("not a request: {error}"))?;
    headers.insert("connection", HeaderValue::from_static("Upgrade"));
    headers.insert("upgrade", HeaderValue::from_static("websocket"));
    headers.insert("sec-websocket-version", HeaderValue::from_static("13"));
    if let Some(name) = &socket.subprotocol {
        let name = HeaderValue::from_str(name)
            .map_err(|_| "`subprotocol` has a character that HTTP cannot carry".to_owned())?;
        headers.insert("sec-websocket-protocol", name);
    }
    *request.headers_mut() = headers;
    Ok(request)
}

/// The gRPC method that a request calls, with the shapes of its messages.
pub(super) fn method(request: &Request) -> Result<Option<&Method>, String> {
    let Some(call) = &request.call else { return Ok(None) };
    let unknown = || format!("nothing describes the messages of `{}`", call.method);
    call.shapes.as_ref().map(Some).ok_or_else(unknown)
}

/// Turns the headers of a request into those of a gRPC call ("gRPC over HTTP/2", requests).
pub(super) fn as_call(headers: &mut HeaderMap, target: &Target) {
    headers.remove("content-length");
    headers.insert("te", HeaderValue::from_static("trailers"));
    headers.insert("grpc-accept-encoding", HeaderValue::from_static("identity"));
    if !headers.contains_key("grpc-timeout") {
        // At most eight digits; the longest deadline in milliseconds is beyond a day.
        let millis = target.timeout.as_millis().clamp(1, 99_999_999);
        let text = format!("{millis}m");
        let value = HeaderValue::from_str(&text).expect("digits and a letter");
        headers.insert("grpc-timeout", value);
    }
}

/// The headers of a request, `host` among them: ours, the target's, its own; the later replace the
/// earlier.
pub(super) fn headers(target: &Target, request: &Request) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    headers.insert("host", value("host", &authority(target))?);
    headers.insert("user-agent", HeaderValue::from_static(AGENT));
    if let Some(Stream::Events(_)) = request.stream {
        headers.insert("accept", HeaderValue::from_static("text/event-stream"));
    }
    if let Some(kind) = request.body.as_ref().and_then(|body| body.content_type) {
        headers.insert("content-type", HeaderValue::from_static(kind));
    }
    if request.expect.graphql {
        let accepted = "application/graphql-response+json, application/json;q=0.9";
        headers.insert("accept", HeaderValue::from_static(accepted));
    }
    for layer in [&target.headers, &request.headers] {
        let mut own = HeaderMap::new();
        for (name, text) in layer {
            let key = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| format!("`{}` is not a header name", name.escape_debug()))?;
            own.append(key, value(name, text)?);
        }
        for key in own.keys() {
            headers.remove(key);
        }
        for (key, value) in &own {
            headers.append(key, value.clone());
        }
    }
    let length = request.body.as_ref().map(|body| body.bytes.len());
    let expected = matches!(request.method.as_str(), "POST" | "PUT" | "PATCH");
    // The length is a fact; what the gate file says of it cannot be more true.
    headers.remove("content-length");
    if let Some(length) = length.or(expected.then_some(0)) {
        headers.insert("content-length", HeaderValue::from(length));
    }
    if headers.contains_key("transfer-encoding") {
        return Err("`transfer-encoding` cannot be set: bodies are sent with their length".into());
    }
    sign(&mut headers)?;
    Ok(headers)
}

/// Adds our name behind a user agent of the gate file's own.
fn sign(headers: &mut HeaderMap) -> Result<(), String> {
    let given = headers.get("user-agent").map_or("", |agent| agent.to_str().unwrap_or_default());
    if !given.contains(AGENT) {
        let signed = format!("{given} {AGENT}");
        headers.insert("user-agent", value("user-agent", signed.trim())?);
    }
    Ok(())
}

/// A header's value; the fault names the header, since the value may be a secret.
fn value(name: &str, text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_bytes(text.trim().as_bytes())
        .map_err(|_| format!("the value of header `{name}` has a character that HTTP cannot carry"))
}

/// Host and port as `Host` has them: the scheme's own port is left out.
pub(super) fn authority(target: &Target) -> String {
    let host = bracketed(&target.host);
    let own = if target.secure { 443 } else { 80 };
    if target.port == own { host } else { format!("{host}:{}", target.port) }
}

/// The host, an IPv6 address in brackets.
pub(super) fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

/// The path with everything escaped that a request line cannot carry.
pub(super) fn escaped(path: &str) -> String {
    let mut escaped = String::with_capacity(path.len());
    for byte in path.bytes() {
        if is_bare(byte) {
            escaped.push(char::from(byte));
        } else {
            write!(escaped, "%{byte:02X}").expect("a String takes everything");
        }
    }
    escaped
}

/// Whether a request line can carry a byte as it is.
pub(super) fn is_bare(byte: u8) -> bool {
    (0x21..0x7f).contains(&byte) && !matches!(byte, b'"' | b'<' | b'>' | b'`' | b'#')
}

/// Writes headers as HTTP/1.1 has them, a line each.
pub(super) fn lines(bytes: &mut Vec<u8>, headers: &HeaderMap) {
    for (name, value) in headers {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
}

fn written(method: &str, path: &str, headers: &HeaderMap, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{method} {path} HTTP/1.1\r\n").into_bytes();
    lines(&mut bytes, headers);
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    bytes
}

/// The headers HTTP/2 takes: those of the connection are not sent (RFC 9113, section 8.2.2).
pub(super) fn for_two(mut headers: HeaderMap) -> HeaderMap {
    for name in ["host", "connection", "keep-alive", "proxy-connection", "upgrade", "te"] {
        headers.remove(name);
    }
    headers
}
