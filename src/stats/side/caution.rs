//! What a reader should know of rounds that were judged all the same.

use super::Pair;
use crate::stats::rank::trend;
use crate::stats::{deviation, mean, median, size};

/// A reason to read a comparison with care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caution {
    /// The shift rises or falls from round to round: a longer warm-up may be needed.
    Trend,
    /// A few rounds carry the mean: it lies far from the median.
    Skewed,
    /// The version compared with became more than 20 % slower or faster itself.
    Drifting,
}

impl Caution {
    /// The name in `verdict.json`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Trend => "trend",
            Self::Skewed => "skewed",
            Self::Drifting => "drifting",
        }
    }
}

/// The cautions of one check's rounds, in their order. Rounds in which a version had no good answer
/// say nothing here.
#[must_use]
pub fn cautions(pairs: &[Pair]) -> Vec<Caution> {
    let finite = |pair: &&Pair| pair.base.is_finite() && pair.new.is_finite();
    let pairs: Vec<Pair> = pairs.iter().filter(finite).copied().collect();
    let shifts: Vec<f64> = pairs.iter().map(|pair| pair.new - pair.base).collect();
    let mut cautions = Vec::new();
    if shifts.len() < 6 {
        return cautions;
    }
    if trend(&shifts).is_some_and(|(_, p)| p < 0.001) {
        cautions.push(Caution::Trend);
    }
    let error = deviation(&shifts) / size(shifts.len()).sqrt();
    if (mean(&shifts) - median(&shifts)).abs() > 2.0 * error {
        cautions.push(Caution::Skewed);
    }
    let third = pairs.len() / 3;
    let base = |part: &[Pair]| mean(&part.iter().map(|pair| pair.base).collect::<Vec<_>>());
    if (base(&pairs[pairs.len() - third..]) - base(&pairs[..third])).abs() > 1.2_f64.ln() {
        cautions.push(Caution::Drifting);
    }
    cautions
}
