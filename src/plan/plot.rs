//! Scenarios in words: shares, tasks, think time, data.

use super::Drive;
use super::column::{NAME, Shown, say};
use super::mix::{self, MICRO};
use super::parts::are_one;
use super::scenario::{Feed, Pace, Per, Scenario, Share, Step, Task, Think, Work};
use crate::run::Model;
use crate::script::feeder::{OnEnd, Pick};
use crate::unit::{show_count, show_duration};

/// How wide a note may be.
const WIDTH: usize = 76;

/// The scenarios of a drive, with their shares and what a turn of each sends.
pub(super) fn scenarios(out: &mut String, drive: &Drive, shown: Shown<'_>) {
    if drive.scenarios.is_empty() {
        return;
    }
    say(out, format_args!("{:<NAME$} {:>9} {:>15}", "scenario", "share", "requests a turn"));
    for scenario in &drive.scenarios {
        let share = share(drive, scenario);
        let turn = tenths(mix::length(drive, &scenario.work));
        say(out, format_args!("{} {share:>9} {turn:>15}", shown.cell(&scenario.name, NAME)));
        once(out, "before", &scenario.start);
        tasks(out, drive, &scenario.work, shown, 1);
        once(out, "after", &scenario.stop);
        let own = scenario.load.iter().flat_map(|load| wrapped(&format!("load: {load}")));
        let feeds = scenario.feeds.iter().map(|feed| data(feed, shown));
        for note in own.into_iter().chain(rests(scenario)).chain(feeds) {
            say(out, format_args!("  {note}"));
        }
    }
    let turn = match drive.load.profile.model {
        Model::Open => "an arrival does one turn",
        Model::Closed => "a user does turn after turn",
    };
    say(out, format_args!("  {turn}\n"));
}

/// A list in lines of the usual width, all but the first indented.
fn wrapped(list: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in list.split_inclusive(", ") {
        match lines.last_mut() {
            Some(line) if line.chars().count() + part.trim_end().chars().count() <= WIDTH => {
                line.push_str(part);
            }
            Some(_) => lines.push(format!("      {part}")),
            None => lines.push(part.to_owned()),
        }
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

fn once(out: &mut String, when: &str, steps: &[Step]) {
    let noun = if steps.len() == 1 { "request" } else { "requests" };
    if !steps.is_empty() {
        say(out, format_args!("  once {when}: {} {noun}", steps.len()));
    }
}

/// A scenario's part: of the arrivals, or of the users that no other one has for itself.
fn share(drive: &Drive, scenario: &Scenario) -> String {
    let weight = match scenario.share {
        Share::Weight(weight) => u64::from(weight),
        Share::Fixed(users) => return format!("{} users", show_count(u64::from(users))),
    };
    let siblings = drive.scenarios.iter().filter(|one| are_one(one, scenario));
    let sum: u64 = siblings.map(|one| u64::from(mix::weight(one.share))).sum();
    percent(weight * MICRO / sum.max(1))
}

fn tasks(out: &mut String, drive: &Drive, work: &Work, shown: Shown<'_>, depth: usize) {
    let tasks = match work {
        Work::Tasks(tasks) => tasks,
        Work::Steps(_) => return,
    };
    for task in tasks {
        let indent = 2 * depth.min(6);
        let name = shown.cell(&task.name, NAME - indent);
        let share = percent(mix::share(tasks, task, MICRO));
        let turn = tenths(mix::length(drive, &task.work));
        let line = format!("{:indent$}{name} {share:>9} {turn:>15}{}", "", repeat(task));
        say(out, format_args!("{line}"));
        if task.until.is_some() {
            let (most, indent) = (show_count(task.repeat.1.into()), indent + 2);
            say(out, format_args!("{:indent$}until a condition is met, {most} times at most", ""));
        }
        self::tasks(out, drive, &task.work, shown, depth + 1);
    }
}

fn repeat(task: &Task) -> String {
    match task.repeat {
        _ if task.until.is_some() => String::new(),
        (1, 1) => String::new(),
        (from, to) if from == to => format!("  {from} times"),
        (from, to) => format!("  {from} to {to} times"),
    }
}

/// Think time and pace.
fn rests(scenario: &Scenario) -> Option<String> {
    let between = match scenario.work {
        Work::Steps(_) => "steps",
        Work::Tasks(_) => "tasks",
    };
    match scenario.pace {
        Pace::None => None,
        Pace::Wait(think) => Some(format!("think time between {between}: {}", time(think))),
        Pace::Paced(every) => Some(format!("a turn begins every {}", show_duration(every))),
    }
}

fn time(think: Think) -> String {
    match think {
        Think::Constant(time) => show_duration(time),
        Think::Between(from, to) => format!("{} to {}", show_duration(from), show_duration(to)),
        Think::Exponential(mean) => format!("exponential, {} on average", show_duration(mean)),
    }
}

fn data(feed: &Feed, shown: Shown<'_>) -> String {
    let pick = match feed.pick {
        Pick::Next(OnEnd::Wrap) => "in order, again from the first",
        Pick::Next(OnEnd::Stop) => "in order, then no more",
        Pick::Random => "at random",
        Pick::Once => "each one once",
    };
    let rows = show_count(feed.table.rows() as u64);
    let per = match feed.per {
        Per::Turn => "",
        Per::User => ", one for each user",
    };
    format!("data `{}`: {rows} rows, {pick}{per}", shown.line(&feed.name))
}

/// Millionths as a number with one decimal.
fn tenths(micro: u64) -> String {
    let tenths = (micro + MICRO / 20) / (MICRO / 10);
    format!("{}.{}", show_count(tenths / 10), tenths % 10)
}

/// Millionths as per cent with one decimal.
fn percent(micro: u64) -> String {
    format!("{}%", tenths(micro.saturating_mul(100)))
}
