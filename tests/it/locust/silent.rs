//! What Locust itself passes over in silence: it ends with 0 in most of these runs.

use std::time::Duration;

use super::{VISITS, gate, go, run_of, sent, server};
use crate::support::server::{Script, Server, ok};

const LOAD: &str = "users = 5\nspawn_rate = \"50/s\"\nrun_time = \"3s\"";
const SLA: &str = "p50 = \"< 9s\"";

#[test]
fn a_target_that_stops_answering_fails_the_gate() {
    let freeze = (Duration::from_secs(2), Duration::from_mins(10));
    let server = Server::start(Script::new().on("/page", [ok("hello")]).freeze(freeze.0, freeze.1));
    let load = "users = 5\nspawn_rate = \"50/s\"\nrun_time = \"9s\"\nstall_timeout = \"3s\"";
    let done = go(&gate(load, "p50 = \"< 2s\"", VISITS), &server);
    // Locust tells of no failure.
    done.code(1)
        .reports()
        .says("nothing was answered in the last")
        .says("Shutting down (exit code 0)");
    let run = run_of(&done);
    assert_eq!(run["stop"]["reason"], "stalled");
    let failures = &run["endpoints"][0]["whole"]["failures"];
    assert_eq!(failures["unfinished"].as_str(), Some("5"), "{failures}");
}

#[test]
fn a_silence_on_the_way_is_not_judged() {
    let freeze = (Duration::from_secs(2), Duration::from_secs(4));
    let server = Server::start(Script::new().on("/page", [ok("hello")]).freeze(freeze.0, freeze.1));
    let load = "users = 5\nspawn_rate = \"50/s\"\nrun_time = \"9s\"\nstall_timeout = \"2s\"";
    let done = go(&gate(load, "p50 = \"< 9s\"", VISITS), &server);
    done.code(3).reports().says("nothing was answered for").says("raise `stall_timeout`");
}

#[test]
fn no_request_at_all_is_not_judged() {
    let script = "
from locust import User, constant, task

class Idle(User):
    wait_time = constant(1)

    @task
    def idle(self):
        pass
";
    let done = go(&gate("users = 1\nrun_time = \"2s\"", SLA, script), &server());
    done.code(3).reports().says("Locust sent not one request");
}

#[test]
fn exceptions_of_the_script_are_counted_and_let_pass_only_where_that_is_asked() {
    let script = VISITS.replace("self.client.get('/page')", "self.client.get('/page').json()");
    let server = server();
    let done = go(&gate(LOAD, SLA, &script), &server);
    done.code(1).says("locustfile").says("Visitor: JSONDecodeError");
    let lenient = format!("{LOAD}\nmax_script_exceptions = 1000000");
    go(&gate(&lenient, SLA, &script), &server).code(0);
}

#[test]
fn a_check_of_the_script_fails_the_gate() {
    let own = "
from locust import events

@events.quitting.add_listener
def check(environment, **_):
    environment.process_exit_code = 7
";
    let done = go(&gate(LOAD, SLA, &format!("{VISITS}{own}")), &server());
    done.code(1).says("it set exit code 7");
}

#[test]
fn an_error_of_locusts_own_is_no_pass() {
    let own = "
from locust import events

@events.test_start.add_listener
def broken(environment, **_):
    raise ValueError('a broken listener')
";
    let done = go(&gate(LOAD, SLA, &format!("{VISITS}{own}")), &server());
    done.code(3).says("Locust ended with exit code 2");
    let done = go(&gate(LOAD, SLA, "import nothing_of_that_name"), &server());
    done.code(3).says("No module named 'nothing_of_that_name'");
}

#[test]
fn failures_alone_are_judged_by_the_gate_file() {
    let script = VISITS.replace("/page", "/missing");
    let done = go(&gate(LOAD, "error_rate = \"< 100%\"\np50 = \"< 9s\"", &script), &server());
    done.code(1);
    assert!(sent(&run_of(&done)) > 0);
    assert_eq!(run_of(&done)["imported"]["unsound"], serde_json::Value::Null);
}

#[test]
fn users_that_never_all_begin_are_not_judged() {
    let load = "users = 50\nspawn_rate = \"2/s\"\nrun_time = \"3s\"";
    let done = go(&gate(load, SLA, VISITS), &server());
    done.code(3).says("before all users had begun");
}

#[test]
fn a_run_that_ends_itself_too_soon_is_not_judged() {
    let own = "
import gevent
from locust import events

@events.test_start.add_listener
def soon(environment, **_):
    gevent.spawn_later(2, environment.runner.quit)
";
    let load = "users = 5\nspawn_rate = \"50/s\"\nrun_time = \"20s\"";
    let done = go(&gate(load, SLA, &format!("{VISITS}{own}")), &server());
    done.code(3).says("Locust ended after").says("of 20s");
}

#[test]
fn a_locust_without_a_core_to_spare_is_not_judged_and_its_warning_is_told() {
    // What its process says of its CPU time, as a full core would.
    let own = "
import time
from locust import events

time.process_time = time.monotonic

@events.test_start.add_listener
def warn(environment, **_):
    environment.events.cpu_warning.fire(environment=environment, cpu_usage=97.0)
";
    let load = "users = 5\nspawn_rate = \"50/s\"\nrun_time = \"5s\"";
    let done = go(&gate(load, SLA, &format!("{VISITS}{own}")), &server());
    done.code(3).says("used more than 90 % of a core").says("Locust warned of a full CPU");
}
