use loadgate::script::extract::{Extract, Group, Missing, Parts, Pattern, Source};
use loadgate::script::json::LazyJson;
use serde_json_path::JsonPath;

const BODY: &[u8] = br#"{"token":"t-1","n":2,"none":null,"items":[{"id":5},{"id":6}],
"html":"<a href='/x?y=7'>"}"#;
const HEADERS: [(&str, &[u8]); 5] = [
    ("Location", b" /orders/9 "),
    ("set-cookie", b"sid=old; Path=/"),
    ("Set-Cookie", b"sid=a=b; HttpOnly"),
    ("set-cookie", b"Sid=other"),
    ("x-bad", b"\xFF"),
];

fn json(path: &str) -> Source {
    Source::Json(JsonPath::parse(path).expect("it is a path").into())
}

fn regex(pattern: &str, group: Option<Group>) -> Source {
    Source::Regex(Pattern::parse(pattern, group).expect("it is a pattern"))
}

/// What is taken out of a body with the headers above, as JSON; or why nothing is.
fn take(from: Source, body: &[u8], default: Option<&str>) -> Result<String, String> {
    let lazy = LazyJson::new(body);
    let headers = HEADERS.into_iter();
    let parts = Parts { status: 201, headers, body, json: &lazy };
    let extract = Extract { into: "token".into(), from, default: default.map(str::to_owned) };
    let taken = extract.take(&parts).map_err(|missing: Missing| missing.to_string())?;
    assert_eq!(&*taken.into, "token");
    Ok(serde_json::to_string(&taken.value).expect("values are JSON"))
}

#[test]
fn values_are_found_where_they_are() {
    let group = |number| Some(Group::Number(number));
    let cases = [
        (json("$.token"), "\"t-1\""),
        (json("$.n"), "2"),
        (json("$.items[0]"), "{\"id\":5}"),
        (json("$.items[*].id"), "5"),
        (regex("href='([^']+)'", None), "\"/x?y=7\""),
        (regex("t-\\d", None), "\"t-1\""),
        (regex("(t)-(\\d)", group(2)), "\"1\""),
        (regex("(t)-(\\d)", group(0)), "\"t-1\""),
        (regex("y=(?<y>\\d)", Some(Group::Name("y".into()))), "\"7\""),
        (Source::Header("location".into()), "\"/orders/9\""),
        (Source::Cookie("sid".into()), "\"a=b\""),
        (Source::Status, "201"),
    ];
    for (from, expected) in cases {
        let told = format!("{from:?}");
        assert_eq!(take(from, BODY, Some("unused")).as_deref(), Ok(expected), "{told}");
    }
    assert_eq!(take(Source::Body, b"plain", None).as_deref(), Ok("\"plain\""));
}

#[test]
fn what_is_missing_is_named_without_a_piece_of_the_answer() {
    let cases: [(Source, &[u8], &str); 13] = [
        (json("$.tokn"), BODY, "$.tokn matched nothing"),
        (json("$.none"), BODY, "$.none is null"),
        (json("$.token"), b"", "the body is empty"),
        (json("$.token"), b"secret", "the body is not JSON: expected value at line 1 column 1"),
        (regex("nope", None), BODY, "the pattern matched nothing"),
        (regex("t(x)?-", None), BODY, "the pattern matched nothing"),
        (regex("(?-u:(\\xFF))", None), b"\xFF", "what the pattern matched is not UTF-8"),
        (Source::Header("x-id".into()), BODY, "the answer has no header `x-id`"),
        (Source::Header("x-bad".into()), BODY, "the header is not UTF-8"),
        (Source::Cookie("id".into()), BODY, "the answer sets no cookie `id`"),
        (Source::Cookie("SID".into()), BODY, "the answer sets no cookie `SID`"),
        (Source::Body, b"\xFF", "the body is not UTF-8"),
        (json("$"), b"[[[[", "the body is not JSON: EOF while parsing a list at line 1 column 4"),
    ];
    for (from, body, expected) in cases {
        assert_eq!(take(from.clone(), body, None), Err(format!("extract.token: {expected}")));
        assert_eq!(take(from, body, Some("spare")).as_deref(), Ok("\"spare\""));
    }
}

#[test]
fn json_is_parsed_once_whoever_looks() {
    let lazy = LazyJson::new(b"{\"a\":1}");
    let first = std::ptr::from_ref(lazy.value().expect("it is JSON"));
    assert_eq!(first, std::ptr::from_ref(lazy.value().expect("it is JSON")));
    assert_eq!(LazyJson::new(b" \n").value(), Err("the body is empty"));
}

#[test]
fn only_what_looks_into_the_body_needs_it() {
    let needs = |from| Extract { into: "a".into(), from, default: None }.needs_body();
    assert!(needs(json("$")) && needs(regex("a", None)) && needs(Source::Body));
    let others = [Source::Status, Source::Header("a".into()), Source::Cookie("a".into())];
    assert!(!others.into_iter().any(needs));
}

#[test]
fn bad_patterns_are_told_with_advice() {
    let syntax = "the syntax is https://docs.rs/regex/#syntax; it has no look-around";
    let around = "look-around, including look-ahead and look-behind, is not supported";
    let name = |name: &str| Some(Group::Name(name.to_owned()));
    let cases = [
        ("(a", None, "unclosed group", syntax),
        ("a(?=b)", None, around, syntax),
        ("\\w{999999}", None, "the pattern is too large", "use smaller counts"),
        ("(a)", Some(Group::Number(2)), "the pattern has no group 2", "its groups are 0 to 1"),
        ("(a)", name("id"), "the pattern has no group `id`", "name a group by `(?<id>…)`"),
        ("(?<x>a)", name("id"), "the pattern has no group `id`", "its groups are named x"),
    ];
    for (pattern, group, why, hint) in cases {
        let bad = Pattern::parse(pattern, group).expect_err(pattern);
        assert_eq!((bad.why.as_str(), bad.hint.as_str()), (why, hint), "{pattern}");
    }
}
