//! One request against servers that do everything a server can do to a client.

/// The fault server itself does what its script says.
mod played;
/// HTTP/1.1: what a server can do to an exchange.
mod exchange;
/// HTTP/1.1 answers read the same however they are cut, and nothing makes the reader panic.
mod framing;
/// What is written: lines, headers, bodies.
mod written;
/// What is expected of an answer, and the words for what was not met.
mod expected;
/// Names, addresses, and whether anybody is there.
mod reached;
/// Addresses that never get load.
mod addresses;
/// TLS: whom we trust, and what goes wrong.
mod secure;
/// A request that opens a WebSocket.
mod sockets;
/// A request whose answer is a stream of events.
mod streams;
/// HTTP/2 on shared connections.
mod two;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use loadgate::load::probe::{Answer, Hub, Probe, Wire};
use loadgate::load::wire::{HttpHub, HttpWire};
use loadgate::plan::profile::{Profile, Stage};
use loadgate::plan::{Arrivals, Drive, Expect, Http, Load, Proof, Request, Target, Tls};
use loadgate::run::Model;
use loadgate::sample::{End, Failure};
use loadgate::shard::Shard;

/// Long enough for a busy machine; a test that waits for it has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// `GET` of a path, good below 400.
fn get(path: &str) -> Request {
    Request {
        name: format!("GET {path}"),
        method: "GET".to_owned(),
        path: path.to_owned(),
        headers: Vec::new(),
        body: None,
        weight: 1,
        expect: Expect::default(),
        endpoint: 0,
        live: None,
        call: None,
        stream: None,
        grant: None,
        follow: 0,
    }
}

/// Each request an endpoint of its own.
fn numbered(mut requests: Vec<Request>) -> Vec<Request> {
    for (at, request) in requests.iter_mut().enumerate() {
        request.endpoint = at;
    }
    requests
}

/// A load of these requests on that host and port; its profile does not matter here.
fn drive(host: &str, port: u16, requests: Vec<Request>) -> Drive {
    let stage = Stage { name: None, duration: PATIENCE, from: 1, to: 1 };
    Drive {
        target: Target {
            secure: false,
            host: host.to_owned(),
            port,
            prefix: String::new(),
            shown: format!("http://{host}:{port}"),
            headers: Vec::new(),
            timeout: PATIENCE,
            ready: None,
            tls: Tls::default(),
            http: Http::One,
            also: Vec::new(),
            proof: Proof::default(),
        },
        load: Load {
            profile: Profile { model: Model::Closed, stages: vec![stage] },
            warm_up: Duration::ZERO,
            arrivals: Arrivals::Even,
            max_in_flight: 1,
            connections: 1,
            threads: None,
            streams: 10,
            seed: None,
            shard: Shard::ALONE,
            abort_after: PATIENCE,
        },
        endpoints: requests.iter().map(|request| request.name.clone()).collect(),
        requests: numbered(requests),
        scenarios: Vec::new(),
    }
}

/// The same load on a server that listens there.
fn drive_at(address: SocketAddr, requests: Vec<Request>) -> Drive {
    drive(&address.ip().to_string(), address.port(), requests)
}

/// A runtime as a load thread has it.
fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(future)
}

/// The hub of a load, without a knock before.
fn hub(drive: &Drive, address: SocketAddr) -> HttpHub {
    HttpWire::prepare(drive, &[address]).expect("the load is fit").hub()
}

/// Fires the requests of a load one after the other on one probe: what came back, and the examples
/// of failures.
async fn fire_all(hub: &HttpHub, order: &[usize], timeout: Duration) -> Vec<Answer> {
    let mut probe = hub.probe();
    let mut answers = Vec::new();
    for &request in order {
        answers.push(probe.fire(request, Instant::now() + timeout).await);
    }
    answers
}

/// Why a request failed; `None` if it did not.
fn why(answer: &Answer) -> Option<Failure> {
    match answer.end {
        End::Good(_) => None,
        End::Failed { why, .. } => Some(why),
    }
}

/// The example of a failure, whatever its class.
fn example(hub: &HttpHub) -> String {
    hub.examples().into_iter().map(|(_, _, what)| what).collect::<Vec<_>>().join("; ")
}
