//! GraphQL: which operations a document has, and whether an answer tells of an error.

use serde_json::Value;

use crate::sanitise;

/// An operation of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation<'d> {
    /// `query`, `mutation` or `subscription`.
    pub kind: &'d str,
    /// Its name; a short one has none.
    pub name: Option<&'d str>,
}

/// The operations of a document, in order (GraphQL, October 2021, section 2.3). What is no GraphQL
/// has none.
#[must_use]
pub fn operations(document: &str) -> Vec<Operation<'_>> {
    let mut found = Vec::new();
    let (mut depth, mut within) = (0_u32, false);
    let mut last: Option<&str> = None;
    for word in (Words { rest: document }) {
        let begins = depth == 0 && !within;
        match word {
            "{" if begins => found.push(Operation { kind: "query", name: None }),
            "query" | "mutation" | "subscription" if begins => {
                found.push(Operation { kind: word, name: None });
            }
            _ => {}
        }
        // The name stands right behind the kind.
        if depth == 0
            && within
            && last.is_some_and(|last| ["query", "mutation", "subscription"].contains(&last))
            && word.starts_with(|sign: char| sign.is_alphabetic() || sign == '_')
            && let Some(operation) = found.last_mut()
            && operation.name.is_none()
        {
            operation.name = Some(word);
        }
        within = true;
        match word {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => {
                depth = depth.saturating_sub(1);
                // A definition ends with its selection; fragments and operations alike.
                within = depth > 0 || word != "}";
            }
            _ => {}
        }
        last = Some(word);
    }
    found
}

/// The words and signs of a document, without comments and texts.
struct Words<'d> {
    rest: &'d str,
}

impl<'d> Iterator for Words<'d> {
    type Item = &'d str;

    fn next(&mut self) -> Option<&'d str> {
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n', ',', '\u{feff}']);
            if self.rest.starts_with('#') {
                self.rest = self.rest.find('\n').map_or("", |end| &self.rest[end..]);
            } else if let Some(inner) = self.rest.strip_prefix("\"\"\"") {
                self.rest = inner.find("\"\"\"").map_or("", |end| &inner[end + 3..]);
            } else if let Some(inner) = self.rest.strip_prefix('"') {
                self.rest = behind_text(inner);
            } else {
                break;
            }
        }
        let first = self.rest.chars().next()?;
        let part = |sign: char| sign.is_alphanumeric() || sign == '_';
        let length = if part(first) {
            self.rest.find(|sign| !part(sign)).unwrap_or(self.rest.len())
        } else {
            first.len_utf8()
        };
        let (word, rest) = self.rest.split_at(length);
        self.rest = rest;
        Some(word)
    }
}

/// What stands behind a text whose first quote was taken.
fn behind_text(inner: &str) -> &str {
    let mut escaped = false;
    for (at, sign) in inner.char_indices() {
        match sign {
            '"' if !escaped => return &inner[at + 1..],
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    ""
}

/// What is wrong with an answer by its own words (GraphQL, October 2021, section 7.1); of the first
/// error's message only what may be shown.
#[must_use]
pub fn trouble(answer: &Value) -> Option<String> {
    let Some(members) = answer.as_object() else {
        return Some("the body is no GraphQL answer".to_owned());
    };
    if let Some(errors) = members.get("errors").filter(|errors| !errors.is_null()) {
        let Some(list) = errors.as_array() else {
            return Some("the body is no GraphQL answer: `errors` is no list".to_owned());
        };
        let first = list.first().and_then(|error| error.get("message")).and_then(Value::as_str);
        let words = sanitise::redacted(first.unwrap_or("without a message"));
        let count = list.len();
        return match count {
            0 | 1 => Some(format!("GraphQL error: {words}")),
            _ => Some(format!("{count} GraphQL errors, the first: {words}")),
        };
    }
    match members.get("data") {
        Some(Value::Null) => {
            Some("GraphQL answer without an error whose `data` is null".to_owned())
        }
        Some(_) => None,
        None => Some("the body is no GraphQL answer: no `data`, no `errors`".to_owned()),
    }
}
