//! Doubts in words.

use std::fmt;

use super::Doubt;
use crate::metric::Value;
use crate::unit::show_duration;

impl Doubt {
    /// The name in every report, and for `loadgate explain`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::NoSuchScope { .. } => "no-such-scope",
            Self::NoSamples => "no-samples",
            Self::NoReadings(_) => "no-readings",
            Self::TooFew { .. } => "too-few",
            Self::NoAnswers => "no-answers",
            Self::FellBehind(_) => "fell-behind",
            Self::CutShort => "cut-short",
            Self::NoWindows => "no-windows",
            Self::NoSuchStage => "no-such-stage",
            Self::OverRange => "over-range",
            Self::NoBase(_) => "no-base",
            Self::OneShard(_) => "one-shard",
            Self::TooClose(_) => "too-close",
            Self::TooShort(_) => "too-short",
            Self::NoBaseline => "no-baseline",
            Self::TooFewRuns { .. } => "too-few-runs",
            Self::Foreign(_) => "foreign",
            Self::OtherLoad(_) => "other-load",
            Self::Damaged(_) => "damaged",
            Self::TooFewRounds { .. } => "too-few-rounds",
            Self::Unequal(_) => "unequal",
            Self::Undecided => "undecided",
            Self::Unarmed => "unarmed",
            Self::Untold(_) => "not-in-file",
            Self::TooCoarse(..) => "too-coarse",
            Self::Unsound(_) => "unsound",
            Self::Invalid(_) => "invalid",
        }
    }
}

fn few(have: u64, need: u64, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(out, "{have} samples are too few, {need} are needed")
}

impl fmt::Display for Doubt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchScope { nearest: None } => out.write_str("no endpoint has this name"),
            Self::NoSuchScope { nearest: Some(name) } => {
                write!(out, "no endpoint has this name; did you mean `{name}`?")
            }
            Self::NoSamples => out.write_str("no request was made in the time looked at"),
            Self::NoReadings(why) => write!(out, "the probe did not answer: {why}"),
            Self::TooFew { have, need } => few(*have, *need, out),
            Self::NoAnswers => out.write_str("nothing in the whole run was answered"),
            Self::FellBehind(reasons) => joined("the generator was not fit", reasons, out),
            Self::CutShort => out.write_str("the run ended before the time looked at was over"),
            Self::NoWindows => out.write_str("the run's slices do not tell these windows apart"),
            Self::NoSuchStage => out.write_str("the run has no stage of this name"),
            Self::OverRange => {
                out.write_str("the value lies above 600 s, where times are no longer told apart")
            }
            Self::NoBase(why) => {
                write!(out, "the base commit's version cannot be read: {why}")
            }
            Self::OneShard(shard) => {
                write!(out, "this is {shard} alone: add all of them with `loadgate merge`")
            }
            Self::Untold(why) => out.write_str(why),
            Self::TooCoarse(low, high) => coarse(*low, *high, out),
            Self::Unsound(why) => joined("the files cannot be taken for a whole run", why, out),
            Self::Invalid(why) => joined("the run cannot be judged", why, out),
            Self::TooClose(close) => close.fmt(out),
            Self::TooShort(need) => {
                let need = show_duration(*need);
                write!(out, "confidence takes {need} of judged time at least, in ten parts")
            }
            Self::NoBaseline => out.write_str("there is nothing to compare with"),
            Self::TooFewRuns { have, need } => {
                write!(out, "{have} of {need} earlier runs that a claim needs")
            }
            Self::Foreign(how) => write!(out, "the earlier runs are not comparable: {how}"),
            Self::OtherLoad(how) => write!(out, "the earlier runs had another load: {how}"),
            Self::Damaged(why) => write!(out, "what is kept of earlier runs is no use: {why}"),
            Self::TooFewRounds { have, need } => {
                write!(out, "{have} of {need} rounds that a claim needs")
            }
            Self::Unequal(how) => joined("the comparison was not fair", how, out),
            Self::Undecided => out.write_str("the change may lie within its limit or beyond it"),
            Self::Unarmed => {
                out.write_str("a change as large as its limit would not have been found")
            }
        }
    }
}

fn joined(what: &str, all: &[String], out: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(out, "{what}: {}", all.join("; "))
}

fn coarse(low: Value, high: Value, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(out, "the file tells no more than that it lies between {low} and {high}, ")?;
    out.write_str("and so does the limit")
}
