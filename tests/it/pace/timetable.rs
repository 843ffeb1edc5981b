use std::time::Duration;

use loadgate::plan::Arrivals;
use loadgate::plan::profile::{Life, Profile, Stage};
use loadgate::plan::timetable::Timetable;
use loadgate::run::Model;
use proptest::prelude::*;

const MILLION: u64 = 1_000_000;

/// A profile from stages of milliseconds and two levels.
fn profile(model: Model, stages: &[(u64, u64, u64)]) -> Profile {
    let stage = |(ms, from, to): &(u64, u64, u64)| Stage {
        name: None,
        duration: Duration::from_millis(*ms),
        from: from * MILLION,
        to: to * MILLION,
    };
    Profile { model, stages: stages.iter().map(stage).collect() }
}

fn open(stages: &[(u64, u64, u64)]) -> Timetable {
    Timetable::of(&profile(Model::Open, stages), Arrivals::Even, 7)
}

fn millis(times: &[u64]) -> Vec<Duration> {
    times.iter().copied().map(Duration::from_millis).collect()
}

fn all(table: &Timetable) -> Vec<Duration> {
    table.share(0, 1).map(|arrival| arrival.due).collect()
}

#[test]
fn a_steady_rate_has_even_distances_from_zero() {
    assert_eq!(all(&open(&[(1_000, 5, 5)])), millis(&[0, 200, 400, 600, 800]));
}

#[test]
fn a_stretch_without_load_holds_no_arrival() {
    let table = open(&[(1_000, 0, 0), (200, 10, 10), (1_000, 0, 0), (200, 10, 10)]);
    assert_eq!(all(&table), millis(&[1_000, 1_100, 2_200, 2_300]));
}

#[test]
fn a_jump_takes_no_time_and_no_arrival() {
    let table = open(&[(200, 10, 10), (0, 10, 100), (50, 100, 100)]);
    assert_eq!(all(&table), millis(&[0, 100, 200, 210, 220, 230, 240]));
}

#[test]
fn a_ramp_follows_the_square_root() {
    // 0 to 10/s in 10 s: arrival n when t²/2 = n.
    let table = open(&[(10_000, 0, 10)]);
    assert_eq!(table.planned(), 50);
    for (n, due) in all(&table).into_iter().enumerate() {
        let n = u32::try_from(n).expect("fifty arrivals");
        let truth = (2.0 * f64::from(n)).sqrt();
        assert!((due.as_secs_f64() - truth).abs() < 2e-9, "{n}: {due:?} against {truth}");
    }
}

#[test]
fn a_slow_ramp_is_right_to_a_microsecond() {
    // 0 to 0.001/s in a day, and back: the n-th at √(2n·day/0.001), mirrored on the way down.
    let day = Duration::from_hours(24);
    let stage = |from, to| Stage { name: None, duration: day, from, to };
    let profile = Profile { model: Model::Open, stages: vec![stage(0, 1_000), stage(1_000, 0)] };
    let table = Timetable::of(&profile, Arrivals::Even, 0);
    assert_eq!(table.planned(), 87);
    let truth = |n: f64| (2.0 * n * 86_400.0 / 0.001).sqrt();
    for n in 0..=43_u32 {
        let up = table.due(u64::from(n)).expect("planned").as_secs_f64();
        assert!((up - truth(f64::from(n))).abs() < 1e-6);
        let left = 86.4 - f64::from(86 - n);
        let down = table.due(u64::from(86 - n)).expect("planned").as_secs_f64();
        let mirrored = 2.0 * 86_400.0 - truth(left);
        assert!(n == 43 || (down - mirrored).abs() < 1e-6, "{n}: {down} against {mirrored}");
    }
}

#[test]
fn poisson_arrivals_keep_the_rate_and_scatter() {
    let even = profile(Model::Open, &[(100_000, 200, 200)]);
    let times = all(&Timetable::of(&even, Arrivals::Poisson, 42));
    // 20,000 expected, standard deviation 141: five of them.
    assert!((19_293..=20_707).contains(&times.len()), "{}", times.len());
    let gaps = times.windows(2).map(|pair| (pair[1].saturating_sub(pair[0])).as_secs_f64() * 200.0);
    let squares = gaps.map(|gap| gap * gap).sum::<f64>() / 20_000.0;
    assert!((1.8..2.2).contains(&squares), "an exponential's mean square is 2: {squares}");
}

#[test]
fn poisson_arrivals_follow_the_seed() {
    let even = profile(Model::Open, &[(1_000, 200, 200)]);
    let times = |seed| all(&Timetable::of(&even, Arrivals::Poisson, seed));
    assert_eq!(times(1), times(1));
    assert_ne!(times(1), times(2));
}

