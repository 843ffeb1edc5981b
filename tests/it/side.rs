//! Two versions side by side, on the built binary against two real services.

/// In turns, over HTTP/2, with users: the ways in which two versions can be under load.
mod ways;
/// Dialled-in delays and errors: what is found, and what is not claimed.
mod found;

use std::time::Duration;

use serde_json::Value;

use crate::support::gate::{Done, Gate, undisturbed};
use crate::support::server::{Act, Script, Server, ok};

/// A service that takes so many milliseconds.
fn service(millis: u64) -> Server {
    Server::start(Script::new().on("/", [Act::Wait(Duration::from_millis(millis)), ok("fine")]))
}

/// A gate file with a short load and short rounds.
fn gate(regression: &str) -> Gate {
    Gate::new(&format!(
        "[target]\nurl = \"${{NEW}}\"\ntimeout = \"2s\"\n[load]\nrate = \"200/s\"\n\
         duration = \"1s\"\nwarm_up = \"200ms\"\nseed = 7\n[[request]]\nget = \"/\"\n\
         [regression]\nagainst = \"${{BASE}}\"\nrounds = 6\nround = \"500ms\"\n{regression}\n"
    ))
}

/// The findings of the comparison.
fn compared(done: &Done) -> Vec<Value> {
    let all = done.verdict()["findings"].as_array().cloned().unwrap_or_default();
    all.into_iter().filter(|one| one["rule"] == "regression").collect()
}

/// Whether the first finding of the comparison gives these reasons.
#[track_caller]
fn says(done: &Done, words: &[&str]) {
    let why = compared(done)[0]["why"].as_str().unwrap_or_default().to_owned();
    assert!(words.iter().all(|word| why.contains(word)), "{why}");
}

#[test]
fn a_slower_version_fails_with_its_change_and_again_when_checked() {
    let (new, base) = (service(40), service(20));
    let gate = gate("p50 = \"+20%\"\nerror_rate = { warn = \"+5pp\" }");
    let gate = gate.set("NEW", &new.url("")).set("BASE", &base.url(""));
    let done = undisturbed(|| gate.go());
    done.code(1).reports();
    let found = &compared(&done)[0];
    assert_eq!((&found["outcome"], &found["scope"]), (&"breached".into(), &"*".into()), "{found}");
    let change = &found["change"];
    assert_eq!(change["rounds"], 6);
    let estimate = change["estimate"].as_f64().expect("a number");
    let lower = change["lower"].as_f64().expect("a bound");
    assert!((60.0..140.0).contains(&estimate) && lower > 1.0 && lower <= estimate, "{change}");
    assert!(found["got"]["value"].as_f64() > change["base"]["value"].as_f64(), "{found}");
    done.says("6 rounds");
    assert!(done.file("summary.md").contains("would have been found"));
    let both = new.requests().abs_diff(base.requests());
    assert!(both < 400 && base.requests() > 300, "{} {}", new.requests(), base.requests());
    let first = done.verdict()["findings"].clone();
    let again = gate.run(&["check", "gate.toml", "loadgate-out/run.json"]);
    again.code(1);
    assert_eq!(again.verdict()["findings"], first);
}

#[test]
fn the_same_version_twice_is_no_regression() {
    let (new, base) = (service(20), service(20));
    let gate = gate("p50 = \"+50%\"").set("NEW", &new.url("")).set("BASE", "http://127.0.0.1:1");
    let done = undisturbed(|| gate.run(&["run", "gate.toml", "--against", &base.url("")]));
    done.code(0);
    let found = &compared(&done)[0];
    assert_eq!(found["outcome"], "held", "{found}");
    assert_eq!(found["change"]["armed"], true);
}

#[test]
fn a_version_that_is_not_there_is_no_comparison() {
    let new = service(1);
    let gate = gate("inconclusive = \"pass\"").set("NEW", &new.url(""));
    let gate = gate.set("BASE", "http://127.0.0.1:1");
    let done = undisturbed(|| gate.go());
    done.code(3);
    assert!(compared(&done).iter().all(|found| found["doubt"] == "unequal"));
    says(&done, &["the base version is not there"]);
}

#[test]
fn both_versions_are_started_anew_before_each_round() {
    let (new, base) = (service(5), service(5));
    let restart = "restart = \"echo $LOADGATE_VERSION $LOADGATE_URL >> starts\"\np50 = \"+900%\"";
    let gate = gate(restart).set("NEW", &new.url("")).set("BASE", &base.url(""));
    let done = undisturbed(|| gate.go());
    done.code(0);
    let starts = std::fs::read_to_string(gate.path("starts")).expect("the command was run");
    let count = |line: String| starts.lines().filter(|one| *one == line).count();
    let (news, bases) =
        (count(format!("new {}", new.url(""))), count(format!("base {}", base.url(""))));
    assert!(news >= 6 && news == bases, "{starts}");
}

#[test]
fn a_command_that_fails_is_no_comparison_and_says_why() {
    let (new, base) = (service(1), service(1));
    let gate = gate("restart = \"echo no image >&2; exit 7\"").set("NEW", &new.url(""));
    let gate = gate.set("BASE", &base.url(""));
    let done = undisturbed(|| gate.go());
    done.code(3);
    says(&done, &["no image", "exit status: 7"]);
}
