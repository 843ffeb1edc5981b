//! Probes in `verdict.json`.

use schemars::JsonSchema;
use serde::Serialize;

/// What was asked beside the load, and answered within the judged time.
#[derive(Serialize, JsonSchema)]
pub(in crate::report) struct Probed<'a> {
    /// Its name.
    pub(in crate::report) name: &'a str,
    /// The unit of its answers.
    pub(in crate::report) unit: &'a str,
    /// How often it was asked.
    pub(in crate::report) asked: u64,
    /// How often it answered.
    pub(in crate::report) answered: u64,
    /// The least answer; null where there was none.
    pub(in crate::report) min: Option<f64>,
    /// Their mean.
    pub(in crate::report) mean: Option<f64>,
    /// The largest.
    pub(in crate::report) max: Option<f64>,
    /// The last one.
    pub(in crate::report) last: Option<f64>,
    /// What was wrong with the last question that has no answer; null where each has one.
    pub(in crate::report) said: Option<&'a str>,
}
