//! HTTP behind the seam of [`probe`](super::probe): our own HTTP/1.1 exchange, HTTP/2 by the `h2`
//! crate, TLS by rustls.
//!
//! [`resolve`] the name, [`HttpWire::prepare`] the requests, [`HttpWire::knock`] before the load.
//! Then each load thread takes a clone. Nothing on the path of an HTTP/1.1 request allocates, locks
//! or is shared between threads.

pub mod fault;
mod chunks;
mod framing;
pub mod known;
mod expect;
pub mod sse;
mod said;
mod listen;
pub mod answer;
mod ask;
mod live;
pub mod address;
mod tls;
pub mod control;
pub mod keys;
mod alarm;
mod dial;
mod socket;
mod talk;
mod one;
mod trunk;
mod rpc;
mod stream;
mod two;
mod trip;
mod follow;
mod knock;
pub mod reflect;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustls::ClientConfig;
use rustls::pki_types::ServerName;

use super::probe::{Answer, Errand, Hub, Probe, Wire};
use crate::metric::Timing;
use crate::plan::stream::Stream;
use crate::plan::{Drive, Http, Request};
use crate::sample::{End, Failure, Unmet};
use address::{Door, Reached};
use ask::Ask;
use fault::Fault;
use keys::Keys;
use listen::Listener;
use live::LiveAsk;

pub use address::resolve;
pub use ask::AGENT;
pub use fault::{Unfit, Unreachable};

/// The read buffer that the connections of one thread share.
const BUFFER: usize = 64 * 1024;

/// How to speak HTTP to a target; cheap to clone.
#[derive(Clone)]
pub struct HttpWire {
    common: Arc<Common>,
    /// TLS, where the target has it.
    tls: Option<Arc<ClientConfig>>,
    /// The doors that get load.
    used: Arc<[usize]>,
    /// HTTP/2 is spoken.
    two: bool,
    /// How to reach other services that redirects may lead to.
    abroad: Vec<HttpWire>,
}

/// What all threads share.
struct Common {
    asks: Vec<Ask>,
    keys: Keys,
    /// Where a request may not be the same each time: what does not change.
    lives: Vec<Option<LiveAsk>>,
    doors: Vec<Door>,
    next: AtomicUsize,
    shown: String,
    /// The target's address, without a path.
    home: Option<reqwest::Url>,
    name: ServerName<'static>,
    http: Http,
    streams: usize,
    /// Every request opens a WebSocket, on a connection of its own.
    sockets_only: bool,
}

impl HttpWire {
    /// Prepares the requests of a load for a target at those addresses. Before a
    /// [`HttpWire::knock`], `http = "auto"` means HTTP/1.1.
    ///
    /// # Errors
    /// A certificate, key, name or header of the gate file cannot be used.
    pub fn prepare(drive: &Drive, addresses: &[SocketAddr]) -> Result<Self, Unfit> {
        let target = &drive.target;
        let keys = Keys::new(drive);
        let ask = |request: &Request| {
            let key = keys.place(request.grant.as_ref());
            Ok(Ask { key, ..Ask::prepare(target, request)? })
        };
        let asks: Result<Vec<Ask>, Unfit> = drive.requests.iter().map(ask).collect();
        let varies = |request: &Request| {
            let brings = request.live.is_some() || request.grant.is_some() || request.follow > 0;
            brings || !drive.scenarios.is_empty()
        };
        let prepared = |request: &Request| varies(request).then(|| live::prepared(target, request));
        let lives: Result<Vec<_>, Unfit> =
            drive.requests.iter().map(|request| prepared(request).transpose()).collect();
        // In a handshake, names are without the dot that makes them absolute.
        let host = target.host.strip_suffix('.').unwrap_or(&target.host).to_owned();
        let name = ServerName::try_from(host)
            .map_err(|_| Unfit(format!("`{}` is not a host name", target.host.escape_debug())))?;
        let tls = if target.secure { Some(Arc::new(tls::config(&target.tls)?)) } else { None };
        let sockets_only =
            asks.as_ref().is_ok_and(|asks| asks.iter().all(|ask| ask.upgrade.is_some()));
        let common = Common {
            sockets_only,
            asks: asks?,
            keys,
            lives: lives?,
            doors: addresses.iter().copied().map(Door::new).collect(),
            next: AtomicUsize::new(0),
            shown: target.shown.clone(),
            home: reqwest::Url::parse(&control::address(target, "/")).ok(),
            name,
            http: target.http,
            streams: drive.load.streams.max(1),
        };
        let mut wire = Self {
            used: (0..common.doors.len()).collect(),
            common: Arc::new(common),
            tls,
            two: false,
            abroad: Vec::new(),
        };
        wire.settle(target.http == Http::Two);
        Ok(wire)
    }

