//! Shared HTTP/2 connections: opened in a task of their own, with so many seats on each as both
//! sides allow.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io::ErrorKind;
use std::rc::Rc;
use std::task::Poll;
use std::time::Instant;

use bytes::Bytes;
use h2::client::{Builder, Connection, SendRequest};
use h2::{Ping, Reason};
use tokio::sync::watch;
use tokio::time::timeout_at;

use super::HttpWire;
use super::address::Door;
use super::answer::HEAD_CAP;
use super::dial::{self, Line};
use super::fault::Fault;
use super::tls;
use crate::sample::Failure;

/// How much of one answer may come before we have counted it.
const STREAM_WINDOW: u32 = 1024 * 1024;
/// How much of all answers of a connection may come before we have counted it.
const CONNECTION_WINDOW: u32 = 4 * 1024 * 1024;
/// How many streams of ours may be given up at once without the connection losing track of them.
const GIVEN_UP: usize = 1000;

/// The HTTP/2 connections of one thread.
#[derive(Default)]
pub(super) struct Trunks {
    open: RefCell<Vec<Rc<Trunk>>>,
    /// How many streams the server allows on a connection, once it said so.
    allowed: Cell<Option<usize>>,
}

/// One HTTP/2 connection.
struct Trunk {
    state: watch::Receiver<State>,
    seats: Cell<usize>,
    /// Takes no requests any more: closed, or asked to close.
    spent: Cell<bool>,
    /// Has carried an answer.
    proven: Cell<bool>,
}

/// How far a connection is.
enum State {
    Opening,
    Open(SendRequest<Bytes>),
    Gone(Fault),
}

/// A place on a shared connection, given back when dropped.
pub(super) struct Seat {
    trunk: Rc<Trunk>,
    /// The connection's end that sends.
    pub(super) send: SendRequest<Bytes>,
}

impl Trunk {
    fn limit(&self, streams: usize, allowed: Option<usize>) -> usize {
        match &*self.state.borrow() {
            State::Opening => allowed.map_or(streams, |allowed| allowed.min(streams)),
            // A server that allows none for now will allow some; until then they queue.
            State::Open(send) => send.current_max_send_streams().clamp(1, streams),
            State::Gone(_) => 0,
        }
    }

    fn is_spent(&self) -> bool {
        self.spent.get() || matches!(*self.state.borrow(), State::Gone(_))
    }
}

/// A seat that is taken, on a connection that may not be open yet.
struct Claim(Option<Rc<Trunk>>);

impl Claim {
    fn on(trunk: Rc<Trunk>) -> Self {
        trunk.seats.set(trunk.seats.get() + 1);
        Self(Some(trunk))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(trunk) = &self.0 {
            trunk.seats.set(trunk.seats.get() - 1);
        }
    }
}

impl Seat {
    /// Whether a request can go out at once.
    pub(super) fn is_open(&self) -> bool {
        !self.trunk.is_spent()
    }

    /// The connection has carried an answer.
    pub(super) fn prove(&self) {
        self.trunk.proven.set(true);
    }

    /// Whether the server gave a request up before it did anything: its answer had not begun, and
    /// the stream was refused, the connection was asked to end, or a connection that had carried
    /// answers was closed.
    pub(super) fn gave_up(&self, error: &h2::Error) -> bool {
        let closed = error.is_io() && self.trunk.proven.get();
        if closed || (error.is_go_away() && error.is_remote()) {
            self.spend();
            return true;
        }
        error.is_reset() && error.is_remote() && error.reason() == Some(Reason::REFUSED_STREAM)
    }

    /// No request goes out on this connection any more.
    pub(super) fn spend(&self) {
        self.trunk.spent.set(true);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.trunk.seats.set(self.trunk.seats.get() - 1);
    }
}

impl Trunks {
    /// A seat on a connection that has one left, or on a new one.
    pub(super) async fn seat(&self, wire: &HttpWire, deadline: Instant) -> Result<Seat, Fault> {
        loop {
            let mut claim = self.claim(wire, deadline);
            let trunk = Rc::clone(claim.0.as_ref().expect("a fresh claim has its trunk"));
            let mut state = trunk.state.clone();
            let opened = state.wait_for(|state| !matches!(state, State::Opening));
            let send = match timeout_at(deadline.into(), opened).await {
                Err(_) => return Err(Fault::new(Failure::Connect, "no connection in time")),
                Ok(Err(_)) => return Err(Fault::new(Failure::Connect, "the connection is gone")),
                Ok(Ok(state)) => match &*state {
                    State::Opening => continue,
                    State::Open(send) => send.clone(),
                    State::Gone(fault) => return Err(fault.clone()),
                },
            };
            let allowed = send.current_max_send_streams().max(1);
            self.allowed.set(Some(allowed));
            // More seats were taken while it opened than the server turned out to allow.
            if trunk.seats.get() > allowed.min(wire.streams()) {
                continue;
            }
            // From here on, the seat gives the place back.
            claim.0 = None;
            return Ok(Seat { trunk, send });
        }
    }

