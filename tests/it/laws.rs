//! Properties that hold for every input.

use std::time::Duration;

use loadgate::judge::finding::Verdict;
use loadgate::judge::judge;
use loadgate::metric::{Metric, Value};
use loadgate::plan::axis::{MOST_PIECES, axis, judged_span, windows};
use loadgate::plan::threshold::{Relation, Threshold};
use loadgate::plan::{Load, Plan};
use loadgate::sample::{Failure, Sample};
use loadgate::tally::{Frame, Gather, Packed, Packer, Tally};
use loadgate::unit::{Quantile, Rate, Ratio};
use proptest::prelude::*;

use crate::support::made::{asked, bad, during, good, load, ms, of, over, plan, run, s, stage};

const NANO: Duration = Duration::from_nanos(1);

fn loads() -> impl Strategy<Value = Load> {
    let lengths = prop::collection::vec(0_u64..400_000, 1..6);
    (lengths, 0_u64..60_000).prop_filter_map(
        "a load lasts longer than its warm-up",
        |(all, warm)| {
            let stages = all.iter().map(|length| stage("", ms(*length))).collect();
            (all.iter().sum::<u64>() > warm).then(|| load(stages, ms(warm)))
        },
    )
}

fn windowed() -> impl Strategy<Value = Vec<Threshold>> {
    let one = (1_u64..200_000, prop::option::of(0_usize..6)).prop_map(|(length, stage)| {
        let whole = over(ms(length), asked("p95", "< 300ms"));
        stage.map_or(whole.clone(), |stage| during(stage, whole))
    });
    prop::collection::vec(one, 0..4)
}

proptest! {
    #[test]
    fn the_axis_has_no_gaps_and_is_bounded(load in loads(), thresholds in windowed()) {
        let pieces = axis(&load, &thresholds);
        prop_assert!(pieces.len() <= MOST_PIECES);
        prop_assert_eq!(pieces[0].from, Duration::ZERO);
        prop_assert_eq!(pieces[pieces.len() - 1].to, load.profile.duration());
        prop_assert!(pieces.iter().all(|piece| piece.from < piece.to));
        prop_assert!(pieces.windows(2).all(|pair| pair[0].to == pair[1].from));
        prop_assert!(pieces.windows(2).all(|pair| pair[0].stage <= pair[1].stage));
        for piece in &pieces {
            prop_assert_eq!(piece.warm_up, piece.to <= load.warm_up);
            let stages = &load.profile.stages;
            let start: Duration = stages[..piece.stage].iter().map(|stage| stage.duration).sum();
            prop_assert!(start <= piece.from && piece.to <= start + stages[piece.stage].duration);
        }
    }

    #[test]
    fn every_window_is_a_sum_of_whole_slices(load in loads(), thresholds in windowed()) {
        let pieces = axis(&load, &thresholds);
        let wanted: Vec<_> = thresholds.iter().filter_map(|threshold| {
            let (from, to) = judged_span(&load, threshold.window.during.as_ref())?;
            Some(windows(from, to, threshold.window.over?))
        }).collect();
        // Windows are only left out where there are more than an axis can hold.
        prop_assume!(wanted.iter().map(Vec::len).sum::<usize>() < MOST_PIECES / 2 - 100);
        for (from, to) in wanted.into_iter().flatten() {
            prop_assert!(pieces.iter().any(|piece| piece.from == from));
            prop_assert!(pieces.iter().any(|piece| piece.to == to));
        }
    }

    #[test]
    fn windows_cover_their_span(
        from in 0_u64..100_000, length in 1_u64..100_000, over in 1_u64..50_000,
    ) {
        let (from, to, over) = (ms(from), ms(from + length), ms(over));
        let windows = windows(from, to, over);
        if let Some((first, last)) = windows.first().zip(windows.last()) {
            prop_assert_eq!((first.0, last.1), (from, to));
            prop_assert!(windows.iter().all(|(start, end)| *start + over == *end));
            prop_assert!(windows.windows(2).all(|pair| pair[1].0 <= pair[0].1));
        }
    }
}

