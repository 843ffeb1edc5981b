//! Events out of bytes, whatever way these come.

use loadgate::load::wire::sse::{MOST_EVENT, Parser, TooLarge};
use proptest::prelude::*;

/// Type, data and identifier of each event in pieces of bytes.
fn events(pieces: &[&[u8]]) -> Result<Vec<[String; 3]>, TooLarge> {
    let (mut parser, mut seen) = (Parser::default(), Vec::new());
    for piece in pieces {
        parser.feed(piece, |event| {
            seen.push([&event.kind, &event.data, &event.id].map(ToString::to_string));
        })?;
    }
    Ok(seen)
}

fn check(stream: &str, expected: &[[&str; 3]]) {
    let seen = events(&[stream.as_bytes()]).expect("no event is too large");
    assert_eq!(seen, expected.iter().map(|one| one.map(str::to_owned)).collect::<Vec<_>>());
}

#[test]
fn the_examples_of_the_standard_read_as_it_says() {
    let stocks = "data: YHOO\ndata: +2\ndata: 10\n\n";
    check(stocks, &[["message", "YHOO\n+2\n10", ""]]);
    let comments = ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\n\
                    data:  third event\n\n";
    let three = [
        ["message", "first event", "1"],
        ["message", "second event", ""],
        ["message", " third event", ""],
    ];
    check(comments, &three);
    // The last block is not followed by an empty line, and so is not dispatched.
    check("data\n\ndata\ndata\n\ndata:", &[["message", "", ""], ["message", "\n", ""]]);
    check("data:test\n\ndata: test\n\n", &[["message", "test", ""], ["message", "test", ""]]);
}

#[test]
fn lines_end_in_any_of_three_ways_and_a_mark_may_stand_in_front() {
    check("data: a\r\n\r\ndata: b\r\rdata: c\n\n", &["a", "b", "c"].map(|it| ["message", it, ""]));
    check("\u{feff}data: a\n\n\u{feff}data: b\n\n", &[["message", "a", ""]]);
    check(
        "event: add\ndata: 1\n\nevent: none\n\ndata: 2\n\n",
        &[["add", "1", ""], ["message", "2", ""]],
    );
    check(
        "id: 7\ndata: a\n\nid: x\0y\ndata: b\n\n",
        &[["message", "a", "7"], ["message", "b", "7"]],
    );
    check("DATA: a\ndata : b\nother\n\n", &[]);
}

#[test]
fn a_stream_says_when_it_wants_to_be_opened_again() {
    let mut parser = Parser::default();
    parser.feed(b"retry: 1500\nretry: 1s\nretry\n", |_| {}).expect("no event is too large");
    assert_eq!(parser.retry(), Some(1500));
    parser.feed(b"data: half\n", |_| {}).expect("no event is too large");
    assert_eq!(parser.unfinished().as_deref(), Some("half"));
}

#[test]
fn what_is_no_text_is_shown_as_such_and_what_is_too_large_is_not_read() {
    let seen = events(&[b"data: \xff\xfe\n\n"]).expect("no event is too large");
    assert_eq!(seen[0][1], "\u{fffd}\u{fffd}");
    let line = vec![b'x'; MOST_EVENT + 1];
    assert_eq!(events(&[&line]), Err(TooLarge));
    let many = b"data: 0123456789\n".repeat(MOST_EVENT / 11 + 1);
    assert_eq!(events(&[&many]), Err(TooLarge));
    let fits = [b"data: ".as_slice(), &vec![b'x'; MOST_EVENT - 6], b"\n\n"];
    assert_eq!(events(&fits).map(|seen| seen.len()), Ok(1));
}

proptest! {
    #[test]
    fn any_way_of_cutting_gives_the_same_events(
        lines in prop::collection::vec(
            prop_oneof![
                Just(String::new()),
                "(data|event|id|retry|:|[a-zé\u{feff}]{0,3})(: ?[ -~é\u{1F600}]{0,12})?",
            ],
            0..24,
        ),
        ends in prop::collection::vec(0_usize..3, 24),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let ends = ends.iter().map(|end| ["\n", "\r", "\r\n"][*end]);
        let text: String = lines.iter().zip(ends).flat_map(|(line, end)| [line, end]).collect();
        let bytes = text.as_bytes();
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        at.extend([0, bytes.len()]);
        at.sort_unstable();
        let pieces: Vec<&[u8]> = at.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
        prop_assert_eq!(events(&pieces), events(&[bytes]));
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        prop_assert_eq!(events(&single), events(&[bytes]));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        prop_assert!(events(&[&bytes]).is_ok());
    }
}
