//! One HTTP/1.1 exchange: a request written, an answer read.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Shared;
use super::alarm::Alarm;
use super::answer::{Asked, Progress, Reader};
use super::ask::Ask;
use super::dial::Line;
use super::expect::{self, Judged};
use super::fault::Fault;
use super::listen::Listener;
use super::tls;
use crate::load::probe::Kept;
use crate::plan::stream::Filled;
use crate::sample::{End, Failure, Unmet};

/// The exchange under way, or the last one.
#[derive(Default)]
pub(super) struct Talk {
    /// Nothing is under way: the last answer was whole, and the connection can carry another
    /// request.
    pub(super) idle: bool,
    /// The connection has carried an answer before.
    pub(super) proven: bool,
    /// All of the request was handed to the operating system.
    pub(super) flushed: bool,
    /// How much of the request was written.
    pub(super) written: usize,
    /// How long the request is.
    pub(super) length: usize,
    /// How much of the answer was read.
    pub(super) bytes: u64,
    /// Why writing failed. The answer may be there all the same, so reading decides.
    broken: Option<Box<Fault>>,
    pub(super) reader: Reader,
    alarm: Alarm,
    /// The answer as a stream of events, where it is one.
    pub(super) listener: Option<Box<Listener>>,
}

/// A whole answer.
pub(super) struct Whole {
    pub(super) done: Instant,
    pub(super) end: End,
    pub(super) unmet: Option<Box<Unmet>>,
}

impl Talk {
    /// A request begins: at that moment, if in this turn of its task.
    pub(super) fn begin(&mut self, now: Option<Instant>) {
        self.alarm.begin(now);
        (self.idle, self.flushed) = (false, false);
        (self.written, self.bytes, self.broken) = (0, 0, None);
        self.listener = None;
        self.reader.reset();
    }

    /// The answer that comes next is a stream of events.
    pub(super) fn listen(&mut self, said: Option<Box<Filled>>) {
        self.listener = Some(Box::new(Listener::of(said)));
        self.reader.stream();
    }

    /// Hears what came of a stream of events; whether the rest of the answer is not read.
    fn hear(&mut self, ask: &Ask) -> Result<bool, Fault> {
        let Some((listener, events)) = self.listener.as_mut().zip(ask.events()) else {
            return Ok(false);
        };
        listener.hear(events, self.reader.body(), Instant::now())?;
        self.reader.forget();
        Ok(listener.is_left())
    }

    /// When the request is given up.
    fn deadline(&self, ask: &Ask, deadline: Instant) -> Instant {
        match self.listener.as_ref().zip(ask.events()) {
            Some((listener, events)) => listener.deadline(events, deadline),
            None => deadline,
        }
    }

    /// Whether a stream of events is over, though its answer may not be.
    fn is_over(&self) -> bool {
        self.listener.as_ref().is_some_and(|listener| listener.is_over())
    }

    /// Writes as much as the connection takes.
    pub(super) fn write(&mut self, line: &mut Line, cx: &mut Context<'_>, bytes: &[u8]) {
        let failed = loop {
            let rest = &bytes[self.written..];
            if rest.is_empty() {
                match Pin::new(&mut *line).poll_flush(cx) {
                    Poll::Pending => return,
                    Poll::Ready(Ok(())) => {
                        self.flushed = true;
                        return;
                    }
                    Poll::Ready(Err(error)) => break error,
                }
            }
            match Pin::new(&mut *line).poll_write(cx, rest) {
                Poll::Pending => return,
                Poll::Ready(Ok(written)) => self.written += written,
                Poll::Ready(Err(error)) => break error,
            }
        };
        // Not tried again: an answer that came before decides, or the end of the connection.
        self.flushed = true;
        self.broken = Some(Box::new(tls::exchanging(&failed)));
    }

