//! A WebSocket server that behaves by path.
//!
//! `/echo` sends back what came, `/session` says first who one is, `/chat` greets, makes noise and
//! answers late, `/silent` says nothing; `/closes`, `/drops`, `/garbage`, `/huge` break off;
//! `/refused` is no WebSocket.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

use super::serving::Serving;

/// How long `/chat` takes to answer.
pub(crate) const LATE: Duration = Duration::from_millis(60);

/// A running server.
pub(crate) struct Sockets {
    serving: Serving,
    seen: Arc<Seen>,
}

/// What it saw.
#[derive(Default)]
struct Seen {
    connections: AtomicU64,
    /// Talks that were closed in order.
    closed: AtomicU64,
    heads: Mutex<Vec<String>>,
    /// What was said by others.
    messages: Mutex<Vec<String>>,
}

impl Seen {
    fn hear(&self, text: &str) {
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        messages.push(text.to_owned());
    }
}

impl Sockets {
    pub(crate) fn start() -> Self {
        Self::begin(None)
    }

    /// Over TLS.
    pub(crate) fn start_tls(config: Arc<ServerConfig>) -> Self {
        Self::begin(Some(config.into()))
    }

    fn begin(tls: Option<TlsAcceptor>) -> Self {
        let seen = Arc::new(Seen::default());
        let log = Arc::clone(&seen);
        let serving = Serving::start(|listener| listen(listener, tls, log));
        Self { serving, seen }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.serving.address()
    }

    /// How many connections were accepted.
    pub(crate) fn connections(&self) -> u64 {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// How many talks were closed in order.
    pub(crate) fn closed(&self) -> u64 {
        self.seen.closed.load(Ordering::SeqCst)
    }

    /// The messages that came.
    pub(crate) fn messages(&self) -> Vec<String> {
        self.seen.messages.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Path and headers of the requests that came.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.seen.heads.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn listen(listener: TcpListener, tls: Option<TlsAcceptor>, seen: Arc<Seen>) {
    while let Ok((stream, _)) = listener.accept().await {
        let number = seen.connections.fetch_add(1, Ordering::SeqCst);
        let (tls, seen) = (tls.clone(), Arc::clone(&seen));
        tokio::spawn(async move {
            stream.set_nodelay(true).ok()?;
            match tls {
                None => attend(stream, number, seen).await,
                Some(tls) => attend(tls.accept(stream).await.ok()?, number, seen).await,
            }
        });
    }
}

/// A connection that can carry a WebSocket.
trait Carries: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Carries for T {}

#[expect(clippy::result_large_err, reason = "the type is that of the library")]
async fn attend(stream: impl Carries, number: u64, seen: Arc<Seen>) -> Option<()> {
    let mut path = String::new();
    let accepted = accept_hdr_async(stream, |request: &Request, response: Response| {
        request.uri().path().clone_into(&mut path);
        let head = format!("{} {:?}", request.uri(), request.headers());
        seen.heads.lock().unwrap_or_else(PoisonError::into_inner).push(head);
        greet(&path, response)
    });
    let socket = accepted.await.ok()?;
    let closed = converse(&path, number, socket, &seen).await?;
    seen.closed.fetch_add(u64::from(closed), Ordering::SeqCst);
    Some(())
}

#[expect(clippy::result_large_err, reason = "the type is that of the library")]
fn greet(path: &str, mut response: Response) -> Result<Response, ErrorResponse> {
    match path {
        "/refused" => {
            let mut refusal = ErrorResponse::new(None);
            *refusal.status_mut() = http::StatusCode::FORBIDDEN;
            Err(refusal)
        }
        "/protocol" => {
            let name = http::HeaderValue::from_static("chat.v1");
            response.headers_mut().insert("sec-websocket-protocol", name);
            Ok(response)
        }
        "/session" => {
            response.headers_mut().insert("x-room", http::HeaderValue::from_static("lobby"));
            Ok(response)
        }
        _ => Ok(response),
    }
}

/// Talks to the end; whether the other side closed in order.
async fn converse(
    path: &str,
    number: u64,
    mut socket: WebSocketStream<impl Carries>,
    seen: &Seen,
) -> Option<bool> {
    if path == "/session" {
        let hello = format!("{{\"id\":\"session-{number}\",\"number\":{number}}}");
        socket.send(Message::text(hello)).await.ok()?;
    }
    if path == "/chat" {
        socket.send(Message::text("welcome")).await.ok()?;
    }
    while let Some(came) = socket.next().await {
        let message = came.ok()?;
        if message.is_close() {
            return Some(true);
        }
        let Ok(text) = message.to_text() else { continue };
        if !message.is_text() {
            continue;
        }
        seen.hear(text);
        match path {
            "/silent" => {}
            "/chat" => {
                socket.send(Message::text("{\"noise\":1}")).await.ok()?;
                tokio::time::sleep(LATE).await;
                socket.send(message).await.ok()?;
            }
            "/closes" => {
                let frame = CloseFrame { code: CloseCode::Error, reason: "secret".into() };
                socket.close(Some(frame)).await.ok()?;
            }
            "/drops" => return None,
            "/garbage" => {
                socket.get_mut().write_all(b"\xf1\x05hello").await.ok()?;
            }
            "/huge" => {
                let head = [0x82, 127, 0, 0, 0, 1, 0, 0, 0, 0];
                socket.get_mut().write_all(&head).await.ok()?;
            }
            _ => socket.send(message).await.ok()?,
        }
    }
    Some(false)
}