/// Requests with latencies from nothing to beyond what histograms tell apart; some fail.
fn samples(most: usize) -> impl Strategy<Value = Vec<Sample>> {
    let latency = prop_oneof![0_u64..5_000_000, 0_u64..2_000_000_000, 0_u64..700_000_000_000];
    let one = (0_u64..60_000, latency, prop::option::weighted(0.1, 0_usize..Failure::ALL.len()));
    let one = one.prop_map(|(due, latency, failure)| {
        let latency = Duration::from_nanos(latency);
        match failure {
            None => good(ms(due), latency),
            Some(class) => bad(ms(due), latency, Failure::ALL[class]),
        }
    });
    prop::collection::vec(one, 0..most)
}

fn counted(samples: &[Sample]) -> Tally {
    let mut tally = Tally::default();
    for sample in samples {
        tally.record(sample);
        if sample.end.is_good() {
            tally.arrived();
        }
    }
    tally
}

fn sum(parts: [&Tally; 2]) -> Tally {
    let mut sum = parts[0].clone();
    sum.merge(parts[1]);
    sum
}

const FRAME: Frame = Frame { span: Duration::from_mins(1), timeout: Duration::from_secs(10) };

proptest! {
    #[test]
    fn adding_is_the_same_as_counting_together(
        a in samples(60), b in samples(60), c in samples(60),
    ) {
        let (one, two, three) = (counted(&a), counted(&b), counted(&c));
        let all = counted(&[a, b, c].concat()).pack();
        prop_assert_eq!(sum([&sum([&one, &two]), &three]).pack(), all.clone());
        prop_assert_eq!(sum([&one, &sum([&two, &three])]).pack(), all.clone());
        prop_assert_eq!(sum([&sum([&three, &one]), &two]).pack(), all);
        prop_assert_eq!(sum([&one, &Tally::default()]).pack(), one.pack());
    }

    #[test]
    fn gathering_packed_tallies_is_adding_them(a in samples(60), b in samples(60)) {
        let (one, two) = (counted(&a), counted(&b));
        let (mut gathered, mut packer) = (Gather::default(), Packer::default());
        for round in 0..2 {
            gathered.clear();
            for tally in [&one, &two] {
                let packed = tally.pack_by(&mut packer);
                prop_assert_eq!(&packed, &tally.pack());
                prop_assert_eq!(gathered.add(&packed), Ok(()));
            }
            // Times from sending are not gathered.
            let expected = Packed { service: None, ..sum([&one, &two]).pack() };
            prop_assert_eq!(gathered.tally().pack(), expected, "round {}", round);
        }
    }

    #[test]
    fn packing_and_unpacking_is_the_identity(samples in samples(120)) {
        let tally = counted(&samples);
        let packed = tally.pack();
        let back = packed.unpack();
        prop_assert!(back.is_ok(), "{back:?}");
        let back = back.unwrap_or_default();
        prop_assert_eq!(back.pack(), packed);
        for metric in ["p50", "p99", "good_p90", "mean", "max", "error_rate", "throughput"] {
            let metric = Metric::parse(metric).expect("a metric");
            prop_assert_eq!(back.read(metric, FRAME), tally.read(metric, FRAME));
        }
    }

    #[test]
    fn quantiles_agree_with_the_exact_nearest_rank(samples in samples(200), q in 1_u32..1_000_000) {
        let quantile = Quantile::from_millionths(q).expect("within (0, 1]");
        let ends = samples.iter().filter(|sample| sample.end.is_good());
        let mut raw: Vec<Duration> = ends.map(Sample::latency).collect();
        raw.sort();
        let count = u64::try_from(samples.len()).expect("few");
        let rank = usize::try_from(quantile.rank(count)).expect("few");
        let got = counted(&samples).read(Metric::Latency(quantile), FRAME);
        match (raw.get(rank - 1), got) {
            _ if samples.is_empty() => prop_assert_eq!(got, None),
            (None, got) => prop_assert_eq!(got, Some(Value::Never)),
            // Beyond 600 s times are only known to be there.
            (Some(exact), Some(Value::Time(got))) if *exact > s(600) => prop_assert!(got >= s(600)),
            (Some(exact), Some(Value::Time(got))) => {
                let off = got.abs_diff(*exact);
                prop_assert!(off <= *exact / 1000 + Duration::from_micros(1), "{got:?} {exact:?}");
            }
            (Some(_), other) => prop_assert!(false, "{other:?}"),
        }
    }

    #[test]
    fn quantiles_rise_and_lie_between_least_and_most(samples in samples(200)) {
        let tally = counted(&samples);
        let times = tally.latency();
        let ranks: Vec<_> = (1..=times.count()).filter_map(|rank| times.at_rank(rank)).collect();
        prop_assert_eq!(ranks.len(), usize::try_from(times.count()).expect("few"));
        prop_assert!(ranks.is_sorted());
        let within = |time| Some(time) >= times.least() && Some(time) <= times.most();
        prop_assert!(ranks.iter().copied().all(within));
        let beyond = |limit: &Duration| ranks.iter().filter(|time| *time > limit).count();
        for limit in &ranks {
            prop_assert_eq!(times.count_above(*limit), u64::try_from(beyond(limit)).expect("few"));
        }
        // What is told as beyond a limit is counted as beyond it, whatever bucket the limit is in.
        let near = |told: &Duration| [*told, told.saturating_sub(NANO), *told + NANO, *told * 2];
        for limit in ranks.iter().flat_map(near) {
            let more = ranks.iter().filter(|told| **told > limit).count();
            let most = ranks.iter().filter(|told| **told >= limit).count();
            prop_assert_eq!(times.count_beyond(limit, false), u64::try_from(more).expect("few"));
            prop_assert_eq!(times.count_beyond(limit, true), u64::try_from(most).expect("few"));
        }
    }
}

