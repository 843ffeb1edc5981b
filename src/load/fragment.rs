//! What may be shown of a value in an answer.

use serde_json::Value;

use crate::sanitise;

/// A value of JSON in few words: numbers and words as they are, texts without what may be private,
/// of lists and objects only how much is in them.
pub(super) fn shown(value: &Value) -> String {
    let some = |count: usize, what: &str| match count {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    };
    match value {
        Value::Null | Value::Bool(_) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => {
            let head = text.char_indices().nth(LONGEST).map_or(text.len(), |(at, _)| at);
            format!("\"{}\"", sanitise::redacted(&text[..head]))
        }
        Value::Array(items) => format!("an array with {}", some(items.len(), "item")),
        Value::Object(members) => format!("an object with {}", some(members.len(), "member")),
    }
}

/// So much of a text is looked at.
const LONGEST: usize = 200;
