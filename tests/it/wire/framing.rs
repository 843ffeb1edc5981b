//! HTTP/1.1 answers read the same however they are cut, and nothing makes the reader panic.

use loadgate::load::wire::answer::{Asked, Progress, Reader};
use loadgate::load::wire::fault::Fault;
use loadgate::load::wire::known::Known;
use loadgate::plan::{Expect, HeaderRule};
use proptest::prelude::*;

/// All that a reader says of an answer.
#[derive(Debug, PartialEq)]
struct Read {
    end: Result<(), Fault>,
    used: usize,
    status: Option<u16>,
    reusable: bool,
    body: Vec<u8>,
    unmet: Option<String>,
}

/// Reads bytes in pieces of these sizes, the rest in one piece, then the end of the connection.
fn read(bytes: &[u8], sizes: &[usize], head: bool) -> Read {
    let expect = Expect {
        body: vec![String::new()],
        headers: vec![("x-needed".to_owned(), HeaderRule::Present)],
        ..Expect::default()
    };
    read_as(Asked { head, expect: &expect, known: None }, bytes, sizes)
}

fn read_as(asked: Asked<'_>, bytes: &[u8], sizes: &[usize]) -> Read {
    let mut reader = Reader::default();
    let (mut at, mut body, mut end, mut sizes) = (0, None, None, sizes.iter());
    while at < bytes.len() && end.is_none() {
        let size = sizes.next().map_or(bytes.len(), |size| size + 1).min(bytes.len() - at);
        let piece = &bytes[at..at + size];
        at += match reader.feed(asked, piece) {
            Ok(Progress::More) => size,
            Ok(Progress::Whole { used, body: range }) => {
                end = Some(Ok(()));
                body = range.map(|range| piece[range].to_vec());
                used
            }
            Err(fault) => {
                end = Some(Err(fault));
                0
            }
        };
    }
    let end = end.unwrap_or_else(|| reader.end(true));
    let failed = end.is_err();
    Read {
        // Where it failed depends on the cut, and so does how much of the body had come by then.
        used: if failed { 0 } else { at },
        status: reader.status().filter(|_| !failed),
        reusable: reader.reusable(),
        body: if failed { Vec::new() } else { body.unwrap_or_else(|| reader.body().to_vec()) },
        unmet: reader.unmet().filter(|_| !failed).map(|unmet| unmet.what.clone()),
        end,
    }
}

/// Pieces of answers, good and bad, in any order.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::sample::select(vec![
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.0 404 Not Found\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 204 None\r\n\r\n",
        "HTTP/1.1",
        "Content-Length: 5\r\n",
        "content-length: 5, 5\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Connection: close\r\n",
        "Connection: keep-alive\r\n",
        "X-Needed: 1\r\n",
        "\r\n",
        "\n",
        "hello",
        "5\r\nhello\r\n",
        "a;b=c\r\n0123456789\r\n",
        "0\r\n\r\n",
        "0\r\nx: y\r\n\r\n",
        "\0",
    ]);
    prop::collection::vec(pieces, 0..9).prop_map(|pieces| pieces.concat().into_bytes())
}

/// Whole answers of every framing, with more behind them or cut short.
fn likely() -> impl Strategy<Value = Vec<u8>> {
    let heads = prop::sample::select(vec![
        "HTTP/1.1 200 OK\r\ncontent-length: 7\r\nx-needed: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        "HTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n",
    ]);
    let bodies = prop::sample::select(vec![
        "7 bytes",
        "7 bytes and more",
        "3\r\nabc\r\n10 ; x\r\n0123456789abcdef\r\n0\r\na: b\r\n\r\nmore",
        "3\r\nabc\r\n",
        "",
    ]);
    (heads, bodies).prop_map(|(head, body)| [head, body].concat().into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn an_answer_reads_the_same_wherever_it_is_cut(
        bytes in prop_oneof![likely(), text()],
        sizes in prop::collection::vec(0usize..20, 0..40),
        head in any::<bool>(),
    ) {
        let ones = vec![0; bytes.len()];
        let whole = read(&bytes, &[], head);
        prop_assert_eq!(&read(&bytes, &sizes, head), &whole);
        prop_assert_eq!(&read(&bytes, &ones, head), &whole);
    }

    #[test]
    fn a_head_that_is_known_reads_as_one_that_is_not(
        answers in prop::collection::vec(prop_oneof![likely(), text()], 1..5),
        sizes in prop::collection::vec(0usize..90, 0..9),
        head in any::<bool>(),
    ) {
        let expect = Expect { body: vec![String::new()], ..Expect::default() };
        let known = Known::default();
        for bytes in answers.iter().flat_map(|bytes| [bytes, bytes]) {
            let read = |known| read_as(Asked { head, expect: &expect, known }, bytes, &sizes);
            prop_assert_eq!(read(Some(&known)), read(None));
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        sizes in prop::collection::vec(0usize..50, 0..20),
        http in any::<bool>(),
    ) {
        let start = if http { &b"HTTP/1.1 200 OK\r\n"[..] } else { b"" };
        let bytes = [start, &bytes].concat();
        prop_assert!(read(&bytes, &sizes, false).used <= bytes.len());
    }
}

#[test]
fn a_body_that_nobody_looks_at_is_counted_and_not_kept() {
    let plain = Expect::default();
    let asked = Asked { head: false, expect: &plain, known: None };
    let piece = vec![b'x'; 1024 * 1024];
    for framing in ["content-length: 100000000\r\n", "transfer-encoding: chunked\r\n", ""] {
        let mut reader = Reader::default();
        let head = format!("HTTP/1.1 200 OK\r\n{framing}\r\n5f5e100\r\n");
        let fed = reader.feed(asked, head.as_bytes());
        assert!(fed.is_ok() || framing.starts_with("content-length"), "{fed:?}");
        let mut pieces = 0;
        while fed.is_ok() && reader.feed(asked, &piece).is_ok() {
            pieces += 1;
            assert!(pieces <= 64, "the cap is 64 MiB");
        }
        assert!(reader.body().is_empty(), "{framing}");
    }
}
