//! Plans and runs in, findings out.

use std::time::Duration;

use loadgate::judge::finding::{Doubt, Outcome, Verdict};
use loadgate::judge::{explain, judge, subjects};
use loadgate::metric::{Metric, Value};
use loadgate::plan::threshold::{During, Selector, Threshold, Window};
use loadgate::run::{Model, Run, Starved, Stop};
use loadgate::sample::{Failure, Sample};
use loadgate::unit::Ratio;

use crate::support::cases;
use crate::support::judged::{failing, lines, minute, usual};
use crate::support::made::{
    asked, bad, during, even, good, load, ms, of, over, plan, run, s, stage, warn,
};

/// The finding of one threshold over a minute of one endpoint.
fn check(threshold: Threshold, samples: Vec<Sample>, expected: &str) {
    let (plan, run) = minute(vec![threshold], samples);
    assert_eq!(lines(&plan, &run), [expected, "held: * fit"]);
}

#[test]
fn every_metric_is_held_or_breached_by_its_value() {
    check(asked("p50", "< 110ms"), usual(), "held: * p50 < 110ms, got 99.8 ms");
    check(asked("p50", "< 90ms"), usual(), "breached: * p50 < 90ms, got 99.8 ms");
    check(asked("max", "< 200ms"), usual(), "held: * max < 200ms, got 199.8 ms");
    check(asked("mean", "<= 99ms"), usual(), "breached: * mean <= 99ms, got 99.9 ms");
    check(asked("error_rate", "< 5%"), failing(), "breached: * error_rate < 5%, got 5%");
    check(asked("error_rate", "<= 5%"), failing(), "held: * error_rate <= 5%, got 5%");
    check(asked("status_5xx", "< 5.1%"), failing(), "held: * status_5xx < 5.1%, got 5%");
    check(asked("throughput", "> 19/s"), usual(), "held: * throughput > 19/s, got 20/s");
    check(asked("throughput", "> 20/s"), usual(), "breached: * throughput > 20/s, got 20/s");
    check(asked("count", ">= 1200"), usual(), "held: * count >= 1200, got 1200");
}

#[test]
fn a_failed_request_ranks_behind_every_answer() {
    check(asked("p95", "< 1s"), failing(), "held: * p95 < 1s, got 199.8 ms");
    check(asked("p96", "< 1s"), failing(), "breached: * p96 < 1s, got never");
    check(asked("good_p96", "< 1s"), failing(), "held: * good_p96 < 1s, got 192.1 ms");
    check(asked("max", "< 1h"), failing(), "breached: * max < 1h, got never");
}

#[test]
fn fast_failures_do_not_pass_a_latency_threshold() {
    let samples: Vec<Sample> =
        (0..1200).map(|number| bad(s(60) * number / 1200, ms(1), Failure::Status)).collect();
    check(asked("p99", "< 250ms"), samples, "breached: * p99 < 250ms, got never");
}

#[test]
fn a_percentile_of_too_few_samples_is_unjudged() {
    let samples = || even(999, s(60), ms(0), ms(200));
    check(asked("p99", "< 1s"), samples(), "unjudged (too-few): * p99 < 1s, got 198.0 ms");
    check(asked("p98_9", "< 1s"), samples(), "held: * p98.9 < 1s, got 197.9 ms");
    let (plan, run) = minute(vec![asked("p99", "< 1s")], samples());
    let few = Outcome::Unjudged(Doubt::TooFew { have: 999, need: 1000 });
    assert_eq!(judge(&plan, &run).findings[0].outcome, few);
}

#[test]
fn each_matching_endpoint_is_judged_on_its_own() {
    let names = ["GET /a", "GET /b", "POST /a"];
    let plan = plan(
        load(vec![stage("", s(60))], s(0)),
        &names,
        vec![
            of("GET /?", asked("p50", "< 110ms")),
            asked("p50", "< 110ms"),
            of("*", asked("max", "< 1s")),
        ],
    );
    let slow = even(1200, s(60), ms(100), ms(200));
    let run = run(&plan, &[(names[0], usual()), (names[1], slow), (names[2], usual())]);
    let expected = [
        "held: GET /a p50 < 110ms, got 99.8 ms",
        "breached: GET /b p50 < 110ms, got 150.0 ms",
        "breached: * p50 < 110ms, got 124.9 ms",
        "held: GET /a max < 1s, got 199.8 ms",
        "held: GET /b max < 1s, got 199.9 ms",
        "held: POST /a max < 1s, got 199.8 ms",
        "held: * fit",
    ];
    assert_eq!(lines(&plan, &run), expected);
}

