//! Users who bring values of their own to streams and WebSockets, and take some along.

use serde_json::Value;

use crate::support::certs::{Issuer, Leaf};
use crate::support::gate::{Done, Gate};
use crate::support::server::{Script, Server, ok, raw};
use crate::support::sockets::Sockets;

const ROWS: &str = "name,room\nada,blue\nbob,red\n";

/// What every step of these users does is in the words that they are told back.
const TALKER: &str = r#"
[[scenario]]
name = "talker"
data = { csv = "rows.csv", pick = "next" }
[[scenario.steps]]
ws = "/session?room={{ row.room }}"
headers = { x-user = "{{ row.name }}" }
extract.lobby = { header = "x-room" }
[[scenario.steps.talk]]
extract.id = { json = "$.id" }
extract.number = { json = "$.number" }
[[scenario.steps.talk]]
send = "{{ id }} of {{ row.name }}"
expect = { contains = "{{ id }}", lacks = "of {{ row.room }}" }
extract.word = { regex = "of ([a-z]+)" }
[[scenario.steps.talk]]
json = { n = "{{ number }}", u = "{{ row.name }}", l = "{{ lobby }}" }
expect = { json = { "$.n" = "{{ number }}", "$.u" = "{{ row.name }}", "$.l" = "lobby" } }
[[scenario.steps]]
name = "again"
ws = "/echo"
[[scenario.steps.talk]]
send = "{{ word }} was in {{ lobby }}"
extract.all = { body = true }
[[scenario.steps.talk]]
send = "<{{ all }}>"
"#;

fn gate(url: &str, more: &str, load: &str, scenario: &str) -> Gate {
    let sla = "[sla]\nerror_rate = \"< 1%\"\n";
    let load = format!("[load]\n{load}\nduration = \"900ms\"\n");
    let text = format!("[target]\nurl = \"{url}\"\n{more}\n{load}{scenario}{sla}");
    Gate::new(&text).file("rows.csv", ROWS)
}

/// The failures of a run, each with its words.
fn failures(done: &Done) -> Vec<String> {
    let run: Value = serde_json::from_str(&done.file("run.json")).expect("run.json is JSON");
    let endpoints = run["endpoints"].as_array().expect("endpoints").clone();
    let named = endpoints.iter().filter(|one| !one["examples"].is_null());
    named.map(|one| format!("{} {}", one["name"], one["examples"])).collect()
}

#[test]
fn what_is_said_on_a_web_socket_is_of_the_user_and_what_is_heard_stays_with_it() {
    for load in ["rate = \"10/s\"", "users = 2"] {
        let server = Sockets::start();
        let url = format!("http://{}", server.address());
        let done = gate(&url, "", load, TALKER).undisturbed(&["run", "gate.toml"]);
        assert_eq!(failures(&done), Vec::<String>::new(), "{load}");
        done.code(0).reports();
        let (heads, messages) = (server.heads(), server.messages());
        let both = |head: &str, room: &str, name: &str| {
            head.contains(&format!("/session?room={room} "))
                && head.contains(&format!("\"{name}\""))
        };
        assert!(heads.iter().any(|head| both(head, "blue", "ada")), "{heads:?}");
        assert!(heads.iter().any(|head| both(head, "red", "bob")), "{heads:?}");
        let of = |name: &str| messages.iter().find(|text| text.ends_with(&format!(" of {name}")));
        let [ada, bob] = ["ada", "bob"].map(|name| of(name).expect(name));
        assert!(ada.starts_with("session-") && ada[..9] != bob[..9], "{ada} {bob}");
        assert!(messages.iter().any(|text| text == "ada was in lobby"), "{messages:?}");
        assert!(messages.iter().any(|text| text == "<bob was in lobby>"), "{messages:?}");
        assert!(messages.iter().any(|text| text.contains("\"u\":\"ada\"")), "{messages:?}");
    }
}

#[test]
fn a_talk_is_walked_once_with_the_names_of_what_it_takes() {
    let server = Sockets::start();
    let url = format!("http://{}", server.address());
    let done = gate(&url, "", "users = 1", TALKER).run(&["run", "gate.toml", "--once"]);
    done.code(0);
    assert!(done.stdout.contains("took `lobby`, `id`, `number`, `word`"), "{}", done.stdout);
    assert!(!done.stdout.contains("ada"), "{}", done.stdout);
}

