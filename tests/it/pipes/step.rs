//! The action's step, run as GitHub runs it: hostile inputs stay words, and a cancel is heard.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;

use super::{as_github_runs, document, said, script};
use crate::support::gate::{Gate, Running};

/// Writes down its arguments, each ended by a zero byte.
const RECORDS: &str = "#!/bin/bash\n\
    if [ \"$1\" = --version ]; then echo 'loadgate 9.9.9'; exit; fi\n\
    printf '%s\\0' \"$@\" > \"$RECORD\"\n";

/// Inputs that would do something, were they ever read as shell, as flags or as more than one word.
pub(super) const HOSTILE: [&str; 40] = [
    "\"; touch pwn; #",
    "'; touch pwn; '",
    "`touch pwn`",
    "$(touch pwn)",
    "${IFS}touch${IFS}pwn",
    "a && touch pwn",
    "a || touch pwn",
    "a | tee pwn",
    "a > pwn",
    "a >> pwn",
    "a < /dev/zero",
    "a & touch pwn",
    "a\ntouch pwn",
    "a\r\ntouch pwn",
    "a\\\ntouch pwn",
    "--config=pwn",
    "--out=pwn",
    "--help",
    "--",
    "-q",
    "-",
    "@pwn",
    "*",
    "?",
    "[a-z]*",
    "{a,b}",
    "~",
    "~/pwn",
    "!!",
    "!touch",
    "$HOME",
    "$((1+1))",
    "$'\\x41'",
    "\\$(touch pwn)",
    "<(touch pwn)",
    "a b  c\t d",
    "\u{202e}txt.nwp",
    "::set-output name=verdict::pass",
    "${{ github.token }}",
    "émoji 🦀 ünd \"quotes\" 'both'",
];

/// A job's directory, with a step's script and a loadgate that only writes down.
pub(super) struct Job {
    home: TempDir,
    variables: BTreeMap<String, String>,
}

impl Job {
    /// With the action's inputs as they are when nobody gives any.
    pub(super) fn new(step: &str) -> Self {
        let home = tempfile::tempdir().expect("a temporary directory");
        let job = Self { home, variables: BTreeMap::new() };
        for folder in ["work", "bin", "temp"] {
            std::fs::create_dir(job.path(folder)).expect("a folder in a temporary directory");
        }
        std::fs::write(job.path("step.sh"), script(step)).expect("a file in a temporary directory");
        let action = document("action.yml");
        let steps = action["runs"]["steps"].as_array().expect("a composite action has steps");
        let step = steps.iter().find(|found| found["id"] == step).expect("the step is there");
        let mut job = job;
        for (name, value) in step["env"].as_object().expect("inputs come by the environment") {
            let value = value.as_str().expect("a variable is a text");
            let input = value.strip_prefix("${{ inputs.").and_then(|rest| rest.strip_suffix(" }}"));
            let given = match input {
                Some(input) => action["inputs"][input]["default"].as_str().unwrap_or_default(),
                None => value,
            };
            job = job.set(name, given);
        }
        let temp = job.path("temp").to_string_lossy().into_owned();
        job.set("RUNNER_TEMP", &temp).set("RUNNER_OS", "Linux").set("RUNNER_ARCH", "X64")
    }

    /// With a loadgate on PATH that writes its arguments down.
    pub(super) fn recording(step: &str) -> Self {
        let job = Self::new(step).program("loadgate", RECORDS);
        let record = job.path("record").to_string_lossy().into_owned();
        job.set("RECORD", &record)
    }

    /// With a variable.
    pub(super) fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// With a program on PATH, before those of the system.
    pub(super) fn program(self, name: &str, text: &str) -> Self {
        let path = self.path("bin").join(name);
        std::fs::write(&path, text).expect("a file in a temporary directory");
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&path, mode).expect("a file of ours");
        self
    }

    /// A path in the directory.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The step, not started yet.
    pub(super) fn command(&self) -> Command {
        let mut command = as_github_runs(&self.path("step.sh"));
        let path = format!("{}:/usr/bin:/bin", self.path("bin").display());
        command.current_dir(self.path("work")).env_clear().env("PATH", path);
        command.env("HOME", self.home.path()).envs(&self.variables);
        command
    }

    /// Runs the step.
    pub(super) fn run(&self) -> Output {
        self.command().output().expect("bash is there")
    }

    /// The arguments that loadgate was called with, where it was called.
    pub(super) fn called(&self) -> Option<Vec<String>> {
        let record = std::fs::read_to_string(self.path("record")).ok()?;
        Some(record.split_terminator('\0').map(str::to_owned).collect())
    }

    /// Insists that the step made no file where it ran.
    #[track_caller]
    pub(super) fn left_nothing(&self) {
        let made = std::fs::read_dir(self.path("work")).expect("the folder is there").flatten();
        let made: Vec<_> = made.map(|entry| entry.file_name()).collect();
        assert!(made.is_empty(), "{made:?}");
    }
}

/// Insists on the arguments that loadgate is called with.
#[track_caller]
fn calls(job: &Job, expected: &[&str]) {
    let done = job.run();
    assert!(done.status.success(), "{}", said(&done));
    assert_eq!(job.called().expect("loadgate was called"), expected);
    job.left_nothing();
}

#[test]
fn what_is_not_given_is_no_flag() {
    let job = Job::recording("gate").set("IN_GATE", "thresholds/api.toml");
    calls(&job, &["run", "--out=loadgate-out", "--", "thresholds/api.toml"]);
    calls(&Job::recording("gate").set("IN_COMMAND", "demo"), &["demo", "--out=loadgate-out"]);
    let job = Job::recording("gate").set("IN_COMMAND", "publish").set("IN_OUT", "of-fork");
    calls(&job.set("IN_GATE", "gate.toml"), &["publish", "--gate=gate.toml", "--", "of-fork"]);
}

