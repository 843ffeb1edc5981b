//! The fault server itself does what its script says.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;

use crate::support::certs::{Issuer, Leaf};
use crate::support::server::{Act, Script, Server, answer, ok, raw, status};

/// Long enough for a busy machine; a test that waits for it has failed.
const PATIENCE: Duration = Duration::from_secs(20);

fn connect(server: &Server) -> TcpStream {
    reach(server).expect("the server listens")
}

fn reach(server: &Server) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(server.address())?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Sends one request and reads until the connection ends.
fn ask(server: &Server, path: &str) -> Result<String, ErrorKind> {
    let mut stream = reach(server).map_err(|error| error.kind())?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(|error| error.kind())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).map_err(|error| error.kind())?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[test]
fn a_path_is_answered_by_its_script_and_counted() {
    let server = Server::start(
        Script::new()
            .on("/ok", [ok("hello"), Act::Close])
            .on("/drip", [Act::Drip(b"slow".to_vec(), Duration::from_millis(1)), Act::Close])
            .on("/wait", [Act::Wait(Duration::from_millis(5)), raw("late"), Act::Cut])
            .turns(
                "/turns",
                [vec![status(503), Act::Close], vec![answer(201, "a: b\r\n", ""), Act::Close]],
            ),
    );
    let length = "content-length: 5\r\n\r\nhello";
    assert_eq!(ask(&server, "/ok?x=1"), Ok(format!("HTTP/1.1 200 Played\r\n{length}")));
    assert_eq!(ask(&server, "/drip"), Ok("slow".to_owned()));
    assert_eq!(ask(&server, "/wait"), Ok("late".to_owned()));
    assert!(ask(&server, "/turns").is_ok_and(|text| text.contains(" 503 ")));
    assert!(ask(&server, "/turns").is_ok_and(|text| text.contains(" 201 Played\r\na: b\r\n")));
    assert!(ask(&server, "/turns").is_ok_and(|text| text.contains(" 201 ")));
    assert_eq!((server.hits("/ok"), server.hits("/turns"), server.hits("/none")), (1, 3, 0));
    assert_eq!((server.requests(), server.connections()), (6, 6));
    assert!(server.heard()[0].starts_with("GET /ok?x=1 HTTP/1.1\r\n"));
    assert!(server.url("/ok").starts_with("http://127.0.0.1:"));
}

#[test]
fn a_reset_is_a_reset_and_a_flood_does_not_end() {
    let server = Server::start(
        Script::new().on("/reset", [Act::Reset]).on("/flood", [Act::Flood(vec![b'x'; 1000])]),
    );
    assert_eq!(ask(&server, "/reset"), Err(ErrorKind::ConnectionReset));
    let mut stream = connect(&server);
    stream.write_all(b"GET /flood HTTP/1.1\r\n\r\n").expect("the server reads");
    let mut flood = vec![0; 1_000_000];
    stream.read_exact(&mut flood).expect("it goes on and on");
}

#[test]
fn a_greeting_comes_before_any_request() {
    let server = Server::start(Script::new().greet([raw("hello"), Act::Close]));
    let mut text = String::new();
    connect(&server).read_to_string(&mut text).expect("closed in order");
    assert_eq!(text, "hello");
}

#[test]
fn an_early_answer_does_not_wait_for_the_body() {
    let server = Server::start(Script::new().on("/early", [ok(""), Act::Close]).early("/early"));
    let mut stream = connect(&server);
    stream.write_all(b"POST /early HTTP/1.1\r\ncontent-length: 9\r\n\r\n").expect("it reads");
    let mut head = [0; 12];
    stream.read_exact(&mut head).expect("an answer without our body");
    assert_eq!(&head, b"HTTP/1.1 200");
}

#[test]
fn a_stall_answers_nothing() {
    let server = Server::start(Script::new().on("/stall", [Act::Stall]));
    let mut stream = connect(&server);
    stream.set_read_timeout(Some(Duration::from_millis(50))).expect("a timeout can be set");
    stream.write_all(b"GET /stall HTTP/1.1\r\n\r\n").expect("the server reads");
    let read = stream.read(&mut [0]).map_err(|error| error.kind());
    assert!(matches!(read, Err(ErrorKind::WouldBlock | ErrorKind::TimedOut)), "{read:?}");
}

#[test]
fn a_freeze_holds_back_answers_for_its_time() {
    let lasting = Duration::from_millis(200);
    let script = Script::new().on("/ok", [ok(""), Act::Close]);
    let server = Server::start(script.freeze(Duration::ZERO, lasting));
    let begin = Instant::now();
    assert!(ask(&server, "/ok").is_ok());
    assert!(begin.elapsed() >= lasting);
    let thawed = Instant::now();
    assert!(ask(&server, "/ok").is_ok());
    assert!(thawed.elapsed() < PATIENCE / 2);
}

#[test]
fn a_server_that_goes_down_refuses_and_comes_back() {
    let script = Script::new().on("/ok", [ok(""), Act::Close]).on("/stall", [Act::Stall]);
    let server = Server::start(script.down(Duration::from_millis(30), Duration::from_millis(300)));
    assert!(ask(&server, "/ok").is_ok());
    assert!(ask(&server, "/stall").is_err(), "an open connection is reset");
    let refused = TcpStream::connect(server.address()).map_err(|error| error.kind());
    assert!(matches!(refused, Err(ErrorKind::ConnectionRefused)), "{refused:?}");
    let given_up = Instant::now() + PATIENCE;
    while ask(&server, "/ok").is_err() {
        assert!(Instant::now() < given_up, "it comes back");
        std::thread::yield_now();
    }
}

#[test]
fn behind_tls_the_same_script_is_played() {
    let issuer = Issuer::new();
    let script = Script::new().on("/ok", [ok("hello"), Act::Close]);
    let server = Server::start_tls(script, issuer.server(&Leaf::loopback(), &[b"http/1.1"]));
    let name = ServerName::try_from("localhost").expect("a name");
    let client = rustls::ClientConnection::new(issuer.client(), name).expect("a client");
    let mut stream = rustls::StreamOwned::new(client, connect(&server));
    stream.write_all(b"GET /ok HTTP/1.1\r\n\r\n").expect("the handshake succeeds");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("closed with close_notify");
    assert!(text.ends_with("hello"));
    assert!(server.url("/").starts_with("https://"));
}