#[test]
fn a_scope_that_matches_nothing_is_unjudged_and_the_nearest_name_is_told() {
    let (mut plan, run) = minute(vec![of("GET /x", asked("p50", "< 1s"))], usual());
    let judgement = judge(&plan, &run);
    assert_eq!(
        judgement.findings[0].outcome,
        Outcome::Unjudged(Doubt::NoSuchScope { nearest: Some("GET /".to_owned()) })
    );
    assert_eq!(judgement.verdict(), Verdict::Inconclusive);
    plan.thresholds[0].required = false;
    assert_eq!(judge(&plan, &run).verdict(), Verdict::Pass);
    plan.thresholds[0].selector = Selector::Endpoints("checkout".to_owned());
    let far = Outcome::Unjudged(Doubt::NoSuchScope { nearest: None });
    assert_eq!(judge(&plan, &run).findings[0].outcome, far);
}

#[test]
fn an_endpoint_of_the_plan_that_the_run_lacks_is_unjudged() {
    let (mut plan, mut run) = minute(vec![of("*", asked("p50", "< 1s"))], usual());
    run.endpoints[0].name = "GET /renamed".to_owned();
    let expected = [
        "held: GET /renamed p50 < 1s, got 99.8 ms",
        "unjudged (no-samples): GET / p50 < 1s",
        "held: * fit",
    ];
    assert_eq!(lines(&plan, &run), expected);
    assert_eq!(judge(&plan, &run).verdict(), Verdict::Inconclusive);
    plan.drive = None;
    assert_eq!(judge(&plan, &run).verdict(), Verdict::Pass);
}

#[test]
fn the_worst_window_is_shown() {
    let mut samples = usual();
    for sample in samples.iter_mut().filter(|sample| (s(20)..s(30)).contains(&sample.due)) {
        sample.done += ms(100);
    }
    let threshold = |limit| over(s(10), asked("p90", limit));
    check(
        threshold("< 250ms"),
        samples.clone(),
        "breached: * p90 < 250ms over 10s, got 282.9 ms at 20s..30s",
    );
    check(threshold("< 1s"), samples, "held: * p90 < 1s over 10s, got 282.9 ms at 20s..30s");
}

#[test]
fn a_window_with_too_few_samples_is_unjudged_unless_another_breaches() {
    let gap = |sample: &Sample| !(s(20)..s(30)).contains(&sample.due);
    let samples: Vec<Sample> = usual().into_iter().filter(gap).collect();
    let threshold = |limit| over(s(10), asked("p90", limit));
    check(
        threshold("< 1s"),
        samples.clone(),
        "unjudged (no-samples): * p90 < 1s over 10s at 20s..30s",
    );
    let (plan, run) = minute(vec![threshold("< 100ms")], samples);
    assert_eq!(judge(&plan, &run).verdict(), Verdict::Fail);
}

#[test]
fn the_last_window_ends_where_the_run_ends() {
    let mut samples = usual();
    for sample in samples.iter_mut().filter(|sample| sample.due >= s(55)) {
        sample.done += s(1);
    }
    check(
        over(s(25), asked("p75", "< 500ms")),
        samples,
        "held: * p75 < 500ms over 25s, got 189.6 ms at 35s..60s",
    );
}

#[test]
fn windows_that_the_slices_do_not_tell_apart_are_unjudged() {
    let (mut plan, run) = minute(vec![asked("p50", "< 1s")], usual());
    plan.thresholds = vec![over(ms(700), asked("p50", "< 1s"))];
    assert_eq!(lines(&plan, &run)[0], "unjudged (no-windows): * p50 < 1s over 700ms");
    plan.thresholds = vec![over(s(61), asked("p50", "< 1s"))];
    assert_eq!(lines(&plan, &run)[0], "unjudged (no-windows): * p50 < 1s over 61s");
}

