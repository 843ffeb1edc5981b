//! The built binary against played streams.

use std::time::Duration;

use serde_json::Value;

use crate::support::gate::{Done, Gate};
use crate::support::server::{Act, Script, Server, raw};
use crate::support::sockets::Sockets;

const PAUSE: Duration = Duration::from_millis(400);

/// Two events, each after a pause, and an end mark.
fn talking() -> Server {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n\
                transfer-encoding: chunked\r\n\r\n";
    let chunk = |text: &str| raw(&format!("{:x}\r\n{text}\r\n", text.len()));
    let acts = [
        raw(head),
        Act::Wait(PAUSE),
        chunk("data: {\"text\":\"Hel\"}\n\n"),
        Act::Wait(PAUSE),
        chunk("data: {\"text\":\"lo\"}\n\n"),
        chunk("data: [DONE]\n\n"),
        raw("0\r\n\r\n"),
    ];
    let plain = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nno";
    let endless = raw("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: 1\n\n");
    let script = Script::new().on("/chat", acts).on("/plain", [raw(plain)]);
    Server::start(script.on("/endless", [endless, Act::Stall]))
}

fn gate(server: &Server, load: &str, request: &str, sla: &str) -> Gate {
    let top = format!("[target]\nurl = \"{}\"\ntimeout = \"3s\"\n", server.url(""));
    Gate::new(&format!("{top}[load]\n{load}\n[[request]]\n{request}\n[sla]\n{sla}\n"))
}

fn endpoint(done: &Done) -> Value {
    done.verdict()["facts"]["endpoints"][0].clone()
}

const CHAT: &str = "post = \"/chat\"\njson = { stream = true }\nsse = { until = \"[DONE]\", \
                    expect = { contains = \"lo\", lacks = \"error\" } }";

#[test]
fn users_that_listen_to_streams_are_judged_by_what_they_hear() {
    let server = talking();
    let sla = "first_event_p50 = \"< 2900ms\"\nevent_gap_p50 = \"< 2900ms\"\n\
               events_per_second = \"> 0.1/s\"\nerror_rate = \"< 20%\"";
    let gate = gate(&server, "users = 12\nduration = \"2s\"", CHAT, sla);
    let done = gate.undisturbed(&["run", "gate.toml"]);
    done.code(0).reports();
    let told = endpoint(&done);
    let (first, gap) = (&told["timings"]["first_event"], &told["timings"]["event_gap"]);
    assert_eq!(first["count"], told["count"]);
    assert!(first["ms"]["p50"].as_f64().is_some_and(|p50| p50 >= 400.0), "{first}");
    assert!(gap["count"].as_u64().is_some_and(|count| count > 10), "{gap}");
    assert!(told["latency_ms"]["p50"].as_f64().is_some_and(|p50| p50 >= 800.0), "{told}");
    let rate = told["events_per_second"].as_f64().expect("a rate");
    assert!((0.1..60.0).contains(&rate), "{rate}");
    assert!(server.connections() < 36, "{} connections", server.connections());
    let accepts = server.heard().iter().any(|head| head.contains("accept: text/event-stream\r\n"));
    assert!(accepts);
}

#[test]
fn arrivals_that_listen_to_streams_fail_the_gate_by_a_slow_first_event() {
    let sla = "first_event_p50 = \"< 390ms\"\nerror_rate = \"< 50%\"";
    let load = "rate = \"20/s\"\nduration = \"2s\"";
    let done = gate(&talking(), load, CHAT, sla).undisturbed(&["run", "gate.toml"]);
    done.code(1).says("first_event_p50").reports();
    assert!(done.file("summary.md").contains("first event: p50"));
    assert!(done.file("run.json").contains("\"event_gap\""));
}

#[test]
fn a_stream_without_end_and_a_text_that_is_none_fail() {
    let load = "rate = \"10/s\"\nduration = \"2s\"";
    let sla = "error_rate = \"< 1%\"";
    let server = talking();
    let endless = "get = \"/endless\"\nsse = true";
    let done = gate(&server, load, endless, sla).undisturbed(&["run", "gate.toml"]);
    done.code(1).says("timeout: the stream had not ended at the deadline");
    assert_eq!(endpoint(&done)["timings"]["first_event"]["ms"]["p50"], Value::Null);
    let plain = "get = \"/plain\"\nsse = true";
    let done = gate(&server, load, plain, sla).undisturbed(&["run", "gate.toml"]);
    done.code(1).says("expectation: header content-type contains");
}

const TALK: &str = "ws = \"/chat\"\ntalk = [{ expect = { contains = \"welcome\" } }, \
                    { json = { n = 2 }, expect = { json = { \"$.n\" = 2 } }, within = \"5s\" }]";

fn talking_gate(server: &Sockets, load: &str, request: &str, sla: &str) -> Gate {
    let top = format!("[target]\nurl = \"http://{}\"\n", server.address());
    Gate::new(&format!("{top}[load]\n{load}\n[[request]]\n{request}\n[sla]\n{sla}\n"))
}

#[test]
fn users_and_arrivals_talk_over_web_sockets_of_their_own() {
    let sla = "ws_connect_p50 = \"< 5s\"\nws_round_trip_p50 = \"< 5s\"\nerror_rate = \"< 20%\"";
    for load in ["users = 3\nduration = \"2s\"", "rate = \"15/s\"\nduration = \"2s\""] {
        let server = Sockets::start();
        let done = talking_gate(&server, load, TALK, sla).undisturbed(&["run", "gate.toml"]);
        done.code(0).reports();
        let told = endpoint(&done);
        assert_eq!(told["name"], "WS /chat");
        let (opened, trip) = (&told["timings"]["ws_connect"], &told["timings"]["ws_round_trip"]);
        assert_eq!(opened["count"], told["count"], "{load}");
        assert!(trip["ms"]["p50"].as_f64().is_some_and(|p50| p50 >= 60.0), "{trip}");
        assert_eq!(told["statuses"]["101"], told["count"]);
        // One connection for each, and one more to see that somebody is there.
        let asked = server.heads().len() as u64;
        assert!(server.connections() <= asked + 3, "{} of {asked}", server.connections());
    }
}

#[test]
fn a_web_socket_that_is_closed_in_the_middle_fails_the_gate_and_says_so() {
    let server = Sockets::start();
    let load = "rate = \"10/s\"\nduration = \"2s\"";
    let request = "ws = \"/closes\"\ntalk = [{ send = \"hello\" }]";
    let sla = "ws_round_trip_p50 = \"< 5s\"";
    let done = talking_gate(&server, load, request, sla).undisturbed(&["run", "gate.toml"]);
    done.code(1).says("the server closed the WebSocket (code");
    assert!(!done.stderr.contains("secret"));
}
