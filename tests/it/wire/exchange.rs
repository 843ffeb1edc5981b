//! HTTP/1.1: what a server can do to an exchange.

use std::time::{Duration, Instant};

use loadgate::load::probe::{Hub, Probe};
use loadgate::plan::Body;
use loadgate::sample::{End, Failure};

use super::{PATIENCE, drive_at, example, fire_all, get, hub, run, why};
use crate::support::server::{Act, Script, Server, answer, ok, raw, status};

/// Short enough to wait for.
const SHORT: Duration = Duration::from_millis(150);

/// How one `GET` of a path ends on a new connection: class and words.
fn end(acts: impl Into<Vec<Act>>) -> (End, String) {
    let server = Server::start(Script::new().on("/x", acts));
    let drive = drive_at(server.address(), vec![get("/x")]);
    run(async {
        let hub = hub(&drive, server.address());
        let answers = fire_all(&hub, &[0], PATIENCE).await;
        (answers[0].end, example(&hub))
    })
}

fn failed(why: Failure, status: Option<u16>) -> End {
    End::Failed { why, status }
}

fn check(name: &str, acts: impl Into<Vec<Act>>, expected: End) {
    let (end, example) = end(acts);
    assert_eq!(end, expected, "{name}: {example}");
    assert_eq!(example.is_empty(), end.is_good(), "{name} has an example: {example}");
}

#[test]
fn whole_answers_are_good_however_they_are_framed() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    check("length", [ok("hello")], End::Good(200));
    check("no content", [raw("HTTP/1.1 204 None\r\n\r\n")], End::Good(204));
    check("not modified", [raw("HTTP/1.1 304 Same\r\ncontent-length: 9\r\n\r\n")], End::Good(304));
    check("redirect", [answer(302, "location: /loop\r\n", "")], End::Good(302));
    check(
        "chunks",
        [raw(&format!("{chunked}5;x=y\r\nhello\r\n0\r\na: b\r\n\r\n"))],
        End::Good(200),
    );
    check("closed", [raw("HTTP/1.1 200 OK\r\n\r\nhello"), Act::Close], End::Good(200));
    check("old", [raw("HTTP/1.0 200 OK\r\n\r\nhello"), Act::Close], End::Good(200));
    check("interim", [raw(&"HTTP/1.1 103 Early\r\n\r\n".repeat(16)), ok("")], End::Good(200));
    check(
        "dripped",
        [Act::Drip(format!("{chunked}1\r\na\r\n0\r\n\r\n").into(), Duration::ZERO)],
        End::Good(200),
    );
    let same = "content-length: 2, 2\r\ncontent-length: 2\r\n\r\nok";
    check("one length, three times", [raw(&format!("HTTP/1.1 200 OK\r\n{same}"))], End::Good(200));
}

#[test]
fn a_status_of_400_or_above_fails_and_keeps_its_number() {
    check("client error", [status(404)], failed(Failure::Status, Some(404)));
    check("server error", [status(503)], failed(Failure::Status, Some(503)));
    assert_eq!(end([status(503)]).1, "status 503");
}

#[test]
fn what_is_not_http_is_malformed() {
    let head = "HTTP/1.1 200 OK\r\n";
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n");
    for (name, text) in [
        ("garbage", "hello\r\n\r\n".to_owned()),
        ("bad status line", "HTTP/1.1 abc OK\r\n\r\n".to_owned()),
        ("another protocol", "SSH-2.0-OpenSSH_9.2\r\n".to_owned()),
        ("TLS", "\x15\x03\x01\x00\x02\x02\x28".to_owned()),
        ("a switch nobody asked for", "HTTP/1.1 101 Switch\r\n\r\n".to_owned()),
        ("two lengths", format!("{head}content-length: 2\r\ncontent-length: 3\r\n\r\nhey")),
        ("a list of two lengths", format!("{head}content-length: 2, 3\r\n\r\nhey")),
        ("a negative length", format!("{head}content-length: -2\r\n\r\n")),
        (
            "length and coding",
            format!("{head}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n"),
        ),
        ("coding behind chunked", format!("{head}transfer-encoding: chunked, gzip\r\n\r\n")),
        ("bad chunk size", format!("{chunked}xyz\r\n")),
        ("huge chunk size", format!("{chunked}fffffffffffffffff\r\n")),
        ("chunk too long", format!("{chunked}1\r\nab\r\n")),
        ("endless zeros", format!("{chunked}{}", "0".repeat(70_000))),
        ("endless extension", format!("{chunked}1;{}", "x".repeat(70_000))),
        ("10,000 headers", format!("{head}{}\r\n", "a: b\r\n".repeat(10_000))),
        ("101 headers", format!("{head}{}\r\n", "a: b\r\n".repeat(101))),
        ("a header of 1 MB", format!("{head}a: {}\r\n\r\n", "b".repeat(1_000_000))),
        ("a flood of 1xx", "HTTP/1.1 100 Go on\r\n\r\n".repeat(17)),
    ] {
        let (end, example) = end([raw(&text), Act::Stall]);
        let malformed = matches!(end, End::Failed { why: Failure::Malformed, .. });
        assert!(malformed, "{name}: {end:?} {example}");
        assert!(!example.is_empty(), "{name}");
    }
}

