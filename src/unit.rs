//! Numbers that know what they are. The only place where `250ms`, `0.1%`, `+5%`, `200/s` and
//! `64MiB` are read or written.

mod count;
mod duration;
mod margin;

use std::fmt;
use std::time::Duration;

pub use count::{show_count, show_number};
pub use duration::{parse_duration, show_duration, show_time};
pub use margin::Margin;

/// A quantile in (0, 1], exact in millionths. Written `p99.9`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantile(u32);

/// A share in [0, 1]. Written `0.1%`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Ratio(f64);

/// Events per second, exact in millionths. Written `250/s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(u64);

/// Why a text is not the number it should be; a half sentence that can follow the text itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct BadUnit {
    /// What is wrong with the text.
    pub why: String,
    /// What to write instead.
    pub hint: String,
}

impl BadUnit {
    /// Why, and what to write instead.
    pub fn new(why: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { why: why.into(), hint: hint.into() }
    }
}

const MILLION: u32 = 1_000_000;

impl Quantile {
    /// The median.
    pub const MEDIAN: Self = Self(500_000);
    /// The largest value.
    pub const MAX: Self = Self(MILLION);

    /// A quantile from its millionths; `None` outside (0, 1].
    #[must_use]
    pub fn from_millionths(millionths: u32) -> Option<Self> {
        (1..=MILLION).contains(&millionths).then_some(Self(millionths))
    }

    /// Reads the digits behind the `p`: `99`, `99.9`, `99_9`.
    ///
    /// # Errors
    /// When the digits are not a percentile above 0 and below 100 with at most four decimals.
    pub fn parse_percent(digits: &str) -> Result<Self, BadUnit> {
        let bad = || {
            BadUnit::new(
                "is not a percentile above 0 and below 100",
                "write `p50`, `p95`, `p99` or `p99_9`",
            )
        };
        let (whole, part) = digits.split_once(['.', '_']).unwrap_or((digits, ""));
        let decimal = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let shaped = !whole.is_empty() && whole.len() <= 2 && part.len() <= 4;
        if !shaped
            || !decimal(whole)
            || !decimal(part)
            || (digits.len() != whole.len() && part.is_empty())
        {
            return Err(bad());
        }
        let millionths = format!("{whole}{part:0<4}").parse().map_err(|_| bad())?;
        Self::from_millionths(millionths).filter(|quantile| *quantile < Self::MAX).ok_or_else(bad)
    }

    /// The quantile in millionths.
    #[must_use]
    pub fn millionths(self) -> u32 {
        self.0
    }

    /// The share of samples at or below this quantile.
    #[must_use]
    pub fn share(self) -> f64 {
        f64::from(self.0) / f64::from(MILLION)
    }

    /// The nearest-rank position among `count` samples, 1-based: ⌈q·n⌉ in exact arithmetic.
    #[must_use]
    pub fn rank(self, count: u64) -> u64 {
        let product = u128::from(self.0) * u128::from(count);
        u64::try_from(product.div_ceil(u128::from(MILLION))).unwrap_or(u64::MAX).max(1)
    }

    /// How many samples it takes until ten of them lie beyond this quantile: ⌈10 / (1 − q)⌉, and 1
    /// for the largest value.
    #[must_use]
    pub fn samples_needed(self) -> u64 {
        let beyond = u64::from(MILLION - self.0);
        if beyond == 0 { 1 } else { (10 * u64::from(MILLION)).div_ceil(beyond) }
    }
}

impl fmt::Display for Quantile {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / 10_000, self.0 % 10_000);
        if part == 0 {
            return write!(out, "p{whole}");
        }
        let decimals = format!("{part:04}");
        write!(out, "p{whole}.{}", decimals.trim_end_matches('0'))
    }
}

impl Ratio {
    /// Nothing.
    pub const ZERO: Self = Self(0.0);

    /// A share from a number; `None` outside [0, 1] and for NaN.
    #[must_use]
    pub fn new(share: f64) -> Option<Self> {
        (0.0..=1.0).contains(&share).then_some(Self(share))
    }

