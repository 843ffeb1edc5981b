//! Every format with every fault that files have: broken off, mixed, marked, of another encoding,
//! without end, with numbers that are none, too deep, packed.

use std::cell::Cell;
use std::io::{Read, Write as _};
use std::rc::Rc;

use loadgate::ingest::{self, File, Format, Refused, Unreadable};
use loadgate::run::Run;

use super::cases::{CASES, Case, Kind, ended, none};
use super::{ASK, Ask, plain, read_all};

#[test]
fn every_format_is_in_the_table() {
    for format in Format::ALL.into_iter().filter(|format| *format != Format::Loadgate) {
        assert!(CASES.iter().any(|case| case.0 == format), "{}", format.name());
    }
}

#[test]
fn what_breaks_off_is_not_taken_for_whole() {
    let mut faults = Vec::new();
    for case in &CASES {
        let bytes = case.bytes();
        for third in 1..3 {
            let near = bytes.len() * third / 3;
            let line = bytes[near..].iter().position(|byte| *byte == b'\n').unwrap_or(0);
            // A line that breaks off where it could end is whole for all that anybody knows.
            let cut = if case.is_lines() { near + line + 2 } else { near };
            faults.push(case.refuses(&bytes[..cut], "cut"));
        }
    }
    none(faults);
}

#[test]
fn what_is_left_of_a_broken_line_is_left_out_where_that_is_asked_for() {
    // The last row of these is the sum of all others: nothing is left without it.
    let sums = [Format::LocustStats, Format::TaurusCsv];
    let told = |case: &&Case| case.is_lines() && !sums.contains(&case.0);
    for case in CASES.iter().filter(told) {
        let bytes = case.bytes();
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').expect("it has lines");
        let line = bytes[..whole].iter().rposition(|byte| *byte == b'\n').expect("several");
        let cut = &bytes[..line + 2];
        let partial = case.run(cut, &Ask { partial: true, ..case.ask() });
        let notes = partial.map(|run| run.imported.expect("of another tool").notes);
        let said = notes.is_ok_and(|notes| notes.iter().any(|note| note.contains("left out")));
        assert!(said, "{}", case.0.name());
    }
}

#[test]
fn two_writers_in_one_file_are_told() {
    let mut faults = Vec::new();
    // Most lines of exceptions are lines of quoted text, where anything may stand.
    let told = |case: &&Case| case.is_lines() && case.0 != Format::LocustExceptions;
    for case in CASES.iter().filter(told) {
        let bytes = case.bytes();
        let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
        let at = lines.len() / 2;
        // Half of a line, and the whole of the next one behind it.
        let mixed = [&lines[at][..lines[at].len() / 2], lines[at + 1]].concat();
        lines[at] = &mixed;
        faults.push(case.refuses(&lines.join(&b'\n'), "mixed"));
    }
    none(faults);
}

#[test]
fn marks_ends_of_lines_and_blank_lines_make_no_difference() {
    let mut faults = Vec::new();
    for case in CASES.iter().filter(|case| case.is_text()) {
        let bytes = case.bytes();
        faults.push(case.same(&[&b"\xef\xbb\xbf"[..], &bytes].concat(), "with a mark"));
        faults.push(case.same(&ended(&bytes, "\r\n"), "with CR LF"));
        faults.push(case.same(&ended(&bytes, "\r"), "with CR"));
        faults.push(case.same(&[&bytes[..], b"\n\r\n\n"].concat(), "with blank lines"));
        faults.push(case.same(bytes.trim_ascii_end(), "without a last end"));
    }
    none(faults);
}

#[test]
fn nothing_and_blanks_are_empty() {
    for case in &CASES {
        for nothing in [&b""[..], b"\n\n", b" \t\r\n", b"\xef\xbb\xbf"] {
            let read = case.run(nothing, &case.ask()).map(|run| run.load.sent);
            assert_eq!(read, Err(Unreadable::Empty), "{} {nothing:?}", case.0.name());
        }
    }
}