#[test]
fn a_reset_is_told_from_a_connection_that_ends_inside_an_answer() {
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello";
    let head = "HTTP/1.1 200 OK\r\ncontent-";
    let chunk = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel";
    let pause = Act::Wait(Duration::from_millis(20));
    check("reset at once", [Act::Reset], failed(Failure::Reset, None));
    check(
        "reset in the head",
        [raw(head), pause.clone(), Act::Reset],
        failed(Failure::Reset, None),
    );
    check("reset in the body", [raw(half), pause, Act::Reset], failed(Failure::Reset, Some(200)));
    check("closed before", [Act::Close], failed(Failure::Reset, None));
    check("closed in the head", [raw(head), Act::Close], failed(Failure::Truncated, None));
    check("closed in the body", [raw(half), Act::Close], failed(Failure::Truncated, Some(200)));
    check("closed in a chunk", [raw(chunk), Act::Close], failed(Failure::Truncated, Some(200)));
}

#[test]
fn the_deadline_holds_however_the_answer_trickles() {
    let slow = Duration::from_millis(5);
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n";
    let long = "HTTP/1.1 200 OK\r\ncontent-length: 60000000\r\n\r\n";
    let server = Server::start(
        Script::new()
            .on("/stall", [Act::Stall])
            .on(
                "/loris",
                [Act::Drip(format!("HTTP/1.1 200 OK\r\na: {}", "b".repeat(9999)).into(), slow)],
            )
            .on("/body", [raw(head), Act::Drip(vec![b'x'; 100_000], slow)])
            .on("/continue", [raw("HTTP/1.1 100 Go on\r\n\r\n"), Act::Stall])
            // More than a task may read in one turn.
            .on("/burst", [raw(long), Act::Send(vec![b'x'; 30_000_000]), Act::Stall])
            .on("/ok", [ok("")]),
    );
    let paths = ["/stall", "/loris", "/body", "/continue", "/ok", "/burst"];
    let drive = drive_at(server.address(), paths.map(get).to_vec());
    run(async {
        let hub = hub(&drive, server.address());
        for (request, status) in [(0, None), (1, None), (2, Some(200)), (3, None), (5, Some(200))] {
            let mut probe = hub.probe();
            let begun = Instant::now();
            let answer = probe.fire(request, begun + SHORT).await;
            assert_eq!(answer.end, failed(Failure::Timeout, status), "{}", paths[request]);
            assert!(begun.elapsed() >= SHORT && begun.elapsed() < PATIENCE / 2);
            assert!(answer.done >= begun + SHORT && !probe.is_open());
            // The timer of a past deadline does not ring for the next request.
            let answer = probe.fire(4, Instant::now() + PATIENCE).await;
            assert_eq!(answer.end, End::Good(200));
        }
    });
}

#[test]
fn a_deadline_may_come_before_that_of_the_request_before() {
    let script = Script::new().on("/ok", [ok("")]).on("/stall", [Act::Stall]);
    let server = Server::start(script.on("/late", [Act::Wait(Duration::from_millis(30)), ok("")]));
    let drive = drive_at(server.address(), vec![get("/late"), get("/stall")]);
    run(async {
        let mut probe = hub(&drive, server.address()).probe();
        assert_eq!(why(&probe.fire(0, Instant::now() + PATIENCE).await), None);
        let begun = Instant::now();
        assert_eq!(why(&probe.fire(1, begun + SHORT).await), Some(Failure::Timeout));
        assert!(begun.elapsed() < PATIENCE / 2);
    });
}

