//! How much something may change, read and written.

use std::fmt;

use super::{BadUnit, MILLION, scaled, trimmed};

/// How far a value may move away from an earlier one: `+5%` or `-5%` of it; of a share, `+0.5pp`,
/// half a percentage point more. Exact in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Margin {
    rises: bool,
    points: bool,
    millionths: u32,
}

/// A thousand percent: what grows beyond ten times itself needs no limit.
const MOST: u32 = 10 * MILLION;

impl Margin {
    /// Reads `+5%`, `-5%` or `+0.5pp`.
    ///
    /// # Errors
    /// When the sign or the unit is missing, or the number is beyond 1000 %.
    pub fn parse(text: &str) -> Result<Self, BadUnit> {
        let text = text.trim();
        let (rises, rest) = match (text.strip_prefix('+'), text.strip_prefix(['-', '\u{2212}'])) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => {
                return Err(BadUnit::new("needs a sign", format!("write `+{text}` or `-{text}`")));
            }
        };
        let rest = rest.trim_start();
        let (digits, points) = match (rest.strip_suffix("pp"), rest.strip_suffix('%')) {
            (Some(digits), _) => (digits, true),
            (None, Some(digits)) => (digits, false),
            (None, None) => {
                let why = match rest.chars().next_back() {
                    Some(last) if last.is_ascii_digit() => "needs a unit",
                    Some(_) => "has an unknown unit",
                    None => "has no number",
                };
                return Err(BadUnit::new(why, "write a change such as `+5%`, or `+0.5pp`"));
            }
        };
        let millionths = scaled(digits.trim_end(), 10_000)?;
        let within = u32::try_from(millionths).ok().filter(|millionths| *millionths <= MOST);
        let Some(millionths) = within else {
            return Err(BadUnit::new("is more than 1000%", "write a change such as `+50%`"));
        };
        Ok(Self { rises, points, millionths })
    }

    /// A rise of so many millionths of what it was.
    #[must_use]
    pub const fn more(millionths: u32) -> Self {
        Self { rises: true, points: false, millionths }
    }

    /// A fall by so many millionths of what it was.
    #[must_use]
    pub const fn less(millionths: u32) -> Self {
        Self { rises: false, points: false, millionths }
    }

    /// A rise of a share by so many millionths of all.
    #[must_use]
    pub const fn points(millionths: u32) -> Self {
        Self { rises: true, points: true, millionths }
    }

    /// The size of the change without its sign: 0.05 for `+5%` and for `-5%`, 0.005 for `+0.5pp`.
    #[must_use]
    pub fn size(self) -> f64 {
        f64::from(self.millionths) / f64::from(MILLION)
    }

    /// Whether it is a rise.
    #[must_use]
    pub fn rises(self) -> bool {
        self.rises
    }

    /// Whether it is in percentage points, of a share, and not a share of what there was.
    #[must_use]
    pub fn is_points(self) -> bool {
        self.points
    }
}

impl fmt::Display for Margin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.rises { '+' } else { '-' };
        let unit = if self.points { "pp" } else { "%" };
        write!(out, "{sign}{}{unit}", trimmed(self.size() * 100.0, 4))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_written_and_read_again_are_the_same() {
        for text in ["+5%", "-5%", "+0.5pp", "+1000%", "+0%", "+12.5%", "-0.0001%"] {
            assert_eq!(Margin::parse(text).map(|it| it.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn what_is_no_change_says_why() {
        let check = |text: &str, why: &str| {
            assert_eq!(Margin::parse(text).map_err(|bad| bad.why), Err(why.to_owned()), "{text}");
        };
        check("5%", "needs a sign");
        check("+5", "needs a unit");
        check("+5ms", "has an unknown unit");
        check("+", "has no number");
        check("+%", "is not a number");
        check("+1001%", "is more than 1000%");
        check("+nan%", "is not a number");
    }
}
