use std::sync::Arc;
use std::time::Duration;

use loadgate::plan::parts::{delayed, sum};
use loadgate::plan::profile::{Profile, Stage};
use loadgate::plan::scenario::{Pace, Step, Think};
use loadgate::run::Model;

use super::{MS, counts, get, go, scenario, step};
use crate::support::server::{Act, Script, Server, ok};

#[test]
fn think_time_is_no_latency_and_a_fixed_pace_is_kept() {
    let server = Server::start(Script::new().on("/a", [ok("a")]));
    for pace in [Pace::Wait(Think::Constant(100 * MS)), Pace::Paced(100 * MS)] {
        let mut user = scenario("user", 1, vec![step(0)]);
        user.pace = pace;
        let load = (Model::Closed, 1, 550 * MS);
        let run = go(&server, load, vec![get(0, "/a", None)], vec![user]);
        assert!((3..=6).contains(&counts(&run)[0]), "{:?}", counts(&run));
        assert!(run.whole().latency().most() < Some(90 * MS));
    }
}

#[test]
fn the_first_request_of_an_arrival_counts_from_its_due_time_the_others_from_sending() {
    let late = [Act::Wait(80 * MS), ok("a")];
    let server = Server::start(Script::new().on("/slow", late).on("/a", [ok("a")]));
    let user = scenario("user", 1, vec![step(0), step(1)]);
    let requests = vec![get(0, "/slow", None), get(1, "/a", None)];
    let run = go(&server, (Model::Open, 20, 200 * MS), requests, vec![user]);
    assert_eq!(counts(&run), [4, 4]);
    assert!(run.endpoints[0].whole.latency().least() >= Some(80 * MS));
    assert!(run.endpoints[1].whole.latency().least() < Some(70 * MS));
}

#[test]
fn a_wait_between_steps_is_no_latency_in_either_model() {
    let server = Server::start(Script::new().on("/a", [ok("a")]).on("/b", [ok("b")]));
    let rest = Some(Think::Constant(120 * MS));
    let user = scenario("user", 1, vec![Step { wait: rest, ..step(0) }, step(1)]);
    let requests = || vec![get(0, "/a", None), get(1, "/b", None)];
    for (model, level) in [(Model::Open, 10), (Model::Closed, 2)] {
        let run = go(&server, (model, level, 600 * MS), requests(), vec![user.clone()]);
        let counts = counts(&run);
        assert!(counts[0] >= 4 && counts[1] >= 2, "{counts:?}");
        assert_eq!(run.whole().bad(), 0);
        assert!(run.whole().latency().most() < Some(100 * MS), "{model:?}");
    }
}

#[test]
fn who_thinks_when_the_load_ends_makes_its_last_steps_at_once() {
    let server = Server::start(Script::new().on("/a", [ok("a")]).on("/bye", [ok("b")]));
    let mut user = scenario("user", 1, vec![step(0), step(0)]);
    user.pace = Pace::Wait(Think::Constant(Duration::from_mins(1)));
    user.stop = vec![step(1)];
    let requests = || vec![get(0, "/a", None), get(1, "/bye", None)];
    for (model, level) in [(Model::Open, 20), (Model::Closed, 4)] {
        let run = go(&server, (model, level, 200 * MS), requests(), vec![user.clone()]);
        assert_eq!(counts(&run), [4, 4], "{model:?}");
    }
}

#[test]
fn users_who_think_are_no_requests_under_way() {
    let server = Server::start(Script::new().on("/a", [ok("a")]));
    let mut user = scenario("user", 1, vec![step(0), step(0)]);
    user.pace = Pace::Wait(Think::Constant(Duration::from_mins(1)));
    let run = super::go_with(
        &server,
        (Model::Open, 200, 500 * MS),
        (vec![get(0, "/a", None)], vec![user]),
        |load| load.max_in_flight = 20,
    );
    assert_eq!((run.load.released, run.load.dropped), (Some(100), 0));
}

#[test]
fn an_arrival_that_waits_for_a_connection_counts_from_its_due_time() {
    let late = [Act::Wait(50 * MS), ok("a")];
    let server = Server::start(Script::new().on("/a", late));
    let user = scenario("user", 1, vec![step(0)]);
    let run = super::go_with(
        &server,
        (Model::Open, 100, 100 * MS),
        (vec![get(0, "/a", None)], vec![user]),
        |load| load.connections = 1,
    );
    // Ten arrivals within 100 ms, one after the other, 50 ms each: the last waits for 400 ms.
    assert_eq!(counts(&run), [10]);
    assert!(run.whole().latency().most() >= Some(400 * MS));
}

#[test]
fn scenarios_with_loads_of_their_own_run_side_by_side() {
    let server = Server::start(Script::new().on("/a", [ok("a")]).on("/b", [ok("b")]));
    let own = |model, level: u64, after: Duration, duration: Duration| {
        let level = level * 1_000_000;
        let stages = vec![Stage { name: None, duration, from: level, to: level }];
        Some(Arc::new(delayed(Profile { model, stages }, after)))
    };
    let mut users = scenario("users", 1, vec![step(0)]);
    users.pace = Pace::Paced(50 * MS);
    users.load = own(Model::Closed, 3, Duration::ZERO, 500 * MS);
    let mut arrivals = scenario("arrivals", 1, vec![step(1), step(1)]);
    arrivals.load = own(Model::Open, 100, 200 * MS, 300 * MS);
    let requests = vec![get(0, "/a", None), get(1, "/b", None)];
    let all = || [&users, &arrivals].map(|one| &**one.load.as_ref().expect("a load"));
    let whole = sum(&all());
    let run = super::go_with(
        &server,
        (Model::Open, 1, 500 * MS),
        (requests, vec![users.clone(), arrivals.clone()]),
        |load| load.profile = whole.clone(),
    );
    let counts = counts(&run);
    assert!((15..=33).contains(&counts[0]), "3 users with a turn every 50 ms: {counts:?}");
    assert_eq!(counts[1], 60, "30 arrivals of 2 requests");
    assert_eq!((run.load.planned, run.load.released, run.load.users), (Some(30), Some(30), 3));
    let planned = [0, 1].map(|endpoint: usize| run.endpoints[endpoint].planned);
    assert_eq!(planned, [None, Some(60)]);
    assert_eq!(run.whole().bad(), 0);
}
