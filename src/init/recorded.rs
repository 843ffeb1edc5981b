//! Requests as somebody sent them: which headers are kept, what a body is, which repeat others.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use indexmap::IndexMap;

use super::body::Body;
use super::conceal::Conceal;
use super::gate::{Entry, Notes};
use super::multipart::{self, Part};
use super::names;
use super::text::Text;
use super::tree::{self, Tree};
use super::value::Value;
use super::{address, payload};

/// Adds a header if it is one that matters to the service: by list, and never a secret's value.
pub(super) fn header(entry: &mut Entry, name: &str, value: &str, conceal: &mut Conceal) {
    const OURS: [&str; 11] = [
        ":",
        "sec-",
        "proxy-",
        "if-",
        "x-devtools-",
        "x-client-data",
        "accept-encoding",
        "content-length",
        "connection",
        "host",
        "origin",
    ];
    let name = name.trim().to_ascii_lowercase();
    if OURS.iter().any(|start| name.starts_with(start)) {
        return;
    }
    let text = match name.as_str() {
        "authorization" => conceal.authorization(value),
        "cookie" => conceal.cookie(value),
        _ if names::is_secret(&name) => conceal.hide(&name, value),
        "accept" if value == "*/*" => return,
        "accept" | "content-type" => Text::plain(value),
        _ if name.starts_with("x-") => conceal.free(value),
        _ => return,
    };
    entry.header(&name, text);
}

/// A body as it was sent.
pub(super) struct Sent<'a> {
    /// Its content type.
    pub(super) kind: &'a str,
    /// Its bytes as text.
    pub(super) text: Option<&'a str>,
    /// The fields of a form, where they were kept apart.
    pub(super) parts: Vec<Part>,
    /// The fields as a value; some recorders take JSON apart that way.
    pub(super) whole: Option<Tree>,
}

/// Adds a body: JSON as JSON, a form as a form, the rest as text.
pub(super) fn body(entry: &mut Entry, sent: Sent<'_>, conceal: &mut Conceal, notes: &mut Notes) {
    let kind = sent.kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let text = sent.text.unwrap_or_default();
    let own_type = entry.headers.iter().any(|(name, _)| name == "content-type");
    if sent.kind.is_empty() && text.is_empty() && !own_type {
        return;
    }
    if text.is_empty() && sent.parts.is_empty() && sent.whole.is_none() {
        missing(entry, notes);
        return;
    }
    if kind.starts_with("multipart/") {
        let parts =
            if sent.parts.is_empty() { multipart::parts(sent.kind, text) } else { sent.parts };
        let (body, files) = multipart::body(parts, conceal);
        entry.body = body;
        entry.headers.retain(|(name, _)| name != "content-type");
        if files > 0 {
            let name = super::quote::comment(&entry.name, 80);
            notes.add(format!("`{name}` is sent without its files"));
        }
        return;
    }
    let json =
        if payload::is_json(&kind) || kind.is_empty() { tree::json(text).ok() } else { None };
    let json = json.or(sent.whole.filter(|_| payload::is_json(&kind)));
    if json.is_none() && (kind == "application/x-www-form-urlencoded" || text.is_empty()) {
        entry.headers.retain(|(name, _)| name != "content-type");
        entry.body = Body::Form(form(text, sent.parts, conceal));
        return;
    }
    if let Some(json) = json.filter(|json| json.table().is_some() || !json.items().is_empty()) {
        entry.body = Body::Json(conceal.json(&json));
        if kind.is_empty() || kind == "application/json" {
            entry.headers.retain(|(name, _)| name != "content-type");
        }
        return;
    }
    let content_type =
        Some(sent.kind.trim().to_owned()).filter(|kind| !kind.is_empty() && !own_type);
    entry.body = Body::Plain { text: conceal.free(text), content_type };
}

fn missing(entry: &mut Entry, notes: &mut Notes) {
    entry.headers.retain(|(name, _)| name != "content-type");
    entry.remark = Some("its body was not recorded".to_owned());
    let name = super::quote::comment(&entry.name, 80);
    notes.add(format!("`{name}` is sent without its body, which was not recorded"));
}

fn form(text: &str, parts: Vec<Part>, conceal: &mut Conceal) -> Vec<(String, Text)> {
    let mut fields: Vec<(String, Text)> = Vec::new();
    if text.is_empty() {
        let known = parts.into_iter().filter_map(|part| Some((part.name, part.value?)));
        fields.extend(known);
    } else {
        let pairs = address::pairs(text).into_iter();
        fields.extend(pairs.map(|(name, value)| (name, Text::plain(value.unwrap_or_default()))));
    }
    let field = |(name, value): (String, Text)| {
        let value = conceal.field(&name, value);
        (name, value)
    };
    fields.into_iter().map(field).collect()
}

