//! What a draft will say, before it is spelled: target, requests, what is known about them.

use std::time::Duration;

use super::body::Body;
use super::text::{Piece, Text};
use super::{Shape, address};
use crate::header;

/// The most endpoints a gate file may name.
pub(super) const MAX_ENDPOINTS: usize = 1_000;

/// A gate file in the making.
pub(super) struct Gate {
    /// What it was made from, for its first line.
    pub(super) origin: String,
    /// The service's address where `BASE_URL` is not set.
    pub(super) base: String,
    /// Requests in order.
    pub(super) entries: Vec<Entry>,
    /// Requests that are shown as comments only, since they change data.
    pub(super) writes: Vec<Entry>,
    /// Single requests, or one scenario.
    pub(super) shape: Shape,
    /// Further requests to choose from, as comments.
    pub(super) hints: &'static str,
    /// The 95th percentile of all recorded times.
    pub(super) recorded: Option<Duration>,
}

/// One request in the making.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The endpoint's name.
    pub(super) name: String,
    /// Upper case.
    pub(super) method: String,
    /// Path and query.
    pub(super) path: Text,
    /// Headers, by lower-case name.
    pub(super) headers: Vec<(String, Text)>,
    /// What is sent with it.
    pub(super) body: Body,
    /// Its share among the requests.
    pub(super) weight: u32,
    /// The statuses to expect: `200`, `2xx`; none for the gate file's own rule.
    pub(super) status: Vec<String>,
    /// Something a reader should know.
    pub(super) remark: Option<String>,
    /// How long it took when it was recorded, and how often it was.
    pub(super) recorded: Option<(Duration, usize)>,
}

impl Entry {
    /// A request with nothing but name, method and path.
    pub(super) fn new(name: String, method: &str, path: Text) -> Self {
        Self {
            name,
            method: method.to_ascii_uppercase(),
            path,
            headers: Vec::new(),
            body: Body::None,
            weight: 1,
            status: Vec::new(),
            remark: None,
            recorded: None,
        }
    }

    /// Adds a header; the first of a name stays, and what no header may hold is dropped.
    pub(super) fn header(&mut self, name: &str, value: Text) {
        let name = name.to_ascii_lowercase();
        let sound = value.pieces().iter().all(|piece| match piece {
            Piece::Plain(plain) => is_header_value(plain),
            Piece::Variable { .. } => true,
        });
        let ours = name == "connection" || header::is_ours(&name);
        if sound && is_token(&name) && !ours && !self.headers.iter().any(|(own, _)| *own == name) {
            self.headers.push((name, value));
        }
    }
}

/// What was left out and why, each said once.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) all: Vec<String>,
    pub(super) more: usize,
}

impl Notes {
    /// Adds a note, unless it was said before.
    pub(super) fn add(&mut self, note: impl Into<String>) {
        let note = note.into();
        if self.all.contains(&note) {
            return;
        }
        if self.all.len() < 100 {
            self.all.push(note);
        } else {
            self.more += 1;
        }
    }

    /// Adds a note about a number of things, unless there are none; `{}` stands for the number.
    pub(super) fn count(&mut self, number: usize, one: &str, many: &str) {
        if number > 0 {
            let note = if number == 1 { one } else { many };
            self.add(note.replace("{}", &number.to_string()));
        }
    }
}

/// The name of an endpoint nobody named: method and path, with `:id` for what tells things apart.
pub(super) fn name_of(method: &str, path: &Text) -> String {
    let mut plain = String::new();
    for piece in path.pieces() {
        match piece {
            Piece::Plain(text) => plain.push_str(text),
            Piece::Variable { name, .. } => {
                plain.push(':');
                plain.push_str(&name.to_ascii_lowercase());
            }
        }
    }
    let path = plain.split('?').next().unwrap_or_default();
    format!("{method} {}", address::decoded(&address::template(path)))
}

/// Whether a method can be sent.
pub(super) fn is_method(text: &str) -> bool {
    let word = (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase());
    word && text != "CONNECT" && text != "TRACE"
}

/// Whether a header can have this value.
pub(super) fn is_header_value(text: &str) -> bool {
    text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

/// Whether a text can be a header's name (RFC 9110, 5.6.2).
fn is_token(text: &str) -> bool {
    let part = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.len() <= 100 && text.bytes().all(part)
}
