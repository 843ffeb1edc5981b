//! The gate file of the commit a change is made against, read and compared.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::read::{self, Ask, Gate, Texts};
use super::voice::Lookup;
use crate::cli::{Bar as Flags, Changes};
use crate::error::Error;
use crate::git::{Git, Trouble};
use crate::plan::threshold::{During, Threshold};
use crate::plan::{Drive, Plan};
use crate::policy::{self, Copy, Origin, Policy, Standing};
use crate::store;

/// Larger than any description of an event.
const MOST_EVENT: u64 = 25 * 1024 * 1024;
const CURE: &str = "fetch it before the gate: `fetch-depth: 0` of actions/checkout, `GIT_DEPTH: 0` \
                    on GitLab, `fetchDepth: 0` on Azure, or `git fetch origin BRANCH`";

/// A gate file together with the bar of its base, where there is one.
pub(super) struct Barred {
    /// What the gate file asks for.
    pub plan: Plan,
    /// What the base commit's asks for.
    pub base: Option<Plan>,
    /// What the comparison came to; `None` where nobody told of a base.
    pub policy: Option<Policy>,
    /// The gate file as it is written.
    pub written: Written,
}

/// A gate file as it is written, with the SHA-256 of the files it names.
#[derive(Default)]
pub(super) struct Written {
    /// Its bytes.
    pub gate: Vec<u8>,
    /// The files, by their path beside it.
    pub files: BTreeMap<String, String>,
}

/// Reads a gate file, and that of the base where this is a change.
pub(super) fn read(ask: &Ask) -> Result<Barred, Error> {
    let files = RefCell::new(BTreeMap::new());
    let seen = |path: &str, bytes: &[u8]| {
        files.borrow_mut().insert(path.to_owned(), hash(bytes));
    };
    let texts = read::texts(&ask.gate, &ask.changes)?;
    let beside = |path: &str| {
        let bytes = read::beside(&ask.gate, path)?;
        seen(path, &bytes);
        Ok(bytes)
    };
    let mut plan = read::plan(&texts, &ask.changes, ask.lookup, &beside)?;
    let files = files.into_inner();
    let written = Written { gate: texts.gate.1.clone(), files: files.clone() };
    let Some(origin) = origin(&ask.bar, ask.lookup) else {
        return Ok(Barred { plan, base: None, policy: None, written });
    };
    let own = Copy { plan: plan.clone(), bytes: texts.gate.1.clone(), files };
    let (named, found) = found(ask, &texts, &origin);
    let (base, standing) = match found {
        Ok(Found::Copy(copy)) => {
            plan.masks.join(&copy.plan.masks);
            let standing = Standing::Compared(policy::compare(&copy, &own));
            (Some(copy.plan), standing)
        }
        Ok(Found::New) => (None, Standing::New),
        Ok(Found::Outside) => (None, Standing::Outside),
        Err(why) => (None, Standing::Unreadable(why)),
    };
    let policy = Policy { base: named, standing, approved: ask.bar.accept_policy_change };
    Ok(Barred { plan, base, policy: Some(policy), written })
}

impl Barred {
    /// The plan as its load is put on: the base's load where the change lowers it unasked, in
    /// pieces of time that the expectations of both can be told by.
    pub(super) fn driven(&self) -> Plan {
        let mut driven = self.plan.clone();
        let Some((base, policy)) = self.base.as_ref().zip(self.policy.as_ref()) else {
            return driven;
        };
        if policy.approved {
            return driven;
        }
        let loads = driven.drive.as_mut().zip(base.drive.as_ref());
        let lowered = policy::lowers_load(policy.differences());
        if let Some((drive, old)) = loads.filter(|(drive, old)| lowered && are_one(drive, old)) {
            drive.load = old.load.clone();
            driven.thresholds = replaced(&self.plan, &driven);
        }
        let more = replaced(base, &driven);
        driven.thresholds.extend(more);
        driven
    }
}

/// Whether no scenario has a load of its own, which would not fit another one's.
fn are_one(drive: &Drive, other: &Drive) -> bool {
    drive.scenarios.iter().chain(&other.scenarios).all(|scenario| scenario.load.is_none())
}

/// The thresholds of one plan as they look at the stages of another: by name where stages have
/// one. What looks at a stage that is not there looks at nothing.
fn replaced(plan: &Plan, other: &Plan) -> Vec<Threshold> {
    let names = |plan: &Plan| -> Vec<Option<String>> {
        let stages = plan.drive.iter().flat_map(|drive| &drive.load.profile.stages);
        stages.map(|stage| stage.name.clone()).collect()
    };
    let (from, to) = (names(plan), names(other));
    let place = |during: &During| match during {
        During::Named(_) => Some(during.clone()),
        During::Index(index) => match from.get(*index)? {
            Some(name) => to.iter().position(|other| other.as_ref() == Some(name)),
            None => Some(*index).filter(|index| *index < to.len()),
        }
        .map(During::Index),
    };
    let moved = |threshold: &Threshold| {
        let mut threshold = threshold.clone();
        if let Some(during) = &threshold.window.during {
            threshold.window.during = Some(place(during)?);
        }
        Some(threshold)
    };
    plan.thresholds.iter().filter_map(moved).collect()
}

/// What the base has under the name of the gate file.
enum Found {
    Copy(Box<Copy>),
    New,
    Outside,
}

