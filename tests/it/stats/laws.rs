//! What holds for every input of the statistics.

use loadgate::metric::Better;
use loadgate::stats::change::{Search, changes, split};
use loadgate::stats::count::{Count, ErrorShift, Errors};
use loadgate::stats::family::holm;
use loadgate::stats::history::Norm;
use loadgate::stats::paired::Paired;
use loadgate::stats::quantile::{Cell, log_quantile};
use loadgate::stats::rank::{SignedRank, center, p_above_zero};
use loadgate::stats::shift::{Check, Outcome};
use loadgate::stats::side::{Comparison, Pair, Round, Rules};
use proptest::prelude::*;

fn values(least: usize) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(-0.5_f64..0.5, least..25)
}

/// A test of so many values by ranks, where there are enough, or by Student's t.
fn tests(values: &[f64]) -> [Paired; 2] {
    [Paired::new(values.len(), 0.01), Paired::new(values.len(), 0.0)]
}

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * (1.0 + one.abs())
}

fn comparison(limit: f64) -> Comparison {
    let check = Check { better: Better::Lower, ignore: 0.01, limit, floor: None };
    Comparison { rules: Rules::restarted(0.01, 0.05), checks: vec![check; 2], errors: vec![] }
}

fn rounds(shifts: &[f64]) -> Vec<Round> {
    let pair = |shift: f64| Some(Pair { base: 5.0, new: 5.0 + shift, tail: 100.0 });
    let round =
        |shift: &f64| Round { pairs: vec![pair(*shift), pair(0.3 * shift)], errors: vec![] };
    shifts.iter().map(round).collect()
}

/// How bad an outcome is for the version judged; what is open lies between.
fn badness(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Pass => 0,
        Outcome::Warn => 1,
        Outcome::Inconclusive => 2,
        Outcome::Fail => 3,
    }
}

