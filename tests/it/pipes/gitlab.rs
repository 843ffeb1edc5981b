//! The GitLab files, really run by `gitlab-ci-local` in a repository of their own.

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::{command, content, root, tool};
use crate::bar::git;
use crate::support::gate::{Done, Gate, Running, turn, undisturbed};
use crate::support::server::{Act, Script, Server, ok, status};

/// Longer than a job takes that starts services of its own.
const PATIENCE: Duration = Duration::from_mins(5);

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
    committed(home)
}

/// The same folder as a clone, with all that lies there.
fn committed(home: Gate) -> Gate {
    git(&home, &["init", "-q", "-b", "main"]);
    git(&home, &["remote", "add", "origin", "https://gitlab.example.com/team/shop.git"]);
    git(&home, &["add", "--all"]);
    git(&home, &["commit", "-q", "-m", "shop"]);
    home
}

/// Runs a job against a service, again where the machine was busy with something else.
fn run(home: &Gate, name: &str, service: &str) -> Done {
    undisturbed(|| job(home, name, &[("BASE_URL", service)]))
}

/// Runs a job with variables of its pipeline, and the binary under test on PATH.
fn job(home: &Gate, name: &str, variables: &[(&str, &str)]) -> Done {
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_loadgate"));
    let mut local = command(tool("gitlab-ci-local"));
    let path = local.get_envs().find(|(name, _)| *name == "PATH").and_then(|(_, path)| path);
    let mut homes = vec![binary.with_file_name("")];
    homes.extend(std::env::split_paths(path.expect("the command has a PATH")));
    local.env("PATH", std::env::join_paths(homes).expect("no folder has a colon"));
    local.env("HOME", home.path("")).current_dir(home.path(""));
    local.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    local.arg("--force-shell-executor");
    for (name, value) in variables {
        local.args(["--variable", &format!("{name}={value}")]);
    }
    local.arg(name);
    Running::of(local).end_within(home, PATIENCE)
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

/// The examples: two versions side by side, and a run that is kept each night.
const EXAMPLES: &str = "\
include:
  - local: /loadgate.gitlab-ci.yml
  - local: /side-by-side.gitlab-ci.yml
  - local: /nightly.gitlab-ci.yml
";

/// A repository with the examples and the service that they start.
fn examples(gate: &str, name: &str) -> Gate {
    let home = Gate::new("").file(".gitlab-ci.yml", EXAMPLES);
    let folder = home.path("");
    for kept in ["loadgate", "side-by-side", "nightly"] {
        let path = root().join(format!("ci/gitlab/{kept}.gitlab-ci.yml"));
        content(Command::new("cp").arg(path).arg(&folder));
    }
    for made in ["ci", "thresholds"] {
        std::fs::create_dir(home.path(made)).expect("a folder of ours");
    }
    content(
        Command::new("cp").arg("-R").arg(root().join("ci/side-by-side")).arg(folder.join("ci")),
    );
    committed(home.file(&format!("thresholds/{name}.toml"), gate))
}

/// A port of loopback that nobody has.
fn port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
    listener.local_addr().expect("a listener has an address").port()
}

/// Runs the job that compares the last commit with the one before.
fn side_by_side(home: &Gate) -> Done {
    let base = git(home, &["rev-parse", "HEAD~1"]);
    let done = undisturbed(|| {
        let [new, old] = [port(), port()].map(|port| format!("http://127.0.0.1:{port}"));
        let variables = [
            ("CI_PIPELINE_SOURCE", "merge_request_event"),
            ("CI_MERGE_REQUEST_DIFF_BASE_SHA", &base),
            ("BASE_URL", &new),
            ("LOADGATE_AGAINST", &old),
        ];
        let done = job(home, "loadgate side by side", &variables);
        // A job that ends before the first round leaves what it started to its host.
        let left = std::fs::read_to_string(home.path(".base/new.pid"));
        if let Ok(left) = left {
            content(Command::new("kill").arg(left.trim()));
        }
        git(home, &["worktree", "remove", "--force", ".base"]);
        done
    });
    said(&done, &["6 rounds", "gate file asks for no less than at"]);
    done
}

#[test]
fn the_example_starts_two_versions_and_finds_the_slower_one() {
    let gate = "[target]\nurl = \"${BASE_URL}\"\nready = { get = \"/health\", within = \"30s\" }\n\
                [load]\nrate = \"100/s\"\nduration = \"2s\"\nwarm_up = \"500ms\"\n\
                [[request]]\nget = \"/cart\"\n[sla]\np50 = \"< 2s\"\n\
                [regression]\nrestart = \"ci/side-by-side/restart\"\nrounds = 6\n\
                round = \"500ms\"\np50 = \"+50%\"\n";
    let home = examples(gate, "side-by-side");
    let service = "ci/side-by-side/service.py";
    let text = std::fs::read_to_string(home.path(service)).expect("it was copied");
    git(&home, &["commit", "-q", "--allow-empty", "-m", "something else"]);
    side_by_side(&home).code(0);
    let slower = text.replace("\"/cart\": 10", "\"/cart\": 40");
    assert_ne!(slower, text);
    std::fs::write(home.path(service), slower).expect("a file of ours");
    git(&home, &["commit", "-q", "-m", "slower", service]);
    let done = side_by_side(&home);
    done.code(1);
    said(&done, &["fail", "limit +50 %"]);
}

#[test]
fn the_nightly_example_keeps_a_run_that_passed_and_no_other() {
    let gate = |limit: &str| format!("{}[regression]\nbaseline = \"main\"\n", brief(limit));
    let kept = |home: &Gate| {
        let runs = std::fs::read_dir(home.path(".loadgate/runs"));
        runs.map_or(0, |runs| runs.flatten().count())
    };
    let night = |home: &Gate, server: &Server| {
        let url = server.url("");
        let variables = [("CI_PIPELINE_SOURCE", "schedule"), ("BASE_URL", url.as_str())];
        let _turn = turn();
        // What was not fit is not kept, and made again.
        let mut made = (0..8).map(|_| job(home, "loadgate nightly", &variables));
        made.find(|done| !done.fell_behind()).expect("a fit run")
    };
    let server = service(ok("well"));
    let home = examples(&gate("error_rate = \"< 1%\""), "nightly");
    let done = night(&home, &server);
    done.code(0);
    said(&done, &["1 of 10 that a comparison needs", "PASS  loadgate nightly"]);
    let done = night(&home, &server);
    said(&done, &["2 of 10 that a comparison needs"]);
    assert_eq!(kept(&home), 2);
    night(&home, &service(status(500))).code(1);
    assert_eq!(kept(&home), 2);
}