#[test]
fn what_is_no_utf8_is_told_and_gets_into_no_name() {
    let mut faults = Vec::new();
    let names = |run: Run| run.endpoints.into_iter().map(|one| one.name).collect::<Vec<_>>();
    for case in CASES.iter().filter(|case| case.is_text()) {
        let text = String::from_utf8(case.bytes()).expect("it is text");
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for wide in [&little, &big, &[&b"\xff\xfe"[..], &little].concat()] {
            let read = case.run(wide, &case.ask()).map(|run| run.load.sent);
            assert_eq!(read, Err(Unreadable::Encoding("UTF-16")), "{}", case.0.name());
        }
        for step in 1..40 {
            let at = text.len() * step / 40;
            for strange in [0xe9, 0] {
                let mut bytes = text.clone().into_bytes();
                bytes[at] = strange;
                let got = case.run(&bytes, &case.ask()).map(names).unwrap_or_default();
                let found = got.iter().any(|name| name.contains(['\0', '\u{fffd}']));
                faults.push(found.then(|| format!("{} byte {at}: {got:?}", case.0.name())));
            }
        }
    }
    none(faults);
}

/// Counts what is taken of a line without end.
struct Endless(Rc<Cell<usize>>);

impl Read for Endless {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        into.fill(b'7');
        self.0.set(self.0.get() + into.len());
        Ok(if self.0.get() > 1 << 30 { 0 } else { into.len() })
    }
}

#[test]
fn a_line_without_end_is_given_up_soon() {
    for case in &CASES {
        let bytes = case.bytes();
        let taken = Rc::new(Cell::new(0));
        let head = &bytes[..bytes.len().min(if case.is_lines() { 1_000 } else { 400 })];
        let endless = head.chain(Endless(taken.clone()));
        let beside = case.3.map(plain);
        let file = |bytes| File { name: "a file".to_owned(), bytes };
        let mut files: Vec<File<'_>> =
            beside.iter().map(|bytes| file(Box::new(bytes.as_slice()))).collect();
        files.push(file(Box::new(endless)));
        let read = ingest::read(files, &case.ask()).map(|run| run.load.sent);
        assert!(read.is_err(), "{}: {read:?}", case.0.name());
        // Summaries are read whole, up to 64 MiB; a line is given up after one.
        let most = if case.is_lines() { 4 << 20 } else { 80 << 20 };
        assert!(taken.get() < most, "{} took {} bytes", case.0.name(), taken.get());
    }
}

#[test]
fn numbers_that_are_none_are_told() {
    let mut faults = Vec::new();
    for case in CASES.iter().filter(|case| case.is_text()) {
        let text = String::from_utf8(case.bytes()).expect("it is text");
        let (before, after) = case.4.split_once('#').expect("a place for a number");
        let number = |at: usize| {
            let rest = &text[at + before.len()..];
            let length = rest.find(|sign: char| !(sign.is_ascii_digit() || sign == '.'));
            let end = at + before.len() + length.unwrap_or(rest.len());
            let fits = end > at + before.len() && text[end..].starts_with(after);
            fits.then_some((at + before.len(), end))
        };
        let place = text.match_indices(before).find_map(|(at, _)| number(at));
        let (from, to) = place.unwrap_or_else(|| unreachable!("{} is not there", case.4));
        for bad in ["NaN", "Infinity", "1e400", "-5", "x", "0x10"] {
            let text = format!("{}{bad}{}", &text[..from], &text[to..]);
            faults.push(case.refuses(text.as_bytes(), bad));
        }
    }
    none(faults);
}

#[test]
fn what_is_too_deep_is_told() {
    let mut faults = Vec::new();
    for case in
        CASES.iter().filter(|case| matches!(case.1, Kind::Json | Kind::Lines | Kind::Markup))
    {
        let bytes = case.bytes();
        let half = bytes.len() / 2;
        for deep in ["[", "{\"a\":", "<a>"] {
            faults.push(
                case.refuses(&[&bytes[..half], deep.repeat(50_000).as_bytes()].concat(), "deep"),
            );
            faults.push(
                case.refuses(&[&bytes[..1], deep.repeat(50_000).as_bytes()].concat(), "deep"),
            );
        }
    }
    none(faults);
}

