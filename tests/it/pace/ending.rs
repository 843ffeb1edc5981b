use std::future::pending;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use loadgate::archive;
use loadgate::error::Exit;
use loadgate::judge::finding::Verdict;
use loadgate::judge::judge;
use loadgate::report::{Case, Facts, Format};
use loadgate::run::{Model, Stop};
use loadgate::sample::{End, Failure};

use super::played::{Played, order, run, run_until, stage};
use crate::support::made::{asked, plan};

const MS: Duration = Duration::from_millis(1);

async fn signal(after: Duration) -> Stop {
    tokio::time::sleep(after).await;
    Stop::Signal("SIGINT".to_owned())
}

#[test]
fn a_signal_ends_the_release_and_what_is_under_way_is_waited_for() {
    let begun = Instant::now();
    let target = Played::after(400 * MS);
    let long = order(Model::Open, &[stage(60_000, 100, 100)], |_| ());
    let run = run_until(long, &target, |_| None, signal(600 * MS));
    assert_eq!(run.stop, Stop::Signal("SIGINT".to_owned()));
    assert!(begun.elapsed() < 2_000 * MS, "{:?}", begun.elapsed());
    let lasted = run.load.lasted;
    assert!(lasted > 500 * MS && lasted < 900 * MS, "{lasted:?}");
    assert_eq!(run.slices.last().map(|slice| slice.to), Some(lasted));
    let planned = run.load.planned.expect("an open load");
    assert!(run.load.sent.abs_diff(planned) <= 1, "{} of {planned}", run.load.sent);
    assert_eq!(run.whole().good(), run.load.sent);
    assert_eq!(target.fired.load(Ordering::Relaxed), run.load.sent);
}

#[test]
fn a_signal_while_the_last_answers_are_waited_for_shortens_the_wait() {
    let begun = Instant::now();
    let target = Played::new(|_, _| (None, End::Good(200)));
    let short = order(Model::Open, &[stage(400, 100, 100)], |order| order.timeout = 60_000 * MS);
    let run = run_until(short, &target, |_| None, signal(700 * MS));
    assert!(begun.elapsed() < 7_000 * MS, "{:?}", begun.elapsed());
    assert_eq!(run.stop, Stop::Signal("SIGINT".to_owned()));
    assert_eq!((run.load.lasted, run.whole().failed_by(Failure::Unfinished)), (400 * MS, 40));
}

#[test]
fn what_never_ends_is_unfinished_and_its_age_is_counted() {
    let target = Played::new(|number, now| {
        (if number % 2 == 0 { None } else { Some(now + MS) }, End::Good(200))
    });
    let short = order(Model::Open, &[stage(400, 100, 100)], |order| order.timeout = 300 * MS);
    let run = run(short, &target);
    let whole = run.whole();
    assert_eq!((whole.good(), whole.failed_by(Failure::Unfinished)), (20, 20));
    // Sent between 0 and 400 ms, given up at 800 ms.
    let (least, most) = (whole.failed().least(), whole.failed().most());
    assert!(least >= Some(390 * MS) && most >= Some(780 * MS), "{least:?} to {most:?}");
    assert_eq!(run.slices.last().map(|slice| slice.pulse.in_flight), Some(20));
}

#[test]
fn a_panic_in_a_probe_ends_the_run_with_what_was_counted() {
    let target = Played::new(|number, now| {
        assert!(number != 50, "the fiftieth is too much");
        (Some(now + MS), End::Good(200))
    });
    let run = run(order(Model::Open, &[stage(10_000, 100, 100)], |_| ()), &target);
    assert_eq!(run.stop, Stop::Panic("the fiftieth is too much".to_owned()));
    assert!(run.load.lasted < 3_000 * MS);
    assert!(run.whole().good() >= 49, "{}", run.whole().good());
    assert_eq!(run.whole().failed_by(Failure::Unfinished), 1);
}

#[test]
fn a_panic_is_inconclusive_and_every_report_calls_it_our_bug() {
    let target = Played::new(|number, now| {
        assert!(number != 300, "the three hundredth is too much");
        (Some(now + MS), End::Good(200))
    });
    let load = order(Model::Open, &[stage(10_000, 200, 200)], |_| ());
    let names = ["GET /often", "GET /seldom"];
    let plan = plan(load.load.clone(), &names, vec![asked("p50", "< 1s")]);
    let run = archive::read(&archive::write(&run(load, &target))).expect("it was just written");
    assert_eq!(run.stop, Stop::Panic("the three hundredth is too much".to_owned()));
    let judgement = judge(&plan, &run);
    let exit = Exit::of(&judgement);
    assert_eq!((judgement.verdict(), exit), (Verdict::Inconclusive, Exit::Inconclusive));
    let case = Case { plan: &plan, run: &run, judgement: &judgement, exit_code: exit.code() };
    for format in Format::FILES {
        let text = Facts::of(&case).render(format);
        assert!(text.contains("panicked"), "{format:?} does not say it:\n{text}");
    }
}

#[test]
fn a_panic_where_users_wait_is_seen_too() {
    let target = Played::new(|number, now| {
        assert!(number != 20, "no more");
        (Some(now + MS), End::Good(200))
    });
    let run = run(order(Model::Closed, &[stage(10_000, 2, 2)], |_| ()), &target);
    assert_eq!(run.stop, Stop::Panic("no more".to_owned()));
    assert_eq!(run.whole().failed_by(Failure::Unfinished), 1);
}

#[test]
fn a_target_that_stays_down_ends_the_run() {
    let target = Played::after(MS).opening(|_| (MS, Err(Failure::Connect)));
    let down = order(Model::Open, &[stage(60_000, 100, 100)], |order| {
        order.load.abort_after = 500 * MS;
    });
    let run = run(down, &target);
    assert_eq!(run.stop, Stop::Dead(500 * MS));
    assert!(run.load.lasted < 3_000 * MS);
}

#[test]
fn a_target_that_comes_back_does_not() {
    // Down for 300 ms at a time.
    let target = Played::new(|number, now| {
        let down = End::Failed { why: Failure::Connect, status: None };
        (Some(now + MS), if number / 30 % 2 == 1 { down } else { End::Good(200) })
    });
    let flapping = order(Model::Open, &[stage(1_500, 100, 100)], |order| {
        order.load.abort_after = 500 * MS;
    });
    assert_eq!(run(flapping, &target).stop, Stop::End);
}

#[test]
fn whoever_watches_sees_the_run_and_may_end_it() {
    let mut seen = Vec::new();
    let long = order(Model::Open, &[stage(60_000, 200, 200)], |_| ());
    let run = run_until(
        long,
        &Played::after(MS),
        |progress| {
            let so_far = progress.run();
            assert_eq!(so_far.stop, Stop::Checkpoint);
            assert_eq!(so_far.slices.last().map(|slice| slice.to), Some(progress.elapsed()));
            assert_eq!(so_far.whole().count(), progress.whole().count());
            let pulse = progress.pulse();
            assert!(pulse.sent.abs_diff(pulse.planned) <= 60, "{pulse:?}");
            seen.push((progress.elapsed(), progress.whole().count()));
            (seen.len() == 2).then(|| Stop::Breached("p99".to_owned()))
        },
        pending(),
    );
    assert_eq!(run.stop, Stop::Breached("p99".to_owned()));
    let ((_, before), (at, by_then)) = (seen[0], seen[1]);
    assert!(at > 1_800 * MS && at < 2_900 * MS, "{at:?}");
    assert!((140..=340).contains(&(by_then - before)), "{before} {by_then}");
}
