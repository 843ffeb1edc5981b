//! Numbers, times and lists as they lie in a file: bounded, and without loss.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::metric::Timing;
use crate::sample::Failure;
use crate::unit::Ratio;

/// No count of requests or bytes is larger: 10^15. A thousand endpoints of so many still add up
/// exactly.
pub(super) const MOST_COUNT: u64 = 1_000_000_000_000_000;
/// No time is longer: ten years, in nanoseconds.
const MOST_NANOS: u64 = 315_360_000_000_000_000;

/// A count, as decimal digits in quotes: JSON numbers lose integers above 2^53.
#[derive(Clone, Copy)]
pub(super) struct Count(pub(super) u64);

/// A seed: any 64 bits.
#[derive(Clone, Copy)]
pub(super) struct Seed(pub(super) u64);

/// A sum of nanoseconds.
#[derive(Clone, Copy)]
pub(super) struct Sum(pub(super) u128);

/// A time in whole nanoseconds.
#[derive(Clone, Copy)]
pub(super) struct Nanos(pub(super) Duration);

/// A share in [0, 1], with all its digits.
#[derive(Clone, Copy)]
pub(super) struct Share(pub(super) Ratio);

/// What a probe answered, with all its digits.
#[derive(Clone, Copy)]
pub(super) struct Real(pub(super) f64);

/// A class of failure, by name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Class(pub(super) Failure);

/// A time inside requests, by name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Timed(pub(super) Timing);

/// Something written as a text of its own shape.
trait Written: Sized {
    /// What it is, to follow "expected".
    const WHAT: &'static str;
    /// Writes it.
    fn write(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result;
    /// Reads it; `None` for anything else.
    fn read(text: &str) -> Option<Self>;
}

fn digits<T: FromStr>(text: &str) -> Option<T> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

impl Written for Count {
    const WHAT: &'static str = "a count below 10^15 as digits in quotes";
    fn write(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)
    }
    fn read(text: &str) -> Option<Self> {
        digits(text).filter(|count| *count <= MOST_COUNT).map(Self)
    }
}

impl Written for Seed {
    const WHAT: &'static str = "a seed as digits in quotes";
    fn write(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)
    }
    fn read(text: &str) -> Option<Self> {
        digits(text).map(Self)
    }
}

impl Written for Sum {
    const WHAT: &'static str = "a sum of nanoseconds as digits in quotes";
    fn write(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)
    }
    fn read(text: &str) -> Option<Self> {
        digits(text).map(Self)
    }
}

impl Written for Nanos {
    const WHAT: &'static str = "nanoseconds of at most ten years as digits in quotes";
    fn write(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0.as_nanos())
    }
    fn read(text: &str) -> Option<Self> {
        let nanos = digits(text).filter(|nanos| *nanos <= MOST_NANOS)?;
        Some(Self(Duration::from_nanos(nanos)))
    }
}

impl Written for Share {
    const WHAT: &'static str = "a share between 0 and 1 as digits in quotes";
    fn write(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0.share())
    }
    fn read(text: &str) -> Option<Self> {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        text.parse().ok().filter(|_| plain).and_then(Ratio::new).map(Self)
    }
}

impl Written for Real {
    const WHAT: &'static str = "a number as digits in quotes";
    fn write(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)
    }
    fn read(text: &str) -> Option<Self> {
        text.parse().ok().filter(|number: &f64| number.is_finite()).map(Self)
    }
}

impl Written for Class {
    const WHAT: &'static str = "a class of failure";
    fn write(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0.name())
    }
    fn read(text: &str) -> Option<Self> {
        Failure::named(text).map(Self)
    }
}

impl Written for Timed {
    const WHAT: &'static str = "a time inside requests";
    fn write(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0.name())
    }
    fn read(text: &str) -> Option<Self> {
        Timing::named(text).map(Self)
    }
}

struct Shown<'a, T>(&'a T);

impl<T: Written> fmt::Display for Shown<'_, T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(out)
    }
}

struct Text<T>(PhantomData<T>);

impl<T: Written> Visitor<'_> for Text<T> {
    type Value = T;
    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(T::WHAT)
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::read(text).ok_or_else(|| E::custom(format_args!("this is not {}", T::WHAT)))
    }
}

macro_rules! as_text {
    ($($name:ident)*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(&Shown(self))
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                from.deserialize_str(Text(PhantomData))
            }
        }
    )*};
}
as_text!(Count Seed Sum Nanos Share Real Class Timed);

/// Reads a list of at most so many entries, so that a short file cannot ask for much memory.
pub(super) fn few<'de, D, T, const MOST: usize>(from: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct Few<T, const MOST: usize>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for Few<T, MOST> {
        type Value = Vec<T>;
        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(out, "a list of at most {MOST} entries")
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Vec<T>, A::Error> {
            let mut list = Vec::new();
            while let Some(entry) = entries.next_element()? {
                if list.len() == MOST {
                    return Err(A::Error::custom(format_args!("more than {MOST} entries")));
                }
                list.push(entry);
            }
            Ok(list)
        }
    }
    from.deserialize_seq(Few::<T, MOST>(PhantomData))
}
