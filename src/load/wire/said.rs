//! Whether events of a stream, or messages of a WebSocket, hold what is expected of them.

use std::iter::repeat;

use serde_json::Value;

use super::expect;
use crate::plan::stream::{Filled, Said};
use crate::script::json::{Query, alike};
use crate::script::template::Template;

/// What is still missing, message by message.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    /// Texts that some message contained, by their index.
    contained: Vec<usize>,
    /// A message met all that is asked of JSON.
    matched: bool,
    /// What a message held that none may, by its index.
    forbidden: Option<usize>,
}

impl Hearing {
    /// Looks at one message.
    pub(super) fn hear(&mut self, said: &Said, filled: Option<&Filled>, message: &str) {
        for (index, text) in texts(&said.contains, filled.map(|own| &own.contains[..])) {
            if !self.contained.contains(&index) && message.contains(text) {
                self.contained.push(index);
            }
        }
        if self.forbidden.is_none() {
            let mut none = texts(&said.lacks, filled.map(|own| &own.lacks[..]));
            self.forbidden = none.find(|(_, text)| message.contains(text)).map(|(index, _)| index);
        }
        if !self.matched && asks_json(said) {
            // Nesting beyond 128 levels is an error here, so that no answer can exhaust the stack.
            let value = serde_json::from_str::<Value>(message);
            self.matched = value.is_ok_and(|value| {
                let own = filled.map_or(&[][..], |own| &own.own);
                // Without the user's own values nothing is like them.
                let mut own = said.own.iter().zip(own.iter().map(Some).chain(repeat(None)));
                let is = |query: &Query, asked: Option<&Value>| {
                    let found = query.all(&value).into_iter().next();
                    found.zip(asked).is_some_and(|(found, asked)| alike(found, asked))
                };
                expect::unmet_json(&said.json, &value).is_none()
                    && own.all(|((query, _), asked)| is(query, asked))
            });
        }
    }

    /// What was not as expected, of `event` or `message`; `None` where all was.
    pub(super) fn unmet(&self, said: &Said, what: &str) -> Option<String> {
        if let Some(index) = self.forbidden {
            return Some(format!("one {what} contains \"{}\"", said.lacks[index].source()));
        }
        let missing = (0..said.contains.len()).find(|index| !self.contained.contains(index));
        if let Some(index) = missing {
            return Some(format!("no {what} contains \"{}\"", said.contains[index].source()));
        }
        if self.matched {
            return None;
        }
        let same = said.json.iter().map(|(query, _)| query);
        let mut queries = same.chain(said.own.iter().map(|(query, _)| query));
        let query = queries.next()?;
        let more = if queries.next().is_some() { " and the others" } else { "" };
        Some(format!("no {what} has {query}{more} as expected"))
    }
}

/// Whether a message holds everything.
pub(super) fn holds(said: &Said, message: &str) -> bool {
    let mut hearing = Hearing::default();
    hearing.hear(said, None, message);
    hearing.unmet(said, "").is_none()
}

fn asks_json(said: &Said) -> bool {
    !said.json.is_empty() || !said.own.is_empty()
}

/// Texts as they are looked for, with their places.
fn texts<'a>(
    all: &'a [Template],
    filled: Option<&'a [String]>,
) -> impl Iterator<Item = (usize, &'a str)> {
    all.iter().enumerate().map(move |(index, text)| {
        let own = filled.and_then(|filled| filled.get(index));
        (index, own.map_or(text.source(), String::as_str))
    })
}
