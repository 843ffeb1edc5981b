//! What a service and its network can do to us.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{failures, gate};
use crate::support::certs::{Issuer, Leaf};
use crate::support::gate::{Gate, undisturbed};
use crate::support::server::{Act, Script, Server, answer, ok, raw};

/// A body may be as large as this; nobody may hold one.
const CAP: u64 = 64 * 1024 * 1024;

#[test]
fn a_redirect_to_another_host_is_not_followed_either() {
    let other = Server::start(Script::new().on("/", [ok("")]));
    let location = format!("location: {}\r\n", other.url("/"));
    let server = Server::start(Script::new().on("/away", [answer(307, &location, "")]));
    let load = "rate = \"50/s\"\nduration = \"1s\"";
    gate(&server, load, &["/away"], "p50 = \"< 1s\"").undisturbed(&["run", "gate.toml"]).code(0);
    assert_eq!(other.connections(), 0);
}

#[test]
fn bodies_beyond_the_cap_are_cut_off_and_never_held() {
    let flood = Act::Flood(vec![b'x'; 64 * 1024]);
    let told = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", CAP + 1);
    let script = Script::new()
        .on("/endless", [raw("HTTP/1.1 200 OK\r\n\r\n"), flood])
        .on("/told", [raw(&told), Act::Stall])
        .on("/ok", [ok("hello")]);
    let server = Server::start(script);
    let paths = ["/endless", "/told", "/ok"].map(|path| format!("[[request]]\nget = \"{path}\"\n"));
    let gate = Gate::new(&format!(
        "[target]\nurl = \"{}\"\ntimeout = \"20s\"\n[load]\nusers = 3\nduration = \"1s\"\n{}[sla]\n\
         error_rate = \"< 1%\"\n",
        server.url(""),
        paths.concat()
    ));
    let (done, peak) = gate.start(&["run", "gate.toml"]).end_with_peak(&gate);
    done.code(1).reports();
    for path in ["/endless", "/told"] {
        assert_eq!(failures(&done, &format!("GET {path}")), ["too-large"], "{}", done.stderr);
    }
    assert!(failures(&done, "GET /ok").is_empty());
    assert!(peak > 0 && peak < CAP, "{peak} bytes of memory");
}

#[test]
fn a_compressed_answer_stays_as_it_came_over_the_wire() {
    const LARGE: usize = 32 * 1024 * 1024;
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(&vec![0; LARGE]).expect("memory takes it");
    let body = packer.finish().expect("memory takes it");
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let whole = [head.into_bytes(), body].concat();
    let size = whole.len() as u64;
    let server = Server::start(Script::new().on("/bomb", [Act::Send(whole)]));
    let load = "rate = \"20/s\"\nduration = \"1s\"";
    let gate = gate(&server, load, &["/bomb"], "error_rate = \"< 1%\"");
    let done = gate.undisturbed(&["run", "gate.toml"]);
    done.code(0);
    let verdict = done.verdict();
    let facts = &verdict["facts"]["endpoints"][0];
    let count = facts["count"].as_u64().expect("a count");
    assert_eq!(facts["bytes"].as_u64(), Some(count * size), "{facts}");
    assert!(size < LARGE as u64 / 500);
    assert!(!server.heard()[0].to_lowercase().contains("accept-encoding"));
}

#[test]
fn tls_that_ends_without_a_word_matters_only_where_no_length_was_told() {
    let issuer = Issuer::new();
    let script = Script::new()
        .on("/ok", [ok("hello"), Act::Cut])
        .on("/open", [raw("HTTP/1.1 200 OK\r\n\r\nhello"), Act::Cut]);
    let server = Server::start_tls(script, issuer.server(&Leaf::loopback(), &[]));
    let gate = Gate::new(&format!(
        "[target]\nurl = \"{}\"\ntimeout = \"2s\"\ntls = {{ ca = \"ca.pem\" }}\n[load]\n\
         rate = \"40/s\"\nduration = \"1s\"\n[[request]]\nget = \"/ok\"\n[[request]]\n\
         get = \"/open\"\n[sla]\nerror_rate = \"< 1%\"\n",
        server.url("")
    ));
    let done = gate.file("ca.pem", issuer.pem()).undisturbed(&["run", "gate.toml"]);
    done.code(1);
    assert_eq!(failures(&done, "GET /open"), ["truncated"], "{}", done.stderr);
    assert!(failures(&done, "GET /ok").is_empty(), "{}", done.stderr);
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_is_resolved_once_and_an_address_where_nobody_answers_gets_no_load() {
    // Every answer ends its connection: whoever looked names up again would do so all the time.
    let script = Script::new().on("/ok", [answer(200, "connection: close\r\n", "hello")]);
    let server = Server::start(script);
    let text = format!(
        "[target]\nurl = \"http://service.test:{}\"\ntimeout = \"2s\"\n[load]\nrate = \"50/s\"\n\
         duration = \"2s\"\n[[request]]\nget = \"/ok\"\n[sla]\nerror_rate = \"< 1%\"\n",
        server.address().port()
    );
    let script = "mount --bind hosts /etc/hosts || exit 98; \"$0\" \"$@\"; code=$?\n\
                  getent hosts service.test && exit 97; exit $code";
    let gate = Gate::new(&text).with_own_mounts(script);
    let done = undisturbed(|| {
        let hosts = "127.0.0.1 service.test\n127.0.0.2 service.test\n";
        std::fs::write(gate.path("hosts"), hosts).expect("a file in a temporary directory");
        let before = server.requests();
        let mut running = gate.start(&["run", "gate.toml"]);
        running.until("the first request", |_| server.requests() > before);
        std::fs::write(gate.path("hosts"), "").expect("it is there");
        running.end(&gate)
    });
    done.code(0).says("127.0.0.2").says("no answer before the load, not used").reports();
    assert!(server.connections() > 50, "{}", server.connections());
}
