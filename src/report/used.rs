//! How much of its limit a finding uses.

use super::words;
use crate::judge::finding::{Asked, Finding, Outcome};
use crate::plan::threshold::Relation;

/// How much of its limit a finding uses: 1 is at the limit, more is beyond, and *never* is beyond
/// everything. `None` where nothing was measured, or the limit is none that can be used up.
#[must_use]
pub fn used(finding: &Finding) -> Option<f64> {
    let share = match (&finding.asked, &finding.change) {
        (Asked::Limit { limit, .. } | Asked::Gauge { limit, .. }, _) => {
            let (got, bound) = (finding.got?, limit.bound.number()?);
            let got = got.number().unwrap_or(f64::INFINITY);
            match limit.relation {
                Relation::Below | Relation::AtMost => got / bound,
                Relation::Above | Relation::AtLeast => bound / got,
            }
        }
        (Asked::Change { limit, .. }, Some(change)) => {
            let worse = if limit.rises() { change.estimate } else { -change.estimate };
            (worse / limit.size()).max(0.0)
        }
        (
            Asked::Change { .. }
            | Asked::Fit
            | Asked::Sound
            | Asked::Valid
            | Asked::Script(_)
            | Asked::Policy(_),
            _,
        ) => return None,
    };
    (!share.is_nan()).then_some(share)
}

/// How much a change may be, with its sign: -0.05 for `-5%`; `None` where none is asked for.
#[must_use]
pub fn margin(asked: &Asked) -> Option<f64> {
    match asked {
        Asked::Change { limit, .. } if limit.rises() => Some(limit.size()),
        Asked::Change { limit, .. } => Some(-limit.size()),
        Asked::Limit { .. }
        | Asked::Gauge { .. }
        | Asked::Fit
        | Asked::Sound
        | Asked::Valid
        | Asked::Script(_)
        | Asked::Policy(_) => None,
    }
}

/// How far a value lies beyond the limit that it breaches: `+65 %`; `None` for any other finding.
#[must_use]
pub fn excess(finding: &Finding) -> Option<String> {
    let (Asked::Limit { limit, .. } | Asked::Gauge { limit, .. }) = &finding.asked else {
        return None;
    };
    let breached = finding.outcome == Outcome::Breached;
    finding.got.filter(|_| breached).and_then(|got| words::excess(got, *limit))
}
