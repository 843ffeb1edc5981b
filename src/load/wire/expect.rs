//! Whether an answer is as expected, and if not, why: in words that quote no answer, but for what
//! may be shown of the message of an error.

use serde_json::Value;

use crate::load::fragment::shown;
use crate::plan::rule::{self, Expect, HeaderRule, JsonRule};
use crate::sample::{End, Failure, Unmet};
use crate::script::graphql;
use crate::script::json::{LazyJson, Query};

/// How long an explanation may be, in characters.
const EXPLANATION: usize = 200;

/// A whole answer.
pub(super) struct Seen<'a> {
    pub(super) status: u16,
    /// The expectation on a header that is not met.
    pub(super) unmet: Option<Box<Unmet>>,
    /// The body, where it is looked at.
    pub(super) body: &'a [u8],
    /// How long the body is.
    pub(super) size: u64,
    /// Values are taken out of the answer afterwards.
    pub(super) keeps: bool,
}

/// What came of looking at an answer.
pub(super) struct Judged {
    pub(super) end: End,
    pub(super) unmet: Option<Box<Unmet>>,
    /// The body as JSON, where it was parsed.
    pub(super) json: Option<Value>,
}

/// Judges a whole answer: how it ended. Why it failed, if it did, goes to `tell`, in words made
/// only if wanted.
pub(super) fn verdict(
    expect: &Expect,
    seen: Seen<'_>,
    tell: impl FnOnce(Failure, &mut dyn FnMut() -> String),
) -> Judged {
    let Seen { status, unmet, body, size, keeps } = seen;
    if !expect.allows(status) {
        tell(Failure::Status, &mut || format!("status {status}"));
        let end = End::Failed { why: Failure::Status, status: Some(status) };
        return Judged { end, unmet: None, json: None };
    }
    if unmet.is_none() && !expect.needs_body() && expect.size.is_none() {
        return Judged { end: End::Good(status), unmet: None, json: None };
    }
    let json = LazyJson::new(body);
    let unmet = unmet.or_else(|| unmet_body(expect, (body, size), &json, keeps).map(Box::new));
    let json = json.into_parsed();
    let Some(unmet) = unmet else { return Judged { end: End::Good(status), unmet: None, json } };
    tell(Failure::Expectation, &mut || unmet.what.clone());
    let end = End::Failed { why: Failure::Expectation, status: Some(status) };
    Judged { end, unmet: Some(unmet), json }
}

/// The first expectation on a header that is not met. A header that comes twice needs one fitting
/// value.
pub(super) fn unmet_header<'a>(
    expect: &Expect,
    values: impl Fn(&str) -> Vec<&'a [u8]>,
) -> Option<Box<Unmet>> {
    expect.headers.iter().find_map(|(name, rule)| {
        let values = values(name);
        let any = |fits: &dyn Fn(&[u8]) -> bool| values.iter().any(|value| fits(value));
        let (met, what) = match rule {
            _ if values.is_empty() => (false, format!("no header \"{name}\"")),
            HeaderRule::Present => (true, String::new()),
            HeaderRule::Equals(text) => (
                any(&|value| value.trim_ascii() == text.trim().as_bytes()),
                format!("header \"{name}\" is not \"{text}\""),
            ),
            HeaderRule::Contains(text) => (
                any(&|value| contains(value, text)),
                format!("header \"{name}\" does not contain \"{text}\""),
            ),
            HeaderRule::Matches(regex) => (
                any(&|value| regex.matches(value)),
                format!("header \"{name}\" does not match {regex}"),
            ),
        };
        // Values of headers are shown nowhere.
        let got = if values.is_empty() { "no such header" } else { "another value" };
        let asked = || rule::header_asked(name, rule);
        (!met).then(|| Box::new(unmet(asked(), got.to_owned(), what)))
    })
}

fn unmet(asked: String, got: String, what: String) -> Unmet {
    Unmet { asked: bounded(asked), got: bounded(got), what: bounded(what) }
}

/// The first expectation on the body that is not met.
pub(super) fn unmet_body(
    expect: &Expect,
    (body, size): (&[u8], u64),
    json: &LazyJson<'_>,
    keeps: bool,
) -> Option<Unmet> {
    if let Some(asked) = expect.size.as_ref().filter(|asked| !asked.holds(&size)) {
        let what = format!("the size of the body is not {asked}");
        return Some(unmet(rule::size_asked(asked), format!("{size}B"), what));
    }
    unmet_text(expect, body)
        .or_else(|| expect.needs_json().then(|| unmet_json_body(expect, json, keeps)).flatten())
}

fn unmet_text(expect: &Expect, body: &[u8]) -> Option<Unmet> {
    let missing = expect.body.iter().find(|text| !contains(body, text));
    let missing = missing.map(|text| {
        (format!("body contains \"{text}\""), format!("body does not contain \"{text}\""))
    });
    let found = || expect.lacks.iter().find(|text| contains(body, text));
    let found = || {
        found().map(|text| (format!("body lacks \"{text}\""), format!("body contains \"{text}\"")))
    };
    let unlike = || expect.matches.iter().find(|regex| !regex.matches(body));
    let unlike = || {
        unlike()
            .map(|regex| (format!("body regex {regex}"), format!("body does not match {regex}")))
    };
    let (asked, what) = missing.or_else(found).or_else(unlike)?;
    Some(unmet(asked, format!("a body of {}B", body.len()), what))
}