proptest! {
    #[test]
    fn a_worse_value_never_makes_a_shift_less_sure(
        values in values(6), place in 0_usize..25, more in 0.0_f64..0.5,
    ) {
        let test = Paired::new(values.len(), 0.01);
        let mut worse = values.clone();
        let place = place % values.len();
        worse[place] += more;
        prop_assert!(p_above_zero(&worse) <= p_above_zero(&values) + 1e-12);
        if test.method() == loadgate::stats::paired::Method::SignedRank {
            let (one, other) = (test.bounds(&values, 0.01, 0.05), test.bounds(&worse, 0.01, 0.05));
            prop_assert!(one.lower <= other.lower && one.upper <= other.upper);
        }
    }

    #[test]
    fn the_order_of_rounds_is_no_matter_of_a_test(values in values(6), turn in 0_usize..25) {
        let mut turned = values.clone();
        turned.rotate_left(turn % values.len());
        for test in tests(&values) {
            prop_assert!(close(test.p_above(&values, 0.01), test.p_above(&turned, 0.01)));
            prop_assert!(close(test.estimate(&values), test.estimate(&turned)));
        }
    }

    #[test]
    fn what_is_scaled_is_claimed_as_surely(values in values(6), scale in 0.1_f64..10.0) {
        let scaled: Vec<f64> = values.iter().map(|value| value * scale).collect();
        for test in tests(&values) {
            prop_assert!(close(test.p_above(&values, 0.0), test.p_above(&scaled, 0.0)));
            let (one, other) = (test.bounds(&values, 0.01, 0.05), test.bounds(&scaled, 0.01, 0.05));
            prop_assert!(close(one.lower * scale, other.lower));
            prop_assert!(close(one.upper * scale, other.upper));
        }
    }

    #[test]
    fn sides_changed_change_the_sign(values in values(6)) {
        let mirrored: Vec<f64> = values.iter().map(|value| -value).collect();
        prop_assert!(close(center(&values), -center(&mirrored)));
        for test in tests(&values) {
            let bounds = |of: &[f64]| test.bounds(of, 0.02, 0.02);
            let (one, other) = (bounds(&values), bounds(&mirrored));
            prop_assert!(close(one.lower, -other.upper) && close(one.upper, -other.lower));
        }
    }

    #[test]
    fn a_bound_and_a_test_say_the_same(values in values(6), limit in -0.3_f64..0.3) {
        for test in tests(&values) {
            let bounds = test.bounds(&values, 0.01, 0.05);
            prop_assume!((bounds.lower - limit).abs() > 1e-9);
            prop_assert_eq!(test.p_above(&values, limit) <= 0.01, bounds.lower > limit);
        }
    }

    #[test]
    fn tied_ranks_and_zeros_are_never_more_sure_than_the_same_values_told_apart(
        steps in prop::collection::vec(-4_i32..5, 6..20),
    ) {
        let tied: Vec<f64> = steps.iter().map(|step| f64::from(*step)).collect();
        let count = tied.iter().filter(|value| value.abs() > 0.5).count();
        let p = p_above_zero(&tied);
        prop_assert!((0.0..=1.0).contains(&p));
        prop_assert!(p >= SignedRank::new(count).at_least(count * (count + 1) / 2));
    }

    #[test]
    fn holm_is_never_more_liberal_than_no_correction_nor_stricter_than_bonferroni(
        p in prop::collection::vec(0.0_f64..1.0, 1..12),
    ) {
        let most = 12.0_f64.min(u32::try_from(p.len()).map_or(12.0, f64::from));
        for (raw, adjusted) in p.iter().zip(holm(&p)) {
            prop_assert!(*raw <= adjusted && adjusted <= (most * raw).min(1.0) + 1e-12);
        }
        let least = p.iter().copied().fold(1.0, f64::min);
        let adjusted_least = holm(&p).into_iter().fold(1.0, f64::min);
        prop_assert!(close(adjusted_least, (most * least).min(1.0)));
    }

    #[test]
    fn more_errors_are_never_less_suspicious(
        base in 0_u64..50, new in 0_u64..50, more in 1_u64..50, all in 200_u64..5000,
    ) {
        let p = |new: u64| {
            let (base, new) = (Count { bad: base, all }, Count { bad: new, all });
            ErrorShift::of(&[Errors { base, new }]).map(|shift| shift.p)
        };
        prop_assert!(p(new + more) <= p(new).map(|p| p + 1e-12));
    }

    #[test]
    fn bounds_of_an_error_rate_hold_its_difference(
        base in 0_u64..50, new in 0_u64..50, all in 200_u64..5000,
    ) {
        let errors = Errors { base: Count { bad: base, all }, new: Count { bad: new, all } };
        let shift = ErrorShift::of(&[errors]).expect("there are requests");
        let (lower, upper) = shift.bounds(0.01, 0.05);
        prop_assert!(lower <= shift.difference() && shift.difference() <= upper);
        prop_assert!(upper > 0.0 || shift.difference() < 0.0);
    }

    #[test]
    fn quantiles_rise_and_failures_never_make_faster(
        counts in prop::collection::vec(0_u64..20, 1..12), failed in 0_u64..20,
        one in 0.01_f64..0.99, other in 0.01_f64..0.99,
    ) {
        let edges = (0_u32..).map(|step| f64::from(step * step) + 1.0);
        let edges: Vec<f64> = edges.take(counts.len() + 1).collect();
        let cell = |(index, count): (usize, &u64)| {
            Cell { from: edges[index], to: edges[index + 1], count: *count }
        };
        let cells: Vec<Cell> = counts.iter().enumerate().map(cell).collect();
        let all: u64 = counts.iter().sum::<u64>() + failed;
        prop_assert_eq!(log_quantile(&cells, failed, one).is_some(), all > 0);
        prop_assume!(all > 0);
        let at = |share: f64, failed: u64| log_quantile(&cells, failed, share).unwrap_or(f64::NAN);
        prop_assert!(at(one.min(other), failed) <= at(one.max(other), failed));
        prop_assert!(at(one, failed) <= at(one, failed + 1));
    }

    #[test]
    fn a_version_that_is_slower_in_every_round_is_never_judged_better(
        shifts in prop::collection::vec(-0.05_f64..0.15, 16), more in 0.0_f64..0.2,
    ) {
        let one = comparison(0.05);
        let slower: Vec<f64> = shifts.iter().map(|shift| shift + more).collect();
        let (before, after) = (one.judge(&rounds(&shifts)), one.judge(&rounds(&slower)));
        if before.outcome == Outcome::Fail {
            prop_assert_eq!(after.outcome, Outcome::Fail);
        }
        if after.outcome == Outcome::Pass {
            prop_assert!(badness(before.outcome) <= 1);
        }
    }

    #[test]
    fn an_improvement_never_fails(shifts in prop::collection::vec(-0.5_f64..0.0, 16)) {
        prop_assert_ne!(comparison(0.05).judge(&rounds(&shifts)).outcome, Outcome::Fail);
    }

    #[test]
    fn rounds_after_the_end_change_nothing(shifts in prop::collection::vec(-0.1_f64..0.3, 16)) {
        let (plan, rounds) = (comparison(0.05), rounds(&shifts));
        let ended = plan.judge(&rounds);
        prop_assert_eq!(plan.judge(&rounds[..ended.rounds]), ended);
    }

    #[test]
    fn a_run_far_outside_widens_a_norm_only_so_far(
        past in prop::collection::vec(-0.1_f64..0.1, 20),
    ) {
        let mut outlier = past.clone();
        outlier[7] = 50.0;
        let plain = Norm::of(&past, 0.01).expect("enough runs");
        let tamed = Norm::of(&outlier, 0.01).expect("enough runs");
        prop_assert!(tamed.spread < 0.5 && tamed.center < 0.1, "{plain:?} {tamed:?}");
    }

    #[test]
    fn the_clearest_split_is_the_same_for_a_series_turned_around(values in values(8)) {
        let back: Vec<f64> = values.iter().rev().map(|value| 3.0 * value + 1.0).collect();
        let (_, clarity) = split(&values, 2).expect("long enough");
        let (_, other) = split(&back, 2).expect("long enough");
        prop_assert!(close(3.0 * clarity, other));
    }
}

#[test]
fn a_step_in_a_series_is_found_where_it_is_and_the_same_for_a_seed() {
    let search = Search { level: 0.01, shortest: 4, shuffles: 199, seed: 7 };
    let noise = [0.01, -0.02, 0.0, 0.015, -0.01, 0.02, -0.005, 0.01, -0.015, 0.005];
    let series: Vec<f64> =
        (0..40).map(|at| noise[at % 10] + if at < 22 { 1.0 } else { 1.1 }).collect();
    let found = changes(&series, search);
    assert_eq!(found, changes(&series, search));
    assert_eq!(found.iter().map(|change| change.at).collect::<Vec<_>>(), [22]);
    assert!((found[0].step - 0.1).abs() < 0.01 && found[0].p <= 0.01, "{found:?}");
    assert_eq!(changes(&series[..22], search), []);
}
