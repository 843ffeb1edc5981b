//! Files that are not as they should be, each told with its line.

use std::io::Write as _;

use loadgate::ingest::{Format, Unreadable, recognise};

use super::{ASK, Ask, bytes, data, plain, read, read_all};

const HEAD: &str = "timeStamp,elapsed,label,responseCode,success\n";

fn says(text: impl AsRef<[u8]>, expected: &str) -> Unreadable {
    let why = read(text.as_ref()).map(|run| run.load.sent).expect_err(expected);
    assert!(why.to_string().contains(expected), "`{why}` does not say `{expected}`");
    why
}

/// A JTL of so many good rows.
fn rows(count: u64) -> String {
    let row = |at: u64| format!("{},{},a,200,true\n", 1_795_466_743_396 + at * 10, at % 90 + 1);
    (0..count).map(row).collect()
}

#[test]
fn a_file_that_breaks_off_says_where() {
    let text = format!("{HEAD}{}17954667433", rows(9));
    let why = says(&text, "ends in the middle of line 11");
    assert!(!why.is_usage());
    let partial = Ask { partial: true, ..ASK };
    let run = read_all(&[text.as_bytes()], &partial).expect("the last line is left out");
    assert_eq!(run.load.sent, 9);
    let notes = run.imported.expect("it is of another tool").notes;
    assert!(notes.iter().any(|note| note.contains("left out")), "{notes:?}");
    let json = plain("k6/out.ndjson.gz");
    let cut = json.len() - 400;
    assert!(matches!(read(&json[..cut]), Err(Unreadable::Truncated(_))));
    let xml = bytes("jmeter/run-5.5.xml.jtl");
    assert_eq!(read(&xml[..9_000]).map(|run| run.load.sent), Err(Unreadable::Unclosed));
    let whole = read_all(&[&xml[..9_000]], &partial).map(|run| run.load.sent);
    assert!(whole.is_ok_and(|sent| sent > 10));
    says(&bytes("k6/handleSummary.json")[..3_000], "ends in the middle");
    says(&bytes("locust/standalone/final.json")[..3_000], "ends in the middle");
}

#[test]
fn lines_that_two_writers_mixed_are_told_by_number() {
    let mut lines: Vec<String> = rows(20).lines().map(str::to_owned).collect();
    for at in [3, 5, 7, 9, 11, 13, 15] {
        lines[at] = "1795466743396,10,a1795466743397".to_owned();
    }
    let text = format!("{HEAD}{}\n", lines.join("\n"));
    let why = says(text, "line 5 has 3 fields where there are 5 columns\n  line 7");
    assert!(why.to_string().ends_with("and 2 more lines"), "{why}");
}

#[test]
fn lines_mixed_inside_a_traceback_are_told() {
    let stats = bytes("locust/standalone/run_stats.csv");
    let read = |row: &str| {
        let text = format!("Count,Message,Traceback,Nodes\n{row}\n");
        read_all(&[&stats, text.as_bytes()], &ASK).map_err(|refused| refused.why.to_string())
    };
    let whole = "1,boom,\"Traceback:\n  File \"\"x.py\"\", line 1\n\",local";
    assert!(read(whole).is_ok());
    for mixed in [
        "1,boom,\"Traceback (mo2,\"other\",\"Traceback:\n  File x\n\",local",
        "1,\"boom\"2,boom,\"Traceback\n\",local",
    ] {
        let why = read(mixed).expect_err("two lines in one");
        assert!(why.contains("goes on behind a quoted field"), "{why}");
    }
}

#[test]
fn marks_ends_and_blank_lines_make_no_difference() {
    let text = format!("{HEAD}{}", rows(50));
    let count = |text: &[u8]| read(text).map(|run| (run.load.sent, run.endpoints.len()));
    assert_eq!(count(text.as_bytes()), Ok((50, 1)));
    assert_eq!(count(format!("\u{feff}{text}").as_bytes()), Ok((50, 1)));
    assert_eq!(count(text.replace('\n', "\r\n").as_bytes()), Ok((50, 1)));
    assert_eq!(count(text.replace('\n', "\r").as_bytes()), Ok((50, 1)));
    assert_eq!(count(format!("{text}\n\n\r\n").as_bytes()), Ok((50, 1)));
    assert_eq!(count(text.trim_end().as_bytes()), Ok((50, 1)));
}

