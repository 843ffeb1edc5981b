use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde_json::json;

use super::{fails, holds};
use crate::support::serving::Serving;

/// An answer that has something to take everywhere.
async fn page() -> impl IntoResponse {
    let headers = [
        ("x-trace", "t-1"),
        ("set-cookie", "session=old; Path=/elsewhere"),
        ("set-cookie", "other=o; Path=/elsewhere"),
        ("set-cookie", "session=new; HttpOnly; Path=/elsewhere"),
    ];
    let body = json!({ "items": [{ "id": 7 }, { "id": 8.5 }], "name": "Ann \"Lee\"", "n": null });
    (StatusCode::NON_AUTHORITATIVE_INFORMATION, headers, axum::Json(body))
}

fn service() -> Serving {
    let text = async || "order=AB-12; total=3";
    let told = async |body: String| body;
    let router = Router::new().route("/page", get(page)).route("/text", get(text));
    Serving::routes(router.route("/told", post(told)))
}

const TAKER: &str = r#"
[[scenario]]
name = "taker"
[[scenario.steps]]
get = "/page"
[scenario.steps.extract]
id = { json = "$.items[1].id" }
ids = { json = "$.items[*].id" }
items = { json = "$.items" }
name = { json = "$.name" }
trace = { header = "X-Trace" }
session = { cookie = "session" }
status = { status = true }
nothing = { json = "$.n", default = "null" }
[[scenario.steps]]
get = "/text"
[scenario.steps.extract]
order = { regex = "order=([A-Z]+-[0-9]+)" }
letters = { regex = "(?<word>[A-Z]+)-(?<number>[0-9]+)", group = "word" }
number = { regex = "(?<word>[A-Z]+)-(?<number>[0-9]+)", group = 2 }
match = { regex = "total=[0-9]" }
whole = { body = true }
path = { json = "$.id", default = "no JSON" }
header = { header = "x-none", default = "" }
cookie = { cookie = "session", default = "none" }
[[scenario.steps]]
post = "/told"
body = """{{ id }} {{ ids }} {{ items[0].id }} {{ name }} {{ trace }} {{ session }} \
{{ status + 1 }} {{ nothing }} {{ order }} {{ letters }} {{ number }} {{ match }} \
{{ whole }} {{ path }} <{{ header }}> {{ cookie }}"""
[scenario.steps.expect.body]
contains = """8.5 7 7 Ann "Lee" t-1 new \
204 null AB-12 AB 12 total=3 \
order=AB-12; total=3 no JSON <> none"""
"#;

#[test]
fn every_way_to_take_a_value_takes_it_in_both_models() {
    holds(&service(), "", TAKER);
}

#[test]
fn a_value_that_is_missing_fails_the_step_and_all_that_would_follow() {
    let step = |name: &str, from: &str| {
        format!(
            "[[scenario]]\nname = \"{name}\"\n[[scenario.steps]]\nname = \"{name}\"\n\
             get = \"/page\"\nextract.a = {from}\n[[scenario.steps]]\nname = \"behind\"\n\
             post = \"/told\"\nbody = \"{{{{ a }}}}\"\n"
        )
    };
    let steps = [
        step("json", "{ json = \"$.items[2].id\" }"),
        step("null", "{ json = \"$.n\" }"),
        step("regex", "{ regex = \"id=([0-9]+)\" }"),
        step("header", "{ header = \"etag\" }"),
        step("cookie", "{ cookie = \"Session\" }"),
    ];
    let told = fails(&service(), "", &steps.concat());
    let words = |name: &str| told[name]["expectation"].as_str().expect(name).to_owned();
    assert_eq!(words("json"), "extract.a: $.items[2].id matched nothing");
    assert_eq!(words("null"), "extract.a: $.n is null");
    assert_eq!(words("regex"), "extract.a: the pattern matched nothing");
    assert_eq!(words("header"), "extract.a: the answer has no header `etag`");
    assert_eq!(words("cookie"), "extract.a: the answer sets no cookie `Session`");
    assert!(!told.contains_key("behind"));
}
