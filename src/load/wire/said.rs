//! Whether events of a stream, or messages of a WebSocket, hold what is expected of them.

use serde_json::Value;

use super::expect;
use crate::plan::stream::Said;

/// What is still missing, message by message.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    /// Texts that some message contained, by their index.
    contained: Vec<usize>,
    /// A message met all that is asked of JSON.
    matched: bool,
    /// What a message held that none may.
    forbidden: Option<String>,
}

impl Hearing {
    /// Looks at one message.
    pub(super) fn hear(&mut self, said: &Said, message: &str) {
        for (index, text) in said.contains.iter().enumerate() {
            if !self.contained.contains(&index) && message.contains(text.as_str()) {
                self.contained.push(index);
            }
        }
        if self.forbidden.is_none() {
            let found = said.lacks.iter().find(|text| message.contains(text.as_str()));
            self.forbidden = found.map(|text| format!("contains \"{text}\""));
        }
        if !self.matched && !said.json.is_empty() {
            // Nesting beyond 128 levels is an error here, so that no answer can exhaust the stack.
            let value = serde_json::from_str::<Value>(message);
            self.matched =
                value.is_ok_and(|value| expect::unmet_json(&said.json, &value).is_none());
        }
    }

    /// What was not as expected, of `event` or `message`; `None` where all was.
    pub(super) fn unmet(&self, said: &Said, what: &str) -> Option<String> {
        if let Some(forbidden) = &self.forbidden {
            return Some(format!("one {what} {forbidden}"));
        }
        let missing = (0..said.contains.len()).find(|index| !self.contained.contains(index));
        if let Some(index) = missing {
            return Some(format!("no {what} contains \"{}\"", said.contains[index]));
        }
        let (path, _) = said.json.first().filter(|_| !self.matched)?;
        let more = if said.json.len() > 1 { " and the others" } else { "" };
        Some(format!("no {what} has {path}{more} as expected"))
    }
}
