//! TLS: whom we trust, and what goes wrong.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use loadgate::load::probe::{Hub, Probe};
use loadgate::load::wire::{HttpWire, Unreachable};
use loadgate::plan::{Drive, Http, Tls};
use loadgate::sample::{End, Failure};

use super::{PATIENCE, drive, example, fire_all, get, hub, run};
use crate::support::certs::{Issuer, Leaf, self_signed};
use crate::support::server::{Act, Script, Server, ok, raw};

/// A load on `localhost` over TLS.
fn secure(address: SocketAddr, tls: Tls) -> Drive {
    let mut drive = drive("localhost", address.port(), vec![get("/ok")]);
    (drive.target.secure, drive.target.tls) = (true, tls);
    drive
}

fn trusting(pem: Vec<u8>) -> Tls {
    Tls { ca: Some(pem), ..Tls::default() }
}

fn insecure() -> Tls {
    Tls { insecure: true, ..Tls::default() }
}

fn knock(server: &Server, tls: Tls) -> Result<(), Unreachable> {
    let drive = secure(server.address(), tls);
    let mut wire = HttpWire::prepare(&drive, &[server.address()]).expect("the load is fit");
    run(wire.knock())
}

/// How requests end one after the other, and why.
fn ends(server: &Server, tls: Tls, requests: usize) -> (Vec<End>, String) {
    let drive = secure(server.address(), tls);
    run(async {
        let hub = hub(&drive, server.address());
        let answers = fire_all(&hub, &vec![0; requests], PATIENCE).await;
        (answers.iter().map(|answer| answer.end).collect(), example(&hub))
    })
}

fn plain_script() -> Script {
    Script::new().on("/ok", [ok("hello")])
}

#[test]
fn a_target_is_trusted_by_the_authority_of_the_gate_file() {
    let issuer = Issuer::new();
    let server =
        Server::start_tls(plain_script(), issuer.server(&Leaf::loopback(), &[b"http/1.1"]));
    assert_eq!(knock(&server, trusting(issuer.pem())), Ok(()));
    let (ends, why) = ends(&server, trusting(issuer.pem()), 3);
    assert_eq!(ends, [End::Good(200); 3], "{why}");
    assert_eq!((server.connections(), server.hits("/ok")), (2, 3), "the knock has its own");
}

#[test]
fn faults_of_certificates_are_told_apart() {
    let (issuer, other) = (Issuer::new(), Issuer::new());
    let expired = Leaf { expired: true, ..Leaf::loopback() };
    let (own, _) = self_signed(&Leaf::loopback(), false);
    let (own_authority, _) = self_signed(&Leaf::loopback(), true);
    let alpn: &[&[u8]] = &[];
    for (config, words) in [
        (issuer.server(&expired, alpn), "expired"),
        (issuer.server(&Leaf::of(&["shop.example"]), alpn), "for another host name: DnsName"),
        (other.server(&Leaf::loopback(), alpn), "unknown authority"),
        (own, "self-signed"),
        (own_authority, "self-signed"),
    ] {
        let server = Server::start_tls(plain_script(), config);
        let fault = knock(&server, trusting(issuer.pem())).expect_err(words);
        assert_eq!(fault.why, Failure::Tls, "{fault}");
        assert!(fault.what.contains(words), "{words}: {fault}");
        assert!(fault.what.starts_with("http://localhost:"), "{fault}");
        assert_eq!(knock(&server, insecure()), Ok(()), "insecure takes them all: {words}");
        let (ends, example) = ends(&server, trusting(issuer.pem()), 1);
        assert_eq!(ends, [End::Failed { why: Failure::Tls, status: None }]);
        assert!(example.contains(words), "{example}");
    }
}

#[test]
fn without_an_authority_of_its_own_the_gate_trusts_the_system() {
    let issuer = Issuer::new();
    let server = Server::start_tls(plain_script(), issuer.server(&Leaf::loopback(), &[]));
    let fault = knock(&server, Tls::default()).expect_err("the system does not know this one");
    assert!(fault.what.contains("unknown authority"), "{fault}");
}