/// The first expectation on a JSON body that is not met. Where more than one looks at it, it is
/// parsed whole, and once; else no more of it is kept than is asked for.
fn unmet_json_body(expect: &Expect, json: &LazyJson<'_>, keeps: bool) -> Option<Unmet> {
    let no_json = |asked: String| {
        unmet(asked, "a body that is not JSON".to_owned(), "body is not JSON".to_owned())
    };
    let whole = keeps || expect.json.len() > 1 || expect.schema.is_some() || expect.graphql;
    // Nesting beyond 128 levels is an error here, so that no answer can exhaust the stack.
    if whole && json.value().is_err() {
        let asked = expect.json.first().map(|(query, rule)| rule::json_asked(query, rule));
        let schema = || expect.schema.as_ref().map(|shape| rule::schema_asked(shape));
        return Some(no_json(asked.or_else(schema).unwrap_or_else(|| "graphql".to_owned())));
    }
    if expect.graphql
        && let Some(trouble) = json.value().ok().and_then(graphql::trouble)
    {
        return Some(unmet("graphql without errors".to_owned(), trouble.clone(), trouble));
    }
    for (query, rule) in &expect.json {
        let missed = match json.value_at(query) {
            Err(_) => return Some(no_json(rule::json_asked(query, rule))),
            Ok(None) => {
                rule_missed(query, rule, &json.value().map_or(vec![], |all| query.all(all)))
            }
            Ok(Some(node)) => rule_missed(query, rule, &[&node]),
        };
        if missed.is_some() {
            return missed;
        }
    }
    let shape = expect.schema.as_ref()?;
    let unlike = shape.unlike(json.value().ok()?)?;
    let place = if unlike.place.is_empty() { "the whole" } else { &unlike.place };
    let what = format!("body does not fit {}: {} at {place}", shape.file, unlike.keyword);
    let got = format!("{} at {place}: {}", unlike.keyword, shown(unlike.value));
    Some(unmet(rule::schema_asked(shape), got, what))
}

/// The first rule on a value in JSON that is not met.
pub(super) fn unmet_json(rules: &[(Query, JsonRule)], value: &Value) -> Option<Unmet> {
    rules.iter().find_map(|(query, rule)| rule_missed(query, rule, &query.all(value)))
}

/// How the values that a path leads to miss a rule, if they do.
fn rule_missed(query: &Query, rule: &JsonRule, nodes: &[&Value]) -> Option<Unmet> {
    let all = |fits: &dyn Fn(&Value) -> bool| nodes.iter().find(|node| !fits(node)).copied();
    let many = matches!(rule, JsonRule::Count(_)) && !query.is_single();
    let (odd, what) = match rule {
        _ if nodes.is_empty() && !many => (None, "is missing".to_owned()),
        JsonRule::Present => return None,
        JsonRule::NotEmpty => (Some(all(&|node| !is_empty(node))?), "is empty".to_owned()),
        JsonRule::Equals(asked) if nodes.len() == 1 => {
            (Some(all(&|node| same(node, asked))?), format!("is not {asked}"))
        }
        JsonRule::Equals(_) => (None, format!("are {} values, not one", nodes.len())),
        JsonRule::Type(kind) => {
            (Some(all(&|node| kind.is_of(node))?), format!("is not of the type {}", kind.name()))
        }
        JsonRule::Count(bound) if many => {
            if bound.holds(&(nodes.len() as u64)) {
                return None;
            }
            (None, format!("are {} values, not {bound}", nodes.len()))
        }
        JsonRule::Count(bound) => {
            let fits = |node: &Value| count(node).is_some_and(|count| bound.holds(&count));
            (Some(all(&fits)?), format!("has not {bound}"))
        }
        JsonRule::Number(bound) => {
            let fits = |node: &Value| node.as_f64().is_some_and(|number| bound.holds(&number));
            (Some(all(&fits)?), format!("is not {bound}"))
        }
        JsonRule::Matches(regex) => {
            let fits = |node: &Value| node.as_str().is_some_and(|s| regex.matches(s.as_bytes()));
            (Some(all(&fits)?), format!("does not match {regex}"))
        }
    };
    let got = match (odd, nodes.len()) {
        (Some(node), _) => shown(node),
        (None, 0) => "nothing".to_owned(),
        (None, count) => format!("{count} values"),
    };
    Some(unmet(rule::json_asked(query, rule), got, format!("{query} {what}")))
}

/// How many items or members a value has.
fn count(value: &Value) -> Option<u64> {
    let count = value.as_array().map(Vec::len);
    let count = count.or_else(|| value.as_object().map(serde_json::Map::len));
    count.map(|count| count as u64)
}

/// Equal, and a number equals the same number however it is written.
fn same(found: &Value, asked: &Value) -> bool {
    match (found, asked) {
        (Value::Number(found), Value::Number(asked)) if found.is_f64() || asked.is_f64() => {
            found.as_f64() == asked.as_f64()
        }
        _ => found == asked,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Whether bytes contain a text; in linear time, whatever they are.
fn contains(bytes: &[u8], text: &str) -> bool {
    String::from_utf8_lossy(bytes).contains(text)
}

/// The text, cut where it is too long for a report.
pub(super) fn bounded(mut text: String) -> String {
    if let Some((cut, _)) = text.char_indices().nth(EXPLANATION) {
        text.truncate(cut);
    }
    text
}
