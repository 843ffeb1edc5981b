use std::collections::BTreeSet;
use std::io::{self, Read};
use std::sync::Arc;
use std::thread;

use loadgate::script::draw::Draws;
use loadgate::script::feeder::{Feeder, OnEnd, Pick, Shard};
use loadgate::script::read::{self, BadData};
use loadgate::script::table::{Row, Table};

use super::{feeder, file, numbers};

/// A fault as a person reads it.
fn told(read: Result<Table, BadData>) -> String {
    let bad = read.expect_err("the file has a fault");
    format!("{bad}; {}", bad.hint)
}

fn cell(table: &Arc<Table>, row: usize, column: &str) -> Option<String> {
    Row::of(table, row)?.cell(column).map(str::to_owned)
}

#[test]
fn cells_come_back_as_csv_has_them() {
    let long = "ü".repeat(5_000);
    let text = format!("\u{feff}id, name ,note\r\n1,ann,\r\n\r\n2,\"b, \"\"c\"\"\nd\",{long}");
    let table = Arc::new(read::csv(text.as_bytes()).expect("it is CSV"));
    let columns: Vec<&str> = table.columns().iter().map(AsRef::as_ref).collect();
    assert_eq!((columns, table.rows()), (vec!["id", "name", "note"], 2));
    assert_eq!(cell(&table, 0, "id").as_deref(), Some("1"));
    assert_eq!(cell(&table, 0, "note").as_deref(), Some(""));
    assert_eq!(cell(&table, 1, "name").as_deref(), Some("b, \"c\"\nd"));
    assert_eq!(cell(&table, 1, "note"), Some(long));
    assert_eq!(cell(&table, 1, "other"), None);
    assert_eq!(cell(&table, 2, "id"), None);
}

#[test]
fn rows_of_json_lines_are_objects() {
    let text = "\u{feff}{\"a\": 1}\n\n  {\"b\": {\"c\": [true]}, \"a\": \"x\"}  \r\n";
    let table = Arc::new(read::json_lines(text.as_bytes()).expect("it is JSON"));
    assert_eq!(table.columns().iter().map(AsRef::as_ref).collect::<Vec<&str>>(), ["a", "b"]);
    assert!(!table.is_rectangular());
    let row = Row::of(&table, 1).expect("there are two rows").object().expect("it is an object");
    let json = serde_json::to_string(&row).expect("it is JSON");
    assert_eq!(json, "{\"a\":\"x\",\"b\":{\"c\":[true]}}");
}

#[test]
fn faults_of_csv_are_told_with_their_place_and_advice() {
    let cases: &[(&[u8], &str)] = &[
        (b"", "the file is empty; name the columns in the first line, one row in each other"),
        (b"\n\n", "the file is empty; name the columns in the first line, one row in each other"),
        (b"a,b\n", "there is a header and no row; add at least one row under it"),
        (
            b"a,b\n1,2\n3\n",
            "line 3: 1 cell, where the header names 2; \
             write an empty cell as nothing between two commas",
        ),
        (
            b"a,b\n\"x\ny\",2\n3,4,5",
            "line 4: 3 cells, where the header names 2; put a cell that contains a comma in quotes",
        ),
        (
            b"id,a, id \n1,2,3",
            "line 1: two columns are named `id`; give each column a name of its own",
        ),
        (b"a,,b\n1,2,3", "line 1: column 2 has no name; name every column"),
        (b"a;b\n1;2\n", "line 1: the cells seem to be separated by `;`; separate them by commas"),
        (
            b"a\tb\n1\t2\n",
            "line 1: the cells seem to be separated by tabs; separate them by commas",
        ),
        (
            b"a,b\n1,2\n3,\"4\n5,6\n",
            "line 3: a quote is opened in this row and never closed; \
             close the quote with `\"`; write a quote inside a cell as `\"\"`",
        ),
        (
            b"a,b\nx,\xC3\xBC\nxy\xC3\xBC,\xE4\n",
            "line 3, column 5: byte 14 is not UTF-8; save the file as UTF-8",
        ),
        (b"\xFF\xFEa\0,\0", "line 1, column 1: byte 0 is not UTF-8; save the file as UTF-8"),
        (b"a\nx\xC3", "line 2, column 2: byte 3 is not UTF-8; save the file as UTF-8"),
    ];
    for (text, expected) in cases {
        assert_eq!(told(read::csv(*text)), *expected, "{}", String::from_utf8_lossy(text));
        // One byte at a time must make no difference.
        assert_eq!(told(read::csv(Drip(text))), *expected);
    }
}

#[test]
fn faults_of_json_lines_are_told_with_their_place_and_advice() {
    let one = "write one object in each line";
    let object = "write one object in each line: {\"email\": \"a@example.org\"}";
    let whole = "write one whole JSON object in each line, not over several lines";
    let cases: &[(&[u8], String)] = &[
        (b" \n", format!("the file is empty; {object}")),
        (
            b"{\"a\":1}\n[{\"a\":1}]",
            format!("line 2: this is a list, not an object; {one}, as `jq -c '.[]'` does"),
        ),
        (b"secret", format!("line 1: this is not a JSON object; {object}")),
        (
            b"{\"a\":1}\n\n  {\"\xC3\xBC\": tru}\n",
            format!("line 3, column 12: not JSON: expected ident; {whole}"),
        ),
        (b"{\n\"a\":1}\n", format!("line 1, column 2: the line ends inside the object; {whole}")),
        (
            b"{\"a\":1} {\"a\":2}",
            format!("line 1, column 9: not JSON: trailing characters; {whole}"),
        ),
        (
            b"{\"a\":\"\xE4\"}",
            "line 1, column 7: byte 6 is not UTF-8; save the file as UTF-8".to_owned(),
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(&told(read::json_lines(*text)), expected);
        assert_eq!(&told(read::json_lines(Drip(text))), expected);
    }
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 20));
    assert_eq!(
        told(read::json_lines(long.as_bytes())),
        format!("line 1: the line is longer than 1 MiB; {one}")
    );
}