/// Whole milliseconds below a second: each has a bucket of its own.
fn quick() -> impl Strategy<Value = Vec<Sample>> {
    let one = (0_u64..60_000, 1_u64..1_000, prop::bool::weighted(0.05));
    let one = one.prop_map(|(due, latency, fails)| {
        let (due, latency) = (ms(due), ms(latency));
        if fails { bad(due, latency, Failure::Status) } else { good(due, latency) }
    });
    prop::collection::vec(one, 1..120)
}

fn limits() -> impl Strategy<Value = Vec<Threshold>> {
    let latency = (prop_oneof!["p50", "p75", "p90", "mean", "max"], 1_u64..1_200, 0..4);
    let latency = latency.prop_map(|(metric, limit, shape)| {
        let threshold = asked(&metric, &format!("< {limit}ms"));
        match shape {
            0 => over(s(20), threshold),
            1 => during(1, threshold),
            2 => of("GET /*", threshold),
            _ => threshold,
        }
    });
    let errors = (0_u32..100).prop_map(|limit| asked("error_rate", &format!("<= {limit}%")));
    let flow = (1_u32..300).prop_map(|limit| asked("throughput", &format!("> {limit}/m")));
    prop::collection::vec(prop_oneof![4 => latency, 1 => errors, 1 => flow], 1..5)
}

fn gate(thresholds: Vec<Threshold>) -> Plan {
    let stages = vec![stage("one", s(20)), stage("two", s(40))];
    plan(load(stages, s(0)), &["GET /a", "POST /b"], thresholds)
}

fn verdict(plan: &Plan, samples: &[Sample]) -> Verdict {
    let half = samples.len() / 2;
    let parts = [("GET /a", samples[..half].to_vec()), ("POST /b", samples[half..].to_vec())];
    judge(plan, &run(plan, &parts)).verdict()
}

