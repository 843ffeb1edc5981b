//! The HTTP/2 exchange: a place on a shared connection, and one stream after the other on it.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::Shared;
use super::alarm::Alarm;
use super::expect::{self, Judged};
use super::fault::Fault;
use super::listen::Listener;
use super::live::Luggage;
use super::rpc;
use super::stream::{At, Broken, Had, Stream};
use super::trunk::Seat;
use crate::load::probe::{Answer, Kept};
use crate::plan::stream::Filled;
use crate::sample::{End, Failure};

/// A place on a shared connection, and the stream under way on it.
pub struct Place {
    pub(super) hub: Rc<Shared>,
    seat: Option<Seat>,
    stream: Stream,
    alarm: Alarm,
    /// The request as it was written anew.
    fresh: Option<Box<(http::Request<()>, Bytes)>>,
    /// The answer is kept.
    keeps: bool,
    /// What is expected of a stream of events, where that is not the same for all users.
    said: Option<Box<Filled>>,
    /// The headers of the answer are kept that tell a user what to do next.
    brief: bool,
    /// What was kept of the last answer.
    kept: Kept,
}

impl Place {
    pub(super) fn new(hub: Rc<Shared>) -> Self {
        let (stream, alarm) = (Stream::default(), Alarm::default());
        let (seat, fresh, kept) = (None, None, Kept::default());
        Self { hub, seat, stream, alarm, fresh, keeps: false, said: None, brief: false, kept }
    }

    pub(super) fn is_open(&self) -> bool {
        self.seat.as_ref().is_some_and(Seat::is_open)
    }

    pub(super) async fn open(&mut self, deadline: Instant) -> Result<Duration, Failure> {
        if self.is_open() {
            return Ok(Duration::ZERO);
        }
        Box::pin(self.connect(deadline)).await.map_err(|fault| fault.why)
    }

    /// Takes a seat; how long that took.
    async fn connect(&mut self, deadline: Instant) -> Result<Duration, Fault> {
        let begun = Instant::now();
        self.seat = None;
        self.seat = Some(self.hub.trunks.seat(&self.hub.wire, deadline).await?);
        Ok(begun.elapsed())
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
            self.said.clone_from(&luggage.parts.said);
            match live.make(luggage) {
                Ok(made) => self.fresh = Some(Box::new(made)),
                Err(Fault { why, what }) => {
                    let unmet = self.hub.note(request, why, || what.into_owned());
                    let (now, end) = (Instant::now(), End::Failed { why, status: None });
                    let (sent, done) = (now, now);
                    let (connecting, reconnected) = (None, false);
                    let (bytes, inside) = (0, None);
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
            }
        }
        self.fire_fresh(request, want, deadline).await
    }

    /// Sends a request that stands elsewhere: a redirect.
    pub(super) async fn fire_hop(
        &mut self,
        request: usize,
        made: (http::Request<()>, Bytes),
        want: &mut Kept,
        deadline: Instant,
    ) -> Answer {
        self.fresh = Some(Box::new(made));
        self.fire_fresh(request, Some(want), deadline).await
    }

    async fn fire_fresh(
        &mut self,
        request: usize,
        want: Option<&mut Kept>,
        deadline: Instant,
    ) -> Answer {
        let brief = want.as_deref().map(|want| want.brief);
        (self.keeps, self.brief) = (brief == Some(false), brief.is_some());
        let answer = self.fire(request, deadline).await;
        (self.fresh, self.keeps, self.brief) = (None, false, false);
        self.said = None;
        if let Some(want) = want {
            *want = std::mem::take(&mut self.kept);
        }
        answer
    }

