//! Answers that come piece by piece: a stream of events, or a WebSocket.

use std::time::Duration;

use super::JsonRule;
use crate::metric::Timing;
use crate::script::json::Query;

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
    /// The data of the event that ends it; an answer that ends before is truncated.
    pub until: Option<String>,
    /// It is left, as a good one, after so many events; at least 1.
    pub max_events: Option<u64>,
    /// The longest wait from one event to the next.
    pub idle: Option<Duration>,
    /// What its events hold.
    pub expect: Said,
}

/// A WebSocket, and what is said on it.
#[derive(Clone, Debug, Default)]
pub struct Socket {
    /// The subprotocol that the server must choose.
    pub subprotocol: Option<String>,
    /// What is said, one exchange after the other; then it is closed.
    pub talk: Vec<Exchange>,
}

/// A message sent, messages awaited, or both.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// What is sent.
    pub send: Option<String>,
    /// How many messages are awaited that are as expected; others are passed over.
    pub messages: u64,
    /// What they hold, each of them.
    pub expect: Said,
    /// How long they may take together; the request's own deadline holds besides.
    pub within: Option<Duration>,
}

/// What events or messages hold.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// Texts that are contained.
    pub contains: Vec<String>,
    /// Texts that are not.
    pub lacks: Vec<String>,
    /// Values in JSON.
    pub json: Vec<(Query, JsonRule)>,
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
}

impl Exchange {
    /// Whether something is sent and something awaited.
    #[must_use]
    pub fn is_round_trip(&self) -> bool {
        self.send.is_some() && self.messages > 0
    }
}
