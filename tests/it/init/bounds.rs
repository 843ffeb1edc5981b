//! Sizes and shapes that would hurt a careless reader.

use std::fmt::Write as _;

use loadgate::init::{Source, Unreadable};

use super::{ASK, WRITES, draft, read};

#[test]
fn a_gate_file_names_a_thousand_endpoints_at_most() {
    let mut paths = String::new();
    for number in 0..1_100 {
        let _ =
            write!(paths, "{}\"/a{number}\":{{\"get\":{{}}}}", if number > 0 { "," } else { "" });
    }
    let text = format!(r#"{{"openapi":"3.0.0","paths":{{{paths}}}}}"#);
    let draft = draft(Source::OpenApi, &text, ASK);
    assert_eq!(read(&draft.toml).drive.expect("a load").requests.len(), 1_000);
    assert!(
        draft.notes.iter().any(|note| note.starts_with("100 operations were left out")),
        "{:?}",
        draft.notes
    );
}

#[test]
fn a_file_beyond_sixteen_mebibytes_is_refused() {
    let mut bytes = vec![b' '; 16 * 1024 * 1024 + 1];
    bytes[0] = b'{';
    for source in [Source::OpenApi, Source::Har, Source::Postman] {
        assert_eq!(loadgate::init::draft(source, &bytes, ASK), Err(Unreadable::TooLarge));
    }
}

#[test]
fn a_deep_body_is_written_as_text() {
    let deep = format!("{}1{}", "[".repeat(90), "]".repeat(90));
    let text = format!(
        r#"{{"openapi":"3.0.0","paths":{{"/a":{{"post":{{"requestBody":{{"content":
            {{"application/json":{{"example":{deep}}}}}}}}}}}}}}}"#
    );
    let draft = draft(Source::OpenApi, &text, WRITES);
    let body = read(&draft.toml).drive.expect("a load").requests[0].body.clone().expect("a body");
    let compact: Vec<u8> =
        body.bytes.into_iter().filter(|byte| !byte.is_ascii_whitespace()).collect();
    assert_eq!(String::from_utf8(compact).expect("text"), deep);
}

#[test]
fn deep_nesting_is_refused() {
    let json = "[".repeat(100_000);
    let yaml = format!("a: {}", "[".repeat(100_000));
    let mut steps = String::new();
    for depth in 0..2_000 {
        let _ = writeln!(steps, "{}a:", " ".repeat(depth));
    }
    for text in [json, yaml, steps] {
        let refused = loadgate::init::draft(Source::OpenApi, text.as_bytes(), ASK);
        assert!(matches!(refused, Err(Unreadable::Syntax { .. })), "{refused:?}");
    }
}

#[test]
fn forty_levels_of_yaml_are_read() {
    let (open, close) = ("[".repeat(32), "]".repeat(32));
    let text = format!(
        "openapi: 3.0.0\npaths:\n  /a:\n    post:\n      requestBody:\n        content:\n          \
         application/json:\n            example: {open}1{close}\n"
    );
    let draft = draft(Source::OpenApi, &text, WRITES);
    let body = read(&draft.toml).drive.expect("a load").requests[0].body.clone().expect("a body");
    let text = String::from_utf8(body.bytes).expect("text");
    assert_eq!(text.matches('[').count(), 32);
}

#[test]
fn aliases_that_multiply_are_refused() {
    let mut text = "openapi: 3.0.0\nx0: &x0 [1, 2, 3, 4, 5, 6, 7, 8, 9]\n".to_owned();
    for level in 1..12 {
        let before = vec![format!("*x{}", level - 1); 9].join(", ");
        let _ = writeln!(text, "x{level}: &x{level} [{before}]");
    }
    let refused = loadgate::init::draft(Source::OpenApi, text.as_bytes(), ASK);
    assert!(matches!(refused, Err(Unreadable::Syntax { .. })), "{refused:?}");
}

#[test]
fn schemas_that_multiply_end() {
    let mut schemas = String::new();
    for level in 0..40 {
        let next = format!("{{\"$ref\":\"#/components/schemas/s{}\"}}", level + 1);
        let fields: Vec<String> = (0..20).map(|field| format!("\"f{field}\":{next}")).collect();
        let _ = write!(schemas, "\"s{level}\":{{\"properties\":{{{}}}}},", fields.join(","));
    }
    let text = format!(
        r##"{{"openapi":"3.0.0","paths":{{"/a":{{"post":{{"requestBody":
            {{"content":{{"application/json":{{"schema":
            {{"$ref":"#/components/schemas/s0"}}}}}}}}}}}}}},
            "components":{{"schemas":{{{schemas}"z":{{}}}}}}}}"##
    );
    let draft = draft(Source::OpenApi, &text, WRITES);
    assert!(draft.toml.len() < 100_000, "{}", draft.toml.len());
}

#[test]
fn references_in_a_circle_end() {
    let text = r##"{"openapi":"3.0.0","paths":{"/a":{"$ref":"#/paths/~1b"},
        "/b":{"$ref":"#/paths/~1a"},
        "/c":{"$ref":"other.json#/x"},
        "/d":{"get":{"parameters":[{"$ref":"#/components/parameters/p"}]}}},
        "components":{"parameters":{"p":{"$ref":"#/components/parameters/p"}}}}"##;
    let draft = draft(Source::OpenApi, text, ASK);
    assert!(
        draft.notes.iter().any(|note| note.starts_with("3 paths were left out")),
        "{:?}",
        draft.notes
    );
}

#[test]
fn a_body_or_a_path_beyond_measure_is_left_out() {
    let one = |path: &str, body: &str| {
        format!(
            r#"{{"request":{{"method":"POST","url":"http://x.test/{path}",
            "postData":{{"mimeType":"text/plain","text":"{body}"}}}},
            "response":{{"status":200}}}}"#
        )
    };
    let entries = [one("a", "x"), one("b", &"x".repeat(70_000)), one(&"c".repeat(9_000), "x")];
    let text = format!(r#"{{"log":{{"entries":[{}]}}}}"#, entries.join(","));
    let draft = draft(Source::Har, &text, ASK);
    assert_eq!(read(&draft.toml).drive.expect("a load").requests.len(), 1);
    assert!(
        draft.notes.iter().any(|note| note.starts_with("2 requests were left out")),
        "{:?}",
        draft.notes
    );
}
