//! A run of somebody else's, judged again and told: the second workflow of a fork's pull request.
//!
//! What lies in the directory is a stranger's. Its numbers are taken; its verdict, its reports and
//! its word on which limits apply are not.

use std::path::{Component, Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::bar::{self, Barred, Written};
use super::deliver;
use super::line;
use super::read::{self, Ask, Gate};
use super::voice::{Lookup, Voice};
use crate::cli::{self, Bar, Changes};
use crate::error::{Error, Exit};
use crate::plan::Plan;
use crate::policy::{Difference, Part, Policy, Standing, Way};
use crate::run::Run;
use crate::store;

/// Judges the run of a directory by a gate file of this checkout, and tells what came of it.
pub(super) fn publish(ask: cli::Publish, lookup: Lookup, voice: &Voice) -> Result<Exit, Error> {
    let saved = ask.dir.join(deliver::RUN);
    if store::is_link(&saved) {
        let why = "is a link, and what a stranger's link leads to is not read".to_owned();
        return Err(Error::UnfitRun { path: saved, why });
    }
    if store::is_odd(&saved) {
        let why = "is no plain file".to_owned();
        return Err(Error::UnfitRun { path: saved, why });
    }
    let run = line::recall(&saved)?;
    let path = match ask.gate {
        Some(path) => path,
        None => named(&run, &saved)?,
    };
    let (gate, changes) = (Gate::File(path), Changes::default());
    let texts = read::texts(&gate, &changes)?;
    let plan = read::plan(&texts, &changes, lookup, &|path| read::beside(&gate, path))?;
    let differences = differences(&texts.gate.1, &plan, &run);
    let (out, publishing) = (ask.out.out, Some(ask.publishing));
    let bar = Bar { base: None, accept_policy_change: ask.accept_policy_change };
    let (past, tells, everything) = (ask.past, true, Vec::new);
    let ask = Ask { gate, changes, out, bar, past, publishing, tells, lookup, everything };
    let scene = ask.scene();
    let standing = Standing::Compared(differences);
    let approval = bar::approval(&ask, &standing, scene.as_ref());
    let policy = Policy { base: "this checkout".to_owned(), standing, approval };
    // This checkout is what the run is held against, and what it keeps of earlier runs is its own.
    let against = bar::told(&ask.bar, lookup);
    let asked =
        Barred { plan, base: None, policy: Some(policy), against, written: Written::default() };
    line::judged(&ask, scene, asked, (&saved, run), voice.clone())
}

/// The gate file that a run says it was made with, where this checkout has one of that name. It
/// must be a plain path below the current folder: a name is all that a stranger may choose.
fn named(run: &Run, saved: &Path) -> Result<PathBuf, Error> {
    let path = PathBuf::from(&run.origin.gate);
    let plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    let whole = plain && path.extension().is_some_and(|end| end == "toml");
    let folders = path.ancestors().filter(|part| !part.as_os_str().is_empty());
    if whole && !folders.into_iter().any(store::is_link) && path.is_file() {
        return Ok(path);
    }
    let name = &run.origin.gate;
    let why = format!("names `{name}` as its gate file, which is none here; name one with --gate");
    Err(Error::UnfitRun { path: saved.to_owned(), why })
}

/// How the gate file of the run differs from this checkout's, as far as the run tells.
fn differences(gate: &[u8], plan: &Plan, run: &Run) -> Vec<Difference> {
    let mut all = Vec::new();
    if let Some(drive) = &plan.drive {
        let (ours, theirs) = (drive.load.profile.to_string(), &run.load.profile);
        if ours != *theirs {
            let told = Difference::new(Way::Loosened, Part::Load, "the load that was put on");
            all.push(told.from(ours).to(theirs));
        }
        let (ours, theirs) = (drive.load.warm_up, run.load.warm_up);
        if theirs > ours {
            let told = Difference::new(Way::Loosened, Part::Load, "warm-up, sent and not judged");
            let show = crate::unit::show_duration;
            all.push(told.from(show(ours)).to(show(theirs)));
        }
    }
    let hash = format!("{:x}", Sha256::digest(gate));
    if hash != run.origin.gate_hash {
        let short = |hash: &str| format!("SHA-256 {}…", hash.chars().take(12).collect::<String>());
        let told = Difference::new(Way::Changed, Part::Other, "the gate file of the run");
        all.push(told.from(short(&hash)).to(short(&run.origin.gate_hash)));
    }
    all
}
