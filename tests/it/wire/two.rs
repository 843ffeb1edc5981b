//! HTTP/2 on shared connections.

use std::time::{Duration, Instant};

use loadgate::load::probe::{Hub, Probe, Wire};
use loadgate::load::wire::HttpWire;
use loadgate::plan::{Body, Drive, Expect, HeaderRule, Http, Request, Tls};
use loadgate::sample::{End, Failure};

use super::{PATIENCE, drive, example, fire_all, get, run, why};
use crate::support::certs::{Issuer, Leaf};
use crate::support::server::{Act, Script, Server};
use crate::support::two::{Settings, Two};

/// A load in HTTP/2, in the clear.
fn clear(port: u16, requests: Vec<Request>) -> Drive {
    let mut drive = drive("127.0.0.1", port, requests);
    drive.target.http = Http::Two;
    drive
}

fn wire(drive: &Drive, server: &Two) -> HttpWire {
    HttpWire::prepare(drive, &[server.address()]).expect("the load is fit")
}

/// How requests of these paths end, one after the other on one place, and the examples.
fn ends(server: &Two, paths: &[&str]) -> (Vec<End>, String) {
    let requests = paths.iter().map(|path| get(path)).collect();
    let drive = clear(server.address().port(), requests);
    run(async {
        let hub = wire(&drive, server).hub();
        let order: Vec<usize> = (0..paths.len()).collect();
        let answers = fire_all(&hub, &order, PATIENCE).await;
        (answers.iter().map(|answer| answer.end).collect(), example(&hub))
    })
}

fn failed(why: Failure, status: Option<u16>) -> End {
    End::Failed { why, status }
}

#[test]
fn answers_come_in_turn_on_one_connection() {
    let server = Two::start(Settings::default());
    let (ends, example) = ends(&server, &["/ok", "/empty", "/trailers", "/503", "/ok"]);
    let good = End::Good;
    let expected = [good(200), good(204), good(200), failed(Failure::Status, Some(503)), good(200)];
    assert_eq!(ends, expected);
    assert_eq!(example, "status 503");
    assert_eq!(server.connections(), 1);
}

#[test]
fn expectations_hold_for_headers_and_bodies() {
    let server = Two::start(Settings::default());
    let mut request = get("/ok");
    request.expect = Expect {
        body: vec!["hello".to_owned()],
        headers: vec![("x-agent".to_owned(), HeaderRule::Equals("two".to_owned()))],
        ..Expect::default()
    };
    let mut other = get("/ok");
    other.name = "other".to_owned();
    other.expect = Expect { body: vec!["bye".to_owned()], ..Expect::default() };
    let drive = clear(server.address().port(), vec![request, other]);
    run(async {
        let hub = wire(&drive, &server).hub();
        let answers = fire_all(&hub, &[0, 1], PATIENCE).await;
        assert_eq!(answers[0].end, End::Good(200));
        assert_eq!(answers[1].end, failed(Failure::Expectation, Some(200)));
        assert_eq!(example(&hub), "body does not contain \"bye\"");
        assert!(answers[0].bytes >= 5 && answers[0].connecting.is_some());
        assert!(answers[1].connecting.is_none());
    });
}

#[test]
fn a_body_is_sent_as_flow_control_allows() {
    let server = Two::start(Settings::default());
    let mut post = get("/ok");
    let body = Body { bytes: vec![b'x'; 1_000_000], content_type: None };
    (post.method, post.body) = ("POST".to_owned(), Some(body));
    let drive = clear(server.address().port(), vec![post]);
    run(async {
        let answers = fire_all(&wire(&drive, &server).hub(), &[0, 0], PATIENCE).await;
        assert!(answers.iter().all(|answer| answer.end == End::Good(200)), "{answers:?}");
    });
    assert_eq!(server.body(), 2_000_000);
}

