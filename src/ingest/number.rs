//! Numbers and times as tools write them, read without losing a digit.

use std::time::Duration;

use super::fault::No;

/// A second in nanoseconds.
pub(super) const SECOND: u64 = 1_000_000_000;
/// A millisecond in nanoseconds.
pub(super) const MILLI: u64 = 1_000_000;
/// A microsecond in nanoseconds.
pub(super) const MICRO: u64 = 1_000;

/// A whole number.
pub(super) fn whole(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 19 {
        return None;
    }
    text.iter().try_fold(0_u64, |sum, byte| {
        byte.is_ascii_digit().then(|| sum * 10 + u64::from(byte - b'0'))
    })
}

/// A number that is not negative, `unit` times, as a whole number of nanoseconds. Digits are kept
/// as they are; what has an exponent goes through a float.
pub(super) fn scaled(text: &[u8], unit: u64) -> Option<u64> {
    let dot = text.iter().position(|byte| *byte == b'.');
    let (ahead, behind) = dot.map_or((text, &[][..]), |at| (&text[..at], &text[at + 1..]));
    let digits = behind.iter().all(u8::is_ascii_digit);
    let (Some(ahead), true) = (whole(ahead), digits) else { return float(text, unit) };
    let mut part = 0_u64;
    let mut places = unit;
    for byte in behind {
        places /= 10;
        part += u64::from(byte - b'0') * places;
        if places == 0 {
            break;
        }
    }
    ahead.checked_mul(unit)?.checked_add(part)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "bounded just before, and below a nanosecond nothing is lost that counts"
)]
fn float(text: &[u8], unit: u64) -> Option<u64> {
    let number: f64 = std::str::from_utf8(text).ok()?.trim().parse().ok()?;
    nanos(number, unit).map(|nanos| nanos as u64)
}

/// A number in a unit as nanoseconds; `None` where it is negative, no number or beyond 290 years.
#[expect(clippy::cast_precision_loss, reason = "units are below 2^53")]
fn nanos(number: f64, unit: u64) -> Option<f64> {
    let nanos = number * unit as f64;
    (0.0..9.2e18).contains(&nanos).then_some(nanos)
}

/// A time from a number in a unit; `None` where it is negative or no number.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded by `nanos`")]
pub(super) fn time_of(number: f64, unit: u64) -> Option<Duration> {
    nanos(number, unit).map(|nanos| Duration::from_nanos(nanos.round() as u64))
}

/// How long a request took, in a unit.
pub(super) fn took(text: &[u8], unit: u64, what: &'static str) -> Result<Duration, No> {
    let text = text.trim_ascii();
    scaled(text, unit).map(Duration::from_nanos).ok_or_else(|| {
        let shown: String = String::from_utf8_lossy(text).chars().take(40).collect();
        No::from(format!("has `{shown}` for {what}, which is no time"))
    })
}

/// A moment, in nanoseconds since 1970: a whole number of seconds, milliseconds, microseconds or
/// nanoseconds by its length, seconds with decimals, or a date and time.
pub(super) fn moment(text: &[u8]) -> Option<u64> {
    let text = text.trim_ascii();
    if let Some(number) = whole(text) {
        let unit = match text.len() {
            0..=11 => SECOND,
            12..=14 => MILLI,
            15..=17 => MICRO,
            _ => 1,
        };
        return number.checked_mul(unit);
    }
    let seconds = text.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    if seconds { scaled(text, SECOND) } else { dated(text) }
}

/// `2026-11-23T20:56:01.558558654Z`, also with `/`, a space, a comma, an offset, or none (UTC).
fn dated(text: &[u8]) -> Option<u64> {
    if text.len() < 19 {
        return None;
    }
    let number = |from: usize, to: usize| whole(text.get(from..to)?);
    let sign = |at: usize, any: &[u8]| text.get(at).is_some_and(|byte| any.contains(byte));
    let shaped =
        sign(4, b"-/") && sign(7, b"-/") && sign(10, b"T t") && sign(13, b":") && sign(16, b":");
    if !shaped {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let valid = (1970..2500).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !valid {
        return None;
    }
    let mut rest = &text[19..];
    let mut part = 0;
    if let [b'.' | b',', digits @ ..] = rest {
        let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let mut places = SECOND;
        for byte in &digits[..length] {
            places /= 10;
            part += u64::from(byte - b'0') * places;
        }
        rest = &digits[length..];
    }
    let days = days(year, month, day);
    let local = ((days * 24 + hour) * 60 + minute) * 60 + second;
    let seconds = local.checked_add_signed(-offset(rest)?)?;
    seconds.checked_mul(SECOND)?.checked_add(part)
}

/// The seconds by which a local time is ahead of UTC: `Z`, `+02:00`, nothing.
fn offset(text: &[u8]) -> Option<i64> {
    let (ahead, hours, minutes) = match text {
        [] | [b'Z' | b'z'] => return Some(0),
        [sign @ (b'+' | b'-'), a, b, b':', c, d] | [sign @ (b'+' | b'-'), a, b, c, d] => {
            (*sign == b'+', whole(&[*a, *b])?, whole(&[*c, *d])?)
        }
        _ => return None,
    };
    let seconds = i64::try_from(hours * 3600 + minutes * 60).ok()?;
    Some(if ahead { seconds } else { -seconds })
}

/// Days since 1970 (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn days(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, within) = (year / 400, year % 400);
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * shifted + 2) / 5 + day - 1;
    era * 146_097 + within * 365 + within / 4 - within / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_in_every_spelling() {
        let at = 1_795_467_361_558_558_654;
        let check = |text: &str, nanos| assert_eq!(moment(text.as_bytes()), nanos, "{text}");
        check("2026-11-23T20:56:01.558558654Z", Some(at));
        check("2026-11-23T22:56:01.558558654+02:00", Some(at));
        check("2026/11/23 20:56:01.558", Some(at / MILLI * MILLI));
        check("1795467361", Some(at / SECOND * SECOND));
        check("1795467361.5585", Some(1_795_467_361_558_500_000));
        check("1795467361558", Some(at / MILLI * MILLI));
        check("1795467361558558", Some(at / MICRO * MICRO));
        check("1795467361558558654", Some(at));
        for bad in ["", "now", "2026-13-01T00:00:00Z", "-1", "NaN", "99999999999999999999999"] {
            check(bad, None);
        }
    }

    #[test]
    fn times_keep_their_digits_and_no_others_are_times() {
        let check = |text: &str, nanos| assert_eq!(scaled(text.as_bytes(), MILLI), nanos, "{text}");
        check("5.645530", Some(5_645_530));
        check("0.0000001", Some(0));
        check("1e-05", Some(10));
        check("683", Some(683_000_000));
        check(".5", Some(500_000));
        for bad in ["", "-1", "NaN", "inf", "1e400", "12a", "1.2.3", "0x10"] {
            check(bad, None);
        }
    }
}
