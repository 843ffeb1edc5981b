//! Names, addresses, and whether anybody is there.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use loadgate::load::probe::{Hub, Probe, Wire};
use loadgate::load::wire::address::forbidden;
use loadgate::load::wire::{HttpWire, Unreachable, fault, resolve};
use loadgate::plan::Http;
use loadgate::sample::Failure;
use tokio::net::TcpSocket;

use super::{PATIENCE, drive, drive_at, example, fire_all, get, hub, run, why};
use crate::support::server::{Script, Server, ok, raw};

fn resolved(host: &str) -> Result<Vec<SocketAddr>, Unreachable> {
    run(resolve(&drive(host, 80, vec![get("/")]).target))
}

/// An address at which nobody listens, and nobody can while it is kept.
struct Closed(TcpSocket);

impl Closed {
    fn new() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(([127, 0, 0, 1], 0).into()).expect("a port on loopback");
        Self(socket)
    }

    fn address(&self) -> SocketAddr {
        self.0.local_addr().expect("it is bound")
    }
}

#[test]
fn a_name_that_does_not_exist_is_a_fault_of_dns() {
    let fault = resolved("no-such-host.invalid").expect_err("it does not exist");
    assert_eq!(fault.why, Failure::Dns);
    assert!(fault.what.contains("no-such-host.invalid"), "{fault}");
}

#[test]
fn addresses_resolve_to_themselves() {
    let addresses = resolved("127.0.0.1").expect("no resolver is needed");
    assert_eq!(addresses, [SocketAddr::from(([127, 0, 0, 1], 80))]);
    assert!(resolved("localhost").is_ok_and(|all| all.iter().all(|one| one.ip().is_loopback())));
}

