//! The gate file beside the base commit's, in `verdict.json`.

use schemars::JsonSchema;
use serde::Serialize;

/// How the gate file compares with that of the commit a change is made against.
#[derive(Serialize, JsonSchema)]
pub(in crate::report) struct Policy<'a> {
    /// The base commit.
    pub(in crate::report) base: &'a str,
    /// `loosened`: the change asks for less. `changed`: for no less, in another way. `new`: the
    /// base has no such file. `outside`: the file is not in the repository. `unreadable`: nobody
    /// knows.
    #[schemars(extend("enum" = ["same", "changed", "loosened", "new", "outside", "unreadable"]))]
    pub(in crate::report) state: &'static str,
    /// Asking for less was approved from outside the change.
    pub(in crate::report) approved: bool,
    /// Every difference, the loosened first.
    pub(in crate::report) differences: Vec<Difference>,
}

/// One difference between two gate files.
#[derive(Serialize, JsonSchema)]
pub(in crate::report) struct Difference {
    /// `loosened` and `removed` ask for less.
    #[schemars(extend("enum" = ["loosened", "removed", "tightened", "added", "changed"]))]
    pub(in crate::report) way: &'static str,
    /// `fail`: the gate depended on it. `warn`: it was only said.
    #[schemars(extend("enum" = ["fail", "warn"]))]
    pub(in crate::report) level: &'static str,
    /// What differs.
    pub(in crate::report) what: String,
    /// What the base commit has.
    pub(in crate::report) from: Option<String>,
    /// What the change has.
    pub(in crate::report) to: Option<String>,
    /// By how much.
    pub(in crate::report) by: Option<String>,
}
