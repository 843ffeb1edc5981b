//! Logs of HdrHistogram: of other programs, of our own, and made by the writer of its Rust port.

use std::time::{Duration, UNIX_EPOCH};

use hdrhistogram::Histogram;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};
use hdrhistogram::serialization::{V2DeflateSerializer, V2Serializer};
use loadgate::export::{To, export};
use loadgate::ingest::{Format, Unit, Unreadable};
use loadgate::run::{Precision, Run, Subject};
use loadgate::unit::Quantile;
use proptest::prelude::*;

use super::{ASK, Ask, bytes, data, read_all, run};
use crate::support::gate::Gate;

const IN_NANOS: Ask<'_> = Ask { unit: Some(Unit::Nanos), ..ASK };

fn why(text: &[u8], ask: &Ask<'_>) -> String {
    let refused = read_all(&[text], ask).map(|run| run.load.sent).expect_err("it is refused");
    refused.why.to_string()
}

/// A log of one histogram for each tag and interval, as the Rust port writes it.
fn log(intervals: &[(&str, u64, &[u64])], digits: u8, head: &str) -> Vec<u8> {
    let (mut out, mut serializer) = (head.as_bytes().to_vec(), V2DeflateSerializer::new());
    let mut builder = IntervalLogWriterBuilder::new();
    builder.with_base_time(UNIX_EPOCH + Duration::from_secs(1_795_466_743));
    let mut writer = builder.begin_log_with(&mut out, &mut serializer).expect("memory takes it");
    for (tag, start, values) in intervals {
        let mut histogram = Histogram::<u64>::new_with_max(u64::MAX, digits).expect("valid");
        values.iter().for_each(|value| histogram.record(*value).expect("it is in range"));
        let (start, length) = (Duration::from_secs(*start), Duration::from_secs(1));
        writer.write_histogram(&histogram, start, length, Tag::new(tag)).expect("it is written");
    }
    out
}

fn count(run: &Run, name: &str) -> u64 {
    run.endpoints.iter().find(|one| one.name == name).map_or(0, |one| one.whole.count())
}

#[test]
fn a_log_of_another_program_gives_what_its_own_library_reads() {
    // Counted by the library's port to Python: 16,145 values with and without a tag.
    let run = read_all(&[&bytes("hlog/tagged.hlog")], &IN_NANOS).expect("it is a log");
    assert_eq!((count(&run, "all requests"), count(&run, "A")), (16_145, 16_145));
    let all = &run.endpoints[0].whole;
    for (millionths, nanos) in
        [(500_000, 360_447), (950_000, 746_586_111), (990_000, 1_392_508_927_u64)]
    {
        let rank = Quantile::from_millionths(millionths).expect("a percentile").rank(all.count());
        let micros = all.latency().at_rank(rank).expect("it is there").as_micros();
        // Both count to the end of a bucket: one in nanoseconds, and one in microseconds.
        let apart = micros.abs_diff(u128::from(nanos / 1_000));
        assert!(apart * 500 <= micros, "{micros} µs where {nanos} ns are true");
    }
    assert_eq!(run.origin.started, "2015-09-09T15:24:39Z");
    // One interval is 1.75 s long, and slices are not shorter than that.
    assert_eq!(run.slices.len(), 5);
    let imported = run.imported.expect("of another program");
    // It counts to two digits, and nothing below 20 µs.
    assert_eq!(imported.precision, Precision::Digits(2, Duration::from_nanos(16_384)));
    assert!(imported.untold.contains_key(&Subject::Failures), "{:?}", imported.untold);
}

#[test]
fn what_is_exported_is_read_as_the_same_times() {
    let jtl = run(&["jmeter/run-5.5.jtl"]);
    let text = export(&jtl, To::Hlog).expect("it has samples");
    let again = read_all(&[text.as_bytes()], &ASK).expect("it is a log, and says its unit");
    assert_eq!(again.origin.started, jtl.origin.started);
    for one in jtl.endpoints.iter().filter(|one| one.whole.good() > 0) {
        let tag = one.name.replace(' ', "_");
        let other = again.endpoints.iter().find(|other| other.name == tag).expect("it is there");
        assert_eq!(other.whole.latency().buckets(), one.whole.latency().buckets(), "{tag}");
        assert_eq!(other.whole.bad(), 0);
    }
    let both = [text.as_bytes(), text.as_bytes()];
    let twice = read_all(&both, &ASK).expect("logs are added").whole();
    assert_eq!(twice.count(), 2 * again.whole().count());
    let buckets = |(edge, count): (Duration, u64)| (edge, 2 * count);
    let once = again.whole().latency().buckets().into_iter().map(buckets).collect::<Vec<_>>();
    assert_eq!(twice.latency().buckets(), once);
}

