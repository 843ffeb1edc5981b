//! Disks that are full, directories and files that become others.

use std::fs;
use std::os::unix::fs::symlink;

use super::{SECOND, gate, steady};
use crate::support::gate::{Done, Gate, REPORTS, undisturbed};
use crate::support::server::Server;

/// What lies in the directory of the reports, sorted, without the lock.
pub(super) fn listed(gate: &Gate) -> Vec<String> {
    let entries = fs::read_dir(gate.path("loadgate-out")).expect("it was made");
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<_> = names.filter(|name| name != ".lock").collect();
    names.sort();
    names
}

/// Insists that every report that is there is whole.
#[track_caller]
pub(super) fn whole(gate: &Gate) {
    for name in REPORTS {
        let Ok(text) = fs::read_to_string(gate.path("loadgate-out").join(name)) else { continue };
        let is_whole = match name {
            "run.json" => loadgate::archive::read(&text).is_ok(),
            "verdict.json" => serde_json::from_str::<serde_json::Value>(&text).is_ok(),
            "junit.xml" => roxmltree::Document::parse(&text).is_ok(),
            "report.html" => text.trim_end().ends_with("</html>"),
            _ => text.ends_with('\n'),
        };
        assert!(is_whole, "{name} is not whole:\n{text}");
    }
}

/// A pass and a fail: what is asked, the code where a report is missing, the word of the verdict.
const VERDICTS: [(&str, i32, &str); 2] =
    [("p50 = \"< 1s\"", 4, "pass"), ("status_2xx = \"< 1%\"", 1, "fail")];

#[test]
fn a_report_too_large_for_its_place_is_undelivered_and_the_others_are_there() {
    for (sla, code, verdict) in VERDICTS {
        let server = steady();
        // 8 KiB for each file; report.html needs more.
        let limit = "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\"";
        let gate = gate(&server, SECOND, &["/ok"], sla).by(limit);
        let done = gate.undisturbed(&["run", "gate.toml"]);
        done.code(code).says("cannot write `loadgate-out/report.html`").says(verdict);
        assert_eq!(listed(&gate), ["junit.xml", "run.json", "summary.md", "verdict.json"]);
        assert_eq!(done.verdict()["verdict"], verdict);
        whole(&gate);
    }
}

/// Runs on a disk of its own that is full from some moment in the load on, but for so many KiB.
fn on_a_full_disk(server: &Server, gate: &Gate, left: u32) -> Done {
    for name in ["fill", "filled", "loadgate-out"] {
        let path = gate.path(name);
        // Left by an earlier try, or not there.
        let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path));
    }
    let before = server.requests();
    fs::write(gate.path("left"), left.to_string()).expect("a file in a temporary directory");
    let mut running = gate.start(&["run", "gate.toml", "--out", "disk/out"]);
    running.until("the first request", |_| server.requests() > before);
    fs::write(gate.path("fill"), "").expect("a file in a temporary directory");
    running.until("the full disk", |_| gate.path("filled").exists());
    running.end(gate)
}

/// Mounts a disk, fills it when told so, and keeps a copy of what was written.
const DISK: &str = "mkdir -p disk; mount -t tmpfs -o size=512k none disk || exit 98\n\
    ( until [ -e fill ]; do sleep 0.02; done\n\
      dd if=/dev/zero of=disk/filler bs=4k 2>/dev/null\n\
      truncate -s -\"$(cat left)\"K disk/filler; : >filled ) &\n\
    \"$0\" \"$@\"; code=$?; wait; cp -R disk/out loadgate-out; exit $code";

#[test]
fn a_full_disk_takes_a_pass_away_and_the_verdict_is_told() {
    for (sla, code, verdict) in VERDICTS {
        let server = steady();
        let load = "rate = \"50/s\"\nduration = \"2s\"";
        let gate = gate(&server, load, &["/ok"], sla).with_own_mounts(DISK);
        let done = undisturbed(|| on_a_full_disk(&server, &gate, 0));
        done.code(code).says(verdict).no_reports();
        for name in REPORTS {
            done.says(&format!("cannot write `disk/out/{name}`: No space left"));
        }
        assert!(listed(&gate).is_empty(), "{:?}", listed(&gate));
    }
}

