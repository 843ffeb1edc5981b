//! `baseline add`: a run that passed and was fit is kept, and no other.

use std::path::PathBuf;

use super::{here, read};
use crate::app::deliver;
use crate::app::line;
use crate::app::read::{Gate, alone};
use crate::app::stand;
use crate::app::voice::{Lookup, Voice};
use crate::baseline::{History, Kept, Lineage, Proof, choose};
use crate::cli::{Add, Changes};
use crate::error::{Error, Exit};
use crate::host::branch::Branch;
use crate::judge::finding::{Judgement, Outcome, Rule};
use crate::judge::judge_after;
use crate::plan::Plan;
use crate::plan::threshold::Level;
use crate::run::{Run, Stop};
use crate::shelf::{Edit, run_entry};
use crate::stats::history::FEWEST;

/// Keeps a run.
pub(super) fn add(ask: Add, lookup: Lookup, voice: &Voice) -> Result<Exit, Error> {
    let here = here()?;
    let path = if ask.run.is_dir() { ask.run.join(deliver::RUN) } else { ask.run };
    let run = line::recall(&path)?;
    let gate = Gate::File(ask.gate.unwrap_or_else(|| PathBuf::from(&run.origin.gate)));
    let plan = alone(&gate, &Changes::default(), lookup)?;
    let branch = ask.branch.clone().unwrap_or_else(|| protected(&plan));
    is_of(&branch, &stand::branch(lookup, &here)).map_err(Error::NotHere)?;
    if stand::is_open(lookup) {
        voice.note(&format!(
            "warning: the CI host says that `{branch}` is not protected: whoever \
                             may push to it chooses what later runs are compared with"
        ));
    }
    let run = run.hidden(&plan.masks);
    let shelf = read(&ask.past.baseline)?;
    let refused = |why: String| Error::NotKept { path: path.clone(), why };
    is_whole(&run).map_err(refused)?;
    let history = choose(&shelf, &run, &branch, &Lineage::Unknown);
    let proof = proof(&judge_after(&plan, &run, Some(&history))).map_err(refused)?;
    let kept = Kept::of(run, branch.clone(), proof);
    let why = format!("{} of {branch}", kept.id());
    let edit = Edit { add: vec![run_entry(&kept)], remove: Vec::new(), why };
    ask.past.baseline.change(&here, &edit)?;
    let alike = match history {
        History::Past(past) => past.runs.len(),
        History::Nothing | History::Foreign(_) | History::OtherLoad(_) | History::Damaged(_) => 0,
    };
    voice.note(&format!("{} is kept in {}{}", kept.id(), ask.past.baseline, counted(alike + 1)));
    Ok(Exit::Pass)
}

/// The branch that a gate file compares with.
fn protected(plan: &Plan) -> String {
    let named = plan.regression.as_ref().and_then(|regression| regression.baseline.clone());
    named.unwrap_or_else(|| "main".to_owned())
}

fn counted(alike: usize) -> String {
    match FEWEST.saturating_sub(alike) {
        0 => String::new(),
        missing => format!(": {alike} of {FEWEST} that a comparison needs, {missing} more"),
    }
}

/// Only the state of the protected branch is what others are compared with.
fn is_of(wanted: &str, told: &Branch) -> Result<(), String> {
    match told {
        Branch::Named(name) if name == wanted => Ok(()),
        Branch::Named(name) => {
            Err(format!("this is branch `{name}`, and only runs of `{wanted}` are kept"))
        }
        Branch::Change => {
            Err(format!("this job is for a change, and only runs of `{wanted}` are kept"))
        }
        Branch::Unknown => Err(format!(
            "nobody tells which branch this is, and only runs of `{wanted}` are kept: check it out"
        )),
    }
}

/// Whether a run says all that later ones are compared with.
fn is_whole(run: &Run) -> Result<(), String> {
    if !run.origin.shard.is_alone() {
        return Err(format!(
            "is {} alone: add all of them with `loadgate merge`",
            run.origin.shard
        ));
    }
    if run.stop != Stop::End {
        return Err("ended before its load did".to_owned());
    }
    if run.origin.load_hash.is_empty() {
        let why = "does not say what was sent: it was made by another tool, or an older loadgate";
        return Err(why.to_owned());
    }
    if !crate::baseline::kept::id_is_good(&run.origin.id) {
        return Err("has a name that no file can have".to_owned());
    }
    Ok(())
}

/// What a judgement proves; or why its run is not kept.
fn proof(judgement: &Judgement) -> Result<Proof, String> {
    let strict = || judgement.findings.iter().filter(|finding| finding.level == Level::Fail);
    for finding in strict() {
        let compared = finding.rule == Rule::Regression;
        match &finding.outcome {
            Outcome::Held => {}
            Outcome::Unjudged(_) if compared => {}
            Outcome::Breached => return Err("did not pass".to_owned()),
            Outcome::Unjudged(doubt) => return Err(format!("is not judged: {doubt}")),
        }
    }
    let open = strict().any(|finding| finding.outcome != Outcome::Held);
    Ok(if open { Proof::Open } else { Proof::Passed })
}
