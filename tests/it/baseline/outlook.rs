//! `loadgate plan` says what a comparison would find, as kept runs vary.

use loadgate::archive;
use loadgate::run::Run;

use super::judged::{history, keep, run, usual};
use super::{gate, id};
use crate::support::gate::{Gate, undisturbed};
use crate::support::server::{Script, Server, ok};

/// A gate of a second, with this comparison.
fn short(server: &Server, regression: &str) -> String {
    let regression =
        if regression.is_empty() { String::new() } else { format!("[regression]\n{regression}") };
    format!(
        "[target]\nurl = \"{}\"\n[load]\nrate = \"100/s\"\nduration = \"1s\"\n[[request]]\n\
         get = \"/\"\n[sla]\np50 = \"< 1s\"\n{regression}",
        server.url("")
    )
}

/// A gate, and runs as they would be made here, of its load: spread by so much around each other.
fn measured_before(regression: &str, spread: u64) -> (Server, Gate) {
    let server = Server::start(Script::new().on("/", [ok("hello")]));
    let gate = gate().file("gate.toml", short(&server, ""));
    let done = undisturbed(|| gate.run(&["run", "gate.toml"]));
    let gate = gate.file("gate.toml", short(&server, regression));
    let first = archive::read(&done.file("run.json")).expect("it was written");
    for nth in 0..12 {
        let level = 200_000 + spread * u64::from(nth * 5 % 12);
        let made = run(nth, level);
        let load = loadgate::run::Delivered { timeout: made.load.timeout, ..first.load.clone() };
        let mut origin = first.origin.clone();
        (origin.id, origin.started) = (id(nth), made.origin.started.clone());
        keep(&gate, Run { origin, load, ..made });
    }
    (server, gate)
}

/// The changes that would be found, in percent: one for each line that has one.
fn found(text: &str) -> Vec<f64> {
    let told = text.split("would be found in 95 of 100").nth(1).expect("what would be found");
    let line = |line: &str| {
        let number = line.split(" % of ").next()?.rsplit(' ').next()?;
        number.parse().ok().filter(|_| line.contains(" % of "))
    };
    told.lines().filter_map(line).collect()
}

#[test]
fn as_runs_vary_more_less_would_be_found() {
    let told = |spread| {
        let (_server, gate) = measured_before("baseline = \"main\"\np50 = \"+5%\"\n", spread);
        let plan = gate.run(&["plan", "gate.toml"]);
        assert!(plan.code(0).stdout.contains("12 runs in .loadgate"), "{}", plan.stdout);
        (found(&plan.stdout)[0], plan.stdout)
    };
    let (steady, text) = told(200);
    assert!(steady > 1.0 && steady < 5.0 && !text.contains("may be missed"), "{text}");
    let (wild, text) = told(4_000);
    assert!(wild > 5.0 && text.contains("a change as large as the limit may be missed"), "{text}");
}

#[test]
fn rounds_are_foretold_from_the_requests_that_they_will_have() {
    let with = |rounds: u32| {
        let regression = format!(
            "against = \"http://127.0.0.1:1\"\nrounds = {rounds}\nround = \"500ms\"\n\
             restart = \"true\"\np50 = \"+3%\"\np99 = \"+5%\"\n"
        );
        let (_server, gate) = measured_before(&regression, 200);
        let plan = gate.run(&["plan", "gate.toml"]);
        plan.code(0).stdout.clone()
    };
    let (few, many) = (with(6), with(60));
    assert!(found(&few)[0] > found(&many)[0], "{few}\n{many}");
    assert!(few.contains("rounds of 500ms would do"), "{few}");
    // Three hundred requests of each version in a round have three beyond p99.
    assert!(many.contains("where 500 are needed: not compared"), "{many}");
}

#[test]
fn where_nothing_that_is_alike_is_kept_nobody_can_say() {
    let server = Server::start(Script::new().on("/", [ok("hello")]));
    let gate = gate().file("gate.toml", short(&server, "baseline = \"main\"\n"));
    let plan = gate.run(&["plan", "gate.toml"]);
    assert!(plan.code(0).stdout.contains("no run is kept that it could be told from"));
    keep(&gate, run(0, usual(0)));
    let plan = gate.run(&["plan", "gate.toml"]);
    assert!(plan.code(0).stdout.contains("the earlier runs had another load"), "{}", plan.stdout);
    history(&gate, 2);
    std::fs::write(gate.path(&format!(".loadgate/runs/{}.json", id(1))), "{").expect("written");
    let plan = gate.run(&["plan", "gate.toml"]);
    assert!(plan.code(0).stdout.contains("is no use"), "{}", plan.stdout);
    assert_eq!(server.requests(), 0);
}
