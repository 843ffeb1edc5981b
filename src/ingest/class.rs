//! Classes of failures, from what other tools say of them.

use crate::sample::{End, Failure};

/// Words by which an error names its class, the most telling first.
const WORDS: [(&[&str], Failure); 7] = [
    (&["timeout", "timed out", "deadline", "timedout"], Failure::Timeout),
    (&["no such host", "name resolution", "unknownhost", "dns", "lookup "], Failure::Dns),
    (&["certificate", "tls", "ssl", "handshake"], Failure::Tls),
    (&["refused", "no route", "unreachable", "connectexception", "dial"], Failure::Connect),
    (&["reset", "eof", "closed", "broken pipe", "nohttpresponse", "aborted"], Failure::Reset),
    (&["malformed", "invalid response", "protocol error"], Failure::Malformed),
    (&["truncated", "premature", "incomplete"], Failure::Truncated),
];

/// The class of a failure, by the status of the answer and by what a tool says.
#[must_use]
pub fn class(status: Option<u16>, said: &[u8]) -> Failure {
    if let Some(status) = status {
        return if status >= 400 { Failure::Status } else { Failure::Expectation };
    }
    let said = said[..said.len().min(200)].to_ascii_lowercase();
    let said = String::from_utf8_lossy(&said);
    let named = |words: &&[&str]| words.iter().any(|word| said.contains(word));
    WORDS.iter().find(|(words, _)| named(words)).map_or(Failure::Reset, |(_, class)| *class)
}

/// How a request ended that a tool calls good or failed.
#[must_use]
pub fn end(good: bool, status: Option<u16>, said: &[u8]) -> Ended {
    match (good, status) {
        (true, Some(status)) => Ended::Known(End::Good(status)),
        (true, None) => Ended::Good,
        (false, status) => Ended::Known(End::Failed { why: class(status, said), status }),
    }
}

/// How a request ended: with a status, or good without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// As [`End`] has it.
    Known(End),
    /// Good; the tool does not tell the status.
    Good,
}

impl Ended {
    /// Whether it was a good answer.
    #[must_use]
    pub fn is_good(self) -> bool {
        match self {
            Self::Known(end) => end.is_good(),
            Self::Good => true,
        }
    }
}

/// The status of an answer; `None` for zero, for words, and for what is no status.
#[must_use]
pub fn status(text: &[u8]) -> Option<u16> {
    let number = super::number::whole(text.trim_ascii())?;
    u16::try_from(number).ok().filter(|status| (100..=999).contains(status))
}
