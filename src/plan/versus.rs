//! What a gate file would compare, in words: the part of `loadgate plan` on earlier versions.

use super::column::{NAME, Shown, say};
use super::regression::{Change, Inconclusive, Mode, Regression};
use super::threshold::Level;
use super::{Plan, glob, threshold::Selector};
use crate::run::Model;
use crate::unit::{Ratio, show_duration};

/// The comparison in words; nothing where there is none.
pub(super) fn compared(out: &mut String, plan: &Plan) {
    let shown = Shown(&plan.masks);
    if let Some(regression) = &plan.regression {
        out.push('\n');
        with(out, regression, shown);
        if regression.against.is_some() {
            rounds(out, plan, regression);
        }
        certainty(out, regression);
        say(out, format_args!("\n{:<NAME$} {:<18} {:>14}", "compared", "", "at most"));
        let closed = plan.drive.as_ref().map(|drive| drive.load.profile.model == Model::Closed);
        for change in regression.asked(closed.unwrap_or(true)) {
            checked(out, change, plan);
        }
    }
    for accept in &plan.accepts {
        let (scope, metric) = (shown.line(&accept.selector.to_string()), accept.metric);
        let (until, by) = (&accept.until, shown.line(&accept.by));
        say(out, format_args!("accepted until {until} by {by}: {scope} {metric}"));
        say(out, format_args!("  {}", shown.line(&accept.reason)));
    }
}

fn with(out: &mut String, regression: &Regression, shown: Shown<'_>) {
    if let Some(site) = &regression.against {
        say(out, format_args!("compare    with {}", shown.line(&site.shown)));
        let way = match regression.mode {
            Mode::Duet => "side by side: each arrival goes to one of them, by a draw",
            Mode::Alternate => "in turns of 2s; of each, the first 0.5s is not counted",
        };
        say(out, format_args!("           {way}"));
    }
    if let Some(branch) = &regression.baseline {
        say(out, format_args!("compare    with earlier runs of {}", shown.line(branch)));
    }
    if regression.against.is_none() && regression.baseline.is_none() {
        say(out, format_args!("compare    with nothing: give `--against` or a baseline"));
    }
}

fn rounds(out: &mut String, plan: &Plan, regression: &Regression) {
    let Some(drive) = &plan.drive else { return };
    let (rounds, round) = (regression.rounds(), regression.round());
    let warm_up = regression.warm_up(&drive.load);
    let each = (show_duration(warm_up), show_duration(round));
    let most = (warm_up + round) * u32::try_from(rounds).unwrap_or(u32::MAX);
    let most = show_duration(most);
    say(
        out,
        format_args!("           {rounds} rounds of {} warm-up and {}: {most},", each.0, each.1),
    );
    let looks = regression.looks();
    let (_, before) = looks.split_last().unwrap_or((&0, &[]));
    if before.is_empty() {
        say(out, format_args!("           after the load; looked at once, at their end"));
    } else {
        let before = before.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        say(
            out,
            format_args!("           after the load; ends after {before} if it is clear by then"),
        );
    }
    let starts = match regression.restart {
        Some(_) => "both versions start anew before each round",
        None => "both run on: valid for these two processes (`restart`)",
    };
    say(out, format_args!("           {starts}"));
}

fn certainty(out: &mut String, regression: &Regression) {
    let ignored = Ratio::new(regression.ignored()).map_or(String::new(), |share| share.to_string());
    let sure = regression.confidence;
    say(
        out,
        format_args!("           {sure} sure over all checks; less than {ignored} is ignored"),
    );
    let open = match regression.inconclusive {
        Inconclusive::Fail => "what cannot be told makes the gate inconclusive",
        Inconclusive::Warn => "what cannot be told is a warning",
        Inconclusive::Pass => "what cannot be told is only reported",
    };
    say(out, format_args!("           {open}"));
}

fn checked(out: &mut String, change: &Change, plan: &Plan) {
    let scope = match (&change.selector, &plan.drive) {
        (Selector::Endpoints(pattern), Some(drive)) if glob::is_pattern(pattern) => {
            let count = drive.endpoints.iter().filter(|name| glob::selects(pattern, name)).count();
            format!("{} ({count})", change.selector)
        }
        (Selector::Whole | Selector::Endpoints(_), _) => change.selector.to_string(),
    };
    let level = if change.level == Level::Warn { " (warn)" } else { "" };
    let (metric, limit) = (format!("{}{level}", change.metric), change.limit.to_string());
    let scope = Shown(&plan.masks).cell(&scope, NAME);
    say(out, format_args!("{scope} {metric:<18} {limit:>14}"));
    if let Some(floor) = change.floor {
        say(out, format_args!("  and by more than {}", show_duration(floor)));
    }
    if change.default {
        say(out, format_args!("  not written: what is compared where nothing is"));
    }
}