#[test]
fn xml_defines_nothing_of_its_own() {
    let mut faults = Vec::new();
    for format in [Format::JmeterXml, Format::TaurusXml] {
        let case = CASES.iter().find(|case| case.0 == format).expect("it is in the table");
        let text = String::from_utf8(case.bytes()).expect("it is text");
        let body = text.find("?>").map_or(0, |at| at + 2);
        let doctype = "<!DOCTYPE a [<!ENTITY b \"c\">]>";
        let text = format!("{}{doctype}{}", &text[..body], &text[body..]);
        faults.push(case.refuses(text.as_bytes(), "with a DTD"));
    }
    none(faults);
}

#[test]
fn packed_files_are_the_same_and_broken_ones_are_told() {
    let mut faults = Vec::new();
    let packed = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).expect("memory takes it");
        encoder.finish().expect("memory takes it")
    };
    for case in &CASES {
        let bytes = case.bytes();
        let (one, two) = bytes.split_at(bytes.len() / 2);
        let members = [packed(one), packed(two)].concat();
        faults.push(case.same(&members, "in two members"));
        faults.push(case.refuses(&[&members[..], b"garbage"].concat(), "with garbage behind it"));
        faults.push(case.refuses(&members[..members.len() - 9], "packed and cut"));
    }
    none(faults);
}

#[test]
fn columns_are_known_by_name() {
    let mut faults = Vec::new();
    let by_name = [
        Format::LocustStats,
        Format::LocustHistory,
        Format::LocustFailures,
        Format::LocustExceptions,
        Format::LocustRequests,
        Format::K6Csv,
        Format::JmeterCsv,
        Format::HeyCsv,
        Format::TaurusCsv,
        Format::Csv,
    ];
    for case in CASES.iter().filter(|case| by_name.contains(&case.0)) {
        let bytes = case.bytes();
        let rows: Vec<csv::ByteRecord> = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(bytes.as_slice())
            .byte_records()
            .map(|row| row.expect("it is CSV"))
            .collect();
        let written = |pick: fn(&csv::ByteRecord) -> csv::ByteRecord| {
            let mut writer = csv::Writer::from_writer(Vec::new());
            for row in &rows {
                writer.write_byte_record(&pick(row)).expect("memory takes it");
            }
            writer.into_inner().expect("memory takes it")
        };
        faults.push(case.same(&written(Clone::clone), "written again"));
        faults.push(
            case.same(
                &written(|row| row.iter().rev().collect()),
                "with columns the other way round",
            ),
        );
        let named = Ask { format: Some(case.0), ..case.ask() };
        let last = written(|row| row.iter().rev().take(1).collect());
        let read = read_all(&[&last], &named).map(|run| run.load.sent).map_err(|no| no.why);
        let missing = matches!(read, Err(Unreadable::NoColumns { .. } | Unreadable::Empty));
        assert!(missing, "{}: {read:?}", case.0.name());
    }
    none(faults);
}

#[test]
fn files_of_locust_that_are_taken_for_one_another_are_told() {
    let history = plain("locust/standalone/run_stats_history.csv");
    let stats = plain("locust/standalone/run_stats.csv");
    for (format, bytes) in [(Format::LocustStats, &history), (Format::LocustHistory, &stats)] {
        let ask = Ask { format: Some(format), ..ASK };
        let refused: Refused = read_all(&[bytes], &ask).map(|_| ()).expect_err("it is the other");
        assert!(refused.why.is_usage(), "{}", refused.why);
    }
    let head = stats.split(|byte| *byte == b'\n').next().expect("a header");
    let all = stats.split(|byte| *byte == b'\n').rfind(|row| !row.is_empty()).expect("a last row");
    let only = [head, all].join(&b'\n');
    let sent = read_all(&[&only], &ASK).map(|run| run.load.sent);
    assert_eq!(sent, Ok(14_544), "all requests together are enough");
}
