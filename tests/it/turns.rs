use loadgate::plan::scenario::{Step, Task, Work};
use loadgate::plan::turn::{Dice, Next, Turn};

fn steps(requests: &[usize]) -> Work {
    let step =
        |&request: &usize| Step { request, extract: Vec::new(), wait: None, groups: Vec::new() };
    Work::Steps(requests.iter().map(step).collect())
}

fn task(weight: u32, repeat: (u32, u32), work: Work) -> Task {
    let (name, tags) = (weight.to_string(), Vec::new());
    Task { name, weight, tags, repeat, until: None, work }
}

/// The requests of a turn, in order, and whether a sequence ends with each.
fn turn(work: &Work, dice: Dice) -> Vec<(usize, bool)> {
    let mut turn = Turn::new(work, dice);
    let mut made = Vec::new();
    while let Some(next) = turn.next(|_| false) {
        match next {
            Next::Step(step, ends) => made.push((step.request, ends)),
            Next::InVain(task) => unreachable!("{} has no condition", task.name),
        }
    }
    made
}

#[test]
fn tasks_are_drawn_by_weight_within_one_per_cent_of_the_whole() {
    const DRAWS: u32 = 100_000;
    let weights = [60, 25, 10, 4, 1];
    let tasks = weights.iter().zip(0..).map(|(&weight, at)| task(weight, (1, 1), steps(&[at])));
    let work = Work::Tasks(tasks.collect());
    for seed in [0, 1, 42] {
        // Many users with one turn each, and one user with many.
        for by_user in [true, false] {
            let mut counts = [0_u32; 5];
            for n in 0..u64::from(DRAWS) {
                let dice = if by_user { Dice::new(seed, n, 0) } else { Dice::new(seed, 7, n) };
                counts[turn(&work, dice)[0].0] += 1;
            }
            for (count, weight) in counts.into_iter().zip(weights) {
                let (got, due) = (count * 100, weight * DRAWS);
                assert!(got.abs_diff(due) <= DRAWS / 2, "{seed} {by_user}: {counts:?}");
            }
        }
    }
}

#[test]
fn the_same_seed_user_and_turn_draw_the_same_and_others_do_not() {
    let inner = || Work::Tasks(vec![task(2, (1, 3), steps(&[0])), task(1, (1, 1), steps(&[1]))]);
    let work = Work::Tasks(vec![task(1, (0, 4), inner()), task(1, (1, 1), steps(&[2, 3]))]);
    let all = |seed: u64, user: u64| -> Vec<_> {
        (0..200).map(|number| turn(&work, Dice::new(seed, user, number))).collect()
    };
    assert_eq!(all(1, 5), all(1, 5));
    assert_ne!(all(1, 5), all(2, 5));
    assert_ne!(all(1, 5), all(1, 6));
}

#[test]
fn the_first_step_is_the_one_that_comes_first() {
    let work = Work::Tasks(vec![task(1, (0, 2), steps(&[0])), task(1, (1, 1), steps(&[1, 2]))]);
    let mut empty = 0;
    for number in 0..100 {
        let dice = Dice::new(3, 3, number);
        let first = Turn::new(&work, dice.clone()).first().map(|step| step.request);
        let made = turn(&work, dice);
        assert_eq!(first, made.first().map(|(request, _)| *request));
        empty += u32::from(made.is_empty());
    }
    assert!((5..40).contains(&empty), "a sixth of the turns: {empty}");
}

#[test]
fn a_repeat_is_drawn_evenly_between_its_ends_and_each_time_ends_a_sequence() {
    let work = Work::Tasks(vec![task(1, (1, 3), steps(&[0, 1]))]);
    let mut times = [0_u32; 3];
    for number in 0..3_000 {
        let made = turn(&work, Dice::new(9, 1, number));
        assert!(made.iter().all(|(request, ends)| *ends == (*request == 1)));
        times[made.len() / 2 - 1] += 1;
    }
    assert!(times.iter().all(|count| count.abs_diff(1_000) < 120), "{times:?}");
}
