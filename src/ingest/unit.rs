//! Units of times, for files that do not say theirs.

use super::number::{MICRO, MILLI, SECOND};

/// A unit of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Nanoseconds.
    Nanos,
    /// Microseconds.
    Micros,
    /// Milliseconds.
    Millis,
    /// Seconds.
    Seconds,
}

impl Unit {
    /// Every unit.
    pub const ALL: [Self; 4] = [Self::Nanos, Self::Micros, Self::Millis, Self::Seconds];

    /// Its sign, as `--unit` takes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Nanos => "ns",
            Self::Micros => "us",
            Self::Millis => "ms",
            Self::Seconds => "s",
        }
    }

    /// The unit of that sign.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| unit.name() == name)
    }

    /// One of it, in nanoseconds.
    pub(super) fn nanos(self) -> u64 {
        match self {
            Self::Nanos => 1,
            Self::Micros => MICRO,
            Self::Millis => MILLI,
            Self::Seconds => SECOND,
        }
    }

    /// The unit that a text names in full; `None` where it names none, or several.
    pub(super) fn in_words(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let words = [
            ("nanosecond", Self::Nanos),
            ("microsecond", Self::Micros),
            ("millisecond", Self::Millis),
        ];
        let mut found = words.into_iter().filter(|(word, _)| text.contains(word));
        let first = found.next().map(|(_, unit)| unit);
        first.filter(|_| found.next().is_none())
    }
}
