//! What is expected of an answer, and the words for what was not met.

use std::sync::Arc;

use loadgate::metric::StatusRange;
use loadgate::plan::rule::{Bound, JsonType, Sign};
use loadgate::plan::{Expect, HeaderRule, JsonRule};
use loadgate::sample::{End, Failure};
use loadgate::script::extract::Pattern;
use loadgate::script::shape::Shape;
use serde_json_path::JsonPath;

use super::{PATIENCE, drive_at, example, fire_all, get, hub, run};
use crate::support::server::{Act, Script, Server, answer, ok, raw};

fn check(act: Act, expect: Expect, why: Option<Failure>, words: &str) {
    let server = Server::start(Script::new().on("/x", [act]));
    let mut drive = drive_at(server.address(), vec![get("/x")]);
    drive.requests[0].expect = expect;
    run(async {
        let hub = hub(&drive, server.address());
        let answers = fire_all(&hub, &[0, 0], PATIENCE).await;
        assert_eq!(answers.iter().find_map(super::why), why, "{words}: {answers:?}");
        assert_eq!(example(&hub), words);
    });
    // An answer that is not as expected is whole all the same.
    assert_eq!(server.connections(), 1);
}

fn status(codes: &[&str]) -> Expect {
    let ranges = codes.iter().map(|code| StatusRange::parse(code).expect("a status")).collect();
    Expect { status: Some(ranges), ..Expect::default() }
}

fn body(text: &str) -> Expect {
    Expect { body: vec![text.to_owned()], ..Expect::default() }
}

fn header(name: &str, rule: HeaderRule) -> Expect {
    Expect { headers: vec![(name.to_owned(), rule)], ..Expect::default() }
}

fn json(path: &str, rule: JsonRule) -> Expect {
    let path = JsonPath::parse(path).expect("a path");
    Expect { json: vec![(path.into(), rule)], ..Expect::default() }
}

const UNMET: Option<Failure> = Some(Failure::Expectation);

#[test]
fn an_expected_status_replaces_the_rule() {
    check(answer(404, "", ""), status(&["404"]), None, "");
    check(answer(404, "", ""), status(&["2xx", "404"]), None, "");
    check(ok(""), status(&["404"]), Some(Failure::Status), "status 200");
}

#[test]
fn a_status_that_fails_outranks_what_else_was_not_met() {
    check(answer(500, "", "no"), body("yes"), Some(Failure::Status), "status 500");
}

#[test]
fn a_body_contains_what_it_must() {
    let chunked =
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nit \r\n5\r\nworks\r\n0\r\n\r\n";
    check(ok("it works"), body("works"), None, "");
    check(raw(chunked), body("t w"), None, "");
    check(ok("it fails"), body("works"), UNMET, "body does not contain \"works\"");
    let long = "x".repeat(500);
    let words = format!("body does not contain \"{}", "x".repeat(200 - 23));
    check(ok(""), body(&long), UNMET, &words);
}

#[test]
fn a_header_is_what_it_must_be() {
    let act = || answer(200, "X-Cache: miss\r\nX-Cache: HIT from edge\r\nEmpty:\r\n", "");
    check(act(), header("x-cache", HeaderRule::Present), None, "");
    check(act(), header("empty", HeaderRule::Present), None, "");
    check(act(), header("x-cache", HeaderRule::Equals("miss".into())), None, "");
    check(act(), header("x-cache", HeaderRule::Contains("HIT".into())), None, "");
    check(act(), header("x-no", HeaderRule::Present), UNMET, "no header \"x-no\"");
    let words = "header \"x-cache\" is not \"hit\"";
    check(act(), header("x-cache", HeaderRule::Equals("hit".into())), UNMET, words);
    let words = "header \"x-cache\" does not contain \"STALE\"";
    check(act(), header("x-cache", HeaderRule::Contains("STALE".into())), UNMET, words);
}

