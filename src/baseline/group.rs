//! Kept runs that are alike, put together.

use super::class::Class;
use super::kept::{Kept, Shelf};
use super::mark::{Mark, Meaning};

/// Kept runs of one branch, machine and load, the oldest first. Never empty.
#[derive(Clone, Debug)]
pub struct Group<'a> {
    /// The branch.
    pub branch: &'a str,
    /// The machine.
    pub class: Class,
    /// The load's hash.
    pub load: &'a str,
    /// The runs.
    pub runs: Vec<&'a Kept>,
    /// What was said of them.
    pub marks: Vec<&'a Mark>,
}

impl Group<'_> {
    /// What was said of a run, in words.
    #[must_use]
    pub fn words(&self, id: &str) -> String {
        let of_it = self.marks.iter().filter(|mark| mark.run == id);
        let word = |mark: &&Mark| match mark.reason.as_str() {
            "" => mark.meaning.name().to_owned(),
            reason => format!("{} ({reason})", mark.meaning.name()),
        };
        of_it.map(word).collect::<Vec<_>>().join(", ")
    }

    /// Whether a run is the anchor: the last one that was made so.
    #[must_use]
    pub fn is_anchor(&self, id: &str) -> bool {
        let mut anchors = self.marks.iter().filter(|mark| mark.meaning == Meaning::Anchor);
        anchors.next_back().is_some_and(|mark| mark.run == id)
    }
}

/// All groups of a branch, or of all branches, the one with the latest run last.
#[must_use]
pub fn groups<'a>(shelf: &'a Shelf, branch: Option<&str>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    let wanted = |kept: &&Kept| branch.is_none_or(|branch| kept.branch == branch);
    for kept in shelf.runs.iter().filter(wanted) {
        let (class, load) = (Class::of(&kept.run.origin), kept.run.origin.load_hash.as_str());
        let same = |group: &Group| {
            group.branch == kept.branch && group.class == class && group.load == load
        };
        // The group that grew last comes last.
        let mut group = match groups.iter().position(same) {
            Some(at) => groups.remove(at),
            None => Group { branch: &kept.branch, class, load, runs: vec![], marks: vec![] },
        };
        group.runs.push(kept);
        groups.push(group);
    }
    for group in &mut groups {
        let here = |mark: &&Mark| group.runs.iter().any(|kept| kept.id() == mark.run);
        group.marks = shelf.marks.iter().filter(here).collect();
    }
    groups
}