    /// Decides for one version of HTTP, and offers no other from now on.
    fn settle(&mut self, two: bool) {
        self.two = two;
        self.offer(if two { &[b"h2"] } else { &[b"http/1.1"] });
    }

    /// Offers these versions of HTTP in a TLS handshake (ALPN).
    fn offer(&mut self, versions: &[&[u8]]) {
        if let Some(config) = &mut self.tls {
            let versions = versions.iter().map(|version| version.to_vec()).collect();
            Arc::make_mut(config).alpn_protocols = versions;
        }
    }

    /// The target's addresses and how connecting to each went, so far.
    #[must_use]
    pub fn reached(&self) -> Vec<Reached> {
        let doors = self.common.doors.iter().enumerate();
        doors.map(|(index, door)| door.reached(self.used.contains(&index))).collect()
    }

    /// Adds another service that redirects may lead to: the same load, prepared for that one.
    pub fn add(&mut self, other: Self) {
        self.abroad.push(other);
    }

    /// The tokens that requests show.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.common.keys
    }

    /// Whether HTTP/2 is spoken.
    #[must_use]
    pub fn speaks_two(&self) -> bool {
        self.two
    }

    /// The next address in turn, over all threads.
    fn next_door(&self) -> &Door {
        let turn = self.common.next.fetch_add(1, Ordering::Relaxed);
        &self.common.doors[self.used[turn % self.used.len()]]
    }

    /// Streams on one HTTP/2 connection, at most.
    fn streams(&self) -> usize {
        self.common.streams
    }

    /// The target's name in TLS.
    fn name(&self) -> ServerName<'static> {
        self.common.name.clone()
    }
}

impl Wire for HttpWire {
    type Hub = HttpHub;

    fn hub(self) -> HttpHub {
        HttpHub(Shared::of(self))
    }
}

/// What the connections of one thread share.
pub struct HttpHub(Rc<Shared>);

/// How a request ended, and the expectation that was not met.
type Ended = (End, Option<Box<Unmet>>);

struct Shared {
    wire: HttpWire,
    /// The same for a WebSocket, which is opened in HTTP/1.1 alone.
    sockets: HttpWire,
    buffer: RefCell<Box<[u8]>>,
    /// The head that last answered each request.
    heads: Vec<known::Known>,
    examples: RefCell<BTreeMap<(usize, Failure), String>>,
    trunks: trunk::Trunks,
    /// Other services that redirects may lead to.
    abroad: Vec<follow::Abroad>,
    /// The newest tokens that this thread knows of.
    tokens: RefCell<Vec<keys::Seen>>,
}

impl Shared {
    fn of(mut wire: HttpWire) -> Rc<Self> {
        let mut sockets = wire.clone();
        if sockets.two {
            sockets.settle(false);
        }
        let abroad = std::mem::take(&mut wire.abroad).into_iter().map(Self::of);
        Rc::new(Self {
            abroad: abroad.map(follow::Abroad::new).collect(),
            tokens: RefCell::new(vec![(0, None); wire.keys().len()]),
            heads: wire.common.asks.iter().map(|_| known::Known::default()).collect(),
            wire,
            sockets,
            buffer: RefCell::new(vec![0; BUFFER].into_boxed_slice()),
            examples: RefCell::default(),
            trunks: trunk::Trunks::default(),
        })
    }

    /// The token that a request shows.
    fn token(&self, request: usize) -> Option<http::HeaderValue> {
        let key = self.ask(request).key?;
        self.wire.keys().newest(key, self.tokens.borrow_mut().get_mut(key)?)
    }

    fn ask(&self, request: usize) -> &Ask {
        &self.wire.common.asks[request]
    }