#[test]
fn values_in_json_are_what_they_must_be() {
    let act = || ok(r#"{"items":[1,2],"none":[],"state":"ok","price":2.0,"null":null}"#);
    let equals = |value: serde_json::Value| JsonRule::Equals(value);
    check(act(), json("$.items", JsonRule::NotEmpty), None, "");
    check(act(), json("$.null", JsonRule::Present), None, "");
    check(act(), json("$.state", equals("ok".into())), None, "");
    check(act(), json("$.price", equals(2.into())), None, "");
    check(act(), json("$.none", JsonRule::NotEmpty), UNMET, "$.none is empty");
    check(act(), json("$.null", JsonRule::NotEmpty), UNMET, "$.null is empty");
    check(act(), json("$.gone", JsonRule::Present), UNMET, "$.gone is missing");
    check(act(), json("$.state", equals("done".into())), UNMET, "$.state is not \"done\"");
    check(act(), json("$.items[*]", equals(1.into())), UNMET, "$.items[*] are 2 values, not one");
    check(ok("<html>"), json("$.a", JsonRule::Present), UNMET, "body is not JSON");
    let deep = "[".repeat(100_000);
    check(ok(&deep), json("$", JsonRule::Present), UNMET, "body is not JSON");
}

#[test]
fn an_answer_that_is_not_as_expected_keeps_its_status() {
    let server = Server::start(Script::new().on("/x", [ok("")]));
    let mut drive = drive_at(server.address(), vec![get("/x")]);
    drive.requests[0].expect = body("x");
    let answers = run(async { fire_all(&hub(&drive, server.address()), &[0], PATIENCE).await });
    let end = End::Failed { why: Failure::Expectation, status: Some(200) };
    assert_eq!(answers[0].end, end);
}

#[test]
fn a_body_has_the_size_the_texts_and_the_patterns_that_it_must_have() {
    let size = |sign, limit: u64| Expect {
        size: Some(Bound { sign, limit, written: format!("< {limit}B") }),
        ..Expect::default()
    };
    let lacks = |text: &str| Expect { lacks: vec![text.to_owned()], ..Expect::default() };
    let regex = |text: &str| Expect {
        matches: vec![Pattern::parse(text, None).expect("a pattern")],
        ..Expect::default()
    };
    check(ok("12345"), size(Sign::AtMost, 5), None, "");
    check(ok("12345"), size(Sign::Below, 5), UNMET, "the size of the body is not < 5B");
    check(ok("all well"), lacks("error"), None, "");
    check(ok("an error"), lacks("error"), UNMET, "body contains \"error\"");
    check(ok("id p12"), regex("p[0-9]+"), None, "");
    check(ok("id p"), regex("p[0-9]+"), UNMET, "body does not match \"p[0-9]+\"");
}

#[test]
fn a_value_in_json_is_of_the_type_the_count_and_the_size_it_must_be() {
    let body = r#"{"items":[{"id":"p1"},{"id":"p2"}],"total":12.5,"whole":3,"none":[]}"#;
    let one = |path: &str, rule: JsonRule, words: &str| {
        let why = (!words.is_empty()).then_some(Failure::Expectation);
        check(ok(body), json(path, rule), why, words);
    };
    let count =
        |sign, limit| JsonRule::Count(Bound { sign, limit, written: format!("{sign:?} {limit}") });
    let above =
        |limit| JsonRule::Number(Bound { sign: Sign::Above, limit, written: format!("> {limit}") });
    let regex = |text| JsonRule::Matches(Pattern::parse(text, None).expect("a pattern"));
    one("$.items", JsonRule::Type(JsonType::Array), "");
    one("$.whole", JsonRule::Type(JsonType::Integer), "");
    one("$.total", JsonRule::Type(JsonType::Integer), "$.total is not of the type integer");
    one("$.items[*].id", JsonRule::Type(JsonType::String), "");
    one("$.items", count(Sign::AtLeast, 2), "");
    one("$.items", count(Sign::Equal, 3), "$.items has not Equal 3");
    one("$.items[*]", count(Sign::Equal, 2), "");
    one("$.gone[*]", count(Sign::Equal, 0), "");
    one("$.gone", count(Sign::Equal, 0), "$.gone is missing");
    one("$.total", above(12.0), "");
    one("$.total", above(13.0), "$.total is not > 13");
    one("$.items", above(0.0), "$.items is not > 0");
    one("$.items[*].id", regex("^p[0-9]$"), "");
    one("$.items[1].id", regex("1"), "$.items[1].id does not match \"1\"");
}

#[test]
fn a_body_fits_its_schema() {
    let schema = include_bytes!("../../data/product.schema.json");
    let shape = Arc::new(Shape::read("p.json", schema).expect("a schema"));
    let fits = || Expect { schema: Some(Arc::clone(&shape)), ..Expect::default() };
    check(ok(r#"{"items":[{"id":"p1","price":1}]}"#), fits(), None, "");
    let words = "body does not fit p.json: minimum at /items/0/price";
    check(ok(r#"{"items":[{"id":"p1","price":-1}]}"#), fits(), UNMET, words);
    check(ok("{}"), fits(), UNMET, "body does not fit p.json: required at the whole");
    check(ok("no"), fits(), UNMET, "body is not JSON");
}
