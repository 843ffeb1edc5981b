//! Other versions of Locust, in all ways to call it: each request is counted, and none twice.
//!
//! `ci/locust-versions` runs this over more versions, by `LOCUST_VERSIONS`.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::many::{Worker, master, port};
use super::{COUNTED, run_of, sent, server};
use crate::pipes::tool;
use crate::support::gate::{Done, Gate, turn};
use crate::support::server::Server;

/// The newest; the other tests are of the one that users have first.
const NEWEST: &str = "2.47.0";
const ASKED: &str = "users = 4\nspawn_rate = \"9/s\"\nrun_time = \"8s\"\n";

/// The Python that has a version of Locust.
fn python(version: &str) -> PathBuf {
    tool("python3").with_file_name("").join("../../locust").join(version).join("bin/python")
}

fn gate(python: &Path, load: &str) -> Gate {
    let text = format!("[load]\nengine = \"locust\"\n{load}\n[sla]\np50 = \"< 9s\"\n");
    Gate::new(&text)
        .file("locustfile.py", COUNTED)
        .set("LOADGATE_LOCUST_CMD", &format!("{} -m locust", python.display()))
        .set("PYTHONDONTWRITEBYTECODE", "1")
}

fn go(gate: &Gate, server: &Server) -> Done {
    gate.run(&["run", "gate.toml", "-v", "--target", &server.url("")])
}

fn alone(python: &Path) -> (Done, u64) {
    let server = server();
    (go(&gate(python, ASKED), &server), server.hits("/page"))
}

fn forked(python: &Path) -> (Done, u64) {
    let server = server();
    let load = format!("{ASKED}args = [\"--processes\", \"2\"]");
    (go(&gate(python, &load), &server), server.hits("/page"))
}

fn with_workers_from_elsewhere(python: &Path) -> (Done, u64) {
    let (server, port) = (server(), port());
    let _workers = [(), ()].map(|()| Worker::by(python, port, "-", |_| {}));
    (go(&gate(python, &master(port, "8s")), &server), server.hits("/page"))
}

/// Before a worker could take its locustfile from the master, it was given what it needs.
fn with_older_workers(python: &Path) -> (Done, u64) {
    let (server, port) = (server(), port());
    let gate = gate(python, &master(port, "8s"));
    let plugin = gate.run(&["locust-plugin"]);
    let gate = gate.file("listens.py", &plugin.code(0).stdout);
    let _workers = [(), ()].map(|()| {
        let files = "listens.py,locustfile.py";
        Worker::by(python, port, files, |worker| _ = worker.current_dir(gate.path("")))
    });
    (go(&gate, &server), server.hits("/page"))
}

fn wrapped(python: &Path) -> (Done, u64) {
    let server = server();
    let script = format!("{} -m locust -f locustfile.py\n", python.display());
    let gate = Gate::new(&format!("[load]\nengine = \"locust\"\n{ASKED}\n[sla]\np50 = \"< 9s\"\n"))
        .file("locustfile.py", COUNTED)
        .file("load.sh", script)
        .set("PYTHONDONTWRITEBYTECODE", "1");
    let line = ["run", "gate.toml", "-v", "--target", &server.url(""), "--", "sh", "load.sh"];
    (gate.run(&line), server.hits("/page"))
}

/// A way to call Locust, the first version that knows it, and the first that needs it no more.
type Way = (&'static str, Range<[u32; 2]>, fn(&Path) -> (Done, u64));
const LAST: [u32; 2] = [u32::MAX, 0];
static WAYS: [Way; 5] = [
    ("alone", [2, 11]..LAST, alone),
    ("forked", [2, 18]..LAST, forked),
    ("workers from elsewhere", [2, 23]..LAST, with_workers_from_elsewhere),
    ("older workers", [2, 11]..[2, 23], with_older_workers),
    ("wrapped", [2, 11]..LAST, wrapped),
];

#[test]
fn other_versions_are_counted_as_exactly() {
    let given = std::env::var("LOCUST_VERSIONS").unwrap_or_default();
    let versions = if given.is_empty() { NEWEST } else { &given };
    for version in versions.split_whitespace() {
        let python = python(version);
        assert!(python.exists(), "{} is missing: `bash ci/tools`", python.display());
        let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
        let this = [(); 2].map(|()| parts.next().unwrap_or(0));
        let _turn = turn();
        // They rest most of the time.
        std::thread::scope(|scope| {
            for (way, _, call) in WAYS.iter().filter(|(_, of, _)| of.contains(&this)) {
                let python = &python;
                scope.spawn(move || {
                    let (done, hits) = call(python);
                    let told = format!("Locust {version}, {way}:\n{}", done.stderr);
                    assert_eq!(done.status.code(), Some(0), "{told}");
                    assert_eq!((sent(&run_of(&done)), hits), (100, 100), "{told}");
                    assert!(told.contains(&format!("by Locust {version}")), "{told}");
                });
            }
        });
    }
}
