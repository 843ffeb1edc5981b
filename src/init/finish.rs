//! The last hand on a draft: limits, names, secrets, shared headers.

use std::collections::BTreeMap;

use super::body::Body;
use super::conceal::{Conceal, Finder};
use super::gate::{Entry, Gate, MAX_ENDPOINTS, Notes};
use super::text::{Piece, Text};
use super::{Draft, Shape, Unreadable, address, quote, write};
use crate::sanitise::Clean;

/// The longest path and query, in bytes.
const MAX_PATH: usize = 8_000;

/// The largest body that is copied into a gate file, in bytes.
const MAX_BODY: usize = 64 * 1024;

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
        clean(entry, &finder);
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

/// Takes known secrets out, wherever they stand, and what would be a template.
fn clean(entry: &mut Entry, finder: &Finder) {
    let text = |text: Text| finder.text(text).map_plain(|plain| Text::plain(literal(plain)));
    let name = |name: &str| finder.name(name);
    entry.name = tidy_name(&name(&entry.name));
    entry.path = rooted(text(std::mem::take(&mut entry.path)));
    for (_, value) in &mut entry.headers {
        *value = text(std::mem::take(value));
    }
    entry.body.change(&text, &|key| literal(&name(key)));
    if let Body::Plain { content_type: Some(kind), .. } = &mut entry.body {
        *kind = literal(kind);
    }
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

/// Texts of requests are templates: signs that open one are put out by one.
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
    // What begins like a command to a CI host is refused in a name.
    if Clean::line(&name).as_str() != name {
        name = quote::comment(&name.replace([':', '#'], " "), 120);
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
            // What is put out by a template belongs to requests.
            && !quote::spelled(&header.1).contains("{{")
            && gate.entries.iter().all(|entry| known(entry, header) || silent(entry, header))
    };
    let shared: Vec<(String, Text)> = first.headers.iter().filter(everywhere).cloned().collect();
    for entry in gate.entries.iter_mut().chain(&mut gate.writes) {
        entry.headers.retain(|header| !shared.contains(header));
    }
    shared
}
