//! Flags of `check`.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args};

use super::{Bar, Out, Past, Publishing, falsey};
use crate::ingest::{Format, Unit};

/// `loadgate check`.
#[derive(Debug, Args)]
pub struct Check {
    /// The gate file
    pub gate: PathBuf,
    /// The results: a run.json of loadgate, or files of one run of Locust, k6, JMeter and others
    #[arg(required = true, value_name = "RESULT")]
    pub results: Vec<PathBuf>,
    /// The format of the results; recognised when not given
    #[arg(long, value_name = "NAME", env = "LOADGATE_FORMAT", value_parser = format())]
    #[arg(hide_possible_values = true)]
    pub format: Option<Format>,
    /// The unit of times in a log of HdrHistogram that does not say it: ns, us, ms or s
    #[arg(long, value_name = "UNIT", env = "LOADGATE_UNIT", value_parser = unit())]
    #[arg(hide_possible_values = true)]
    pub unit: Option<Unit>,
    /// Leave out a last line that broke off, and say so
    #[arg(long, env = "LOADGATE_ALLOW_TRUNCATED_TAIL", value_parser = falsey())]
    #[arg(action = ArgAction::SetTrue)]
    pub allow_truncated_tail: bool,
    /// Which commit the gate file is compared with.
    #[command(flatten)]
    pub bar: Bar,
    /// Where the runs lie that it is compared with.
    #[command(flatten)]
    pub past: Past,
    /// Where the reports go.
    #[command(flatten)]
    pub out: Out,
    /// What is published, and where.
    #[command(flatten)]
    pub publishing: Publishing,
}

/// The names of formats.
fn format() -> impl TypedValueParser<Value = Format> {
    let names = PossibleValuesParser::new(Format::ALL.map(Format::name));
    names.try_map(|name| Format::named(&name).ok_or("no such format"))
}

/// The signs of units.
fn unit() -> impl TypedValueParser<Value = Unit> {
    let names = PossibleValuesParser::new(Unit::ALL.map(Unit::name));
    names.try_map(|name| Unit::named(&name).ok_or("no such unit"))
}
