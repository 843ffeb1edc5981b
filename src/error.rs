//! Why there is no judgement, and the exit codes.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::ingest::Refused;
use crate::judge::finding::{Judgement, Verdict};
use crate::locust::Unfound;
use crate::merge::Unmerged;
use crate::plan::fault::Faults;
use crate::sanitise::Clean;
use crate::shelf::Trouble;
use crate::store::{Unread, Unusable, Unwritten};

/// How the process ends. These numbers are a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything asked was held.
    Pass = 0,
    /// Something asked was breached.
    Fail = 1,
    /// The flags or the gate file are wrong; nothing was sent.
    Usage = 2,
    /// No judgement can be given: no data, no trust, no target, unreadable input.
    Inconclusive = 3,
    /// The judgement is a pass, but a report could not be written, or not be published.
    Undelivered = 4,
    /// Interrupted by SIGINT.
    Interrupted = 130,
    /// Terminated by SIGTERM or SIGHUP.
    Terminated = 143,
}

impl Exit {
    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// What a judgement ends with. A signal outranks the verdict: who interrupts wants to be told
    /// so.
    #[must_use]
    pub fn of(judgement: &Judgement) -> Self {
        match (judgement.interrupted.as_deref(), judgement.verdict()) {
            (Some("SIGINT"), _) => Self::Interrupted,
            (Some(_), _) => Self::Terminated,
            (None, Verdict::Pass) => Self::Pass,
            (None, Verdict::Fail) => Self::Fail,
            (None, Verdict::Inconclusive) => Self::Inconclusive,
        }
    }

    /// The same, where a report is missing: that takes a pass away, and nothing else.
    #[must_use]
    pub fn undelivered(self) -> Self {
        if self == Self::Pass { Self::Undelivered } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why there is no judgement, or no answer of another kind.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The gate file is wrong.
    #[error("{0}")]
    Gate(#[from] Faults),
    /// A gate file cannot be read.
    #[error(transparent)]
    Unread(#[from] Unread),
    /// A gate file holds thresholds alone, and a load was asked for.
    #[error(
        "{}: there is no load in it; `run` needs [target], [load] and a [[request]]",
        Clean::line(.0)
    )]
    NothingToSend(String),
    /// What a gate file says cannot be sent.
    #[error("{}: {}", Clean::line(.0), Clean::line(.1))]
    Unfit(String, String),
    /// There is no Locust that could put the load on.
    #[error(transparent)]
    Locust(Unfound),
    /// The directory for the reports cannot take them.
    #[error(transparent)]
    Out(#[from] Unusable),
    /// A saved run cannot be read.
    #[error(transparent)]
    UnreadRun(Unread),
    /// A file is no saved run.
    #[error("`{}` {}", Clean::line(&.path.to_string_lossy()), Clean::line(.why))]
    UnfitRun {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        why: String,
    },
    /// A result file of another tool is not read.
    #[error("`{}` {}", Clean::line(&.0.file), Clean::lines(&.0.why.to_string()))]
    Results(Refused),
    /// Some runs are not the shards of one run.
    #[error("{0}")]
    Unmerged(#[from] Unmerged),
    /// What was added up would be written over a part of it.
    #[error(
        "`{}` is a shard, and would be replaced by the whole: choose another --out",
        Clean::line(&.0.to_string_lossy())
    )]
    OverShard(PathBuf),
    /// A file is not of the kind that a gate file can be made from.
    #[error("`{}` {}", Clean::line(&.path.to_string_lossy()), Clean::line(.why))]
    NoDraft {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The address for a first gate file is none.
    #[error("`--target` {}", Clean::line(.0))]
    NoAddress(String),
    /// A first gate file cannot be written there.
    #[error("{0}; name another file, or `-` to print it")]
    NotCreated(Unwritten),
    /// A run is not kept.
    #[error("`{}` {}, and is not kept", Clean::line(&.path.to_string_lossy()), Clean::line(.why))]
    NotKept {
        /// Its file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Nothing is kept here, or not what was asked for.
    #[error("{}", Clean::line(.0))]
    NotHere(String),
    /// Kept runs cannot be read or changed.
    #[error(transparent)]
    Shelf(#[from] Trouble),
    /// A page cannot be written.
    #[error(transparent)]
    Unwritten(Unwritten),
    /// There is no page of that name.
    #[error(
        "no page is called `{}`{}; `loadgate explain` lists all",
        Clean::line(.name), meant(*.near)
    )]
    Unknown {
        /// The name.
        name: String,
        /// One that is much alike.
        near: Option<&'static str>,
    },
    /// The demo service cannot be started.
    #[error("the demo service cannot be started: {0}; choose another --port")]
    Demo(io::Error),
    /// What was asked for could not be printed.
    #[error("cannot write to stdout: {0}")]
    Stdout(io::Error),
    /// The system gave no thread, no runtime or no signal handler.
    #[error("the system does not give what a run needs: {0}")]
    System(io::Error),
}

impl Error {
    /// How the process ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Gate(_)
            | Self::Unread(_)
            | Self::NothingToSend(_)
            | Self::Unfit(..)
            | Self::Locust(_)
            | Self::Out(_)
            | Self::NoDraft { .. }
            | Self::NoAddress(_)
            | Self::NotCreated(_)
            | Self::Unknown { .. }
            | Self::Demo(_)
            | Self::NotHere(_)
            | Self::OverShard(_) => Exit::Usage,
            Self::Results(refused) if refused.why.is_usage() => Exit::Usage,
            Self::Unmerged(unmerged) => match unmerged {
                Unmerged::Nothing
                | Unmerged::Whole(_)
                | Unmerged::Foreign { .. }
                | Unmerged::Twice { .. } => Exit::Usage,
                Unmerged::Missing(_) | Unmerged::Unended { .. } | Unmerged::Damaged { .. } => {
                    Exit::Inconclusive
                }
            },
            Self::UnreadRun(_)
            | Self::UnfitRun { .. }
            | Self::NotKept { .. }
            | Self::Results(_)
            | Self::Shelf(_)
            | Self::System(_) => Exit::Inconclusive,
            Self::Stdout(_) | Self::Unwritten(_) => Exit::Undelivered,
        }
    }
}

fn meant(near: Option<&'static str>) -> String {
    near.map_or(String::new(), |near| format!(" (`{near}` is)"))
}
