//! Draws of the distributions that a simulation needs, the same for a seed on every machine.

use loadgate::chance::Key;

/// A stream of draws.
pub(super) struct Dice {
    key: Key,
    drawn: u64,
    spare: Option<f64>,
}

impl Dice {
    /// The draws of one simulated run: those of another number say nothing about them.
    pub(super) fn new(seed: u64, run: u64) -> Self {
        Self { key: Key::of(seed, run), drawn: 0, spare: None }
    }

    /// Evenly between 0 and 1, never one of them.
    pub(super) fn even(&mut self) -> f64 {
        let bits = self.key.bits(self.drawn);
        self.drawn += 1;
        let part = |bits: u64| u32::try_from(bits).expect("at most 32 bits");
        let (high, low) = (part(bits >> 40), part((bits >> 11) & 0x1fff_ffff));
        (f64::from(high) + (f64::from(low) + 0.5) / f64::from(1_u32 << 29)) / f64::from(1_u32 << 24)
    }

    /// Normal, with mean 0 and standard deviation 1 (Box and Muller 1958).
    pub(super) fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let radius = (-2.0 * self.even().ln()).sqrt();
        let angle = 2.0 * std::f64::consts::PI * self.even();
        self.spare = Some(radius * angle.sin());
        radius * angle.cos()
    }

    /// Exponential, with mean 1.
    pub(super) fn wait(&mut self) -> f64 {
        -self.even().ln()
    }

    /// Gamma, with a shape of at least 1 (Marsaglia and Tsang 2000).
    pub(super) fn gamma(&mut self, shape: f64) -> f64 {
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && self.even().ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }

    /// How many events come where so many come on average. Many are drawn by halves (the number
    /// before the middle event is binomial), so that it is exact at any mean.
    pub(super) fn events(&mut self, mean: f64) -> u64 {
        let (mut mean, mut found) = (mean, 0);
        while mean > 12.0 {
            let shape = (mean * 7.0 / 8.0).floor();
            let at = self.gamma(shape);
            if at > mean {
                return found + self.hits(whole(shape) - 1, mean / at);
            }
            found += whole(shape);
            mean -= at;
        }
        let mut left = self.wait();
        while left < mean {
            found += 1;
            left += self.wait();
        }
        found
    }

    /// How many of some tries hit: by waiting times between hits.
    pub(super) fn hits(&mut self, tries: u64, chance: f64) -> u64 {
        if chance > 0.5 {
            return tries - self.hits(tries, 1.0 - chance);
        }
        if chance <= 0.0 {
            return 0;
        }
        let (mut at, mut found, step) = (0.0, 0, (-chance).ln_1p());
        let last = real(tries);
        loop {
            at += (self.even().ln() / step).floor() + 1.0;
            if at > last {
                return found;
            }
            found += 1;
        }
    }
}

/// A count as a number to calculate with.
pub(super) fn real(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and positive")]
fn whole(number: f64) -> u64 {
    number as u64
}