#[test]
fn a_unit_that_nobody_says_is_asked_for() {
    let bare = bytes("hlog/tagged.hlog");
    let refused = read_all(&[&bare], &ASK).expect_err("nobody says the unit").why;
    assert!(refused == Unreadable::NoUnit && refused.is_usage());
    let said = log(&[("a", 0, &[5])], 3, "#[Times in microseconds]\n");
    let micros = read_all(&[&said], &ASK).expect("it says its unit");
    assert_eq!(micros.whole().latency().most(), Some(Duration::from_micros(5)));
    assert!(why(&said, &IN_NANOS).contains("in us, and --unit says ns"));
    let named = Ask { format: Some(Format::JmeterCsv), ..IN_NANOS };
    assert!(why(&bytes("jmeter/run-5.5.jtl"), &named).contains("has its own units"));
    let several = log(&[("a", 0, &[5])], 3, "#[Times in microseconds]\n#[Max in milliseconds]\n");
    assert!(why(&several, &ASK).contains("say it, such as --unit us"));
}

#[test]
fn times_are_known_to_the_digits_and_steps_of_the_log() {
    let ask = |unit| Ask { unit: Some(unit), ..ASK };
    let precision = |bytes: &[u8], unit| {
        let run = read_all(&[bytes], &ask(unit)).expect("it is a log");
        run.imported.expect("of another program").precision
    };
    let fine = log(&[("a", 0, &[7, 900])], 3, "");
    assert_eq!(precision(&fine, Unit::Micros), Precision::Exact);
    assert_eq!(precision(&fine, Unit::Millis), Precision::Step(Duration::from_millis(1)));
    let coarse = log(&[("a", 0, &[7, 9_000])], 2, "");
    assert_eq!(precision(&coarse, Unit::Micros), Precision::Digits(2, Duration::from_micros(1)));
}

#[test]
fn a_limit_that_a_bucket_splits_is_not_judged() {
    let values: Vec<u64> = vec![100_500; 400];
    let gate = |limit: &str| {
        let sla = format!("[sla]\ngood_p50 = \"{limit}\"\nerror_rate = {{ warn = \"< 1%\" }}\n");
        Gate::new(&sla).file("run.hlog", log(&[("a", 0, &values)], 2, ""))
    };
    let check = ["check", "gate.toml", "run.hlog", "--unit", "us"];
    gate("< 102ms").run(&check).code(0).says("known to 2").says("digits").reports();
    gate("< 100ms").run(&check).code(3).reports();
    gate("< 90ms").run(&check).code(1).reports();
    gate("< 90ms").run(&["check", "gate.toml", "run.hlog"]).code(2).says("--unit us").no_reports();
}

#[test]
fn failures_that_a_log_does_not_hold_are_not_taken_for_none() {
    let path = data("hlog/tagged.hlog").to_string_lossy().into_owned();
    let gate = Gate::new("[sla]\ngood_p50 = \"< 1s\"\n");
    let done = gate.run(&["check", "gate.toml", &path, "--unit", "ns"]);
    done.code(3).says("error_rate").reports();
    let gate = Gate::new("[sla]\ngood_p50 = \"< 1s\"\nerror_rate = { warn = \"< 1%\" }\n");
    gate.run(&["check", "gate.toml", &path, "--unit", "ns"]).code(0).reports();
    gate.run(&["check", "gate.toml", "loadgate-out/run.json", "--unit", "ns"]).code(2);
    let gate = Gate::new("[sla]\np50 = \"< 1s\"\nerror_rate = { warn = \"< 1%\" }\n");
    gate.run(&["check", "gate.toml", &path, "--unit", "ns"]).code(3).reports();
}