#[test]
fn a_deadline_holds_on_a_connection_that_was_idle_while_the_one_before_passed() {
    let script = Script::new().on("/ok", [ok("")]).on("/stall", [Act::Stall]);
    let server = Server::start(script.on("/late", [Act::Wait(Duration::from_millis(30)), ok("")]));
    let drive = drive_at(server.address(), vec![get("/late"), get("/stall")]);
    run(async {
        let mut probe = hub(&drive, server.address()).probe();
        let begun = Instant::now();
        // Where the machine is so slow that this is too late, the next one has its own connection.
        let before = why(&probe.fire(0, begun + SHORT).await);
        tokio::time::sleep_until((begun + SHORT * 2).into()).await;
        let begun = Instant::now();
        let answer = probe.fire(1, begun + SHORT).await;
        assert_eq!(why(&answer), Some(Failure::Timeout));
        assert!(answer.connecting.is_none() || before.is_some());
        assert!(answer.done >= begun + SHORT && begun.elapsed() < PATIENCE / 2);
    });
}

#[test]
fn a_body_without_end_is_too_large() {
    let flood = Act::Flood(vec![b'x'; 256 * 1024]);
    let open = raw("HTTP/1.1 200 OK\r\n\r\n");
    let chunks =
        Act::Flood([b"40000\r\n".to_vec(), vec![b'x'; 0x40000], b"\r\n".to_vec()].concat());
    let chunked = raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
    check("until closed", [open, flood], failed(Failure::TooLarge, Some(200)));
    check("in chunks", [chunked, chunks], failed(Failure::TooLarge, Some(200)));
    let told = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", 64 * 1024 * 1024 + 1);
    check("told in the head", [raw(&told), Act::Stall], failed(Failure::TooLarge, None));
}

#[test]
fn a_connection_is_kept_only_where_that_is_safe() {
    let keep_old = raw("HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n");
    let old = raw("HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n");
    let pause = Act::Wait(Duration::from_millis(30));
    for (name, acts, connections) in [
        ("a plain answer", vec![ok("")], 1),
        ("an answer that says close", vec![answer(200, "Connection: Close\r\n", "")], 3),
        ("HTTP/1.0", vec![old], 3),
        ("HTTP/1.0 with keep-alive", vec![keep_old], 1),
        (
            "bytes nobody asked for",
            vec![raw("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nHTTP/1.1 500 Trap\r\n\r\n")],
            3,
        ),
        (
            "a body where none may be",
            vec![raw("HTTP/1.1 204 None\r\ncontent-length: 4\r\n\r\nHTTP")],
            3,
        ),
        ("bytes that come later", vec![ok(""), pause.clone(), raw("HTTP/1.1 500 Trap\r\n\r\n")], 3),
        ("a close that comes later", vec![ok(""), pause, Act::Close], 3),
    ] {
        let server = Server::start(Script::new().on("/x", acts));
        let drive = drive_at(server.address(), vec![get("/x")]);
        run(async {
            let mut probe = hub(&drive, server.address()).probe();
            for turn in 0..3 {
                let answer = probe.fire(0, Instant::now() + PATIENCE).await;
                assert_eq!(
                    answer.end,
                    End::Good(200 + u16::from(name.starts_with("a body")) * 4),
                    "{name}"
                );
                assert_eq!(answer.connecting.is_some(), turn == 0 || connections == 3, "{name}");
                assert!(!answer.reconnected, "{name}");
                // What comes later has come when the next request goes out.
                tokio::time::sleep(Duration::from_millis(60)).await;
            }
        });
        assert_eq!(server.connections(), connections, "{name}");
    }
}

#[test]
fn a_kept_connection_that_was_closed_is_opened_again_once_for_idempotent_requests() {
    let turns = vec![vec![ok("")], vec![Act::Reset], vec![ok("")], vec![Act::Close], vec![ok("")]];
    let server = Server::start(Script::new().turns("/x", turns));
    let drive = drive_at(server.address(), vec![get("/x")]);
    run(async {
        let hub = hub(&drive, server.address());
        let answers = fire_all(&hub, &[0, 0, 0], PATIENCE).await;
        assert!(answers.iter().all(|answer| answer.end == End::Good(200)), "{answers:?}");
        assert_eq!(
            answers.iter().map(|one| one.reconnected).collect::<Vec<_>>(),
            [false, true, true]
        );
        assert!(answers[1].connecting.is_some() && answers[1].sent <= answers[1].done);
    });
    assert_eq!((server.hits("/x"), server.connections()), (5, 3));
}