/// The same threshold, harder to meet.
fn tighter(threshold: &Threshold, by: f64) -> Threshold {
    let mut tight = threshold.clone();
    let raised = matches!(threshold.limit.relation, Relation::Above | Relation::AtLeast);
    tight.limit.bound = match threshold.limit.bound {
        Value::Time(time) => Value::Time(time.mul_f64(by)),
        Value::Share(share) => Value::Share(Ratio::new(share.share() * by).expect("a share")),
        Value::Rate(rate) if raised => {
            Value::Rate(Rate::per_second(rate.as_f64() / by.max(0.01)).expect("a rate"))
        }
        other @ (Value::Never | Value::Rate(_) | Value::Count(_) | Value::Number(..)) => other,
    };
    tight
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn slowing_a_sample_never_improves_a_verdict(
        samples in quick(),
        thresholds in limits(),
        pick in any::<prop::sample::Index>(),
        more in 1_u64..2_000,
    ) {
        let plan = gate(thresholds);
        let mut slower = samples.clone();
        pick.get_mut(&mut slower).done += ms(more);
        prop_assert!(verdict(&plan, &slower) >= verdict(&plan, &samples));
    }

    #[test]
    fn making_a_sample_fail_never_improves_a_verdict(
        samples in quick(), thresholds in limits(), pick in any::<prop::sample::Index>(),
    ) {
        let plan = gate(thresholds);
        let mut failing = samples.clone();
        let sample = pick.get_mut(&mut failing);
        *sample = bad(sample.due, sample.latency(), Failure::Status);
        prop_assert!(verdict(&plan, &failing) >= verdict(&plan, &samples));
    }

    #[test]
    fn tightening_a_threshold_never_improves_a_verdict(
        samples in quick(),
        thresholds in limits(),
        pick in any::<prop::sample::Index>(),
        by in 0.0_f64..1.0,
    ) {
        let mut tight = thresholds.clone();
        let threshold = pick.get_mut(&mut tight);
        *threshold = tighter(threshold, by);
        prop_assert!(verdict(&gate(tight), &samples) >= verdict(&gate(thresholds), &samples));
    }

    #[test]
    fn without_samples_nothing_passes(thresholds in limits()) {
        prop_assert_eq!(verdict(&gate(thresholds), &[]), Verdict::Inconclusive);
    }

    #[test]
    fn there_is_one_finding_for_each_expectation(samples in quick(), thresholds in limits()) {
        let plan = gate(thresholds);
        let run = run(&plan, &[("GET /a", samples.clone()), ("GET /b", samples)]);
        let each = |threshold: &Threshold| {
            let whole = threshold.selector == loadgate::plan::threshold::Selector::Whole;
            if whole { 1 } else { 2 }
        };
        let expected = plan.thresholds.iter().map(each).sum::<usize>() + 1;
        prop_assert_eq!(judge(&plan, &run).findings.len(), expected);
    }
}

proptest! {
    #[test]
    fn a_logarithm_of_a_quantile_lies_in_the_bucket_of_its_rank(
        micros in prop::collection::vec(1_u64..3_000_000, 1..200), failed in 0_usize..9,
        percent in 1_u32..100,
    ) {
        let quantile = Quantile::from_millionths(percent * 10_000).expect("a percentile");
        let frame = Frame { span: s(1), timeout: s(10) };
        let mut tally = Tally::default();
        for micros in &micros {
            tally.record(&good(ms(0), Duration::from_micros(*micros)));
        }
        for _ in 0..failed {
            tally.record(&bad(ms(0), ms(1), Failure::Timeout));
        }
        let metrics = [Metric::Latency(quantile), Metric::GoodLatency(quantile)];
        for metric in metrics {
            let log = tally.read_log(metric, frame).expect("something was counted");
            let value = tally.read(metric, frame).and_then(Value::number);
            match value {
                // Three digits, and the microsecond that holds the value.
                Some(value) => {
                    let micros = log.exp();
                    prop_assert!((micros - value * 1e3).abs() <= micros * 1e-3 + 1.0, "{micros}");
                }
                None => prop_assert!(log.is_infinite()),
            }
        }
        prop_assert_eq!(Tally::default().read_log(metrics[0], frame), None);
    }
}
