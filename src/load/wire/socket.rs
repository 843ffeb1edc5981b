//! A WebSocket on a connection of its own: opened, talked on, closed (RFC 6455).

use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use http::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::timeout_at;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message, error::ProtocolError};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::Shared;
use super::dial::{Line, dial};
use super::fault::Fault;
use super::live::Luggage;
use super::said::Hearing;
use super::tls;
use crate::load::probe::{Answer, Inside, Kept};
use crate::metric::Timing;
use crate::plan::stream::{Exchange, Filled};
use crate::sample::{End, Failure};
use crate::script::extract::{Extract, Missing, Parts};
use crate::script::json::LazyJson;
use crate::script::state::State;

/// The largest message that is read.
const MOST_MESSAGE: usize = 16 * 1024 * 1024;
/// How long the other side may take to close.
const FAREWELL: Duration = Duration::from_secs(1);
/// The status of an answer that opens a WebSocket.
const SWITCHED: u16 = 101;

/// One WebSocket, from its connection to its close.
struct Call {
    begun: Instant,
    /// The connection took so long.
    connecting: Option<Duration>,
    /// When it was over, but for the close.
    over: Option<Instant>,
    bytes: u64,
    inside: Inside,
    /// The status of the answer that refused it, or opened it.
    status: Option<u16>,
}

/// What a user brings to a WebSocket, and what it wants of it.
#[derive(Default)]
pub(super) struct Party<'a> {
    pub(super) luggage: Option<Luggage<'a>>,
    pub(super) want: Option<&'a mut Kept>,
    /// Fills in what is sent, and keeps what is taken out of messages.
    pub(super) user: Option<&'a mut State>,
}

type Talking = WebSocketStream<Line>;

/// Opens the WebSocket of a request, talks, and closes it. Never fails: whatever the target does is
/// in the answer.
pub(super) async fn call(
    hub: &Shared,
    request: usize,
    party: Party<'_>,
    deadline: Instant,
) -> Answer {
    let (begun, inside) = (Instant::now(), Inside::default());
    let mut call = Call { begun, connecting: None, over: None, bytes: 0, inside, status: None };
    let ended = call.run(hub, request, party, deadline).await;
    let done = call.over.unwrap_or_else(Instant::now);
    let Call { connecting, bytes, inside, status, .. } = call;
    let (end, unmet) = match ended {
        Ok(()) => (End::Good(SWITCHED), None),
        Err(Fault { why, what }) => {
            let unmet = hub.note(request, why, || what.into_owned());
            (End::Failed { why, status }, unmet)
        }
    };
    // Where there was no connection, nothing was sent.
    let sent = if connecting.is_some() { begun } else { done };
    let (reconnected, inside) = (false, Some(Box::new(inside)));
    Answer { end, sent, done, bytes, connecting, reconnected, inside, unmet }
}

impl Call {
    async fn run(
        &mut self,
        hub: &Shared,
        request: usize,
        party: Party<'_>,
        deadline: Instant,
    ) -> Result<(), Fault> {
        let Party { luggage, want, mut user } = party;
        let asked = asked(hub, request, luggage)?;
        let line = dial(&hub.sockets, deadline).await?;
        self.connecting = Some(self.begun.elapsed());
        let config = WebSocketConfig::default()
            .max_message_size(Some(MOST_MESSAGE))
            .max_frame_size(Some(MOST_MESSAGE));
        let opening = client_async_with_config(asked, line, Some(config));
        let late =
            |_| Fault::new(Failure::Timeout, "the WebSocket was not opened before the deadline");
        let opened = timeout_at(deadline.into(), opening).await.map_err(late)?;
        let (mut socket, answer) = opened.map_err(|error| self.refused(&error))?;
        if let Some(kept) = want {
            let headers = answer.headers().iter();
            let headers = headers.map(|(name, value)| (name.to_string(), value.as_bytes().into()));
            kept.headers = headers.collect();
        }
        self.status = Some(SWITCHED);
        self.inside.came = Some(Instant::now());
        let Some(asked) = hub.ask(request).socket() else { return Ok(()) };
        if let Some(user) = user.as_deref_mut() {
            take_opened(&asked.extract, answer.headers(), user)?;
        }
        for (index, exchange) in asked.talk.iter().enumerate() {
            let begun = Instant::now();
            let made = self.exchange(&mut socket, exchange, user.as_deref_mut(), deadline).await;
            if exchange.is_round_trip() {
                let timings = &mut self.inside.timings;
                match &made {
                    Ok(()) => timings.took(Timing::WsRoundTrip, begun.elapsed()),
                    Err(_) => timings.broke(Timing::WsRoundTrip, begun.elapsed()),
                }
            }
            made.map_err(|Fault { why, what }| {
                Fault::new(why, format!("exchange {}: {what}", index + 1))
            })?;
        }
        let over = Instant::now();
        self.over = Some(over);
        // A close that is not answered changes nothing of what was said before.
        let _ = timeout_at(deadline.min(over + FAREWELL).into(), close(&mut socket)).await;
        Ok(())
    }

