//! Recordings: what is kept, what is merged, what is hidden.

use loadgate::init::Source;

use super::{ASK, SCENARIO, draft, requests, why};

fn entry(method: &str, url: &str, status: u16, kind: &str, more: &str) -> String {
    format!(
        r#"{{"time":{},"request":{{"method":"{method}","url":"{url}"{more}}},
            "response":{{"status":{status},"content":{{"mimeType":"{kind}"}}}}}}"#,
        10 + url.len()
    )
}

fn har(entries: &[String]) -> String {
    format!(r#"{{"log":{{"version":"1.2","entries":[{}]}}}}"#, entries.join(","))
}

#[test]
fn repeated_requests_become_one_with_a_weight() {
    let get = |path: &str, status| {
        entry("GET", &format!("https://x.test{path}"), status, "application/json", "")
    };
    let text = har(&[
        get("/", 200),
        get("/", 304),
        get("/products/17", 200),
        get("/products/23", 200),
        get("/products/23", 200),
        get("/products/9", 404),
        get("/gone", 410),
        get("/gone", 410),
    ]);
    let draft = draft(Source::Har, &text, ASK);
    assert_eq!(
        requests(&draft.toml),
        r#"[[request]]
name = "GET /"
get = "/"

# answered 404 when it was recorded
[[request]]
name = "GET /products/:id"
get = "/products/17"
weight = 2
expect = { status = ["2xx", 404] }

# answered 410 when it was recorded
[[request]]
name = "GET /gone"
get = "/gone"
expect = { status = 410 }"#
    );
    assert_eq!(
        draft.notes,
        ["`GET /products/:id` was recorded 3 more times with other values; the first are kept"]
    );
    assert!(draft.toml.contains("# recorded, with one user: 36ms"), "{}", draft.toml);
    let (_, own) = draft.toml.split_once("# [sla.\"GET /products/:id\"]\n").expect("its own limit");
    let first = own.lines().next().expect("a line");
    assert_eq!(first, "# p95 = \"< 200ms\"                   # recorded 4×: 36ms");
}

#[test]
fn other_hosts_assets_and_broken_entries_are_left_out_and_named() {
    let get = |url: &str, kind: &str| entry("GET", url, 200, kind, "");
    let text = har(&[
        get("https://x.test/a", "text/html; charset=utf-8"),
        get("https://x.test:443/b", "application/json"),
        get("https://x.test/p.png", "image/png"),
        get("https://x.test/p.js", ""),
        get("https://ads.test/a", "text/html"),
        get("data:image/png;base64,AA", "image/png"),
        entry("OPTIONS", "https://x.test/a", 204, "", ""),
        entry("GET", "https://x.test/c", 0, "", ""),
        entry("GET", "wss://x.test/live", 101, "", ""),
    ]);
    let draft = draft(Source::Har, &text, ASK);
    assert_eq!(requests(&draft.toml).matches("[[request]]").count(), 2);
    assert_eq!(
        draft.notes,
        [
            "requests to other hosts were left out: https://ads.test (1)",
            "2 requests for images, fonts, styles, scripts were left out; \
             `--include-assets` sends them",
            "1 request was left out: it was never answered",
            "1 OPTIONS or TRACE request was left out",
            "2 entries were left out: they are no plain HTTP requests",
        ]
    );
}

#[test]
fn bodies_are_kept_as_what_they_are() {
    let post =
        |data: &str| entry("POST", "http://x.test/p", 200, "", &format!(r#","postData":{data}"#));
    let check = |data: &str, expected: &str| {
        let toml = draft(Source::Har, &har(&[post(data)]), ASK).toml;
        let shown = requests(&toml);
        let (_, body) = shown.split_once("post = \"/p\"\n").expect("a body");
        assert_eq!(body, expected, "{data}");
    };
    check(
        r#"{"mimeType":"application/json;charset=utf-8",
            "text":"{\"a\":[1,2.5,true],\"b c\":\"x\"}"}"#,
        r#"json = { a = [1, 2.5, true], "b c" = "x" }"#,
    );
    check(
        r#"{"mimeType":"application/x-www-form-urlencoded","text":"a=1+2&b=%26&a=3&pin=1234"}"#,
        r#"form = { a = ["1 2", "3"], b = "&", pin = "${PIN}" }"#,
    );
    check(
        r#"{"mimeType":"text/xml","text":"<a>\n<token>t-canary</token>\n</a>"}"#,
        "headers = { content-type = \"text/xml\" }\n\
         body = '''\n<a>\n<token>${TOKEN}</token>\n</a>'''",
    );
    check(
        r#"{"mimeType":"application/json","text":"{\"pin\":1234,\"max_tokens\":9}"}"#,
        "headers = { content-type = \"application/json\" }\n\
         body = '''\n{\n  \"pin\": ${PIN},\n  \"max_tokens\": 9\n}'''",
    );
    check(
        r#"{"mimeType":"application/json","encoding":"base64","text":"eyJhIjoxfQ=="}"#,
        "json = { a = 1 }",
    );
    check(
        concat!(
            r#"{"mimeType":"multipart/form-data; boundary=b","text":""#,
            r#"--b\r\nContent-Disposition: form-data; name=\"secret\"\r\n\r\ns-canary\r\n"#,
            r#"--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n\r\nxyz\r\n"#,
            r#"--b--\r\n"}"#
        ),
        concat!(
            "headers = { content-type = \"multipart/form-data; boundary=loadgate-part\" }\n",
            r#"body = "--loadgate-part\r\ncontent-disposition: form-data; name=\"secret\"\r\n\r\n"#,
            r#"${SECRET}\r\n--loadgate-part--\r\n""#
        ),
    );
}

#[test]
fn secrets_are_found_by_name_by_looks_and_by_having_been_seen() {
    let more = r#","headers":[{"name":"Authorization","value":"Bearer canary-t0k3n"},
        {"name":"Cookie","value":"sid=canary-s1d-0123456789; lang=en"},
        {"name":"X-Api-Key","value":"canary-k3y"},
        {"name":"X-Tenant","value":"acme"},{"name":"X-Trace","value":"eyJcanary.eyJh.c2ln"},
        {"name":"User-Agent","value":"u"}],
        "postData":{"mimeType":"application/json",
            "text":"{\"session\":{\"id\":\"canary-5\"},\"note\":\"password: canary-pw1\"}"}"#;
    let seen = entry(
        "GET",
        "http://x.test/u/canary-t0k3n?next=canary-s1d-0123456789&key=canary-q",
        200,
        "",
        "",
    );
    let reset = entry("GET", "http://x.test/reset-token/canary1234567890abcdef", 200, "", "");
    let reset = reset.replace("canary1234567890abcdef", "5ca4a41234567890abcdef");
    let text = har(&[entry("POST", "http://x.test/p", 200, "", more), seen, reset]);
    for ask in [ASK, SCENARIO] {
        let draft = draft(Source::Har, &text, ask);
        let all = format!("{}{}", draft.toml, draft.notes.join(""));
        assert!(!all.contains("canary") && !all.contains("5ca4a4"), "{all}");
    }
    assert_eq!(
        requests(&draft(Source::Har, &text, ASK).toml).replace("\", x", "\",\nx"),
        r#"[[request]]
name = "POST /p"
post = "/p"
headers = { authorization = "Bearer ${API_TOKEN}", cookie = "${COOKIE}",
x-api-key = "${X_API_KEY}",
x-tenant = "acme",
x-trace = "${TOKEN}" }
json = { session = { id = "${SESSION_ID}" }, note = "password: ${PASSWORD}" }

[[request]]
name = "GET /u/:api_token"
get = "/u/${API_TOKEN}?next=${COOKIE}&key=${API_KEY}"

[[request]]
name = "GET /reset-token/:reset_token"
get = "/reset-token/${RESET_TOKEN}""#
    );
}

#[test]
fn notes_hide_what_the_file_hides() {
    let go = |query: &str| entry("GET", &format!("http://x.test/canary-t0k3n{query}"), 200, "", "");
    let auth = r#","headers":[{"name":"Authorization","value":"Bearer canary-t0k3n"}]"#;
    let text = har(&[go("?a=1"), go("?a=2"), entry("GET", "http://x.test/", 200, "", auth)]);
    let notes = draft(Source::Har, &text, ASK).notes;
    assert_eq!(
        notes[0],
        "`GET /:api_token` was recorded once more with other values; the first are kept"
    );
    assert!(notes.iter().all(|note| !note.contains("canary")), "{notes:?}");
}

#[test]
fn calls_behind_one_address_are_told_apart() {
    let call = |name: &str| {
        let data = format!(
            r#","postData":{{"mimeType":"application/json",
            "text":"{{\"operationName\":\"{name}\",\"query\":\"{{a}}\"}}"}}"#
        );
        entry("POST", "http://x.test/graphql", 200, "", &data)
    };
    let toml = draft(Source::Har, &har(&[call("Cart"), call("Login"), call("Cart")]), ASK).toml;
    assert!(
        toml.contains("\"POST /graphql Cart\"") && toml.contains("\"POST /graphql Login\""),
        "{toml}"
    );
    assert!(toml.contains("\nweight = 2\n"), "{toml}");
}

