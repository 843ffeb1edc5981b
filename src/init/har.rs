//! HTTP Archive 1.2, as browsers and proxies save it: what one host was asked.

use std::time::Duration;

use indexmap::IndexMap;

use super::conceal::Conceal;
use super::finish::finish;
use super::gate::{Entry, Gate, Notes, name_of};
use super::multipart::Part;
use super::recorded::{self, Sent, Take};
use super::text::Text;
use super::tree::{self, Notation, Tree};
use super::{Ask, Draft, Shape, Unreadable, address};

/// What was left out, by reason.
#[derive(Default)]
struct LeftOut {
    assets: usize,
    unanswered: usize,
    preflights: usize,
    other_schemes: usize,
    credentials: bool,
}

/// A recorded request that may be sent.
struct Candidate<'a> {
    node: &'a Tree,
    method: String,
    address: address::Address,
    status: u16,
}

/// Makes a draft from a recording.
pub(super) fn draft(bytes: &[u8], ask: Ask) -> Result<Draft, Unreadable> {
    let root = tree::read(bytes, Notation::Json)?;
    let Some(Tree::List(all)) = root.at(&["log", "entries"]) else {
        let why = "it has no `log.entries`".to_owned();
        return Err(Unreadable::OtherKind { wanted: "an HTTP Archive", why });
    };
    let mut notes = Notes::default();
    let mut left = LeftOut::default();
    let mut candidates: Vec<Candidate<'_>> =
        all.iter().filter_map(|node| candidate(node, ask, &mut left)).collect();
    let Some(origin) = main_origin(&candidates, &mut notes) else {
        let why = if left.assets > 0 {
            "images, fonts, styles and scripts alone; `--include-assets` sends them"
        } else {
            "no answered HTTP request was recorded"
        };
        return Err(Unreadable::Nothing { why: why.to_owned() });
    };
    candidates.retain(|candidate| candidate.address.origin == origin);
    tell(&left, &candidates, &mut notes);
    let mut conceal = Conceal::default();
    let takes: Vec<Take> =
        candidates.iter().map(|one| take(one, &mut conceal, &mut notes)).collect();
    let times = takes.iter().filter_map(|take| take.time).collect();
    let creator = root.at(&["log", "creator", "name"]).and_then(Tree::text).unwrap_or_default();
    let creator = super::quote::comment(creator, 40);
    let creator = if creator.is_empty() { "a browser" } else { &creator };
    let gate = Gate {
        origin: format!("a recording by {creator}"),
        base: origin,
        entries: match ask.shape {
            Shape::Requests => recorded::merged(takes, &mut notes),
            Shape::Scenario => recorded::in_order(takes),
        },
        writes: Vec::new(),
        hints: "",
        shape: ask.shape,
        recorded: recorded::p95(times),
    };
    finish(gate, &conceal, notes)
}

fn candidate<'a>(node: &'a Tree, ask: Ask, left: &mut LeftOut) -> Option<Candidate<'a>> {
    let request = node.get("request")?;
    let Some(address) = request.text_of("url").and_then(address::parse) else {
        left.other_schemes += 1;
        return None;
    };
    let method = request.text_of("method").unwrap_or("GET").to_ascii_uppercase();
    let status = node.at(&["response", "status"]).and_then(Tree::number).unwrap_or(0.0);
    let status = format!("{status:.0}").parse::<u16>().unwrap_or(0);
    if status == 101 || method != "TRACE" && !super::gate::is_method(&method) {
        left.other_schemes += 1;
        return None;
    }
    if method == "OPTIONS" || method == "TRACE" {
        left.preflights += 1;
        return None;
    }
    if !(100..600).contains(&status) {
        left.unanswered += 1;
        return None;
    }
    if !ask.include_assets && is_asset(node, &address.path) {
        left.assets += 1;
        return None;
    }
    left.credentials |= address.had_credentials;
    Some(Candidate { node, method, address, status })
}

/// Pictures, fonts, styles, scripts: by content type, by the end of the path where there is none.
fn is_asset(node: &Tree, path: &str) -> bool {
    const STARTS: [&str; 5] = ["image/", "font/", "audio/", "video/", "application/font"];
    const PARTS: [&str; 4] = ["javascript", "ecmascript", "text/css", "application/wasm"];
    const ENDS: [&str; 15] = [
        ".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".avif", ".ico", ".woff", ".woff2",
        ".ttf", ".css", ".js", ".mjs", ".wasm",
    ];
    let kind = node.at(&["response", "content", "mimeType"]).and_then(Tree::text);
    let kind = kind.unwrap_or_default().to_ascii_lowercase();
    if kind.is_empty() || kind == "x-unknown" {
        let path = path.to_ascii_lowercase();
        return ENDS.iter().any(|end| path.ends_with(end));
    }
    STARTS.iter().any(|start| kind.starts_with(start))
        || PARTS.iter().any(|part| kind.contains(part))
}

