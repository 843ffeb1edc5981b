//! Good gate files, bad gate files: faults as the user sees them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use loadgate::plan::fault::Faults;
use loadgate::plan::{self, Drive, HeaderRule, JsonRule, Plan, Source};
use loadgate::run::Model;
use loadgate::shard::Shard;

/// Scenarios, their steps and templates.
mod scenarios;
mod users;
mod parts;
/// What `[sla]` means.
mod limits;
/// Properties of reading that hold for every text.
mod laws;
/// The JSON Schema says what the reader says.
mod schema;

/// The environment of every gate file in these tests.
fn env(name: &str) -> Option<String> {
    match name {
        "HOST" => Some("shop.test:8443".to_owned()),
        "SECRET" => Some("correct-horse-battery".to_owned()),
        "EMPTY" => Some(String::new()),
        "LIMIT" => Some("< 250".to_owned()),
        "USERS" => Some("7".to_owned()),
        _ => None,
    }
}

fn files(path: &str) -> Result<Vec<u8>, String> {
    let pem = |kind: &str| format!("-----BEGIN {kind}-----\nAAAA\n-----END {kind}-----\n");
    match path {
        "certs/ca.pem" | "certs/client.pem" => Ok(pem("CERTIFICATE").into_bytes()),
        "certs/client-key.pem" => Ok(pem("PRIVATE KEY").into_bytes()),
        "bodies/document.json" => Ok(b"{}".to_vec()),
        "users.csv" => Ok(include_bytes!("../../thresholds/users.csv").to_vec()),
        "items.jsonl" => Ok(b"{\"id\":1}\n{\"id\":2}\n".to_vec()),
        "broken.csv" => Ok(b"email,password\na@b,c\nd@e\n".to_vec()),
        "product.schema.json" => Ok(include_bytes!("../data/product.schema.json").to_vec()),
        "broken.schema.json" => Ok(br#"{"properties":{"id":{"type":"strin"}}}"#.to_vec()),
        "remote.schema.json" => Ok(br#"{"$ref":"http://127.0.0.1:1/s.json"}"#.to_vec()),
        "shop.binpb" => Ok(crate::support::proto::descriptor()),
        "shop.proto" => Ok(b"syntax = \"proto3\"; package shop.v1; service Cart {}".to_vec()),
        "photo.png" => Ok(vec![0x89, b'P', b'N', b'G', 0xff]),
        "note.txt" => Ok(b"a note with {{ braces }}".to_vec()),
        "boundary.bin" => Ok(b"--loadgate-7b1d0e93c2f54a68--".to_vec()),
        "empty.csv" => Ok(b"email,password\n".to_vec()),
        _ => Err("no such file".to_owned()),
    }
}

fn source<'a>(name: &'a str, bytes: &'a [u8]) -> Source<'a> {
    Source {
        name,
        bytes,
        thresholds: None,
        env: &env,
        files: &files,
        target: None,
        against: None,
        duration: None,
        seed: None,
        tags: &[],
        shard: Shard::ALONE,
        exclude_tags: &[],
        locust: &[],
        run: None,
    }
}

fn read(text: &str) -> Result<Plan, Faults> {
    Plan::read(&source("gate.toml", text.as_bytes()))
}

pub(crate) fn good(text: &str) -> Plan {
    let told = read(text).map_err(|faults| faults.to_string());
    told.expect("a good gate file")
}

/// What is told about the text, each fault by its first line.
fn told(text: &str) -> Vec<String> {
    let faults = read(text).map_or_else(|faults| faults.0, |_| Vec::new());
    faults.into_iter().map(|fault| fault.message).collect()
}

/// The paths of gate files in a folder of the project.
fn gates(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "toml"));
    paths.sort();
    paths
}

