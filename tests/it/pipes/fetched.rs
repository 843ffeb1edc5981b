//! Where no loadgate is installed, the step takes a released archive whose checksum is in the
//! action's own table, and nothing else.

use super::step::{HOSTILE, Job};
use super::{content, said};

/// A curl that copies the archive that was laid ready, and writes its arguments down.
const CURL: &str = "#!/bin/bash\n\
    printf '%s\\0' \"$@\" > \"$ASKED\"\n\
    while [ $# -gt 1 ]; do if [ \"$1\" = --output ]; then cp \"$READY\" \"$2\"; fi; shift; done\n";

/// The name of an archive of this version.
fn named(triple: &str) -> String {
    format!("loadgate-{triple}-v{}", env!("CARGO_PKG_VERSION"))
}

/// A job with no loadgate, with an archive at the other end, and with this table of checksums.
fn job(table: impl Fn(&str) -> String) -> Job {
    let name = named("x86_64-unknown-linux-musl");
    let job = Job::new("gate").set("IN_GATE", "gate.toml").program("curl", CURL);
    let inner = job.path(&name);
    std::fs::create_dir(&inner).expect("a folder in a temporary directory");
    let binary = "#!/bin/bash\nprintf '%s\\0' fetched \"$@\" > \"$RECORD\"\n";
    let job = job.program("released", binary);
    std::fs::rename(job.path("bin/released"), inner.join("loadgate")).expect("a file of ours");
    let ready = job.path("ready.tgz");
    let mut tar = std::process::Command::new("tar");
    content(tar.arg("-czf").arg(&ready).arg("-C").arg(job.path("")).arg(&name));
    let sum = content(std::process::Command::new("sha256sum").arg(&ready));
    std::fs::create_dir_all(job.path("action/ci")).expect("a folder in a temporary directory");
    std::fs::write(job.path("action/ci/checksums.txt"), table(&sum[..64])).expect("a file of ours");
    let at = |name: &str| job.path(name).to_string_lossy().into_owned();
    let pairs = [
        ("RECORD", at("record")),
        ("ASKED", at("asked")),
        ("READY", at("ready.tgz")),
        ("GITHUB_ACTION_PATH", at("action")),
    ];
    pairs.iter().fold(job, |job, (name, value)| job.set(name, value))
}

/// A table with this sum for the archive of this machine.
fn table(sum: &str) -> String {
    format!(
        "# a comment\n{}  other.tgz\n{sum}  {}.tgz\n",
        "0".repeat(64),
        named("x86_64-unknown-linux-musl")
    )
}

/// Insists that nothing was fetched or run, for this reason.
#[track_caller]
fn refused(job: &Job, code: i32, why: &str) {
    let done = job.run();
    assert_eq!(done.status.code(), Some(code), "{}", said(&done));
    assert!(said(&done).contains(why), "{}", said(&done));
    assert_eq!(job.called(), None, "it was run");
    job.left_nothing();
}

#[test]
fn an_archive_of_the_table_is_unpacked_and_run() {
    let job = job(table);
    let done = job.run();
    assert!(done.status.success(), "{}", said(&done));
    let called = job.called().expect("the archive's binary was called");
    assert_eq!(called, ["fetched", "run", "--out=loadgate-out", "--", "gate.toml"]);
    let asked = std::fs::read_to_string(job.path("asked")).expect("curl was called");
    let asked: Vec<_> = asked.split_terminator('\0').collect();
    assert_eq!(asked[..3], ["--proto", "=https", "--tlsv1.2"]);
    let address = asked.last().expect("curl has arguments");
    assert!(address.starts_with("https://github.com/loadgate/loadgate/releases/download/v"));
    job.left_nothing();
}

#[test]
fn an_archive_that_differs_is_not_unpacked() {
    let job = job(|_| table(&"0".repeat(64)));
    refused(&job, 3, "its checksum differs");
    let name = named("x86_64-unknown-linux-musl");
    assert!(!job.path("temp").join(&name).exists());
    assert!(!job.path("temp").join(name + ".tgz").exists());
}

#[test]
fn an_archive_that_the_table_does_not_have_is_not_fetched() {
    for table in ["", "# nothing yet\n", "short  loadgate-x86_64-unknown-linux-musl-v0.1.0.tgz\n"] {
        let job = job(|_| table.to_owned());
        refused(&job, 3, "ci/checksums.txt has no loadgate-");
        assert!(!job.path("asked").exists(), "it was fetched");
    }
    let job = job(table).set("IN_VERSION", "7.7.7");
    refused(&job, 3, "has no loadgate-x86_64-unknown-linux-musl-v7.7.7.tgz");
}

#[test]
fn a_machine_without_a_binary_and_a_version_that_is_none_are_refused() {
    let unknown = job(table).set("RUNNER_ARCH", "RISCV64");
    refused(&unknown, 3, "no binary for this runner");
    for hostile in HOSTILE {
        refused(&job(table).set("IN_VERSION", hostile), 2, "\"version\" is no version");
    }
}

#[test]
fn a_failing_download_is_inconclusive() {
    let job = job(table).program("curl", "#!/bin/sh\nexit 22\n");
    refused(&job, 3, "cannot be fetched");
}

#[test]
fn an_installed_loadgate_is_taken_unless_another_version_is_asked_for() {
    let installed = "#!/bin/bash\n\
        if [ \"$1\" = --version ]; then echo 'loadgate 9.9.9'; exit; fi\n\
        printf '%s\\0' installed > \"$RECORD\"\n";
    let called = |version: &str| {
        let job = job(table).program("loadgate", installed).set("IN_VERSION", version);
        let done = job.run();
        assert!(done.status.success(), "{}", said(&done));
        job.called().expect("one of them was called")[0].clone()
    };
    assert_eq!(called(""), "installed");
    assert_eq!(called("9.9.9"), "installed");
    assert_eq!(called(env!("CARGO_PKG_VERSION")), "fetched");
}