    /// `part` of `whole`; `None` where there is no whole.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "a share of more than 2^53 requests may lose its last digit"
    )]
    pub fn of(part: u64, whole: u64) -> Option<Self> {
        if whole == 0 { None } else { Self::new(part as f64 / whole as f64) }
    }

    /// The share as a number in [0, 1].
    #[must_use]
    pub fn share(self) -> f64 {
        self.0
    }

    /// Reads `0.5%`.
    ///
    /// # Errors
    /// When the unit is missing or the share is not between 0 % and 100 %.
    pub fn parse(text: &str) -> Result<Self, BadUnit> {
        let text = text.trim();
        let Some(digits) = text.strip_suffix('%') else {
            let hint = format!("write `{text}%`");
            return Err(no_unit(text, hint, "shares end in `%`"));
        };
        let digits = digits.trim_end();
        let finest = digits.split_once('.').is_none_or(|(_, part)| part.len() <= 4);
        if !finest {
            return Err(BadUnit::new(
                "has more than four decimals",
                "write a share such as `0.5%`",
            ));
        }
        let most = u128::from(MILLION);
        let millionths = scaled(digits, 10_000)?;
        match u32::try_from(millionths.min(most + 1)) {
            Ok(part) if part <= MILLION => Ok(Self(f64::from(part) / f64::from(MILLION))),
            Ok(_) | Err(_) => {
                Err(BadUnit::new("is not between 0% and 100%", "write a share such as `0.5%`"))
            }
        }
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}%", trimmed(self.0 * 100.0, 4))
    }
}

impl Rate {
    /// Nothing at all.
    pub const ZERO: Self = Self(0);
    const MICRO: f64 = 1e6;
    /// The largest rate that is understood: 100 million a second, beyond any machine.
    const MOST: f64 = 1e8;

    /// A rate from events per second; `None` when it is negative, not finite or beyond 100 million.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bounded just before"
    )]
    pub fn per_second(events: f64) -> Option<Self> {
        (0.0..=Self::MOST).contains(&events).then(|| Self((events * Self::MICRO).round() as u64))
    }

    /// `events` in `time`; `None` where no time passed.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "beyond 2^53 events the last digit does not matter"
    )]
    pub fn of(events: u64, time: Duration) -> Option<Self> {
        if time.is_zero() { None } else { Self::per_second(events as f64 / time.as_secs_f64()) }
    }

    /// A rate from [`Rate::micro`].
    #[must_use]
    pub fn from_micro(micro: u64) -> Self {
        Self(micro)
    }

    /// Events in a million seconds: the exact integer behind the rate.
    #[must_use]
    pub fn micro(self) -> u64 {
        self.0
    }

    /// Events per second as a number.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "the largest rate is 1e14 millionths, below 2^53"
    )]
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / Self::MICRO
    }

    /// Reads `200/s`, `1.5/s`, `12000/m`, `10/h`.
    ///
    /// # Errors
    /// When the unit is missing or unknown, or the number is negative or too large.
    pub fn parse(text: &str) -> Result<Self, BadUnit> {
        let text = text.trim();
        let Some((digits, unit)) = text.split_once('/') else {
            let hint = format!("write `{text}/s`");
            return Err(no_unit(text, hint, "rates end in `/s`, `/m` or `/h`"));
        };
        let seconds = match unit.trim() {
            "s" => 1,
            "m" | "min" => 60,
            "h" => 3600,
            _ => {
                return Err(BadUnit::new("has an unknown unit", "rates end in `/s`, `/m` or `/h`"));
            }
        };
        let micro = (scaled(digits.trim_end(), 1_000_000)? + seconds / 2) / seconds;
        u64::try_from(micro)
            .ok()
            .map(Self)
            .filter(|rate| rate.as_f64() <= Self::MOST)
            .ok_or_else(|| BadUnit::new("is too large a rate", "at most 100000000/s"))
    }

    /// The rate as a gate file has it; reading it back gives the same.
    #[must_use]
    pub fn written(self) -> String {
        let (whole, part) = (self.0 / 1_000_000, self.0 % 1_000_000);
        format!("{}/s", with_decimals(u128::from(whole), &format!("{part:06}")))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/s", trimmed(self.as_f64(), 3))
    }
}