    fn claim(&self, wire: &HttpWire, deadline: Instant) -> Claim {
        let mut open = self.open.borrow_mut();
        open.retain(|trunk| !trunk.is_spent());
        let (streams, allowed) = (wire.streams(), self.allowed.get());
        let free = open.iter().find(|trunk| trunk.seats.get() < trunk.limit(streams, allowed));
        if let Some(trunk) = free {
            return Claim::on(Rc::clone(trunk));
        }
        let (tell, state) = watch::channel(State::Opening);
        tokio::spawn(carry(wire.clone(), deadline, tell));
        let trunk = Rc::new(Trunk {
            state,
            seats: Cell::new(0),
            spent: Cell::new(false),
            proven: Cell::new(false),
        });
        open.push(Rc::clone(&trunk));
        Claim::on(trunk)
    }
}

/// Opens a connection and moves its frames until it ends, or until nobody wants it.
async fn carry(wire: HttpWire, deadline: Instant, tell: watch::Sender<State>) {
    let fault = match open(&wire, wire.next_door(), deadline).await {
        Err(fault) => fault,
        Ok((send, connection)) => {
            tell.send_replace(State::Open(send));
            tokio::select! {
                ended = connection => ended.err().map_or_else(closed, |error| told(&error, false)),
                () = tell.closed() => return,
            }
        }
    };
    tell.send_replace(State::Gone(fault));
}

/// Connects to that address and speaks HTTP/2 there until the server's settings are known.
pub(super) async fn open(
    wire: &HttpWire,
    door: &Door,
    deadline: Instant,
) -> Result<(SendRequest<Bytes>, Connection<Line, Bytes>), Fault> {
    let line = dial::knock(wire, door, deadline).await?;
    if matches!(line, Line::Secure(_)) && !line.agreed_on_two() {
        let what = "the target did not choose HTTP/2 (ALPN): try `http = \"auto\"`";
        return Err(Fault::new(Failure::Tls, what));
    }
    let limit = deadline.min(Instant::now() + dial::PATIENCE);
    let stalled = |_| Fault::new(Failure::Connect, "the HTTP/2 greeting stalled");
    timeout_at(limit.into(), greet(line)).await.map_err(stalled)?
}

async fn greet(line: Line) -> Result<(SendRequest<Bytes>, Connection<Line, Bytes>), Fault> {
    let (send, mut connection) = Builder::new()
        .enable_push(false)
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(u32::try_from(HEAD_CAP).unwrap_or(u32::MAX))
        .max_concurrent_reset_streams(GIVEN_UP)
        .handshake(line)
        .await
        .map_err(|error| told(&error, false))?;
    // The server's settings come before its answer to a ping.
    let mut ping = connection.ping_pong().expect("taken for the first time");
    ping.send_ping(Ping::opaque()).map_err(|error| told(&error, false))?;
    poll_fn(|cx| {
        if let Poll::Ready(ended) = std::pin::Pin::new(&mut connection).poll(cx) {
            let fault = ended.err().map_or_else(closed, |error| told(&error, false));
            return Poll::Ready(Err(fault));
        }
        ping.poll_pong(cx).map_ok(drop).map_err(|error| told(&error, false))
    })
    .await?;
    Ok((send, connection))
}

/// The connection ended in order, while nothing was under way.
fn closed() -> Fault {
    Fault::new(Failure::Reset, "closed before an answer began")
}

/// The fault that an error of HTTP/2 means; `begun` once an answer has.
pub(super) fn told(error: &h2::Error, begun: bool) -> Fault {
    let reason = error.reason().map_or("", |reason| name(reason));
    if let Some(io) = error.get_io() {
        // How `h2` says that the other side closed.
        let ended = matches!(io.kind(), ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof);
        return match (ended, begun) {
            (true, true) => Fault::new(Failure::Truncated, "closed inside an answer"),
            (true, false) => closed(),
            (false, _) => tls::exchanging(io),
        };
    }
    if error.is_library() {
        let what = format!("what came is not HTTP/2 ({reason})");
        return Fault::new(Failure::Malformed, what);
    }
    let what = if error.is_go_away() {
        format!("the target ended the connection (GOAWAY, {reason})")
    } else if error.is_reset() {
        format!("the target reset the stream ({reason})")
    } else {
        format!("the connection is gone ({error})")
    };
    Fault::new(Failure::Reset, what)
}

/// The name of a reason (RFC 9113, section 7).
fn name(reason: Reason) -> &'static str {
    const NAMES: [&str; 14] = [
        "NO_ERROR",
        "PROTOCOL_ERROR",
        "INTERNAL_ERROR",
        "FLOW_CONTROL_ERROR",
        "SETTINGS_TIMEOUT",
        "STREAM_CLOSED",
        "FRAME_SIZE_ERROR",
        "REFUSED_STREAM",
        "CANCEL",
        "COMPRESSION_ERROR",
        "CONNECT_ERROR",
        "ENHANCE_YOUR_CALM",
        "INADEQUATE_SECURITY",
        "HTTP_1_1_REQUIRED",
    ];
    let index = usize::try_from(u32::from(reason)).unwrap_or(usize::MAX);
    NAMES.get(index).copied().unwrap_or("a reason of its own")
}