#[test]
fn users_start_with_the_level_and_stop_with_it() {
    let hill = profile(Model::Closed, &[(10_000, 0, 5), (0, 5, 7), (1_000, 7, 7), (7_000, 7, 0)]);
    let life = |from, to| Life { from: Duration::from_millis(from), to: Duration::from_millis(to) };
    assert_eq!(hill.lives(0), [life(0, 18_000)]);
    assert_eq!(hill.lives(3), [life(6_000, 15_000)]);
    assert_eq!(hill.lives(6), [life(10_000, 12_000)]);
    assert_eq!(hill.lives(7), []);
    let twice = profile(Model::Closed, &[(1_000, 2, 2), (1_000, 1, 1), (1_000, 2, 2)]);
    assert_eq!(twice.lives(1), [life(0, 1_000), life(2_000, 3_000)]);
    assert_eq!(twice.most_users(Duration::from_millis(1_500)), 2);
}

#[test]
fn a_profile_is_told_in_words() {
    let ramp = profile(Model::Open, &[(10_000, 0, 200), (50_000, 200, 200)]);
    assert_eq!(ramp.to_string(), "0/s to 200/s in 10s, 200/s for 50s");
    assert_eq!(profile(Model::Closed, &[(60_000, 50, 50)]).to_string(), "50 users for 60s");
}

fn stages() -> impl Strategy<Value = Vec<(u64, u64, u64)>> {
    let level = prop_oneof![Just(0_u64), 1..40_u64, 100..3_000_u64];
    prop::collection::vec((prop_oneof![Just(0), 1..900_u64], level.clone(), level), 1..6)
}

fn arrivals() -> impl Strategy<Value = Arrivals> {
    prop_oneof![Just(Arrivals::Even), Just(Arrivals::Poisson)]
}

proptest! {
    #[test]
    fn due_never_falls_and_its_count_is_the_area(stages in stages()) {
        let table = open(&stages);
        let times = all(&table);
        prop_assert!(times.is_sorted());
        let area: u64 = stages.iter().map(|(ms, from, to)| ms * (from + to)).sum();
        prop_assert_eq!(times.len() as u64, area.div_ceil(2_000));
        prop_assert_eq!(table.planned(), times.len() as u64);
        let end: u64 = stages.iter().map(|(ms, _, _)| ms).sum();
        prop_assert!(times.iter().all(|due| *due < Duration::from_millis(end)));
    }

    #[test]
    fn threads_together_send_the_whole(
        stages in stages(), arrivals in arrivals(), threads in 1..5_u64, seed: u64,
    ) {
        let table = Timetable::of(&profile(Model::Open, &stages), arrivals, seed);
        let shares = (0..threads).flat_map(|thread| table.share(thread, threads));
        let mut together: Vec<_> = shares.map(|arrival| (arrival.number, arrival.due)).collect();
        together.sort_unstable();
        let whole: Vec<_> = table.share(0, 1).map(|one| (one.number, one.due)).collect();
        prop_assert_eq!(&together, &whole);
        for (number, due) in whole.iter().step_by(97) {
            prop_assert_eq!(table.due(*number), Some(*due));
        }
        prop_assert_eq!(table.due(whole.len() as u64), None);
    }

    #[test]
    fn counts_before_a_time_are_those_that_are_due_before(
        stages in stages(),
        arrivals in arrivals(),
        mut times in prop::collection::vec(0..3_000_u64, 4),
    ) {
        let table = Timetable::of(&profile(Model::Open, &stages), arrivals, 3);
        times.sort_unstable();
        let times = millis(&times);
        let due = all(&table);
        let truth: Vec<u64> = times
            .iter()
            .map(|time| due.iter().filter(|due| *due < time).count() as u64)
            .collect();
        prop_assert_eq!(table.before(&times), truth);
    }

    #[test]
    fn users_alive_are_those_whose_life_it_is(stages in stages(), time in 0..4_000_u64) {
        let few = |(ms, from, to): &(u64, u64, u64)| (*ms, from % 30, to % 30);
        let stages: Vec<_> = stages.iter().map(few).collect();
        let crowd = profile(Model::Closed, &stages);
        let time = Duration::from_millis(time);
        let alive = |user: &u64| {
            crowd.lives(*user).iter().any(|life| life.from <= time && time < life.to)
        };
        prop_assert_eq!(crowd.users_at(time), (0..40).filter(alive).count() as u64);
        prop_assert!(crowd.users_at(time) <= crowd.most_users(Duration::MAX));
    }
}
