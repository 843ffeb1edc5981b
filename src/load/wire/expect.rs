//! Whether an answer is as expected, and if not, why: in words that quote no answer, but for what
//! may be shown of the message of an error.

use serde_json::Value;
use serde_json_path::JsonPath;

use crate::plan::{Expect, HeaderRule, JsonRule};
use crate::sample::{End, Failure};
use crate::script::graphql;

/// How long an explanation may be, in characters.
const EXPLANATION: usize = 200;

/// Judges a whole answer: how it ended. Why it failed, if it did, goes to `tell`, in words made
/// only if wanted.
pub(super) fn verdict(
    expect: &Expect,
    status: u16,
    unmet: Option<&str>,
    body: &[u8],
    tell: impl FnOnce(Failure, &mut dyn FnMut() -> String),
) -> End {
    if !expect.allows(status) {
        tell(Failure::Status, &mut || format!("status {status}"));
        return End::Failed { why: Failure::Status, status: Some(status) };
    }
    let unmet = unmet.map(str::to_owned).or_else(|| unmet_body(expect, body));
    let Some(mut what) = unmet else { return End::Good(status) };
    tell(Failure::Expectation, &mut || std::mem::take(&mut what));
    End::Failed { why: Failure::Expectation, status: Some(status) }
}

/// The first expectation on a header that is not met. A header that comes twice needs one fitting
/// value.
pub(super) fn unmet_header<'a>(
    expect: &Expect,
    values: impl Fn(&str) -> Vec<&'a [u8]>,
) -> Option<Box<str>> {
    expect.headers.iter().find_map(|(name, rule)| {
        let values = values(name);
        let (met, what) = match rule {
            _ if values.is_empty() => (false, format!("no header \"{name}\"")),
            HeaderRule::Present => (true, String::new()),
            HeaderRule::Equals(text) => (
                values.iter().any(|value| value.trim_ascii() == text.trim().as_bytes()),
                format!("header \"{name}\" is not \"{text}\""),
            ),
            HeaderRule::Contains(text) => (
                values.iter().any(|value| contains(value, text)),
                format!("header \"{name}\" does not contain \"{text}\""),
            ),
        };
        (!met).then(|| bounded(what).into_boxed_str())
    })
}

/// The first expectation on the body that is not met.
pub(super) fn unmet_body(expect: &Expect, body: &[u8]) -> Option<String> {
    if let Some(text) = expect.body.iter().find(|text| !contains(body, text)) {
        return Some(format!("body does not contain \"{text}\""));
    }
    if expect.json.is_empty() && !expect.graphql {
        return None;
    }
    // Nesting beyond 128 levels is an error here, so that no answer can exhaust the stack.
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        return Some("body is not JSON".to_owned());
    };
    if let Some(trouble) = expect.graphql.then(|| graphql::trouble(&value)).flatten() {
        return Some(trouble);
    }
    unmet_json(&expect.json, &value)
}

/// The first rule on a value in JSON that is not met.
pub(super) fn unmet_json(rules: &[(JsonPath, JsonRule)], value: &Value) -> Option<String> {
    rules.iter().find_map(|(path, rule)| {
        let nodes = path.query(value).all();
        let what = match rule {
            _ if nodes.is_empty() => "is missing".to_owned(),
            JsonRule::Present => return None,
            JsonRule::NotEmpty if !nodes.iter().any(|node| is_empty(node)) => return None,
            JsonRule::NotEmpty => "is empty".to_owned(),
            JsonRule::Equals(asked) if nodes.len() == 1 && same(nodes[0], asked) => return None,
            JsonRule::Equals(asked) if nodes.len() == 1 => format!("is not {asked}"),
            JsonRule::Equals(_) => format!("are {} values, not one", nodes.len()),
        };
        Some(format!("{path} {what}"))
    })
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
