//! The HTTP/2 exchange: one stream on a shared connection.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::client::ResponseFuture;
use h2::{RecvStream, SendStream};
use http::HeaderMap;

use super::Shared;
use super::alarm::Alarm;
use super::answer::{BODY_CAP, HEADERS, INTERIM, too_large};
use super::expect;
use super::fault::Fault;
use super::trunk::{Seat, told};
use crate::load::probe::{Answer, Kept, Rendered};
use crate::plan::Expect;
use crate::sample::{End, Failure};

/// A place on a shared connection, and the stream under way on it.
pub struct Place {
    hub: Rc<Shared>,
    seat: Option<Seat>,
    stream: Stream,
    alarm: Alarm,
    /// The request as it was written anew.
    fresh: Option<Box<(http::Request<()>, Bytes)>>,
    /// The answer is kept.
    keeps: bool,
    /// What was kept of the last answer.
    kept: Kept,
}

/// One stream, or the last one.
#[derive(Default)]
struct Stream {
    at: At,
    /// The end that sends; kept, since dropping it would cancel a body that is still sent.
    send: Option<SendStream<Bytes>>,
    interim: u8,
    /// What the head says of the body's length.
    length: Option<u64>,
    status: u16,
    bytes: u64,
    counted: u64,
    body: Vec<u8>,
    /// Headers and body are kept.
    keeps: bool,
    headers: Vec<(String, Vec<u8>)>,
    unmet: Option<Box<str>>,
}

/// How far a stream is.
#[derive(Default)]
enum At {
    /// Nothing is under way, or the request has not gone out.
    #[default]
    Rest,
    /// The request went out.
    Head(ResponseFuture),
    /// The head of the answer came.
    Body(RecvStream),
    /// The body came; trailers may.
    Trailers(RecvStream),
}

/// Why a stream failed.
struct Broken {
    fault: Fault,
    /// What the server had done with the request.
    had: Had,
}

/// What a server had done with a request when its stream failed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Had {
    /// It never got it.
    Nothing,
    /// It gave it up before it did anything.
    GivenUp,
    /// It may have acted on it.
    Acted,
}

impl Place {
    pub(super) fn new(hub: Rc<Shared>) -> Self {
        let (stream, alarm) = (Stream::default(), Alarm::default());
        Self { hub, seat: None, stream, alarm, fresh: None, keeps: false, kept: Kept::default() }
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
        parts: Option<&Rendered>,
        want: Option<&mut Kept>,
        deadline: Instant,
    ) -> Answer {
        if let Some((live, parts)) = self.hub.live(request).zip(parts) {
            match live.make(parts) {
                Ok(made) => self.fresh = Some(Box::new(made)),
                Err(Fault { why, what }) => {
                    self.hub.note(request, why, || what.into_owned());
                    let (now, end) = (Instant::now(), End::Failed { why, status: None });
                    let (sent, done) = (now, now);
                    let (connecting, reconnected) = (None, false);
                    let (bytes, inside) = (0, None);
                    return Answer { end, sent, done, bytes, connecting, reconnected, inside };
                }
            }
        }
        self.keeps = want.is_some();
        let answer = self.fire(request, deadline).await;
        (self.fresh, self.keeps) = (None, false);
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
            self.stream = Stream { keeps: self.keeps, ..Stream::default() };
            if !self.is_open() {
                match Box::pin(self.connect(deadline)).await {
                    Ok(took) => connecting = Some(connecting.unwrap_or_default() + took),
                    Err(fault) => break (fault, Instant::now()),
                }
            }
            let sent = *first.get_or_insert_with(Instant::now);
            let heard = poll_fn(|cx| self.poll(cx, request, deadline)).await;
            let Err(Broken { fault, had }) = heard else {
                let (done, end) = self.judge(request);
                let Stream { bytes, body, headers, .. } = std::mem::take(&mut self.stream);
                if self.keeps {
                    self.kept = Kept { headers, body };
                }
                let inside = None;
                return Answer { end, sent, done, bytes, connecting, reconnected, inside };
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
        self.hub.note(request, why, || what.into_owned());
        let status = (self.stream.status != 0).then_some(self.stream.status);
        let bytes = self.stream.bytes;
        self.stream = Stream::default();
        let (sent, end) = (first.unwrap_or(done), End::Failed { why, status });
        Answer { end, sent, done, bytes, connecting, reconnected, inside: None }
    }

    fn judge(&mut self, request: usize) -> (Instant, End) {
        let done = Instant::now();
        let Stream { status, unmet, body, .. } = &self.stream;
        let expect = &self.hub.ask(request).expect;
        let end = expect::verdict(expect, *status, unmet.as_deref(), body, |why, what| {
            self.hub.note(request, why, what);
        });
        (done, end)
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
        match stream.hear(cx, seat, &hub.ask(request).expect, deadline) {
            Poll::Pending if alarm.rings(cx, deadline) => acted(stream.late()),
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(())) => {
                seat.prove();
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(broken)) => Poll::Ready(Err(broken)),
        }
    }
}

impl From<Fault> for Broken {
    fn from(fault: Fault) -> Self {
        Self { fault, had: Had::Acted }
    }
}

