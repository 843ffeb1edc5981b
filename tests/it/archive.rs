//! `run.json`: what is written and read is the same; what is damaged is said.

use std::io::Write as _;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use loadgate::archive::{self, MOST_ENDPOINTS, Unreadable};
use loadgate::judge::finding::Verdict;
use loadgate::judge::judge;
use loadgate::plan::Plan;
use loadgate::run::Stop;
use loadgate::sample::Failure;
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

use crate::support::cases;
use crate::support::made::s;

/// A plan, and the file of its run; made once.
fn written() -> &'static (Plan, String) {
    static WRITTEN: LazyLock<(Plan, String)> = LazyLock::new(|| {
        let (plan, run) = cases::failing();
        (plan, archive::write(&run))
    });
    &WRITTEN
}

/// A text with the hash that its content has now: an attacker can do that too.
fn sealed(text: &str) -> String {
    let content = text.rsplit_once(",\"sha256\"").map_or(text, |(content, _)| content);
    let hash = Sha256::digest(content.as_bytes());
    format!("{content},\"sha256\":\"{hash:x}\"}}\n")
}

/// What is said of a text.
fn said(text: &str) -> String {
    match archive::read(text) {
        Ok(_) => "is a run".to_owned(),
        Err(why) => why.to_string(),
    }
}

/// What is said of a run file in which one thing is replaced.
fn replaced(from: &str, to: &str) -> String {
    let (_, text) = written();
    assert!(text.contains(from), "{from}");
    said(&sealed(&text.replacen(from, to, 1)))
}

#[test]
fn a_run_written_and_read_is_the_same() {
    let stops = [
        Stop::End,
        Stop::Signal("SIGTERM".to_owned()),
        Stop::Breached("* p99".to_owned()),
        Stop::Dead(s(30)),
        Stop::Stalled(s(31)),
        Stop::Panic("index out of bounds".to_owned()),
        Stop::NoThread("no memory".to_owned()),
        Stop::Unreachable(Failure::Dns, "no such name".to_owned()),
        Stop::Checkpoint,
    ];
    for ((name, plan, mut run), stop) in cases::cases().into_iter().zip(stops.into_iter().cycle()) {
        run.stop = stop;
        run.origin.seed = u64::MAX;
        run.load.refused = vec![("127.0.0.1:8080".to_owned(), 9)];
        let text = archive::write(&run);
        let back = archive::read(&text).unwrap_or_else(|why| {
            assert_eq!(why.to_string(), "", "{name}");
            run.clone()
        });
        assert_eq!(archive::write(&back), text, "{name}");
        assert_eq!(back.origin, run.origin);
        assert_eq!(back.generator, run.generator);
        assert_eq!(back.slices, run.slices);
        assert_eq!(back.stop, run.stop);
        assert_eq!(judge(&plan, &back).findings, judge(&plan, &run).findings, "{name}");
    }
}

#[test]
fn a_run_that_never_began_is_written_and_read() {
    let (plan, mut run) = cases::no_answers();
    run.stop = Stop::Unreachable(Failure::Connect, "connection refused".to_owned());
    run.load.lasted = s(0);
    run.slices.truncate(1);
    run.slices[0].to = s(0);
    for endpoint in &mut run.endpoints {
        endpoint.slices.truncate(1);
    }
    let back = archive::read(&archive::write(&run)).map(|back| judge(&plan, &back).verdict());
    assert_eq!(back, Ok(Verdict::Inconclusive));
}

#[test]
fn what_is_no_run_file_is_told_apart() {
    let (_, text) = written();
    assert_eq!(said(""), "is empty");
    assert_eq!(said(" \n"), "is empty");
    let half = said(&text[..text.len() / 2]);
    assert!(half.starts_with("ends in the middle, at line 1, column "), "{half}");
    let not = said("requests,failures\n1,2\n");
    assert!(not.starts_with("is not JSON: expected value, at line 1, column 1"), "{not}");
    let other = "is JSON, but no file of loadgate: it does not begin with a `schema` of \
                 `loadgate.run/1`";
    assert_eq!(said("{\"metrics\":{}}"), other);
    assert_eq!(said("[1,2]"), other);
    assert_eq!(
        said("{\"schema\":\"loadgate.verdict/1\"}"),
        "is a `loadgate.verdict/1`, not a `loadgate.run/1`"
    );
    let newer = "is a `loadgate.run/2`, written by a newer loadgate: update this one";
    assert_eq!(said("{\"schema\":\"loadgate.run/2\"}"), newer);
    assert_eq!(replaced("loadgate.run/1", "loadgate.run/2"), newer);
    assert_eq!(archive::read(&" ".repeat(64 * 1024 * 1024 + 1)).err(), Some(Unreadable::TooLong));
}

