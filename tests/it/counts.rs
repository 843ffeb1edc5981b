//! Every request is counted once, on the built binary: what the service saw is what is reported.

use super::support::gate::{Done, Gate};
use super::support::server::{Act, Script, Server, ok, raw, status};

fn sent(done: &Done) -> u64 {
    done.verdict()["facts"]["sent"].as_u64().expect("a count of requests")
}

/// All requests of all endpoints, as their failures and answers are judged.
fn judged(done: &Done) -> u64 {
    let verdict = done.verdict();
    let endpoints = verdict["facts"]["endpoints"].as_array().expect("an array of endpoints");
    endpoints.iter().map(|facts| facts["count"].as_u64().expect("a count")).sum()
}

#[test]
fn what_the_service_saw_is_what_is_reported_in_both_models_and_at_the_end() {
    let half = raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf");
    for load in ["rate = \"200/s\"\nduration = \"1s\"", "users = 8\nduration = \"1s\""] {
        let script = Script::new()
            .on("/ok", [ok("hello")])
            .on("/failed", [status(503)])
            .on("/stalled", [Act::Stall])
            .on("/reset", [half.clone(), Act::Reset])
            .on("/cut", [half.clone(), Act::Close]);
        let server = Server::start(script);
        let requests: Vec<String> = ["/ok", "/failed", "/stalled", "/reset", "/cut"]
            .iter()
            .map(|path| format!("[[request]]\nget = \"{path}\"\n"))
            .collect();
        let done = Gate::new(&format!(
            "[target]\nurl = \"{}\"\ntimeout = \"300ms\"\n[load]\n{load}\n{}[sla]\n\
             p50 = \"< 1s\"\n",
            server.url(""),
            requests.concat()
        ))
        .go();
        assert!(sent(&done) > 20, "{}", done.stderr);
        assert_eq!(sent(&done), server.requests(), "{load}");
        assert_eq!(judged(&done), server.requests(), "{load}");
    }
}
