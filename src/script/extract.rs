//! Values taken out of answers, to be used in later requests.

use std::fmt;
use std::sync::Arc;

use minijinja::Value;
use regex::bytes::{Captures, Regex};

use super::json::{LazyJson, Query};

/// One value to take out of an answer.
#[derive(Clone, Debug)]
pub struct Extract {
    /// The name that templates will know it by.
    pub into: Arc<str>,
    /// Where in the answer it is.
    pub from: Source,
    /// What to keep where the answer does not have it. Without one the step fails.
    pub default: Option<String>,
}

/// Where in an answer a value is.
#[derive(Clone, Debug)]
pub enum Source {
    /// The first node of a JSON path (RFC 9535) in the body.
    Json(Query),
    /// The first match of a pattern in the body.
    Regex(Pattern),
    /// The first header of that name.
    Header(String),
    /// The cookie of that name that the answer sets last.
    Cookie(String),
    /// The status.
    Status,
    /// The whole body.
    Body,
}

/// A pattern, and which of its groups is wanted.
#[derive(Clone, Debug)]
pub struct Pattern {
    regex: Regex,
    group: Group,
}

/// A group of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Group {
    /// By number; 0 is the whole match.
    Number(usize),
    /// By name, as in `(?<id>…)`.
    Name(String),
}

/// Why a pattern cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct BadPattern {
    /// What is wrong, in half a sentence.
    pub why: String,
    /// What to do about it.
    pub hint: String,
}

impl Pattern {
    /// Reads a pattern. Where no group is given it is the first, or the whole match where there
    /// is none.
    ///
    /// # Errors
    /// The pattern cannot be read, or has no such group.
    pub fn parse(pattern: &str, group: Option<Group>) -> Result<Self, BadPattern> {
        let regex = Regex::new(pattern).map_err(|error| BadPattern::of(&error))?;
        let last = regex.captures_len() - 1;
        let group = group.unwrap_or(Group::Number(last.min(1)));
        let (known, hint) = match &group {
            Group::Number(number) => (*number <= last, format!("its groups are 0 to {last}")),
            Group::Name(name) => {
                let names: Vec<&str> = regex.capture_names().flatten().collect();
                let hint = if names.is_empty() {
                    format!("name a group by `(?<{name}>…)`")
                } else {
                    format!("its groups are named {}", names.join(", "))
                };
                (names.contains(&name.as_str()), hint)
            }
        };
        if known {
            Ok(Self { regex, group })
        } else {
            Err(BadPattern { why: format!("the pattern has no group {group}"), hint })
        }
    }

    /// Whether it matches somewhere in a text.
    #[must_use]
    pub fn matches(&self, text: &[u8]) -> bool {
        self.regex.is_match(text)
    }

    fn first<'a>(&self, body: &'a [u8]) -> Option<&'a [u8]> {
        let found: Captures<'a> = self.regex.captures(body)?;
        let group = match &self.group {
            Group::Number(number) => found.get(*number),
            Group::Name(name) => found.name(name),
        };
        group.map(|group| group.as_bytes())
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.regex.as_str() == other.regex.as_str() && self.group == other.group
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "\"{}\"", self.regex.as_str())
    }
}

impl BadPattern {
    fn of(error: &regex::Error) -> Self {
        let (why, hint) = match error {
            regex::Error::CompiledTooBig(_) => ("the pattern is too large", "use smaller counts"),
            // The last line says what is wrong; those above draw the pattern.
            regex::Error::Syntax(text) => {
                let last = text.lines().last().unwrap_or_default();
                let hint = "the syntax is https://docs.rs/regex/#syntax; it has no look-around";
                (last.trim_start_matches("error: "), hint)
            }
            _ => ("the pattern cannot be read", "the syntax is https://docs.rs/regex/#syntax"),
        };
        Self { why: why.to_owned(), hint: hint.to_owned() }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(out, "{number}"),
            Self::Name(name) => write!(out, "`{name}`"),
        }
    }
}

/// The parts of an answer that values are taken out of.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a, H> {
    /// The status.
    pub status: u16,
    /// Names and values of the headers, in the order they came.
    pub headers: H,
    /// The body, whole.
    pub body: &'a [u8],
    /// The same body as JSON.
    pub json: &'a LazyJson<'a>,
}

/// A value, and the name to keep it under.
#[derive(Clone, Debug)]
pub struct Extracted {
    /// The name.
    pub into: Arc<str>,
    /// The value.
    pub value: Value,
}

