//! What a gate file asks for, valid by construction: target, load, requests, thresholds.

mod token;
mod trust;
pub mod grant;
pub mod fault;
mod environment;
pub mod glob;
pub mod profile;
pub mod rule;
pub mod stream;
pub mod scenario;
pub mod timetable;
pub mod parts;
pub mod draw;
pub mod turn;
pub mod mix;
pub mod threshold;
pub mod axis;
pub mod regression;
pub mod arms;
mod text;
mod reader;
mod value;
mod json;
mod address;
mod live;
mod bound;
mod ask;
mod protocol;
mod nodes;
mod take;
mod events;
mod socket;
mod request;
mod auth;
mod confidence;
pub mod outlet;
mod export;
pub mod probe;
mod gauge;
mod metrics;
mod sla;
mod compare;
pub mod accept;
mod stage;
mod story;
mod engine;
mod file;
mod syntax;
mod beside;
mod call;
mod multipart;
mod payload;
mod expect;
mod known;
mod manner;
mod endpoint;
mod target;
mod outlets;
pub mod locust;
mod levels;
mod feed;
mod group;
mod share;
mod tags;
mod cast;
mod timed;
mod limits;
mod probes;
mod changes;
mod shards;
mod check;
mod schema;
mod crowd;
mod planned;
mod expected;
mod column;
mod plot;
mod versus;
mod swarm;
mod watch;
mod outline;

use std::time::Duration;

use crate::script::message::Method;
use crate::secret::Masks;
use crate::shard::Shard;
use crate::unit::Ratio;
use accept::Accept;
pub use expected::{Expected, expected, shares, starved};
use fault::{Fault, Faults};
use grant::Grant;
use locust::Locust;
use outlet::Export;
pub use outline::outline;
use probe::{Probe, ProbeLimit};
use profile::Profile;
use regression::Regression;
pub use rule::{Expect, HeaderRule, JsonRule};
pub use schema::schema;
use stream::Stream;
use threshold::Threshold;
pub use trust::{Identity, Tls};

/// A gate file as bytes, and what reading it needs at hand; nothing here is read from a disk or an
/// environment directly.
pub struct Source<'a> {
    /// The gate file's name, as faults and reports show it.
    pub name: &'a str,
    /// All of it.
    pub bytes: &'a [u8],
    /// Name and bytes of another file that `[sla]`, `[regression]` and `[[accept]]` are taken from
    /// instead.
    pub thresholds: Option<(&'a str, &'a [u8])>,
    /// Looks up an environment variable.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// Reads a file that the gate file names (bodies, certificates), by its path beside it; or says
    /// why it cannot be read.
    pub files: &'a dyn Fn(&str) -> Result<Vec<u8>, String>,
    /// Stands in for `target.url`.
    pub target: Option<&'a str>,
    /// Stands in for `regression.against`, and asks for a comparison where the file does not.
    pub against: Option<&'a str>,
    /// Stands in for `load.duration`.
    pub duration: Option<Duration>,
    /// Stands in for `load.seed`.
    pub seed: Option<u64>,
    /// Which machine of those that share the load this is.
    pub shard: Shard,
    /// Only what has one of these tags is done; all of it where there are none.
    pub tags: &'a [String],
    /// What has one of these tags is left out.
    pub exclude_tags: &'a [String],
    /// Words that call Locust, and what it is told: then it is the engine. Empty where nobody typed
    /// any.
    pub locust: &'a [String],
    /// The run that is judged, where the tags are those it was made with.
    pub run: Option<&'a str>,
}

/// A gate file, checked. Whatever a field says is true and agrees with the others.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The gate file's name, as reports show it.
    pub name: String,
    /// SHA-256 of the gate file's bytes, and of the thresholds' file where there is one, in
    /// hexadecimal.
    pub hash: String,
    /// The name of the file that the thresholds stand in; lines of thresholds are lines of it.
    pub asked_in: String,
    /// What to send; absent in a file that holds thresholds alone, and where Locust sends.
    pub drive: Option<Drive>,
    /// What Locust is to do; absent where it is not the engine.
    pub locust: Option<Locust>,
    /// What is expected, in the order of the file, the default error rate last. Never empty.
    pub thresholds: Vec<Threshold>,
    /// How sure a judgement by thresholds must be; `None` where values are compared as they are.
    pub confidence: Option<Ratio>,
    /// How much worse than another version it may be; `None` where nothing is compared.
    pub regression: Option<Regression>,
    /// Regressions that are known.
    pub accepts: Vec<Accept>,
    /// Where the numbers go while it is under way; `None` where nobody is told.
    pub export: Option<Export>,
    /// What is asked beside the load.
    pub probes: Vec<Probe>,
    /// What is expected of the answers.
    pub probe_limits: Vec<ProbeLimit>,
    /// What is expected of endpoints that the chosen tags leave out: nobody judges it in this run,
    /// and every report says so.
    pub left_out: Vec<Threshold>,
    /// The tags by which parts of it were chosen; all of it where there are none.
    pub tags: Vec<String>,
    /// The tags by which parts of it were left out.
    pub exclude_tags: Vec<String>,
    /// What came from the environment and must not be shown.
    pub masks: Masks,
    /// What is doubtful and stops nothing: to be said before the load.
    pub warnings: Vec<Fault>,
}

impl Plan {
    /// Reads and checks a gate file.
    ///
    /// # Errors
    /// All that is wrong with it, each with its place and what to do.
    pub fn read(source: &Source<'_>) -> Result<Self, Faults> {
        check::plan(source)
    }
}

