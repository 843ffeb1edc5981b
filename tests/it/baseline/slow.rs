//! A runner that is slow today, and the reference service that tells it from a slow service.

use std::time::Duration;

use loadgate::archive;
use loadgate::baseline::{Kept, Proof};
use loadgate::run::Run;
use rustix::process::Signal;

use super::{gate, id};
use crate::support::calm;
use crate::support::gate::{Done, Gate};
use crate::support::server::{Script, Server, ok};

/// One user who asks again and again, so that the machine's speed is all that counts.
fn busy(server: &Server) -> Gate {
    let text = format!(
        "[target]\nurl = \"{}\"\n[load]\nusers = 1\nduration = \"3s\"\nseed = 7\n[[request]]\n\
         get = \"/\"\n[sla]\nthroughput = \"> 1/s\"\n[regression]\nbaseline = \"main\"\n\
         throughput = \"-30%\"\n",
        server.url("")
    );
    gate().file("gate.toml", text)
}

/// Runs it as a quota of a tenth of a core would let it: stopped for the rest of each tenth of a
/// second. Where waking another core takes long, one that sleeps most of the time asks faster while
/// it is awake, so no larger quota would make it surely slower.
fn throttled(gate: &Gate) -> Done {
    let mut running = gate.start(&["run", "gate.toml"]);
    while running.is_alive() {
        std::thread::sleep(Duration::from_millis(8));
        running.signal_at_once(Signal::STOP);
        std::thread::sleep(Duration::from_millis(92));
        running.signal_at_once(Signal::CONT);
    }
    running.end(gate)
}

/// What a run measured, under a name of its own.
fn measured(done: &Done, nth: u32) -> Run {
    let mut run = archive::read(&done.file("run.json")).expect("it was written");
    run.origin.id = id(nth);
    run
}

/// Judges a run, measured twice, after others.
fn judged(gate: &Gate, past: impl Iterator<Item = Run>, run: &Run) -> (Done, serde_json::Value) {
    let folder = gate.path(".loadgate/runs");
    // Of a judgement before there may be some.
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    for (nth, run) in (0..).zip(past) {
        let mut kept = Kept::of(run, "main".to_owned(), Proof::Passed);
        kept.run.origin.id = id(nth);
        let text = archive::kept::write(&kept);
        std::fs::write(folder.join(format!("{}.json", id(nth))), text).expect("written");
    }
    let mut run = run.clone();
    run.again = Some(Box::new(run.clone().bare()));
    std::fs::write(gate.path("saved.json"), archive::write(&run)).expect("written");
    let done = gate.run(&["check", "gate.toml", "saved.json"]);
    let all = done.verdict()["findings"].as_array().cloned().unwrap_or_default();
    let found = all.into_iter().find(|one| one["rule"] == "regression").expect("such a finding");
    (done, found)
}

#[test]
fn a_slow_runner_is_no_regression_where_the_reference_service_was_slow_with_it() {
    let _turn = calm::turn();
    let server = Server::start(Script::new().on("/", [ok("hello")]));
    let gate = busy(&server);
    let both = || {
        let done = gate.go();
        let (unfit, usual) = (done.fell_behind(), measured(&done, 20));
        (unfit, usual, measured(&throttled(&gate), 22))
    };
    // On a machine that was busy elsewhere, the usual run may be as slow as the throttled one.
    let alike =
        |(unfit, usual, now): &(bool, Run, Run)| *unfit || usual.load.sent < 2 * now.load.sent;
    let (_, usual, now) = &calm::until(both, alike);
    assert!(usual.reference.is_some() && now.reference.is_some());
    // Off: a runner that nobody measured looks like a service that became slow.
    let without = |run: &Run| Run { reference: None, ..run.clone() };
    let past = std::iter::repeat_n(without(usual), 12);
    let (done, found) = judged(&gate, past, &without(now));
    assert_eq!(found["outcome"], "breached", "{found}");
    done.code(1);
    // On: runs on fast and on slow runners, each with the speed of its own.
    let past = [usual.clone(), now.clone()].into_iter().cycle().take(12);
    let (done, found) = judged(&gate, past, now);
    done.code(0);
    assert_ne!(found["outcome"], "breached", "{found}");
    assert!(found["change"]["method"].to_string().contains("reference service"), "{found}");
}
