//! Documents of GraphQL, messages of gRPC, and what may be shown of an answer's words.

use loadgate::sanitise::redacted;
use loadgate::script::graphql::operations;
use loadgate::script::message::{Descriptors, Method, Unread, payload};
use proptest::prelude::*;

use crate::support::proto::descriptor;

fn add() -> Method {
    let described = Descriptors::read(&descriptor()).expect("a set of descriptors");
    described.method("shop.v1.Cart/Add").expect("a method")
}

#[test]
fn operations_are_found_behind_comments_texts_and_fragments() {
    let found = |document| {
        let all = operations(document).into_iter();
        all.map(|one| format!("{} {}", one.kind, one.name.unwrap_or("-"))).collect::<Vec<_>>()
    };
    assert_eq!(found("{ a { query } }"), ["query -"]);
    assert_eq!(found("# query No { a }\nquery Yes { a(b: \"mutation { \\\" }\") }"), ["query Yes"]);
    let many =
        "fragment F on T { query } mutation M($a: I = { b: 1 }) @d(x: {y: 1}) { c } query {d}";
    assert_eq!(found(many), ["mutation M", "query -"]);
    assert_eq!(found("\"\"\"query A { a }\"\"\" subscription S { s }"), ["subscription S"]);
    assert_eq!(found("fragment F on T { query }"), Vec::<String>::new());
    assert_eq!(found(""), Vec::<String>::new());
}

#[test]
fn a_message_is_framed_with_its_length() {
    let frame = add().frame(br#"{"cart":"ab","gift":"true"}"#).expect("a message");
    assert_eq!(frame, b"\0\0\0\0\x06\x0a\x02ab\x18\x01");
    assert_eq!(payload(&frame), Ok(&frame[5..]));
    assert_eq!(add().frame(b"{}").expect("an empty message"), [0; 5]);
    assert_eq!(add().frame(b"{"), Err("the message is not JSON".to_owned()));
}

#[test]
fn an_answer_is_read_with_every_field_and_numbers_as_numbers() {
    let json = add().read(b"\0\0\0\0\x02\x10\x07").expect("a message");
    let read: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    let expected = serde_json::json!({"cart": "", "totalItems": 7, "wrapped": false, "ids": []});
    assert_eq!(read, expected);
    assert_eq!(add().read(b""), Err(Unread::Malformed("no message came")));
}

#[test]
fn what_looks_private_is_left_out_of_shown_words() {
    assert_eq!(redacted("no user ann@example.com 4711 here"), "no user … … here");
    assert_eq!(redacted("\u{1b}[31mred\u{202e}\nline"), "red line");
    assert_eq!(redacted("key 0123456789abcdef0123456789abcdef"), "key …");
    assert_eq!(redacted(&"word ".repeat(100)).chars().count(), 121);
}

proptest! {
    #[test]
    fn no_bytes_of_a_service_bring_a_reader_down(bytes: Vec<u8>, text: String) {
        let _ = add().read(&bytes);
        let _ = add().frame(&bytes);
        let _ = Descriptors::read(&bytes);
        let _ = operations(&text);
        prop_assert!(redacted(&text).chars().count() <= 121);
    }
}
