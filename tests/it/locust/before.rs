//! What is found wrong before Locust is started, and what reaches it.

use super::{COUNTED, gate, go, server};
use crate::support::gate::Gate;

const LOAD: &str = "users = 2\nspawn_rate = \"9/s\"\nrun_time = \"3s\"";
const SLA: &str = "p50 = \"< 9s\"";

#[test]
fn without_a_locust_nothing_is_sent() {
    let plain = || {
        let text = format!("[load]\nengine = \"locust\"\n{LOAD}\n[sla]\n{SLA}\n");
        Gate::new(&text).file("locustfile.py", COUNTED)
    };
    let done = plain().set("LOADGATE_LOCUST_CMD", "no-such-program").go();
    done.code(2).no_reports().says("`no-such-program` is no Locust: it is not on the PATH");
    let done = plain().run(&["run", "gate.toml", "--locust-cmd", "echo locust 2.8.6"]);
    done.code(2).no_reports().says("Locust 2.8.6 is too old: 2.11 or later is needed");
    let done = plain().run(&["run", "gate.toml", "--locust-cmd", "echo hello"]);
    done.code(2).says("`echo hello` is no Locust: hello -V");
    let done = plain().run(&["run", "gate.toml", "--", "k6", "run", "script.js"]);
    done.code(2).says("`k6 run script.js` does not call Locust");
    let done = plain().run(&["run", "gate.toml", "--", "locust", "-f", "absent.py"]);
    done.code(2).says("there is no locustfile `absent.py`");
    let done = plain().run(&["run", "gate.toml", "--", "locust", "--worker"]);
    done.code(2).says("a worker alone is no run");
    plain().run(&["run", "gate.toml", "--once"]).code(2).says("here a locustfile sends it");
}

#[test]
fn no_variable_reaches_locust_but_those_that_are_named() {
    let script = format!(
        "{COUNTED}\nimport os\nwith open('seen.txt', 'w') as file:\n    \
         file.write(' '.join(sorted(os.environ)))\n"
    );
    let load = format!("{LOAD}\nenv = [\"SHOP_*\"]");
    let gate = gate(&load, SLA, &script)
        .set("GITHUB_TOKEN", "ghs_secret")
        .set("CI_JOB_TOKEN", "glcbt-secret")
        .set("SHOP_USER", "ann")
        .set("LOCUST_LOGLEVEL", "INFO");
    go(&gate, &server()).code(0);
    let seen = std::fs::read_to_string(gate.path("seen.txt")).expect("the script wrote it");
    let seen: Vec<&str> = seen.split(' ').collect();
    assert!(["PATH", "SHOP_USER", "LOCUST_LOGLEVEL"].iter().all(|name| seen.contains(name)));
    assert!(!seen.iter().any(|name| name.contains("TOKEN")), "{seen:?}");
}
