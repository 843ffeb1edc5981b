//! Judged against the runs before it, on the built binary.

use std::time::Duration;

use loadgate::archive;
use loadgate::baseline::{Kept, Proof};
use loadgate::run::{Reference, Run};
use loadgate::sample::Failure;

use super::{GATE, gate, id};
use crate::bar::git;
use crate::support::gate::{Done, Gate};
use crate::support::judged::minute;
use crate::support::made::{asked, bad, even, ms, s};
use crate::support::server::{Act, Script, Server, ok};

const ASKED: &str = "[regression]\nbaseline = \"main\"\n";

fn comparing(more: &str) -> Gate {
    gate().file("gate.toml", format!("{GATE}{ASKED}{more}"))
}

/// A run whose latencies lie around half of so many microseconds, a tenth to each side.
pub(super) fn run(nth: u32, most: u64) -> Run {
    let [least, most] = [45, 55].map(|part| Duration::from_micros(most * part / 100));
    let samples = even(1200, s(60), least, most);
    let (_, mut run) = minute(vec![asked("p50", "< 110ms")], samples);
    run.origin.id = id(nth);
    run.origin.started = format!("2026-11-{:02}T12:00:00Z", 1 + nth);
    run
}

pub(crate) fn keep(gate: &Gate, run: Run) {
    let kept = Kept::of(run, "main".to_owned(), Proof::Passed);
    let folder = gate.path(".loadgate/runs");
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join(format!("{}.json", kept.id()));
    std::fs::write(path, archive::kept::write(&kept)).expect("written");
}

/// How runs differ without a reason, in parts of ten thousand.
const WANDER: [u64; 10] =
    [9_960, 10_030, 9_985, 10_045, 10_000, 9_970, 10_020, 10_010, 9_995, 9_985];

pub(super) fn usual(nth: u32) -> u64 {
    200 * WANDER[nth as usize % WANDER.len()] / 10
}

/// So many runs that differ without a reason.
pub(super) fn history(gate: &Gate, count: u32) {
    for nth in 0..count {
        keep(gate, run(nth, usual(nth)));
    }
}

fn check(gate: &Gate, run: &Run) -> Done {
    std::fs::write(gate.path("saved.json"), archive::write(run)).expect("written");
    gate.run(&["check", "gate.toml", "saved.json"])
}

/// The finding about a metric of the one endpoint, as verdict.json has it.
fn finding(done: &Done, metric: &str) -> serde_json::Value {
    let verdict = done.verdict();
    let all = verdict["findings"].as_array().expect("findings").clone();
    let about = |one: &serde_json::Value| {
        one["rule"] == "regression" && one["metric"] == metric && one["scope"] == "GET /"
    };
    all.into_iter().find(about).expect("such a finding")
}

#[test]
fn without_enough_runs_nothing_is_claimed_and_the_missing_are_counted() {
    let first = comparing("");
    let done = check(&first, &run(20, 200_000));
    assert_eq!(finding(done.code(0), "p95")["doubt"], "no-baseline");
    history(&first, 3);
    let done = check(&first, &run(20, 210_000));
    done.code(0).says("3 of 10");
    assert_eq!(finding(&done, "p95")["doubt"], "too-few-runs");
    let strict = comparing("inconclusive = \"fail\"\n");
    check(&strict, &run(20, 200_000)).code(3).says("nothing to compare with");
}

#[test]
fn a_run_like_those_before_it_passes_and_says_what_would_have_been_found() {
    let gate = comparing("");
    history(&gate, 20);
    let done = check(&gate, &run(21, 200_200));
    done.code(0);
    let p95 = finding(&done, "p95");
    assert_eq!((&p95["outcome"], &p95["change"]["runs"]), (&"held".into(), &20.into()));
    let again = check(&gate, &run(21, 200_200));
    assert_eq!(done.file("verdict.json"), again.file("verdict.json"));
    assert_eq!(done.file("summary.md"), again.file("summary.md"));
}

