//! Each formula against values that scipy and statsmodels made (`tests/data/stats/make.py`).

use std::sync::LazyLock;

use loadgate::stats::change::split;
use loadgate::stats::count::{Count, ErrorShift, Errors, least_share, most_share, uneven_split};
use loadgate::stats::family::holm;
use loadgate::stats::paired::{Method, Paired};
use loadgate::stats::rank::{self, SignedRank, p_above_zero};
use loadgate::stats::sla::Evidence;
use loadgate::stats::special::{beta, beta_quantile, t_above, t_critical};
use serde_json::Value;

static ORACLE: LazyLock<Value> = LazyLock::new(|| {
    let text = include_str!("../../data/stats/oracle.json");
    serde_json::from_str(text).expect("the oracle is JSON")
});

/// The rows of a part; a part without rows would prove nothing.
fn rows(part: &str) -> &'static [Value] {
    let rows = ORACLE[part].as_array().expect("each part is a list");
    assert!(!rows.is_empty(), "{part}");
    rows
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(number).collect()
}

fn counts(value: &Value) -> Vec<u64> {
    value.as_array().expect("a list").iter().map(|one| one.as_u64().expect("a count")).collect()
}

fn near(got: f64, wanted: f64, within: f64, what: &Value) {
    let close = (got - wanted).abs() <= within * wanted.abs() + 1e-14;
    assert!(close, "{got} where {wanted} is right: {what}");
}

#[test]
fn the_incomplete_beta_function_and_its_inverse_agree_with_scipy() {
    for row in rows("beta") {
        let it = numbers(row);
        near(beta(it[0], it[1], it[2]), it[3], 1e-9, row);
    }
    for row in rows("beta_quantile") {
        let it = numbers(row);
        near(beta_quantile(it[0], it[1], it[2]), it[3], 1e-9, row);
    }
}

#[test]
fn students_t_and_its_quantiles_agree_with_scipy() {
    for row in rows("student") {
        let it = numbers(row);
        near(t_above(it[0], it[1]), it[2], 1e-10, row);
    }
    for row in rows("student_critical") {
        let it = numbers(row);
        near(t_critical(it[0], it[1]), it[2], 1e-9, row);
    }
}

#[test]
fn the_signed_rank_test_and_its_bounds_agree_with_scipy() {
    for row in rows("signed_rank") {
        near(p_above_zero(&numbers(&row["values"])), number(&row["p"]), 1e-11, row);
    }
    for row in rows("signed_rank_bounds") {
        let (values, level) = (numbers(&row["values"]), number(&row["level"]));
        let null = SignedRank::new(values.len());
        near(rank::lower_bound(&values, &null, level), number(&row["lower"]), 1e-12, row);
        near(rank::upper_bound(&values, &null, level), number(&row["upper"]), 1e-12, row);
    }
}

#[test]
fn the_paired_t_test_and_its_bounds_agree_with_scipy() {
    for row in rows("paired_t") {
        let (values, level) = (numbers(&row["values"]), number(&row["level"]));
        // No level is as small as zero, so that ranks never decide.
        let test = Paired::new(values.len(), 0.0);
        assert_eq!(test.method(), Method::PairedT);
        near(test.p_above(&values, number(&row["than"])), number(&row["p"]), 1e-9, row);
        let bounds = test.bounds(&values, level, level);
        near(bounds.lower, number(&row["lower"]), 1e-8, row);
        near(bounds.upper, number(&row["upper"]), 1e-8, row);
    }
}

#[test]
fn holms_correction_agrees_with_statsmodels() {
    for row in rows("holm") {
        let adjusted = holm(&numbers(&row["p"]));
        for (got, wanted) in adjusted.into_iter().zip(numbers(&row["adjusted"])) {
            near(got, wanted, 1e-12, row);
        }
    }
}

#[test]
fn error_counts_agree_with_scipys_binomial_test() {
    for row in rows("errors") {
        let it = row.as_array().expect("a list");
        let p = number(&it[4]);
        let it = counts(&Value::Array(it[..4].to_vec()));
        let base = Count { bad: it[0], all: it[1] };
        let new = Count { bad: it[2], all: it[3] };
        let shift = ErrorShift::of(&[Errors { base, new }]).expect("both sides have requests");
        near(shift.p, p, 1e-9, row);
    }
    for row in rows("split") {
        let it = row.as_array().expect("a list");
        let sides = counts(&Value::Array(it[..2].to_vec()));
        near(uneven_split(sides[0], sides[1]), number(&it[2]), 1e-9, row);
    }
}

#[test]
fn bounds_of_a_share_agree_with_scipy() {
    for row in rows("clopper_pearson") {
        let it = numbers(row);
        near(least_share(it[0], it[1], it[2]), it[3], 1e-9, row);
        near(most_share(it[0], it[1], it[2]), it[4], 1e-9, row);
    }
}

#[test]
fn the_trend_over_rounds_agrees_with_scipys_spearman() {
    for row in rows("trend") {
        let (strength, p) = rank::trend(&numbers(&row["values"])).expect("four values and more");
        near(strength, number(&row["strength"]), 1e-11, row);
        near(p, number(&row["p"]), 1e-9, row);
    }
}

#[test]
fn an_absolute_limit_is_judged_by_the_formulas_written_a_second_time() {
    for row in rows("sla") {
        let both = counts(&row["bad"]).into_iter().zip(counts(&row["all"]));
        let batches: Vec<Count> = both.map(|(bad, all)| Count { bad, all }).collect();
        let evidence = Evidence::of(&batches, number(&row["allowed"])).expect("ten batches");
        near(evidence.weight.effective(), number(&row["effective"]), 1e-9, row);
        near(evidence.p_fail, number(&row["p_fail"]), 1e-8, row);
        assert!((evidence.p_pass - number(&row["p_pass"])).abs() < 1e-9, "{row}");
    }
}

#[test]
fn the_clearest_change_agrees_with_energy_distances_by_definition() {
    for row in rows("energy") {
        let shortest = usize::try_from(row["shortest"].as_u64().expect("a count")).expect("small");
        let (at, clarity) = split(&numbers(&row["values"]), shortest).expect("long enough");
        assert_eq!(Some(at), row["at"].as_u64().and_then(|at| usize::try_from(at).ok()), "{row}");
        near(clarity, number(&row["clarity"]), 1e-9, row);
    }
}