/// An answer did not have what was to be taken out of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("extract.{which}: {why}")]
pub struct Missing {
    /// The name it would have had.
    pub which: Arc<str>,
    /// What was not found, without a piece of the answer.
    pub why: String,
}

impl Extract {
    /// Takes the value out of an answer, or its default where the answer does not have it.
    ///
    /// # Errors
    /// The answer does not have it, and there is no default.
    pub fn take<'a, H>(&self, parts: &Parts<'a, H>) -> Result<Extracted, Missing>
    where
        H: Iterator<Item = (&'a str, &'a [u8])> + Clone,
    {
        let value = match (self.from.find(parts), &self.default) {
            (Ok(value), _) => value,
            (Err(_), Some(default)) => Value::from(default.as_str()),
            (Err(why), None) => return Err(Missing { which: Arc::clone(&self.into), why }),
        };
        Ok(Extracted { into: Arc::clone(&self.into), value })
    }

    /// Takes the value out of one of several messages; nothing where it does not have it.
    pub fn seek<'a, H>(&self, parts: &Parts<'a, H>) -> Option<Extracted>
    where
        H: Iterator<Item = (&'a str, &'a [u8])> + Clone,
    {
        let value = self.from.find(parts).ok()?;
        Some(Extracted { into: Arc::clone(&self.into), value })
    }

    /// What is kept where none of several messages has the value: its default.
    ///
    /// # Errors
    /// There is no default.
    pub fn otherwise(&self, what: &str) -> Result<Extracted, Missing> {
        let into = Arc::clone(&self.into);
        let Some(default) = &self.default else {
            return Err(Missing { which: into, why: format!("no {what} has it") });
        };
        Ok(Extracted { into, value: Value::from(default.as_str()) })
    }

    /// Whether the body must be kept to be looked at.
    #[must_use]
    pub fn needs_body(&self) -> bool {
        match self.from {
            Source::Json(_) | Source::Regex(_) | Source::Body => true,
            Source::Header(_) | Source::Cookie(_) | Source::Status => false,
        }
    }
}

impl Source {
    fn find<'a, H>(&self, parts: &Parts<'a, H>) -> Result<Value, String>
    where
        H: Iterator<Item = (&'a str, &'a [u8])> + Clone,
    {
        match self {
            Self::Json(query) => first_node(query, parts.json),
            Self::Regex(pattern) => match pattern.first(parts.body) {
                Some(found) => text(found, "what the pattern matched"),
                None => Err("the pattern matched nothing".to_owned()),
            },
            Self::Header(name) => {
                let mut headers = parts.headers.clone();
                match headers.find(|(known, _)| known.eq_ignore_ascii_case(name)) {
                    Some((_, value)) => text(value.trim_ascii(), "the header"),
                    None => Err(format!("the answer has no header `{name}`")),
                }
            }
            Self::Cookie(name) => {
                let set = |(known, _): &(&str, _)| known.eq_ignore_ascii_case("set-cookie");
                let cookies = parts.headers.clone().filter(set);
                match cookies.filter_map(|(_, cookie)| cookie_value(cookie, name)).last() {
                    Some(value) => text(value, "the cookie"),
                    None => Err(format!("the answer sets no cookie `{name}`")),
                }
            }
            Self::Status => Ok(Value::from(parts.status)),
            Self::Body => text(parts.body, "the body"),
        }
    }
}

/// The first node of a path. A null is no value: nothing useful can be sent with it.
fn first_node(query: &Query, json: &LazyJson<'_>) -> Result<Value, String> {
    let node = json.first(query)?;
    match node.as_deref() {
        None => Err(format!("{query} matched nothing")),
        Some(serde_json::Value::Null) => Err(format!("{query} is null")),
        Some(serde_json::Value::String(text)) => Ok(Value::from(text.as_str())),
        Some(node) => Ok(Value::from(minijinja::value::Serde(node))),
    }
}

/// The value of the cookie that a `Set-Cookie` header sets (RFC 6265, section 5.2).
fn cookie_value<'a>(cookie: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let pair = cookie.split(|byte| *byte == b';').next()?;
    let equals = pair.iter().position(|byte| *byte == b'=')?;
    let (known, value) = (pair[..equals].trim_ascii(), pair[equals + 1..].trim_ascii());
    (known == name.as_bytes()).then_some(value)
}

fn text(bytes: &[u8], what: &str) -> Result<Value, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| format!("{what} is not UTF-8"))?;
    Ok(Value::from(text))
}