#[test]
fn a_slower_run_fails_once_a_second_one_says_so_too() {
    let gate = comparing("");
    history(&gate, 20);
    let mut slow = run(21, 218_000);
    // Within the limits of the gate file, and 9 % above what it was.
    let done = check(&gate, &slow);
    assert_eq!(finding(&done, "p50")["doubt"], "undecided");
    slow.again = Some(Box::new(run(22, 218_500).bare()));
    let done = check(&gate, &slow);
    let p50 = finding(done.code(1), "p50");
    assert_eq!(p50["outcome"], "breached");
    slow.again = Some(Box::new(run(22, 200_000).bare()));
    check(&gate, &slow).code(0);
    // A known one is let pass until a day.
    let accepted = "[[accept]]\nscope = \"GET /\"\nmetric = \"p50\"\nreason = \"new index\"\n\
                    until = \"2026-12-31\"\nby = \"Ada\"\n";
    let accepting = comparing(accepted);
    history(&accepting, 20);
    slow.again = Some(Box::new(run(22, 218_500).bare()));
    check(&accepting, &slow).code(0).says("new index");
}

#[test]
fn what_is_not_alike_is_not_compared_and_says_in_what() {
    let gate = comparing("inconclusive = \"fail\"\n");
    history(&gate, 12);
    let mut other = run(21, 200_000);
    other.origin.load_hash = "2".repeat(64);
    let done = check(&gate, &other);
    assert_eq!(finding(done.code(3), "p95")["doubt"], "other-load");
    let mut other = run(21, 200_000);
    other.origin.cpu = "Another CPU".to_owned();
    let done = check(&gate, &other);
    done.code(3).says("their CPU was AMD EPYC 7763, this one's is Another CPU");
    assert_eq!(finding(&done, "p95")["doubt"], "foreign");
}

#[test]
fn what_is_damaged_stops_a_run_before_anything_is_sent() {
    let server = Server::start(Script::new().on("/", [ok("hello")]));
    let gate = comparing("").file(
        "gate.toml",
        format!(
            "[target]\nurl = \"{}\"\n[load]\nrate = \"20/s\"\nduration = \"1s\"\n[[request]]\n\
         get = \"/\"\n[sla]\np50 = \"< 110ms\"\n{ASKED}",
            server.url("")
        ),
    );
    history(&gate, 12);
    let path = gate.path(&format!(".loadgate/runs/{}.json", id(3)));
    let whole = std::fs::read_to_string(&path).expect("it is there");
    std::fs::write(&path, &whole[..whole.len() / 2]).expect("written");
    gate.go().code(3).no_reports().says("ends in the middle").says("prune --damaged");
    std::fs::write(&path, whole.replacen("kept/1", "kept/9", 1)).expect("written");
    gate.go().code(3).no_reports().says("newer loadgate");
    assert_eq!(server.connections(), 0);
}

/// A gate of four seconds against a server.
fn short(server: &Server) -> String {
    format!(
        "[target]\nurl = \"{}\"\n[load]\nrate = \"50/s\"\nduration = \"4s\"\n[[request]]\n\
         get = \"/\"\n[sla]\np50 = \"< 1s\"\n{ASKED}p50 = \"+50%\"\n",
        server.url("")
    )
}

#[test]
fn a_service_that_became_slow_is_measured_twice_and_fails() {
    let fast = Server::start(Script::new().on("/", [ok("hello")]));
    let slow = Server::start(Script::new().on("/", [Act::Wait(ms(60)), ok("hello")]));
    let gate = gate().file("gate.toml", short(&fast));
    let done = gate.undisturbed(&["run", "gate.toml", "--seed", "7"]);
    done.code(0).says("nothing to compare with");
    let first = archive::read(&done.file("run.json")).expect("it was written");
    assert!(first.reference.is_some() && first.again.is_none());
    for nth in 0..12 {
        let mut run = first.clone();
        run.origin.id = id(nth);
        keep(&gate, run);
    }
    let gate = gate.file("gate.toml", short(&slow));
    let done = gate.undisturbed(&["run", "gate.toml", "--seed", "7"]);
    done.code(1).says("a second run decides");
    let run = archive::read(&done.file("run.json")).expect("it was written");
    assert!(run.again.is_some_and(|again| again.reference.is_some()));
    // What was saved gives the same verdict again.
    let told = done.verdict();
    let again = gate.run(&["check", "gate.toml", "loadgate-out/run.json"]);
    assert_eq!(again.code(1).verdict(), told);
}

