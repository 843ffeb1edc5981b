//! Random numbers that depend on a seed and a counter alone, so that a run can be made again.

use std::sync::atomic::{AtomicU64, Ordering};

/// The step of splitmix64 (Steele, Lea, Flood 2014): 2^64 divided by the golden ratio, made odd.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// The finaliser of splitmix64: every bit of the result depends on every bit given.
#[must_use]
pub const fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

/// The key of a stream that belongs to two numbers, such as a seed and a user.
#[must_use]
pub const fn key(seed: u64, of: u64) -> u64 {
    mix(mix(seed.wrapping_add(STEP)) ^ mix(of.wrapping_mul(STEP).wrapping_add(1)))
}

/// The number at one place of a key's stream.
#[must_use]
pub const fn at(key: u64, place: u64) -> u64 {
    mix(key.wrapping_add(place.wrapping_add(1).wrapping_mul(STEP)))
}

/// A drawn number brought below a limit (Lemire 2019; without his rejection the bias is
/// limit / 2^64).
#[must_use]
pub fn below(drawn: u64, limit: u64) -> u64 {
    let scaled = (u128::from(drawn) * u128::from(limit)) >> 64;
    u64::try_from(scaled).expect("the product of two u64 has 64 high bits")
}

/// A stream of random numbers that remembers how many were drawn.
#[derive(Debug)]
pub struct Draws {
    key: u64,
    drawn: AtomicU64,
}

impl Draws {
    /// The stream of one user under one seed.
    #[must_use]
    pub fn of(seed: u64, user: u64) -> Self {
        Self { key: key(seed, user), drawn: AtomicU64::new(0) }
    }

    /// The next number, any of 2^64.
    pub fn draw(&self) -> u64 {
        at(self.key, self.drawn.fetch_add(1, Ordering::Relaxed))
    }

    /// The next number below a limit.
    pub fn draw_below(&self, limit: u64) -> u64 {
        below(self.draw(), limit)
    }
}

impl Clone for Draws {
    fn clone(&self) -> Self {
        Self { key: self.key, drawn: AtomicU64::new(self.drawn.load(Ordering::Relaxed)) }
    }
}
