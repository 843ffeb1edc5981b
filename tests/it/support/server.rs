//! A raw TCP server that misbehaves by script.
//!
//! ```text
//! let server = Server::start(
//!     Script::new()
//!         .on("/ok", [ok("hello")])
//!         .on("/slow", [Act::Wait(Duration::from_millis(20)), ok("late")])
//!         .turns("/flaky", [vec![status(503)], vec![ok("back")]]),
//! );
//! server.url("/ok"); server.hits("/ok"); server.connections();
//! ```
//! It listens on loopback, port 0, in its own thread, and ends when dropped.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::line::{Ask, Line};
use super::serving::Serving;

/// How many requests are remembered word for word.
const REMEMBERED: usize = 256;

/// One thing the server does to a connection.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Writes these bytes.
    Send(Vec<u8>),
    /// Writes these bytes one by one, with a pause before each.
    Drip(Vec<u8>, Duration),
    /// Does nothing for that long.
    Wait(Duration),
    /// Writes these bytes again and again, for ever.
    Flood(Vec<u8>),
    /// Does nothing, for ever; the connection stays open.
    Stall,
    /// Closes the connection with a reset (`SO_LINGER` 0).
    Reset,
    /// Closes the connection in order (over TLS with `close_notify`).
    Close,
    /// Closes the TCP connection in order; over TLS without `close_notify`.
    Cut,
}

/// What the server does: by path, and by time counted from its first request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    routes: BTreeMap<String, Route>,
    greeting: Vec<Act>,
    early: Vec<String>,
    freeze: Option<(Duration, Duration)>,
    down: Option<(Duration, Duration)>,
}

/// What happens at a path: the first request gets the first turn, the last turn repeats.
#[derive(Clone, Debug, Default)]
struct Route {
    turns: Vec<Vec<Act>>,
}

impl Script {
    /// Every path answers 404, until something else is said.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// What every request of a path gets. The path is compared without its query.
    pub(crate) fn on(self, path: &str, acts: impl Into<Vec<Act>>) -> Self {
        self.turns(path, [acts.into()])
    }

    /// What the first, second, … request of a path gets; the last turn repeats.
    pub(crate) fn turns(mut self, path: &str, turns: impl Into<Vec<Vec<Act>>>) -> Self {
        self.routes.insert(path.to_owned(), Route { turns: turns.into() });
        self
    }

    /// What happens to a connection before its first request is read.
    pub(crate) fn greet(mut self, acts: impl Into<Vec<Act>>) -> Self {
        self.greeting = acts.into();
        self
    }

    /// At this path the server acts once it has the request's head, and leaves the body unread.
    pub(crate) fn early(mut self, path: &str) -> Self {
        self.early.push(path.to_owned());
        self
    }

    /// From then on, for so long, no answer begins. Counted from the first request.
    pub(crate) fn freeze(mut self, after: Duration, lasting: Duration) -> Self {
        self.freeze = Some((after, lasting));
        self
    }

    /// From then on, for so long, connections are reset and new ones refused. Counted from the
    /// first request.
    pub(crate) fn down(mut self, after: Duration, lasting: Duration) -> Self {
        self.down = Some((after, lasting));
        self
    }
}

/// A running server.
pub(crate) struct Server {
    serving: Serving,
    secure: bool,
    log: Arc<Log>,
}

/// What the server saw.
#[derive(Default)]
struct Log {
    connections: AtomicU64,
    requests: AtomicU64,
    hits: Mutex<BTreeMap<String, u64>>,
    heads: Mutex<Vec<String>>,
}

/// What all connections of a server share.
struct Stage {
    script: Script,
    log: Arc<Log>,
    first: watch::Sender<Option<Instant>>,
    down: watch::Sender<bool>,
    tls: Option<TlsAcceptor>,
}

impl Server {
    /// Starts it; it listens when this returns.
    pub(crate) fn start(script: Script) -> Self {
        Self::launch(script, None)
    }

    /// Starts it behind TLS.
    pub(crate) fn start_tls(script: Script, config: Arc<rustls::ServerConfig>) -> Self {
        Self::launch(script, Some(TlsAcceptor::from(config)))
    }

    fn launch(script: Script, tls: Option<TlsAcceptor>) -> Self {
        let (log, secure) = (Arc::new(Log::default()), tls.is_some());
        let stage = Arc::new(Stage {
            script,
            log: Arc::clone(&log),
            first: watch::Sender::new(None),
            down: watch::Sender::new(false),
            tls,
        });
        let serving = Serving::start(|listener| stage.serve(listener));
        Self { serving, secure, log }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.serving.address()
    }

    /// The URL of a path on it.
    pub(crate) fn url(&self, path: &str) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.address())
    }

    /// How many requests came for a path.
    pub(crate) fn hits(&self, path: &str) -> u64 {
        lock(&self.log.hits).get(path).copied().unwrap_or(0)
    }

    /// How many requests came in all.
    pub(crate) fn requests(&self) -> u64 {
        self.log.requests.load(Ordering::SeqCst)
    }

    /// How many connections were accepted.
    pub(crate) fn connections(&self) -> u64 {
        self.log.connections.load(Ordering::SeqCst)
    }

    /// The heads of the first 256 requests and the bodies that came with them, as they were sent.
    pub(crate) fn heard(&self) -> Vec<String> {
        lock(&self.log.heads).clone()
    }
}

