//! The bar of a change: how its gate file differs from the one of the commit it is made against,
//! and whether it asks for less.

mod difference;
mod bars;
mod probes;
mod loads;
mod owned;
mod written;
mod compared;
mod keys;
mod origin;
mod approval;

use std::collections::BTreeMap;

use crate::plan::Plan;
pub use approval::{Approval, LABEL, Labelled};
pub use difference::{Difference, Part, Way};
pub use origin::{Named, Origin, at_forge, origin, remote, rev_is_good};

/// One version of a gate file, as it is read and as it is written.
#[derive(Clone, Debug)]
pub struct Copy {
    /// What it asks for.
    pub plan: Plan,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The files it names, by their path beside it, with the SHA-256 of what is in them.
    pub files: BTreeMap<String, String>,
}

/// What came of comparing a gate file with the one of the base commit.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// The base commit, as a person may know it.
    pub base: String,
    /// What was found there.
    pub standing: Standing,
    /// Whether asking for less was approved from outside the tree.
    pub approval: Approval,
}

/// What was found at the base commit.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    /// The gate file of the base; how the change differs from it, the loosened first.
    Compared(Vec<Difference>),
    /// No gate file of that name: this one is new, and judged as it stands.
    New,
    /// The gate file is no part of the repository, and so no part of the change.
    Outside,
    /// Nothing that can be read, and why.
    Unreadable(String),
}

impl Standing {
    /// Whether the change is known to ask for less.
    #[must_use]
    pub fn is_lower(&self) -> bool {
        match self {
            Self::Compared(all) => all.iter().any(Difference::loosens),
            Self::New | Self::Outside | Self::Unreadable(_) => false,
        }
    }
}

impl Policy {
    /// Every difference, the loosened first.
    #[must_use]
    pub fn differences(&self) -> &[Difference] {
        match &self.standing {
            Standing::Compared(differences) => differences,
            Standing::New | Standing::Outside | Standing::Unreadable(_) => &[],
        }
    }

    /// What makes the change ask for less.
    pub fn loosened(&self) -> impl Iterator<Item = &Difference> {
        self.differences().iter().filter(|difference| difference.loosens())
    }

    /// One word for the state, for machines.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match &self.standing {
            Standing::New => "new",
            Standing::Outside => "outside",
            Standing::Unreadable(_) => "unreadable",
            Standing::Compared(all) if all.is_empty() => "same",
            Standing::Compared(_) if self.loosened().next().is_none() => "changed",
            Standing::Compared(_) => "loosened",
        }
    }
}

/// How a change differs from its base, the loosened first, each kind in the order of the file's
/// parts.
#[must_use]
pub fn compare(base: &Copy, change: &Copy) -> Vec<Difference> {
    let mut all = bars::compare(&base.plan, &change.plan);
    all.extend(probes::compare(&base.plan, &change.plan));
    all.extend(loads::compare(&base.plan, &change.plan));
    let drives = base.plan.drive.as_ref().zip(change.plan.drive.as_ref());
    all.extend(drives.into_iter().flat_map(|(old, new)| owned::compare(old, new)));
    let [old, new] = [base, change].map(|copy| written::leaves(&copy.bytes));
    all.extend(keys::compare(&old, &new));
    all.extend(files(&base.files, &change.files));
    all.sort_by_key(Difference::rank);
    all
}

/// What a gate file says of what is sent: its requests and scenarios as they are written, by their
/// place. What is expected of answers, and of whom, is no part of it.
#[must_use]
pub fn sent(bytes: &[u8]) -> BTreeMap<String, String> {
    let told = |path: &[String]| {
        let first = path.first().map(String::as_str);
        let aside = ["expect", "tags"];
        matches!(first, Some("request" | "scenario"))
            && !path.iter().any(|part| aside.contains(&part.as_str()))
    };
    let leaves = written::leaves(bytes).into_iter().filter(|(path, _)| told(path));
    leaves.map(|(path, value)| (path.join("."), value)).collect()
}

/// Whether the change puts less load on, so that the base's is put on instead.
#[must_use]
pub fn lowers_load(differences: &[Difference]) -> bool {
    differences.iter().any(|one| one.part == Part::Load && one.loosens())
}

/// Files beside the gate file: told where they differ, and not judged.
fn files<'a>(
    base: &'a BTreeMap<String, String>,
    change: &'a BTreeMap<String, String>,
) -> impl Iterator<Item = Difference> + 'a {
    let differ = |(path, hash): (&String, &String)| {
        let old = base.get(path).filter(|old| *old != hash)?;
        let short = |hash: &str| format!("SHA-256 {}…", hash.chars().take(12).collect::<String>());
        let told = Difference::new(Way::Changed, Part::Other, format!("file {path}"));
        Some(told.from(short(old)).to(short(hash)))
    };
    change.iter().filter_map(differ)
}
