//! Where a job stands: the branch and the commit it is for, the kind of machine it is on.

use std::path::Path;

use super::bar::Written;
use super::read::{Ask, Gate};
use super::scene;
use super::voice::Lookup;
use crate::baseline::load::fingerprint;
use crate::git::Git;
use crate::host::branch::{self, Branch};
use crate::host::{Choice, Place, ci};
use crate::machine;
use crate::plan::{Drive, Plan};
use crate::run::Origin;

/// What the job is for: as its CI host tells it; outside of one, as the clone does.
pub(super) fn branch(lookup: Lookup, here: &Path) -> Branch {
    if let Some(ci) = ci::detect(Choice::Detect, &lookup) {
        return branch::branch(ci, &lookup);
    }
    let git = Git::around(here).ok().flatten();
    let name = git.and_then(|git| git.branch().ok().flatten());
    name.map_or(Branch::Unknown, Branch::Named)
}

/// Whether the CI host says that anybody may write to the branch.
pub(super) fn is_open(lookup: Lookup) -> bool {
    ci::detect(Choice::Detect, &lookup).is_some_and(|ci| branch::is_open(ci, &lookup))
}

/// What a run knows of the place it is made at.
#[derive(Clone, Debug, Default)]
pub(super) struct Stand {
    /// The hash of what is sent.
    pub load_hash: String,
    /// The commit that is tested; empty where nobody knows.
    pub commit: String,
    /// The kind of machine, as a person or the CI host calls it; empty where nobody does.
    pub runner: String,
}

impl Stand {
    /// Where a run comes from that begins now; whom it is put on is not known here.
    pub(super) fn origin(&self, plan: &Plan) -> Origin {
        let (started, machine) = (machine::now(), machine::look());
        Origin {
            id: machine::run_id(&started),
            started,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            gate: plan.name.clone(),
            gate_hash: plan.hash.clone(),
            load_hash: self.load_hash.clone(),
            commit: self.commit.clone(),
            runner: self.runner.clone(),
            tags: plan.tags.clone(),
            exclude_tags: plan.exclude_tags.clone(),
            cpu: machine.cpu,
            cores: machine.cores,
            memory: machine.memory,
            os: machine.os,
            arch: machine.arch,
            ..Origin::default()
        }
    }
}

/// The hash of what a plan sends.
pub(super) fn load_hash(written: &Written, drive: &Drive) -> String {
    fingerprint(drive, &written.gate, &written.files)
}

/// Looks around before a run of what has that hash.
pub(super) fn look(ask: &Ask, load_hash: impl FnOnce() -> String) -> Stand {
    let load_hash = match ask.gate {
        Gate::File(_) => load_hash(),
        // The demo has no history.
        Gate::Own(..) => return Stand::default(),
    };
    let host = ci::detect(Choice::Detect, &ask.lookup);
    let runner = ask.changes.runner.clone();
    let told = || host.map(|ci| branch::runner(ci, &ask.lookup));
    let runner = runner.or_else(told).unwrap_or_default();
    Stand { load_hash, commit: commit(ask.lookup), runner }
}

/// The commit that is tested: the head of a pull request, never a merge commit of the host's.
fn commit(lookup: Lookup) -> String {
    let head = ci::detect(Choice::Detect, &lookup)
        .and_then(|ci| Place::read(ci, &lookup, scene::event(lookup).as_deref()).head);
    let own = || {
        let here = std::env::current_dir().ok()?;
        Git::around(&here).ok().flatten()?.commit("HEAD").ok().flatten()
    };
    head.or_else(own).unwrap_or_default()
}
