//! Which request the n-th arrival is: drawn by weight, so that every block of arrivals holds each
//! request exactly as often as its weight says.

use crate::chance::Key;

/// Draws requests by weight under a seed.
#[derive(Clone, Debug)]
pub struct Draw {
    /// Where each request's part of a block ends.
    ends: Vec<u64>,
    seed: u64,
    /// Half the bits of the smallest even-sized domain that holds a block.
    half: u32,
}

impl Draw {
    /// Draws among requests with these weights.
    #[must_use]
    pub fn new(weights: &[u32], seed: u64) -> Self {
        let common = weights.iter().fold(0, |common, weight| gcd(common, *weight)).max(1);
        let ends: Vec<u64> = weights
            .iter()
            .scan(0, |end, weight| {
                *end += u64::from(weight / common);
                Some(*end)
            })
            .collect();
        let block = ends.last().copied().unwrap_or(0);
        let bits = u64::BITS - block.saturating_sub(1).leading_zeros();
        Self { ends, seed, half: bits.div_ceil(2) }
    }

    /// How many arrivals make a block: the sum of the weights without their common factor.
    #[must_use]
    pub fn block(&self) -> u64 {
        self.ends.last().copied().unwrap_or(0)
    }

    /// The index of the request that is `n`-th in a stream: stream 0 are the arrivals of the open
    /// model, stream j + 1 what virtual user j asks for.
    #[must_use]
    pub fn nth(&self, stream: u64, n: u64) -> usize {
        let block = self.block();
        if self.ends.len() < 2 || block == 0 {
            return 0;
        }
        let key = Key::new(self.seed, stream).bits(n / block);
        let slot = self.shuffled(key, n % block);
        self.ends.partition_point(|end| *end <= slot)
    }

    /// How often each request occurs in a stream from the `from`-th up to, not including, the
    /// `to`-th.
    #[must_use]
    pub fn counts(&self, stream: u64, from: u64, to: u64) -> Vec<u64> {
        let mut counts = vec![0; self.ends.len()];
        let block = self.block();
        if block == 0 || from >= to {
            return counts;
        }
        let (first, last) = (from.div_ceil(block), to / block);
        if first < last {
            let starts = std::iter::once(&0).chain(&self.ends);
            for ((count, end), start) in counts.iter_mut().zip(&self.ends).zip(starts) {
                *count = (end - start) * (last - first);
            }
        }
        let (head, tail) =
            if first < last { (from..first * block, last * block..to) } else { (from..to, to..to) };
        for n in head.chain(tail) {
            counts[self.nth(stream, n)] += 1;
        }
        counts
    }

    /// Where a slot of a block goes: a Feistel network over the next even number of bits, walked
    /// until it lands within the block again (Black and Rogaway, 2002), so that no block is kept in
    /// memory. The block is turned by chance first: a network over few bits would favour some
    /// places.
    fn shuffled(&self, key: u64, slot: u64) -> u64 {
        const ROUNDS: u64 = 6;
        let (block, mask) = (self.block(), (1 << self.half) - 1);
        let mut at = (slot + key % block) % block;
        let key = Key::new(key, 0);
        loop {
            let (mut left, mut right) = (at >> self.half, at & mask);
            for round in 0..ROUNDS {
                (left, right) = (right, left ^ (key.bits(right * ROUNDS + round) & mask));
            }
            at = (left << self.half) | right;
            if at < block {
                return at;
            }
        }
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}