/// A load, and whom it is put on.
#[derive(Clone, Debug)]
pub struct Drive {
    /// Whom to ask.
    pub target: Target,
    /// How much, how long, how even.
    pub load: Load,
    /// Every request that some step makes, in the order of the file. Never empty.
    pub requests: Vec<Request>,
    /// The names under which requests are counted, in the order of the file.
    pub endpoints: Vec<String>,
    /// What kinds of users there are. Empty where requests are only drawn by weight and nothing in
    /// them changes: then each request is an endpoint of the same index.
    pub scenarios: Vec<scenario::Scenario>,
}

/// Whom to ask, and how to reach them.
#[derive(Clone, Debug)]
pub struct Target {
    /// TLS or not.
    pub secure: bool,
    /// Name or address, without brackets.
    pub host: String,
    /// The port, the scheme's own where none was given.
    pub port: u16,
    /// The path in front of each request's path; empty, or starting with `/` and not ending with
    /// it.
    pub prefix: String,
    /// The target as a person wrote it; what came from the environment as `${NAME}`.
    pub shown: String,
    /// Headers of every request, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The deadline of one request, all of it.
    pub timeout: Duration,
    /// What to wait for before the load.
    pub ready: Option<Ready>,
    /// How to trust the target.
    pub tls: Tls,
    /// Which HTTP to speak.
    pub http: Http,
    /// Where redirects may lead beside the target itself.
    pub also: Vec<Site>,
    /// What questions beside the load prove their sender by: whether it is ready, what its messages
    /// are.
    pub proof: Proof,
}

/// What a question proves its sender by.
#[derive(Clone, Debug, Default)]
pub struct Proof {
    /// The value of `authorization`.
    pub header: Option<String>,
    /// Whose token it shows.
    pub grant: Option<Grant>,
}

/// Another service that redirects may lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// TLS or not.
    pub secure: bool,
    /// Name or address, without brackets.
    pub host: String,
    /// The port, the scheme's own where none was given.
    pub port: u16,
    /// The address as a person wrote it; what came from the environment as `${NAME}`.
    pub shown: String,
}

impl Target {
    /// Another service as a target of its own: trusted alike, without what only the target itself
    /// is to see.
    #[must_use]
    pub fn elsewhere(&self, site: Site) -> Self {
        let Site { secure, host, port, shown } = site;
        let tls = Tls { identity: None, ..self.tls.clone() };
        let (prefix, headers, also) = (String::new(), Vec::new(), Vec::new());
        let (timeout, ready, http) = (self.timeout, None, Http::One);
        let proof = Proof::default();
        Self { secure, host, port, prefix, shown, headers, timeout, ready, tls, http, also, proof }
    }
}

/// What to wait for before the load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    /// The path that answers 2xx once the service is up, the target's prefix included.
    pub path: String,
    /// How long to wait for that.
    pub within: Duration,
}

/// Which HTTP to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Http {
    /// HTTP/1.1.
    One,
    /// HTTP/2; in the clear with prior knowledge.
    Two,
    /// Whatever the server prefers (ALPN); HTTP/1.1 in the clear.
    Auto,
}

/// How much, how long, how even.
#[derive(Clone, Debug)]
pub struct Load {
    /// Open or closed, and its level over time.
    pub profile: Profile,
    /// From the start of the load; what is due before is sent and not judged. Shorter than the
    /// profile.
    pub warm_up: Duration,
    /// How arrivals are spread (open model).
    pub arrivals: Arrivals,
    /// Arrivals waiting or being answered at once, at most (open model).
    pub max_in_flight: usize,
    /// Connections at once, at most (open model).
    pub connections: usize,
    /// Load threads; one per core but one when absent.
    pub threads: Option<usize>,
    /// Concurrent streams on one HTTP/2 connection, at most.
    pub streams: usize,
    /// The seed of every draw; `None`: drawn anew and printed.
    pub seed: Option<u64>,
    /// Which part of it this machine puts on.
    pub shard: Shard,
    /// After so long with nothing but failed connections, the run ends.
    pub abort_after: Duration,
}

/// How arrivals are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrivals {
    /// At even distances.
    Even,
    /// As a Poisson process: independent users.
    Poisson,
}

/// One kind of request.
#[derive(Clone, Debug)]
pub struct Request {
    /// The endpoint's name in every report; unique.
    pub name: String,
    /// Upper case: `GET`, `POST`, …
    pub method: String,
    /// Path and query, starting with `/`, the target's prefix included.
    pub path: String,
    /// Headers, names in lower case, beside the target's, which they replace where they have the
    /// same name.
    pub headers: Vec<(String, String)>,
    /// The body, with the content type that goes with it unless a header says otherwise.
    pub body: Option<Body>,
    /// Its share among the requests; at least 1.
    pub weight: u32,
    /// What makes an answer good.
    pub expect: Expect,
    /// The index of the endpoint it is counted under.
    pub endpoint: usize,
    /// The parts that are written anew each time; `None` where nothing in the request changes.
    pub live: Option<scenario::Live>,
    /// The gRPC method that is called, where one is.
    pub call: Option<Call>,
    /// How it is more than one answer: a stream of events, a WebSocket.
    pub stream: Option<Stream>,
    /// Whose token it shows, where an authorization server gives one.
    pub grant: Option<Grant>,
    /// How many redirects are followed, at most.
    pub follow: u8,
}

/// A call of a gRPC method with one message each way; the request's body is the message as JSON.
#[derive(Clone, Debug)]
pub struct Call {
    /// The method's full name: `shop.v1.Cart/Add`.
    pub method: String,
    /// The method with the shapes of its messages; `None` until the service was asked for them.
    pub shapes: Option<Method>,
    /// The message as it is written, templates included.
    pub message: serde_json::Value,
}

/// A request's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The content type that goes with it.
    pub content_type: Option<&'static str>,
}
