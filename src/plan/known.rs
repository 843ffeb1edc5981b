//! Which names a user knows at each step, so that a misspelt one is told before the load.

use std::collections::BTreeSet;

use super::live::Use;
use super::reader::{At, Reader, Slot, nearest};
use super::scenario::Feed;
use super::socket;
use super::story::{Scenario, Step, Task};
use crate::script::state::BUILT_IN;
use crate::script::table::Table;

/// Columns that are remembered of a file of JSON lines; behind so many, any may be there.
const MOST_COLUMNS: usize = 1_000;

/// What a user knows at a place of its scenario.
#[derive(Clone, Default)]
pub(super) struct Known<'s> {
    feeds: &'s [Feed],
    /// Names that were taken from an answer before, on every way that leads here.
    sure: BTreeSet<String>,
    /// Names that are taken from an answer anywhere in the scenario.
    anywhere: BTreeSet<String>,
    /// Whether there is a scenario at all that could keep anything.
    alone: bool,
    /// Whether a part of the scenario could not be read, so that nothing is certainly unknown.
    lost: bool,
}

impl<'s> Known<'s> {
    /// At the beginning of a scenario with these tables, which takes these names somewhere.
    pub(super) fn of(feeds: &'s [Feed], anywhere: BTreeSet<String>) -> Self {
        Self { feeds, anywhere, ..Self::default() }
    }

    /// In a request that stands alone.
    pub(super) fn alone() -> Self {
        Self { alone: true, ..Self::default() }
    }

    /// Something that could not be read may be what a name stands for.
    pub(super) fn believe_all(&mut self) {
        self.lost = true;
    }

    /// Tells where a value would take the place of a row.
    fn not_a_feed(&self, name: &At<String>, reader: &mut Reader<'_>) {
        if self.feeds.iter().any(|feed| feed.name == name.value) {
            let message = format!("`{}` is the name of a row of data already", name.value);
            reader.fault(name.span.clone(), message, "choose another name".to_owned());
        }
    }

    /// After a step: it takes these values, and tells where one would take the place of a row.
    pub(super) fn learn(&mut self, step: &Step, reader: &mut Reader<'_>) {
        for name in taken(step) {
            self.not_a_feed(name, reader);
            self.sure.insert(name.value.clone());
        }
    }

    /// Whether a name is taken from an answer, but not before here.
    pub(super) fn is_late(&self, path: &str) -> bool {
        let name = path.split('.').next().unwrap_or_default();
        let row = self.feeds.iter().any(|feed| feed.name == name);
        !row && !self.sure.contains(name) && self.anywhere.contains(name)
    }

    /// Tells of every name that nobody will know.
    pub(super) fn check(&self, uses: &[Use], reader: &mut Reader<'_>) {
        for asked in uses {
            self.check_one(asked, reader);
        }
    }

    fn check_one(&self, asked: &Use, reader: &mut Reader<'_>) {
        let mut parts = asked.path.split('.');
        let name = parts.next().unwrap_or_default();
        if self.sure.contains(name) {
            return;
        }
        if let Some(feed) = self.feeds.iter().find(|feed| feed.name == name) {
            if let Some(column) = parts.next() {
                check_column(feed, column, asked, reader);
            }
            return;
        }
        let span = asked.span.clone();
        if self.anywhere.contains(name) {
            let message = format!("`{name}` may be missing: no earlier step takes it");
            let hint = "take it in `start` or in an earlier step of the same task";
            reader.warn(span, message, Some(hint.to_owned()));
            return;
        }
        if self.lost {
            return;
        }
        let message = format!("unknown name `{name}`");
        let feeds = self.feeds.iter().map(|feed| feed.name.as_str());
        let known: Vec<&str> =
            feeds.chain(self.anywhere.iter().map(String::as_str)).chain(BUILT_IN).collect();
        match nearest(name, &known) {
            Some(near) => reader.fault(span, format!("{message}, did you mean `{near}`?"), None),
            None if self.alone => {
                let hint = "a `[[request]]` keeps nothing; write a `[[scenario]]` with `data`, \
                            or with steps that `extract`";
                reader.fault(span, message, hint.to_owned());
            }
            None => reader.fault(span, message, format!("known here: {}", known.join(", "))),
        }
    }
}

fn check_column(feed: &Feed, column: &str, asked: &Use, reader: &mut Reader<'_>) {
    let table: &Table = &feed.table;
    let columns: Vec<&str> = table.columns().iter().map(AsRef::as_ref).collect();
    let all = table.is_rectangular() || columns.len() < MOST_COLUMNS;
    if !all || columns.contains(&column) {
        return;
    }
    let (name, span) = (&feed.name, asked.span.clone());
    let message = format!("`{name}` has no column `{column}`");
    if let Some(near) = nearest(column, &columns) {
        reader.fault(span, format!("{message}, did you mean `{name}.{near}`?"), None);
        return;
    }
    let listed: Vec<&str> = columns.into_iter().take(20).collect();
    reader.fault(span, message, format!("its columns are {}", listed.join(", ")));
}

/// Every name that a step takes, from its answer or from what it hears on a WebSocket.
fn taken(step: &Step) -> impl Iterator<Item = &At<String>> {
    let own = step.extract.value().into_iter().flat_map(|dict| &dict.0).map(|(name, _)| name);
    own.chain(socket::taken(step.talk.value()))
}

/// Every name that some step of a scenario takes from an answer.
pub(super) fn all_names(written: &Scenario) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut more: Vec<&At<Task>> = Vec::new();
    let mut lists = vec![&written.start, &written.steps, &written.stop];
    more.extend(written.task.value().iter().flat_map(|many| &many.0));
    while let Some(task) = more.pop() {
        lists.push(&task.value.steps);
        more.extend(task.value.tasks.value().iter().flat_map(|many| &many.0));
    }
    for step in lists.into_iter().filter_map(Slot::value).flat_map(|many| &many.0) {
        names.extend(taken(&step.value).map(|name| name.value.clone()));
    }
    names
}
