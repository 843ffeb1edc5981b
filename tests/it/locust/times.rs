//! Times are as exact as Locust was told them, and never shorter than the service took.

use serde_json::Value;

use super::{gate, go, run_of, sent};
use crate::support::made::ms;
use crate::support::server::{Act, Script, Server, ok};

/// A thousand times around a second, which Locust's own statistics round to 1,000 and 1,100 ms;
/// beside them, a page that takes known times.
const TIMES: &str = "
import time
from locust import HttpUser, User, constant, events, task
from locust.exception import StopUser

class Known(User):
    fixed_count = 1
    wait_time = constant(0)
    left = 1000

    @task
    def tell(self):
        if self.left == 0:
            raise StopUser()
        self.left -= 1
        took = 1000 + self.left * 0.074
        events.request.fire(request_type='GET', name='/known', response_time=took, exception=None,
                            response_length=1, response=None, context={}, start_time=time.time())

class Visitor(HttpUser):
    fixed_count = 1
    wait_time = constant(0)
    left = 20

    @task
    def visit(self):
        if self.left == 0:
            raise StopUser()
        self.left -= 1
        self.client.get('/page')
";

#[test]
fn the_99th_percentile_is_that_of_the_truth() {
    // Each fifth answer takes 90 ms and no less.
    let turns: Vec<Vec<Act>> = (0..20)
        .map(
            |nth| {
                if nth % 5 == 0 { vec![Act::Wait(ms(90)), ok("late")] } else { vec![ok("hello")] }
            },
        )
        .collect();
    let server = Server::start(Script::new().turns("/page", turns));
    let sla = "[sla.\"GET /known\"]\np99 = \"< 9s\"\n[sla.\"GET /page\"]\nmax = \"< 9s\"";
    // What is sent while users begin is judged, too: these are known before that ends.
    let load = "users = 2\nspawn_rate = \"9/s\"\nrun_time = \"5s\"\nwarm_up = \"0s\"";
    let done = go(&gate(load, sla, TIMES), &server);
    done.code(0);
    assert_eq!(sent(&run_of(&done)), 1020);
    let verdict = done.verdict();
    let told = |scope: &str, metric: &str| {
        let findings = verdict["findings"].as_array().expect("findings");
        let asked = |one: &&Value| one["scope"] == scope && one["metric"] == metric;
        let got = findings.iter().find(asked).and_then(|one| one["got"]["value"].as_f64());
        got.unwrap_or_else(|| unreachable!("{scope} has no {metric}: {verdict}"))
    };
    // The 990th of 1,000 values: nearest rank, as everywhere in loadgate.
    let truth = 1000.0 + 989.0 * 0.074;
    let got = told("GET /known", "p99");
    assert!((got - truth).abs() <= 1.0, "{got} instead of {truth}");
    // No time is shorter than what the service took.
    assert!(told("GET /page", "max") >= 89.9, "{verdict}");
}
