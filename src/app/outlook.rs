//! `plan`: what a gate file would do, and what its comparison would find.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::bar::{Written, hash};
use super::measure::unsent;
use super::read::{self, Ask, Gate};
use super::stand;
use super::voice::{self, Lookup};
use crate::baseline::{History, Kept, Lineage, choose};
use crate::cli;
use crate::error::{Error, Exit};
use crate::judge::outlook::outlook;
use crate::plan::{self, Drive, Http, Plan};
use crate::report;
use crate::run::Run;

/// Says what a gate file would do. Nothing is sent.
pub(super) fn plan(ask: cli::Plan, lookup: Lookup) -> Result<Exit, Error> {
    let cli::Plan { gate, changes, past } = ask;
    let (gate, bar, out) = (Gate::File(gate), cli::Bar::default(), std::path::PathBuf::new());
    let (publishing, tells, everything) = (None, false, Vec::new);
    let ask = Ask { gate, changes, out, bar, past, publishing, tells, lookup, everything };
    let files = RefCell::new(BTreeMap::new());
    let texts = read::texts(&ask.gate, &ask.changes)?;
    let beside = |path: &str| {
        let bytes = read::beside(&ask.gate, path)?;
        files.borrow_mut().insert(path.to_owned(), hash(&bytes));
        Ok(bytes)
    };
    let plan = read::plan(&texts, &ask.changes, ask.lookup, &beside)?;
    let mut text = plan::outline(&plan);
    let written = Written { gate: texts.gate.1, files: files.into_inner() };
    text.push_str(&found(&ask, &plan, &written));
    voice::data(&format!("{}\n", text.trim_end())).map_err(Error::Stdout)?;
    Ok(Exit::Pass)
}

/// What the comparison would find, where there is one.
fn found(ask: &Ask, plan: &Plan, written: &Written) -> String {
    let Some((regression, drive)) = plan.regression.as_ref().zip(plan.drive.as_ref()) else {
        return String::new();
    };
    if regression.against.is_none() && regression.baseline.is_none() {
        return String::new();
    }
    let branch = regression.baseline.as_deref().unwrap_or("main");
    let mut run = unsent(plan, drive, &stand::look(ask, || stand::load_hash(written, drive)));
    let shelf = std::env::current_dir().map_err(|why| why.to_string());
    let shelf = shelf
        .and_then(|here| ask.past.baseline.read(&here).map_err(|trouble| trouble.why.to_string()));
    let history = match shelf {
        Ok(shelf) => {
            spoken(&mut run, drive, shelf.runs.iter().rfind(|kept| kept.branch == branch));
            choose(&shelf, &run, branch, &Lineage::Unknown)
        }
        Err(why) => History::Damaged(why),
    };
    let told = outlook(plan, &run, &history);
    report::outlook::outlook(plan, &told, &ask.past.baseline.to_string())
}

/// What will be spoken is known only once the service is asked; until then, what was spoken last.
fn spoken(run: &mut Run, drive: &Drive, last: Option<&Kept>) {
    if let (Http::Auto, Some(last)) = (drive.target.http, last) {
        run.origin.protocol.clone_from(&last.run.origin.protocol);
    }
}
