//! Buildkite's agent shows the summary above the log, where there is an agent.

#![cfg(unix)]

use std::os::unix::fs::PermissionsExt as _;

use loadgate::archive;

use super::desk::{GATE, based, judge, read};
use crate::support::cases::{failing, passing};
use crate::support::gate::Gate;

/// Writes down what it was called with and what it was given, and ends like this.
fn agent(gate: Gate, end: &str) -> Gate {
    let text = format!("#!/bin/sh\nprintf '%s\\n' \"$@\" > called\ncat > page\n{end}\n");
    std::fs::create_dir(gate.path("bin")).expect("a folder in a temporary directory");
    let path = gate.path("bin/buildkite-agent");
    std::fs::write(&path, text).expect("a file in a temporary directory");
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&path, mode).expect("a file of ours");
    let others = std::env::var("PATH").unwrap_or_default();
    let own = gate.path("bin").to_string_lossy().into_owned();
    gate.set("PATH", &format!("{own}:{others}"))
}

fn job(passes: bool) -> Gate {
    let (_, run) = if passes { passing() } else { failing() };
    based(Gate::new(GATE)).file("run.json", archive::write(&run)).set("BUILDKITE", "true")
}

#[test]
fn the_summary_is_an_annotation_of_the_build_in_its_own_style() {
    for (passes, style) in [(true, "success"), (false, "error")] {
        let gate = agent(job(passes), "");
        let done = judge(&gate, &[]);
        done.code(i32::from(!passes));
        let called = ["annotate", "--context", "loadgate-gate", "--style", style].join("\n");
        assert_eq!(read(&gate, "called").trim_end(), called);
        assert_eq!(read(&gate, "page"), done.file("summary.md"));
    }
    let gate = agent(job(true), "");
    judge(&gate, &["--publish", "never"]).code(0);
    assert_eq!(read(&gate, "called"), "");
}

#[test]
fn an_agent_that_fails_or_is_not_there_changes_no_verdict() {
    let failing = agent(job(false), "exit 3");
    judge(&failing, &[]).code(1).says("warning: buildkite-agent annotate ended with");
    let deaf = agent(job(true), "exit 0");
    std::fs::write(deaf.path("bin/buildkite-agent"), "#!/bin/sh\nexit 0\n")
        .expect("a file of ours");
    judge(&deaf, &[]).code(0);
    let done = judge(&job(false), &[]);
    assert!(!done.code(1).stderr.contains("buildkite-agent"), "{}", done.stderr);
}
