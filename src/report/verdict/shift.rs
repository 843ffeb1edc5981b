//! How far percentiles are from another version or from earlier runs, in `verdict.json`.

use schemars::JsonSchema;
use serde::Serialize;

/// The shift of each compared scope, by percentile.
#[derive(Serialize, JsonSchema)]
pub(in crate::report) struct Shifts<'a> {
    /// `version`: another version in rounds; each pair of bounds holds the true shift with 95 %,
    /// each percentile by itself. `runs`: the middle of earlier runs; the bounds are the prediction
    /// interval of the check: the lower one holds for all checks together, the upper one with 95 %.
    #[schemars(extend("enum" = ["version", "runs"]))]
    pub(in crate::report) against: &'static str,
    /// Each scope, those whose checks ask for attention first.
    pub(in crate::report) scopes: Vec<Shifted<'a>>,
}

/// The shift of one scope.
#[derive(Serialize, JsonSchema)]
pub(in crate::report) struct Shifted<'a> {
    /// `*` for the whole run, an endpoint's name else.
    pub(in crate::report) scope: &'a str,
    /// Rising; empty where there were too few requests to tell any.
    pub(in crate::report) percentiles: Vec<Shift>,
}

/// How much slower one percentile became, in percent of what it was.
#[derive(Serialize, JsonSchema)]
pub(in crate::report) struct Shift {
    /// Which: `p99.9`.
    pub(in crate::report) percentile: String,
    /// The estimate; null where it is beyond measure.
    pub(in crate::report) estimate_percent: Option<f64>,
    /// The shift is above this; null where nothing bounds it.
    pub(in crate::report) lower_percent: Option<f64>,
    /// The shift is below this; null where nothing bounds it.
    pub(in crate::report) upper_percent: Option<f64>,
}
