//! Random numbers that depend on a seed and a counter alone, so that a run can be made again.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::chance::{self, Key};

/// A stream of random numbers that remembers how many were drawn.
#[derive(Debug)]
pub struct Draws {
    key: Key,
    drawn: AtomicU64,
}

impl Draws {
    /// The stream of one user under one seed.
    #[must_use]
    pub fn of(seed: u64, user: u64) -> Self {
        Self { key: Key::of(seed, user), drawn: AtomicU64::new(0) }
    }

    /// The next number, any of 2^64.
    pub fn draw(&self) -> u64 {
        self.key.bits(self.drawn.fetch_add(1, Ordering::Relaxed))
    }

    /// The next number below a limit.
    pub fn draw_below(&self, limit: u64) -> u64 {
        chance::below(self.draw(), limit)
    }
}

impl Clone for Draws {
    fn clone(&self) -> Self {
        Self { key: self.key, drawn: AtomicU64::new(self.drawn.load(Ordering::Relaxed)) }
    }
}
