//! The outputs of the action say what this run's verdict was, and never what an earlier one's was.

use super::said;
use super::step::{HOSTILE, Job};

/// A verdict as loadgate writes it.
const PASS: &str = "{\n  \"schema\": \"loadgate.verdict/1\",\n  \"verdict\": \"pass\",\n  \
                    \"exit_code\": 0,\n  \"why\": \"14 checks held\"\n}\n";

/// The outputs behind a directory of reports; with the verdict written after the step began.
fn outputs(out: &str, verdict: Option<&str>, fresh: bool) -> Vec<String> {
    let job = Job::new("judgement").set("IN_OUT", out);
    let folder = job.path("work/loadgate-out");
    std::fs::create_dir(&folder).expect("a folder in a temporary directory");
    let write = |path: &std::path::Path, text: &str, second: u64| {
        std::fs::write(path, text).expect("a file in a temporary directory");
        let file = std::fs::File::options().write(true).open(path).expect("a file of ours");
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000 + second);
        file.set_modified(time).expect("a file of ours");
    };
    write(&job.path("temp/loadgate-began"), "", 5);
    if let Some(verdict) = verdict {
        write(&folder.join("verdict.json"), verdict, if fresh { 6 } else { 4 });
    }
    let file = job.path("outputs").to_string_lossy().into_owned();
    let job = job.set("GITHUB_OUTPUT", &file);
    let done = job.run();
    assert!(done.status.success(), "{}", said(&done));
    let text = std::fs::read_to_string(file).expect("outputs were written");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_fresh_verdict_is_an_output() {
    let seen = outputs("loadgate-out", Some(PASS), true);
    assert_eq!(seen, ["verdict=pass", "exit-code=0", "report-path=loadgate-out"]);
    let fail = PASS.replace("\"pass\"", "\"fail\"").replace(": 0", ": 1");
    let seen = outputs("loadgate-out", Some(&fail.replace(['\n', ' '], "")), true);
    assert_eq!(seen, ["verdict=fail", "exit-code=1", "report-path=loadgate-out"]);
}

#[test]
fn no_verdict_an_old_one_and_a_damaged_one_are_inconclusive() {
    let nothing = ["verdict=inconclusive", "exit-code=", "report-path=loadgate-out"];
    assert_eq!(outputs("loadgate-out", None, true), nothing);
    assert_eq!(outputs("loadgate-out", Some(PASS), false), nothing);
    for damaged in [
        "",
        "pass",
        &PASS[..60],
        &PASS.replace("loadgate.verdict/1", "loadgate.verdict/2"),
        &PASS.replace("\"pass\"", "\"passed\""),
        &PASS.replace("\"pass\"", "\"pass\nexit-code=0\""),
        &PASS.replace("{\n", "{\n  \"why\": \"\\\"verdict\\\": \\\"pass\\\"\",\n"),
    ] {
        assert_eq!(outputs("loadgate-out", Some(damaged), true), nothing, "{damaged}");
    }
}

#[test]
fn no_directory_adds_an_output() {
    for hostile in HOSTILE {
        let seen = outputs(hostile, Some(PASS), true);
        assert_eq!(seen.len(), 3, "{seen:?}");
        assert_eq!(seen[0], "verdict=inconclusive");
        assert!(seen[2] == "report-path=" || seen[2] == format!("report-path={hostile}"));
    }
}