#[test]
fn a_nearly_full_disk_gets_the_reports_that_fit() {
    let server = steady();
    let load = "rate = \"50/s\"\nduration = \"2s\"";
    let gate = gate(&server, load, &["/ok"], "p50 = \"< 1s\"").with_own_mounts(DISK);
    // Pages of 4 KiB: room for run.json and verdict.json, not for report.html.
    let done = undisturbed(|| on_a_full_disk(&server, &gate, 16));
    done.code(4).says("disk/out/report.html").says("No space left");
    let names = listed(&gate);
    assert!(names.contains(&"run.json".to_owned()), "{names:?}");
    assert!(names.iter().all(|name| REPORTS.contains(&name.as_str())), "{names:?}");
    whole(&gate);
}

#[test]
fn a_disk_that_takes_no_writes_is_found_before_the_load() {
    let server = steady();
    let disk = "mkdir disk; mount -t tmpfs -o ro none disk || exit 98\n\
                exec \"$0\" \"$@\" --out disk/out";
    let gate = gate(&server, SECOND, &["/ok"], "p50 = \"< 1s\"").with_own_mounts(disk);
    gate.go().code(2).says("cannot write into `disk/out`").says("Read-only");
    let tiny = "mkdir disk; mount -t tmpfs -o size=4k none disk || exit 98\n\
                echo full >disk/filler; exec \"$0\" \"$@\" --out disk/out";
    let gate = super::gate(&server, SECOND, &["/ok"], "p50 = \"< 1s\"").with_own_mounts(tiny);
    gate.go().code(2).says("cannot write into `disk/out`").says("No space left");
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_report_that_became_a_link_is_replaced_and_the_file_behind_it_stays() {
    let server = steady();
    let gate = gate(&server, SECOND, &["/ok"], "p50 = \"< 1s\"").file("victim", "mine");
    let done = undisturbed(|| {
        let before = server.requests();
        let mut running = gate.start(&["run", "gate.toml"]);
        running.until("the first request", |_| server.requests() > before);
        for name in REPORTS {
            symlink(gate.path("victim"), gate.path("loadgate-out").join(name)).expect("linked");
        }
        running.end(&gate)
    });
    done.code(0).reports();
    assert_eq!(fs::read(gate.path("victim")).expect("it is there"), b"mine");
    for name in REPORTS {
        let facts = fs::symlink_metadata(gate.path("loadgate-out").join(name)).expect("there");
        assert!(facts.is_file(), "{name} is still a link");
    }
}

#[test]
fn a_directory_that_became_a_link_gets_nothing_and_the_run_is_undelivered() {
    let server = steady();
    let gate = gate(&server, SECOND, &["/ok"], "p50 = \"< 1s\"");
    let done = undisturbed(|| {
        for name in ["elsewhere", "moved"] {
            // Left by an earlier try, or not there.
            let _ = fs::remove_dir_all(gate.path(name));
        }
        let _ = fs::remove_file(gate.path("loadgate-out"));
        fs::create_dir(gate.path("elsewhere")).expect("a directory of ours");
        fs::write(gate.path("elsewhere/verdict.json"), "mine").expect("a file of ours");
        let before = server.requests();
        let mut running = gate.start(&["run", "gate.toml"]);
        running.until("the first request", |_| server.requests() > before);
        fs::rename(gate.path("loadgate-out"), gate.path("moved")).expect("moved");
        symlink(gate.path("elsewhere"), gate.path("loadgate-out")).expect("linked");
        running.end(&gate)
    });
    done.code(4).says("another directory was put in its place");
    assert_eq!(listed(&gate), ["verdict.json"]);
    assert_eq!(done.file("verdict.json"), "mine");
}

#[test]
fn a_reader_who_left_at_once_changes_nothing() {
    let server = steady();
    let script = "{ \"$0\" \"$@\"; echo $? >code; } 2>&1 | head -n 0; exit \"$(cat code)\"";
    let gate = gate(&server, SECOND, &["/ok"], "p50 = \"< 1s\"").by(script);
    gate.undisturbed(&["run", "gate.toml", "-v"]).code(0).reports();
}
