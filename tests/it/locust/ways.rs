//! The ways in which Locust is told what to do: directories, shapes, variables, files for pytest.

use super::{COUNTED, command, run_of, sent, server};
use crate::support::gate::{Gate, turn};

const SLA: &str = "[sla]\np50 = \"< 9s\"\n";

/// A gate file that asks, and leaves all else to Locust.
fn asking() -> Gate {
    let gate = Gate::new(SLA).set("LOADGATE_LOCUST_CMD", &command());
    gate.set("PYTHONDONTWRITEBYTECODE", "1")
}

#[test]
fn a_directory_and_a_shape_are_driven_as_they_are() {
    let _turn = turn();
    let shape = "
from locust import LoadTestShape

class Steps(LoadTestShape):
    def tick(self):
        return (4, 10) if self.get_run_time() < 6 else None
";
    let (server, gate) = (server(), asking());
    std::fs::create_dir(gate.path("users")).expect("a folder in a temporary directory");
    let gate = gate.file("users/visitor.py", COUNTED).file("users/shape.py", shape);
    let url = server.url("");
    let line = ["run", "gate.toml", "--target", &url, "--", "locust", "-f", "users"];
    let done = gate.run(&[&line[..], &["--html", "own.html", "--csv", "own"]].concat());
    done.code(0).reports().says("Steps by Locust");
    assert_eq!((sent(&run_of(&done)), server.hits("/page")), (100, 100));
    // What Locust writes itself lies beside.
    assert!(gate.path("own.html").is_file() && gate.path("own_stats.csv").is_file());
}

#[test]
fn variables_of_locust_hold() {
    let _turn = turn();
    let server = server();
    let gate = asking()
        .file("visitor.py", COUNTED)
        .set("LOCUST_LOCUSTFILE", "visitor.py")
        .set("LOCUST_USERS", "3")
        .set("LOCUST_SPAWN_RATE", "9")
        .set("LOCUST_RUN_TIME", "5")
        .set("LOCUST_HOST", &server.url(""));
    let done = gate.run(&["run", "gate.toml", "--", "locust"]);
    done.code(0).says("3 users at 9/s for 5s");
    assert_eq!((sent(&run_of(&done)), server.hits("/page")), (75, 75));
}

#[test]
fn files_for_pytest_are_driven_as_they_are() {
    let _turn = turn();
    // They rest: Locust itself would be what is slow else.
    let script = "import time\n\n\ndef test_page(session):\n    \
                  session.get('/page', name='page')\n    time.sleep(0.05)\n";
    let (server, gate) = (server(), asking().file("pages.py", script));
    let url = server.url("");
    let line = ["run", "gate.toml", "--target", &url, "--", "locust", "-f", "pages.py"];
    let done = gate.run(&[&line[..], &["-u", "2", "-r", "9", "-t", "4s"]].concat());
    done.code(0);
    // One request of each user may be under way at the end.
    let (sent, hits) = (sent(&run_of(&done)), server.hits("/page"));
    assert!(sent > 0 && (sent..=sent + 2).contains(&hits), "{sent} of {hits}");
}