/// Reads `64MiB`, `10kB`, `512B` into bytes.
///
/// # Errors
/// When the unit is missing or unknown, or the size does not fit.
pub fn parse_size(text: &str) -> Result<u64, BadUnit> {
    const UNITS: [(&str, u128); 7] = [
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("kB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("B", 1),
    ];
    let text = text.trim();
    let end = text.find(|sign: char| !sign.is_ascii_digit() && sign != '.').unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    let hint = "write a size such as `64MiB`";
    let Some((_, factor)) = UNITS.iter().find(|(name, _)| *name == unit.trim()) else {
        let why = if unit.trim().is_empty() { "needs a unit" } else { "has an unknown unit" };
        return Err(BadUnit::new(why, hint));
    };
    u64::try_from(scaled(digits, *factor)?)
        .ok()
        .filter(|bytes| *bytes <= 1 << 50)
        .ok_or_else(|| BadUnit::new("is too large", hint))
}

/// Why a number without its unit, or with another one's, is wrong.
fn no_unit(text: &str, hint: String, units: &str) -> BadUnit {
    match text.chars().next_back() {
        Some(last) if last.is_ascii_digit() => BadUnit::new("needs a unit", hint),
        Some(_) => BadUnit::new("has an unknown unit", units),
        None => BadUnit::new("is empty", units),
    }
}

/// A plain decimal number that is not negative, `unit` times, rounded: no exponent, no sign, no
/// `nan`, no `inf`.
fn scaled(digits: &str, unit: u128) -> Result<u128, BadUnit> {
    let hint = "write a plain decimal number such as `250` or `0.5`";
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |text: &str| {
        !text.is_empty() && text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !plain(whole) || !plain(part) {
        let why = if digits.starts_with('-') { "is negative" } else { "is not a number" };
        return Err(BadUnit::new(why, hint));
    }
    let number = |text: &str| text.parse::<u128>().map_err(|_| BadUnit::new("is too large", hint));
    let places = 10_u128.pow(u32::try_from(part.len()).unwrap_or(20));
    let small = (number(part)? * unit + places / 2) / places;
    Ok(number(whole)? * unit + small)
}

/// A number and its decimals, without those that say nothing.
fn with_decimals(whole: u128, decimals: &str) -> String {
    let decimals = decimals.trim_end_matches('0');
    if decimals.is_empty() { whole.to_string() } else { format!("{whole}.{decimals}") }
}

/// A number with at most `decimals` decimals and none that says nothing.
fn trimmed(number: f64, decimals: usize) -> String {
    let text = format!("{number:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_written_and_read_again_are_the_same() {
        for text in ["0.000001/s", "1/h", "333.333333/s", "100000000/s"] {
            let rate = Rate::parse(text).expect("a rate");
            assert_eq!(Rate::parse(&rate.written()), Ok(rate));
        }
        for text in ["0.0001%", "29%", "99.9999%", "100%"] {
            assert_eq!(Ratio::parse(text).map(|share| share.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn percentiles_have_one_spelling_each() {
        let check = |digits: &str, shown: &str| {
            assert_eq!(
                Quantile::parse_percent(digits).map(|quantile| quantile.to_string()),
                Ok(shown.to_owned())
            );
        };
        check("99", "p99");
        check("99.9", "p99.9");
        check("99_9", "p99.9");
        check("5", "p5");
        for bad in ["0", "100", "", "-1", "9a", "99.", "99.99999", "nan"] {
            assert!(Quantile::parse_percent(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn ranks_are_exact() {
        let p99 = Quantile::parse_percent("99").expect("a percentile");
        assert_eq!(
            (p99.rank(100), p99.rank(101), p99.rank(1), p99.samples_needed()),
            (99, 100, 1, 1000)
        );
        assert_eq!(Quantile::MEDIAN.samples_needed(), 20);
    }

    #[test]
    fn rates_and_shares_keep_their_unit() {
        assert_eq!(Rate::parse("200/s").map(|rate| rate.to_string()), Ok("200/s".to_owned()));
        assert_eq!(Rate::parse("90/m").map(|rate| rate.to_string()), Ok("1.5/s".to_owned()));
        assert_eq!(Rate::parse("200").map_err(|bad| bad.hint), Err("write `200/s`".to_owned()));
        assert_eq!(Ratio::parse("0.5%").map(|share| share.to_string()), Ok("0.5%".to_owned()));
        assert!(
            Ratio::parse("101%").is_err()
                && Ratio::parse("inf%").is_err()
                && Ratio::parse("1").is_err()
        );
    }
}
