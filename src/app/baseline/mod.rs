//! `baseline`: which runs are kept, what was said of them, how their values went.

mod add;

use std::path::{Path, PathBuf};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::voice::{self, Lookup, Voice};
use crate::baseline::group::groups;
use crate::baseline::{Kept, Mark, Meaning, Shelf};
use crate::cli::{Baseline, Keeping, Listed, Promote, Prune, ReportAsk, Show};
use crate::error::{Error, Exit};
use crate::machine;
use crate::report::{course, history};
use crate::shelf::{Edit, Place, mark_entry, run_name};
use crate::store;

/// Does what is asked of the kept runs.
pub(super) fn baseline(ask: Baseline, lookup: Lookup, voice: &Voice) -> Result<Exit, Error> {
    match ask.command {
        Keeping::Add(ask) => add::add(ask, lookup, voice),
        Keeping::List(ask) => list(&ask),
        Keeping::Show(ask) => show(&ask),
        Keeping::Prune(ask) => prune(&ask, voice),
        Keeping::Promote(ask) => promote(&ask, voice),
        Keeping::Report(ask) => report(&ask, voice),
    }
}

/// The current folder: from there, places are seen.
pub(super) fn here() -> Result<PathBuf, Error> {
    std::env::current_dir().map_err(Error::System)
}

/// What lies in a place.
pub(super) fn read(place: &Place) -> Result<Shelf, Error> {
    Ok(place.read(&here()?)?)
}

fn list(ask: &Listed) -> Result<Exit, Error> {
    let shelf = read(&ask.past.baseline)?;
    let groups = groups(&shelf, ask.branch.as_deref());
    let text = if groups.is_empty() {
        format!("nothing is kept in {}\n", ask.past.baseline)
    } else {
        course::list(&groups)
    };
    voice::data(&text).map_err(Error::Stdout)?;
    Ok(Exit::Pass)
}

fn found<'a>(shelf: &'a Shelf, id: &str, place: &Place) -> Result<&'a Kept, Error> {
    let why = || {
        format!("`{id}` is no kept run of {place}, or several; `loadgate baseline list` names all")
    };
    shelf.find(id).ok_or_else(|| Error::NotHere(why()))
}

fn show(ask: &Show) -> Result<Exit, Error> {
    let shelf = read(&ask.past.baseline)?;
    let kept = found(&shelf, &ask.run, &ask.past.baseline)?;
    voice::data(&course::show(&shelf, kept)).map_err(Error::Stdout)?;
    Ok(Exit::Pass)
}

fn promote(ask: &Promote, voice: &Voice) -> Result<Exit, Error> {
    let place = &ask.past.baseline;
    let shelf = read(place)?;
    let kept = found(&shelf, &ask.run, place)?;
    let meaning = Meaning::from(ask.meaning);
    let reason: String = ask.reason.chars().take(300).collect();
    let mark = Mark { run: kept.id().to_owned(), meaning, at: machine::now(), reason };
    let why = format!("{} is the {}", kept.id(), meaning.name());
    let edit = Edit { add: vec![mark_entry(&mark)], remove: Vec::new(), why: why.clone() };
    place.change(&here()?, &edit)?;
    voice.note(&format!("{why} from now on, in {place}"));
    Ok(Exit::Pass)
}

fn prune(ask: &Prune, voice: &Voice) -> Result<Exit, Error> {
    let (place, here) = (&ask.past.baseline, here()?);
    let remove = if ask.damaged {
        let damaged = place.damaged(&here)?;
        for (name, why) in &damaged {
            voice.note(&format!("`{name}` {why}"));
        }
        damaged.into_iter().map(|(name, _)| name).collect()
    } else {
        let oldest = ask.older_than.map(oldest);
        outlived(&place.read(&here)?, ask.keep, oldest.as_deref())
    };
    let count = remove.len();
    if count > 0 {
        let why = format!("{count} removed");
        place.change(&here, &Edit { add: Vec::new(), remove, why })?;
    }
    voice.note(&format!("{count} removed from {place}"));
    Ok(Exit::Pass)
}

/// The time so many days ago.
fn oldest(days: u32) -> String {
    let then = OffsetDateTime::now_utc().checked_sub(time::Duration::days(days.into()));
    then.and_then(|then| then.format(&Rfc3339).ok()).unwrap_or_default()
}

/// The files of runs that need not be kept: beyond the last so many of their group, or older; but
/// no anchor.
fn outlived(shelf: &Shelf, keep: u64, oldest: Option<&str>) -> Vec<String> {
    let keep = usize::try_from(keep).unwrap_or(usize::MAX);
    let mut names = Vec::new();
    for group in groups(shelf, None) {
        let spare = group.runs.len().saturating_sub(keep);
        let old = |at: usize, kept: &Kept| {
            at < spare || oldest.is_some_and(|oldest| kept.started() < oldest)
        };
        let runs = group.runs.iter().enumerate();
        let gone = runs.filter(|(at, kept)| old(*at, kept) && !group.is_anchor(kept.id()));
        names.extend(gone.map(|(_, kept)| run_name(kept.id())));
    }
    names
}

fn report(ask: &ReportAsk, voice: &Voice) -> Result<Exit, Error> {
    let shelf = read(&ask.past.baseline)?;
    let groups = groups(&shelf, ask.branch.as_deref());
    let last = usize::try_from(ask.last).unwrap_or(usize::MAX);
    let page = history::render(&groups, last);
    store::replace(&ask.page, page.as_bytes()).map_err(Error::Unwritten)?;
    voice.note(&format!("the history is in {}", Path::display(&ask.page)));
    Ok(Exit::Pass)
}