    pub(super) async fn fire(&mut self, request: usize, deadline: Instant) -> Answer {
        let (mut connecting, mut first, mut reconnected) = (None, None, false);
        let mut unsent = false;
        let (fault, done) = loop {
            // A stream that was given up without its end is reset here.
            let ask = self.hub.ask(request);
            let reply = ask.call.as_ref().map(|_| Box::default());
            let listener = ask.events().map(|_| Box::new(Listener::of(self.said.clone())));
            let Self { keeps, brief, .. } = *self;
            self.stream = Stream { keeps, brief, reply, listener, ..Stream::default() };
            if !self.is_open() {
                match Box::pin(self.connect(deadline)).await {
                    Ok(took) => connecting = Some(connecting.unwrap_or_default() + took),
                    Err(fault) => break (fault, Instant::now()),
                }
            }
            let sent = *first.get_or_insert_with(Instant::now);
            let heard = poll_fn(|cx| self.poll(cx, request, deadline)).await;
            let Err(Broken { fault, had }) = heard else {
                let (done, Judged { end, unmet, json }) = self.judge(request);
                let Stream { bytes, body, headers, listener, .. } =
                    std::mem::take(&mut self.stream);
                if self.keeps || self.brief {
                    let events = listener.as_ref().zip(self.hub.ask(request).events());
                    let heard =
                        events.map_or(Vec::new(), |(listener, asked)| listener.taken(asked));
                    self.kept = Kept { headers, body, brief: !self.keeps, json, heard };
                }
                let inside = listener.map(|listener| Box::new(listener.inside(end, done)));
                return Answer { end, sent, done, bytes, connecting, reconnected, inside, unmet };
            };
            match had {
                // Nothing was sent, so nothing is sent twice.
                Had::Nothing if !unsent => (unsent, first) = (true, None),
                Had::GivenUp if !reconnected && self.hub.ask(request).idempotent => {
                    reconnected = true;
                }
                Had::Nothing | Had::GivenUp | Had::Acted => break (fault, Instant::now()),
            }
        };
        let Fault { why, what } = fault;
        let unmet = self.hub.note(request, why, || what.into_owned());
        let status = (self.stream.status != 0).then_some(self.stream.status);
        let Stream { bytes, listener, .. } = std::mem::take(&mut self.stream);
        let (sent, end) = (first.unwrap_or(done), End::Failed { why, status });
        let inside = listener.map(|listener| Box::new(listener.inside(end, done)));
        Answer { end, sent, done, bytes, connecting, reconnected, inside, unmet }
    }

    fn judge(&mut self, request: usize) -> (Instant, Judged) {
        let done = Instant::now();
        let ask = self.hub.ask(request);
        let expect = &ask.expect;
        let tell = |why, what: &mut dyn FnMut() -> String| drop(self.hub.note(request, why, what));
        let stream = &mut self.stream;
        if let Some((method, reply)) = ask.call.as_ref().zip(stream.reply.as_deref()) {
            let Stream { status, keeps, .. } = *stream;
            let (unmet, body) = (stream.unmet.take(), &mut stream.body);
            let whole = rpc::Whole { status, reply, unmet, body, keeps };
            return (done, rpc::judge(method, expect, whole, tell));
        }
        let Stream { status, unmet, body, listener, counted, .. } = stream;
        let (status, unmet, size) = (*status, unmet.take(), *counted);
        if ask.follows(status, &stream.headers) {
            return (done, Judged { end: End::Good(status), unmet: None, json: None });
        }
        let seen = expect::Seen { status, unmet, body, size, keeps: self.keeps };
        let Judged { end, unmet, json } = expect::verdict(expect, seen, tell);
        let Some(heard) = listener else { return (done, Judged { end, unmet, json }) };
        let (end, unmet) = self.hub.heard(request, heard, (end, unmet));
        (heard.over_at().unwrap_or(done), Judged { end, unmet, json })
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        request: usize,
        deadline: Instant,
    ) -> Poll<Result<(), Broken>> {
        let Self { hub, seat, stream, alarm, fresh, .. } = self;
        let acted = |fault| Poll::Ready(Err(Broken { fault, had: Had::Acted }));
        let Some(seat) = seat else {
            return acted(Fault::new(Failure::Reset, "the connection is gone"));
        };
        if matches!(stream.at, At::Rest)
            && let Err(fault) = stream.send(seat, hub, request, fresh.as_deref())
        {
            seat.spend();
            return Poll::Ready(Err(Broken { fault, had: Had::Nothing }));
        }
        let ask = hub.ask(request);
        let heard = stream.hear(cx, seat, ask, deadline);
        match heard {
            Poll::Pending if alarm.rings(cx, stream.deadline(ask, deadline)) => {
                acted(stream.late(ask, deadline))
            }
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(())) => {
                seat.prove();
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(broken)) => Poll::Ready(Err(broken)),
        }
    }
}