#[test]
fn an_edited_file_is_not_believed() {
    let (_, text) = written();
    let edited =
        "was damaged or edited since it was written: its `sha256` is not that of its content";
    assert_eq!(said(&text.replacen("GET /cart", "GET /card", 1)), edited);
    assert_eq!(said(&sealed(&text.replacen("GET /cart", "GET /card", 1))), "is a run");
    let (content, _) = text.rsplit_once(",\"sha256\"").expect("it is sealed");
    assert_eq!(said(&format!("{content}}}")), edited);
}

#[test]
fn missing_and_wrong_members_are_named() {
    let missing = replaced("\"lasted_ns\":\"60000000000\",", "");
    assert!(missing.starts_with("is damaged: missing field `lasted_ns`, at line 1"), "{missing}");
    let number = replaced("\"dropped\":\"0\"", "\"dropped\":0");
    assert!(number.contains("expected a count below 10^15 as digits in quotes"), "{number}");
    for wrong in ["-1", "1.5", "1e3", "", "1000000000000001", "99999999999999999999999", "+1"] {
        let said = replaced("\"dropped\":\"0\"", &format!("\"dropped\":\"{wrong}\""));
        assert!(said.contains("this is not a count below 10^15"), "{said}");
    }
    let share = replaced("\"saturated\":\"0\"", "\"saturated\":\"NaN\"");
    assert!(share.contains("this is not a share between 0 and 1"), "{share}");
    let class = replaced("\"failures\":{\"status\"", "\"failures\":{\"stratus\"");
    assert!(class.contains("this is not a class of failure"), "{class}");
}

#[test]
fn unknown_members_are_ignored() {
    assert_eq!(replaced("{\"schema\"", "{\"later\":[{\"a\":1}],\"schema\""), "is a run");
    assert_eq!(replaced("\"whole\":{", "\"whole\":{\"later\":null,"), "is a run");
}

#[test]
fn contradictions_are_named() {
    let check = |from: &str, to: &str, expected: &str| {
        let said = replaced(from, to);
        assert!(said.starts_with("contradicts itself in `"), "{said}");
        assert!(said.contains(expected), "{said}");
    };
    let slice = "\"from_ns\":\"1000000000\"";
    check(slice, "\"from_ns\":\"1000000001\"", "`slices[1]`: it does not begin where");
    check("\"stage\":\"1\"", "\"stage\":\"2\"", "its stage is not one of `load.stages`");
    check("\"warm_up\":true", "\"warm_up\":false", "its `warm_up` contradicts `load.warm_up_ns`");
    check("\"name\":\"GET /cart\"", "\"name\":\"GET /products\"", "that of an earlier endpoint");
    check("\"name\":\"GET /cart\"", "\"name\":\"\"", "it has no name");
    check("\"200\":\"1000\"", "\"200\":\"1001\"", "there are more answers than requests");
    check("{\"count\":\"1000\"", "{\"count\":\"999\"", "the histogram holds 1000 values where 999");
}

#[test]
fn a_text_that_is_too_long_is_refused() {
    let long = replaced("GET /cart", &"x".repeat(5_000));
    assert!(long.ends_with("its text is longer than 4096 bytes"), "{long}");
    let first = "\"slices\":[{\"answered\"";
    let more = |count: usize| {
        let empty = "{\"answered\":\"0\",\"bytes\":\"0\"},".repeat(count);
        replaced(first, &format!("\"slices\":[{empty}{{\"answered\""))
    };
    assert!(more(1).contains("it has 61 slices where the run has 60"), "{}", more(1));
    assert!(more(5_000).contains("more than 4096 entries"), "{}", more(5_000));
    let (_, text) = written();
    let at = text.find("\"endpoints\":[").expect("there are endpoints");
    let tally = "{\"answered\":\"0\",\"bytes\":\"0\"}";
    let one = format!("{{\"name\":\"a\",\"planned\":null,\"whole\":{tally},\"slices\":[]}}");
    let many = vec![one; MOST_ENDPOINTS + 1].join(",");
    let many = said(&format!("{}\"endpoints\":[{many}]}}", &text[..at]));
    assert!(many.contains("more than 1000 entries"), "{many}");
}

