//! The seam between the loop that paces and counts, and the protocols that speak.
//!
//! A [`Wire`] is made once and moved into each load thread, where it becomes a [`Hub`]: what the
//! thread's connections share. The hub makes [`Probe`]s: a connection, or a place on a shared one.

use std::future::Future;
use std::time::{Duration, Instant};

use super::jar::Jar;
use crate::metric::Timing;
use crate::plan::stream::Filled;
use crate::sample::{End, Failure, Unmet};
use crate::script::extract::{Extracted, Missing};
use crate::script::state::State;
use crate::tally::Timings;

/// How to speak to the target, before it is bound to a thread.
pub trait Wire: Clone + Send + 'static {
    /// What the connections of one load thread share.
    type Hub: Hub;
    /// Binds it to the thread that calls.
    fn hub(self) -> Self::Hub;
}

/// What the connections of one load thread share: buffers, prepared requests, HTTP/2 connections.
pub trait Hub: 'static {
    /// One connection, or a place on a shared one.
    type Probe: Probe;
    /// A probe that is not open yet.
    fn probe(&self) -> Self::Probe;

    /// What the request of that index in the plan times once, from when it is due: its first event,
    /// its WebSocket opened. Where it ends without that, it ranks behind all others.
    fn times_once(&self, _request: usize) -> Option<Timing> {
        None
    }

    /// One example for each endpoint and failure: why, in words that quote nothing private, 200
    /// characters at most.
    fn examples(&self) -> Vec<(usize, Failure, String)> {
        Vec::new()
    }
}

/// One connection, or a place on a shared one: one request at a time.
pub trait Probe: 'static {
    /// Opens the connection; how long that took, TLS included. An open one answers at once with
    /// zero.
    fn open(&mut self, deadline: Instant) -> impl Future<Output = Result<Duration, Failure>>;

    /// Sends the request of that index in the plan and waits for its end. Opens the connection
    /// first where it is not open. Never fails: whatever the target does is in the answer, at the
    /// deadline at the latest.
    fn fire(&mut self, request: usize, deadline: Instant) -> impl Future<Output = Answer>;

    /// Like [`Probe::fire`], with what the user brings along and wants to have.
    fn fire_live(
        &mut self,
        request: usize,
        errand: Errand<'_>,
        deadline: Instant,
    ) -> impl Future<Output = Answer>;

    /// Whether another request can go out without opening a connection first.
    fn is_open(&self) -> bool;
}

/// What a user brings to a request, and what it wants of the answer.
#[derive(Debug, Default)]
pub struct Errand<'a> {
    /// The parts of the request that are written anew.
    pub parts: Option<&'a Rendered>,
    /// A place for headers and body of the answer.
    pub want: Option<&'a mut Kept>,
    /// The user's cookies: sent along, and renewed by the answer.
    pub jar: Option<&'a mut Jar>,
    /// Who talks on a WebSocket: fills in what is sent, and keeps what is taken out of messages.
    pub user: Option<&'a mut State>,
}

/// The parts of a request that are written anew each time; the buffers are used again.
#[derive(Clone, Debug, Default)]
pub struct Rendered {
    /// Path and query.
    pub path: Vec<u8>,
    /// Values of the request's own headers, in the order of the plan.
    pub headers: Vec<Vec<u8>>,
    /// The body.
    pub body: Vec<u8>,
    /// What the events hold that answer it, where that is not the same for all users.
    pub said: Option<Box<Filled>>,
}

/// What is kept of an answer, for values to be taken out of it.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// Names and values, in the order they came.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, whole.
    pub body: Vec<u8>,
    /// Only the headers are wanted that tell a user what to do next: cookies, and where to go on.
    pub brief: bool,
    /// The same as JSON, where it was parsed already.
    pub json: Option<serde_json::Value>,
    /// Of a stream of events, what was taken out of them, in the order of the plan.
    pub heard: Vec<Result<Extracted, Missing>>,
}

/// What came back for one request.
#[derive(Clone, Debug)]
pub struct Answer {
    /// How it ended.
    pub end: End,
    /// When its first byte was handed to the operating system; when it was given up, if it never
    /// was.
    pub sent: Instant,
    /// When its last byte was read, or when it was given up.
    pub done: Instant,
    /// Bytes of the answer as they came over the wire.
    pub bytes: u64,
    /// How long opening the connection took, where this request had to.
    pub connecting: Option<Duration>,
    /// It was sent a second time, because a kept connection had been closed before an answer began.
    pub reconnected: bool,
    /// What was timed inside it, where it was a stream or a WebSocket.
    pub inside: Option<Box<Inside>>,
    /// The expectation that it did not meet.
    pub unmet: Option<Box<Unmet>>,
}

/// What was timed inside a request.
#[derive(Clone, Debug, Default)]
pub struct Inside {
    /// When what is timed once, by [`Hub::times_once`], came; `None` where it did not, or does not
    /// count.
    pub came: Option<Instant>,
    /// Everything else.
    pub timings: Timings,
}

/// Whether there was no connection to ask on.
#[must_use]
pub fn is_unconnected(end: End) -> bool {
    use Failure::{Connect, Dns, LocalFd, LocalPort, Tls};
    matches!(end, End::Failed { why: Dns | Connect | Tls | LocalFd | LocalPort, .. })
}