/// The host that was asked most; the first of those where several were.
fn main_origin(candidates: &[Candidate<'_>], notes: &mut Notes) -> Option<String> {
    let mut counts: IndexMap<&str, usize> = IndexMap::new();
    for candidate in candidates {
        *counts.entry(&candidate.address.origin).or_default() += 1;
    }
    let most = *counts.values().max()?;
    let (main, _) = counts.iter().find(|(_, count)| **count == most)?;
    let others: Vec<String> = counts
        .iter()
        .filter(|(origin, _)| origin != &main)
        .take(20)
        .map(|(origin, count)| format!("{} ({count})", super::quote::comment(origin, 80)))
        .collect();
    if !others.is_empty() {
        let more = counts.len() - 1 - others.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        notes.add(format!("requests to other hosts were left out: {}{more}", others.join(", ")));
    }
    Some((*main).to_owned())
}

fn tell(left: &LeftOut, kept: &[Candidate<'_>], notes: &mut Notes) {
    notes.count(
        left.assets,
        "1 request for an image, font, style or script was left out; `--include-assets` sends it",
        "{} requests for images, fonts, styles, scripts were left out; \
         `--include-assets` sends them",
    );
    notes.count(
        left.unanswered,
        "1 request was left out: it was never answered",
        "{} requests were left out: they were never answered",
    );
    notes.count(
        left.preflights,
        "1 OPTIONS or TRACE request was left out",
        "{} OPTIONS and TRACE requests were left out",
    );
    notes.count(
        left.other_schemes,
        "1 entry was left out: it is no plain HTTP request",
        "{} entries were left out: they are no plain HTTP requests",
    );
    if left.credentials {
        notes.add("names and passwords in addresses were left out");
    }
    let reads = |one: &&Candidate<'_>| !matches!(one.method.as_str(), "GET" | "HEAD");
    notes.count(
        kept.iter().filter(reads).count(),
        "1 recorded request may change data on every call: choose the target with that in mind",
        "{} recorded requests may change data on every call: choose the target with that in mind",
    );
}

fn take(one: &Candidate<'_>, conceal: &mut Conceal, notes: &mut Notes) -> Take {
    let path = conceal.target(&one.address.path, &one.address.query);
    let name = name_of(&one.method, &path);
    let mut entry = Entry::new(name, &one.method, path);
    for header in one.node.at(&["request", "headers"]).map_or(&[][..], Tree::items) {
        if let (Some(name), Some(value)) = (header.text_of("name"), header.text_of("value")) {
            recorded::header(&mut entry, name, value, conceal);
        }
    }
    if let Some(data) = one.node.at(&["request", "postData"]) {
        body(&mut entry, data, conceal, notes);
    } else if entry.headers.iter().any(|(name, _)| name == "content-type") {
        body(&mut entry, &Tree::Null, conceal, notes);
    }
    if let Some(called) = recorded::called(&entry.body) {
        entry.name = format!("{} {called}", entry.name);
    }
    let millis = one.node.get("time").and_then(Tree::number);
    let time = millis
        .filter(|millis| (0.0..1e8).contains(millis))
        .map(|millis| Duration::from_secs_f64(millis / 1e3));
    Take { entry, time, status: one.status }
}

fn body(entry: &mut Entry, data: &Tree, conceal: &mut Conceal, notes: &mut Notes) {
    let packed =
        ["encoding", "_encoding"].iter().any(|name| recorded::is_text(data.get(name), "base64"));
    let text = data.text_of("text");
    let unpacked = text.filter(|_| packed).map(recorded::from_base64);
    if unpacked == Some(None) {
        let name = super::quote::comment(&entry.name, 80);
        notes.add(format!("the body of `{name}` was left out: it is not text"));
        return;
    }
    let unpacked = unpacked.flatten();
    let part = |part: &Tree| {
        let file = part.get("fileName").is_some();
        let value = part.text_of("value").map(Text::plain);
        Some(Part { name: part.text_of("name")?.to_owned(), value: value.filter(|_| !file) })
    };
    let value = |part: &Tree| Some((part.text_of("name")?.to_owned(), part.get("value")?.clone()));
    let fields: IndexMap<String, Tree> = data.items_of("params").iter().filter_map(value).collect();
    let sent = Sent {
        whole: (!fields.is_empty()).then_some(Tree::Table(fields)),
        kind: data.text_of("mimeType").unwrap_or_default(),
        text: unpacked.as_deref().or(text),
        parts: data.items_of("params").iter().filter_map(part).collect(),
    };
    recorded::body(entry, sent, conceal, notes);
}
