//! A comparison with another version in `verdict.json`.

use schemars::JsonSchema;
use serde::Serialize;

use super::Got;

/// How a metric changed against another version; positive is more, whichever way is better.
#[derive(Serialize, JsonSchema)]
pub(in crate::report) struct Change {
    /// `%` of what it was; `pp`, percentage points, of an error rate.
    #[schemars(extend("enum" = ["%", "pp"]))]
    pub(in crate::report) unit: &'static str,
    /// The estimate; null where it is beyond measure.
    pub(in crate::report) estimate: Option<f64>,
    /// The change is above this; null where nothing bounds it.
    pub(in crate::report) lower: Option<f64>,
    /// The change is below this; null where nothing bounds it.
    pub(in crate::report) upper: Option<f64>,
    /// The chance of data like these without a change beyond what is ignored, corrected for all
    /// checks of the comparison together.
    pub(in crate::report) p: f64,
    /// Rounds of both versions side by side; null where earlier runs were compared with.
    pub(in crate::report) rounds: Option<usize>,
    /// Earlier runs; null where two versions ran side by side.
    pub(in crate::report) runs: Option<usize>,
    /// What was measured of the version compared with.
    pub(in crate::report) base: Option<Got>,
    /// The change that would have been found in 95 of 100 comparisons like this one.
    pub(in crate::report) detectable: Option<f64>,
    /// Whether that lies within the limit: only then a pass means something.
    pub(in crate::report) armed: bool,
    /// The name of the method.
    pub(in crate::report) method: &'static str,
    /// What to know of the rounds besides: a difference that grew or shrank from one to the next, a
    /// few that carry it, a version compared with that changed itself.
    #[schemars(extend("items" = { "type": "string", "enum": ["trend", "skewed", "drifting"] }))]
    pub(in crate::report) cautions: Vec<&'static str>,
}

/// Who let a regression pass.
#[derive(Serialize, JsonSchema)]
pub(in crate::report) struct Accepted<'a> {
    /// Why.
    pub(in crate::report) reason: &'a str,
    /// The last day on which it holds.
    pub(in crate::report) until: &'a str,
    /// Who answers for it.
    pub(in crate::report) by: &'a str,
}