/// What a GraphQL or JSON-RPC request calls: two of them at one address are two endpoints.
pub(super) fn called(body: &Body) -> Option<String> {
    let Body::Json(Value::Table(fields)) = body else { return None };
    let text = |wanted: &str| {
        let (_, value) = fields.iter().find(|(name, _)| name == wanted)?;
        let Value::Text(text) = value else { return None };
        (!text.has_variable()).then(|| super::quote::spelled(text))
    };
    let called = text("operationName").or_else(|| text("jsonrpc").and_then(|_| text("method")))?;
    let word = |sign: char| sign.is_ascii_alphanumeric() || "_-./".contains(sign);
    (called.len() <= 80 && !called.is_empty() && called.chars().all(word)).then_some(called)
}

/// Base64 as text; `None` where it is neither.
pub(super) fn from_base64(text: &str) -> Option<String> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(text.trim()).ok()?;
    String::from_utf8(bytes).ok()
}

/// A request, how long it took and what was answered.
pub(super) struct Take {
    /// The request.
    pub(super) entry: Entry,
    /// How long it took.
    pub(super) time: Option<Duration>,
    /// The status of the answer.
    pub(super) status: u16,
}

/// Requests of one name.
struct Group {
    entry: Entry,
    times: Vec<Duration>,
    statuses: Vec<u16>,
    unlike: usize,
}

impl Group {
    fn of(entry: Entry) -> Self {
        Self { entry, times: Vec::new(), statuses: Vec::new(), unlike: 0 }
    }
}

/// Makes one request of those that have one name; the first one's address and body stay.
pub(super) fn merged(takes: Vec<Take>, notes: &mut Notes) -> Vec<Entry> {
    let mut groups: IndexMap<(String, String), Group> = IndexMap::new();
    for Take { entry, time, status } in takes {
        let key = (entry.method.clone(), entry.name.clone());
        let group = groups.entry(key).or_insert_with(|| Group::of(entry.clone()));
        let same = group.entry.path == entry.path && group.entry.body == entry.body;
        group.times.extend(time);
        group.statuses.push(status);
        group.unlike += usize::from(!same);
    }
    let mut counts: Vec<u32> = Vec::new();
    let mut entries = Vec::new();
    for Group { mut entry, times, statuses, unlike } in groups.into_values() {
        let name = super::quote::comment(&entry.name, 80);
        notes.count(
            unlike,
            &format!("`{name}` was recorded once more with other values; the first are kept"),
            &format!("`{name}` was recorded {{}} more times with other values; the first are kept"),
        );
        counts.push(u32::try_from(statuses.len()).unwrap_or(u32::MAX));
        expect(&mut entry, &statuses);
        let count = times.len();
        entry.recorded = p95(times).map(|time| (time, count));
        entries.push(entry);
    }
    let divisor = counts.iter().copied().fold(0, gcd).max(1);
    for (entry, count) in entries.iter_mut().zip(counts) {
        entry.weight = count / divisor;
    }
    entries
}

/// Keeps every request and its place; all of one name know how long they took together.
pub(super) fn in_order(takes: Vec<Take>) -> Vec<Entry> {
    let mut times: BTreeMap<String, Vec<Duration>> = BTreeMap::new();
    for take in &takes {
        times.entry(take.entry.name.clone()).or_default().extend(take.time);
    }
    let one = |take: Take| {
        let mut entry = take.entry;
        expect(&mut entry, &[take.status]);
        let times = times.get(&entry.name).cloned().unwrap_or_default();
        let count = times.len();
        entry.recorded = p95(times).map(|time| (time, count));
        entry
    };
    takes.into_iter().map(one).collect()
}

/// Expects what was answered, where that was no success. 304 needs a cache, which a load has not.
fn expect(entry: &mut Entry, statuses: &[u16]) {
    let good = |status: &u16| (200..300).contains(status) || *status == 304;
    let mut odd: Vec<u16> = statuses.iter().copied().filter(|status| !good(status)).collect();
    odd.sort_unstable();
    odd.dedup();
    odd.retain(|status| (100..600).contains(status));
    if odd.is_empty() {
        return;
    }
    entry.status = odd.iter().map(u16::to_string).collect();
    if statuses.iter().any(good) {
        entry.status.insert(0, "2xx".to_owned());
    }
    let all: Vec<String> = odd.iter().map(u16::to_string).collect();
    let before = entry.remark.take().map(|remark| format!("{remark}; ")).unwrap_or_default();
    entry.remark = Some(format!("{before}answered {} when it was recorded", all.join(", ")));
}

/// The 95th percentile by nearest rank; nothing of nothing.
pub(super) fn p95(mut times: Vec<Duration>) -> Option<Duration> {
    times.sort_unstable();
    let rank = (times.len() * 95).div_ceil(100);
    times.get(rank.checked_sub(1)?).copied()
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Whether a value of a tree is the text wanted, whatever its case.
pub(super) fn is_text(tree: Option<&Tree>, wanted: &str) -> bool {
    tree.and_then(Tree::text).is_some_and(|text| text.eq_ignore_ascii_case(wanted))
}