#[test]
fn some_addresses_never_get_load() {
    for (address, kind) in [
        ("169.254.169.254", "metadata"),
        ("::ffff:169.254.169.254", "metadata"),
        ("::169.254.169.254", "metadata"),
        ("::ffff:0:169.254.169.254", "metadata"),
        ("64:ff9b::a9fe:a9fe", "metadata"),
        ("2002:a9fe:a9fe::1", "metadata"),
        ("fd00:ec2::254", "metadata"),
        ("100.100.100.200", "metadata"),
        ("168.63.129.16", "metadata"),
        ("192.0.0.192", "metadata"),
        ("169.254.0.1", "link-local"),
        ("169.254.170.2", "link-local"),
        ("::ffff:169.254.1.1", "link-local"),
        ("fe80::1", "link-local"),
        ("febf::1", "link-local"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.250", "multicast"),
        ("ff02::1", "multicast"),
        ("ff0e::1", "multicast"),
        ("::ffff:224.0.0.1", "multicast"),
        ("255.255.255.255", "broadcast"),
        ("::ffff:255.255.255.255", "broadcast"),
        ("0.0.0.0", "unspecified"),
        ("0.1.2.3", "unspecified"),
        ("::", "unspecified"),
        ("::ffff:0.0.0.0", "unspecified"),
    ] {
        let parsed: IpAddr = address.parse().expect("an address");
        assert!(forbidden(parsed).is_some_and(|what| what.contains(kind)), "{address}");
        let fault = resolved(address).expect_err("it never gets load");
        assert!(fault.what.contains(kind) && fault.what.contains("never"), "{fault}");
    }
    for address in ["127.0.0.1", "10.0.0.1", "192.168.1.1", "172.17.0.1", "100.64.0.1", "8.8.8.8"] {
        assert_eq!(forbidden(address.parse().expect("an address")), None, "{address}");
    }
    for address in ["::1", "fd00::1", "2001:db8::1", "::ffff:127.0.0.1", "fc00:ec2::254"] {
        assert_eq!(forbidden(address.parse().expect("an address")), None, "{address}");
    }
}

#[test]
fn no_spelling_of_an_address_gets_around_that() {
    // Decimal, hexadecimal, octal, short: what the resolver makes of it is what is looked at.
    for host in ["2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "0", "0x0"] {
        let fault = resolved(host).expect_err("never load, whether it resolves or not");
        assert!(fault.what.contains("never") || fault.why == Failure::Dns, "{host}: {fault}");
    }
}

#[test]
fn a_knock_at_a_closed_port_fails_fast_and_says_so() {
    let closed = Closed::new();
    let address = closed.address();
    let mut wire = HttpWire::prepare(&drive_at(address, vec![get("/")]), &[address]).expect("fit");
    let begun = Instant::now();
    let fault = run(wire.knock()).expect_err("nobody listens");
    assert_eq!(fault.why, Failure::Connect);
    assert_eq!(fault.what, format!("http://{address}: connection refused"));
    assert!(begun.elapsed() < PATIENCE / 2);
}

#[test]
fn a_knock_leaves_out_addresses_where_nobody_answers() {
    let server = Server::start(Script::new().on("/", [ok("")]));
    let closed = Closed::new();
    let addresses = [closed.address(), server.address()];
    let drive = drive_at(server.address(), vec![get("/")]);
    let mut wire = HttpWire::prepare(&drive, &addresses).expect("fit");
    run(async {
        wire.knock().await.expect("one address answers");
        let hub = wire.clone().hub();
        for _ in 0..3 {
            let answers = fire_all(&hub, &[0], PATIENCE).await;
            assert_eq!(why(&answers[0]), None);
        }
    });
    let reached = wire.reached();
    assert_eq!((reached[0].used, reached[1].used), (false, true));
    assert_eq!((reached[1].tried, reached[1].failed), (3, 0), "the knock is not counted");
    assert!(reached[0].to_string().ends_with("no answer before the load, not used"));
    assert!(reached[1].to_string().ends_with("0 of 3 connections failed"));
}

#[test]
fn addresses_take_turns_and_failures_are_counted_for_each() {
    let servers = [(); 2].map(|()| Server::start(Script::new().on("/", [ok("")])));
    let closed = Closed::new();
    let addresses = [servers[0].address(), closed.address(), servers[1].address()];
    let drive = drive_at(addresses[0], vec![get("/")]);
    let wire = HttpWire::prepare(&drive, &addresses).expect("fit");
    run(async {
        let hub = wire.clone().hub();
        let mut failed = 0;
        for _ in 0..6 {
            let mut probe = hub.probe();
            let opened = probe.open(Instant::now() + PATIENCE).await;
            assert!(matches!(opened, Ok(_) | Err(Failure::Connect)), "{opened:?}");
            failed += u32::from(opened.is_err());
            assert_eq!(probe.is_open(), opened.is_ok());
            let again = probe.open(Instant::now() + PATIENCE).await;
            assert!(opened.is_err() || again == Ok(Duration::ZERO));
        }
        assert!(failed >= 2);
    });
    let reached = wire.reached();
    assert!(reached.iter().all(|door| door.tried >= 2), "{reached:?}");
    assert_eq!(reached[1].failed, reached[1].tried);
    assert_eq!((reached[0].failed, reached[2].failed), (0, 0));
}

#[test]
fn a_request_that_cannot_connect_has_its_class_and_times() {
    let closed = Closed::new();
    let address = closed.address();
    let drive = drive_at(address, vec![get("/")]);
    run(async {
        let hub = hub(&drive, address);
        let answers = fire_all(&hub, &[0], PATIENCE).await;
        assert_eq!(why(&answers[0]), Some(Failure::Connect));
        assert_eq!((answers[0].sent, answers[0].bytes), (answers[0].done, 0));
        assert_eq!(example(&hub), "connection refused");
    });
}

#[test]
fn a_server_that_speaks_no_http_2_is_told_before_the_load() {
    let server = Server::start(Script::new().greet([raw("HTTP/1.1 400 Bad Request\r\n\r\n")]));
    let mut drive = drive_at(server.address(), vec![get("/")]);
    drive.target.http = Http::Two;
    let mut wire = HttpWire::prepare(&drive, &[server.address()]).expect("fit");
    let fault = run(wire.knock()).expect_err("no HTTP/2");
    assert_eq!(fault.why, Failure::Malformed, "{fault}");
    assert!(fault.what.contains("not HTTP/2"), "{fault}");
}

#[test]
fn errors_of_the_system_have_their_class() {
    let local = |code| fault::ours(&io::Error::from_raw_os_error(code)).map(|fault| fault.why);
    if cfg!(target_os = "linux") {
        assert_eq!(local(24), Some(Failure::LocalFd), "EMFILE");
        assert_eq!(local(23), Some(Failure::LocalFd), "ENFILE");
        assert_eq!(local(99), Some(Failure::LocalPort), "EADDRNOTAVAIL");
        assert_eq!(local(111), None, "ECONNREFUSED");
        let connecting = |code| fault::connecting(&io::Error::from_raw_os_error(code)).why;
        assert_eq!(connecting(24), Failure::LocalFd);
        assert_eq!(connecting(111), Failure::Connect);
        assert_eq!(connecting(113), Failure::Connect, "EHOSTUNREACH");
    }
    for kind in [
        io::ErrorKind::ConnectionReset,
        io::ErrorKind::BrokenPipe,
        io::ErrorKind::ConnectionAborted,
        io::ErrorKind::TimedOut,
    ] {
        assert_eq!(fault::exchanging(&kind.into()).why, Failure::Reset, "{kind}");
    }
}
