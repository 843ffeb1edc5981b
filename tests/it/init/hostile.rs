//! Whatever a file says, its texts stay texts.

use loadgate::init::{Ask, Shape, Source};
use proptest::prelude::*;
use serde_json::json;
use toml::de::DeTable;

use super::{ASK, SCENARIO, WRITES, read};

/// What ends a string, a comment, a table or a line somewhere; `\…` stands for the sign itself.
const BITS: &str = r#"
" ' ''' """ \n \r\n \r [sla] [[request]]\n ]] \ \u0022 # = { } ${HOME} ${ $ $$ $${ {{ {{x}} {% \0
\u{1b}[31m \u{85} \u{2028} \u{202e} \u{feff} \u{200b} é 日本 p99="<1s" a \s / ? & password= key :
% %00 %0a < > * ::error:: ; , ${PATH:-x}
"#;

/// Texts that would like to be something else.
fn hostile() -> impl Strategy<Value = String> {
    let signs = [
        ("\\r", "\r"),
        ("\\n", "\n"),
        ("\\s", " "),
        ("\\0", "\0"),
        ("\\u{1b}", "\u{1b}"),
        ("\\u{85}", "\u{85}"),
        ("\\u{2028}", "\u{2028}"),
        ("\\u{202e}", "\u{202e}"),
        ("\\u{feff}", "\u{feff}"),
        ("\\u{200b}", "\u{200b}"),
    ];
    let bit = |bit: &str| {
        signs.iter().fold(bit.to_owned(), |bit, (written, sign)| bit.replace(written, sign))
    };
    let bits: Vec<String> = BITS.split_whitespace().map(bit).collect();
    let bits = prop::collection::vec(prop::sample::select(bits), 0..8);
    prop_oneof![bits.prop_map(|bits| bits.concat()), any::<String>()]
}

/// A file of each kind with a text in every place a text can be.
fn files(text: &str) -> Vec<(Source, String)> {
    let openapi = json!({"openapi": "3.0.0", "info": {"title": text},
        "servers": [{"url": format!("http://x.test/{text}")}, {"url": text}],
        "paths": {"/a": {"get": {"operationId": "plain"}}, format!("/{text}"): {
            "get": {"operationId": text, "responses": {"200": {"content": {text: {}}}, text: {}},
                "parameters": [{"name": text, "in": "query", "required": true, "example": text},
                    {"name": "h", "in": "header", "required": true, "example": text},
                    {"name": text, "in": "header", "required": true},
                    {"name": text, "in": "path"}]},
            "post": {"operationId": text, "requestBody": {"content":
                {"application/json": {"example": {text: text, "n": null}}}}},
            "put": {"requestBody": {"content":
                {text: {"example": text}, "text/plain": {"example": text}}}},
            "patch": {"requestBody": {"content":
                {"multipart/form-data": {"example": {text: text}}}}}}}});
    let entry = |url: String, kind: &str| {
        json!({"time": 1, "response": {"status": 200, "content": {"mimeType": ""}},
        "request": {"method": "POST", "url": url, "headers": [
            {"name": text, "value": text}, {"name": "x-a", "value": text},
            {"name": "authorization", "value": text}, {"name": "accept", "value": text}],
        "postData": {"mimeType": kind, "text": text, "params": [{"name": text, "value": text}]}}})
    };
    let har = json!({"log": {"creator": {"name": text}, "entries": [
        entry("http://x.test/a".to_owned(), "text/plain"),
        entry(format!("http://x.test/{text}"), text),
        entry(format!("http://x.test/b?{text}={text}"), "application/x-www-form-urlencoded"),
        entry(format!("http://x.test/c?x={text}#{text}"), "multipart/form-data; boundary=x")]}});
    let postman = json!({"info": {"name": text},
        "variable": [{"key": "v", "value": text}, {"key": text, "value": "w"}],
        "item": [{"name": "plain", "request": "http://x.test/a"},
            {"name": text, "request": {"method": "POST",
            "url": {"raw": format!("http://x.test/{text}/{{{{v}}}}/{{{{{text}}}}}?a={text}"),
                "variable": [{"key": text, "value": text}]},
            "header": [{"key": text, "value": text},
                {"key": "x-b", "value": format!("{text}{{{{v}}}}")}],
            "auth": {"type": "apikey", "apikey": [
                {"key": "key", "value": text}, {"key": "value", "value": text}]},
            "body": {"mode": "urlencoded", "urlencoded": [{"key": text, "value": text}]}}}]});
    vec![
        (Source::OpenApi, openapi.to_string()),
        (Source::Har, har.to_string()),
        (Source::Postman, postman.to_string()),
    ]
}

/// A draft has the tables and keys that were meant, and no others.
fn top_is_ours(toml: &str) {
    let read = DeTable::parse(toml);
    assert_eq!(read.as_ref().err().map(ToString::to_string), None, "{toml}");
    let table = read.expect("TOML");
    let keys = |table: &DeTable<'_>| {
        let mut keys: Vec<String> = table.keys().map(|key| key.get_ref().to_string()).collect();
        keys.sort();
        keys
    };
    let inner = |name: &str| {
        let value = table.get_ref().get(name).expect("the table is there");
        keys(value.get_ref().as_table().expect("a table"))
    };
    let top = keys(table.get_ref());
    let requests = ["load", "request", "sla", "target"];
    assert!(top == requests || top == ["load", "scenario", "sla", "target"], "{top:?}");
    assert_eq!(inner("sla"), ["error_rate", "p95", "p99"]);
    assert_eq!(inner("load"), ["duration", "ramp", "rate", "warm_up"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_hostile_text_cannot_break_out_of_its_place(text in hostile()) {
        for (source, file) in files(&text) {
            for ask in [ASK, WRITES, SCENARIO] {
                let draft = loadgate::init::draft(source, file.as_bytes(), ask).expect("a draft");
                top_is_ours(&draft.toml);
                if ask.shape == Shape::Requests {
                    let shown = format!("{:?}", read(&draft.toml));
                    prop_assert!(!shown.contains("leaked-home"), "{shown}");
                }
            }
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for source in [Source::OpenApi, Source::Har, Source::Postman] {
            let ask = Ask { include_writes: true, include_assets: true, shape: Shape::Scenario };
            prop_assert!(loadgate::init::draft(source, &bytes, ask).is_err());
        }
    }

    #[test]
    fn a_damaged_file_never_panics(
        at in any::<prop::sample::Index>(),
        bytes in prop::collection::vec(any::<u8>(), 0..6),
    ) {
        let samples: [(Source, &[u8]); 4] = [
            (Source::OpenApi, include_bytes!("../../data/init/openapi/drf-spectacular.yaml")),
            (Source::OpenApi, include_bytes!("../../data/init/openapi/flask-restx.json")),
            (Source::Har, include_bytes!("../../data/init/har/playwright.har")),
            (Source::Postman, include_bytes!("../../data/init/postman/postman-v2.0.json")),
        ];
        for (source, sample) in samples {
            let at = at.index(sample.len());
            let end = (at + bytes.len()).min(sample.len());
            let damaged = [&sample[..at], &bytes, &sample[end..]].concat();
            if let Ok(draft) = loadgate::init::draft(source, &damaged, ASK) {
                top_is_ours(&draft.toml);
            }
            let _ = loadgate::init::draft(source, &sample[..at], SCENARIO);
        }
    }
}

#[test]
fn a_file_cannot_ask_for_variables_of_the_system() {
    let names = [
        "PATH",
        "HOME",
        "AWS_SECRET_ACCESS_KEY",
        "github_token",
        "LOADGATE_TARGET",
        "user",
        "CI_JOB_TOKEN",
    ];
    for name in names {
        let parameter = json!({"name": name, "in": "query", "required": true});
        let header = json!({"name": name, "in": "header", "required": true});
        let text = json!({"openapi": "3.0.0", "paths": {format!("/a/{{{name}}}"):
            {"get": {"parameters": [parameter, header]}}}});
        let draft = loadgate::init::draft(Source::OpenApi, text.to_string().as_bytes(), ASK)
            .expect("a draft");
        for asked in draft.toml.split("${").skip(1) {
            let own = asked.starts_with("API_") || asked.starts_with("BASE_URL");
            assert!(own, "{name}: {}", draft.toml);
        }
    }
}

#[test]
fn a_secret_that_begins_like_a_path_leaves_the_path_one() {
    for (source, file) in files("/?password=&") {
        for ask in [ASK, WRITES] {
            let draft = loadgate::init::draft(source, file.as_bytes(), ask).expect("a draft");
            let requests = read(&draft.toml).drive.expect("a load").requests;
            assert!(requests.iter().all(|request| request.path.starts_with('/')));
        }
    }
}