    /// Reads what came, up to a whole answer.
    pub(super) fn read(
        &mut self,
        line: &mut Line,
        cx: &mut Context<'_>,
        hub: &Shared,
        (request, kept): (usize, &mut Option<Kept>),
        deadline: Instant,
    ) -> Poll<Result<Whole, Fault>> {
        let ask = hub.ask(request);
        let mut buffer = hub.buffer.borrow_mut();
        loop {
            let mut into = ReadBuf::new(&mut buffer);
            let ended = match Pin::new(&mut *line).poll_read(cx, &mut into) {
                Poll::Pending if !self.alarm.rings(cx, self.deadline(ask, deadline)) => {
                    return Poll::Pending;
                }
                Poll::Pending => {
                    return Poll::Ready(self.give_up(hub, (request, kept), deadline));
                }
                Poll::Ready(Ok(())) if into.filled().is_empty() => self.reader.end(true),
                Poll::Ready(Ok(())) => {
                    let read = into.filled().len();
                    match self.take(hub, (request, kept), &buffer[..read], deadline) {
                        Ok(None) => continue,
                        Ok(Some(whole)) => return Poll::Ready(Ok(whole)),
                        Err(fault) if !self.is_over() => return Poll::Ready(Err(fault)),
                        Err(fault) => Err(fault),
                    }
                }
                // How rustls says that the connection ended without close_notify.
                Poll::Ready(Err(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                    self.reader.end(false)
                }
                Poll::Ready(Err(error)) => Err(tls::exchanging(&error)),
            };
            return Poll::Ready(match (ended, self.broken.take()) {
                (Ok(()), _) => Ok(self.whole(hub, (request, kept), None, false)),
                (Err(_), _) if self.is_over() => Ok(self.whole(hub, (request, kept), None, false)),
                (Err(_), Some(broken)) => Err(*broken),
                (Err(fault), None) => Err(fault),
            });
        }
    }

    /// Takes bytes as they came; the answer, once it is whole.
    fn take(
        &mut self,
        hub: &Shared,
        (request, kept): (usize, &mut Option<Kept>),
        bytes: &[u8],
        deadline: Instant,
    ) -> Result<Option<Whole>, Fault> {
        let ask = hub.ask(request);
        self.bytes += bytes.len() as u64;
        let known = Some(&hub.heads[request]);
        let asked = Asked { head: ask.head, expect: &ask.expect, known };
        let progress = self.reader.feed(asked, bytes)?;
        let left = self.hear(ask)?;
        match progress {
            Progress::More if left => Ok(Some(self.whole(hub, (request, kept), None, false))),
            // A flood may never let the timer have its turn.
            Progress::More if Instant::now() >= deadline => {
                self.give_up(hub, (request, kept), deadline).map(Some)
            }
            Progress::More => Ok(None),
            Progress::Whole { used, body } => {
                let surplus = bytes.len() - used;
                self.bytes -= surplus as u64;
                let body = body.map(|range| &bytes[range]);
                Ok(Some(self.whole(hub, (request, kept), body, surplus == 0)))
            }
        }
    }

    /// The deadline has passed. A stream that was over is an answer all the same.
    fn give_up(
        &mut self,
        hub: &Shared,
        (request, kept): (usize, &mut Option<Kept>),
        deadline: Instant,
    ) -> Result<Whole, Fault> {
        if self.is_over() {
            return Ok(self.whole(hub, (request, kept), None, false));
        }
        Err(self.late(hub.ask(request), deadline))
    }

    /// Judges a whole answer, and decides whether the connection stays.
    fn whole(
        &mut self,
        hub: &Shared,
        (request, kept): (usize, &mut Option<Kept>),
        body: Option<&[u8]>,
        exact: bool,
    ) -> Whole {
        let ask = hub.ask(request);
        let over = self.listener.as_ref().and_then(|listener| listener.over_at());
        let done = over.unwrap_or_else(Instant::now);
        let sent_whole = self.written == self.length && self.flushed && self.broken.is_none();
        self.idle = exact && sent_whole && !ask.closes && self.reader.reusable();
        self.proven = true;
        let status = self.reader.status().unwrap_or(0);
        let (unmet, size) = (self.reader.take_unmet(), self.reader.size());
        let body = body.unwrap_or_else(|| self.reader.body());
        let keeps = kept.as_ref().is_some_and(|kept| !kept.brief);
        let seen = expect::Seen { status, unmet, body, size, keeps };
        let tell = |why, what: &mut dyn FnMut() -> String| drop(hub.note(request, why, what));
        let Judged { mut end, mut unmet, json } = if ask.follows(status, self.reader.headers()) {
            Judged { end: End::Good(status), unmet: None, json: None }
        } else {
            expect::verdict(&ask.expect, seen, tell)
        };
        if let Some(listener) = &self.listener {
            (end, unmet) = hub.heard(request, listener, (end, unmet));
        }
        if let Some(kept) = kept {
            if !kept.brief {
                body.clone_into(&mut kept.body);
                kept.json = json;
            }
            kept.headers = self.reader.take_headers();
            let stream = self.listener.as_ref().zip(ask.events());
            kept.heard = stream.map_or(Vec::new(), |(listener, events)| listener.taken(events));
        }
        Whole { done, end, unmet }
    }

    fn late(&self, ask: &Ask, deadline: Instant) -> Fault {
        let stream = self.listener.as_ref().zip(ask.events());
        if let Some((listener, events)) = stream.filter(|_| self.reader.status().is_some()) {
            return listener.late(events, deadline);
        }
        let what = match (self.reader.heard(), self.flushed) {
            (true, _) => "the answer was not whole at the deadline",
            (false, true) => "no answer came before the deadline",
            (false, false) => "the request could not be sent before the deadline",
        };
        Fault::new(Failure::Timeout, what)
    }
}
