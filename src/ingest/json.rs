//! Small summaries in JSON.

use std::time::Duration;

use serde_json::Value;

use super::fault::Unreadable;
use super::number::time_of;

/// The document in a text.
pub(super) fn parse(text: &str, tool: &'static str) -> Result<Value, Unreadable> {
    serde_json::from_str(text).map_err(|why| broken(&why, tool))
}

/// Why a text is no JSON.
pub(super) fn broken(why: &serde_json::Error, tool: &'static str) -> Unreadable {
    if why.is_eof() {
        let line = why.line();
        return Unreadable::Nothing(format!("ends in the middle, at line {line}: it is not whole"));
    }
    let place = format!(" at line {} column {}", why.line(), why.column());
    let what: String = why.to_string().replace(&place, "").chars().take(120).collect();
    Unreadable::Unlike(tool, format!("{what}, at line {}, column {}", why.line(), why.column()))
}

/// A count in a document; `None` where it is absent, negative or no whole number.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole, not negative and below 2^53"
)]
pub(super) fn count(value: &Value) -> Option<u64> {
    let whole = |number: &f64| (0.0..9e15).contains(number) && number.fract() == 0.0;
    value.as_u64().or_else(|| value.as_f64().filter(whole).map(|number| number as u64))
}

/// A time in a document, in a unit.
pub(super) fn time(value: &Value, unit: u64) -> Option<Duration> {
    time_of(value.as_f64()?, unit)
}
