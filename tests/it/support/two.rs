//! An HTTP/2 server that answers by path, and misbehaves on request. It ends when dropped.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use h2::server::{Builder, SendResponse};
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, Request, Response};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::serving::Serving;

/// How the server is set.
#[derive(Clone, Default)]
pub(crate) struct Settings {
    /// Streams it allows on a connection.
    pub(crate) streams: Option<u32>,
    /// How much of a request's body it takes before it has read any; 64 KiB where absent.
    pub(crate) window: Option<u32>,
    /// How long `/ok` takes.
    pub(crate) delay: Duration,
    /// Behind TLS.
    pub(crate) tls: Option<Arc<rustls::ServerConfig>>,
}

/// A running server.
pub(crate) struct Two {
    serving: Serving,
    seen: Arc<Seen>,
}

/// What it saw.
#[derive(Default)]
struct Seen {
    connections: AtomicU64,
    requests: AtomicU64,
    most_at_once: AtomicU64,
    body: AtomicU64,
}

impl Two {
    pub(crate) fn start(settings: Settings) -> Self {
        let seen = Arc::new(Seen::default());
        let log = Arc::clone(&seen);
        let serving = Serving::start(|listener| listen(listener, settings, log));
        Self { serving, seen }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.serving.address()
    }

    /// How many connections were accepted.
    pub(crate) fn connections(&self) -> u64 {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// How many requests came.
    pub(crate) fn requests(&self) -> u64 {
        self.seen.requests.load(Ordering::SeqCst)
    }

    /// How many requests of one connection were under way at once, at most.
    pub(crate) fn most_at_once(&self) -> u64 {
        self.seen.most_at_once.load(Ordering::SeqCst)
    }

    /// How many bytes of request bodies were read.
    pub(crate) fn body(&self) -> u64 {
        self.seen.body.load(Ordering::SeqCst)
    }
}

async fn listen(listener: TcpListener, settings: Settings, seen: Arc<Seen>) {
    while let Ok((stream, _)) = listener.accept().await {
        seen.connections.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(attend(stream, settings.clone(), Arc::clone(&seen)));
    }
}

async fn attend(stream: TcpStream, settings: Settings, seen: Arc<Seen>) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    match settings.tls.clone().map(TlsAcceptor::from) {
        None => converse(stream, settings, seen).await,
        Some(acceptor) => converse(acceptor.accept(stream).await.ok()?, settings, seen).await,
    }
}

async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    settings: Settings,
    seen: Arc<Seen>,
) -> Option<()> {
    let (mut builder, delay) = (Builder::new(), settings.delay);
    if let Some(streams) = settings.streams {
        builder.max_concurrent_streams(streams);
    }
    if let Some(window) = settings.window {
        builder.initial_window_size(window);
    }
    let mut connection = builder.handshake::<_, Bytes>(stream).await.ok()?;
    let under_way = Arc::new(AtomicU64::new(0));
    while let Some(accepted) = connection.accept().await {
        let (request, respond) = accepted.ok()?;
        let turn = seen.requests.fetch_add(1, Ordering::SeqCst);
        match (request.uri().path(), turn) {
            // The first request is answered, the others find the connection closing or closed.
            ("/go-away-after", _) => connection.graceful_shutdown(),
            ("/drop-second", 1) => return None,
            ("/go-away", 1) => connection.abrupt_shutdown(Reason::ENHANCE_YOUR_CALM),
            _ => {}
        }
        let (seen, under_way) = (Arc::clone(&seen), Arc::clone(&under_way));
        tokio::spawn(async move {
            let now = under_way.fetch_add(1, Ordering::SeqCst) + 1;
            seen.most_at_once.fetch_max(now, Ordering::SeqCst);
            if request.uri().path() == "/ok" && !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            answer(request, respond, turn, &seen).await;
            under_way.fetch_sub(1, Ordering::SeqCst);
        });
    }
    Some(())
}

