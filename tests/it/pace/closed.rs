use std::sync::atomic::Ordering;
use std::time::Duration;

use loadgate::run::Model;
use loadgate::sample::Failure;

use super::played::{Played, order, run, stage};

const MS: Duration = Duration::from_millis(1);

#[test]
fn users_come_and_go_with_the_profile_and_ask_one_thing_at_a_time() {
    let stages = [stage(500, 0, 5), stage(500, 5, 5), stage(0, 5, 2), stage(500, 2, 2)];
    let target = Played::after(10 * MS);
    let run = run(order(Model::Closed, &stages, |order| order.load.threads = Some(2)), &target);
    assert_eq!(target.most.load(Ordering::Relaxed), 5);
    assert_eq!((run.load.users, run.load.connections, run.load.planned), (5, 5, None));
    let users: Vec<u64> = run.slices.iter().map(|slice| slice.pulse.users).collect();
    assert_eq!(users.last(), Some(&2));
    assert!(users.contains(&5));
    // 2.5 users for 0.5 s, 5 for 0.5 s, 2 for 0.5 s, with 10 ms and a little more for each answer.
    let count = run.whole().count();
    assert!((200..=475).contains(&count), "{count}");
    assert_eq!(run.load.sent, count);
    assert_eq!(run.whole().bad(), 0);
}

#[test]
fn a_user_counts_from_sending_and_the_first_request_with_its_connect() {
    let target = Played::after(5 * MS).opening(|_| (100 * MS, Ok(())));
    let run = run(order(Model::Closed, &[stage(500, 1, 1)], |_| ()), &target);
    let whole = run.whole();
    assert!(whole.latency().most() >= Some(105 * MS), "{:?}", whole.latency().most());
    assert!(whole.latency().least() < Some(6 * MS));
    assert_eq!(run.load.connecting.count(), 1);
}

#[test]
fn a_user_without_a_connection_does_not_ask_like_mad() {
    let target = Played::after(MS).opening(|_| (Duration::ZERO, Err(Failure::Connect)));
    let run = run(order(Model::Closed, &[stage(1_000, 1, 1)], |_| ()), &target);
    // Pauses of 10, 20, 40, … ms: seven tries in the first second.
    assert!((4..=8).contains(&run.whole().failed_by(Failure::Connect)), "{:?}", run.whole());
}

#[test]
fn each_user_draws_by_weight() {
    let target = Played::after(2 * MS);
    let run = run(order(Model::Closed, &[stage(700, 3, 3)], |_| ()), &target);
    let counts: Vec<u64> = run.endpoints.iter().map(|endpoint| endpoint.whole.count()).collect();
    // Each user may have begun one block that it did not end.
    assert!(counts[0].abs_diff(counts[1] * 3) <= 9, "{counts:?}");
}
