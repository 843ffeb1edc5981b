//! Locust in several processes: those it forks, workers that come from elsewhere, one that is lost;
//! and what a signal leaves of them.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::{COUNTED, VISITS, gate, go, run_of, sent, server};
use crate::pipes::tool;
use crate::support::gate::{Gate, Running, turn};
use crate::support::server::Server;

const SLA: &str = "p50 = \"< 9s\"";
/// A worker that was started by somebody else, and takes its locustfiles from the master.
pub(super) struct Worker {
    child: Child,
    /// Gone with it.
    _apart: TempDir,
}

impl Worker {
    fn start(port: u16) -> Self {
        Self::by(&tool("python3"), port, "-", |_| {})
    }

    /// By this Python, with these locustfiles and more that its command is told.
    pub(super) fn by(python: &Path, port: u16, file: &str, more: impl Fn(&mut Command)) -> Self {
        // Workers write what they took to the directory for temporary files, by its name.
        let apart = tempfile::tempdir().expect("a temporary directory");
        let mut worker = Command::new(python);
        worker.env("TMPDIR", apart.path());
        worker.args(["-m", "locust", "--worker", "-f", file, "--master-port", &port.to_string()]);
        worker.env("PYTHONDONTWRITEBYTECODE", "1").stdin(Stdio::null());
        worker.stdout(Stdio::null()).stderr(Stdio::null());
        more(&mut worker);
        Self { child: worker.spawn().expect("python can be started"), _apart: apart }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody listens on.
pub(super) fn port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it has an address").port()
}

/// `[load]` of a master with workers from elsewhere.
pub(super) fn master(port: u16, time: &str) -> String {
    format!(
        "users = 4\nspawn_rate = \"9/s\"\nrun_time = \"{time}\"\nexpect_workers = 2\n\
         args = [\"--master\", \"--master-bind-host\", \"127.0.0.1\", \"--master-bind-port\", \
         \"{port}\", \"--expect-workers-max-wait\", \"40\"]"
    )
}

/// `[load]` of two processes that Locust forks.
fn forking(time: &str) -> String {
    let args = "args = [\"--processes\", \"2\"]";
    format!("users = 4\nspawn_rate = \"9/s\"\nrun_time = \"{time}\"\n{args}")
}

#[test]
fn forked_processes_are_counted_together() {
    let server = server();
    let load = forking("7s");
    let done = go(&gate(&load, SLA, COUNTED), &server);
    done.code(0).reports();
    assert_eq!((sent(&run_of(&done)), server.hits("/page")), (100, 100));
}

#[test]
fn a_slow_end_of_the_users_loses_no_request() {
    let slow = format!(
        "{VISITS}\n    def on_stop(self):\n        import time\n        time.sleep(1.5)\n        \
         self.client.get('/page', name='last')\n"
    );
    let server = server();
    let load = "users = 4\nspawn_rate = \"9/s\"\nrun_time = \"7s\"\n\
                args = [\"--processes\", \"2\", \"--stop-timeout\", \"9\"]";
    let done = go(&gate(load, SLA, &slow), &server);
    done.code(0);
    assert_eq!(sent(&run_of(&done)), server.hits("/page"));
}

#[test]
fn workers_from_elsewhere_tell_their_master() {
    let (server, port) = (server(), port());
    let gate = gate(&master(port, "7s"), SLA, COUNTED);
    // The clock of one of them is an hour ahead.
    let ahead = "import time\nnow = time.time\ntime.time = lambda: now() + 3600\n";
    let gate = gate.file("sitecustomize.py", ahead);
    let wrong = |worker: &mut Command| {
        worker.env("PYTHONPATH", gate.path(""));
    };
    let _workers = [Worker::start(port), Worker::by(&tool("python3"), port, "-", wrong)];
    let done = go(&gate, &server);
    done.code(0).reports();
    let run = run_of(&done);
    assert_eq!((sent(&run), server.hits("/page")), (100, 100));
    // All of them were sent in the time of the run.
    let slices = run["slices"].as_array().expect("slices").iter();
    let within: u64 = slices.map(sent_in).sum();
    assert_eq!(within, 100, "{}", run["slices"]);
}

/// Requests that were sent in a slice.
fn sent_in(slice: &Value) -> u64 {
    slice["sent"].as_str().and_then(|sent| sent.parse().ok()).expect("a count")
}

#[test]
fn fewer_workers_than_asked_are_not_judged() {
    let server = server();
    let load = "users = 4\nspawn_rate = \"9/s\"\nrun_time = \"4s\"\nexpect_workers = 3\n\
                args = [\"--processes\", \"2\"]";
    let done = go(&gate(load, SLA, COUNTED), &server);
    done.code(3).says("2 of 3 workers came");
    let load = "users = 4\nspawn_rate = \"9/s\"\nrun_time = \"4s\"\nexpect_workers = 3";
    go(&gate(load, SLA, COUNTED), &server).code(3).says("Locust ran without any");
}

/// A run under way, once its users ask.
fn under_way(gate: &Gate, server: &Server) -> Running {
    let mut running = gate.start(&["run", "gate.toml", "-v", "--target", &server.url("")]);
    running.until("requests", |_| server.hits("/page") > 20);
    running
}

/// The processes whose command line has a text.
fn processes(text: &str) -> Vec<String> {
    let found = Command::new("pgrep").args(["-f", text]).output().expect("pgrep is there");
    String::from_utf8_lossy(&found.stdout).lines().map(str::to_owned).collect()
}

/// Insists that nothing is left of a gate's Locust.
fn all_gone(gate: &Gate) {
    let end = Instant::now() + Duration::from_secs(40);
    let marker = gate.path("").to_string_lossy().trim_end_matches('/').to_owned();
    while !processes(&marker).is_empty() {
        assert!(Instant::now() < end, "{:?} are left", processes(&marker));
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A gate file that names its locustfile by its whole path, so that its processes can be told.
fn marked(load: &str, script: &str) -> Gate {
    let gate = gate("", SLA, script);
    let script = gate.path("locustfile.py");
    let text = format!(
        "[load]\nengine = \"locust\"\nlocustfile = \"{}\"\n{load}\n[sla]\n{SLA}\n",
        script.display()
    );
    gate.file("gate.toml", text)
}

#[test]
fn a_worker_that_is_killed_leaves_no_pass() {
    let _turn = turn();
    let (server, port) = (server(), port());
    let load = master(port, "12s");
    let gate = gate(&load, SLA, VISITS);
    let mut lost = Worker::start(port);
    let _kept = Worker::start(port);
    let running = under_way(&gate, &server);
    lost.child.kill().expect("it can be killed");
    running.end(&gate).code(3).says("before the end of the run");
}

/// A run with this script that is told to end: it does, and tells what it measured.
fn told_to_end(script: &str) {
    let _turn = turn();
    let load = forking("50s");
    let (server, gate) = (server(), marked(&load, script));
    let running = under_way(&gate, &server);
    running.signal("TERM");
    let done = running.end(&gate);
    done.code(143).reports();
    assert!(sent(&run_of(&done)) > 20);
    all_gone(&gate);
}

#[test]
fn a_signal_ends_all_of_locust_and_what_was_measured_is_told() {
    told_to_end(VISITS);
}

#[test]
fn a_locust_that_hears_no_signal_is_killed_with_its_workers() {
    let deaf = "
import signal
from locust import events

@events.test_start.add_listener
def deaf(environment, **_):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
";
    told_to_end(&format!("{VISITS}{deaf}"));
}

#[test]
fn nothing_of_locust_outlives_a_gate_that_was_killed_and_what_it_had_counted_is_kept() {
    let _turn = turn();
    let load = forking("50s");
    let (server, gate) = (server(), marked(&load, VISITS));
    let mut running = under_way(&gate, &server);
    let saved = gate.path("loadgate-out/run.json");
    running.until("a checkpoint", |_| saved.is_file());
    running.signal("KILL");
    running.end(&gate);
    all_gone(&gate);
    let done = gate.run(&["check", "gate.toml", "loadgate-out/run.json", "--out", "again"]);
    done.code(3).says("killed");
    let text = std::fs::read_to_string(saved).expect("it was written");
    let run: Value = serde_json::from_str(&text).expect("run.json is JSON");
    assert!(sent(&run) > 20, "{text}");
    assert_eq!(run["imported"]["unsound"], Value::Null);
}
