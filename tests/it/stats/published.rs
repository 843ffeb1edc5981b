//! Against tables that were printed.

use loadgate::stats::rank::SignedRank;
use loadgate::stats::special::{Z_99, t_critical, z_critical};

/// The largest sum of the rarer sign at a one-sided level (Wilcoxon and Wilcox 1964, as in most
/// textbooks): values, then the sums at 0.05, 0.025 and 0.005.
const SIGNED_RANKS: [(usize, usize, usize, usize); 10] = [
    (8, 5, 3, 0),
    (9, 8, 5, 1),
    (10, 10, 8, 3),
    (11, 13, 10, 5),
    (12, 17, 13, 7),
    (14, 25, 21, 12),
    (16, 35, 29, 19),
    (18, 47, 40, 27),
    (20, 60, 52, 37),
    (25, 100, 89, 68),
];

#[test]
fn critical_sums_of_ranks_are_the_printed_ones() {
    for (values, loose, usual, strict) in SIGNED_RANKS {
        let null = SignedRank::new(values);
        let all = values * (values + 1) / 2;
        for (level, sum) in [(0.05, loose), (0.025, usual), (0.005, strict)] {
            assert_eq!(null.critical(level), Some(all - sum), "{values} values at {level}");
        }
    }
}

#[test]
fn too_few_values_reach_no_small_level() {
    assert_eq!(SignedRank::new(7).critical(0.005), None);
    assert_eq!(SignedRank::new(5).critical(0.025), None);
    assert_eq!(SignedRank::new(0).critical(0.5), None);
    assert_eq!(SignedRank::new(12).critical(0.5_f64.powi(12)), Some(78));
}

#[test]
fn critical_values_of_students_t_are_the_printed_ones() {
    let printed = [
        (0.025, 1.0, 12.706),
        (0.025, 2.0, 4.303),
        (0.025, 5.0, 2.571),
        (0.025, 10.0, 2.228),
        (0.025, 30.0, 2.042),
        (0.025, 120.0, 1.980),
        (0.01, 9.0, 2.821),
        (0.005, 10.0, 3.169),
        (0.001, 11.0, 4.025),
        (0.001, 15.0, 3.733),
        (0.001, 23.0, 3.485),
    ];
    for (chance, freedom, value) in printed {
        let got = t_critical(chance, freedom);
        assert!((got - value).abs() < 0.0006, "{got} at {chance} with {freedom}");
    }
}

#[test]
fn critical_values_of_the_normal_distribution_are_the_printed_ones() {
    for (chance, value) in [(0.025, 1.959_964), (0.01, 2.326_348), (0.001, 3.090_232)] {
        let got = z_critical(chance);
        assert!((got - value).abs() < 1e-6, "{got} at {chance}");
    }
    assert!((z_critical(0.01) - Z_99).abs() < 1e-10);
}

#[test]
fn sums_of_quantiles_in_the_plan_of_a_comparison_are_those_of_its_design() {
    for (rounds, sum) in [(12.0, 5.8), (16.0, 5.5), (24.0, 5.2)] {
        let got = t_critical(0.001, rounds - 1.0) + t_critical(0.05, rounds - 1.0);
        assert!((got - sum).abs() < 0.05, "{got} at {rounds} rounds");
    }
}
