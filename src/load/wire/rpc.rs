//! What a gRPC answer says of itself in headers and trailers, and how it ended.

use http::HeaderMap;
use serde_json::Value;

use super::expect::{self, Judged};
use crate::plan::Expect;
use crate::sample::{End, Failure, Unmet};
use crate::sanitise;
use crate::script::code::Code;
use crate::script::json::LazyJson;
use crate::script::message::{Method, Unread, payload};

/// What the headers and trailers of an answer say.
#[derive(Default)]
pub(super) struct Reply {
    /// Its content type is one of gRPC.
    typed: bool,
    /// The status; where the answer is nothing but trailers, they come as its headers.
    status: Option<Result<Code, ()>>,
    /// The words beside the status, as they came.
    message: String,
}

impl Reply {
    /// Takes the headers.
    pub(super) fn head(&mut self, headers: &HeaderMap) {
        let kind = headers.get("content-type").map_or(&b""[..], |kind| kind.as_bytes());
        let rest = kind.strip_prefix(b"application/grpc");
        // `application/grpc+proto` and parameters are the same; `application/grpc-web` is not.
        self.typed = rest.is_some_and(|rest| matches!(rest, [] | [b'+' | b';', ..]));
        self.trailers(headers);
    }

    /// Takes the trailers.
    pub(super) fn trailers(&mut self, trailers: &HeaderMap) {
        let Some(status) = trailers.get("grpc-status") else { return };
        let digits = status.to_str().ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
        self.status = Some(digits.and_then(|text| text.parse().ok()).map(Code).ok_or(()));
        let message = trailers.get("grpc-message").map_or(&b""[..], |text| text.as_bytes());
        self.message = decoded(&message[..message.len().min(4096)]);
    }
}

/// Words as trailers carry them: in percent-encoding, which nothing wrong in it may break.
fn decoded(text: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let hex = text.get(at + 1..at + 3).and_then(|two| std::str::from_utf8(two).ok());
        let code = hex.filter(|_| byte == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(code.unwrap_or(byte));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A whole answer.
pub(super) struct Whole<'w> {
    /// The status of HTTP.
    pub(super) status: u16,
    /// What its headers and trailers say.
    pub(super) reply: &'w Reply,
    /// The expectation on a header that is not met.
    pub(super) unmet: Option<Box<Unmet>>,
    /// The messages in their frames; where it is looked at, the one as JSON afterwards.
    pub(super) body: &'w mut Vec<u8>,
    /// Values are taken out of the body.
    pub(super) keeps: bool,
}

/// How a whole answer ended.
pub(super) fn judge(
    method: &Method,
    expect: &Expect,
    whole: Whole<'_>,
    tell: impl FnOnce(Failure, &mut dyn FnMut() -> String),
) -> Judged {
    let status = match (whole.status, whole.reply.status) {
        (200, Some(Ok(code))) if code != Code::OK => code.status(),
        (status, Some(Ok(_) | Err(())) | None) => status,
    };
    let (why, mut what, unmet) = match check(method, expect, whole) {
        Ok((None, json)) => return Judged { end: End::Good(status), unmet: None, json },
        Ok((Some(unmet), _)) => (Failure::Expectation, unmet.what.clone(), Some(unmet)),
        Err((why, what)) => (why, what, None),
    };
    tell(why, &mut || std::mem::take(&mut what));
    Judged { end: End::Failed { why, status: Some(status) }, unmet, json: None }
}

/// The expectation that is not met, and the message as JSON where it was parsed.
type Checked = (Option<Box<Unmet>>, Option<Value>);

fn check(method: &Method, expect: &Expect, whole: Whole<'_>) -> Result<Checked, (Failure, String)> {
    let Whole { status, reply, unmet, body, keeps } = whole;
    let malformed = |what: &str| (Failure::Malformed, what.to_owned());
    if status != 200 {
        return Err((Failure::Status, format!("status {status} instead of a gRPC answer")));
    }
    if !reply.typed {
        return Err(malformed("the content type is not `application/grpc`"));
    }
    let code = match reply.status {
        None => return Err(malformed("no `grpc-status` came")),
        Some(Err(())) => return Err(malformed("a `grpc-status` that is no number")),
        Some(Ok(code)) => code,
    };
    if !expect.allows_code(code) {
        let words = sanitise::redacted(&reply.message);
        let colon = if words.is_empty() { "" } else { ": " };
        return Err((Failure::Status, format!("gRPC status {code}{colon}{words}")));
    }
    let frames = std::mem::take(body);
    if code == Code::OK {
        let looked_at = keeps || expect.needs_body();
        let read = if looked_at { method.read(&frames) } else { payload(&frames).map(|_| vec![]) };
        *body = read.map_err(|unread| match unread {
            Unread::Malformed(what) => malformed(what),
            Unread::TooLarge => (Failure::TooLarge, "the message is larger than 64 MiB".into()),
        })?;
    }
    let json = LazyJson::new(body);
    let size = (body.as_slice(), frames.len() as u64);
    let unmet = unmet.or_else(|| expect::unmet_body(expect, size, &json, keeps).map(Box::new));
    Ok((unmet, json.into_parsed()))
}
