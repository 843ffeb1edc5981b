//! The flags of `loadgate baseline`, and of what compares with what is kept.

use std::path::PathBuf;

use clap::{ArgAction, Args, Subcommand, ValueEnum};

use super::falsey;
use crate::baseline::Meaning;
use crate::shelf::{Place, USUAL};

/// Where earlier runs are kept.
#[derive(Clone, Debug, Args)]
pub struct Past {
    /// Where earlier runs are kept: a folder, `git:BRANCH` or `s3://BUCKET/PREFIX`
    #[arg(long, value_name = "PLACE", env = "LOADGATE_BASELINE", value_parser = Place::parse)]
    #[arg(default_value = USUAL)]
    pub baseline: Place,
}

impl Default for Past {
    fn default() -> Self {
        Self { baseline: Place::Folder(PathBuf::from(USUAL)) }
    }
}

/// `loadgate baseline`.
#[derive(Debug, Args)]
pub struct Baseline {
    /// What to do.
    #[command(subcommand)]
    pub command: Keeping,
}

/// What to do with kept runs.
#[derive(Debug, Subcommand)]
pub enum Keeping {
    /// Keep a run, if it passed and was fit, and the job is one of the protected branch
    Add(Add),
    /// List the kept runs, and where their values changed
    List(List),
    /// Show one kept run
    Show(Show),
    /// Remove old runs, or those that cannot be used
    Prune(Prune),
    /// Make a kept run the anchor, or the first one of a new state
    Promote(Promote),
    /// Write one page with every metric over the kept runs
    Report(Report),
}

/// `loadgate baseline add`.
#[derive(Debug, Args)]
pub struct Add {
    /// The run: a run.json, or the directory it lies in
    #[arg(default_value = "loadgate-out")]
    pub run: PathBuf,
    /// The gate file to judge it by; the one that the run names when not given
    #[arg(long, value_name = "FILE", env = "LOADGATE_GATE")]
    pub gate: Option<PathBuf>,
    /// The branch whose runs are kept; `regression.baseline` when not given, or main
    #[arg(long, value_name = "NAME", env = "LOADGATE_BRANCH")]
    pub branch: Option<String>,
    /// Where it is kept.
    #[command(flatten)]
    pub past: Past,
}

/// `loadgate baseline list`.
#[derive(Debug, Args)]
pub struct List {
    /// Only this branch's
    #[arg(long, value_name = "NAME", env = "LOADGATE_BRANCH")]
    pub branch: Option<String>,
    /// Where they are kept.
    #[command(flatten)]
    pub past: Past,
}

/// `loadgate baseline show`.
#[derive(Debug, Args)]
pub struct Show {
    /// The run's name, or at least seven signs of it or of its commit
    pub run: String,
    /// Where it is kept.
    #[command(flatten)]
    pub past: Past,
}

/// `loadgate baseline prune`.
#[derive(Debug, Args)]
pub struct Prune {
    /// Keep so many of each branch, machine and load; an anchor stays, too
    #[arg(long, value_name = "N", env = "LOADGATE_KEEP", default_value_t = 100)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub keep: u64,
    /// Remove those that are older than so many days, too
    #[arg(long, value_name = "DAYS", env = "LOADGATE_OLDER_THAN")]
    pub older_than: Option<u32>,
    /// Remove what is damaged, foreign or of a newer loadgate, and nothing else
    #[arg(long, env = "LOADGATE_DAMAGED", value_parser = falsey(), action = ArgAction::SetTrue)]
    #[arg(conflicts_with = "older_than")]
    pub damaged: bool,
    /// Where they are kept.
    #[command(flatten)]
    pub past: Past,
}

/// `loadgate baseline promote`.
#[derive(Debug, Args)]
pub struct Promote {
    /// The run's name, or at least seven signs of it or of its commit
    pub run: String,
    /// As what
    #[arg(long = "as", value_name = "MEANING", value_enum, env = "LOADGATE_PROMOTE_AS")]
    #[arg(default_value_t = As::Anchor)]
    pub meaning: As,
    /// Why; shown in lists and on the page
    #[arg(long, value_name = "TEXT", env = "LOADGATE_REASON", default_value = "")]
    #[arg(hide_default_value = true)]
    pub reason: String,
    /// Where it is kept.
    #[command(flatten)]
    pub past: Past,
}

/// `loadgate baseline report`.
#[derive(Debug, Args)]
pub struct Report {
    /// The page to write
    #[arg(default_value = "loadgate-history.html")]
    pub page: PathBuf,
    /// Only this branch's
    #[arg(long, value_name = "NAME", env = "LOADGATE_BRANCH")]
    pub branch: Option<String>,
    /// The last so many runs of each machine and load
    #[arg(long, value_name = "N", env = "LOADGATE_LAST", default_value_t = 100)]
    #[arg(value_parser = clap::value_parser!(u64).range(2..))]
    pub last: u64,
    /// Where they are kept.
    #[command(flatten)]
    pub past: Past,
}

/// [`Meaning`], as a flag has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum As {
    /// The state that no sum of small steps may leave
    Anchor,
    /// The first run of a new state: what was before is not compared with any more
    Segment,
}

impl From<As> for Meaning {
    fn from(meaning: As) -> Self {
        match meaning {
            As::Anchor => Self::Anchor,
            As::Segment => Self::Segment,
        }
    }
}