#[test]
fn every_input_becomes_one_argument() {
    let mut job = Job::recording("gate");
    let mut expected = vec!["run".to_owned()];
    for (name, flag) in [
        ("IN_TARGET", "target"),
        ("IN_THRESHOLDS", "thresholds"),
        ("IN_DURATION", "duration"),
        ("IN_SEED", "seed"),
        ("IN_OUT", "out"),
        ("IN_PUBLISH", "publish"),
        ("IN_COMMENT", "comment"),
        ("IN_COMMENT_KEY", "comment-key"),
    ] {
        job = job.set(name, &format!("of {flag}"));
        expected.push(format!("--{flag}=of {flag}"));
    }
    let job = job.set("IN_CHECK", "true").set("IN_GATE", "a gate.toml");
    expected.extend(["--check", "--", "a gate.toml"].map(str::to_owned));
    let expected: Vec<_> = expected.iter().map(String::as_str).collect();
    calls(&job, &expected);
}

#[test]
fn forty_hostile_inputs_stay_one_argument_each() {
    let names = ["IN_TARGET", "IN_THRESHOLDS", "IN_DURATION", "IN_SEED"];
    let more = ["IN_PUBLISH", "IN_COMMENT", "IN_COMMENT_KEY", "IN_GATE"];
    for hostile in HOSTILE {
        let mut job = Job::recording("gate");
        for name in names.iter().chain(&more) {
            job = job.set(name, hostile);
        }
        let flags = ["target", "thresholds", "duration", "seed"];
        let mut expected = vec!["run".to_owned()];
        expected.extend(flags.map(|flag| format!("--{flag}={hostile}")));
        expected.push("--out=loadgate-out".to_owned());
        let flags = ["publish", "comment", "comment-key"];
        expected.extend(flags.map(|flag| format!("--{flag}={hostile}")));
        expected.extend(["--".to_owned(), hostile.to_owned()]);
        let expected: Vec<_> = expected.iter().map(String::as_str).collect();
        calls(&job, &expected);
    }
}

#[test]
fn a_directory_that_is_no_plain_path_is_refused() {
    let mut refused = 0;
    for hostile in HOSTILE {
        let job = Job::recording("gate").set("IN_GATE", "gate.toml").set("IN_OUT", hostile);
        let done = job.run();
        job.left_nothing();
        if let Some(called) = job.called() {
            assert_eq!(called[1], format!("--out={hostile}"));
        } else {
            assert_eq!(done.status.code(), Some(2), "{}", said(&done));
            assert!(said(&done).contains("\"out\" is no plain path"), "{}", said(&done));
            refused += 1;
        }
    }
    assert!(refused >= 39, "{refused} of {} were refused", HOSTILE.len());
}

#[test]
fn a_command_and_a_switch_are_of_a_closed_set() {
    for hostile in HOSTILE {
        for (name, told) in [("IN_COMMAND", "run, demo or publish"), ("IN_CHECK", "true or false")]
        {
            let job = Job::recording("gate").set("IN_GATE", "gate.toml").set(name, hostile);
            let done = job.run();
            assert_eq!(done.status.code(), Some(2), "{}", said(&done));
            assert!(said(&done).contains(told), "{}", said(&done));
            assert_eq!(job.called(), None);
            job.left_nothing();
        }
    }
    let done = Job::recording("gate").run();
    assert_eq!(done.status.code(), Some(2));
    assert!(said(&done).contains("which gate file?"));
}

#[test]
fn the_exit_code_of_the_gate_is_the_exit_code_of_the_step() {
    for code in [0, 1, 2, 3, 4, 143] {
        let job = Job::new("gate").program("loadgate", &format!("#!/bin/sh\nexit {code}\n"));
        assert_eq!(job.set("IN_GATE", "gate.toml").run().status.code(), Some(code));
    }
}

/// A step that runs the real binary on the demo service.
fn at_work() -> Job {
    let job = Job::new("gate").set("IN_COMMAND", "demo");
    let binary = env!("CARGO_BIN_EXE_loadgate");
    std::os::unix::fs::symlink(binary, job.path("bin/loadgate")).expect("a link of ours");
    job
}

/// Starts the step as the leader of a group, and lets it come to its first checkpoint.
fn started(job: &Job) -> (Running, String) {
    let mut command = job.command();
    command.process_group(0);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut running = Running::of(command);
    let reports = job.path("work/loadgate-out");
    running.until("the checkpoint", |_| reports.join("run.json").exists());
    let group = running.id();
    (running, group)
}

#[test]
fn a_cancelled_job_leaves_its_reports() {
    for (signal, whole_group, code) in
        [("INT", false, 130), ("TERM", false, 143), ("TERM", true, 143)]
    {
        let job = at_work();
        let (running, leader) = started(&job);
        let receiver = if whole_group { format!("-{leader}") } else { leader };
        let sent = Command::new("kill").args([&format!("-{signal}"), "--", &receiver]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill -{signal} {receiver}");
        let cancelled = std::time::Instant::now();
        let done = running.end(&Gate::new(""));
        done.code(code);
        // GitHub waits 7.5 s after its first signal.
        assert!(cancelled.elapsed().as_secs() < 7, "{:?}", cancelled.elapsed());
        for report in crate::support::gate::REPORTS {
            assert!(job.path("work/loadgate-out").join(report).exists(), "{report}");
        }
    }
}