#[test]
fn a_stage_is_judged_alone() {
    let stages = vec![stage("calm", s(30)), stage("storm", s(30))];
    let thresholds = vec![
        during(0, asked("p50", "< 110ms")),
        during(1, asked("p50", "< 110ms")),
        during(1, over(s(10), asked("throughput", "> 1/s"))),
    ];
    let mut plan = plan(load(stages, s(0)), &["GET /"], thresholds);
    let mut samples = usual();
    for sample in samples.iter_mut().filter(|sample| sample.due >= s(30)) {
        sample.done += ms(50);
    }
    let mut run = run(&plan, &[("GET /", samples)]);
    let expected = [
        "held: * p50 < 110ms during calm, got 103.2 ms",
        "breached: * p50 < 110ms during storm, got 146.7 ms",
        "held: * throughput > 1/s over 10s during storm, got 20/s at 40s..50s",
        "held: * fit",
    ];
    let found = lines(&plan, &run);
    assert_eq!(found[..2], expected[..2]);
    assert!(found[2].starts_with("held: * throughput > 1/s over 10s during storm"));
    run.load.stages[1] = "hurricane".to_owned();
    assert_eq!(lines(&plan, &run)[1], "unjudged (no-such-stage): * p50 < 110ms during storm");
    plan.drive = None;
    let by_index = "breached: * p50 < 110ms during hurricane, got 146.7 ms";
    assert_eq!(lines(&plan, &run)[1], by_index);
    let named = |name: &str| {
        let during = Some(During::Named(name.to_owned()));
        Threshold { window: Window { over: None, during }, ..asked("p50", "< 110ms") }
    };
    plan.thresholds = vec![named("hurricane"), named("drizzle")];
    assert_eq!(lines(&plan, &run)[0], by_index);
    assert_eq!(lines(&plan, &run)[1], "unjudged (no-such-stage): * p50 < 110ms during drizzle");
}

#[test]
fn the_warm_up_is_not_judged() {
    let thresholds = vec![asked("max", "< 1s"), asked("throughput", ">= 20/s")];
    let plan = plan(load(vec![stage("", s(60))], s(10)), &["GET /"], thresholds);
    let mut samples = usual();
    samples[0].done += s(5);
    let run = run(&plan, &[("GET /", samples)]);
    assert_eq!(lines(&plan, &run)[0], "held: * max < 1s, got 199.8 ms");
}

#[test]
fn a_generator_that_was_not_fit_leaves_everything_unjudged() {
    let check = |change: fn(&mut Run), reason: &str| {
        let (plan, mut run) = minute(vec![asked("p50", "< 1s"), asked("p50", "< 1ms")], usual());
        change(&mut run);
        let judgement = judge(&plan, &run);
        assert_eq!(judgement.verdict(), Verdict::Inconclusive, "{reason}");
        for finding in &judgement.findings {
            let Outcome::Unjudged(doubt) = &finding.outcome else {
                assert_eq!(finding.outcome.name(), "unjudged");
                continue;
            };
            assert!(doubt.to_string().contains(reason), "{doubt}");
        }
        assert!(judgement.findings[0].got.is_some(), "what was measured is still shown");
    };
    check(|run| run.generator.lag_p99 = Some(ms(6)), "arrivals were released up to 6.00 ms late");
    check(|run| run.generator.lag_p99 = Some(Duration::from_micros(1001)), "at most 1.00 ms");
    check(|run| run.load.planned = Some(1300), "1200 of 1300 planned requests were sent (92.3 %");
    check(|run| run.generator.clock.suspended = true, "stood still");
    check(|run| run.stop = Stop::Panic("index".to_owned()), "a load thread panicked (index)");
    check(|run| run.stop = Stop::NoThread("no memory".to_owned()), "could not start (no memory)");
    let saturate = |run: &mut Run| {
        run.generator.saturated = Ratio::new(0.06).expect("a share");
    };
    check(saturate, "in 6.0 % of the seconds");
    let starve = |run: &mut Run| {
        run.load.model = Model::Closed;
        run.generator.starved = Some(starved(20, 6));
    };
    check(starve, "more than 10 % of the time in 20.0 % of the seconds");
    let (plan, run) = minute(vec![asked("p50", "< 1s")], {
        let mut samples = usual();
        samples[0] = bad(samples[0].due, ms(0), Failure::LocalPort);
        samples
    });
    let doubt = judge(&plan, &run).findings[0].outcome.clone();
    assert!(matches!(doubt, Outcome::Unjudged(Doubt::FellBehind(why)) if why.len() == 1));
}

/// Load threads that had to wait for a CPU in so many seconds of a hundred, for so long each time.
fn starved(percent: u64, wait: u64) -> Starved {
    Starved { share: Ratio::of(percent, 100).expect("a share"), wait: ms(wait) }
}