    /// Notes the status of an answer that is no WebSocket.
    fn refused(&mut self, error: &Error) -> Fault {
        if let Error::Http(answer) = error {
            let status = answer.status().as_u16();
            self.status = Some(status);
            return Fault::new(Failure::Status, format!("status {status}, not a WebSocket"));
        }
        told(error)
    }

    /// Sends what is to be sent, and waits for what is awaited.
    async fn exchange(
        &mut self,
        socket: &mut Talking,
        exchange: &Exchange,
        mut user: Option<&mut State>,
        deadline: Instant,
    ) -> Result<(), Fault> {
        let until = exchange.within.map_or(deadline, |time| deadline.min(Instant::now() + time));
        let (text, filled) = words(exchange, user.as_deref_mut())?;
        if let Some(text) = text {
            let sending = socket.send(Message::text(text));
            let late = |_| Fault::new(Failure::Timeout, "the message could not be sent in time");
            timeout_at(until.into(), sending).await.map_err(late)?.map_err(|error| told(&error))?;
        }
        let (mut left, mut unmet, mut last) = (exchange.messages, None, Bytes::new());
        while left > 0 {
            let Ok(came) = timeout_at(until.into(), socket.next()).await else {
                let none = || Fault::new(Failure::Timeout, "no message came in time");
                return Err(
                    unmet.map_or_else(none, |what: String| Fault::new(Failure::Expectation, what))
                );
            };
            let Some(message) = self.message(came)? else { continue };
            let mut hearing = Hearing::default();
            let text = String::from_utf8_lossy(&message);
            hearing.hear(&exchange.expect, filled.as_ref(), &text);
            match hearing.unmet(&exchange.expect, "message") {
                None => (left, last) = (left - 1, message),
                Some(what) => unmet = Some(what),
            }
        }
        user.map_or(Ok(()), |user| take_heard(&exchange.extract, &last, user))
    }

    /// What a message says; nothing where it says nothing to us.
    fn message(&mut self, came: Option<Result<Message, Error>>) -> Result<Option<Bytes>, Fault> {
        let closed = |code: String| {
            Fault::new(Failure::Truncated, format!("the server closed the WebSocket{code}"))
        };
        let message = came.ok_or_else(|| closed(String::new()))?.map_err(|error| told(&error))?;
        let data = match message {
            Message::Text(text) => Bytes::from(text),
            Message::Binary(data) => data,
            Message::Close(frame) => {
                let code = frame.map_or(String::new(), |frame| format!(" (code {})", frame.code));
                return Err(closed(code));
            }
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => return Ok(None),
        };
        self.bytes += data.len() as u64;
        Ok(Some(data))
    }
}

/// What is sent, and what is expected, of this user; the same for all where there is none.
fn words(
    exchange: &Exchange,
    user: Option<&mut State>,
) -> Result<(Option<String>, Option<Filled>), Fault> {
    let text = exchange.send.as_ref();
    let Some(user) = user else { return Ok((text.map(|text| text.source().to_owned()), None)) };
    let unfit = |what: String| Fault::new(Failure::Expectation, what);
    user.set_now(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default());
    let text = text.map(|text| text.written(user)).transpose();
    let text = text.map_err(|why| unfit(format!("send: {why}")))?;
    let filled = exchange.expect.filled(user).map_err(|why| unfit(format!("expect: {why}")))?;
    Ok((text, filled))
}

/// Takes values out of an answer or a message into the user's state; why that cannot be, quoting
/// nothing.
fn take<'p, H>(all: &[Extract], parts: &Parts<'p, H>, user: &mut State) -> Result<(), Fault>
where
    H: Iterator<Item = (&'p str, &'p [u8])> + Clone,
{
    let mut missing = None;
    for extract in all {
        match extract.take(parts) {
            Ok(found) => user.keep(&found.into, found.value),
            Err(why) => {
                user.forget(&extract.into);
                missing.get_or_insert(why);
            }
        }
    }
    let told = |why: Missing| why.to_string().replacen("the body", "the message", 1);
    missing.map_or(Ok(()), |why| Err(Fault::new(Failure::Expectation, told(why))))
}