#[test]
fn what_is_damaged_or_of_old_times_is_told_by_line() {
    let good = log(&[("a", 0, &[5]), ("a", 1, &[6])], 3, "#[Times in microseconds]\n");
    let text = String::from_utf8(good.clone()).expect("it is text");
    assert!(
        why(text.replace("HISTFAAA", "HISTFBBB").as_bytes(), &ASK).contains("line 3 has a dam")
    );
    let cut = &good[..good.len() - 9];
    assert!(why(cut, &ASK).contains("ends in the middle of line 4"));
    let partial = Ask { partial: true, ..ASK };
    assert_eq!(read_all(&[cut], &partial).map(|run| run.load.sent), Ok(1));
    let noise = format!("{text}hello\n");
    assert!(why(noise.as_bytes(), &ASK).contains("line 5 is no interval"), "{noise}");
    // V1's cookie, deflated.
    let old =
        "#[Histogram log format version 1.1]\n0.1,1.0,2.7,HISTAgAAAAE=\n0.2,1.0,2.7,HISTAgAAAAE=\n";
    assert!(why(old.as_bytes(), &IN_NANOS).contains("an encoding before V2"));
    let empty = "#[Histogram log format version 1.2]\n#[StartTime: 1441812279.474 (seconds)]\n";
    assert!(why(empty.as_bytes(), &IN_NANOS).contains("not one request"));
}

#[test]
fn a_program_that_went_silent_before_its_log_ended_is_not_judged() {
    let mut intervals: Vec<(&str, u64, &[u64])> =
        (0..20).map(|at| ("a", at, &[5_u64][..])).collect();
    intervals.extend((20..40).map(|at| ("a", at, &[][..])));
    let run = read_all(&[&log(&intervals, 3, "")], &IN_NANOS).expect("it is a log");
    let unsound = run.imported.expect("of another program").unsound;
    assert!(unsound.iter().any(|why| why.contains("nothing was answered")), "{unsound:?}");
}

#[test]
fn intervals_longer_than_slices_make_these_longer() {
    let (mut out, mut serializer) = (Vec::new(), V2Serializer::new());
    let builder = IntervalLogWriterBuilder::new();
    let mut writer = builder.begin_log_with(&mut out, &mut serializer).expect("memory takes it");
    let mut histogram = Histogram::<u64>::new(3).expect("valid");
    histogram.record_n(1_000, 500).expect("it is in range");
    for at in 0..6_u64 {
        let start = Duration::from_millis(1_795_466_743_120 + at * 10_003);
        let length = Duration::from_millis(10_003);
        writer.write_histogram(&histogram, start, length, None).expect("it is written");
    }
    let run = read_all(&[&out], &Ask { unit: Some(Unit::Micros), ..ASK }).expect("it is a log");
    let ten = Duration::from_secs(10);
    assert!(run.slices.iter().all(|slice| slice.to == slice.from + ten), "{:?}", run.slices);
    assert_eq!(run.slices.iter().map(|slice| slice.pulse.sent).sum::<u64>(), 3_000);
    assert!(run.slices.iter().all(|slice| slice.pulse.in_flight == 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn every_value_is_counted_within_its_bucket(
        values in prop::collection::vec(1..500_000_000_u64, 1..300),
        cut in any::<prop::sample::Index>(),
    ) {
        let cut = cut.index(values.len());
        let (one, two) = values.split_at(cut);
        let bytes = log(&[("a", 0, one), ("b", 3, two)], 3, "#[Times in microseconds]\n");
        let run = read_all(&[&bytes], &ASK).expect("it is a log");
        let both = (count(&run, "a"), count(&run, "b"));
        prop_assert_eq!(both, (one.len() as u64, two.len() as u64));
        let mut sorted = values.clone();
        sorted.sort_unstable();
        let whole = run.whole();
        for (rank, value) in (1..).zip(&sorted) {
            let got = whole.latency().at_rank(rank).expect("there are so many").as_micros();
            let apart = got.abs_diff(u128::from(*value));
            prop_assert!(apart * 1_000 <= u128::from(*value), "{got} where {value} was counted");
        }
    }
}