#[test]
fn what_is_no_utf8_is_told_by_name() {
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    let text = format!("{HEAD}{}", rows(30));
    says(wide(&text), "UTF-16");
    says([&[0xff, 0xfe][..], &wide(&text)].concat(), "UTF-16");
    let latin = [HEAD.as_bytes(), b"1795466743396,5,caf\xe9,200,true\n"].concat();
    says(latin, "line 2 has a name that is no UTF-8");
    says(
        [HEAD.as_bytes(), b"1795466743396,5,a\0b,200,true\n"].concat(),
        "line 2 has a name with a NUL",
    );
}

#[test]
fn a_line_without_end_is_refused() {
    let long = format!("{HEAD}{}{}", rows(2), "x".repeat(3 << 20));
    says(long, "a line of more than 1 MiB, line 4");
    let quoted = format!("{HEAD}1795466743396,5,\"{}", "x\n".repeat(1 << 20));
    says(quoted, "more than 1 MiB");
}

#[test]
fn quotes_and_other_delimiters_are_read() {
    let row = "1795466743396;5;\"a; \"\"b\"\"\nc\";200;true\n";
    let run = read(format!("{}{row}", HEAD.replace(',', ";")).as_bytes()).expect("it is right");
    assert_eq!(run.endpoints[0].name, "a; \"b\"\nc");
    let tabs = format!("{HEAD}{}", rows(5)).replace(',', "\t");
    assert_eq!(read(tabs.as_bytes()).map(|run| run.load.sent), Ok(5));
    says(format!("{HEAD}1795466743396,5,\"a,200,true\n"), "line 2");
}

#[test]
fn columns_are_found_by_name_and_missed_by_name() {
    let text = "success,label,elapsed,timeStamp\ntrue,a,5,1795466743396\nfalse,a,5,1795466743396\n";
    let run = read(text.as_bytes()).expect("the columns are there");
    assert_eq!(run.endpoints[0].whole.bad(), 1);
    let named = Ask { format: Some(Format::JmeterCsv), ..ASK };
    let refused = read_all(&[b"label,success\na,true\n"], &named).expect_err("columns are missing");
    assert!(refused.why.is_usage());
    assert!(refused.why.to_string().contains("lacks timeStamp and elapsed"), "{}", refused.why);
    let refused = read_all(&[b"1,2,3\n"], &named).expect_err("there is no header");
    assert!(refused.why.to_string().contains("print_field_names=true"), "{}", refused.why);
    let whole = String::from_utf8(bytes("jmeter/run-5.5.jtl")).expect("it is UTF-8");
    let (_, bare) = whole.split_once('\n').expect("it has a header");
    let both = [&whole, bare].map(|text| read(text.as_bytes()).map(|run| run.load.sent));
    assert_eq!(both, [Ok(427), Ok(427)]);
}

#[test]
fn numbers_that_are_no_times_are_told() {
    for bad in ["NaN", "Infinity", "1e400", "-5", "", "12ms"] {
        let text = format!("{HEAD}1795466743396,{bad},a,200,true\n");
        says(text, "for `elapsed`, which is no time");
    }
    says(format!("{HEAD}yesterday,5,a,200,true\n"), "no `timeStamp` that is a time");
    says(format!("{HEAD}1795466743396,5,a,200,maybe\n"), "neither true nor false");
    says(format!("{HEAD}1795466743396,5,a,200,true\n1,5,a,200,true\n"), "a year apart");
    let line = |value: &str| {
        format!(
            "{{\"metric\":\"http_req_duration\",\"type\":\"Point\",\"data\":{{\"time\":\
             \"2026-11-23T20:56:01Z\",\"value\":{value},\"tags\":{{\"name\":\"a\"}}}}}}\n"
        )
    };
    says(line("1e400"), "line 1 is no JSON of k6");
    says(line("-1"), "line 1 has a duration that is no time");
    let deep = "[".repeat(100_000);
    says(format!("{}{deep}", &line("1")[..100]), "line 1");
}

#[test]
fn xml_with_a_dtd_or_entities_of_its_own_is_refused() {
    let doctype = "<?xml version=\"1.0\"?><!DOCTYPE testResults [<!ENTITY a \"b\">]>";
    says(format!("{doctype}<testResults></testResults>"), "has a DTD");
    let sample = "<sample t=\"1\" ts=\"1795466743396\" s=\"true\" lb=\"&a;\"/>";
    says(format!("<testResults>{sample}</testResults>"), "an entity that is none of XML's own");
    let many = " a=\"b\"".repeat(3 << 20);
    says(format!("<testResults><sample{many}"), "more than 16 MiB");
}

