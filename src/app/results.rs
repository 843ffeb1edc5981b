//! `check`: a saved run, or the files of another tool, judged.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::bar;
use super::line;
use super::read::Ask;
use super::voice::Voice;
use crate::error::{Error, Exit};
use crate::ingest::{self, File, Format, Refused, Unit, Unreadable};
use crate::plan::Plan;
use crate::run::Run;
use crate::store;

/// How much of a file is looked at to recognise it.
const HEAD: u64 = 64 * 1024;
/// What Locust writes beside `_stats.csv`, by the end of its name.
const BESIDE: [&str; 3] = ["_stats_history.csv", "_failures.csv", "_exceptions.csv"];

/// What is to be judged.
pub(super) struct Given {
    /// The files.
    pub(super) files: Vec<PathBuf>,
    /// Their format, where it was given.
    pub(super) format: Option<Format>,
    /// The unit of times, where the files do not say it.
    pub(super) unit: Option<Unit>,
    /// A last line that broke off is left out.
    pub(super) partial: bool,
}

/// Judges results: the same files and gate file give the same reports.
pub(super) fn check(ask: &Ask, given: &Given, voice: Voice) -> Result<Exit, Error> {
    let mut scene = ask.scene();
    let (asked, run) = match given.files.as_slice() {
        [only] if is_own(only, given.format)? => {
            own_unit(given.unit, only)?;
            let run = line::recall(only)?;
            (bar::read(&ask.as_run(&run, only), scene.as_mut())?, run)
        }
        _ => {
            let asked = bar::read(ask, scene.as_mut())?;
            let run = imported(given, &asked.plan, &voice)?;
            (asked, run)
        }
    };
    let first = given.files.first().map_or(Path::new(""), PathBuf::as_path);
    line::judged(ask, scene, asked, (first, run), voice)
}

/// Whether a file is a run of loadgate, or JSON that nobody else claims: then what is wrong with it
/// as a run is told.
fn is_own(path: &Path, format: Option<Format>) -> Result<bool, Error> {
    if let Some(format) = format {
        return Ok(format == Format::Loadgate);
    }
    let head = head(path)?;
    let json = head.trim_ascii_start().first().is_none_or(|byte| *byte == b'{');
    Ok(match ingest::look(&head) {
        Ok(format) => format == Format::Loadgate,
        Err(Unreadable::Unknown | Unreadable::Empty) => json,
        Err(_) => false,
    })
}

/// A run of loadgate has its own units.
fn own_unit(unit: Option<Unit>, path: &Path) -> Result<(), Error> {
    let Some(_) = unit else { return Ok(()) };
    let why = Unreadable::OwnUnit(Format::Loadgate.name());
    Err(Error::Results(Refused { file: path.to_string_lossy().into_owned(), why }))
}

/// The beginning of a file.
fn head(path: &Path) -> Result<Vec<u8>, Error> {
    let mut head = Vec::new();
    let file = store::open(path).map_err(Error::UnreadRun)?;
    let unread = |why| Error::UnreadRun(store::Unread { path: path.to_owned(), why });
    file.take(HEAD).read_to_end(&mut head).map_err(unread)?;
    Ok(head)
}

/// Reads the files of another tool.
fn imported(given: &Given, plan: &Plan, voice: &Voice) -> Result<Run, Error> {
    let files = beside(&given.files, given.format.is_none());
    let mut open = Vec::with_capacity(files.len());
    for path in &files {
        let name = path.to_string_lossy().into_owned();
        voice.step(&format!("reading {name}"));
        let file = store::open(path).map_err(Error::UnreadRun)?;
        open.push(File { name, bytes: Box::new(file) });
    }
    let windows: Vec<_> = plan.thresholds.iter().filter_map(|one| one.window.over).collect();
    let ask = ingest::Ask {
        gate: &plan.name,
        gate_hash: &plan.hash,
        windows: &windows,
        format: given.format,
        partial: given.partial,
        unit: given.unit,
    };
    ingest::read(open, &ask).map_err(|refused: Refused| Error::Results(refused))
}

/// The files with what Locust wrote beside them, where it is there.
fn beside(files: &[PathBuf], recognised: bool) -> Vec<PathBuf> {
    let mut all = files.to_vec();
    let stem = |path: &PathBuf| {
        let name = path.file_name()?.to_str()?.strip_suffix("_stats.csv")?;
        Some(path.with_file_name(name))
    };
    for stem in files.iter().filter_map(stem).filter(|_| recognised) {
        for end in BESIDE {
            let mut name = stem.clone().into_os_string();
            name.push(end);
            let path = PathBuf::from(name);
            if store::length(&path) > 0 && !all.iter().any(|one| store::same_file(one, &path)) {
                all.push(path);
            }
        }
    }
    all
}