#[test]
fn a_server_that_lets_no_body_through_runs_into_the_deadline() {
    let server = Two::start(Settings { window: Some(0), ..Settings::default() });
    let mut post = get("/ok");
    let body = Body { bytes: vec![b'x'; 10], content_type: None };
    (post.method, post.body) = ("POST".to_owned(), Some(body));
    let drive = clear(server.address().port(), vec![post, get("/empty")]);
    run(async {
        let hub = wire(&drive, &server).hub();
        let mut probe = hub.probe();
        let answer = probe.fire(0, Instant::now() + Duration::from_millis(100)).await;
        assert_eq!(answer.end, failed(Failure::Timeout, None));
        let answer = probe.fire(1, Instant::now() + PATIENCE).await;
        assert_eq!(answer.end, End::Good(204));
    });
}

/// Fires one request on each of so many places at once; all are good.
fn fire_at_once(drive: &Drive, server: &Two, places: usize) {
    run(async {
        let hub = wire(drive, server).hub();
        let tasks = tokio::task::LocalSet::new();
        for _ in 0..places {
            let mut probe = hub.probe();
            tasks.spawn_local(async move {
                for _ in 0..2 {
                    let answer = probe.fire(0, Instant::now() + PATIENCE).await;
                    assert_eq!(answer.end, End::Good(200));
                }
            });
        }
        tasks.await;
    });
}

#[test]
fn streams_share_connections_up_to_our_limit() {
    let server = Two::start(Settings::default());
    let mut drive = clear(server.address().port(), vec![get("/slow")]);
    drive.load.streams = 4;
    fire_at_once(&drive, &server, 10);
    assert_eq!((server.connections(), server.most_at_once()), (3, 4));
    assert_eq!(server.requests(), 20);
}

#[test]
fn streams_share_connections_up_to_the_limit_of_the_server() {
    let server = Two::start(Settings { streams: Some(2), ..Settings::default() });
    let mut drive = clear(server.address().port(), vec![get("/slow")]);
    drive.load.streams = 100;
    fire_at_once(&drive, &server, 6);
    assert_eq!((server.connections(), server.most_at_once()), (3, 2));
}

