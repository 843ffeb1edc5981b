//! What bounds a measured value, in `verdict.json`.

use schemars::JsonSchema;
use serde::Serialize;

/// Between which numbers the true value surely lies.
#[derive(Serialize, JsonSchema)]
pub(in crate::report) struct Interval {
    /// It is not below this; null where nothing bounds it.
    pub(in crate::report) lower: Option<f64>,
    /// It is not above this; null where nothing bounds it.
    pub(in crate::report) upper: Option<f64>,
    /// The unit of both.
    #[schemars(extend("enum" = ["ms", "%", "/s", ""]))]
    pub(in crate::report) unit: &'static str,
    /// How sure each of the two is, on its own, in percent.
    pub(in crate::report) confidence: f64,
}