#[test]
fn a_web_socket_over_tls_is_trusted_as_the_target_is() {
    let (issuer, other) = (Issuer::new(), Issuer::new());
    let server = Sockets::start_tls(issuer.server(&Leaf::loopback(), &[b"http/1.1"]));
    let talk = "[[request]]\nws = \"/echo\"\ntalk = [{ send = \"{{ uuid() }}\" }]\n";
    let url = format!("https://localhost:{}", server.address().port());
    let told = |pem: Vec<u8>| {
        let gate = gate(&url, "tls = { ca = \"ca.pem\" }", "users = 2", talk);
        gate.file("ca.pem", pem).undisturbed(&["run", "gate.toml"])
    };
    let done = told(issuer.pem());
    assert_eq!(failures(&done), Vec::<String>::new(), "{}", done.stderr);
    done.code(0);
    told(other.pem()).code(3).says("unknown authority");
    let messages = server.messages();
    assert!(messages.len() >= 4 && messages.iter().all(|text| text.len() == 36), "{messages:?}");
    assert!(messages[0] != messages[1]);
}

/// Events with a number of their own, and one with the use of it all.
fn events(path: &str) -> Script {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-model: small\r\n\
                transfer-encoding: chunked\r\n\r\n";
    let body = "data: {\"id\":\"chat-7\",\"text\":\"red and blue\"}\n\n\
                data: {\"id\":\"chat-8\",\"usage\":null}\n\n\
                data: {\"usage\":{\"total\":42},\"done\":true}\n\n";
    let chunk = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    Script::new().on(path, [raw(head), raw(&chunk)])
}

const LISTENER: &str = r#"
[[scenario]]
name = "listener"
data = { csv = "rows.csv", pick = "next" }
[[scenario.steps]]
get = "/events?of={{ row.name }}"
[scenario.steps.sse]
until = { json = { "$.done" = true } }
expect = { contains = "{{ row.room }}" }
[scenario.steps.extract]
id = { json = "$.id" }
total = { json = "$.usage.total" }
word = { regex = "text\":\"([a-z]+)" }
model = { header = "x-model" }
status = { status = true }
first = { body = true }
gone = { json = "$.gone", default = "nothing" }
[[scenario.steps]]
name = "told"
get = "/told/{{ id }}/{{ total }}/{{ word }}/{{ model }}/{{ status }}/{{ gone }}"
headers = { x-first = "{{ first }}" }
"#;

#[test]
fn values_are_taken_out_of_the_first_event_that_has_them() {
    let told = "/told/chat-7/42/red/small/200/nothing";
    let server = Server::start(events("/events").on(told, [ok("")]));
    let done = gate(&server.url(""), "", "users = 2", LISTENER).undisturbed(&["run", "gate.toml"]);
    assert_eq!(failures(&done), Vec::<String>::new());
    done.code(0).reports();
    let first = "x-first: {\"id\":\"chat-7\",\"text\":\"red and blue\"}\r\n";
    assert!(server.heard().iter().any(|head| head.contains(first)), "{:?}", server.heard());
}

#[test]
fn a_value_that_no_event_has_fails_the_step_and_quotes_nothing() {
    let server = Server::start(events("/events"));
    let step = r#"
[[scenario]]
name = "listener"
data = { csv = "rows.csv", pick = "next" }
steps = [
  { name = "lost", get = "/events", sse = true, extract.id = { json = "$.lost" } },
]
[[scenario]]
name = "other"
data = { csv = "rows.csv", pick = "next" }
steps = [
  { name = "other words", get = "/events", sse = { expect = { contains = "{{ row.name }}" } } },
]
"#;
    let done = gate(&server.url(""), "", "users = 2", step).run(&["run", "gate.toml"]);
    let lost = r#""lost" {"expectation":"extract.id: no event has it"}"#;
    let other = r#""other words" {"expectation":"no event contains \"{{ row.name }}\""}"#;
    assert_eq!(failures(&done), [lost, other]);
}
