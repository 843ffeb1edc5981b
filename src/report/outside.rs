//! The shape of what `verdict.json` says of other tools' results.

use schemars::JsonSchema;
use serde::Serialize;

/// Two values between which another lies; null means *never*.
#[derive(Serialize, JsonSchema)]
pub(super) struct Between {
    /// At least this.
    pub(super) low: Option<f64>,
    /// At most this.
    pub(super) high: Option<f64>,
}

/// The files that another tool measured a run in.
#[derive(Serialize, JsonSchema)]
pub(super) struct Source<'a> {
    /// Their format: `jmeter-csv`.
    pub(super) format: &'a str,
    /// The tool.
    pub(super) tool: &'a str,
    /// How exactly times are known, in words.
    pub(super) precision: &'a str,
}