#[test]
fn a_recorded_order_can_become_a_scenario() {
    let get =
        |path: &str| entry("GET", &format!("https://x.test{path}"), 200, "application/json", "");
    let data = r#","postData":{"mimeType":"application/json","text":"{\"t\":\"{{x}} {% y\"}"}"#;
    let post = entry("POST", "https://x.test/p", 200, "", data);
    let text = har(&[get("/a/1"), post, get("/a/2"), get("/a/1")]);
    assert_eq!(
        requests(&draft(Source::Har, &text, SCENARIO).toml),
        r#"[[scenario]]                        # one user, step by step
name = "recorded"
# wait = "1s..3s"                   # think time
steps = [
  { name = "GET /a/:id", get = "/a/1" },
  { name = "POST /p", post = "/p", json = { t = "{{ '{{' }}x}} {{ '{%' }} y" } },
  { name = "GET /a/:id", get = "/a/2" },
  { name = "GET /a/:id", get = "/a/1" },
]"#
    );
}

#[test]
fn other_files_are_refused_with_a_reason() {
    let check = |text: &str, expected: &str| assert_eq!(why(Source::Har, text), expected);
    check("{}", "is not an HTTP Archive: it has no `log.entries`");
    check("a: b", "is not JSON: expected value at line 1 column 1");
    check(&har(&[]), "holds nothing to send: no answered HTTP request was recorded");
    check(
        &har(&[entry("GET", "http://x.test/a.png", 200, "image/png", "")]),
        "holds nothing to send: images, fonts, styles and scripts alone; \
         `--include-assets` sends them",
    );
}
