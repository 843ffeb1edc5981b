//! A run of Locust that is ended early, and one that is compared with those before it.

use loadgate::archive;

use super::{VISITS, gate, run_of};
use crate::baseline::{id, judged::keep};
use crate::support::gate::{Gate, turn};
use crate::support::made::ms;
use crate::support::server::{Act, Script, Server, ok};

const LOAD: &str = "users = 4\nspawn_rate = \"50/s\"\n";

fn fast() -> Server {
    Server::start(Script::new().on("/page", [ok("hello")]))
}

fn slow() -> Server {
    Server::start(Script::new().on("/page", [Act::Wait(ms(150)), ok("hello")]))
}

fn arguments(server: &Server) -> [String; 5] {
    let url = server.url("");
    ["run", "gate.toml", "-v", "--target", &url].map(str::to_owned)
}

#[test]
fn a_clear_breach_ends_it_early() {
    let server = slow();
    let sla = "p50 = { fail = \"< 5ms\", abort = \"2s\" }";
    let gate = gate(&format!("{LOAD}run_time = \"50s\""), sla, VISITS);
    let _turn = turn();
    let done = gate.run(&arguments(&server).each_ref().map(String::as_str));
    done.code(1).reports().says("p50");
    let run = run_of(&done);
    assert_eq!(run["stop"]["reason"], "breached", "{}", run["stop"]);
    assert_eq!(run["imported"]["unsound"], serde_json::Value::Null);
}

#[test]
fn a_service_that_became_slow_is_measured_twice_and_fails() {
    let (fast, slow) = (fast(), slow());
    let sla = "p50 = \"< 9s\"\n[regression]\nbaseline = \"main\"\np50 = \"+50%\"";
    let gate = gate(&format!("{LOAD}run_time = \"4s\""), sla, VISITS)
        .set("GITHUB_ACTIONS", "true")
        .set("GITHUB_EVENT_NAME", "push")
        .set("GITHUB_REF", "refs/heads/main")
        .set("GITHUB_SHA", &"c".repeat(40));
    let go = |gate: &Gate, server: &Server| {
        gate.undisturbed(&arguments(server).each_ref().map(String::as_str))
    };
    let done = go(&gate, &fast);
    done.code(0).says("nothing to compare with");
    let first = archive::read(&done.file("run.json")).expect("it was written");
    assert!(first.reference.is_some() && first.again.is_none());
    for nth in 0..12 {
        let mut run = first.clone();
        run.origin.id = id(nth);
        keep(&gate, run);
    }
    let done = go(&gate, &slow);
    done.code(1).says("a second run decides");
    let run = archive::read(&done.file("run.json")).expect("it was written");
    assert!(run.again.is_some_and(|again| again.reference.is_some()));
}

#[test]
fn probes_are_asked_beside_it_and_dashboards_are_told_of_it() {
    let server = fast();
    let more = "p50 = \"< 9s\"\nprobe.load.max = \"< 100\"\n\
                [probe.load]\ncommand = \"echo 7\"\nevery = \"200ms\"\n\
                [export]\ninterval = \"1s\"\njson = {}";
    let gate = gate(&format!("{LOAD}run_time = \"4s\""), more, VISITS);
    let _turn = turn();
    let done = gate.run(&arguments(&server).each_ref().map(String::as_str));
    done.code(0).says("probe.load max 7");
    let lines = done.file("metrics.jsonl");
    let lines: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    let of = |kind: &str| lines.iter().filter(|line| line["kind"] == kind).collect::<Vec<_>>();
    assert!(of("run").len() >= 3, "told {} times", of("run").len());
    let counts: Vec<_> = of("run").iter().map(|line| line["requests"].as_u64()).collect();
    assert!(counts.first() < counts.last(), "{counts:?}");
    assert_eq!(of("verdict")[0]["verdict"], "pass");
    assert_eq!(of("endpoint").last().map(|line| &line["endpoint"]), Some(&"GET /page".into()));
}
