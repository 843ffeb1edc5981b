//! The words that reports share: numbers as people read them, and a half sentence for everything
//! that can be.

use std::time::Duration;

use crate::judge::finding::Asked;
use crate::judge::interval::Interval;
use crate::metric::Value;
use crate::plan::threshold::Limit;
use crate::run::{Clock, Model, Stop};
use crate::script::code::Code;
use crate::unit::{self, Margin};

pub use crate::unit::show_count as count;

/// A count for arithmetic on a plot.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "beyond 2^53 the last digit is not seen on a plot")]
pub fn float(number: u64) -> f64 {
    number as f64
}

/// `1 request`, `2 requests`.
#[must_use]
pub fn plural(number: u64, one: &str) -> String {
    format!("{} {one}{}", count(number), if number == 1 { "" } else { "s" })
}

/// A duration as a gate file has it, with room before its unit where there is only one: `250 ms`,
/// `1m30s`.
#[must_use]
pub fn duration(time: Duration) -> String {
    let text = unit::show_duration(time);
    match text.find(|sign: char| sign.is_ascii_alphabetic()) {
        Some(at) if !text[at..].contains(|sign: char| sign.is_ascii_digit()) => {
            format!("{} {}", &text[..at], &text[at..])
        }
        Some(_) | None => text,
    }
}

/// A measured value: `412.3 ms`, `0.024 %`, `199.8/s`, `never`.
#[must_use]
pub fn value(value: Value) -> String {
    match value {
        Value::Time(_) | Value::Never | Value::Rate(_) | Value::Number(..) => value.to_string(),
        Value::Share(share) => percent(share.share()),
        Value::Count(number) => count(number),
    }
}

/// A share: `0 %`, `0.024 %`, `2.5 %`, `12.5 %`.
#[must_use]
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let decimals = if percent >= 1.0 { 2 } else { 4 };
    let text = format!("{percent:.decimals$}");
    let short = text.trim_end_matches('0').trim_end_matches('.');
    if short == "0" && share > 0.0 { "< 0.0001 %".to_owned() } else { format!("{short} %") }
}

/// What bounds a value: `surely 243 ms to 322 ms (95 % each)`.
#[must_use]
pub fn interval(interval: &Interval) -> String {
    let sure = percent(interval.confidence.share());
    match (interval.lower, interval.upper) {
        (Some(lower), Some(upper)) => {
            format!("surely {} to {} ({sure} each)", value(lower), value(upper))
        }
        (Some(lower), None) => format!("surely {} or more ({sure})", value(lower)),
        (None, Some(upper)) => format!("surely {} or less ({sure})", value(upper)),
        (None, None) => format!("too few samples for bounds ({sure})"),
    }
}

/// A limit: `< 250 ms`, `> 190/s`.
#[must_use]
pub fn limit(limit: Limit) -> String {
    let bound = match limit.bound {
        Value::Time(time) => duration(time),
        bound @ (Value::Never
        | Value::Share(_)
        | Value::Rate(_)
        | Value::Count(_)
        | Value::Number(..)) => value(bound),
    };
    format!("{} {bound}", limit.relation.sign())
}

/// A time within a run: `12 s`, `1m5s`.
#[must_use]
pub fn moment(time: Duration) -> String {
    let short = if time < Duration::from_mins(1) {
        Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
    } else {
        Duration::from_secs(time.as_secs())
    };
    duration(short)
}

/// How far a value lies beyond its limit: `+65 %`; `None` where there is no such number.
#[must_use]
pub fn excess(got: Value, limit: Limit) -> Option<String> {
    let (got, bound) = (got.number()?, limit.bound.number()?);
    let share = (got - bound) / bound;
    if !share.is_finite() || share == 0.0 {
        return None;
    }
    if share >= 10.0 {
        return Some(format!("×{:.0}", got / bound));
    }
    let decimals = usize::from(share.abs() < 0.1);
    Some(format!("{:+.decimals$} %", share * 100.0))
}

/// What was asked, as a gate file has it: `< 250ms`; `fit` of the generator.
#[must_use]
pub fn asked(asked: &Asked) -> String {
    match asked {
        Asked::Limit { limit, .. } | Asked::Gauge { limit, .. } => limit.to_string(),
        Asked::Change { limit, .. } => limit.to_string(),
        Asked::Fit => "fit".to_owned(),
        Asked::Sound => "sound".to_owned(),
        Asked::Valid => "valid".to_owned(),
        Asked::Script(_) => "script".to_owned(),
        Asked::Policy(_) => "policy".to_owned(),
    }
}

/// How much something may change, for people: `+5 %`, `+0.5 pp`.
#[must_use]
pub fn margin(margin: Margin) -> String {
    margin.to_string().replace('%', " %").replace("pp", " pp")
}

/// A change with its sign: `+7.2 %`, `-0.31 %`, `+0.5 pp`; nothing where nothing bounds it.
#[must_use]
pub fn change(share: f64, in_points: bool) -> Option<String> {
    let percent = share * 100.0;
    let unit = if in_points { "pp" } else { "%" };
    let decimals = if percent.abs() >= 99.95 {
        0
    } else if percent.abs() >= 0.995 {
        1
    } else {
        2
    };
    let text = format!("{percent:+.decimals$}");
    // A zero has no sign.
    let text = if text.trim_start_matches(['+', '-', '0', '.']).is_empty() { "0" } else { &text };
    percent.is_finite().then(|| format!("{text} {unit}"))
}

