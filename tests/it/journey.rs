/// What is expected of answers and taken out of them, user by user.
mod answers;
/// Think time, pace, and what a latency counts from.
mod rests;

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use loadgate::archive;
use loadgate::load::wire::HttpWire;
use loadgate::load::{Order, drive};
use loadgate::plan::axis::axis;
use loadgate::plan::profile::{Profile, Stage};
use loadgate::plan::scenario::{Feed, Live, Pace, Per, Scenario, Share, Step, Task, Think, Work};
use loadgate::plan::{Arrivals, Drive, Expect, Http, Load, Proof, Request, Target, Tls};
use loadgate::run::{Model, Origin, Run};
use loadgate::sample::Failure;
use loadgate::script::extract::{Extract, Source};
use loadgate::script::feeder::{OnEnd, Pick};
use loadgate::script::json::Query;
use loadgate::script::read;
use loadgate::script::template::{Place, Template};
use loadgate::shard::Shard;

use serde_json_path::JsonPath;

use crate::support::server::{Script, Server, ok};

const MS: Duration = Duration::from_millis(1);

/// `GET` of a path that may have tags, with a header that may have some.
fn get(endpoint: usize, path: &str, token: Option<&str>) -> Request {
    let template = |place, text: &str| Template::parse_for(place, text).expect("a template");
    let headers = token.map(|token| ("x-token".to_owned(), template(Place::Header, token)));
    Request {
        name: format!("GET {path}"),
        method: "GET".to_owned(),
        path: path.to_owned(),
        headers: Vec::new(),
        body: None,
        weight: 1,
        expect: Expect::default(),
        endpoint,
        live: Some(Live {
            path: template(Place::Url, path),
            prefix: 0,
            headers: headers.into_iter().collect(),
            body: None,
            expect: Vec::new(),
            said: None,
        }),
        call: None,
        stream: None,
        grant: None,
        follow: 0,
    }
}

fn step(request: usize) -> Step {
    Step { request, extract: Vec::new(), wait: None, groups: Vec::new() }
}

/// A step that takes `$.token` out of the answer.
fn login(request: usize) -> Step {
    let from = Source::Json(Query::from(JsonPath::parse("$.token").expect("a path")));
    let extract = vec![Extract { into: "token".into(), from, default: None }];
    Step { extract, ..step(request) }
}

fn scenario(name: &str, weight: u32, steps: Vec<Step>) -> Scenario {
    Scenario {
        name: name.to_owned(),
        share: Share::Weight(weight),
        tags: Vec::new(),
        start: Vec::new(),
        work: Work::Steps(steps),
        stop: Vec::new(),
        pace: Pace::None,
        feeds: Vec::new(),
        cookies: true,
        load: None,
    }
}

/// So many arrivals a second, or users, for so long.
fn go(
    server: &Server,
    (model, level, lasting): (Model, u64, Duration),
    requests: Vec<Request>,
    scenarios: Vec<Scenario>,
) -> Run {
    go_by(Http::One, server.address(), (model, level, lasting), requests, scenarios)
}

fn go_by(
    http: Http,
    address: SocketAddr,
    load: (Model, u64, Duration),
    requests: Vec<Request>,
    scenarios: Vec<Scenario>,
) -> Run {
    drive_by(&made(http, address, load, requests, scenarios), address)
}

/// The same, with something else about the load.
fn go_with(
    server: &Server,
    load: (Model, u64, Duration),
    (requests, scenarios): (Vec<Request>, Vec<Scenario>),
    change: impl FnOnce(&mut Load),
) -> Run {
    let mut plan = made(Http::One, server.address(), load, requests, scenarios);
    change(&mut plan.load);
    drive_by(&plan, server.address())
}

