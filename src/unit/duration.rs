//! Durations, read and written.

use std::time::Duration;

use super::{BadUnit, scaled, with_decimals};

/// The units a duration may have, in nanoseconds.
const DURATIONS: [(&str, u128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Reads `250ms`, `1.5s`, `2m`, `1h`, `1m30s`; exact to the nanosecond.
///
/// # Errors
/// When a unit is missing or unknown, or the number is negative or longer than a year.
pub fn parse_duration(text: &str) -> Result<Duration, BadUnit> {
    const YEAR: u128 = 31_536_000_000_000_000;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(BadUnit::new("is empty", "write a duration such as `250ms` or `10s`"));
    }
    if rest.starts_with('-') {
        return Err(BadUnit::new("is negative", "write a duration such as `250ms` or `10s`"));
    }
    let mut total = 0;
    while !rest.is_empty() {
        let end =
            rest.find(|sign: char| !sign.is_ascii_digit() && sign != '.').unwrap_or(rest.len());
        let (digits, behind) = rest.split_at(end);
        if digits.is_empty() {
            return Err(BadUnit::new("is not a duration", "write one such as `250ms` or `10s`"));
        }
        let unit_end = behind.find(|sign: char| sign.is_ascii_digit()).unwrap_or(behind.len());
        let (unit, next) = behind.split_at(unit_end);
        total += scaled(digits, unit_nanos(unit.trim(), text.trim())?)?;
        rest = next;
    }
    let nanos = u64::try_from(total.min(YEAR + 1)).unwrap_or(u64::MAX);
    if total > YEAR {
        return Err(BadUnit::new("is too long", "at most a year"));
    }
    Ok(Duration::from_nanos(nanos))
}

fn unit_nanos(unit: &str, whole: &str) -> Result<u128, BadUnit> {
    if unit.is_empty() {
        return Err(BadUnit::new("needs a unit", format!("write `{whole}ms` or `{whole}s`")));
    }
    let known = DURATIONS.iter().find(|(name, _)| *name == unit);
    known.map(|(_, nanos)| *nanos).ok_or_else(|| {
        BadUnit::new("has an unknown unit", "durations end in `us`, `ms`, `s`, `m` or `h`")
    })
}

/// Writes a time so that a person reads it at once: `0.221 ms`, `5.01 ms`, `412.3 ms`, `1.702 s`.
#[must_use]
pub fn show_time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    let ms = seconds * 1e3;
    // The bounds are where rounding would spill into the next form: 999.96 ms is 1 s.
    if ms < 0.9995 {
        format!("{ms:.3} ms")
    } else if ms < 9.995 {
        format!("{ms:.2} ms")
    } else if ms < 999.95 {
        format!("{ms:.1} ms")
    } else if seconds < 59.9995 {
        format!("{seconds:.3} s")
    } else {
        format!("{seconds:.1} s")
    }
}

/// Writes a duration as a gate file has it: `250ms`, `1.5s`, `2m`, `1m30s`; reading it back gives
/// the same.
#[must_use]
pub fn show_duration(time: Duration) -> String {
    let nanos = time.as_nanos();
    if nanos == 0 {
        return "0s".to_owned();
    }
    if nanos.is_multiple_of(1_000_000_000) {
        return whole_seconds(time.as_secs());
    }
    let (unit, size, digits) = match nanos {
        1_000_000_000.. => ("s", 1_000_000_000, 9),
        1_000_000.. => ("ms", 1_000_000, 6),
        _ => ("us", 1_000, 3),
    };
    let (whole, part) = (nanos / size, nanos % size);
    with_decimals(whole, &format!("{part:0digits$}")) + unit
}

fn whole_seconds(seconds: u64) -> String {
    let (hours, minutes, left) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let part =
        |count: u64, unit: &str| if count == 0 { String::new() } else { format!("{count}{unit}") };
    if hours == 0 && minutes < 2 {
        return format!("{seconds}s");
    }
    part(hours, "h") + &part(minutes, "m") + &part(left, "s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_their_unit() {
        let check = |text: &str, nanos: u64| {
            assert_eq!(parse_duration(text), Ok(Duration::from_nanos(nanos)));
        };
        check("250ms", 250_000_000);
        check("1.5s", 1_500_000_000);
        check("1m30s", 90_000_000_000);
        check("100us", 100_000);
        check("0s", 0);
    }

    #[test]
    fn what_is_not_a_duration_says_why() {
        let check = |text: &str, why: &str| {
            assert_eq!(parse_duration(text).map_err(|bad| bad.why), Err(why.to_owned()));
        };
        check("250", "needs a unit");
        check("-1s", "is negative");
        check("nan", "is not a duration");
        check("1..5s", "is not a number");
        check("1e3s", "has an unknown unit");
        check("5 parsecs", "has an unknown unit");
        check("", "is empty");
    }

    #[test]
    fn durations_written_and_read_again_are_the_same() {
        for nanos in
            [1, 999, 1_500, 1_000_001, 1_500_000_000, 90_000_000_000, 31_535_999_999_999_999]
        {
            let time = Duration::from_nanos(nanos);
            assert_eq!(parse_duration(&show_duration(time)), Ok(time));
        }
    }
}