impl Stage {
    async fn serve(self: Arc<Self>, mut listener: TcpListener) {
        let address = listener.local_addr().expect("a listener has an address");
        loop {
            tokio::select! {
                accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                    self.log.connections.fetch_add(1, Ordering::SeqCst);
                    tokio::spawn(Arc::clone(&self).attend(stream));
                },
                until = self.going_down() => {
                    drop(listener);
                    self.down.send_replace(true);
                    tokio::time::sleep_until(until.into()).await;
                    self.down.send_replace(false);
                    listener = TcpListener::bind(address).await.expect("the port is still ours");
                }
            }
        }
    }

    /// Returns when the script says that the server goes down: until when.
    async fn going_down(&self) -> Instant {
        let Some((after, lasting)) = self.script.down else { return std::future::pending().await };
        let mut first = self.first.subscribe();
        let seen = first.wait_for(Option::is_some).await.expect("the sender is in `self`");
        let begin = seen.expect("waited for it") + after;
        drop(seen);
        if begin + lasting <= Instant::now() {
            return std::future::pending().await;
        }
        tokio::time::sleep_until(begin.into()).await;
        begin + lasting
    }

    async fn attend(self: Arc<Self>, stream: TcpStream) {
        let mut down = self.down.subscribe();
        let mut raw = Line::plain(stream);
        tokio::select! {
            _ = self.converse(&mut raw) => {}
            _ = down.wait_for(|down| *down) => raw.reset(),
        }
    }

    /// Reads requests and acts on them until the connection ends; `None` is its end.
    async fn converse(&self, line: &mut Line) -> Option<()> {
        if let Some(acceptor) = &self.tls {
            line.secure(acceptor).await?;
        }
        self.play(line, &self.script.greeting).await?;
        loop {
            let ask = line.head().await?;
            if !self.script.early.contains(&ask.path) {
                line.body(ask.length).await?;
            }
            let turn = self.note(&ask, line);
            self.thaw().await;
            match self.script.routes.get(&ask.path) {
                Some(route) => {
                    let last = route.turns.len().saturating_sub(1);
                    self.play(line, route.turns.get(turn.min(last))?).await?;
                }
                None => self.play(line, &[status(404)]).await?,
            }
        }
    }

    /// Remembers a request; which turn of its path it is.
    fn note(&self, ask: &Ask, line: &mut Line) -> usize {
        let text = line.take_request(ask);
        self.log.requests.fetch_add(1, Ordering::SeqCst);
        self.first
            .send_if_modified(|first| first.is_none() && first.replace(Instant::now()).is_none());
        let mut heads = lock(&self.log.heads);
        if heads.len() < REMEMBERED {
            heads.push(text);
        }
        let mut hits = lock(&self.log.hits);
        let hits = hits.entry(ask.path.clone()).or_insert(0);
        *hits += 1;
        usize::try_from(*hits - 1).unwrap_or(usize::MAX)
    }

    /// Returns at once, or when the freeze is over.
    async fn thaw(&self) {
        let (Some((after, lasting)), Some(first)) = (self.script.freeze, *self.first.borrow())
        else {
            return;
        };
        let now = Instant::now();
        if now >= first + after && now < first + after + lasting {
            tokio::time::sleep_until((first + after + lasting).into()).await;
        }
    }

    async fn play(&self, line: &mut Line, acts: &[Act]) -> Option<()> {
        for act in acts {
            match act {
                Act::Send(bytes) => line.write(bytes).await?,
                Act::Drip(bytes, pause) => {
                    for byte in bytes {
                        tokio::time::sleep(*pause).await;
                        line.write(&[*byte]).await?;
                    }
                }
                Act::Wait(time) => tokio::time::sleep(*time).await,
                Act::Flood(bytes) => loop {
                    line.write(bytes).await?;
                },
                Act::Stall => std::future::pending().await,
                Act::Reset => {
                    line.reset();
                    return None;
                }
                Act::Close => return line.close().await,
                Act::Cut => return line.cut().await,
            }
        }
        Some(())
    }
}

/// A whole 200 answer with that body.
pub(crate) fn ok(body: &str) -> Act {
    answer(200, "", body)
}

/// A whole answer with that status and an empty body.
pub(crate) fn status(code: u16) -> Act {
    answer(code, "", "")
}

/// A whole answer: status, more header lines (each with `\r\n`), body.
pub(crate) fn answer(code: u16, headers: &str, body: &str) -> Act {
    let length = body.len();
    raw(&format!("HTTP/1.1 {code} Played\r\n{headers}content-length: {length}\r\n\r\n{body}"))
}

/// Exactly this text.
pub(crate) fn raw(text: &str) -> Act {
    Act::Send(text.as_bytes().to_vec())
}

/// The lock, also after a panic elsewhere.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
