//! What repeated measurement allows us to claim: tests, bounds and error rates, all of them pure.
//!
//! Every value that is compared is a natural logarithm, turned so that more is worse
//! ([`shift::Check::worse`]): a shift of 0.05 is 5 % slower, or 5 % less throughput. Nothing here
//! draws by chance but [`change`], which takes a seed: the same data give the same answer.
//!
//! | room | what it answers |
//! | --- | --- |
//! | [`special`] | Student's t and the regularised incomplete beta function |
//! | [`quantile`] | a quantile's logarithm, from the buckets of a histogram |
//! | [`rank`] | the exact signed-rank test of Wilcoxon, and its bounds |
//! | [`paired`] | is this shift above a limit, and what bounds it |
//! | [`family`] | many tests at once: Holm's correction |
//! | [`count`] | errors counted on two sides; a share against a limit |
//! | [`shift`] | one check, and what came of it |
//! | [`sla`] | an absolute limit, from one run |
//! | [`history`] | a run against the runs before it |
//! | [`errors`] | its errors against theirs |
//! | [`side`] | two versions side by side, in rounds |
//! | [`change`] | where a series of runs changed |

pub mod special;
pub mod quantile;
pub mod rank;
pub mod paired;
pub mod family;
pub mod count;
pub mod shift;
pub mod sla;
pub mod history;
pub mod errors;
pub mod side;
pub mod change;

/// A count as a number to calculate with.
#[expect(clippy::cast_precision_loss, reason = "counts beyond 2^53 are beyond any run")]
pub(crate) fn real(count: u64) -> f64 {
    count as f64
}

/// A number of values as a number to calculate with.
#[expect(clippy::cast_precision_loss, reason = "no memory holds 2^53 values")]
pub(crate) fn size(count: usize) -> f64 {
    count as f64
}

/// Mean; NaN of nothing.
pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / size(values.len())
}

/// Standard deviation with n − 1; NaN of fewer than two values.
pub(crate) fn deviation(values: &[f64]) -> f64 {
    let center = mean(values);
    let squares: f64 = values.iter().map(|value| (value - center).powi(2)).sum();
    (squares / (size(values.len()) - 1.0)).sqrt()
}

/// Median, halfway between the middle two of an even number; NaN of nothing.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let Some(upper) = sorted.get(middle).copied() else { return f64::NAN };
    if sorted.len() % 2 == 1 {
        return upper;
    }
    f64::midpoint(sorted[middle - 1], upper)
}
