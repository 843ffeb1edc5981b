//! One run that is kept, and all of them.

use super::mark::Mark;
use crate::run::Run;

/// A run that is kept to compare others with: without its slices, which nothing looks at again.
#[derive(Clone, Debug)]
pub struct Kept {
    /// What was measured.
    pub run: Run,
    /// The branch it was of.
    pub branch: String,
    /// What was judged of it.
    pub proof: Proof,
}

/// What was judged of a run before it was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// All that was asked was held.
    Passed,
    /// All limits were held; whether it was slower than earlier ones could not be told.
    Open,
}

impl Proof {
    /// The name in files and lists.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Open => "open",
        }
    }

    /// The proof of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Passed, Self::Open].into_iter().find(|proof| proof.name() == name)
    }
}

impl Kept {
    /// What is kept of a run.
    #[must_use]
    pub fn of(run: Run, branch: String, proof: Proof) -> Self {
        Self { run: run.bare(), branch, proof }
    }

    /// Its name, unlike any other's.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.run.origin.id
    }

    /// When it began: RFC 3339, UTC.
    #[must_use]
    pub fn started(&self) -> &str {
        &self.run.origin.started
    }

    /// Its commit as a person may know it.
    #[must_use]
    pub fn short_commit(&self) -> &str {
        let commit = &self.run.origin.commit;
        commit.get(..12).unwrap_or(commit)
    }
}

/// Whether a text can be the name of a run: it becomes a part of a file's name.
#[must_use]
pub fn id_is_good(id: &str) -> bool {
    let sign = |sign: char| sign.is_ascii_alphanumeric() || sign == '-' || sign == '_';
    (1..=64).contains(&id.len()) && id.chars().all(sign)
}

/// All runs that are kept in one place, and what persons said of them.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    /// The runs, the oldest first.
    pub runs: Vec<Kept>,
    /// The marks, the oldest first.
    pub marks: Vec<Mark>,
}

impl Shelf {
    /// In the order of time, whatever order they were found in.
    #[must_use]
    pub fn of(mut runs: Vec<Kept>, mut marks: Vec<Mark>) -> Self {
        runs.sort_by(|one, other| (one.started(), one.id()).cmp(&(other.started(), other.id())));
        marks.sort_by(|one, other| (&one.at, &one.run).cmp(&(&other.at, &other.run)));
        Self { runs, marks }
    }

    /// The run whose name, or whose commit, begins like this; `None` where that is none, or
    /// several.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Kept> {
        let long = id.len() >= 7;
        let mut found = self.runs.iter().filter(|kept| {
            let commit = kept.run.origin.commit.starts_with(id);
            kept.id() == id || (long && (kept.id().starts_with(id) || commit))
        });
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }
}