#[test]
fn a_self_signed_certificate_is_trusted_where_the_gate_file_names_it() {
    for authority in [false, true] {
        let (config, pem) = self_signed(&Leaf::loopback(), authority);
        let server = Server::start_tls(plain_script(), config);
        assert_eq!(knock(&server, trusting(pem)), Ok(()), "marked as authority: {authority}");
        let (config, pem) = self_signed(&Leaf::of(&["shop.example"]), authority);
        let server = Server::start_tls(plain_script(), config);
        let fault = knock(&server, trusting(pem)).expect_err("for another host");
        assert!(fault.what.contains("another host name"), "{fault}");
    }
}

#[test]
fn a_target_that_wants_a_client_certificate_says_so_before_the_load() {
    let issuer = Issuer::new();
    let server = Server::start_tls(plain_script(), issuer.strict_server());
    let fault = knock(&server, trusting(issuer.pem())).expect_err("no certificate");
    assert_eq!(fault.why, Failure::Tls);
    assert!(fault.what.contains("set `tls.cert` and `tls.key`"), "{fault}");
    let tls = Tls { identity: Some(issuer.identity()), ..trusting(issuer.pem()) };
    assert_eq!(knock(&server, tls.clone()), Ok(()));
    let (ends, why) = ends(&server, tls, 2);
    assert_eq!(ends, [End::Good(200); 2], "{why}");
}

#[test]
fn a_handshake_that_stalls_ends_at_the_deadline() {
    let server = Server::start(Script::new().greet([Act::Stall]));
    let drive = secure(server.address(), insecure());
    run(async {
        let hub = hub(&drive, server.address());
        let begun = Instant::now();
        let opened = hub.probe().open(begun + Duration::from_millis(100)).await;
        assert_eq!(opened, Err(Failure::Tls));
        assert!(begun.elapsed() < PATIENCE / 2);
        fire_all(&hub, &[0], Duration::from_millis(50)).await;
        let example = example(&hub);
        assert!(example.starts_with("the TLS handshake stalled; given up after "), "{example}");
    });
}

#[test]
fn a_handshake_that_breaks_off_is_a_fault_of_tls() {
    for (act, words) in [
        (Act::Reset, "closed the connection inside the TLS handshake"),
        (Act::Close, "closed the connection inside the TLS handshake"),
        (raw("HTTP/1.1 400 Bad Request\r\n\r\n"), "does not speak TLS on this port"),
    ] {
        let server = Server::start(Script::new().greet([
            Act::Wait(Duration::from_millis(30)),
            act,
            Act::Close,
        ]));
        let (ends, example) = ends(&server, insecure(), 1);
        assert_eq!(ends, [End::Failed { why: Failure::Tls, status: None }], "{example}");
        assert!(example.contains(words), "{example}");
    }
}

#[test]
fn plain_requests_to_a_port_that_speaks_tls_are_told_as_such() {
    let issuer = Issuer::new();
    let server = Server::start_tls(plain_script(), issuer.server(&Leaf::loopback(), &[]));
    let mut drive = secure(server.address(), Tls::default());
    drive.target.secure = false;
    run(async {
        let hub = hub(&drive, server.address());
        fire_all(&hub, &[0], PATIENCE).await;
        assert_eq!(example(&hub), "TLS came: is the target https://?");
    });
}

#[test]
fn a_connection_cut_without_close_notify_matters_only_where_no_length_was_told() {
    let open = "HTTP/1.1 200 OK\r\n\r\nhello";
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello";
    let truncated = End::Failed { why: Failure::Truncated, status: Some(200) };
    for (name, acts, end) in [
        ("length told, cut", vec![ok("hello"), Act::Cut], End::Good(200)),
        ("no length, closed", vec![raw(open), Act::Close], End::Good(200)),
        ("no length, cut", vec![raw(open), Act::Cut], truncated),
        ("half, closed", vec![raw(half), Act::Close], truncated),
        ("half, cut", vec![raw(half), Act::Cut], truncated),
    ] {
        let issuer = Issuer::new();
        let config = issuer.server(&Leaf::loopback(), &[]);
        let server = Server::start_tls(Script::new().on("/ok", acts), config);
        let (ends, example) = ends(&server, trusting(issuer.pem()), 1);
        assert_eq!(ends, [end], "{name}: {example}");
    }
}