/// A histogram whose head promises bounds for which a decoder would take gigabytes.
fn bomb(high: u64) -> String {
    let mut inside = Vec::new();
    inside.extend(0x1c84_9313_u32.to_be_bytes());
    inside.extend(0_u32.to_be_bytes());
    inside.extend(0_u32.to_be_bytes());
    inside.extend(5_u32.to_be_bytes());
    inside.extend(1_u64.to_be_bytes());
    inside.extend(high.to_be_bytes());
    inside.extend(1_f64.to_be_bytes());
    let mut deflated = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    deflated.write_all(&inside).expect("memory takes it");
    let deflated = deflated.finish().expect("memory takes it");
    let mut bytes = 0x1c84_9314_u32.to_be_bytes().to_vec();
    bytes.extend(u32::try_from(deflated.len()).expect("short").to_be_bytes());
    bytes.extend(deflated);
    BASE64.encode(bytes)
}

/// The run file with the histogram of the load's connections replaced.
fn with_histogram(histogram: &str) -> String {
    let (_, text) = written();
    let (head, rest) = text.split_once("\"hdr\":\"").expect("there is one");
    let (_, tail) = rest.split_once('"').expect("it ends");
    sealed(&format!("{head}\"hdr\":\"{histogram}\"{tail}"))
}

#[test]
fn a_histogram_that_asks_for_gigabytes_is_refused_before_it_is_decoded() {
    for high in [u64::MAX, 600_000_001, 2] {
        let said = said(&with_histogram(&bomb(high)));
        assert!(
            said.ends_with("the histogram's bounds are not 1 µs to 600 s with 3 digits"),
            "{said}"
        );
    }
    for short in ["", "HA==", "HISTFA==", "HISTFAAA", "HISTFAAAAAA="] {
        let said = said(&with_histogram(short));
        assert!(said.contains("the histogram is not"), "{short}: {said}");
    }
    let long = said(&with_histogram(&"A".repeat(70_000)));
    assert!(long.ends_with("its histogram is longer than 64 KiB"), "{long}");
}

/// Reads and judges: whatever was read must also be judged without harm.
fn survive(plan: &Plan, text: &str) {
    if let Ok(run) = archive::read(text) {
        let judgement = judge(plan, &run);
        assert!(judgement.findings.len() >= plan.thresholds.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn arbitrary_texts_are_survived(text in "\\PC{0,200}") {
        prop_assert!(archive::read(&text).is_err());
    }

    #[test]
    fn mutated_files_are_survived(
        at in any::<prop::sample::Index>(),
        cut in 0_usize..40,
        put in "[-0-9a-z\"{}\\[\\],:. ]{0,12}",
    ) {
        let (plan, text) = written();
        let from = text.floor_char_boundary(at.index(text.len()));
        let to = text.floor_char_boundary((from + cut).min(text.len()));
        survive(plan, &sealed(&format!("{}{put}{}", &text[..from], &text[to..])));
    }

    #[test]
    fn mutated_numbers_are_survived(at in any::<prop::sample::Index>(), digits in "[0-9]{1,20}") {
        let (plan, text) = written();
        let numbers: Vec<usize> = text.match_indices(":\"").map(|(at, _)| at + 2).collect();
        let from = *at.get(&numbers);
        let end = text[from..].find('"').map_or(text.len(), |end| from + end);
        survive(plan, &sealed(&format!("{}{digits}{}", &text[..from], &text[end..])));
    }

    #[test]
    fn mutated_histograms_are_survived(
        pick in any::<prop::sample::Index>(),
        changes in prop::collection::vec((40_usize..200, any::<u8>()), 1..8),
    ) {
        let (plan, text) = written();
        let places: Vec<usize> = text.match_indices("\"hdr\":\"").map(|(at, _)| at + 7).collect();
        let from = *pick.get(&places);
        let end = text[from..].find('"').map_or(text.len(), |end| from + end);
        let bytes = BASE64.decode(&text[from..end]).expect("it was written so");
        let mut inside = Vec::new();
        let mut inflater = flate2::write::ZlibDecoder::new(&mut inside);
        inflater.write_all(&bytes[8..]).expect("it was written so");
        drop(inflater);
        for (at, byte) in changes {
            let at = at % inside.len();
            inside[at] = byte;
        }
        let mut deflater = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        deflater.write_all(&inside).expect("memory takes it");
        let deflated = deflater.finish().expect("memory takes it");
        let length = u32::try_from(deflated.len()).expect("short").to_be_bytes();
        let encoded = BASE64.encode([&bytes[..4], &length, &deflated].concat());
        survive(plan, &sealed(&format!("{}{encoded}{}", &text[..from], &text[end..])));
    }
}
