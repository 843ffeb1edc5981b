//! A WebSocket server that behaves by path.
//!
//! `/echo` sends back what came, `/chat` greets, makes noise and answers late, `/silent` says
//! nothing; `/closes`, `/drops`, `/garbage`, `/huge` break off; `/refused` is no WebSocket.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
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
}

impl Sockets {
    pub(crate) fn start() -> Self {
        let seen = Arc::new(Seen::default());
        let log = Arc::clone(&seen);
        let serving = Serving::start(|listener| listen(listener, log));
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

    /// Path and headers of the requests that came.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.seen.heads.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn listen(listener: TcpListener, seen: Arc<Seen>) {
    while let Ok((stream, _)) = listener.accept().await {
        seen.connections.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(attend(stream, Arc::clone(&seen)));
    }
}

#[expect(clippy::result_large_err, reason = "the type is that of the library")]
async fn attend(stream: TcpStream, seen: Arc<Seen>) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut path = String::new();
    let accepted = accept_hdr_async(stream, |request: &Request, response: Response| {
        request.uri().path().clone_into(&mut path);
        let head = format!("{} {:?}", request.uri(), request.headers());
        seen.heads.lock().unwrap_or_else(PoisonError::into_inner).push(head);
        greet(&path, response)
    });
    let socket = accepted.await.ok()?;
    let closed = converse(&path, socket).await?;
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
        _ => Ok(response),
    }
}

/// Talks to the end; whether the other side closed in order.
async fn converse(path: &str, mut socket: WebSocketStream<TcpStream>) -> Option<bool> {
    if path == "/chat" {
        socket.send(Message::text("welcome")).await.ok()?;
    }
    while let Some(came) = socket.next().await {
        let message = came.ok()?;
        if message.is_close() {
            return Some(true);
        }
        if !message.is_text() {
            continue;
        }
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
