//! A request whose answer is a stream of events.

use std::time::{Duration, Instant};

use loadgate::load::probe::{Answer, Hub, Inside, Probe, Wire};
use loadgate::load::wire::HttpWire;
use loadgate::metric::Timing;
use loadgate::plan::stream::{Events, Said, Stream, Until};
use loadgate::plan::{Http, JsonRule, Request};
use loadgate::sample::{End, Failure};
use loadgate::script::template::Template;
use loadgate::tally::{Lap, Tally};
use serde_json_path::JsonPath;

use super::{PATIENCE, drive, drive_at, example, fire_all, get, hub, run, why};
use crate::support::server::{Act, Script, Server, ok, raw};
use crate::support::two::{Settings, Two};

const PAUSE: Duration = Duration::from_millis(40);

fn stream(path: &str, events: Events) -> Request {
    Request { stream: Some(Stream::Events(events)), ..get(path) }
}

fn until(mark: &str) -> Events {
    Events { until: Some(Until::Data(mark.to_owned())), ..Events::default() }
}

/// The head of a stream that ends with its connection.
fn open() -> Act {
    raw("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
}

/// The head of a stream that ends with its last chunk.
fn chunked() -> Act {
    raw("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
}

fn chunk(text: &str) -> Act {
    raw(&format!("{:x}\r\n{text}\r\n", text.len()))
}

/// One stream, heard to its end: what came back, and why it failed.
fn heard(events: Events, timeout: Duration, acts: impl Into<Vec<Act>>) -> (Answer, String) {
    let server = Server::start(Script::new().on("/", acts));
    let drive = drive_at(server.address(), vec![stream("/", events)]);
    run(async {
        let hub = hub(&drive, server.address());
        let answer = fire_all(&hub, &[0], timeout).await.remove(0);
        (answer, example(&hub))
    })
}

fn inside(answer: &Answer) -> &Inside {
    answer.inside.as_ref().expect("a stream has times inside")
}

fn gaps(answer: &Answer) -> Lap {
    let mut tally = Tally::default();
    tally.time(&inside(answer).timings);
    tally.lap(Timing::EventGap).cloned().unwrap_or_default()
}

#[test]
fn the_first_event_and_the_gaps_are_timed() {
    let pause = || Act::Wait(PAUSE);
    let acts = [open(), pause(), raw("data: 1\n\n"), pause(), raw("data: 2\n\n"), pause()];
    let last = [raw(": ping\n\ndata: 3\n\n"), pause(), Act::Close];
    let all: Vec<Act> = acts.into_iter().chain(last).collect();
    let (answer, told) = heard(Events::default(), PATIENCE, all);
    assert_eq!((answer.end, told.as_str()), (End::Good(200), ""));
    let first = inside(&answer).came.expect("an event came").duration_since(answer.sent);
    assert!(first >= PAUSE, "{first:?}");
    let gaps = gaps(&answer);
    assert_eq!((gaps.whole.count(), gaps.broken.count()), (2, 0));
    // What one event was late, the next gap is shorter: together they are exact.
    let third = first + gaps.whole.mean().expect("two gaps") * 2;
    assert!(third >= PAUSE * 3, "{third:?}");
    assert!(answer.done.duration_since(answer.sent) >= PAUSE * 4);
}

#[test]
fn a_stream_ends_at_its_mark_and_its_connection_is_kept() {
    let end = [raw("0\r\n\r\n")];
    let acts = [chunked(), chunk("data: 1\n\ndata: 2\r\n\r\n"), chunk("data: [DONE]\n\n")];
    let all: Vec<Act> = acts.into_iter().chain(end).collect();
    let server = Server::start(Script::new().on("/", all).on("/ok", [ok("")]));
    let requests = vec![stream("/", until("[DONE]")), get("/ok")];
    let drive = drive_at(server.address(), requests);
    let answers = run(async { fire_all(&hub(&drive, server.address()), &[0, 1], PATIENCE).await });
    assert!(answers.iter().all(|answer| why(answer).is_none()));
    assert_eq!(gaps(&answers[0]).whole.count(), 1);
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_stream_that_stays_open_is_left_at_its_mark_or_after_so_many_events() {
    let acts = || [chunked(), chunk("data: 1\n\ndata: 2\n\ndata: [DONE]\n\n"), Act::Stall];
    let begun = Instant::now();
    let (answer, _) = heard(until("[DONE]"), PATIENCE, acts());
    assert_eq!(answer.end, End::Good(200));
    let most = Events { max_events: Some(3), ..until("never") };
    let flood = [open(), Act::Flood(b"data: again\n\n".to_vec())];
    let (answer, _) = heard(most, PATIENCE, flood);
    assert_eq!((answer.end, gaps(&answer).whole.count()), (End::Good(200), 2));
    assert!(begun.elapsed() < PATIENCE);
}

#[test]
fn a_stream_that_ends_before_its_mark_is_truncated() {
    let whole = [chunked(), chunk("data: 1\n\n"), raw("0\r\n\r\n")];
    let (answer, told) = heard(until("[DONE]"), PATIENCE, whole);
    assert_eq!(why(&answer), Some(Failure::Truncated));
    assert_eq!(told, "the stream ended without its end mark (`until`)");
    assert_eq!((inside(&answer).came, gaps(&answer).broken.count()), (None, 1));
    let broken = [chunked(), chunk("data: 1\n\n"), Act::Close];
    let (answer, told) = heard(Events::default(), PATIENCE, broken);
    assert_eq!(why(&answer), Some(Failure::Truncated));
    assert_eq!(told, "closed inside the body of an answer");
    assert_eq!(gaps(&answer).broken.count(), 1);
    // A mark whose empty line is missing at the very end is one all the same.
    let (answer, _) =
        heard(until("END"), PATIENCE, [open(), raw("data: 1\n\ndata: END\n"), Act::Close]);
    assert_eq!(answer.end, End::Good(200));
}

#[test]
fn a_stream_that_stands_still_is_given_up() {
    let timeout = Duration::from_millis(200);
    let (answer, told) = heard(Events::default(), timeout, [open(), Act::Stall]);
    assert_eq!(why(&answer), Some(Failure::Timeout));
    assert_eq!(told, "no event came before the deadline");
    let acts = || [open(), raw("data: 1\n\n"), Act::Stall];
    let (answer, told) = heard(Events::default(), timeout, acts());
    assert_eq!(told, "the stream had not ended at the deadline");
    assert_eq!((inside(&answer).came, gaps(&answer).broken.count()), (None, 1));
    let idle = Events { idle: Some(timeout), ..Events::default() };
    let (answer, told) = heard(idle, PATIENCE, acts());
    assert_eq!(why(&answer), Some(Failure::Timeout));
    assert_eq!(told, "no event came for as long as `idle` allows");
    assert!(gaps(&answer).broken.least().is_some_and(|age| age >= timeout));
}

#[test]
fn events_are_as_expected_or_the_request_fails() {
    let path = JsonPath::parse("$.n").expect("a path");
    let json = vec![(path.into(), JsonRule::Equals(2.into()))];
    let said = |contains: &[&str], lacks: &[&str]| Said {
        contains: contains.iter().map(|text| Template::fixed(text)).collect(),
        lacks: lacks.iter().map(|text| Template::fixed(text)).collect(),
        json: json.clone(),
        own: Vec::new(),
    };
    let check = |expect: Said, body: &str, expected: &str| {
        let events = Events { expect, ..Events::default() };
        let (answer, told) = heard(events, PATIENCE, [open(), raw(body), Act::Close]);
        assert_eq!(told, expected);
        assert_eq!(why(&answer), (!told.is_empty()).then_some(Failure::Expectation));
        assert_eq!(gaps(&answer).broken.count(), 0);
    };
    let two = "data: {\"n\":1}\n\ndata: {\"n\":2}\n\n";
    check(said(&["n", "2"], &["error"]), two, "");
    check(said(&["3"], &[]), two, "no event contains \"3\"");
    check(said(&[], &["\"n\":2"]), two, "one event contains \"\"n\":2\"");
    check(said(&[], &[]), "data: {\"n\":1}\n\n", "no event has $.n as expected");
    check(Said::default(), "event: error\ndata: x\n\n", "an event of the type \"error\" came");
    check(Said::default(), ": nothing\n\n", "the stream had no event");
}

#[test]
fn a_stream_ends_with_the_event_that_holds_what_ends_it() {
    let path = JsonPath::parse("$.done").expect("a path");
    let json = vec![(path.into(), JsonRule::Equals(true.into()))];
    let until = Some(Until::Said(Said { json, ..Said::default() }));
    let check = |body: &str, failure: Option<Failure>, kept: u64| {
        let events = Events { until: until.clone(), ..Events::default() };
        let (answer, told) = heard(events, PATIENCE, [open(), raw(body), Act::Close]);
        assert_eq!(why(&answer), failure, "{body}: {told}");
        assert_eq!(gaps(&answer).whole.count(), kept, "{body}");
    };
    let first = "data: {\"done\":false}\n\n";
    let last = "data: {\"done\":true}";
    // What ends it is an event as any other; what comes behind it is none.
    check(&format!("{first}{last}\n\n{first}"), None, 1);
    // As some servers leave the last one.
    check(&format!("{first}{last}\n"), None, 0);
    check(first, Some(Failure::Truncated), 0);
    check("data: done\n\n", Some(Failure::Truncated), 0);
}

#[test]
fn an_event_beyond_all_measure_is_not_read() {
    let flood = [open(), raw("data: "), Act::Flood(vec![b'x'; 64 * 1024])];
    let (answer, told) = heard(Events::default(), PATIENCE, flood);
    assert_eq!(why(&answer), Some(Failure::TooLarge));
    assert_eq!(told, "an event is larger than 1 MiB");
}

#[test]
fn a_status_that_fails_is_told_as_such() {
    let (answer, told) = heard(until("[DONE]"), PATIENCE, [crate::support::server::status(503)]);
    assert_eq!((why(&answer), told.as_str()), (Some(Failure::Status), "status 503"));
    assert_eq!(inside(&answer).came, None);
}

#[test]
fn streams_are_heard_over_http_2_too() {
    let server = Two::start(Settings::default());
    let marked = stream("/events", until("[DONE]"));
    let late = stream("/events", Events { idle: Some(PAUSE), ..Events::default() });
    let mut drive = drive("127.0.0.1", server.address().port(), vec![marked, late]);
    drive.target.http = Http::Two;
    run(async {
        let hub = HttpWire::prepare(&drive, &[server.address()]).expect("the load is fit").hub();
        let mut probe = hub.probe();
        let answer = probe.fire(0, Instant::now() + PATIENCE).await;
        assert_eq!((answer.end, gaps(&answer).whole.count()), (End::Good(200), 1));
        assert!(inside(&answer).came.is_some());
        let answer = probe.fire(1, Instant::now() + PATIENCE).await;
        assert_eq!(why(&answer), Some(Failure::Timeout));
        assert_eq!(example(&hub), "no event came for as long as `idle` allows");
    });
    assert_eq!(server.connections(), 1);
}
