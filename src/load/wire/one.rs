//! The HTTP/1.1 exchange: one write, one read, and whatever a server may do to us in between.

use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, ReadBuf};

use super::Shared;
use super::dial::{Line, dial};
use super::fault::Fault;
use super::live::Luggage;
use super::talk::{Talk, Whole};
use crate::load::probe::{Answer, Kept};
use crate::plan::stream::Filled;
use crate::sample::{End, Failure};

/// One connection and the exchange on it.
pub struct Connection {
    pub(super) hub: Rc<Shared>,
    line: Option<Line>,
    talk: Talk,
    /// The request as it was written anew; empty where nothing in it changes.
    fresh: Vec<u8>,
    /// What is kept of the answer, where that is wanted.
    kept: Option<Kept>,
    /// What is expected of a stream of events, where that is not the same for all users.
    said: Option<Box<Filled>>,
}

impl Connection {
    pub(super) fn new(hub: Rc<Shared>) -> Self {
        let (talk, fresh) = (Talk::default(), Vec::new());
        Self { hub, line: None, talk, fresh, kept: None, said: None }
    }

    pub(super) fn is_open(&self) -> bool {
        self.line.is_some() && self.talk.idle
    }

    pub(super) async fn open(&mut self, deadline: Instant) -> Result<Duration, Failure> {
        if self.is_open() {
            return Ok(Duration::ZERO);
        }
        Box::pin(self.connect(deadline)).await.map_err(|fault| fault.why)
    }

    /// Sends a request with parts written anew, and keeps what is wanted of the answer.
    pub(super) async fn fire_live(
        &mut self,
        request: usize,
        luggage: Option<Luggage<'_>>,
        want: Option<&mut Kept>,
        deadline: Instant,
    ) -> Answer {
        if let Some((live, luggage)) = self.hub.live(request).zip(luggage) {
            live.write(luggage, &mut self.fresh);
            self.said.clone_from(&luggage.parts.said);
        }
        self.fire_fresh(request, want, deadline).await
    }

    /// Sends a request that stands elsewhere: a redirect.
    pub(super) async fn fire_hop(
        &mut self,
        request: usize,
        bytes: Vec<u8>,
        want: &mut Kept,
        deadline: Instant,
    ) -> Answer {
        self.fresh = bytes;
        self.fire_fresh(request, Some(want), deadline).await
    }

    async fn fire_fresh(
        &mut self,
        request: usize,
        want: Option<&mut Kept>,
        deadline: Instant,
    ) -> Answer {
        let brief = want.as_deref().map(|want| want.brief);
        self.kept = brief.map(|brief| Kept { brief, ..Kept::default() });
        let answer = self.fire(request, deadline).await;
        self.fresh.clear();
        self.said = None;
        if let (Some(want), Some(kept)) = (want, self.kept.take()) {
            *want = kept;
        }
        answer
    }

    pub(super) async fn fire(&mut self, request: usize, deadline: Instant) -> Answer {
        let (mut connecting, mut first, mut reconnected) = (None, None, false);
        loop {
            if !poll_fn(|cx| Poll::Ready(self.is_fresh(cx))).await {
                // Boxed, so that the future of a request stays small: connecting is rare.
                match Box::pin(self.connect(deadline)).await {
                    Ok(took) => connecting = Some(connecting.unwrap_or_default() + took),
                    Err(fault) => {
                        let done = Instant::now();
                        let sent = first.unwrap_or(done);
                        return self.failed(
                            request,
                            fault,
                            Stamp { sent, done, connecting, reconnected },
                        );
                    }
                }
            }
            let begins = first.is_none();
            let sent = *first.get_or_insert_with(Instant::now);
            self.talk.begin(begins.then_some(sent));
            if let Some(kept) = &self.kept {
                self.talk.reader.keep(kept.brief);
            }
            if self.hub.ask(request).events().is_some() {
                self.talk.listen(self.said.clone());
            }
            let heard = poll_fn(|cx| self.poll(cx, request, deadline)).await;
            match heard {
                Ok(Whole { done, end, unmet }) => {
                    let bytes = self.talk.bytes;
                    let listener = self.talk.listener.take();
                    let inside = listener.map(|listener| Box::new(listener.inside(end, done)));
                    return Answer {
                        end,
                        sent,
                        done,
                        bytes,
                        connecting,
                        reconnected,
                        inside,
                        unmet,
                    };
                }
                Err(fault) if !reconnected && self.may_repeat(request, &fault) => {
                    (self.line, reconnected) = (None, true);
                }
                Err(fault) => {
                    let done = Instant::now();
                    return self.failed(
                        request,
                        fault,
                        Stamp { sent, done, connecting, reconnected },
                    );
                }
            }
        }
    }

    /// Opens the connection; how long that took.
    async fn connect(&mut self, deadline: Instant) -> Result<Duration, Fault> {
        let begun = Instant::now();
        self.line = None;
        self.line = Some(dial(&self.hub.wire, deadline).await?);
        (self.talk.idle, self.talk.proven) = (true, false);
        Ok(begun.elapsed())
    }

    /// Whether the connection is open, and silent as it should be between requests. What came
    /// without being asked for, a close among it, would be taken for the next answer.
    fn is_fresh(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(line) = self.line.as_mut().filter(|_| self.talk.idle) else { return false };
        let mut buffer = self.hub.buffer.borrow_mut();
        match line {
            // Costs no system call while the runtime knows of nothing to read.
            Line::Plain(stream) => stream
                .try_read(&mut buffer)
                .is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock),
            Line::Secure(stream) => {
                let mut into = ReadBuf::new(&mut buffer);
                Pin::new(stream.as_mut()).poll_read(cx, &mut into).is_pending()
            }
        }
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        request: usize,
        deadline: Instant,
    ) -> Poll<Result<Whole, Fault>> {
        let Some(line) = &mut self.line else {
            return Poll::Ready(Err(Fault::new(Failure::Reset, "the connection is gone")));
        };
        let ask = self.hub.ask(request);
        let bytes = if self.fresh.is_empty() { &ask.bytes } else { &self.fresh };
        if !self.talk.flushed {
            self.talk.write(line, cx, bytes);
        }
        self.talk.length = bytes.len();
        self.talk.read(line, cx, &self.hub, (request, &mut self.kept), deadline)
    }

    /// Whether a request that ended so may be sent again: a kept connection was closed while it was
    /// under way.
    fn may_repeat(&self, request: usize, fault: &Fault) -> bool {
        fault.why == Failure::Reset
            && self.talk.proven
            && !self.talk.reader.heard()
            && self.hub.ask(request).idempotent
    }

    fn failed(&mut self, request: usize, fault: Fault, stamp: Stamp) -> Answer {
        self.line = None;
        let Fault { why, what } = fault;
        let unmet = self.hub.note(request, why, || what.into_owned());
        let Stamp { sent, done, connecting, reconnected } = stamp;
        let status = self.talk.reader.status();
        let end = End::Failed { why, status };
        let bytes = self.talk.bytes;
        let inside = self.talk.listener.take().map(|listener| Box::new(listener.inside(end, done)));
        Answer { end, sent, done, bytes, connecting, reconnected, inside, unmet }
    }
}

/// When a failed request happened.
#[derive(Clone, Copy)]
struct Stamp {
    sent: Instant,
    done: Instant,
    connecting: Option<Duration>,
    reconnected: bool,
}
