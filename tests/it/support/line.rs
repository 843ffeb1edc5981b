//! One connection of the fault server: plain or TLS, read request by request.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// What a request's head says.
pub(crate) struct Ask {
    /// The path without its query.
    pub(crate) path: String,
    /// How many bytes of body follow.
    pub(crate) length: usize,
    head: usize,
}

/// One connection.
pub(crate) struct Line {
    wire: Wire,
    unread: Vec<u8>,
}

enum Wire {
    Gone,
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
}

impl Line {
    /// A connection without TLS, so far.
    pub(crate) fn plain(stream: TcpStream) -> Self {
        // Without it, a dripped answer would be held back by the kernel.
        let _ = stream.set_nodelay(true);
        Self { wire: Wire::Plain(stream), unread: Vec::new() }
    }

    /// Does the TLS handshake; `None` where it fails.
    pub(crate) async fn secure(&mut self, acceptor: &TlsAcceptor) -> Option<()> {
        if let Wire::Plain(stream) = std::mem::replace(&mut self.wire, Wire::Gone) {
            self.wire = Wire::Secure(Box::new(acceptor.accept(stream).await.ok()?));
        }
        Some(())
    }

    /// Reads up to the end of a request's head; `None` where the connection ends.
    pub(crate) async fn head(&mut self) -> Option<Ask> {
        let mut searched = 0;
        loop {
            let from = usize::saturating_sub(searched, 3);
            if let Some(at) = self.unread[from..].windows(4).position(|four| four == b"\r\n\r\n") {
                let head = from + at + 4;
                let text = String::from_utf8_lossy(&self.unread[..head]).into_owned();
                let target = text.split(' ').nth(1).unwrap_or_default();
                let path = target.split('?').next().unwrap_or_default().to_owned();
                return Some(Ask { path, length: content_length(&text), head });
            }
            searched = self.unread.len();
            self.fill().await?;
        }
    }

    /// Reads the body that follows a head.
    pub(crate) async fn body(&mut self, length: usize) -> Option<()> {
        let head = self.unread.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
        while self.unread.len() < head + length {
            self.fill().await?;
        }
        Some(())
    }

    /// Takes the request out of what was read: its text, head and as much of the body as is here.
    pub(crate) fn take_request(&mut self, ask: &Ask) -> String {
        let end = self.unread.len().min(ask.head + ask.length);
        let request: Vec<u8> = self.unread.drain(..end).collect();
        String::from_utf8_lossy(&request).into_owned()
    }

    async fn fill(&mut self) -> Option<()> {
        match &mut self.wire {
            Wire::Gone => None,
            Wire::Plain(stream) => read_some(stream, &mut self.unread).await,
            Wire::Secure(stream) => read_some(stream, &mut self.unread).await,
        }
    }

    /// Writes all of it; `None` where the connection ends.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Option<()> {
        match &mut self.wire {
            Wire::Gone => None,
            Wire::Plain(stream) => write_all(stream, bytes).await,
            Wire::Secure(stream) => write_all(stream, bytes).await,
        }
    }

    /// Closes in order, and waits until the other side has closed too.
    pub(crate) async fn close(&mut self) -> Option<()> {
        match &mut self.wire {
            Wire::Gone => {}
            Wire::Plain(stream) => stream.shutdown().await.ok()?,
            Wire::Secure(stream) => stream.shutdown().await.ok()?,
        }
        self.linger().await
    }

    /// Closes the TCP connection in order, over TLS without a word.
    pub(crate) async fn cut(&mut self) -> Option<()> {
        if let Wire::Secure(stream) = &mut self.wire {
            stream.get_mut().0.shutdown().await.ok()?;
        } else {
            return self.close().await;
        }
        self.linger().await
    }

    /// Closes with a reset.
    pub(crate) fn reset(&mut self) {
        match std::mem::replace(&mut self.wire, Wire::Gone) {
            Wire::Gone => {}
            Wire::Plain(stream) => drop(stream.set_zero_linger()),
            Wire::Secure(stream) => drop(stream.get_ref().0.set_zero_linger()),
        }
    }

    /// Reads what still comes, so that unread bytes do not turn an orderly close into a reset.
    async fn linger(&mut self) -> Option<()> {
        loop {
            self.unread.clear();
            self.fill().await?;
        }
    }
}

async fn read_some(stream: &mut (impl AsyncRead + Unpin), into: &mut Vec<u8>) -> Option<()> {
    let read = stream.read_buf(into).await.ok()?;
    (read > 0).then_some(())
}

async fn write_all(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> Option<()> {
    stream.write_all(bytes).await.ok()?;
    stream.flush().await.ok()
}

fn content_length(head: &str) -> usize {
    let lengths = head.lines().filter_map(|line| line.split_once(':'));
    let mut lengths = lengths.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    lengths.next().and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(0)
}