fn made(
    http: Http,
    address: SocketAddr,
    (model, level, duration): (Model, u64, Duration),
    requests: Vec<Request>,
    scenarios: Vec<Scenario>,
) -> Drive {
    let (from, to) = (level * 1_000_000, level * 1_000_000);
    Drive {
        target: Target {
            secure: false,
            host: "127.0.0.1".to_owned(),
            port: address.port(),
            prefix: String::new(),
            shown: String::new(),
            headers: Vec::new(),
            timeout: 5_000 * MS,
            ready: None,
            tls: Tls::default(),
            http,
            also: Vec::new(),
            proof: Proof::default(),
        },
        load: Load {
            profile: Profile { model, stages: vec![Stage { name: None, duration, from, to }] },
            warm_up: Duration::ZERO,
            arrivals: Arrivals::Even,
            max_in_flight: 1_000,
            connections: 1_000,
            threads: Some(1),
            streams: 10,
            seed: Some(1),
            shard: Shard::ALONE,
            abort_after: 30_000 * MS,
        },
        endpoints: requests.iter().map(|request| request.name.clone()).collect(),
        requests,
        scenarios,
    }
}

fn drive_by(plan: &Drive, address: SocketAddr) -> Run {
    let order = Order::new(plan, axis(&plan.load, &[]), 1, Origin::default());
    let wire = HttpWire::prepare(plan, &[address]).expect("the load is fit");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(drive(order, wire, |_| None, pending()))
}

fn counts(run: &Run) -> Vec<u64> {
    run.endpoints.iter().map(|endpoint| endpoint.whole.count()).collect()
}

#[test]
fn arrivals_are_mixed_by_weight_exactly_and_counted_apart_from_their_requests() {
    let server = Server::start(Script::new().on("/a", [ok("a")]).on("/b", [ok("b")]));
    let requests = vec![get(0, "/a", None), get(1, "/b", None)];
    let thrice = scenario("thrice", 3, vec![step(0), step(0), step(0)]);
    let once = scenario("once", 1, vec![step(1)]);
    let run = go(&server, (Model::Open, 100, 400 * MS), requests, vec![thrice, once]);
    assert_eq!(counts(&run), [90, 10]);
    assert_eq!(run.whole().bad(), 0);
    let load = &run.load;
    assert_eq!((load.planned, load.released, load.sent), (Some(40), Some(40), 100));
    // Requests are expected of the mix; arrivals are compared with arrivals.
    let planned: Vec<_> = run.endpoints.iter().map(|endpoint| endpoint.planned).collect();
    assert_eq!(planned, [Some(90), Some(10)]);
    let pulses = || run.slices.iter().map(|slice| slice.pulse);
    assert_eq!(pulses().map(|pulse| pulse.planned).sum::<u64>(), 40);
    assert_eq!(pulses().map(|pulse| pulse.released).sum::<u64>(), 40);
    assert_eq!(pulses().map(|pulse| pulse.sent).sum::<u64>(), 100);
    let again = archive::read(&archive::write(&run)).expect("what was written is read");
    assert_eq!(again.slices, run.slices);
}