    fn live(&self, request: usize) -> Option<&LiveAsk> {
        self.wire.common.lives[request].as_ref()
    }

    /// How a request ended whose answer, good in itself, was a stream of events.
    fn heard(&self, request: usize, listener: &Listener, (end, unmet): Ended) -> Ended {
        let End::Good(status) = end else { return (end, unmet) };
        let missed = self.ask(request).events().and_then(|events| listener.unmet(events));
        let Some(Fault { why, what }) = missed else { return (end, unmet) };
        let unmet = self.note(request, why, || what.into_owned());
        (End::Failed { why, status: Some(status) }, unmet)
    }

    /// Keeps the first words on a failure of an endpoint. Where they are all that is known of an
    /// expectation, it is counted by them.
    fn note(
        &self,
        request: usize,
        why: Failure,
        what: impl FnOnce() -> String,
    ) -> Option<Box<Unmet>> {
        let mut examples = self.examples.borrow_mut();
        if why != Failure::Expectation {
            examples.entry((request, why)).or_insert_with(|| expect::bounded(what()));
            return None;
        }
        let what = expect::bounded(what());
        examples.entry((request, why)).or_insert_with(|| what.clone());
        Some(Box::new(Unmet::told(what)))
    }
}

impl Hub for HttpHub {
    type Probe = HttpProbe;

    fn probe(&self) -> HttpProbe {
        let hub = Rc::clone(&self.0);
        if hub.wire.two {
            HttpProbe::Two(two::Place::new(hub))
        } else {
            HttpProbe::One(one::Connection::new(hub))
        }
    }

    fn times_once(&self, request: usize) -> Option<Timing> {
        self.0.ask(request).stream.as_ref().map(Stream::times_once)
    }

    fn examples(&self) -> Vec<(usize, Failure, String)> {
        let all = self.0.abroad.iter().map(|other| &other.hub).chain([&self.0]);
        let told = all.flat_map(|hub| {
            let examples = hub.examples.borrow();
            let told = examples.iter();
            told.map(|(&(of, why), what)| (of, why, what.clone())).collect::<Vec<_>>()
        });
        told.collect()
    }
}

/// One HTTP/1.1 connection, or a place on a shared HTTP/2 connection.
pub enum HttpProbe {
    #[doc(hidden)]
    One(one::Connection),
    #[doc(hidden)]
    Two(two::Place),
}

impl HttpProbe {
    fn hub(&self) -> &Rc<Shared> {
        match self {
            Self::One(connection) => &connection.hub,
            Self::Two(place) => &place.hub,
        }
    }

    /// Whether no connection is kept, since each request opens one of its own.
    fn keeps_none(&self) -> bool {
        self.hub().wire.common.sockets_only
    }

    /// Whether a request opens a WebSocket.
    fn opens_socket(&self, request: usize) -> bool {
        self.hub().ask(request).upgrade.is_some()
    }
}

impl Probe for HttpProbe {
    async fn open(&mut self, deadline: Instant) -> Result<Duration, Failure> {
        if self.keeps_none() {
            return Ok(Duration::ZERO);
        }
        match self {
            Self::One(connection) => connection.open(deadline).await,
            Self::Two(place) => place.open(deadline).await,
        }
    }

    async fn fire(&mut self, request: usize, deadline: Instant) -> Answer {
        let ask = self.hub().ask(request);
        if ask.key.is_some() || ask.follow > 0 {
            return Box::pin(self.fire_live(request, Errand::default(), deadline)).await;
        }
        if self.opens_socket(request) {
            let hub = Rc::clone(self.hub());
            return Box::pin(socket::call(&hub, request, socket::Party::default(), deadline)).await;
        }
        match self {
            Self::One(connection) => connection.fire(request, deadline).await,
            Self::Two(place) => place.fire(request, deadline).await,
        }
    }

    async fn fire_live(&mut self, request: usize, errand: Errand<'_>, deadline: Instant) -> Answer {
        follow::roam(self, request, errand, deadline).await
    }

    fn is_open(&self) -> bool {
        if self.keeps_none() {
            return true;
        }
        match self {
            Self::One(connection) => connection.is_open(),
            Self::Two(place) => place.is_open(),
        }
    }
}
