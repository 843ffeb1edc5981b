//! What users keep, and what is done with an answer: cookies, credentials, redirects, uploads.

/// What a request proves its sender by.
mod auth;
/// Cookies of users: kept, sent back, never shared.
mod cookies;

/// Values taken out of answers, by every way there is.
mod extract;
/// Redirects: followed on request, to hosts of the gate file.
mod follow;
/// Bodies of several parts.
mod multipart;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::gate::{Done, Gate};
use crate::support::serving::Serving;

/// Both load models, the second over HTTP/2.
const MODELS: [(&str, &str); 2] = [("rate = \"20/s\"", "1.1"), ("users = 3", "2")];

/// A gate file for a service: more lines of its target, its load, what is done.
fn gate(service: &Serving, target: &str, (load, http): (&str, &str), done: &str) -> String {
    format!(
        "[target]\nurl = \"http://{}\"\nhttp = \"{http}\"\n{target}\n\
         [load]\n{load}\nduration = \"600ms\"\n{done}\n[sla]\nerror_rate = \"< 1%\"\n",
        service.address()
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
fn holds(service: &Serving, target: &str, done: &str) {
    for model in MODELS {
        let text = gate(service, target, model, done);
        let ended = Gate::new(&text).undisturbed(&["run", "gate.toml"]);
        assert_eq!(examples(&ended), BTreeMap::new(), "{model:?}");
        ended.code(0);
    }
}

/// Runs a gate, and gives what its endpoints say of failures.
fn fails(service: &Serving, target: &str, done: &str) -> BTreeMap<String, Value> {
    let text = gate(service, target, MODELS[0], done);
    let ended = Gate::new(&text).undisturbed(&["run", "gate.toml"]);
    let told = examples(&ended);
    ended.code(1);
    told
}