/// Answers one request by its path.
async fn answer(
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    turn: u64,
    seen: &Seen,
) -> Option<()> {
    let path = request.uri().path().to_owned();
    match path.as_str() {
        "/ok" | "/go-away-after" | "/go-away" | "/drop-second" => {
            read(request.into_body(), seen).await?;
            let mut stream = head(&mut respond, 200, 1, false)?;
            stream.send_data(Bytes::from_static(b"hello"), true).ok()?;
        }
        "/slow" => {
            tokio::time::sleep(Duration::from_millis(100)).await;
            head(&mut respond, 200, 1, true)?;
        }
        "/trailers" => {
            let mut stream = head(&mut respond, 200, 1, false)?;
            stream.send_data(Bytes::from_static(b"hello"), false).ok()?;
            let mut trailers = HeaderMap::new();
            trailers.insert("x-end", "1".parse().expect("a value"));
            stream.send_trailers(trailers).ok()?;
        }
        "/empty" => drop(head(&mut respond, 204, 1, true)),
        "/503" => drop(head(&mut respond, 503, 1, true)),
        "/headers" => drop(head(&mut respond, 200, 101, true)),
        _ => misbehave(&path, &mut respond, turn).await?,
    }
    Some(())
}

/// Sends the head of an answer with so many headers.
fn head(
    respond: &mut SendResponse<Bytes>,
    code: u16,
    headers: usize,
    end: bool,
) -> Option<SendStream<Bytes>> {
    let mut head = Response::builder().status(code).header("x-agent", "two");
    for number in 1..headers {
        head = head.header(format!("x-{number}"), "1");
    }
    respond.send_response(head.body(()).expect("a head"), end).ok()
}

/// Reads and counts the body of a request.
async fn read(mut body: RecvStream, seen: &Seen) -> Option<()> {
    while let Some(data) = body.data().await {
        let data = data.ok()?;
        seen.body.fetch_add(data.len() as u64, Ordering::SeqCst);
        body.flow_control().release_capacity(data.len()).ok()?;
    }
    Some(())
}

/// Answers as no server should.
async fn misbehave(path: &str, respond: &mut SendResponse<Bytes>, turn: u64) -> Option<()> {
    // A reset at once would throw away what was not written yet.
    let pause = Duration::from_millis(30);
    match path {
        "/refuse-once" if turn > 0 => drop(head(respond, 200, 1, true)),
        "/refuse" | "/refuse-once" => respond.send_reset(Reason::REFUSED_STREAM),
        "/reset" => respond.send_reset(Reason::INTERNAL_ERROR),
        "/reset-body" => {
            let mut stream = head(respond, 200, 1, false)?;
            stream.send_data(Bytes::from_static(b"hel"), false).ok()?;
            tokio::time::sleep(pause).await;
            stream.send_reset(Reason::CANCEL);
        }
        "/events" => {
            let mut stream = head(respond, 200, 1, false)?;
            stream.send_data(Bytes::from_static(b"data: 1\n\n"), false).ok()?;
            tokio::time::sleep(pause).await;
            let rest = b"data: 2\n\ndata: [DONE]\n\n";
            stream.send_data(Bytes::from_static(rest), false).ok()?;
            std::future::pending::<()>().await;
        }
        "/early" => {
            let mut stream = head(respond, 413, 1, false)?;
            stream.send_data(Bytes::from_static(b"too much"), true).ok()?;
            tokio::time::sleep(pause).await;
            stream.send_reset(Reason::NO_ERROR);
        }
        "/interim" => {
            for _ in 0..17 {
                let head = Response::builder().status(103).body(()).expect("a head");
                respond.send_informational(head).ok()?;
            }
            std::future::pending::<()>().await;
        }
        "/flood" => {
            let mut stream = head(respond, 200, 1, false)?;
            let piece = Bytes::from(vec![b'x'; 64 * 1024]);
            loop {
                stream.reserve_capacity(piece.len());
                let room = std::future::poll_fn(|cx| stream.poll_capacity(cx)).await?.ok()?;
                stream.send_data(piece.slice(..room.min(piece.len())), false).ok()?;
            }
        }
        _ => std::future::pending().await,
    }
    Some(())
}