#[test]
fn a_disk_that_fails_is_told() {
    let error = || io::Error::other("the disk is gone");
    let told = [told(read::csv(Failing(error()))), told(read::json_lines(Failing(error())))];
    let expected = "cannot be read: the disk is gone; check the file and its disk";
    assert_eq!(told, [expected, expected]);
}

#[test]
fn a_table_takes_little_more_memory_than_its_file() {
    let rows = 20_000_usize;
    let csv = file("email,id,empty,quoted", rows, |row| format!("u{row}@example.org,{row},,\"x\""));
    let lines = file("{}", rows, |row| format!("{{\"id\": {row}, \"a\": []}}"));
    let limit = |file: &str| file.len() * 13 / 10 + 16 * rows;
    let table = read::csv(csv.as_bytes()).expect("it is CSV");
    assert!(table.memory() <= limit(&csv), "{} for {}", table.memory(), csv.len());
    let table = read::json_lines(lines.as_bytes()).expect("it is JSON");
    assert!(table.memory() <= limit(&lines), "{} for {}", table.memory(), lines.len());
}

/// The rows that four threads pick at the same time, each so many, or until nothing is left.
fn picked_by_threads(feeder: &Feeder, each: u64) -> Vec<usize> {
    let pick_all = |user| {
        let picks = (0..each).map_while(move |turn| feeder.pick(user, turn).ok());
        picks.map(|row| row.index()).collect::<Vec<_>>()
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|user| scope.spawn(move || pick_all(user))).collect();
        let picked = threads.into_iter().map(|thread| thread.join().expect("it only picks"));
        picked.flatten().collect()
    })
}

#[test]
fn once_gives_each_row_once_over_threads_and_shards() {
    let shards = 3;
    let picked = (0..shards).flat_map(|index| {
        let shard = Shard::new(index, shards).expect("it is below");
        picked_by_threads(&feeder("row", numbers(1_000), Pick::Once, shard), 1_000)
    });
    let picked: Vec<usize> = picked.collect();
    assert_eq!(picked.len(), 1_000);
    assert_eq!(picked.into_iter().collect::<BTreeSet<_>>(), (0..1_000).collect());
}

#[test]
fn next_covers_the_rows_evenly_over_threads_and_shards() {
    let mut counts = [0; 7];
    for index in 0..2 {
        let shard = Shard::new(index, 2).expect("it is below");
        let feeder = feeder("row", numbers(7), Pick::Next(OnEnd::Wrap), shard);
        for row in picked_by_threads(&feeder, 70) {
            counts[row] += 1;
        }
    }
    assert_eq!(counts, [80; 7]);
}

#[test]
fn a_feeder_without_rows_left_says_what_to_do() {
    let once = feeder("row", numbers(1), Pick::Once, Shard::ALONE);
    let stop = feeder("row", numbers(2), Pick::Next(OnEnd::Stop), Shard::ALONE);
    assert_eq!(once.pick(0, 0).map(|row| row.index()).ok(), Some(0));
    let used_up = once.pick(0, 1).expect_err("there was one row");
    let expected = "data `row` is used up: its 1 row was picked once; \
                    add rows to the 1, or write `pick = \"next\"`";
    assert_eq!((used_up.to_string().as_str(), used_up.wanted), (expected, false));
    assert!(stop.pick(0, 0).is_ok() && stop.pick(9, 9).is_ok());
    let used_up = stop.pick(0, 1).expect_err("there were two rows");
    let expected =
        "data `row` is used up: each of its rows was picked once, and `at_end` says stop";
    assert_eq!((used_up.to_string().as_str(), used_up.wanted), (expected, true));
}

#[test]
fn drawn_numbers_stay_what_they_were() {
    let user = Draws::of(7, 3);
    let numbers = [user.draw(), user.draw(), user.draw_below(1_000)];
    assert_eq!(numbers, [0x3aba_c588_200e_4375, 0xb58a_5915_801b_6080, 714]);
}

#[test]
fn random_rows_depend_on_seed_user_and_turn_and_are_even() {
    let one = feeder("row", numbers(10), Pick::Random, Shard::ALONE);
    let again = feeder("row", numbers(10), Pick::Random, Shard::ALONE);
    let other = feeder("other", numbers(10), Pick::Random, Shard::ALONE);
    let picks = |feeder: &Feeder, user| -> Vec<usize> {
        let rows = (0..1_000).map(|turn| feeder.pick(user, turn).expect("there are rows"));
        rows.map(|row| row.index()).collect()
    };
    assert_eq!(picks(&one, 1), picks(&again, 1));
    assert_ne!(picks(&one, 1), picks(&one, 2));
    assert_ne!(picks(&one, 1), picks(&other, 1));
    let mut counts = [0; 10];
    for row in picks(&one, 5) {
        counts[row] += 1;
    }
    // 1,000 draws of ten: 100 each, standard deviation 9.5.
    assert!(counts.iter().all(|count| (60..=140).contains(count)), "{counts:?}");
}

/// Gives one byte at a time.
struct Drip<'a>(&'a [u8]);

impl Read for Drip<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let len = out.len().min(1);
        self.0.read(&mut out[..len])
    }
}

/// Fails at once.
struct Failing(io::Error);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::new(self.0.kind(), self.0.to_string()))
    }
}