#[test]
fn nothing_is_sent_twice_where_that_could_do_harm_or_hide_a_fault() {
    let reset = vec![vec![ok("")], vec![Act::Reset]];
    let server = Server::start(
        Script::new()
            .turns("/post", reset.clone())
            .turns("/get", reset)
            .on("/begun", [raw("HTTP/1.1 2"), Act::Wait(Duration::from_millis(20)), Act::Reset]),
    );
    let mut post = get("/post");
    post.method = "POST".to_owned();
    let drive = drive_at(server.address(), vec![post, get("/get"), get("/begun")]);
    run(async {
        let hub = hub(&drive, server.address());
        let posts = fire_all(&hub, &[0, 0], PATIENCE).await;
        assert_eq!((why(&posts[1]), posts[1].reconnected), (Some(Failure::Reset), false));
        // The second time on a new connection, where a reset is the server's answer.
        let gets = fire_all(&hub, &[1, 1], PATIENCE).await;
        assert_eq!((why(&gets[1]), gets[1].reconnected), (Some(Failure::Reset), true));
        let begun = fire_all(&hub, &[2], PATIENCE).await;
        assert_eq!((why(&begun[0]), begun[0].reconnected), (Some(Failure::Reset), false));
    });
    assert_eq!((server.hits("/post"), server.hits("/get"), server.hits("/begun")), (2, 3, 1));
}

#[test]
fn an_answer_that_comes_before_our_body_is_read_counts() {
    let script = Script::new().on("/x", [status(413), Act::Close]).early("/x");
    let server = Server::start(script.on("/y", [status(401), Act::Stall]).early("/y"));
    let bodied = |path| {
        let mut post = get(path);
        post.method = "POST".to_owned();
        post.body = Some(Body { bytes: vec![b'x'; 20_000_000], content_type: None });
        post
    };
    let drive = drive_at(server.address(), vec![bodied("/x"), bodied("/y")]);
    run(async {
        let hub = hub(&drive, server.address());
        for (request, status) in [(0, 413), (1, 401)] {
            let mut probe = hub.probe();
            let answer = probe.fire(request, Instant::now() + PATIENCE).await;
            assert_eq!(answer.end, failed(Failure::Status, Some(status)));
            assert!(!probe.is_open(), "the rest of our body is still on the connection");
        }
    });
}

#[test]
fn bytes_and_times_of_an_answer_are_counted() {
    let server = Server::start(Script::new().on(
        "/x",
        [Act::Wait(Duration::from_millis(30)), raw("HTTP/1.1 103 A\r\n\r\n"), ok("hello")],
    ));
    let drive = drive_at(server.address(), vec![get("/x")]);
    run(async {
        let before = Instant::now();
        let answers = fire_all(&hub(&drive, server.address()), &[0, 0], PATIENCE).await;
        let whole =
            "HTTP/1.1 103 A\r\n\r\nHTTP/1.1 200 Played\r\ncontent-length: 5\r\n\r\nhello".len();
        assert!(answers.iter().all(|answer| answer.bytes == whole as u64), "{answers:?}");
        let connecting = answers[0].connecting.expect("the first one connects");
        assert!(before + connecting <= answers[0].sent && answers[1].connecting.is_none());
        for answer in answers {
            assert!(answer.done - answer.sent >= Duration::from_millis(30));
        }
    });
}

#[test]
fn a_request_that_was_given_up_leaves_no_answer_for_the_next_one() {
    let late = [Act::Wait(Duration::from_millis(50)), status(500)];
    let server = Server::start(Script::new().on("/late", late).on("/ok", [ok("")]));
    let drive = drive_at(server.address(), vec![get("/late"), get("/ok")]);
    run(async {
        let mut probe = hub(&drive, server.address()).probe();
        let given_up = probe.fire(0, Instant::now() + PATIENCE);
        assert!(tokio::time::timeout(Duration::from_millis(10), given_up).await.is_err());
        assert!(!probe.is_open());
        let answer = probe.fire(1, Instant::now() + PATIENCE).await;
        assert_eq!(answer.end, End::Good(200));
    });
    assert_eq!(server.connections(), 2);
}

#[test]
fn the_future_of_a_request_is_small() {
    let server = Server::start(Script::new());
    let drive = drive_at(server.address(), vec![get("/x")]);
    run(async {
        let mut probe = hub(&drive, server.address()).probe();
        let size = size_of_val(&probe.fire(0, Instant::now()));
        assert!(size <= 512, "{size} bytes for each request under way");
    });
}
