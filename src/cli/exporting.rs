//! Flags of `export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::export::To;

/// `loadgate export`.
#[derive(Debug, Args)]
pub struct Export {
    /// The run: a run.json, or the directory it lies in
    pub run: PathBuf,
    /// The format
    #[arg(long, value_name = "FORMAT", value_enum, env = "LOADGATE_EXPORT_TO")]
    pub to: Format,
    /// Where to write it, unless something is there; `-` prints it
    #[arg(short, long, value_name = "FILE", env = "LOADGATE_EXPORT_OUTPUT", default_value = "-")]
    pub output: PathBuf,
}

/// [`To`], as a flag has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A row for each endpoint and slice of time
    Csv,
    /// The same as JSON, an object on each line
    Ndjson,
    /// The log of HdrHistogram
    Hlog,
    /// Text of OpenMetrics
    Openmetrics,
    /// What k6 writes with --summary-export
    K6Summary,
    /// A JTL of JMeter, out of the histograms
    Jtl,
}

impl From<Format> for To {
    fn from(format: Format) -> Self {
        match format {
            Format::Csv => Self::Csv,
            Format::Ndjson => Self::Ndjson,
            Format::Hlog => Self::Hlog,
            Format::Openmetrics => Self::Openmetrics,
            Format::K6Summary => Self::K6Summary,
            Format::Jtl => Self::Jtl,
        }
    }
}
