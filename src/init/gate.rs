//! What a draft will say, before it is spelled: target, requests, what is known about them.

use std::collections::BTreeMap;
use std::time::Duration;

use super::body::Body;
use super::conceal::{Conceal, Finder};
use super::text::{Piece, Text};
use super::{Draft, Shape, Unreadable, address, quote, write};

/// The most endpoints a gate file may name.
pub(super) const MAX_ENDPOINTS: usize = 1_000;

/// Headers that are about a connection, not about a request.
const CONNECTION: [&str; 9] = [
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The longest path and query, in bytes.
const MAX_PATH: usize = 8_000;

/// The largest body that is copied into a gate file, in bytes.
const MAX_BODY: usize = 64 * 1024;

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
        let ours = CONNECTION.contains(&name.as_str());
        if sound && is_token(&name) && !ours && !self.headers.iter().any(|(own, _)| *own == name) {
            self.headers.push((name, value));
        }
    }
}

/// What was left out and why, each said once.
#[derive(Debug, Default)]
pub(super) struct Notes {
    all: Vec<String>,
    more: usize,
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

/// Finishes a draft: sizes kept, names told apart, secrets found wherever they are, then spelled.
pub(super) fn finish(
    mut gate: Gate,
    conceal: &Conceal,
    mut notes: Notes,
) -> Result<Draft, Unreadable> {
    limit(&mut gate, &mut notes);
    if gate.entries.is_empty() {
        return Err(Unreadable::Nothing { why: notes.all.join("; ") });
    }
    let finder = conceal.finder();
    for entry in gate.entries.iter_mut().chain(&mut gate.writes) {
        clean(entry, &finder, gate.shape);
    }
    tell_apart(&mut gate);
    let shared = share_headers(&mut gate);
    let mut said: Vec<String> = notes.all.iter().map(|note| finder.name(note)).collect();
    if notes.more > 0 {
        said.push(format!("{} more of the kind", notes.more));
    }
    said.extend(conceal.note().map(|note| finder.name(&note)));
    gate.origin = finder.name(&gate.origin);
    let secret: Vec<&str> = conceal.variables().collect();
    Ok(Draft { toml: write::gate(&gate, &shared, &secret), notes: said })
}

fn limit(gate: &mut Gate, notes: &mut Notes) {
    let large = |entry: &Entry| entry.path.plain_len() > MAX_PATH || large_body(&entry.body);
    let before = gate.entries.len() + gate.writes.len();
    gate.entries.retain(|entry| !large(entry));
    gate.writes.retain(|entry| !large(entry));
    let after = gate.entries.len() + gate.writes.len();
    notes.count(
        before - after,
        "1 request was left out: a path longer than 8,000 bytes or a body than 64 KiB",
        "{} requests were left out: paths longer than 8,000 bytes or bodies than 64 KiB",
    );
    let room = MAX_ENDPOINTS.saturating_sub(gate.entries.len());
    let over =
        gate.entries.len().saturating_sub(MAX_ENDPOINTS) + gate.writes.len().saturating_sub(room);
    gate.entries.truncate(MAX_ENDPOINTS);
    gate.writes.truncate(room);
    notes.count(
        over,
        "1 request was left out: a gate file names 1,000 endpoints at most",
        "{} requests were left out: a gate file names 1,000 endpoints at most",
    );
}

fn large_body(body: &Body) -> bool {
    let size = match body {
        Body::None => 0,
        Body::Plain { text, .. } => text.plain_len(),
        Body::Json(value) => value.json(None).plain_len(),
        Body::Form(fields) => fields.iter().map(|(_, text)| text.plain_len()).sum(),
    };
    size > MAX_BODY
}

/// Takes known secrets out, wherever they stand; in a scenario also what would be a template.
fn clean(entry: &mut Entry, finder: &Finder, shape: Shape) {
    let text = |text: Text| match shape {
        Shape::Requests => finder.text(text),
        Shape::Scenario => finder.text(text).map_plain(|plain| Text::plain(literal(plain))),
    };
    let name = |name: &str| finder.name(name);
    entry.name = tidy_name(&name(&entry.name));
    entry.path = rooted(text(std::mem::take(&mut entry.path)));
    for (_, value) in &mut entry.headers {
        *value = text(std::mem::take(value));
    }
    entry.body.change(&text, &name);
    if let Some(remark) = &mut entry.remark {
        *remark = name(remark);
    }
}

/// A secret may have taken the path's first sign with it.
fn rooted(path: Text) -> Text {
    let starts = |piece: &Piece| matches!(piece, Piece::Plain(plain) if plain.starts_with('/'));
    if path.pieces().first().is_some_and(starts) {
        return path;
    }
    let mut whole = Text::plain("/");
    whole.append(path);
    whole
}

/// A step's texts are templates: signs that open one are put out by one.
fn literal(plain: &str) -> String {
    let mut out = String::new();
    let mut rest = plain;
    while let Some(at) = ["{{", "{%", "{#"].iter().filter_map(|open| rest.find(open)).min() {
        out.push_str(&rest[..at]);
        out.push_str("{{ '");
        out.push_str(&rest[at..at + 2]);
        out.push_str("' }}");
        rest = &rest[at + 2..];
    }
    out + rest
}

/// One line of visible text, at most 120 characters.
fn tidy_name(name: &str) -> String {
    // A name is a label: what would be a template or a variable in it is broken up.
    let mut name = quote::comment(name, 120);
    for open in ["{{", "${"] {
        while name.contains(open) {
            name = name.replace(open, "{");
        }
    }
    if name.is_empty() { "unnamed".to_owned() } else { name }
}

/// Two requests of one name get numbers, unless they are steps that ask the same endpoint.
fn tell_apart(gate: &mut Gate) {
    let mut seen: BTreeMap<String, (String, String)> = BTreeMap::new();
    for entry in gate.entries.iter_mut().chain(&mut gate.writes) {
        let path = quote::spelled(&entry.path);
        let path = path.split('?').next().unwrap_or_default();
        let what = (entry.method.clone(), address::template(path));
        let mut name = entry.name.clone();
        let mut number = 1;
        while let Some(known) = seen.get(&name) {
            if gate.shape == Shape::Scenario && *known == what {
                break;
            }
            number += 1;
            name = format!("{} ({number})", entry.name);
        }
        entry.name.clone_from(&name);
        seen.insert(name, what);
    }
}

/// Headers that all requests have alike, taken out of each.
fn share_headers(gate: &mut Gate) -> Vec<(String, Text)> {
    let Some(first) = gate.entries.first() else { return Vec::new() };
    if gate.entries.len() < 2 {
        return Vec::new();
    }
    let known = |entry: &Entry, header: &(String, Text)| entry.headers.contains(header);
    // To ask for one kind of answer harms nobody who does not care.
    let silent = |entry: &Entry, header: &(String, Text)| {
        let asking = gate.entries.iter().filter(|entry| known(entry, header)).count();
        let usual = header.0 == "accept" && 2 * asking > gate.entries.len();
        usual && entry.headers.iter().all(|(name, _)| name != "accept")
    };
    let everywhere = |header: &&(String, Text)| {
        header.0 != "content-type"
            && gate.entries.iter().all(|entry| known(entry, header) || silent(entry, header))
    };
    let shared: Vec<(String, Text)> = first.headers.iter().filter(everywhere).cloned().collect();
    for entry in gate.entries.iter_mut().chain(&mut gate.writes) {
        entry.headers.retain(|header| !shared.contains(header));
    }
    shared
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