#[test]
fn what_a_user_extracted_arrives_in_its_next_request() {
    let script = Script::new().on("/login", [ok(r#"{"token":"s3"}"#)]).on("/me/s3", [ok("me")]);
    let server = Server::start(script.on("/bye", [ok("bye")]));
    let requests = vec![
        get(0, "/login", None),
        get(1, "/me/{{ token }}", Some("Bearer {{ token }}")),
        get(2, "/bye", None),
    ];
    let mut user = scenario("user", 1, vec![step(1)]);
    (user.start, user.stop) = (vec![login(0)], vec![step(2)]);
    user.pace = Pace::Wait(Think::Constant(20 * MS));
    let run = go(&server, (Model::Closed, 2, 300 * MS), requests, vec![user]);
    let counts = counts(&run);
    assert_eq!((counts[0], counts[2]), (2, 2), "start and stop once for each user");
    assert!((4..=30).contains(&counts[1]), "{counts:?}");
    assert_eq!(run.whole().bad(), 0);
    let heard = server.heard();
    assert!(heard.iter().any(|ask| ask.contains("x-token: Bearer s3")), "{heard:?}");
}

#[test]
fn a_failed_step_gives_up_the_rest_and_says_what_was_missing() {
    let server = Server::start(Script::new().on("/login", [ok("{}")]).on("/a", [ok("a")]));
    let requests = vec![get(0, "/login", None), get(1, "/a", None)];
    let user = scenario("user", 1, vec![login(0), step(1)]);
    let run = go(&server, (Model::Open, 50, 200 * MS), requests, vec![user]);
    assert_eq!(counts(&run), [10, 0]);
    assert_eq!(run.whole().failed_by(Failure::Expectation), 10);
    let example = run.endpoints[0].examples.get(&Failure::Expectation);
    assert_eq!(example.map(String::as_str), Some("extract.token: $.token matched nothing"));
}

#[test]
fn a_variable_without_a_value_is_named_and_nothing_is_sent() {
    let server = Server::start(Script::new());
    let user = scenario("user", 1, vec![step(0)]);
    let load = (Model::Open, 50, 200 * MS);
    let run = go(&server, load, vec![get(0, "/{{ nobody }}", None)], vec![user]);
    assert_eq!(run.whole().failed_by(Failure::Expectation), 10);
    let example = run.endpoints[0].examples.get(&Failure::Expectation).expect("an example");
    assert!(example.contains("nobody"), "{example}");
    assert_eq!(server.requests(), 0);
}

#[test]
fn rows_are_given_once_and_their_end_ends_users_in_order() {
    let server = Server::start(Script::new().on("/x", [ok("x")]).on("/y", [ok("y")]));
    let table = read::csv(&b"name\nx\ny\n"[..]).expect("a table");
    let (pick, per) = (Pick::Next(OnEnd::Stop), Per::Turn);
    let mut user = scenario("user", 1, vec![step(0)]);
    user.feeds = vec![Feed { name: "row".to_owned(), table: Arc::new(table), pick, per }];
    let requests = || vec![get(0, "/{{ row.name }}", None)];
    for model in [Model::Open, Model::Closed] {
        let run = go(&server, (model, 20, 300 * MS), requests(), vec![user.clone()]);
        assert_eq!((run.whole().good(), run.whole().bad(), run.load.sent), (2, 0, 2));
    }
    assert_eq!((server.hits("/x"), server.hits("/y")), (2, 2));
}

#[test]
fn a_row_for_life_stays_with_its_user() {
    let server = Server::start(Script::new().on("/x", [ok("x")]).on("/y", [ok("y")]));
    let table = read::csv(&b"name\nx\ny\n"[..]).expect("a table");
    let (pick, per) = (Pick::Next(OnEnd::Stop), Per::User);
    let mut user = scenario("user", 1, vec![step(0)]);
    user.feeds = vec![Feed { name: "row".to_owned(), table: Arc::new(table), pick, per }];
    let requests = vec![get(0, "/{{ row.name }}", None)];
    let run = go(&server, (Model::Closed, 2, 300 * MS), requests, vec![user]);
    assert_eq!(run.whole().bad(), 0);
    assert!(server.hits("/x") > 2 && server.hits("/y") > 2, "{}", server.requests());
}

#[test]
fn tasks_are_drawn_alike_for_the_same_seed() {
    let server = Server::start(Script::new().on("/a", [ok("a")]).on("/b", [ok("b")]));
    let task = |name: &str, weight, request| Task {
        name: name.to_owned(),
        weight,
        tags: Vec::new(),
        repeat: (1, 2),
        until: None,
        work: Work::Steps(vec![step(request)]),
    };
    let mut user = scenario("user", 1, Vec::new());
    user.work = Work::Tasks(vec![task("a", 3, 0), task("b", 1, 1)]);
    let requests = || vec![get(0, "/a", None), get(1, "/b", None)];
    let play = || go(&server, (Model::Open, 200, 500 * MS), requests(), vec![user.clone()]);
    let (one, two) = (counts(&play()), counts(&play()));
    assert_eq!(one, two);
    assert!(one[0] > one[1] && one[1] > 0, "{one:?}");
}
