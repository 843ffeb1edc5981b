//! Making a connection: TCP, then TLS where the target has it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout_at;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::HttpWire;
use super::address::Door;
use super::fault::{self, Fault};
use super::tls;
use crate::sample::Failure;
use crate::unit;

/// How long a connection may take to be made, TLS included.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// A connection, plain or TLS.
#[derive(Debug)]
pub(super) enum Line {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
}

/// Connects to the next address of the target.
pub(super) async fn dial(wire: &HttpWire, deadline: Instant) -> Result<Line, Fault> {
    knock(wire, wire.next_door(), deadline).await
}

/// Connects to that address.
pub(super) async fn knock(wire: &HttpWire, door: &Door, deadline: Instant) -> Result<Line, Fault> {
    let begun = Instant::now();
    let limit = deadline.min(begun + PATIENCE);
    let made = connect(wire, door, limit).await.map_err(|mut fault| {
        if fault.what.is_empty() {
            let waited = unit::show_time(limit.saturating_duration_since(begun));
            fault.what = if fault.why == Failure::Tls {
                format!("the TLS handshake stalled; given up after {waited}").into()
            } else {
                format!("nobody answered; given up after {waited}").into()
            };
        }
        fault
    });
    // What is our own fault says nothing about the address.
    door.count(made.as_ref().is_err_and(|fault| !fault.why.is_ours()));
    made
}

async fn connect(wire: &HttpWire, door: &Door, limit: Instant) -> Result<Line, Fault> {
    let late = |why| move |_| Fault::new(why, "");
    let stream = timeout_at(limit.into(), TcpStream::connect(door.address))
        .await
        .map_err(late(Failure::Connect))?
        .map_err(|error| fault::connecting(&error))?;
    // Requests are written in one piece; waiting for more would only delay them.
    stream.set_nodelay(true).map_err(|error| fault::connecting(&error))?;
    let Some(config) = &wire.tls else { return Ok(Line::Plain(stream)) };
    let handshake = TlsConnector::from(Arc::clone(config)).connect(wire.name(), stream);
    let stream = timeout_at(limit.into(), handshake)
        .await
        .map_err(late(Failure::Tls))?
        .map_err(|error| Fault::new(Failure::Tls, tls::told(&error)))?;
    Ok(Line::Secure(Box::new(stream)))
}

impl Line {
    /// Whether both sides agreed on HTTP/2 in the handshake.
    pub(super) fn agreed_on_two(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Secure(stream) => stream.get_ref().1.alpn_protocol() == Some(b"h2"),
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, into),
            Self::Secure(stream) => Pin::new(stream.as_mut()).poll_read(cx, into),
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Secure(stream) => Pin::new(stream.as_mut()).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(_) => Poll::Ready(Ok(())),
            Self::Secure(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Secure(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
        }
    }
}
