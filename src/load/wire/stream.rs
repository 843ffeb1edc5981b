//! One stream of HTTP/2: a request going out, and its answer coming in.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use h2::client::ResponseFuture;
use h2::{RecvStream, SendStream};
use http::HeaderMap;

use super::Shared;
use super::answer::{BODY_CAP, HEADERS, INTERIM, steers, too_large};
use super::ask::Ask;
use super::expect;
use super::fault::Fault;
use super::listen::Listener;
use super::rpc::Reply;
use super::trunk::{Seat, told};
use crate::plan::Expect;
use crate::sample::{Failure, Unmet};

/// One stream, or the last one.
#[derive(Default)]
pub(super) struct Stream {
    pub(super) at: At,
    /// The end that sends; kept, since dropping it would cancel a body that is still sent.
    pub(super) send: Option<SendStream<Bytes>>,
    pub(super) interim: u8,
    /// What the head says of the body's length.
    pub(super) length: Option<u64>,
    pub(super) status: u16,
    pub(super) bytes: u64,
    pub(super) counted: u64,
    pub(super) body: Vec<u8>,
    /// Headers and body are kept.
    pub(super) keeps: bool,
    /// The headers are kept that tell a user what to do next.
    pub(super) brief: bool,
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) unmet: Option<Box<Unmet>>,
    /// What a gRPC answer says of itself, where one is expected.
    pub(super) reply: Option<Box<Reply>>,
    /// The answer as a stream of events, where it is one.
    pub(super) listener: Option<Box<Listener>>,
}

/// How far a stream is.
#[derive(Default)]
pub(super) enum At {
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
pub(super) struct Broken {
    pub(super) fault: Fault,
    /// What the server had done with the request.
    pub(super) had: Had,
}

/// What a server had done with a request when its stream failed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Had {
    /// It never got it.
    Nothing,
    /// It gave it up before it did anything.
    GivenUp,
    /// It may have acted on it.
    Acted,
}

impl From<Fault> for Broken {
    fn from(fault: Fault) -> Self {
        Self { fault, had: Had::Acted }
    }
}

impl Stream {
    pub(super) fn send(
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
    pub(super) fn hear(
        &mut self,
        cx: &mut Context<'_>,
        seat: &Seat,
        ask: &Ask,
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
                    self.head(parts.status.as_u16(), &parts.headers, &ask.expect)?;
                    self.at = At::Body(body);
                }
                At::Body(body) if body.is_end_stream() => {}
                At::Body(mut body) => {
                    let Poll::Ready(data) = body.poll_data(cx) else {
                        self.at = At::Body(body);
                        return Poll::Pending;
                    };
                    self.at = self.data(body, data, ask)?;
                    // A flood may never let the timer have its turn.
                    if Instant::now() >= deadline && !matches!(self.at, At::Rest) {
                        return Poll::Ready(Err(self.late(ask, deadline).into()));
                    }
                }
                At::Trailers(mut body) => {
                    let Poll::Ready(trailers) = body.poll_trailers(cx) else {
                        self.at = At::Trailers(body);
                        return Poll::Pending;
                    };
                    let trailers = trailers.map_err(|error| told(&error, true))?;
                    self.trailers(trailers.as_ref());
                }
            }
        }
    }

    /// Takes a piece of the body, or its end; what comes after it.
    fn data(
        &mut self,
        mut body: RecvStream,
        data: Option<Result<Bytes, h2::Error>>,
        ask: &Ask,
    ) -> Result<At, Fault> {
        match data {
            None => Ok(At::Trailers(body)),
            Some(Err(error)) if self.is_whole(&error) => Ok(At::Rest),
            Some(Err(error)) => Err(told(&error, true)),
            Some(Ok(data)) => {
                // Only a connection that is gone takes nothing back, and then reading says so.
                drop(body.flow_control().release_capacity(data.len()));
                self.take(&data, ask)?;
                let over = self.listener.as_ref().is_some_and(|listener| listener.is_over());
                Ok(if over { At::Rest } else { At::Body(body) })
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
        self.bytes += size(headers);
        self.keep(headers);
        if let Some(reply) = &mut self.reply {
            reply.head(headers);
        }
        if expect.needs_headers() {
            self.unmet = expect::unmet_header(expect, |name| {
                headers.get_all(name).iter().map(http::HeaderValue::as_bytes).collect()
            });
        }
        Ok(())
    }

    /// Keeps headers or trailers, where they are wanted.
    fn keep(&mut self, headers: &HeaderMap) {
        if self.keeps || self.brief {
            let kept = headers.iter().filter(|(name, _)| self.keeps || steers(name.as_str()));
            let kept = kept.map(|(name, value)| (name.as_str().into(), value.as_bytes().to_vec()));
            self.headers.extend(kept);
        }
    }

    fn trailers(&mut self, trailers: Option<&HeaderMap>) {
        let Some(trailers) = trailers else { return };
        self.bytes += size(trailers);
        if let Some(reply) = &mut self.reply {
            reply.trailers(trailers);
            self.keep(trailers);
        }
    }

    fn take(&mut self, data: &Bytes, ask: &Ask) -> Result<(), Fault> {
        let expect = &ask.expect;
        self.counted += data.len() as u64;
        self.bytes += data.len() as u64;
        if self.counted > BODY_CAP {
            return Err(too_large());
        }
        let stream = self.listener.as_mut().zip(ask.events());
        if let Some((listener, events)) = stream.filter(|_| expect.allows(self.status)) {
            return listener.hear(events, data, Instant::now());
        }
        let looked_at = self.keeps || expect.needs_body() || self.reply.is_some();
        if looked_at && expect.allows(self.status) {
            self.body.extend_from_slice(data);
        }
        Ok(())
    }

    /// When the request is given up.
    pub(super) fn deadline(&self, ask: &Ask, deadline: Instant) -> Instant {
        match self.listener.as_ref().zip(ask.events()) {
            Some((listener, events)) => listener.deadline(events, deadline),
            None => deadline,
        }
    }

    pub(super) fn late(&self, ask: &Ask, deadline: Instant) -> Fault {
        let stream = self.listener.as_ref().zip(ask.events());
        if let Some((listener, events)) = stream.filter(|_| self.status != 0) {
            return listener.late(events, deadline);
        }
        let what = if self.status == 0 {
            "no answer came before the deadline"
        } else {
            "the answer was not whole at the deadline"
        };
        Fault::new(Failure::Timeout, what)
    }
}

/// Names and values together, in bytes.
fn size(headers: &HeaderMap) -> u64 {
    headers.iter().map(|(name, value)| (name.as_str().len() + value.len()) as u64).sum()
}