#[test]
fn the_kept_connection_of_a_tls_target_is_opened_again_and_resumed() {
    let issuer = Issuer::new();
    let turns = vec![vec![ok("")], vec![Act::Cut], vec![ok(""), Act::Close], vec![ok("")]];
    let config = issuer.server(&Leaf::loopback(), &[]);
    let server = Server::start_tls(Script::new().turns("/ok", turns), config);
    let (ends, example) = ends(&server, trusting(issuer.pem()), 3);
    assert_eq!(ends, [End::Good(200); 3], "{example}");
    assert_eq!(server.connections(), 3);
}

#[test]
fn http_2_by_alpn_is_chosen_missed_or_done_without() {
    let issuer = Issuer::new();
    let old = Server::start_tls(plain_script(), issuer.server(&Leaf::loopback(), &[b"http/1.1"]));
    let silent = Server::start_tls(plain_script(), issuer.server(&Leaf::loopback(), &[]));
    for server in [&old, &silent] {
        let mut drive = secure(server.address(), trusting(issuer.pem()));
        drive.target.http = Http::Auto;
        let mut wire = HttpWire::prepare(&drive, &[server.address()]).expect("fit");
        run(wire.knock()).expect("HTTP/1.1 will do");
        assert!(!wire.speaks_two());
        drive.target.http = Http::Two;
        let mut wire = HttpWire::prepare(&drive, &[server.address()]).expect("fit");
        let fault = run(wire.knock()).expect_err("HTTP/2 was asked for");
        assert_eq!(fault.why, Failure::Tls);
        assert!(fault.what.contains("ALPN") && fault.what.contains("auto"), "{fault}");
    }
}

#[test]
fn files_that_hold_no_certificate_or_key_are_told_by_their_key() {
    let identity = Issuer::new().identity();
    let other = Issuer::new().identity();
    let with = |cert: &[u8], key: &[u8]| {
        let identity = loadgate::plan::Identity { cert: cert.to_vec(), key: key.to_vec() };
        Tls { identity: Some(identity), ..insecure() }
    };
    for (tls, words) in [
        (trusting(b"nothing".to_vec()), "`tls.ca` holds no certificate in PEM"),
        (trusting(identity.key.clone()), "`tls.ca` holds no certificate in PEM"),
        (with(b"", &identity.key), "`tls.cert` holds no certificate in PEM"),
        (with(&identity.cert, &identity.cert), "`tls.key` holds no private key in PEM"),
        (with(&identity.cert, &other.key), "`tls.cert` and `tls.key`: "),
    ] {
        let drive = secure(SocketAddr::from(([127, 0, 0, 1], 1)), tls);
        let unfit = HttpWire::prepare(&drive, &[]).err().expect(words).to_string();
        assert!(unfit.starts_with(words), "{unfit}");
    }
}

#[test]
fn threads_share_one_configuration() {
    let issuer = Issuer::new();
    let server = Server::start_tls(plain_script(), issuer.server(&Leaf::loopback(), &[]));
    let drive = secure(server.address(), trusting(issuer.pem()));
    let wire = Arc::new(HttpWire::prepare(&drive, &[server.address()]).expect("fit"));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let wire = HttpWire::clone(&wire);
                run(async move {
                    use loadgate::load::probe::Wire;
                    let answers = fire_all(&wire.hub(), &[0], PATIENCE).await;
                    assert_eq!(answers[0].end, End::Good(200));
                });
            });
        }
    });
}
