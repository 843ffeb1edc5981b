//! Answers that come piece by piece: a stream of events, or a WebSocket.

use std::time::Duration;

use serde_json::Value;

use super::rule::{JsonRule, json_asked};
use crate::metric::Timing;
use crate::script::extract::Extract;
use crate::script::json::Query;
use crate::script::state::State;
use crate::script::template::Template;

/// How a request is more than one answer.
#[derive(Clone, Debug)]
pub enum Stream {
    /// Its answer is a stream of events (server-sent events).
    Events(Events),
    /// It opens a WebSocket.
    Socket(Socket),
}

/// A stream of events.
#[derive(Clone, Debug, Default)]
pub struct Events {
    /// What ends it; an answer that ends before is truncated.
    pub until: Option<Until>,
    /// It is left, as a good one, after so many events; at least 1.
    pub max_events: Option<u64>,
    /// The longest wait from one event to the next.
    pub idle: Option<Duration>,
    /// What its events hold.
    pub expect: Said,
    /// What is taken out of the data of the first event that has it.
    pub extract: Vec<Extract>,
}

/// What ends a stream of events.
#[derive(Clone, Debug)]
pub enum Until {
    /// A mark with exactly this data; it is no event.
    Data(String),
    /// The event that holds all of this.
    Said(Said),
}

/// A WebSocket, and what is said on it.
#[derive(Clone, Debug, Default)]
pub struct Socket {
    /// The subprotocol that the server must choose.
    pub subprotocol: Option<String>,
    /// What is taken out of the head of the answer that opens it, before anything is said.
    pub extract: Vec<Extract>,
    /// What is said, one exchange after the other; then it is closed.
    pub talk: Vec<Exchange>,
}

/// A message sent, messages awaited, or both.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    /// What is sent.
    pub send: Option<Template>,
    /// How many messages are awaited that are as expected; others are passed over.
    pub messages: u64,
    /// What they hold, each of them.
    pub expect: Said,
    /// What is taken out of the last of them.
    pub extract: Vec<Extract>,
    /// How long they may take together; the request's own deadline holds besides.
    pub within: Option<Duration>,
}

/// What events or messages hold.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// Texts that are contained.
    pub contains: Vec<Template>,
    /// Texts that are not.
    pub lacks: Vec<Template>,
    /// Values in JSON that are the same for all users.
    pub json: Vec<(Query, JsonRule)>,
    /// Values in JSON that each user has its own of; the templates write them as JSON.
    pub own: Vec<(Query, Template)>,
}

/// The templates of a [`Said`], filled in for one user, in the same order.
#[derive(Clone, Debug, Default)]
pub struct Filled {
    /// Texts that are contained.
    pub contains: Vec<String>,
    /// Texts that are not.
    pub lacks: Vec<String>,
    /// The values that each user has its own of.
    pub own: Vec<Value>,
}

impl Said {
    /// All that it asks of one `event` or `message`, in words, its templates as they are.
    fn asked(&self, what: &str) -> Vec<String> {
        let contains = self.contains.iter().map(|text| ("contains", text));
        let texts = contains.chain(self.lacks.iter().map(|text| ("lacks", text)));
        let texts = texts.map(|(verb, text)| format!("{what} {verb} \"{}\"", text.source()));
        let same = self.json.iter();
        let same = same.map(|(query, rule)| format!("{what} {}", json_asked(query, rule)));
        let own = self.own.iter();
        let own =
            own.map(|(query, value)| format!("{what} json {query} equals {}", value.source()));
        texts.chain(same).chain(own).collect()
    }

    /// Whether any of it is written anew for each user.
    #[must_use]
    pub fn varies(&self) -> bool {
        let texts = self.contains.iter().chain(&self.lacks);
        let mut texts = texts.map(Template::as_static);
        !self.own.is_empty() || texts.any(|text| text.is_none())
    }

    /// What it asks for one user; nothing where it is the same for all.
    ///
    /// # Errors
    /// Which value is missing, in words that quote none.
    pub fn filled(&self, user: &State) -> Result<Option<Filled>, String> {
        if !self.varies() {
            return Ok(None);
        }
        let written = |text: &Template| text.written(user).map_err(|why| why.to_string());
        let texts = |all: &[Template]| all.iter().map(written).collect();
        let own = self.own.iter().map(|(query, template)| {
            let text = written(template)?;
            serde_json::from_str(&text)
                .map_err(|_| format!("{query}: a template that gives no JSON"))
        });
        let own: Result<_, String> = own.collect();
        let (contains, lacks): (Result<_, String>, Result<_, String>) =
            (texts(&self.contains), texts(&self.lacks));
        Ok(Some(Filled { contains: contains?, lacks: lacks?, own: own? }))
    }
}

impl Stream {
    /// What is timed once, from when the request is due.
    #[must_use]
    pub fn times_once(&self) -> Timing {
        match self {
            Self::Events(_) => Timing::FirstEvent,
            Self::Socket(_) => Timing::WsConnect,
        }
    }

    /// Whether such times are measured in it.
    #[must_use]
    pub fn times(&self, timing: Timing) -> bool {
        match self {
            Self::Events(_) => matches!(timing, Timing::FirstEvent | Timing::EventGap),
            Self::Socket(socket) => match timing {
                Timing::WsConnect => true,
                Timing::WsRoundTrip => socket.talk.iter().any(Exchange::is_round_trip),
                Timing::FirstEvent | Timing::EventGap => false,
            },
        }
    }

    /// All that is expected of it, in words, its templates as they are.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        match self {
            Self::Events(events) => {
                let last = match &events.until {
                    None => Vec::new(),
                    Some(Until::Data(mark)) => vec![format!("last event is \"{mark}\"")],
                    Some(Until::Said(held)) => held.asked("last event"),
                };
                last.into_iter().chain(events.expect.asked("event")).collect()
            }
            Self::Socket(socket) => {
                let talk = socket.talk.iter().enumerate();
                talk.flat_map(|(index, exchange)| {
                    exchange.expect.asked(&format!("exchange {}: message", index + 1))
                })
                .collect()
            }
        }
    }

    /// Whether it needs a user: one that fills in what is said, or keeps what it hears.
    #[must_use]
    pub fn needs_user(&self) -> bool {
        match self {
            Self::Events(events) => events.expect.varies(),
            Self::Socket(Socket { talk, extract, .. }) => {
                !extract.is_empty() || talk.iter().any(Exchange::needs_user)
            }
        }
    }
}

impl Exchange {
    /// Whether something is sent and something awaited.
    #[must_use]
    pub fn is_round_trip(&self) -> bool {
        self.send.is_some() && self.messages > 0
    }

    fn needs_user(&self) -> bool {
        let sends = self.send.as_ref().is_some_and(|text| text.as_static().is_none());
        sends || self.expect.varies() || !self.extract.is_empty()
    }
}
