//! Which of several machines that share one load this is.

use std::fmt;

/// More machines than anybody has for one load.
pub const MOST: u64 = 1_000;

/// Which of several machines that share one load this is: the first, the second, … of so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: u64,
    of: u64,
}

impl Shard {
    /// One machine that carries the load alone.
    pub const ALONE: Self = Self { index: 0, of: 1 };

    /// The shard of that index, counted from zero, of so many; the index is below the number.
    #[must_use]
    pub fn new(index: u32, of: u32) -> Option<Self> {
        (index < of).then(|| Self { index: index.into(), of: of.into() })
    }

    /// Reads `2/3`: the second of three.
    ///
    /// # Errors
    /// It is not of that form, or there is no such shard; half a sentence on what to write.
    pub fn parse(text: &str) -> Result<Self, String> {
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u64>().ok().filter(|_| digits)
        };
        let parts = text.split_once('/').and_then(|(k, n)| Some((number(k)?, number(n)?)));
        let Some((place, of)) = parts else {
            return Err("it is not K/N, such as `1/3` for the first of three".to_owned());
        };
        if of == 0 || of > MOST {
            return Err(format!("there may be 1 to {MOST} shards"));
        }
        match place.checked_sub(1) {
            Some(index) if index < of => Ok(Self { index, of }),
            Some(_) | None => Err(format!("shards count from 1: write 1/{of} to {of}/{of}")),
        }
    }

    /// Its index, from zero.
    #[must_use]
    pub fn index(self) -> u64 {
        self.index
    }

    /// How many shards there are.
    #[must_use]
    pub fn of(self) -> u64 {
        self.of
    }

    /// Whether one machine carries the whole load.
    #[must_use]
    pub fn is_alone(self) -> bool {
        self.of == 1
    }

    /// The number, among those of all shards, of what is this shard's `nth`: shard k of n has the
    /// numbers k, k + n, k + 2n, …
    #[must_use]
    pub fn number(self, nth: u64) -> u64 {
        nth.saturating_mul(self.of).saturating_add(self.index)
    }

    /// How many of so many numbers, from zero, are this shard's.
    #[must_use]
    pub fn part(self, all: u64) -> u64 {
        all / self.of + u64::from(self.index < all % self.of)
    }

    /// This shard's part of a sum of which is not known what belongs to whom. The parts of all
    /// shards add up to it.
    #[must_use]
    pub fn share(self, sum: u64) -> u64 {
        let upto = |shards: u64| u128::from(sum) * u128::from(shards) / u128::from(self.of);
        u64::try_from(upto(self.index + 1) - upto(self.index)).unwrap_or(u64::MAX)
    }
}

impl Default for Shard {
    fn default() -> Self {
        Self::ALONE
    }
}

impl fmt::Display for Shard {
    /// `shard 1 of 3`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "shard {} of {}", self.index + 1, self.of)
    }
}