#[test]
fn waiting_for_a_cpu_matters_where_it_shows() {
    let fit = |asked: Threshold, model: Model, starved: Option<Starved>| {
        let (plan, mut run) = minute(vec![asked], usual());
        (run.load.model, run.generator.starved) = (model, starved);
        judge(&plan, &run).findings.iter().all(|one| !matches!(one.outcome, Outcome::Unjudged(_)))
    };
    let p50 = || asked("p50", "< 100ms");
    assert!(fit(p50(), Model::Closed, None), "this system does not tell");
    assert!(fit(p50(), Model::Closed, Some(starved(50, 9))), "a tenth of the limit hardly shows");
    assert!(!fit(p50(), Model::Closed, Some(starved(50, 11))));
    assert!(fit(p50(), Model::Closed, Some(starved(4, 50))), "seldom");
    assert!(fit(p50(), Model::Open, Some(starved(50, 11))), "lag tells in the open model");
    let many = |limit: &str| asked("throughput", limit);
    assert!(!fit(many("> 900/s"), Model::Closed, Some(starved(50, 1))), "users asked less often");
    assert!(fit(many("> 1/s"), Model::Closed, Some(starved(50, 1))), "enough are enough");
    assert!(fit(many("< 1/s"), Model::Closed, Some(starved(50, 1))), "too many are too many");
    assert!(!fit(many("> 1/s"), Model::Closed, Some(starved(50, 51))), "answers were read late");
}

#[test]
fn dropped_arrivals_leave_judged_only_what_they_could_not_have_saved() {
    let thresholds = vec![asked("p50", "< 1s"), asked("p50", "< 1ms"), asked("p50", "< 100ms")];
    let (plan, mut run) = minute(thresholds, usual());
    (run.load.planned, run.load.dropped) = (Some(1207), 7);
    let expected = [
        "unjudged (fell-behind): * p50 < 1s, got 99.8 ms",
        "breached: * p50 < 1ms, got 99.8 ms",
        "unjudged (fell-behind): * p50 < 100ms, got 99.8 ms",
        "unjudged (fell-behind): * fit",
    ];
    assert_eq!(lines(&plan, &run), expected);
    run.load.dropped = 60_000;
    assert_eq!(judge(&plan, &run).verdict(), Verdict::Inconclusive);
    // Any other trouble, and nothing is certain.
    run.load.dropped = 7;
    run.generator.clock.suspended = true;
    assert_eq!(judge(&plan, &run).verdict(), Verdict::Inconclusive);
}

#[test]
fn lag_that_is_small_beside_every_limit_is_tolerated_and_bursts_are_not() {
    let (plan, mut run) = minute(vec![asked("p50", "< 300ms")], usual());
    run.generator.lag_p99 = Some(ms(30));
    assert_eq!(judge(&plan, &run).verdict(), Verdict::Pass);
    run.generator.lag_p99 = Some(ms(31));
    assert_eq!(judge(&plan, &run).verdict(), Verdict::Inconclusive);
    let (plan, mut run) = minute(vec![asked("error_rate", "< 1%")], usual());
    run.generator.lag_p99 = Some(ms(51));
    assert_eq!(judge(&plan, &run).verdict(), Verdict::Inconclusive);
}

#[test]
fn lag_is_measured_against_the_tightest_limit() {
    let (plan, mut run) = minute(vec![asked("p50", "< 20ms"), asked("p50", "< 1s")], usual());
    run.generator.lag_p99 = Some(ms(2));
    assert_eq!(judge(&plan, &run).verdict(), Verdict::Fail);
    run.generator.lag_p99 = Some(ms(2) + Duration::from_micros(1));
    assert_eq!(judge(&plan, &run).verdict(), Verdict::Inconclusive);
}

#[test]
fn nothing_answered_is_inconclusive() {
    let refused = usual().iter().map(|sample| bad(sample.due, ms(1), Failure::Connect)).collect();
    let (plan, run) = minute(vec![asked("error_rate", "< 1%")], refused);
    let expected =
        ["unjudged (no-answers): * error_rate < 1%, got 100%", "unjudged (no-answers): * fit"];
    assert_eq!(lines(&plan, &run), expected);
    let (plan, mut run) = minute(vec![asked("error_rate", "< 1%")], Vec::new());
    assert_eq!(judge(&plan, &run).verdict(), Verdict::Inconclusive);
    run.stop = Stop::Unreachable(Failure::Dns, "no such name".to_owned());
    assert_eq!(judge(&plan, &run).verdict(), Verdict::Inconclusive);
}

