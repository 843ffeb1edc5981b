//! The GitLab files, really run by `gitlab-ci-local` in a repository of their own.

use std::process::{Command, Stdio};

use super::{command, content, root, tool};
use crate::support::gate::{Done, Gate, Running, undisturbed};
use crate::support::server::{Act, Script, Server, ok, status};

/// Both ways to have the job: the template, and the component beside it.
const PIPELINE: &str = "\
include:
  - local: /loadgate.gitlab-ci.yml
  - local: /templates/loadgate.yml
    inputs: { gate: gate.toml, job: component, inconclusive: warn }
template:
  extends: .loadgate
  variables: { LOADGATE_GATE: gate.toml }
";

/// A repository with the files of `ci/gitlab`, this gate file, and an origin.
fn repository(gate: &str) -> Gate {
    let home = Gate::new(gate).file(".gitlab-ci.yml", PIPELINE);
    let folder = home.path("");
    let kept = ["loadgate.gitlab-ci.yml", "templates"];
    let kept = kept.map(|name| root().join("ci/gitlab").join(name));
    content(Command::new("cp").arg("-R").args(kept).arg(&folder));
    let git = |arguments: &[&str]| {
        let names = ["-c", "user.name=test", "-c", "user.email=test@example.com"];
        content(Command::new("git").arg("-C").arg(&folder).args(names).args(arguments));
    };
    git(&["init", "--quiet", "--initial-branch=main"]);
    git(&["remote", "add", "origin", "https://gitlab.example.com/team/shop.git"]);
    git(&["add", "--all"]);
    git(&["commit", "--quiet", "--message=shop"]);
    home
}

/// Runs a job against a service, with the binary under test on PATH.
fn run(home: &Gate, job: &str, service: &str) -> Done {
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_loadgate"));
    undisturbed(|| {
        let mut local = command(tool("gitlab-ci-local"));
        let path = local.get_envs().find(|(name, _)| *name == "PATH").and_then(|(_, path)| path);
        let mut homes = vec![binary.with_file_name("")];
        homes.extend(std::env::split_paths(path.expect("the command has a PATH")));
        local.env("PATH", std::env::join_paths(homes).expect("no folder has a colon"));
        local.env("HOME", home.path("")).current_dir(home.path(""));
        local.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        local.args(["--force-shell-executor", "--variable", &format!("BASE_URL={service}"), job]);
        Running::of(local).end(home)
    })
}

/// A service that is well, or not.
fn service(health: Act) -> Server {
    Server::start(Script::new().on("/health", [health]))
}

/// A gate that one second decides.
fn brief(limit: &str) -> String {
    format!(
        "[target]\nurl = \"${{BASE_URL}}\"\n[load]\nrate = \"100/s\"\nduration = \"1s\"\n\
         [[request]]\nget = \"/health\"\n[sla]\n{limit}\n"
    )
}

/// Insists on what the job said, and that its reports are where GitLab collects them.
#[track_caller]
fn said(done: &Done, words: &[&str]) {
    let all = format!("{}\n{}", done.stdout, done.stderr);
    for word in words {
        assert!(all.contains(word), "{word:?} is not in:\n{all}");
    }
    for report in crate::support::gate::REPORTS {
        assert!(done.try_file(report).is_some(), "{report} is missing:\n{all}");
    }
}

#[test]
fn the_template_passes_with_a_gate_of_this_repository() {
    let server = service(ok("well"));
    let done = run(&repository(&super::text("thresholds/smoke.toml")), "template", &server.url(""));
    done.code(0);
    said(&done, &["pass  3 checks held", "PASS  template"]);
}

#[test]
fn the_component_passes_where_the_gate_passes() {
    let server = service(ok("well"));
    let done = run(&repository(&brief("error_rate = \"< 1%\"")), "component", &server.url(""));
    done.code(0);
    said(&done, &["pass  2 checks held", "PASS  component"]);
}

#[test]
fn the_template_and_the_component_fail_where_the_gate_fails() {
    let server = service(status(500));
    for job in ["template", "component"] {
        let done = run(&repository(&brief("error_rate = \"< 1%\"")), job, &server.url(""));
        // Where some exit codes are allowed, gitlab-ci-local itself ends with 0 whatever the job's.
        done.code(i32::from(job == "template"));
        said(&done, &["error_rate 100 %, limit < 1 %", "FAIL 1", &format!("FAIL  {job}")]);
    }
}

#[test]
fn an_inconclusive_gate_fails_the_template_and_warns_where_the_component_is_told_so() {
    let server = service(ok("well"));
    let home = repository(&brief("p99_9 = \"< 1s\""));
    let done = run(&home, "template", &server.url(""));
    done.code(1);
    said(&done, &["100 samples are too few", "FAIL 3"]);
    let done = run(&home, "component", &server.url(""));
    done.code(0);
    said(&done, &["100 samples are too few", "WARN 42"]);
}