/// Takes values out of the last message that was awaited.
fn take_heard(all: &[Extract], message: &[u8], user: &mut State) -> Result<(), Fault> {
    let json = LazyJson::new(message);
    let (status, headers) = (SWITCHED, std::iter::empty());
    take(all, &Parts { status, headers, body: message, json: &json }, user)
}

/// Takes values out of the answer that opened the WebSocket.
fn take_opened(all: &[Extract], headers: &HeaderMap, user: &mut State) -> Result<(), Fault> {
    let json = LazyJson::new(&[]);
    let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let headers: Vec<_> = headers.collect();
    let headers = headers.iter().copied();
    take(all, &Parts { status: SWITCHED, headers, body: &[], json: &json }, user)
}

/// Closes in order: our close, and theirs.
async fn close(socket: &mut Talking) {
    if socket.close(None).await.is_ok() {
        while let Some(Ok(_)) = socket.next().await {}
    }
}

/// The request as it goes out, with a key of its own.
fn asked(
    hub: &Shared,
    request: usize,
    luggage: Option<Luggage<'_>>,
) -> Result<http::Request<()>, Fault> {
    let unfit = |what: &'static str| Fault::new(Failure::Expectation, what);
    let prepared = hub.ask(request).upgrade.as_ref();
    let mut asked = prepared.ok_or_else(|| unfit("the request opens no WebSocket"))?.clone();
    if let Some((live, luggage)) = hub.live(request).zip(luggage) {
        let (made, _) = live.make(luggage)?;
        let path = made.uri().path_and_query().map_or("/", |path| path.as_str());
        let mut uri = asked.uri().clone().into_parts();
        uri.path_and_query = path.parse().ok();
        *asked.uri_mut() = uri.try_into().map_err(|_| unfit("the rendered path is not one"))?;
        for (name, value) in made.headers() {
            asked.headers_mut().insert(name.clone(), value.clone());
        }
    }
    let key = HeaderValue::from_str(&generate_key()).map_err(|_| unfit("no key"))?;
    asked.headers_mut().insert(HeaderName::from_static("sec-websocket-key"), key);
    Ok(asked)
}

/// The fault that an error means, in words that quote no answer.
fn told(error: &Error) -> Fault {
    match error {
        Error::Io(error) => tls::exchanging(error),
        Error::ConnectionClosed | Error::AlreadyClosed => {
            Fault::new(Failure::Truncated, "the server closed the WebSocket")
        }
        Error::Capacity(_) => Fault::new(Failure::TooLarge, "a message is larger than 16 MiB"),
        Error::Utf8(_) => Fault::new(Failure::Malformed, "a text message is not UTF-8"),
        Error::Protocol(error) => told_of_protocol(error),
        Error::Http(answer) => {
            Fault::new(Failure::Status, format!("status {}", answer.status().as_u16()))
        }
        Error::Tls(_)
        | Error::WriteBufferFull(_)
        | Error::AttackAttempt
        | Error::Url(_)
        | Error::HttpFormat(_) => Fault::malformed("what came is no WebSocket"),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the list of errors is not ours")]
fn told_of_protocol(error: &ProtocolError) -> Fault {
    match error {
        ProtocolError::ResetWithoutClosingHandshake => {
            Fault::new(Failure::Reset, "the connection was lost without a close of the WebSocket")
        }
        ProtocolError::HandshakeIncomplete => {
            Fault::new(Failure::Reset, "closed before the WebSocket was opened")
        }
        ProtocolError::SecWebSocketSubProtocolError(_) => {
            Fault::new(Failure::Expectation, "the server did not choose the `subprotocol`")
        }
        ProtocolError::HttparseError(_) => Fault::malformed("what came is not HTTP"),
        ProtocolError::MissingConnectionUpgradeHeader
        | ProtocolError::MissingUpgradeWebSocketHeader
        | ProtocolError::SecWebSocketAcceptKeyMismatch => {
            Fault::malformed("the answer is not one to a WebSocket handshake")
        }
        _ => Fault::malformed("a frame that is not as RFC 6455 has it"),
    }
}
