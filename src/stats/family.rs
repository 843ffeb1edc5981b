//! Many tests at once: the chance of any false claim among them stays below one level.

use super::size;

/// Holm's step-down correction (1979): each p value adjusted, so that those at most alpha may be
/// claimed together. Never weaker than Bonferroni's, whatever the tests have in common.
#[must_use]
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|one, other| p_values[*one].total_cmp(&p_values[*other]));
    let mut adjusted = vec![1.0; p_values.len()];
    let mut highest: f64 = 0.0;
    for (place, index) in order.into_iter().enumerate() {
        let factor = size(p_values.len() - place);
        highest = highest.max(factor * p_values[index]).min(1.0);
        adjusted[index] = highest;
    }
    adjusted
}