#[test]
fn a_stream_past_its_deadline_is_reset_and_the_connection_stays() {
    let server = Two::start(Settings::default());
    let drive = clear(server.address().port(), vec![get("/stall"), get("/ok")]);
    run(async {
        let hub = wire(&drive, &server).hub();
        let mut probe = hub.probe();
        for _ in 0..5 {
            let begun = Instant::now();
            let answer = probe.fire(0, begun + Duration::from_millis(40)).await;
            assert_eq!(answer.end, failed(Failure::Timeout, None));
            assert!(begun.elapsed() < PATIENCE / 2 && probe.is_open());
            // The deadline of an answered request passes while nothing is asked.
            drop(probe.fire(1, begun + Duration::from_millis(80)).await);
            tokio::time::sleep_until((begun + Duration::from_millis(120)).into()).await;
        }
        let answer = probe.fire(1, Instant::now() + PATIENCE).await;
        assert_eq!((answer.end, answer.connecting), (End::Good(200), None));
        let given_up = probe.fire(0, Instant::now() + PATIENCE);
        assert!(tokio::time::timeout(Duration::from_millis(10), given_up).await.is_err());
        let answer = probe.fire(1, Instant::now() + PATIENCE).await;
        assert_eq!((answer.end, answer.connecting), (End::Good(200), None));
    });
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_stream_that_is_reset_failed_and_is_not_sent_again() {
    let server = Two::start(Settings::default());
    let (ends, example) = ends(&server, &["/reset", "/reset-body", "/ok"]);
    let expected =
        [failed(Failure::Reset, None), failed(Failure::Reset, Some(200)), End::Good(200)];
    assert_eq!(ends, expected);
    assert!(example.contains("the target reset the stream (INTERNAL_ERROR)"), "{example}");
    assert_eq!((server.connections(), server.requests()), (1, 3));
}

#[test]
fn a_refused_stream_is_sent_again_once() {
    let server = Two::start(Settings::default());
    assert_eq!(ends(&server, &["/refuse-once"]).0, [End::Good(200)]);
    assert_eq!(server.requests(), 2);
    let (ends, example) = ends(&server, &["/refuse"]);
    assert_eq!(ends, [failed(Failure::Reset, None)]);
    assert!(example.contains("REFUSED_STREAM"), "{example}");
    assert_eq!(server.requests(), 4);
}

#[test]
fn a_connection_that_is_asked_to_end_is_followed_by_another() {
    let server = Two::start(Settings::default());
    let (ends, example) = ends(&server, &["/go-away-after", "/ok", "/ok"]);
    assert_eq!(ends, [End::Good(200); 3], "{example}");
    assert_eq!(server.connections(), 2);
}

#[test]
fn a_request_on_a_connection_that_goes_away_is_sent_again_if_that_does_no_harm() {
    for path in ["/go-away", "/drop-second"] {
        let server = Two::start(Settings::default());
        let mut post = get(path);
        post.method = "POST".to_owned();
        let drive = clear(server.address().port(), vec![get(path), post]);
        run(async {
            let hub = wire(&drive, &server).hub();
            let answers = fire_all(&hub, &[0, 0], PATIENCE).await;
            assert_eq!(answers[1].end, End::Good(200), "{path}: {}", example(&hub));
            assert!(answers[1].reconnected && answers[1].connecting.is_some());
        });
        let server = Two::start(Settings::default());
        let drive = clear(server.address().port(), drive.requests);
        run(async {
            let hub = wire(&drive, &server).hub();
            let answers = fire_all(&hub, &[0, 1, 0], PATIENCE).await;
            assert_eq!(why(&answers[1]), Some(Failure::Reset), "{path}: {}", example(&hub));
            assert!(!answers[1].reconnected);
            assert_eq!(answers[2].end, End::Good(200), "{path}: {}", example(&hub));
        });
    }
}

#[test]
fn an_early_answer_counts_though_our_body_was_not_read() {
    let server = Two::start(Settings::default());
    let mut post = get("/early");
    let body = Body { bytes: vec![b'x'; 1_000_000], content_type: None };
    (post.method, post.body) = ("POST".to_owned(), Some(body));
    let drive = clear(server.address().port(), vec![post, get("/ok")]);
    run(async {
        let hub = wire(&drive, &server).hub();
        let answers = fire_all(&hub, &[0, 1], PATIENCE).await;
        assert_eq!(answers[0].end, failed(Failure::Status, Some(413)), "{}", example(&hub));
        assert_eq!(answers[1].end, End::Good(200));
    });
    assert_eq!(server.connections(), 1);
}

#[test]
fn floods_of_bodies_interim_answers_and_headers_have_their_caps() {
    let server = Two::start(Settings::default());
    let (ends, example) = ends(&server, &["/flood", "/interim", "/headers", "/ok"]);
    let malformed = failed(Failure::Malformed, None);
    let large = failed(Failure::TooLarge, Some(200));
    assert_eq!(ends, [large, malformed, malformed, End::Good(200)], "{example}");
    assert_eq!(server.connections(), 1, "the connection stays");
}

#[test]
fn frames_that_break_the_rules_are_malformed() {
    let frame = |kind: u8, flags: u8, stream: u8, payload: &[u8]| {
        let length = u8::try_from(payload.len()).expect("a short frame");
        [&[0, 0, length, kind, flags, 0, 0, 0, stream], payload].concat()
    };
    let settings = frame(4, 0, 0, &[]);
    // The payload of the pings that `h2` sends.
    let pong = frame(6, 1, 0, &[0x3b, 0x7c, 0xdb, 0x7a, 0x0b, 0x87, 0x16, 0xb4]);
    let continuation = frame(9, 0, 1, &[0; 200]);
    for (name, act) in [
        ("a window of zero", Act::Send(frame(8, 0, 0, &[0; 4]))),
        ("data before a head", Act::Send(frame(0, 0, 1, b"hello"))),
        ("headers of nonsense", Act::Send(frame(1, 5, 1, &[0xff; 20]))),
        (
            "a flood of continuations",
            Act::Flood([frame(1, 0, 1, &[0x88]), continuation.repeat(500)].concat()),
        ),
        ("a flood of settings", Act::Flood(frame(4, 0, 0, &[0, 1, 0, 0, 0, 0, 0]))),
    ] {
        let greeting = Act::Send([settings.clone(), pong.clone()].concat());
        let pause = Act::Wait(Duration::from_millis(50));
        let server = Server::start(Script::new().on("*", [greeting, pause, act, Act::Stall]));
        let drive = clear(server.address().port(), vec![get("/")]);
        run(async {
            let wire = HttpWire::prepare(&drive, &[server.address()]).expect("fit");
            let hub = wire.hub();
            let answers = fire_all(&hub, &[0], PATIENCE).await;
            assert_eq!(why(&answers[0]), Some(Failure::Malformed), "{name}: {}", example(&hub));
        });
    }
}

#[test]
fn a_connection_that_ends_inside_an_answer_is_told_from_one_that_ends_before() {
    let greeting = [
        &[0, 0, 0, 4, 0, 0, 0, 0, 0][..],
        &[0, 0, 8, 6, 1, 0, 0, 0, 0, 0x3b, 0x7c, 0xdb, 0x7a, 0x0b, 0x87, 0x16, 0xb4],
    ];
    let head = Act::Send(vec![0, 0, 1, 1, 4, 0, 0, 0, 1, 0x88]);
    let pause = Act::Wait(Duration::from_millis(50));
    let greeting = Act::Send(greeting.concat());
    for (acts, end) in [
        (vec![Act::Close], failed(Failure::Reset, None)),
        (vec![Act::Reset], failed(Failure::Reset, None)),
        (vec![head.clone(), Act::Close], failed(Failure::Truncated, Some(200))),
        (vec![head, pause.clone(), Act::Reset], failed(Failure::Reset, Some(200))),
    ] {
        let acts = [vec![greeting.clone(), pause.clone()], acts].concat();
        let server = Server::start(Script::new().on("*", acts));
        let drive = clear(server.address().port(), vec![get("/")]);
        run(async {
            let hub = HttpWire::prepare(&drive, &[server.address()]).expect("fit").hub();
            let answers = fire_all(&hub, &[0], PATIENCE).await;
            assert_eq!(answers[0].end, end, "{}", example(&hub));
        });
    }
}

#[test]
fn a_greeting_that_stalls_ends_at_the_deadline() {
    let server = Server::start(Script::new().greet([Act::Stall]));
    let drive = clear(server.address().port(), vec![get("/")]);
    run(async {
        let hub = HttpWire::prepare(&drive, &[server.address()]).expect("fit").hub();
        let begun = Instant::now();
        let answers = fire_all(&hub, &[0], Duration::from_millis(60)).await;
        assert_eq!(answers[0].end, failed(Failure::Connect, None));
        assert!(begun.elapsed() < PATIENCE / 2);
    });
}

#[test]
fn over_tls_both_sides_agree_on_http_2() {
    let issuer = Issuer::new();
    let tls = issuer.server(&Leaf::loopback(), &[b"h2", b"http/1.1"]);
    let server = Two::start(Settings { tls: Some(tls), ..Settings::default() });
    for http in [Http::Two, Http::Auto] {
        let mut drive = drive("localhost", server.address().port(), vec![get("/ok")]);
        (drive.target.secure, drive.target.http) = (true, http);
        drive.target.tls = Tls { ca: Some(issuer.pem()), ..Tls::default() };
        let mut wire = wire(&drive, &server);
        run(async {
            wire.knock().await.expect("it answers");
            assert!(wire.speaks_two());
            let hub = wire.clone().hub();
            let answers = fire_all(&hub, &[0, 0], PATIENCE).await;
            assert!(answers.iter().all(|answer| answer.end == End::Good(200)), "{}", example(&hub));
        });
        assert_eq!(wire.reached()[0].tried, 1);
    }
}

#[test]
fn in_the_clear_auto_means_http_1() {
    let server = Server::start(Script::new());
    let mut drive = drive("127.0.0.1", server.address().port(), vec![get("/")]);
    drive.target.http = Http::Auto;
    let mut wire = HttpWire::prepare(&drive, &[server.address()]).expect("fit");
    run(wire.knock()).expect("it listens");
    assert!(!wire.speaks_two());
}