/// The base as the flag names it, or as the host of a pull request tells it.
fn origin(flags: &Flags, lookup: Lookup) -> Option<Origin> {
    if let Some(name) = &flags.base {
        let revisions = vec![name.clone()];
        return Some(Origin { revisions, by: "--base" });
    }
    let event = lookup("GITHUB_EVENT_PATH").filter(|path| !path.is_empty());
    let event = event.and_then(|path| store::read(Path::new(&path), MOST_EVENT).ok());
    let event = event.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    policy::origin(&|name| lookup(name), event.as_deref())
}

/// What a person may call the base, and the gate file that it has.
fn found(ask: &Ask, texts: &Texts, origin: &Origin) -> (String, Result<Found, String>) {
    let named = origin.revisions.first().cloned().unwrap_or_else(|| "the base".to_owned());
    let here = match std::env::current_dir() {
        Ok(here) => here,
        Err(why) => return (named, Err(format!("there is no current folder: {why}"))),
    };
    let git = match around(&here, &ask.gate) {
        Ok(Around::Clone(git)) => git,
        Ok(Around::Elsewhere) => return (named, Ok(Found::Outside)),
        Ok(Around::Nothing) => {
            return (named, Err("the gate file lies in no clone of git".to_owned()));
        }
        Err(trouble) => return (named, Err(trouble.to_string())),
    };
    match commit(&git, origin) {
        Ok(commit) => {
            let short: String = commit.chars().take(12).collect();
            let base = Base { git, commit, here };
            (short, copy(ask, texts, &base))
        }
        Err(why) => (named, Err(why)),
    }
}

/// Where a gate file lies.
enum Around {
    Clone(Git),
    /// Outside the clone that we are in.
    Elsewhere,
    /// There is no clone at all.
    Nothing,
}

/// The clone around the current folder, or around the gate file where that lies elsewhere.
fn around(here: &Path, gate: &Gate) -> Result<Around, Trouble> {
    let Gate::File(path) = gate else { return Ok(Around::Elsewhere) };
    let own = Git::around(here)?;
    if let Some(git) = own.clone().filter(|git| git.below(here, path).is_some()) {
        return Ok(Around::Clone(git));
    }
    let whole = here.join(path);
    let other = whole.parent().map(Git::around).transpose()?.flatten();
    Ok(match (other, own) {
        (Some(git), _) => Around::Clone(git),
        (None, Some(_)) => Around::Elsewhere,
        (None, None) => Around::Nothing,
    })
}

fn commit(git: &Git, origin: &Origin) -> Result<String, String> {
    for name in &origin.revisions {
        if !policy::rev_is_good(name) {
            return Err("its name is none that git could know".to_owned());
        }
        if let Some(commit) = git.commit(name).map_err(|trouble| trouble.to_string())? {
            return Ok(commit);
        }
    }
    let names = origin.revisions.join(" or ");
    Err(format!("{} names {names}, and the clone does not have it; {CURE}", origin.by))
}

/// A commit, and where paths are seen from.
struct Base {
    git: Git,
    commit: String,
    here: PathBuf,
}

impl Base {
    /// A file as the commit has it; `Ok(None)` where it has none, `Err(None)` where the path leads
    /// out of the clone.
    fn file(&self, path: &Path, most: u64) -> Result<Option<Vec<u8>>, Option<String>> {
        let below = self.git.below(&self.here, path).ok_or(None)?;
        self.git.file(&self.commit, &below, most).map_err(|trouble| Some(trouble.to_string()))
    }
}

/// The base's copy of the gate file, with all that it names.
fn copy(ask: &Ask, texts: &Texts, base: &Base) -> Result<Found, String> {
    let Gate::File(path) = &ask.gate else { return Ok(Found::Outside) };
    let gate = match base.file(path, read::MOST_GATE) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Ok(Found::New),
        Err(None) => return Ok(Found::Outside),
        Err(Some(why)) => return Err(why),
    };
    let thresholds = match (&ask.changes.thresholds, &texts.thresholds) {
        (Some(path), Some((name, own))) => match base.file(path, read::MOST_GATE) {
            Ok(bytes) => bytes.map(|bytes| (name.clone(), bytes)),
            Err(None) => Some((name.clone(), own.clone())),
            Err(Some(why)) => return Err(why),
        },
        (_, _) => None,
    };
    let texts = Texts { gate: (texts.gate.0.clone(), gate), thresholds };
    let files = RefCell::new(BTreeMap::new());
    let folder = path.parent().unwrap_or(Path::new(""));
    let beside = |name: &str| {
        let old = base.file(&folder.join(name), read::MOST_BESIDE);
        let bytes = match old {
            Ok(Some(bytes)) => bytes,
            // What is made in the job itself is no part of any commit.
            Ok(None) | Err(None) => read::beside(&ask.gate, name)?,
            Err(Some(why)) => return Err(why),
        };
        files.borrow_mut().insert(name.to_owned(), hash(&bytes));
        Ok(bytes)
    };
    let plan = read_base(&texts, &ask.changes, ask.lookup, &beside)?;
    let files = files.into_inner();
    Ok(Found::Copy(Box::new(Copy { plan, bytes: texts.gate.1, files })))
}

fn read_base(
    texts: &Texts,
    changes: &Changes,
    lookup: Lookup,
    beside: &dyn Fn(&str) -> Result<Vec<u8>, String>,
) -> Result<Plan, String> {
    read::plan(texts, changes, lookup, beside).map_err(|error| {
        let said = error.to_string();
        let first = said.lines().next().unwrap_or_default();
        format!("as this version reads it, {first}")
    })
}

fn hash(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}
