//! Dialled-in delays and errors: what is found, and what is not claimed.

use loadgate::archive;
use loadgate::run::Rounds;

use super::{compared, gate, service};
use crate::support::gate::{Done, undisturbed};
use crate::support::server::{Act, Script, Server, ok, status};

/// Compares a service that takes so many milliseconds with one that takes a hundred.
fn against_a_hundred(millis: u64) -> Done {
    let (new, base) = (service(millis), service(100));
    let gate = gate("p50 = \"+10%\"").set("NEW", &new.url("")).set("BASE", &base.url(""));
    undisturbed(|| gate.go())
}

#[test]
fn a_fifth_slower_is_found_and_nothing_slower_passes() {
    let done = against_a_hundred(120);
    let found = &compared(done.code(1))[0];
    assert_eq!(found["outcome"], "breached", "{found}");
    let estimate = found["change"]["estimate"].as_f64().expect("a number");
    assert!((10.0..40.0).contains(&estimate), "{found}");
    let done = against_a_hundred(100);
    let found = &compared(done.code(0))[0];
    assert_eq!(found["outcome"], "held", "{found}");
}

/// A service that answers so many requests well, then acts in turns; the last turn repeats.
fn failing(good: usize, then: &[Act]) -> Server {
    let wait = Act::Wait(std::time::Duration::from_millis(5));
    let mut turns = vec![vec![wait.clone(), ok("fine")]; good];
    turns.extend(then.iter().map(|act| vec![wait.clone(), act.clone()]));
    Server::start(Script::new().turns("/", turns))
}

/// Compares a service that goes wrong within the first round with one that never does. The load
/// before the rounds has 200 requests, and about twenty warm each version up in a round.
fn going_wrong(then: &[Act]) -> Done {
    let gate = gate("error_rate = \"+0.2pp\"");
    undisturbed(|| {
        let (new, base) = (failing(245, then), service(5));
        let told = [("NEW", new.url("")), ("BASE", base.url(""))];
        let arguments = ["run", "gate.toml"];
        let mut command = gate.command(&arguments);
        command.envs(told.iter().map(|(name, value)| (*name, value.as_str())));
        crate::support::gate::Running::of(command).end(&gate)
    })
}

#[test]
fn one_error_where_there_was_none_is_no_regression_and_many_are() {
    let done = going_wrong(&[status(500), ok("fine")]);
    let found = &compared(done.code(0))[0];
    let share = found["got"]["value"].as_f64().expect("a share");
    assert!(share > 0.0 && found["outcome"] != "breached", "{found}");
    let done = going_wrong(&[status(500)]);
    let found = &compared(done.code(1))[0];
    assert_eq!(found["outcome"], "breached", "{found}");
}

/// How many requests went to each version in each of the first rounds.
fn shared(done: &Done) -> Vec<[u64; 2]> {
    let run = archive::read(&done.file("run.json")).expect("it was written");
    let rounds = run.rounds.expect("there were rounds").rounds;
    let count =
        |round| Rounds::arms(round).map(|arm| arm.iter().map(|one| one.whole.count()).sum());
    rounds.iter().take(6).map(count).collect()
}

#[test]
fn a_seed_shares_arrivals_alike_and_one_run_has_one_verdict() {
    let (new, base) = (service(5), service(5));
    let gate = gate("p50 = \"+900%\"").set("NEW", &new.url("")).set("BASE", &base.url(""));
    let go = |seed| undisturbed(|| gate.run(&["run", "gate.toml", "--seed", seed]));
    let first = shared(&go("7"));
    let other = shared(&go("8"));
    let done = go("7");
    assert_eq!(first, shared(&done));
    assert_ne!(first, other);
    let told = ["verdict.json", "summary.md", "junit.xml"].map(|name| done.file(name));
    for _ in 0..2 {
        let again = gate.run(&["check", "gate.toml", "loadgate-out/run.json"]);
        again.code(0);
        assert_eq!(["verdict.json", "summary.md", "junit.xml"].map(|name| again.file(name)), told);
    }
}
