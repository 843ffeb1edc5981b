//! Collections: folders, variables, authorization, bodies.

use loadgate::init::Source;

use super::{ASK, draft, requests, why};

fn collection(items: &str, more: &str) -> String {
    format!(r#"{{"info":{{"name":"c"}},"item":[{items}]{more}}}"#)
}

fn check(items: &str, more: &str, expected: &str) {
    assert_eq!(requests(&draft(Source::Postman, &collection(items, more), ASK).toml), expected);
}

#[test]
fn requests_are_named_after_their_folders() {
    check(
        r#"{"name":"Shop","item":[
            {"name":"Cart","item":[{"name":"Show","request":"http://x.test/cart"}]},
            {"name":"Show","request":{"url":{"raw":"http://x.test/a"}}},
            {"name":"Show","request":{"url":{"protocol":"http","host":["x","test"],
                "path":["b",":id"],
                "query":[{"key":"q","value":"1 2"},{"key":"off","value":"1","disabled":true}],
                "variable":[{"key":"id","value":"<long>"}]}}}]}"#,
        "",
        r#"[[request]]
name = "Shop / Cart / Show"
get = "/cart"

[[request]]
name = "Shop / Show"
get = "/a"

[[request]]
name = "Shop / Show (2)"
get = "/b/${B_ID:-1}?q=1%202""#,
    );
}

#[test]
fn variables_are_filled_in_or_taken_from_the_environment() {
    let text = collection(
        r#"{"name":"a","request":{"method":"PUT",
            "url":"{{base}}/{{ver}}/p/{{id}}?t={{my_token}}&g={{$guid}}",
            "header":[{"key":"X-A","value":"{{who}}-{{ver}}"}],
            "body":{"mode":"raw","raw":"{\"n\": {{num}}, \"s\": \"{{who}} ${HOME}\"}"}}}"#,
        r#","variable":[{"key":"base","value":"https://{{host}}"},{"key":"host","value":"x.test"},
            {"key":"ver","value":"v1"},{"key":"my_token","value":"canary-1234"},
            {"key":"num","value":"7"}]"#,
    );
    let draft = draft(Source::Postman, &text, ASK);
    assert_eq!(
        requests(&draft.toml),
        r#"[[request]]
name = "a"
put = "/v1/p/${API_ID}?t=${MY_TOKEN}&g=00000000-0000-4000-8000-000000000000"
headers = { x-a = "${WHO}-v1" }
json = { n = 7, s = "${WHO} $${HOME}" }"#
    );
    assert!(draft.toml.contains("url = \"${BASE_URL:-https://x.test}\""), "{}", draft.toml);
    assert!(!draft.toml.contains("canary"));
    assert_eq!(
        draft.notes,
        [
            "`{{id}}` has no value here: set `API_ID`",
            "`{{who}}` has no value here: set `WHO`",
            "1 request may change data on every call: choose the target with that in mind",
            "secrets were replaced by variables to set: `my_token` is `${MY_TOKEN}`",
        ]
    );
}

#[test]
fn authorization_is_inherited_and_hidden() {
    let one = |name: &str, auth: &str| {
        format!(r#"{{"name":"{name}","request":{{"url":"http://x.test/{name}"{auth}}}}}"#)
    };
    let items = [
        one("a", ""),
        one("b", r#","auth":{"type":"noauth"}"#),
        one(
            "c",
            r#","auth":{"type":"basic","basic":[
                {"key":"username","value":"me"},{"key":"password","value":"canary-pw-7"}]}"#,
        ),
        one("d", r#","auth":{"type":"apikey","apikey":{"key":"X-Key","value":"canary-kk"}}"#),
        one(
            "e",
            r#","auth":{"type":"apikey","apikey":[{"key":"key","value":"key"},
                {"key":"value","value":"canary-k2"},{"key":"in","value":"query"}]}"#,
        ),
        one("f", r#","auth":{"type":"awsv4","awsv4":[]}"#),
        one("canary-pw-7", ""),
    ];
    let more = r#","auth":{"type":"bearer","bearer":{"token":"{{jwt}}"}}"#;
    let draft = draft(Source::Postman, &collection(&items.join(","), more), ASK);
    let all = format!("{}{}", draft.toml, draft.notes.join(""));
    assert!(!all.contains("canary"), "{all}");
    let headers: Vec<&str> = draft
        .toml
        .lines()
        .filter(|line| line.starts_with("headers") || line.starts_with("get"))
        .collect();
    assert_eq!(
        headers,
        [
            "get = \"/a\"",
            "headers = { authorization = \"Bearer ${JWT}\" }",
            "get = \"/b\"",
            "get = \"/c\"",
            "headers = { authorization = \"Basic ${BASIC_AUTH}\" }",
            "get = \"/d\"",
            "headers = { x-key = \"${X_KEY}\" }",
            "get = \"/e?key=${API_KEY}\"",
            "get = \"/f\"",
            "get = \"/${PASSWORD}\"",
            "headers = { authorization = \"Bearer ${JWT}\" }",
        ]
    );
    assert!(
        draft.notes.contains(&"authorization of the kind `awsv4` was not carried over".to_owned())
    );
}

#[test]
fn bodies_are_kept_as_what_they_are() {
    let body = |body: &str, expected: &str| {
        let item = format!(
            r#"{{"name":"a","request":{{"method":"POST","url":"x.test/p","body":{body}}}}}"#
        );
        check(&item, "", &format!("[[request]]\nname = \"a\"\npost = \"/p\"\n{expected}"));
    };
    body(
        r#"{"mode":"urlencoded",
            "urlencoded":[{"key":"a","value":"{{v}}"},{"key":"password","value":"p"}]}"#,
        r#"form = { a = "${V}", password = "${PASSWORD}" }"#,
    );
    body(
        r#"{"mode":"graphql","graphql":{"query":"{ a }","variables":"{\"secret\": \"s\"}"}}"#,
        r#"json = { query = "{ a }", variables = { secret = "${SECRET}" } }"#,
    );
    body(
        r#"{"mode":"raw","raw":"<a/>","options":{"raw":{"language":"xml"}}}"#,
        "headers = { content-type = \"application/xml\" }\nbody = \"<a/>\"",
    );
    body(
        r#"{"mode":"raw","raw":"{\"n\": {{n}} }","options":{"raw":{"language":"json"}}}"#,
        "headers = { content-type = \"application/json\" }\nbody = '{\"n\": ${N} }'",
    );
}

#[test]
fn a_host_nobody_knows_is_asked_for() {
    let draft =
        draft(Source::Postman, &collection(r#"{"name":"a","request":"{{baseUrl}}/a"}"#, ""), ASK);
    assert!(draft.toml.contains("url = \"${BASE_URL:-http://127.0.0.1:8080}\""), "{}", draft.toml);
    assert_eq!(draft.notes, ["`{{baseUrl}}` has no value in the collection: set `BASE_URL`"]);
}

#[test]
fn other_files_are_refused_with_a_reason() {
    let check = |text: &str, expected: &str| assert_eq!(why(Source::Postman, text), expected);
    check("{}", "is not a Postman collection: it has no `info` and `item`");
    check(
        r#"{"requests":[]}"#,
        "is not a Postman collection: it is of format v1: export it as v2.1",
    );
    check(&collection("", ""), "holds nothing to send: the collection has no requests");
}
