//! Properties that hold for every input.

use std::sync::LazyLock;

use loadgate::archive;
use loadgate::ingest::Format;
use proptest::prelude::*;

use super::{ASK, Ask, plain, read_all};

/// One file of each format, to be damaged.
static FILES: LazyLock<Vec<(Format, Vec<u8>)>> = LazyLock::new(|| {
    let files = [
        (Format::JmeterCsv, "jmeter/run-5.5.jtl"),
        (Format::JmeterXml, "jmeter/run-5.5.xml.jtl"),
        (Format::K6Csv, "k6/out.csv.gz"),
        (Format::K6Ndjson, "k6/out.ndjson.gz"),
        (Format::K6Summary, "k6/summary-export.json"),
        (Format::K6Summary, "k6/handleSummary.json"),
        (Format::LocustJson, "locust/rounding/final.json"),
        (Format::LocustStats, "locust/standalone/run_stats.csv"),
        (Format::LocustHistory, "locust/rounding/run_stats_history.csv"),
        (Format::LocustFailures, "locust/standalone/run_failures.csv"),
        (Format::LocustExceptions, "locust/standalone/run_exceptions.csv"),
        (Format::LocustRequests, "locust/requests.csv"),
        (Format::LocustHtml, "locust/report.html"),
        (Format::GatlingText, "gatling/text-331.log"),
        (Format::GatlingBinary, "gatling/binary-3.12.1.log"),
        (Format::VegetaJson, "vegeta/results.json.gz"),
        (Format::VegetaCsv, "vegeta/results.csv.gz"),
        (Format::VegetaBin, "vegeta/results.bin.gz"),
        (Format::VegetaReport, "vegeta/report.json"),
        (Format::TaurusCsv, "taurus/dump.csv"),
        (Format::TaurusXml, "taurus/dump.xml"),
        (Format::Wrk, "wrk/wrk-flaky.txt"),
        (Format::HeyText, "hey/hey-flaky.txt"),
        (Format::H2loadText, "h2load/h2load.txt"),
        (Format::AbText, "ab/ab-flaky.txt"),
        (Format::AbPercent, "ab/ab-e.csv"),
        (Format::AbGnuplot, "ab/ab-g.tsv"),
        (Format::OhaJson, "oha/oha-flaky.json"),
        (Format::OhaCsv, "oha/oha.csv"),
        (Format::Autocannon, "autocannon/autocannon-flaky.json"),
    ];
    let short = |name| {
        let bytes = plain(name);
        let end = if name.contains(".gz") { 12_000 } else { bytes.len() };
        bytes[..end].to_vec()
    };
    files.map(|(format, name)| (format, short(name))).to_vec()
});

/// What is done to a file.
#[derive(Clone, Debug)]
enum Damage {
    Set(usize, u8),
    Cut(usize, usize),
    Put(usize, Vec<u8>),
    End(usize),
}

fn damage() -> impl Strategy<Value = Vec<Damage>> {
    let at = 0..100_000_usize;
    let telling = prop::sample::select(vec![
        b"\"".to_vec(),
        b",".to_vec(),
        b"\n".to_vec(),
        b"-1".to_vec(),
        b"NaN".to_vec(),
        b"<".to_vec(),
        b"99999999999999999999".to_vec(),
        b"1e308".to_vec(),
        b"{".to_vec(),
        b"]".to_vec(),
        b"\xff\xfe".to_vec(),
        b"\0".to_vec(),
        b"N/A".to_vec(),
        b"0".to_vec(),
    ]);
    let one = prop_oneof![
        (at.clone(), any::<u8>()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        (at.clone(), 1..200_usize).prop_map(|(at, length)| Damage::Cut(at, length)),
        (at.clone(), telling).prop_map(|(at, bytes)| Damage::Put(at, bytes)),
        at.prop_map(Damage::End),
    ];
    prop::collection::vec(one, 1..6)
}

fn damaged(mut bytes: Vec<u8>, all: &[Damage]) -> Vec<u8> {
    for one in all {
        let place = |at: usize| at % (bytes.len() + 1);
        match one {
            Damage::Set(at, byte) => {
                let at = place(*at);
                if let Some(there) = bytes.get_mut(at) {
                    *there = *byte;
                }
            }
            Damage::Cut(at, length) => {
                let from = place(*at);
                let to = (from + length).min(bytes.len());
                bytes.drain(from..to);
            }
            Damage::Put(at, more) => {
                let at = place(*at);
                bytes.splice(at..at, more.iter().copied());
            }
            Damage::End(at) => bytes.truncate(place(*at)),
        }
    }
    bytes
}

/// What is read can be written, and read again as the same.
fn survives(bytes: &[u8], ask: &Ask<'_>) {
    let Ok(run) = read_all(&[bytes], ask) else { return };
    let text = archive::write(&run);
    if let Ok(again) = archive::read(&text) {
        assert_eq!(archive::write(&again), text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_a_reader_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..2_000),
        format in 0..Format::ALL.len(),
        partial: bool,
    ) {
        survives(&bytes, &Ask { format: Some(Format::ALL[format]), partial, ..ASK });
        survives(&bytes, &Ask { partial, ..ASK });
    }

    #[test]
    fn no_damage_makes_a_reader_panic(which in 0..FILES.len(), all in damage(), partial: bool) {
        let (format, bytes) = &FILES[which];
        let bytes = damaged(bytes.clone(), &all);
        survives(&bytes, &Ask { format: Some(*format), partial, ..ASK });
    }

    #[test]
    fn files_in_two_parts_are_the_same_as_one(cut in 1..600_usize) {
        let (_, bytes) = &FILES[0];
        let text = std::str::from_utf8(bytes).expect("it is UTF-8");
        let lines: Vec<&str> = text.lines().collect();
        // A redirect's parts follow it, and belong into the same file.
        let cut = (cut..lines.len()).find(|at| !lines[*at].contains("redirect")).unwrap_or(1);
        let (one, two) = lines.split_at(cut);
        let parts = [one.join("\n"), format!("{}\n{}", lines[0], two.join("\n"))];
        let parts: Vec<&[u8]> = parts.iter().map(String::as_bytes).collect();
        let counted = |run: loadgate::run::Run| {
            let mut all: Vec<_> =
                run.endpoints.into_iter().map(|one| (one.name, one.whole.pack())).collect();
            all.sort_by(|one, other| one.0.cmp(&other.0));
            all.into_iter().map(|(name, packed)| format!("{name}: {packed:?}")).collect::<Vec<_>>()
        };
        let whole = read_all(&[bytes], &ASK).map(counted).expect("it is whole");
        prop_assert_eq!(read_all(&parts, &ASK).map(counted).expect("both are whole"), whole);
    }
}
