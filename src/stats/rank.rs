//! The exact signed-rank test of Wilcoxon (1945), and the bounds that belong to it.

use super::{median, size};

/// How the sum of positive ranks of n values is spread where they lie evenly around zero.
#[derive(Clone, Debug)]
pub struct SignedRank {
    /// At w: the chance that the sum is w or more.
    above: Vec<f64>,
}

impl SignedRank {
    /// The distribution for n values, by the recursion over n(n + 1)/2 sums.
    #[must_use]
    pub fn new(values: usize) -> Self {
        let most = values * (values + 1) / 2;
        let mut chance = vec![0.0; most + 1];
        chance[0] = 1.0;
        let mut reached = 0;
        for rank in 1..=values {
            reached += rank;
            for sum in (0..=reached).rev() {
                let with = if sum >= rank { chance[sum - rank] } else { 0.0 };
                chance[sum] = f64::midpoint(chance[sum], with);
            }
        }
        for sum in (0..most).rev() {
            chance[sum] += chance[sum + 1];
        }
        Self { above: chance }
    }

    /// The chance of this sum of positive ranks, or a larger one.
    #[must_use]
    pub fn at_least(&self, sum: usize) -> f64 {
        self.above.get(sum).copied().unwrap_or(0.0).min(1.0)
    }

    /// The smallest sum whose chance, with all larger ones, is within a level; `None` where even
    /// the largest is too likely.
    #[must_use]
    pub fn critical(&self, level: f64) -> Option<usize> {
        // A sum of 2^-n keeps every bit; the last one may be lost in adding many of them.
        let found = self.above.iter().position(|chance| *chance <= level * (1.0 + 1e-12));
        found.filter(|sum| *sum < self.above.len())
    }
}

/// The sum of the ranks of positive values among all, and how many values took part: zeros are
/// dropped, and ranks that are shared lie halfway and are rounded down, against a claim.
#[must_use]
pub fn positive_ranks(values: &[f64]) -> (usize, usize) {
    let mut kept: Vec<f64> =
        values.iter().copied().filter(|value| value.abs() > 0.0 && !value.is_nan()).collect();
    kept.sort_by(|one, other| one.abs().total_cmp(&other.abs()));
    let (mut sum, mut start) = (0, 0);
    while start < kept.len() {
        let tied = kept[start..].iter().take_while(|value| {
            value.abs().total_cmp(&kept[start].abs()) == std::cmp::Ordering::Equal
        });
        let end = start + tied.count();
        // Ranks start + 1 to end.
        let rank = (start + 1 + end) / 2;
        sum += rank * kept[start..end].iter().filter(|value| **value > 0.0).count();
        start = end;
    }
    (sum, kept.len())
}

/// The chance of values as far above zero, or farther, if they lay evenly around it.
#[must_use]
pub fn p_above_zero(values: &[f64]) -> f64 {
    let (sum, kept) = positive_ranks(values);
    SignedRank::new(kept).at_least(sum)
}

/// All averages of two values, each with itself too, sorted (Walsh 1949).
#[must_use]
pub fn walsh_averages(values: &[f64]) -> Vec<f64> {
    let mut averages = Vec::with_capacity(values.len() * (values.len() + 1) / 2);
    for (index, one) in values.iter().enumerate() {
        for other in &values[index..] {
            let middle = f64::midpoint(*one, *other);
            // An infinite gain and an infinite loss say nothing together.
            averages.push(if middle.is_nan() { 0.0 } else { middle });
        }
    }
    averages.sort_by(f64::total_cmp);
    averages
}

/// The estimate of Hodges and Lehmann (1963): the median of all averages of two values.
#[must_use]
pub fn center(values: &[f64]) -> f64 {
    median(&walsh_averages(values))
}

/// The lower bound that a signed-rank test at a level gives: every smaller shift would be rejected.
#[must_use]
pub fn lower_bound(values: &[f64], null: &SignedRank, level: f64) -> f64 {
    let averages = walsh_averages(values);
    let place = null.critical(level).and_then(|sum| averages.len().checked_sub(sum));
    place.and_then(|place| averages.get(place)).copied().unwrap_or(f64::NEG_INFINITY)
}

/// The upper bound that a signed-rank test at a level gives: every larger shift would be rejected.
#[must_use]
pub fn upper_bound(values: &[f64], null: &SignedRank, level: f64) -> f64 {
    let mirrored: Vec<f64> = values.iter().map(|value| -value).collect();
    -lower_bound(&mirrored, null, level)
}

/// Spearman's rank correlation of a series with its order, and the two-sided chance of one as
/// strong without any trend (by Student's t, as usual from ten values on). `None` below four
/// values.
#[must_use]
pub fn trend(values: &[f64]) -> Option<(f64, f64)> {
    if values.len() < 4 {
        return None;
    }
    let rank = |value: &f64| {
        let below = values.iter().filter(|other| *other < value).count();
        let tied = values.iter().filter(|other| other.total_cmp(value).is_eq()).count();
        size(below) + f64::midpoint(size(tied), 1.0)
    };
    let middle = f64::midpoint(size(values.len()), 1.0);
    let (mut both, mut ranks, mut order) = (0.0, 0.0, 0.0);
    for (index, value) in values.iter().enumerate() {
        let (here, there) = (rank(value) - middle, size(index + 1) - middle);
        both += here * there;
        ranks += here * here;
        order += there * there;
    }
    if ranks <= 0.0 {
        return Some((0.0, 1.0));
    }
    let strength = (both / (ranks * order).sqrt()).clamp(-1.0, 1.0);
    let freedom = size(values.len()) - 2.0;
    let score = strength.abs() * (freedom / (1.0 - strength * strength)).sqrt();
    Some((strength, 2.0 * super::special::t_above(score, freedom)))
}