impl Stream {
    fn send(
        &mut self,
        seat: &mut Seat,
        hub: &Shared,
        request: usize,
        fresh: Option<&(http::Request<()>, Bytes)>,
    ) -> Result<(), Fault> {
        let ask = hub.ask(request);
        let (parts, body) = fresh.map_or((&ask.parts, &ask.body), |(parts, body)| (parts, body));
        let (parts, empty) = (parts.clone(), body.is_empty());
        let begun = seat.send.send_request(parts, empty).map_err(|error| told(&error, false))?;
        let (response, mut send) = begun;
        if !empty {
            // The bytes are shared, so that what flow control holds back costs no memory.
            send.send_data(body.clone(), true).map_err(|error| told(&error, false))?;
        }
        (self.at, self.send) = (At::Head(response), Some(send));
        Ok(())
    }

    /// Takes what came of the answer; ready at its end.
    fn hear(
        &mut self,
        cx: &mut Context<'_>,
        seat: &Seat,
        expect: &Expect,
        deadline: Instant,
    ) -> Poll<Result<(), Broken>> {
        loop {
            match std::mem::take(&mut self.at) {
                At::Rest => return Poll::Ready(Ok(())),
                At::Head(mut response) => {
                    self.hear_interim(cx, &mut response)?;
                    let Poll::Ready(answer) = Pin::new(&mut response).poll(cx) else {
                        self.at = At::Head(response);
                        return Poll::Pending;
                    };
                    let answer = answer.map_err(|error| Broken {
                        had: if seat.gave_up(&error) { Had::GivenUp } else { Had::Acted },
                        fault: told(&error, false),
                    })?;
                    let (parts, body) = answer.into_parts();
                    self.head(parts.status.as_u16(), &parts.headers, expect)?;
                    self.at = At::Body(body);
                }
                At::Body(body) if body.is_end_stream() => {}
                At::Body(mut body) => {
                    let Poll::Ready(data) = body.poll_data(cx) else {
                        self.at = At::Body(body);
                        return Poll::Pending;
                    };
                    self.at = self.data(body, data, expect)?;
                    // A flood may never let the timer have its turn.
                    if Instant::now() >= deadline && !matches!(self.at, At::Rest) {
                        return Poll::Ready(Err(self.late().into()));
                    }
                }
                At::Trailers(mut body) => {
                    let Poll::Ready(trailers) = body.poll_trailers(cx) else {
                        self.at = At::Trailers(body);
                        return Poll::Pending;
                    };
                    trailers.map_err(|error| told(&error, true))?;
                }
            }
        }
    }

    /// Takes a piece of the body, or its end; what comes after it.
    fn data(
        &mut self,
        mut body: RecvStream,
        data: Option<Result<Bytes, h2::Error>>,
        expect: &Expect,
    ) -> Result<At, Fault> {
        match data {
            None => Ok(At::Trailers(body)),
            Some(Err(error)) if self.is_whole(&error) => Ok(At::Rest),
            Some(Err(error)) => Err(told(&error, true)),
            Some(Ok(data)) => {
                // Only a connection that is gone takes nothing back, and then reading says so.
                drop(body.flow_control().release_capacity(data.len()));
                self.take(&data, expect)?;
                Ok(At::Body(body))
            }
        }
    }

    fn hear_interim(
        &mut self,
        cx: &mut Context<'_>,
        response: &mut ResponseFuture,
    ) -> Result<(), Fault> {
        while let Poll::Ready(Some(Ok(_))) = response.poll_informational(cx) {
            self.interim += 1;
            if self.interim > INTERIM {
                return Err(Fault::malformed("more than 16 interim answers (1xx)"));
            }
        }
        Ok(())
    }

    /// Whether a reset of the stream only asks us to stop sending, behind a whole answer (RFC 9113,
    /// section 8.1).
    fn is_whole(&self, error: &h2::Error) -> bool {
        error.is_reset()
            && error.is_remote()
            && error.reason() == Some(h2::Reason::NO_ERROR)
            && self.length.is_none_or(|length| length == self.counted)
    }

    fn head(&mut self, status: u16, headers: &HeaderMap, expect: &Expect) -> Result<(), Fault> {
        if headers.len() > HEADERS {
            return Err(Fault::malformed("more than 100 headers"));
        }
        self.status = status;
        let length =
            headers.get(http::header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        self.length = length.and_then(|text| text.parse().ok());
        // Counted as they were before compression; how small they were made is not known here.
        self.bytes += headers
            .iter()
            .map(|(name, value)| (name.as_str().len() + value.len()) as u64)
            .sum::<u64>();
        if self.keeps {
            let kept = headers.iter();
            let kept = kept.map(|(name, value)| (name.as_str().into(), value.as_bytes().to_vec()));
            self.headers = kept.collect();
        }
        if expect.needs_headers() {
            self.unmet = expect::unmet_header(expect, |name| {
                headers.get_all(name).iter().map(http::HeaderValue::as_bytes).collect()
            });
        }
        Ok(())
    }

    fn take(&mut self, data: &Bytes, expect: &Expect) -> Result<(), Fault> {
        self.counted += data.len() as u64;
        self.bytes += data.len() as u64;
        if self.counted > BODY_CAP {
            return Err(too_large());
        }
        if (self.keeps || expect.needs_body()) && expect.allows(self.status) {
            self.body.extend_from_slice(data);
        }
        Ok(())
    }

    fn late(&self) -> Fault {
        let what = if self.status == 0 {
            "no answer came before the deadline"
        } else {
            "the answer was not whole at the deadline"
        };
        Fault::new(Failure::Timeout, what)
    }
}
