//! What a comparison would find, in words: the end of `loadgate plan`.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use super::words;
use crate::judge::finding::{Doubt, Scope};
use crate::judge::foreseen::{Foreseen, Outlook};
use crate::plan::Plan;
use crate::sanitise::{self, Clean};
use crate::unit::show_duration;

/// Columns of a scope.
const SCOPE: usize = 30;

/// What would be found of each change, at most 80 columns wide; or why nobody can say. `place` is
/// where the kept runs lie.
#[must_use]
pub fn outlook(plan: &Plan, told: &Result<(Vec<Outlook>, usize), Doubt>, place: &str) -> String {
    let clean = |text: &str| Clean::line(&plan.masks.apply(&sanitise::strip(text)));
    let place = clean(place);
    let (outlooks, runs) = match told {
        Ok(told) => told,
        Err(doubt) => {
            let why = clean(&why(doubt));
            return format!(
                "\nwhich change would be found, nobody can say yet:\n  {why} ({place})\n"
            );
        }
    };
    let from = words::plural(*runs as u64, "run");
    let mut out = format!("\nwould be found in 95 of 100 comparisons, as {from} in {place} vary\n");
    for outlook in outlooks {
        let Outlook { scope, metric, limit, told } = outlook;
        let scope = cell(&scope_words(scope, &clean));
        let (found, limit) = (found(*told), words::margin(*limit));
        let line = format!("{scope} {:<18} {found:>14} of {limit:>10}", metric.to_string());
        out += line.trim_end();
        out.push('\n');
        for note in notes(plan, *told) {
            writeln!(out, "  {note}").expect("a string takes everything");
        }
    }
    out
}

/// Why the kept runs are no measure.
fn why(doubt: &Doubt) -> String {
    if *doubt == Doubt::NoBaseline {
        return "no run is kept that it could be told from".to_owned();
    }
    doubt.to_string()
}

fn scope_words(scope: &Scope, clean: &dyn Fn(&str) -> Clean) -> String {
    match scope {
        Scope::Whole => "whole run".to_owned(),
        Scope::Endpoint(name) | Scope::Probe(name) => clean(name).to_string(),
    }
}

fn cell(text: &str) -> String {
    let mut cell: String = text.to_owned();
    while cell.width() > SCOPE {
        cell.pop();
    }
    let gap = SCOPE.saturating_sub(cell.width());
    cell + &" ".repeat(gap)
}

fn found(told: Foreseen) -> String {
    match told {
        Foreseen::Found { change, .. } => {
            words::change(change, false).unwrap_or_else(|| "nothing".to_owned())
        }
        Foreseen::TooFewRuns { .. } | Foreseen::TooFew { .. } | Foreseen::Unknown => "?".to_owned(),
    }
}

fn notes(plan: &Plan, told: Foreseen) -> Vec<String> {
    let round = plan.regression.as_ref().map(|regression| show_duration(regression.round()));
    let round = round.unwrap_or_default();
    match told {
        Foreseen::Found { within: true, .. } => Vec::new(),
        Foreseen::Found { rounds: Some(rounds), .. } => {
            vec![format!(
                "a change as large as the limit may be missed: {rounds} rounds of {round} would do"
            )]
        }
        Foreseen::Found { rounds: None, .. } => {
            vec!["a change as large as the limit may be missed".to_owned()]
        }
        Foreseen::TooFewRuns { have, need } => {
            vec![format!("{have} of {need} earlier runs that it takes to say")]
        }
        Foreseen::TooFew { have, need } => {
            let (have, need) = (words::count(have), words::count(need));
            vec![format!(
                "{have} requests in a round of {round}, where {need} are needed: not compared"
            )]
        }
        Foreseen::Unknown => vec!["the kept runs do not tell".to_owned()],
    }
}
