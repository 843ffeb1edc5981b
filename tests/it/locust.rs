//! Locust as the engine: the real one against servers that keep their own count.

/// What Locust itself passes over in silence.
mod silent;
/// What is found wrong before Locust is started.
mod before;
/// The ways in which Locust is told what to do.
mod ways;
/// Several processes, workers, signals.
mod many;
/// A command that calls Locust with words of its own.
mod wrapped;
/// Other versions of Locust, in all ways to call it.
mod versions;
/// A run that is kept on disk, ended early, and compared with those before it.
mod judged;
/// Times are as exact as they were told.
mod times;

use serde_json::Value;

use crate::pipes::tool;
use crate::support::gate::{Done, Gate, turn};
use crate::support::server::{Script, Server, ok};

/// Users that each ask twenty-five times, whatever time that takes, and then no more: so that
/// nothing is under way when the run ends.
const COUNTED: &str = "
from locust import HttpUser, constant, task
from locust.exception import StopUser

class Visitor(HttpUser):
    wait_time = constant(0.01)
    left = 25

    @task
    def visit(self):
        if self.left == 0:
            raise StopUser()
        self.left -= 1
        self.client.get('/page?id=%d' % self.left, name='/page')
";

/// Users that ask for ever.
const VISITS: &str = "
from locust import HttpUser, constant, task

class Visitor(HttpUser):
    wait_time = constant(0.02)

    @task
    def visit(self):
        self.client.get('/page')
";

/// How the tests call Locust.
fn command() -> String {
    format!("{} -m locust", tool("python3").display())
}

/// A gate file for Locust with these keys in `[load]`, beside a locustfile.
fn gate(load: &str, sla: &str, script: &str) -> Gate {
    let text = format!("[load]\nengine = \"locust\"\n{load}\n[sla]\n{sla}\n");
    Gate::new(&text)
        .file("locustfile.py", script)
        .set("LOADGATE_LOCUST_CMD", &command())
        .set("PYTHONDONTWRITEBYTECODE", "1")
}

/// Runs it while no other test needs the machine.
fn go(gate: &Gate, server: &Server) -> Done {
    let _turn = turn();
    gate.run(&["run", "gate.toml", "-v", "--target", &server.url("")])
}

/// A server with one page.
fn server() -> Server {
    Server::start(Script::new().on("/page", [ok("hello")]))
}

/// Requests that Locust itself counted.
fn told_by_locust(done: &Done) -> u64 {
    let line = done.stderr.lines().find(|line| line.contains("locust: Aggregated"));
    let count = line.and_then(|line| line.split_whitespace().nth(2)?.parse().ok());
    count.unwrap_or_else(|| unreachable!("Locust printed no sum:\n{}", done.stderr))
}

fn run_of(done: &Done) -> Value {
    serde_json::from_str(&done.file("run.json")).expect("run.json is JSON")
}

fn sent(run: &Value) -> u64 {
    let sent = run["load"]["sent"].as_str().and_then(|sent| sent.parse().ok());
    sent.expect("a count")
}

#[test]
fn a_locustfile_as_it_is_is_counted_as_the_server_counts() {
    let (server, gate) = (
        server(),
        gate("users = 4\nspawn_rate = \"4/s\"\nrun_time = \"6s\"", "p50 = \"< 9s\"", COUNTED),
    );
    let done = go(&gate, &server);
    done.code(0).reports();
    let run = run_of(&done);
    assert_eq!((sent(&run), server.hits("/page")), (100, 100), "{}", done.stderr);
    assert_eq!(told_by_locust(&done), 100);
    assert_eq!(run["endpoints"][0]["name"], "GET /page");
    assert_eq!(run["endpoints"].as_array().map(Vec::len), Some(1));
    done.says("closed model").says("4 users at 4/s for 6s by Locust 2.");
    let verdict = done.verdict();
    let findings = verdict["findings"].as_array().expect("findings");
    let metrics: Vec<&Value> = findings.iter().map(|finding| &finding["metric"]).collect();
    assert_eq!(metrics, ["p50", "error_rate", "script", "valid"]);
    // What was measured is judged again as it was.
    let again = gate.run(&["check", "gate.toml", "loadgate-out/run.json", "--out", "again"]);
    again.code(0);
    let both = ["loadgate-out", "again"].map(|dir| {
        std::fs::read_to_string(gate.path(dir).join("verdict.json")).expect("a verdict")
    });
    assert_eq!(both[0], both[1]);
}

#[test]
fn a_command_line_of_locust_needs_no_load_in_the_gate_file() {
    let server = server();
    let gate = Gate::new("[sla]\np50 = \"< 9s\"\ncount = \"> 10\"").file("visit.py", COUNTED);
    let gate = gate.set("LOADGATE_LOCUST_CMD", &command());
    let host = server.url("");
    let line = ["run", "gate.toml", "-v", "--", "locust", "-f", "visit.py", "-u", "3", "-r", "3"];
    let done = {
        let _turn = turn();
        gate.run(&[&line[..], &["-t", "5s", "--host", &host]].concat())
    };
    done.code(0).reports();
    assert_eq!((sent(&run_of(&done)), server.hits("/page")), (75, 75));
    done.says("3 users at 3/s for 5s");
}