#[test]
fn answers_in_the_warm_up_alone_are_not_a_pass() {
    let mut threshold = asked("p50", "< 1s");
    threshold.required = false;
    let plan = plan(load(vec![stage("", s(60))], s(30)), &["GET /"], vec![threshold]);
    let run = run(&plan, &[("GET /", even(100, s(30), ms(1), ms(2)))]);
    assert_eq!(judge(&plan, &run).verdict(), Verdict::Inconclusive);
}

#[test]
fn warnings_do_not_fail_the_gate() {
    let (plan, run) = minute(vec![asked("p50", "< 1s"), warn(asked("p50", "< 1ms"))], usual());
    let judgement = judge(&plan, &run);
    assert_eq!(judgement.findings[1].outcome, Outcome::Breached);
    assert_eq!(judgement.verdict(), Verdict::Pass);
}

#[test]
fn latencies_beyond_ten_minutes_are_not_told_apart() {
    let slow = |_| vec![good(s(0), s(700)); 30];
    let minutes = |limit| minute(vec![asked("p50", limit)], slow(0));
    let (plan, run) = minutes("< 11m");
    assert_eq!(judge(&plan, &run).findings[0].outcome, Outcome::Unjudged(Doubt::OverRange));
    let (plan, run) = minutes("< 9m");
    assert_eq!(judge(&plan, &run).findings[0].outcome, Outcome::Breached);
}

#[test]
fn the_made_up_cases_have_their_verdicts() {
    let verdicts: Vec<_> = cases::cases()
        .iter()
        .map(|(name, plan, run)| (*name, judge(plan, run).verdict().name()))
        .collect();
    let expected = [
        ("passing", "pass"),
        ("failing", "fail"),
        ("warned", "pass"),
        ("too-few", "inconclusive"),
        ("fell-behind", "inconclusive"),
        ("no-answers", "inconclusive"),
        ("interrupted", "inconclusive"),
        ("dead", "fail"),
        ("hostile-names", "fail"),
    ];
    assert_eq!(verdicts, expected);
}

#[test]
fn every_name_has_a_page() {
    let doubts = [
        Doubt::NoSuchScope { nearest: None },
        Doubt::NoSamples,
        Doubt::TooFew { have: 1, need: 2 },
        Doubt::NoAnswers,
        Doubt::FellBehind(Vec::new()),
        Doubt::CutShort,
        Doubt::NoWindows,
        Doubt::NoSuchStage,
        Doubt::OverRange,
        Doubt::NoBase(String::new()),
        Doubt::NoBaseline,
        Doubt::TooFewRuns { have: 3, need: 10 },
        Doubt::Foreign(String::new()),
        Doubt::OtherLoad(String::new()),
        Doubt::Damaged(String::new()),
        Doubt::TooFewRounds { have: 3, need: 6 },
        Doubt::Unequal(Vec::new()),
        Doubt::Undecided,
        Doubt::Unarmed,
        Doubt::Untold(String::new()),
        Doubt::TooCoarse(Value::Never, Value::Never),
        Doubt::Unsound(Vec::new()),
        Doubt::Invalid(Vec::new()),
    ];
    let doubts = doubts.iter().map(Doubt::name);
    let failures = Failure::ALL.iter().map(|failure| failure.name());
    let verdicts = [Verdict::Pass, Verdict::Inconclusive, Verdict::Fail].map(Verdict::name);
    let metrics = ["p50", "p99_9", "good_p95", "mean", "max", "error_rate", "throughput", "count"];
    let others = [
        "first_event_p95",
        "event_gap_p50",
        "events_per_second",
        "ws_connect_p99",
        "ws_round_trip_p99_9",
        "sla",
        "regression",
        "change",
        "side-by-side",
        "accept",
        "trust",
        "policy",
        "status_429",
        "exit-codes",
        "open-model",
        "closed-model",
        "coordinated-omission",
        "results",
        "summaries",
        "formats",
    ];
    for name in doubts.chain(failures).chain(verdicts).chain(metrics).chain(others) {
        let page = explain(name);
        assert!(page.is_some_and(|page| (3..=8).contains(&page.lines().count())), "{name}");
    }
    assert_eq!(explain("p100"), None);
    assert!(subjects().all(|name| explain(name).is_some()));
    assert!(subjects().filter_map(Metric::parse).count() == 13);
}