fn name_of(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

/// A whole gate file: the usual target, the usual load, these requests and limits.
fn gate(requests: &str, sla: &str) -> String {
    let top = "[target]\nurl = \"http://h\"\n[load]\nrate = \"10/s\"\nduration = \"10s\"\n";
    format!("{top}{requests}\n[sla]\n{sla}\n")
}

const ONE: &str = "[[request]]\nget = \"/\"";

fn drive(plan: &Plan) -> &Drive {
    plan.drive.as_ref().expect("a gate file with a load")
}

#[test]
fn every_example_is_read_without_a_warning() {
    let paths = gates("thresholds");
    assert!(paths.len() >= 6);
    for path in paths {
        let bytes = std::fs::read(&path).expect("an example");
        let plan = Plan::read(&source(&name_of(&path), &bytes));
        let told = plan.map(|plan| plan.warnings).map_err(|faults| faults.to_string());
        assert_eq!(told, Ok(Vec::new()));
    }
}

#[test]
fn every_bad_file_is_told_in_full() {
    for path in gates("tests/data/plans/bad") {
        let bytes = std::fs::read(&path).expect("a bad file");
        let name = name_of(&path);
        let told = Plan::read(&source(&name, &bytes)).expect_err(&name).to_string();
        insta::with_settings!({
            snapshot_path => "../data/plans/bad",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, { insta::assert_snapshot!(name.trim_end_matches(".toml"), told) });
    }
}

#[test]
fn every_good_file_is_outlined() {
    let mut paths = gates("tests/data/plans/good");
    paths.extend(gates("thresholds"));
    for path in paths {
        let bytes = std::fs::read(&path).expect("a good file");
        let name = name_of(&path);
        let plan = Plan::read(&source(&name, &bytes)).map_err(|faults| faults.to_string());
        let outline = plan::outline(&plan.expect(&name));
        let wide = outline.lines().filter(|line| line.chars().count() > 80);
        assert_eq!(wide.filter(|line| !line.contains("hint")).count(), 0, "{outline}");
        insta::with_settings!({
            snapshot_path => "../data/plans/good",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, { insta::assert_snapshot!(name.trim_end_matches(".toml"), outline) });
    }
}

#[test]
fn literals_that_look_like_tokens_are_warned_of_and_not_shown() {
    let token = "ghp_abcdefghijklmnopqrstuvwxyz012345";
    let twice = format!("headers = {{ x-key = \"{token}\" }}\njson = {{ key = \"{token}\" }}");
    let requests = format!("[[request]]\npost = \"/\"\n{twice}");
    let plan = good(&gate(&requests, "p50 = \"< 1s\""));
    let warnings: Vec<_> = plan.warnings.iter().map(ToString::to_string).collect();
    let warnings = warnings.join("\n");
    assert!(plan.warnings.len() == 2 && !warnings.contains("abcdef"), "{warnings}");
    insta::assert_snapshot!(warnings, @r#"
    gate.toml:8:21: this looks like a token in plain text
    8 | headers = { x-key = "************************************" }
      |                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    hint: take it from the environment: `${API_TOKEN}`
    gate.toml:9:16: this looks like a token in plain text
    9 | json = { key = "************************************" }
      |                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    hint: take it from the environment: `${API_TOKEN}`
    "#);
}

#[test]
fn what_comes_from_the_environment_is_filled_in_and_hidden() {
    let text =
        gate(ONE, "p50 = \"< 1s\"").replace("http://h", "https://${HOST}/${NONE:-v1}/").replace(
            "[load]",
            "headers = { a = \"Bearer ${SECRET}\", b = \"$${SECRET}${EMPTY}\" }\n[load]",
        );
    let plan = good(&text);
    let target = &drive(&plan).target;
    assert_eq!((target.host.as_str(), target.port, target.secure), ("shop.test", 8443, true));
    assert_eq!((target.prefix.as_str(), target.shown.as_str()), ("/v1", "https://${HOST}/v1/"));
    let header = |name: &str| target.headers.iter().find(|(key, _)| key == name).cloned();
    assert_eq!(header("a"), Some(("a".to_owned(), "Bearer correct-horse-battery".to_owned())));
    assert_eq!(header("b"), Some(("b".to_owned(), "${SECRET}".to_owned())));
    assert_eq!(plan.masks.apply("correct-horse-battery"), "${SECRET}");
    assert_eq!(drive(&plan).requests[0].path, "/v1/");
}

#[test]
fn faults_never_show_what_came_from_the_environment() {
    let text = gate("[[request]]\nget = \"${SECRET}\"", "p50 = \"${SECRET}\"")
        .replace("http://h", "ftp://${SECRET}")
        .replace("\"10s\"", "\"${SECRET}\"")
        .replace("[load]", "timeout = \"${SECRET}\"\nhttp = \"${SECRET}\"\n[load]");
    let told = read(&text).map_or_else(|faults| faults.to_string(), |_| String::new());
    assert!(told.matches("hint").count() >= 4 && !told.contains("horse"), "{told}");
}

#[test]
fn names_are_the_same_in_every_environment() {
    let requests = "[[request]]\nget = \"/${USERS}/${NONE:-x}?q=${HOST}\"";
    let plan = good(&gate(requests, "p50 = \"< 1s\""));
    let request = &drive(&plan).requests[0];
    assert_eq!(request.name, "GET /${USERS}/${NONE}");
    assert_eq!(request.path, "/7/x?q=shop.test:8443");
}

#[test]
fn a_load_has_stages_whichever_way_it_is_written() {
    let stages = |load: &str| {
        let text =
            format!("[target]\nurl = \"http://h\"\n{ONE}\n[sla]\nmax = \"< 1s\"\n[load]\n{load}");
        let plan = good(&text);
        let profile = &drive(&plan).load.profile;
        let shown = profile.stages.iter();
        let shown: Vec<_> =
            shown.map(|stage| (stage.duration.as_secs(), stage.from, stage.to)).collect();
        (profile.model, shown)
    };
    let m = 1_000_000;
    assert_eq!(
        stages("rate = \"90/m\"\nduration = \"10s\"\nramp = \"4s\""),
        (Model::Open, vec![(4, 0, 1_500_000), (6, 1_500_000, 1_500_000)])
    );
    assert_eq!(
        stages("users = \"${USERS}\"\nduration = \"5s\""),
        (Model::Closed, vec![(5, 7 * m, 7 * m)])
    );
    let jump =
        "[[load.stage]]\nduration = \"0s\"\nto = 5\n[[load.stage]]\nduration = \"9s\"\nto = 2";
    assert_eq!(stages(jump), (Model::Closed, vec![(0, 0, 5 * m), (9, 5 * m, 2 * m)]));
}

#[test]
fn limits_of_the_load_follow_from_rate_and_timeout() {
    let load = |rate: &str, timeout: &str| {
        let text = gate(ONE, "max = \"< 1s\"")
            .replace("10/s", rate)
            .replace("[load]", &format!("timeout = \"{timeout}\"\n[load]"));
        let load = drive(&good(&text)).load.clone();
        (load.max_in_flight, load.connections, load.warm_up, load.abort_after)
    };
    let (none, usual) = (Duration::ZERO, Duration::from_secs(30));
    assert_eq!(load("10/s", "10s"), (1_000, 1_000, none, usual));
    assert_eq!(load("2000/s", "10s"), (20_000, 4_096, none, usual));
    assert_eq!(load("100000/s", "1m"), (100_000, 4_096, none, usual));
}

/// One request of each kind, with one expectation of each kind.
const REQUESTS: &str = r#"
[[request]]
name = "search"
method = "purge"
path = "/a?b=c"
headers = { X-One = " 1 " }
form = { q = "blue shoes & more", n = [1, true, 1.5] }
weight = 7
[[request]]
put = "/p"
json = { z = 1, a = [1.5, "${USERS}"], when = 2024-01-02 }
[[request]]
post = "/t"
body = "text"
[request.expect]
status = ["2xx", 404]
body = { contains = ["a", "b"] }
[request.expect.header]
X-A = "1"
x-b = { contains = "2" }
x-c = { present = true }
[request.expect.json]
"$.a" = "present"
"$.b" = "not-empty"
"$.c" = { equals = "not-empty" }
"$.d" = [1, 2]
"#;

#[test]
fn requests_are_what_they_say() {
    let plan = good(&gate(REQUESTS, "max = \"< 1s\""));
    let [search, put, post] = &drive(&plan).requests[..] else { unreachable!("three requests") };
    assert_eq!(
        (search.name.as_str(), search.method.as_str(), search.weight),
        ("search", "PURGE", 7)
    );
    assert_eq!(search.headers, [("x-one".to_owned(), "1".to_owned())]);
    let body = |request: &plan::Request| {
        let body = request.body.clone().expect("a body");
        (String::from_utf8(body.bytes).expect("text"), body.content_type.unwrap_or_default())
    };
    assert_eq!(
        body(search),
        ("q=blue+shoes+%26+more&n=1&n=true&n=1.5".to_owned(), "application/x-www-form-urlencoded")
    );
    let json = r#"{"a":[1.5,"7"],"when":"2024-01-02","z":1}"#;
    assert_eq!(body(put), (json.to_owned(), "application/json"));
    assert_eq!((put.name.as_str(), put.expect.needs_body()), ("PUT /p", false));
    assert_eq!(body(post).0, "text");
    let expect = &post.expect;
    assert_eq!((expect.allows(204), expect.allows(404), expect.allows(301)), (true, true, false));
    assert_eq!(expect.body, ["a", "b"]);
    let rules: Vec<_> = expect.headers.iter().map(|(name, rule)| (name.as_str(), rule)).collect();
    assert_eq!(
        rules,
        [
            ("x-a", &HeaderRule::Equals("1".to_owned())),
            ("x-b", &HeaderRule::Contains("2".to_owned())),
            ("x-c", &HeaderRule::Present)
        ]
    );
    let rules: Vec<_> = expect.json.iter().map(|(_, rule)| rule.clone()).collect();
    let equals = |value: serde_json::Value| JsonRule::Equals(value);
    let (word, list) = (equals("not-empty".into()), equals(serde_json::json!([1, 2])));
    assert_eq!(rules, [JsonRule::Present, JsonRule::NotEmpty, word, list]);
}

#[test]
fn flags_stand_in_for_what_the_file_says() {
    let text = gate(ONE, "max = \"< 1s\"").replace("http://h", "${UNSET}");
    let asked = Source {
        target: Some("https://other:1/x"),
        duration: Some(Duration::from_secs(3)),
        seed: Some(9),
        ..source("gate.toml", text.as_bytes())
    };
    let plan = Plan::read(&asked).map_err(|faults| faults.to_string()).expect("a good gate file");
    let Drive { target, load, .. } = drive(&plan);
    assert_eq!((target.host.as_str(), target.shown.as_str()), ("other", "https://other:1/x"));
    assert_eq!((load.profile.duration(), load.seed), (Duration::from_secs(3), Some(9)));
    let bad = Source { target: Some("other"), ..asked };
    let told = Plan::read(&bad).expect_err("no address").to_string();
    insta::assert_snapshot!(told, @r"
    --target: the address has no scheme
    hint: write `http://host:port` or `https://host`
    ");
}

#[test]
fn two_mistakes_give_two_messages() {
    assert_eq!(told(&gate(ONE, "p95 = \"< 1\"\np99 = \"1s\"")).len(), 2);
}

#[test]
fn more_than_a_thousand_endpoints_are_refused() {
    use std::fmt::Write as _;
    let mut requests = String::new();
    for n in 0..1_001 {
        let _ = write!(requests, "[[request]]\nget = \"/{n}\"\n");
    }
    let text = gate(&requests, "max = \"< 1s\"");
    assert_eq!(told(&text), ["there are 1001 requests, 1000 at most"]);
    let fewer = text.replace("[[request]]\nget = \"/1000\"\n", "");
    assert_eq!(drive(&good(&fewer)).requests.len(), 1_000);
}