/// A chance: `0.03`, `0.0012`, `< 0.0001`.
#[must_use]
pub fn chance(p: f64) -> String {
    if p < 0.0001 {
        "< 0.0001".to_owned()
    } else {
        let decimals = if p < 0.01 { 4 } else { 2 };
        format!("{p:.decimals$}")
    }
}

/// Open or closed, as a word.
#[must_use]
pub fn model(model: Model) -> &'static str {
    match model {
        Model::Open => "open",
        Model::Closed => "closed",
    }
}

/// The status of an answer: `404`, or the code of gRPC, `grpc NOT_FOUND`.
#[must_use]
pub fn status(status: u16) -> String {
    match Code::of(status).map(|code| (code, code.name())) {
        None => status.to_string(),
        Some((_, Some(name))) => format!("grpc {name}"),
        Some((code, None)) => format!("grpc {code}"),
    }
}

/// Statuses that fail, each with how many came: `404: 2, grpc NOT_FOUND: 1`.
#[must_use]
pub fn bad_statuses(statuses: &[(u16, u64)]) -> String {
    let bad = statuses.iter().filter(|(code, _)| *code >= 400);
    let told = bad.map(|(code, many)| format!("{}: {}", status(*code), count(*many)));
    told.collect::<Vec<_>>().join(", ")
}

/// Why a run ended: its name for machines.
#[must_use]
pub fn stop_name(stop: &Stop) -> &'static str {
    match stop {
        Stop::End => "end",
        Stop::Signal(_) => "signal",
        Stop::Breached(_) => "breached",
        Stop::Dead(_) => "dead",
        Stop::Stalled(_) => "stalled",
        Stop::Panic(_) => "panic",
        Stop::NoThread(_) => "no-thread",
        Stop::Unreachable(..) => "unreachable",
        Stop::Checkpoint => "checkpoint",
    }
}

/// Why a run ended before its time, as a sentence; `None` where it did not.
#[must_use]
pub fn stop(stop: &Stop, lasted: Duration) -> Option<String> {
    let after = moment(lasted);
    match stop {
        Stop::End => None,
        Stop::Signal(name) => Some(format!("interrupted by {name} after {after}")),
        Stop::Breached(what) => Some(format!("ended early after {after}: {what}")),
        Stop::Dead(time) => Some(format!(
            "ended early after {after}: for {} every connection failed",
            duration(*time)
        )),
        Stop::Stalled(time) => Some(format!(
            "nothing was answered in the last {} of {after}, while requests waited",
            moment(*time)
        )),
        Stop::Panic(what) => Some(format!("a load thread panicked: {what}")),
        Stop::NoThread(what) => Some(format!("a load thread could not start: {what}")),
        Stop::Unreachable(why, seen) => {
            Some(format!("the target could not be reached ({why}): {seen}"))
        }
        Stop::Checkpoint => {
            Some(format!("the run was killed; this is its state after {after}, and not its end"))
        }
    }
}

/// What became of the machine's clocks, where anything did.
#[must_use]
pub fn clock(clock: Clock) -> Option<&'static str> {
    match (clock.stepped, clock.suspended) {
        (false, false) => None,
        (true, false) => Some("the machine's clock was set during the run"),
        (false, true) => Some("the machine stood still for a while during the run"),
        (true, true) => Some("the machine stood still and its clock was set during the run"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::threshold::Relation;
    use crate::unit::Ratio;

    #[test]
    fn numbers_are_as_people_read_them() {
        assert_eq!(
            [0, 999, 1000, 1_234_567].map(count),
            ["0", "999", "1,000", "1,234,567"].map(str::to_owned)
        );
        let shares = [0.0, 1e-9, 0.000_24, 0.025, 0.123_45, 1.0];
        let shown = ["0 %", "< 0.0001 %", "0.024 %", "2.5 %", "12.35 %", "100 %"];
        assert_eq!(shares.map(percent), shown.map(str::to_owned));
        let times = [250, 1500, 150_000].map(Duration::from_millis);
        assert_eq!(times.map(duration), ["250 ms", "1.5 s", "2m30s"].map(str::to_owned));
    }

    #[test]
    fn the_distance_to_a_limit_is_said_where_there_is_one() {
        let limit = |bound| Limit { relation: Relation::Below, bound };
        let ms = |ms| Value::Time(Duration::from_millis(ms));
        let check = |got, bound, shown: Option<&str>| {
            assert_eq!(excess(got, limit(bound)).as_deref(), shown);
        };
        check(ms(412), ms(250), Some("+65 %"));
        check(ms(251), ms(250), Some("+0.4 %"));
        check(ms(5000), ms(250), Some("×20"));
        check(Value::Never, ms(250), None);
        check(Value::Share(Ratio::ZERO), Value::Share(Ratio::ZERO), None);
    }
}
