//! The base commit, in the clone or at the forge, and the gate file that it has.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::hash;
use crate::app::read::{self, Ask, Gate, Texts};
use crate::app::scene::Scene;
use crate::app::voice::Lookup;
use crate::cli::Changes;
use crate::git::{self, Git, Trouble};
use crate::plan::Plan;
use crate::policy::{self, Copy, Named, Origin};
use crate::publish::{Door, Snapshot};

/// What helps where neither the clone nor the forge has it; `loadgate explain no-base` says more.
const CURE: &str = "fetch it before the gate (`fetch-depth: 0`, `GIT_DEPTH: 0`, `fetchDepth: 0`)";

/// What the base has under the name of the gate file.
pub(super) enum Found {
    Copy(Box<Copy>),
    New,
    Outside,
}

/// Where a gate file lies.
pub(super) enum Around {
    Clone(Git),
    /// Outside the clone that we are in.
    Elsewhere,
    /// There is no clone at all.
    Nothing,
}

/// A commit whose files can be read.
enum Held<'a> {
    Clone { git: Git, commit: String },
    Forge { door: &'a Door, snapshot: Snapshot, top: PathBuf },
}

/// A commit, and where paths are seen from.
struct Base<'a> {
    held: Held<'a>,
    here: PathBuf,
}

/// What a person may call the base, and the gate file that it has.
pub(super) fn found(
    ask: &Ask,
    texts: &Texts,
    origin: &Origin,
    scene: Option<&Scene>,
) -> (String, Result<Found, String>) {
    let named = origin.revisions.first().map_or("the base", |name| short(name)).to_owned();
    let here = match std::env::current_dir() {
        Ok(here) => here,
        Err(why) => return (named, Err(format!("there is no current folder: {why}"))),
    };
    let held = match around(&here, &ask.gate) {
        Ok(Around::Clone(git)) => match commit(&git, origin) {
            Ok(commit) => Ok(Held::Clone { git, commit }),
            Err(why) => forge(origin, scene, Some(git.top().to_owned()), &why),
        },
        Ok(Around::Elsewhere) => return (named, Ok(Found::Outside)),
        Ok(Around::Nothing) => forge(origin, scene, None, "the gate file lies in no clone of git"),
        Err(trouble) => forge(origin, scene, None, &trouble.to_string()),
    };
    match held {
        Ok(held) => {
            let base = Base { held, here };
            (base.commit().chars().take(12).collect(), copy(ask, texts, &base, scene))
        }
        Err(why) => (named, Err(why)),
    }
}

/// The clone around the current folder, or around the gate file where that lies elsewhere.
pub(super) fn around(here: &Path, gate: &Gate) -> Result<Around, Trouble> {
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
    let names: Vec<&str> = origin.revisions.iter().map(|name| short(name)).collect();
    Err(format!("the clone does not have {}, which {} names", names.join(" or "), origin.by))
}

/// A name of a commit as a person may know it.
fn short(name: &str) -> &str {
    match policy::at_forge(name) {
        Some(Named::Hash(_)) => name.get(..12).unwrap_or(name),
        Some(Named::Branch(_)) | None => name,
    }
}

/// The base at the forge, for a reason why it is not taken from a clone. Without a clone the host
/// says where the repository begins.
fn forge<'a>(
    origin: &Origin,
    scene: Option<&'a Scene>,
    top: Option<PathBuf>,
    why: &str,
) -> Result<Held<'a>, String> {
    let cured = || Err(format!("{why}; {CURE}"));
    let Some(scene) = scene else { return cured() };
    let names: Vec<Named> =
        origin.revisions.iter().filter_map(|name| policy::at_forge(name)).collect();
    let top = top.or_else(|| scene.workspace());
    let (Some(top), false) = (top, names.is_empty()) else { return cured() };
    match scene.door.snapshot(&names) {
        Ok(snapshot) => Ok(Held::Forge { door: &scene.door, snapshot, top }),
        Err(more) => Err(format!("{why}; {more}; {CURE}")),
    }
}

impl Base<'_> {
    fn commit(&self) -> &str {
        match &self.held {
            Held::Clone { commit, .. } => commit,
            Held::Forge { snapshot, .. } => &snapshot.commit,
        }
    }

    /// A file as the commit has it; `Ok(None)` where it has none, `Err(None)` where the path leads
    /// out of the repository.
    fn file(&self, path: &Path, most: u64) -> Result<Option<Vec<u8>>, Option<String>> {
        match &self.held {
            Held::Clone { git, commit } => {
                let below = git.below(&self.here, path).ok_or(None)?;
                git.file(commit, &below, most).map_err(|trouble| Some(trouble.to_string()))
            }
            Held::Forge { door, snapshot, top } => {
                let below = git::below(top, &self.here, path).ok_or(None)?;
                door.file(snapshot, &below, most).map_err(Some)
            }
        }
    }

    /// What a gate file is that does not lie below the top folder. Where the host alone tells that
    /// folder, nobody knows.
    fn outside(&self) -> Result<Found, String> {
        match &self.held {
            Held::Clone { .. } => Ok(Found::Outside),
            Held::Forge { top, .. } => {
                Err(format!("the gate file does not lie below {}", top.display()))
            }
        }
    }

    /// Whether a file that the base does not have is new in the change. A forge may know another
    /// repository than the one that lies here, in which it is nowhere: the change must have it.
    fn is_new(&self, path: &Path, scene: Option<&Scene>) -> Result<(), String> {
        let Held::Forge { door, top, .. } = &self.held else { return Ok(()) };
        let below = git::below(top, &self.here, path);
        let head = scene.and_then(|scene| scene.door.place.head.as_deref());
        let (Some(below), Some(head)) = (below, head) else {
            return Err("the base does not have it, and the CI host does not say which commit is \
                        tested, so nobody can show that it is new"
                .to_owned());
        };
        let snapshot = door.snapshot(&[Named::Hash(head.to_owned())])?;
        match door.file(&snapshot, &below, read::MOST_GATE)? {
            Some(_) => Ok(()),
            None => Err(format!("neither the base nor the tested commit has `{below}`")),
        }
    }
}

/// The base's copy of the gate file, with all that it names.
fn copy(ask: &Ask, texts: &Texts, base: &Base<'_>, scene: Option<&Scene>) -> Result<Found, String> {
    let Gate::File(path) = &ask.gate else { return Ok(Found::Outside) };
    let gate = match base.file(path, read::MOST_GATE) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return base.is_new(path, scene).map(|()| Found::New),
        Err(None) => return base.outside(),
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
