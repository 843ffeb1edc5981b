//! Two versions of a service under one load.

use super::{Evidence, Run};

/// Two versions side by side, round by round.
#[derive(Clone, Debug)]
pub struct Rounds {
    /// The version compared with, as a report may show it.
    pub against: String,
    /// Each round as a run without slices: first all endpoints of the version judged, then the same
    /// of the version compared with.
    pub rounds: Vec<Run>,
    /// What ended the rounds before they were over, where anything did.
    pub ended: Option<String>,
}

impl Rounds {
    /// What a round measured of the version judged, and of the one compared with.
    #[must_use]
    pub fn arms(round: &Run) -> [&[Evidence]; 2] {
        let (new, base) = round.endpoints.split_at(round.endpoints.len() / 2);
        [new, base]
    }
}
