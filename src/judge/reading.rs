//! What one look at what was measured says, and whether that is within a limit.

use std::cmp::Ordering;
use std::time::Duration;

use super::finding::{Doubt, Outcome};
use super::sure::Sure;
use crate::metric::Value;
use crate::plan::threshold::{Limit, Relation};

/// What one look at a tally says.
pub(super) struct Reading {
    pub(super) got: Option<Value>,
    pub(super) between: Option<(Value, Value)>,
    pub(super) samples: u64,
    pub(super) outcome: Outcome,
    pub(super) at: Option<(Duration, Duration)>,
    pub(super) sure: Option<Sure>,
}

impl Reading {
    pub(super) fn doubted(doubt: Doubt) -> Self {
        let outcome = Outcome::Unjudged(doubt);
        Self { got: None, between: None, samples: 0, outcome, at: None, sure: None }
    }
}

/// Whether a value is within a limit. *Never* is within none: no bound on a time is met by having
/// no answer.
pub(super) fn holds(limit: Limit, value: Value) -> bool {
    if value == Value::Never {
        return false;
    }
    let Some(order) = compare(value, limit.bound) else { return false };
    match limit.relation {
        Relation::Below => order.is_lt(),
        Relation::AtMost => order.is_le(),
        Relation::Above => order.is_gt(),
        Relation::AtLeast => order.is_ge(),
    }
}

/// How two values of one kind compare; `None` for values of two kinds.
pub(super) fn compare(one: Value, other: Value) -> Option<Ordering> {
    match (one, other) {
        (Value::Time(one), Value::Time(other)) => Some(one.cmp(&other)),
        (Value::Never, Value::Never) => Some(Ordering::Equal),
        (Value::Never, Value::Time(_)) => Some(Ordering::Greater),
        (Value::Time(_), Value::Never) => Some(Ordering::Less),
        (Value::Share(one), Value::Share(other)) => one.partial_cmp(&other),
        (Value::Rate(one), Value::Rate(other)) => Some(one.cmp(&other)),
        (Value::Count(one), Value::Count(other)) => Some(one.cmp(&other)),
        (Value::Number(one, unit), Value::Number(other, same)) if unit == same => {
            one.partial_cmp(&other)
        }
        (
            Value::Time(_)
            | Value::Never
            | Value::Share(_)
            | Value::Rate(_)
            | Value::Count(_)
            | Value::Number(..),
            Value::Time(_)
            | Value::Never
            | Value::Share(_)
            | Value::Rate(_)
            | Value::Count(_)
            | Value::Number(..),
        ) => None,
    }
}
