//! A request that opens a WebSocket.

use std::time::Duration;

use loadgate::load::probe::{Answer, Hub, Probe};
use loadgate::metric::Timing;
use loadgate::plan::Request;
use loadgate::plan::stream::{Exchange, Said, Socket, Stream};
use loadgate::sample::{End, Failure};
use loadgate::script::template::Template;
use loadgate::tally::{Lap, Tally};

use super::{PATIENCE, drive_at, example, fire_all, get, hub, run, why};
use crate::support::server::{Script, Server, ok, raw};
use crate::support::sockets::{LATE, Sockets};

fn said(text: &str) -> Said {
    Said { contains: vec![Template::fixed(text)], ..Said::default() }
}

/// A message is sent, one that contains it is awaited.
fn ping(text: &str) -> Exchange {
    let send = Some(Template::fixed(text));
    Exchange { send, messages: 1, expect: said(text), ..Exchange::default() }
}

fn socket(path: &str, talk: Vec<Exchange>) -> Request {
    let socket = Socket { talk, ..Socket::default() };
    Request { stream: Some(Stream::Socket(socket)), ..get(path) }
}

/// One WebSocket: what came back, and why it failed.
fn called(server: &Sockets, request: Request, timeout: Duration) -> (Answer, String) {
    let drive = drive_at(server.address(), vec![request]);
    run(async {
        let hub = hub(&drive, server.address());
        let answer = fire_all(&hub, &[0], timeout).await.remove(0);
        (answer, example(&hub))
    })
}

fn trips(answer: &Answer) -> Lap {
    let mut tally = Tally::default();
    tally.time(&answer.inside.as_ref().expect("a WebSocket has times inside").timings);
    tally.lap(Timing::WsRoundTrip).cloned().unwrap_or_default()
}

#[test]
fn a_talk_is_timed_exchange_by_exchange_and_closed_in_order() {
    let server = Sockets::start();
    let greeting = Exchange { messages: 1, expect: said("welcome"), ..Exchange::default() };
    let talk = vec![greeting, ping("one"), ping("two")];
    let (answer, told) = called(&server, socket("/chat", talk), PATIENCE);
    assert_eq!((answer.end, told.as_str()), (End::Good(101), ""));
    let trips = trips(&answer);
    assert_eq!((trips.whole.count(), trips.broken.count()), (2, 0));
    assert!(trips.whole.least().is_some_and(|least| least >= LATE));
    let opened = answer.inside.as_ref().and_then(|inside| inside.came).expect("it was opened");
    assert!(opened >= answer.sent && answer.done >= opened + LATE * 2);
    assert!(answer.bytes >= 7 + 2 * 3 + 2 * 11, "{}", answer.bytes);
    assert_eq!((server.connections(), server.closed()), (1, 1));
}

#[test]
fn what_breaks_off_is_told_by_its_class_and_quotes_nothing() {
    let server = Sockets::start();
    let check = |path: &str, expected: Failure, status: Option<u16>, told: &str| {
        let (answer, words) = called(&server, socket(path, vec![ping("hello")]), PATIENCE);
        assert_eq!(answer.end, End::Failed { why: expected, status }, "{path}: {words}");
        assert_eq!(words, told, "{path}");
        let opened = answer.inside.as_ref().is_some_and(|inside| inside.came.is_some());
        assert_eq!(opened, status == Some(101), "{path}");
        assert_eq!(trips(&answer).broken.count(), u64::from(opened), "{path}");
    };
    let closed = "exchange 1: the server closed the WebSocket (code 1011)";
    check("/closes", Failure::Truncated, Some(101), closed);
    let lost = "exchange 1: the connection was lost without a close of the WebSocket";
    check("/drops", Failure::Reset, Some(101), lost);
    let frame = "exchange 1: a frame that is not as RFC 6455 has it";
    check("/garbage", Failure::Malformed, Some(101), frame);
    check("/huge", Failure::TooLarge, Some(101), "exchange 1: a message is larger than 16 MiB");
    check("/refused", Failure::Status, Some(403), "status 403, not a WebSocket");
}

#[test]
fn a_message_that_never_comes_is_waited_for_in_time() {
    let server = Sockets::start();
    let within = Some(Duration::from_millis(100));
    let silent = socket("/silent", vec![Exchange { within, ..ping("hello") }]);
    let (answer, told) = called(&server, silent, PATIENCE);
    assert_eq!(
        (why(&answer), told.as_str()),
        (Some(Failure::Timeout), "exchange 1: no message came in time")
    );
    assert!(trips(&answer).broken.least().is_some_and(|age| age >= Duration::from_millis(100)));
    let (answer, _) =
        called(&server, socket("/silent", vec![ping("a")]), Duration::from_millis(200));
    assert_eq!(why(&answer), Some(Failure::Timeout));
    let other = Exchange { expect: said("other"), within, ..ping("hello") };
    let (answer, told) = called(&server, socket("/echo", vec![other]), PATIENCE);
    assert_eq!(why(&answer), Some(Failure::Expectation));
    assert_eq!(told, "exchange 1: no message contains \"other\"");
}

#[test]
fn the_subprotocol_is_asked_for_and_must_be_chosen() {
    let server = Sockets::start();
    let asking = |path: &str| {
        let talk = vec![ping("hello")];
        let subprotocol = Some("chat.v1".to_owned());
        let socket = Socket { talk, subprotocol, ..Socket::default() };
        Request { stream: Some(Stream::Socket(socket)), ..get(path) }
    };
    let (answer, _) = called(&server, asking("/protocol"), PATIENCE);
    assert_eq!(answer.end, End::Good(101));
    assert!(server.heads()[0].contains("loadgate/"), "{:?}", server.heads());
    let (answer, told) = called(&server, asking("/echo"), PATIENCE);
    assert_eq!(why(&answer), Some(Failure::Expectation));
    assert_eq!(told, "the server did not choose the `subprotocol`");
}

#[test]
fn a_server_that_speaks_no_websocket_is_told_apart() {
    let forged = "HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                  sec-websocket-accept: forged\r\n\r\n";
    let server = Server::start(Script::new().on("/ok", [ok("")]).on("/forged", [raw(forged)]));
    let requests = vec![socket("/ok", Vec::new()), socket("/forged", Vec::new()), get("/ok")];
    let drive = drive_at(server.address(), requests);
    run(async {
        let hub = hub(&drive, server.address());
        let answers = fire_all(&hub, &[0, 1, 2], PATIENCE).await;
        let classes: Vec<_> = answers.iter().map(why).collect();
        assert_eq!(classes, [Some(Failure::Status), Some(Failure::Malformed), None]);
        assert!(!hub.probe().is_open());
    });
}