#[test]
fn gzip_may_have_members_and_no_bomb() {
    let packed = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).expect("memory takes it");
        encoder.finish().expect("memory takes it")
    };
    let (one, two) = (packed(HEAD.as_bytes()), packed(rows(7).as_bytes()));
    let run = read(&[one.clone(), two.clone()].concat()).expect("two members");
    assert_eq!(run.load.sent, 7);
    says([one.clone(), two.clone(), b"garbage".to_vec()].concat(), "cannot be read");
    says(&[one.clone(), two].concat()[..one.len() + 20], "cannot be read");
    let bomb = packed(&b"\n".repeat(64 << 20));
    says([one, bomb].concat(), "unpacks to far more");
}

#[test]
fn too_many_names_are_too_many() {
    let row = |at: u64| format!("{},5,/item/{at},200,true\n", 1_795_466_743_396 + at);
    let text: String = (0..1_001).map(row).collect();
    says(format!("{HEAD}{text}"), "more than 1000 names");
}

/// The names of all files in a folder of results.
fn all(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(data(folder)).expect("a folder of ours").flatten();
    let names = entries.flat_map(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        let name = if folder.is_empty() { name } else { format!("{folder}/{name}") };
        if entry.path().is_dir() { all(&name) } else { vec![name] }
    });
    names.filter(|name| name != "README.md").collect()
}

#[test]
fn exactly_one_format_claims_each_file() {
    let files = [
        ("jmeter/run-5.5.jtl", Format::JmeterCsv),
        ("jmeter/run-5.5.xml.jtl", Format::JmeterXml),
        ("taurus/kpi.jtl", Format::JmeterCsv),
        ("k6/out.csv.gz", Format::K6Csv),
        ("k6/out.ndjson.gz", Format::K6Ndjson),
        ("k6/summary-export.json", Format::K6Summary),
        ("k6/handleSummary.json", Format::K6Summary),
        ("locust/standalone/final.json", Format::LocustJson),
        ("locust/standalone/run_stats.csv", Format::LocustStats),
        ("locust/standalone/run_stats_history.csv", Format::LocustHistory),
        ("locust/standalone/run_failures.csv", Format::LocustFailures),
        ("locust/standalone/run_exceptions.csv", Format::LocustExceptions),
        ("locust/requests.csv", Format::LocustRequests),
        ("locust/report.html", Format::LocustHtml),
        ("gatling/text-1.log", Format::GatlingText),
        ("gatling/text-2.log", Format::GatlingText),
        ("gatling/text-331.log", Format::GatlingText),
        ("gatling/binary-3.12.1.log", Format::GatlingBinary),
        ("vegeta/results.json.gz", Format::VegetaJson),
        ("vegeta/results.csv.gz", Format::VegetaCsv),
        ("vegeta/results.bin.gz", Format::VegetaBin),
        ("vegeta/report.json", Format::VegetaReport),
        ("taurus/dump.csv", Format::TaurusCsv),
        ("taurus/dump.xml", Format::TaurusXml),
        ("wrk/wrk-flaky.txt", Format::Wrk),
        ("hey/hey-drop.csv", Format::HeyCsv),
        ("hey/hey-flaky.txt", Format::HeyText),
        ("h2load/h2load.txt", Format::H2loadText),
        ("ab/ab-flaky.txt", Format::AbText),
        ("ab/ab-e.csv", Format::AbPercent),
        ("ab/ab-g.tsv", Format::AbGnuplot),
        ("oha/oha-flaky.json", Format::OhaJson),
        ("oha/oha.csv", Format::OhaCsv),
        ("autocannon/autocannon-flaky.json", Format::Autocannon),
    ];
    for (name, format) in files {
        let plain = plain(name);
        assert_eq!(recognise(&plain[..plain.len().min(64 << 10)]), Ok(format), "{name}");
    }
    for name in all("") {
        let plain = plain(&name);
        let format = recognise(&plain[..plain.len().min(64 << 10)]);
        let tool = format.map_or("none", Format::tool).to_lowercase();
        let folder = name.split('/').next().unwrap_or_default();
        let same = match folder {
            "hlog" => tool == "hdrhistogram",
            // Its `kpi.jtl` is a JTL.
            "taurus" => tool == "taurus" || tool == "jmeter",
            folder => tool == folder,
        };
        assert!(same, "{name} is of {tool}");
    }
    assert_eq!(recognise(b"hello\n"), Err(Unreadable::Unknown));
    assert_eq!(read(b" \n\n").map(|run| run.load.sent), Err(Unreadable::Empty));
}