#[test]
fn many_small_steps_do_not_pass_the_anchor() {
    let gate = comparing("p50 = \"+5%\"\n");
    // Ten runs, then one percent more with each.
    let level = |nth: u32| usual(nth) * (100 + u64::from(nth.saturating_sub(9))) / 100;
    for nth in 0..17 {
        keep(&gate, run(nth, level(nth)));
    }
    let mut next = run(18, 218_000);
    next.again = Some(Box::new(run(19, 218_500).bare()));
    check(&gate, &next).code(0);
    gate.run(&["baseline", "promote", &id(9)]).code(0);
    let done = check(&gate, &next);
    let whole = done.code(1).verdict();
    assert!(whole.to_string().contains("up to the anchor"), "{whole}");
}

#[test]
fn one_error_where_there_were_none_does_not_fail() {
    let gate = comparing("inconclusive = \"fail\"\nerror_rate = \"+0.5pp\"\n");
    history(&gate, 12);
    let failing = |count: usize| {
        let mut samples = even(1200, s(60), ms(0), ms(200));
        for sample in samples.iter_mut().take(count) {
            *sample = bad(sample.due, ms(1), Failure::Status);
        }
        let (_, mut made) = minute(vec![asked("p50", "< 110ms")], samples);
        made.origin = run(21, 200_000).origin;
        made
    };
    check(&gate, &failing(1)).code(0);
    let mut many = failing(11);
    many.again = Some(Box::new(failing(11).bare()));
    check(&gate, &many).code(1);
}

#[test]
fn the_reference_service_takes_the_machine_out_of_the_comparison() {
    // Each run was on a machine of another speed, and the last one on a slow one.
    let speed = |nth: u32| 100 + u64::from(nth * 7 % 30);
    let made = |nth: u32, speed: u64, with: bool| {
        let mut run = run(nth, 1_600 * speed * WANDER[nth as usize % 10] / 10_000);
        let time = Duration::from_nanos(1_000 * speed);
        run.reference = with.then_some(Reference { before: time, after: time });
        run
    };
    let judged = |with: bool, this: &dyn Fn(u32) -> Run| {
        let gate = comparing("p50 = \"+10%\"\n");
        for nth in 0..20 {
            keep(&gate, made(nth, speed(nth), with));
        }
        let mut run = this(21);
        run.again = Some(Box::new(this(22).bare()));
        finding_of_whole(&check(&gate, &run))
    };
    let with = judged(true, &|nth| made(nth, 130, true));
    assert_eq!(with["outcome"], "held", "{with}");
    assert!(with["change"].to_string().contains("reference service"), "{with}");
    let without = judged(false, &|nth| made(nth, 130, false));
    assert_eq!(without["outcome"], "unjudged", "{without}");
    // A fifth slower on a machine in the middle is found with it alone.
    let slower = |nth: u32, with: bool| {
        let steady = made(nth, 110, with);
        Run { reference: steady.reference, ..made(nth, 132, with) }
    };
    assert_eq!(judged(true, &|nth| slower(nth, true))["outcome"], "breached");
    assert_ne!(judged(false, &|nth| slower(nth, false))["outcome"], "breached");
}

fn finding_of_whole(done: &Done) -> serde_json::Value {
    let verdict = done.verdict();
    let all = verdict["findings"].as_array().expect("findings").clone();
    all.into_iter().find(|one| one["rule"] == "regression").expect("such a finding")
}

#[test]
fn a_change_does_not_choose_what_it_is_compared_with() {
    let gate = comparing("");
    history(&gate, 8);
    let commit = |what: &str| {
        git(&gate, &["add", "-A"]);
        git(&gate, &["commit", "-q", "-m", what]);
    };
    let told = |base: &str| {
        std::fs::write(gate.path("saved.json"), archive::write(&run(20, 200))).expect("written");
        let done = gate.run(&["check", "gate.toml", "saved.json", "--base", base]);
        finding(&done, "p50").to_string()
    };
    git(&gate, &["init", "-q", "-b", "main"]);
    commit("eight runs");
    std::fs::write(gate.path("other.txt"), "of no weight").expect("written");
    commit("something else");
    let fair = told("HEAD^1");
    assert!(!fair.contains("damaged"), "{fair}");
    keep(&gate, run(8, 900));
    commit("a ninth run");
    let own = told("HEAD^1");
    assert!(own.contains("damaged"), "{own}");
    // Not in this clone.
    let unknown = told(&"f".repeat(40));
    assert!(unknown.contains("damaged"), "{unknown}");
}
