//! A saved run, judged in a job of GitHub's, with a played forge behind it.

use loadgate::archive;
use loadgate::host::Ci;

use crate::bar::git;
use crate::support::cases::{failing, passing};
use crate::support::gate::{Done, Gate};
use crate::support::server::Server;

/// What no output may ever have in it.
pub(super) const CANARY: &str = "ghp_canary0123456789abcdefCANARY";
/// The head of the pull request.
pub(super) const HEAD: &str = "89abcdef0123456789abcdef0123456789abcdef";
/// Comments of the pull request.
pub(super) const COMMENTS: &str = "/repos/octocat/shop/issues/7/comments";

/// What is asked of the saved run.
pub(super) const GATE: &str = "[sla]\np95 = \"< 300ms\"\n[sla.\"GET /cart\"]\np99 = \"< 400ms\"\n";

/// A gate and a saved run of it, in a job that was started by pull request 7, in a clone whose base
/// has the same gate file.
pub(super) fn job(passes: bool, api: &str) -> Gate {
    based(bare(passes, api))
}

/// The same job in no clone; its event names no base.
pub(super) fn bare(passes: bool, api: &str) -> Gate {
    let (_, run) = if passes { passing() } else { failing() };
    let event =
        format!(r#"{{"number":7,"pull_request":{{"number":7,"head":{{"sha":"{HEAD}"}}}}}}"#);
    let gate = Gate::new(GATE).file("run.json", archive::write(&run)).file("event.json", event);
    let gate = gate.file("summary", "").file("output", "");
    let [event, summary, output] =
        ["event.json", "summary", "output"].map(|name| shown(&gate, name));
    gate.set("GITHUB_ACTIONS", "true")
        .set("GITHUB_API_URL", api)
        .set("GITHUB_EVENT_NAME", "pull_request")
        .set("GITHUB_EVENT_PATH", &event)
        .set("GITHUB_OUTPUT", &output)
        .set("GITHUB_REF", "refs/pull/7/merge")
        .set("GITHUB_REPOSITORY", "octocat/shop")
        .set("GITHUB_RUN_ATTEMPT", "1")
        .set("GITHUB_RUN_ID", "17")
        .set("GITHUB_STEP_SUMMARY", &summary)
        .set("NO_PROXY", "127.0.0.1")
}

/// The same gate in a clone whose base commit has it already, as it is now.
pub(super) fn based(gate: Gate) -> Gate {
    cloned(gate, "main").set("LOADGATE_BASE", "main")
}

/// The gate in a clone with a branch, whose last commit has the gate file as it is now.
pub(super) fn cloned(gate: Gate, branch: &str) -> Gate {
    git(&gate, &["init", "-q", "-b", branch]);
    commit(&gate);
    gate
}

/// Commits the gate file as it is now; the commit's hash.
pub(super) fn commit(gate: &Gate) -> String {
    git(gate, &["add", "gate.toml"]);
    git(gate, &["commit", "-q", "--allow-empty", "-m", "gate"]);
    git(gate, &["rev-parse", "HEAD"])
}

fn shown(gate: &Gate, name: &str) -> String {
    gate.path(name).to_string_lossy().into_owned()
}

/// The same job with a token.
pub(super) fn with_token(passes: bool, server: &Server) -> Gate {
    job(passes, &server.url("")).set("GITHUB_TOKEN", CANARY)
}

/// The same job in no clone.
pub(super) fn bare_with_token(passes: bool, server: &Server) -> Gate {
    bare(passes, &server.url("")).set("GITHUB_TOKEN", CANARY)
}

/// `loadgate check` with more flags.
pub(super) fn judge(gate: &Gate, flags: &[&str]) -> Done {
    let done = gate.run(&[&["check", "gate.toml", "run.json"], flags].concat());
    let hidden = [&done.stdout, &done.stderr].iter().all(|text| !text.contains(CANARY));
    assert!(hidden, "the token is in the log:\n{}", done.stderr);
    for name in ["summary", "output"] {
        assert!(!read(gate, name).contains(CANARY), "the token is in {name}");
    }
    let extras = Ci::GitLab.files().iter().chain(Ci::Jenkins.files());
    for name in crate::support::gate::REPORTS.iter().chain(extras) {
        assert!(!done.try_file(name).unwrap_or_default().contains(CANARY), "it is in {name}");
    }
    done
}

/// A file that the host made.
pub(super) fn read(gate: &Gate, name: &str) -> String {
    std::fs::read_to_string(gate.path(name)).unwrap_or_default()
}
