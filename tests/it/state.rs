//! What users keep, and what is done with an answer: cookies, credentials, redirects, uploads.

/// What a request proves its sender by.
mod auth;
/// Cookies of users: kept, sent back, never shared.
mod cookies;

/// Redirects: followed on request, to hosts of the gate file.
mod follow;
/// Bodies of several parts.
mod multipart;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::thread::JoinHandle;

use axum::Router;
use serde_json::Value;
use tokio::sync::oneshot;

use crate::support::gate::{Done, Gate};

/// A running service.
struct Service {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Service {
    fn start(router: Router) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
        listener.set_nonblocking(true).expect("a socket can be made non-blocking");
        let address = listener.local_addr().expect("a listener has an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime for the server").block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a runtime");
                tokio::select! {
                    served = axum::serve(listener, router) => served.expect("the server runs"),
                    _ = stopped => {}
                }
            });
        });
        Self { address, stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Both load models, the second over HTTP/2.
const MODELS: [(&str, &str); 2] = [("rate = \"20/s\"", "1.1"), ("users = 3", "2")];

/// A gate file for a service: more lines of its target, its load, what is done.
fn gate(service: &Service, target: &str, (load, http): (&str, &str), done: &str) -> String {
    format!(
        "[target]\nurl = \"http://{}\"\nhttp = \"{http}\"\n{target}\n\
         [load]\n{load}\nduration = \"600ms\"\n{done}\n[sla]\nerror_rate = \"< 1%\"\n",
        service.address
    )
}

/// The run that a gate left, and what its endpoints say of failures.
fn examples(done: &Done) -> BTreeMap<String, Value> {
    let run: Value = serde_json::from_str(&done.file("run.json")).expect("run.json is JSON");
    let endpoints = run["endpoints"].as_array().expect("endpoints");
    let named = endpoints.iter().map(|one| {
        let name = one["name"].as_str().expect("a name").to_owned();
        (name, one["examples"].clone())
    });
    named.filter(|(_, examples)| !examples.is_null()).collect()
}

/// Runs a gate in both models, and expects that all went well.
fn holds(service: &Service, target: &str, done: &str) {
    for model in MODELS {
        let text = gate(service, target, model, done);
        let ended = Gate::new(&text).undisturbed(&["run", "gate.toml"]);
        assert_eq!(examples(&ended), BTreeMap::new(), "{model:?}");
        ended.code(0);
    }
}

/// Runs a gate, and gives what its endpoints say of failures.
fn fails(service: &Service, target: &str, done: &str) -> BTreeMap<String, Value> {
    let text = gate(service, target, MODELS[0], done);
    let ended = Gate::new(&text).undisturbed(&["run", "gate.toml"]);
    let told = examples(&ended);
    ended.code(1);
    told
}
