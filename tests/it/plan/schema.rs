//! The JSON Schema says what the reader says.

use std::collections::BTreeSet;

use loadgate::plan::{self, Plan};
use serde_json::{Map, Value};
use toml::de::{DeTable, DeValue};

use super::{gate, gates, name_of, source};

/// A gate file as the editor's schema check sees it.
fn json(text: &str) -> Option<Value> {
    let (table, errors) = DeTable::parse_recoverable(text.trim_start_matches('\u{feff}'));
    errors.is_empty().then(|| object(table.get_ref()))
}

fn object(table: &DeTable<'_>) -> Value {
    let entries = table.iter();
    let entries =
        entries.map(|(key, value)| (key.get_ref().to_string(), value_of(value.get_ref())));
    Value::Object(entries.collect::<Map<_, _>>())
}

fn value_of(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => text.as_ref().into(),
        DeValue::Integer(number) => number.as_str().parse::<i64>().unwrap_or_default().into(),
        DeValue::Float(number) => number.as_str().parse::<f64>().unwrap_or_default().into(),
        DeValue::Boolean(flag) => (*flag).into(),
        DeValue::Datetime(date) => date.to_string().into(),
        DeValue::Array(array) => array.iter().map(|value| value_of(value.get_ref())).collect(),
        DeValue::Table(table) => object(table),
    }
}

fn validator() -> jsonschema::Validator {
    jsonschema::draft202012::new(&plan::schema()).expect("the schema is one")
}

/// Bad files whose mistakes lie in their meaning, not in their shape; a schema cannot see those.
const MEANING: [&str; 39] = [
    "probes",
    "export-to-nobody",
    "arrivals-that-spawn",
    "tags",
    "own-loads-alone",
    "stream-metrics",
    "turns",
    "asks-nothing",
    "nothing-at-all",
    "bodies",
    "contradictory-limits",
    "duplicate-names",
    "during-in-the-warm-up",
    "headers",
    "load-closed-with-open-keys",
    "load-that-does-not-fit",
    "load-that-sends-nothing",
    "load-with-two-levels",
    "load-without-judged-time",
    "load-without-level",
    "scopes",
    "sections-missing",
    "stages-and-more",
    "tls",
    "two-spellings",
    "unset-variables",
    "windows",
    "wrong-way-round",
    "requests",
    "addresses",
    "expectations",
    "odd-characters",
    "bare",
    "scenarios-with-a-rate",
    "fixed-users",
    "templates",
    "extracts",
    "data-files",
    "locust-keys-alone",
];

#[test]
fn every_good_file_fits_the_schema() {
    let validator = validator();
    for path in gates("thresholds").into_iter().chain(gates("tests/data/plans/good")) {
        let text = std::fs::read_to_string(&path).expect("a good file");
        let value = json(&text).expect("good files are TOML");
        let wrong: Vec<_> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert_eq!(wrong, Vec::<String>::new(), "{}", path.display());
    }
}

#[test]
fn every_file_bad_in_shape_is_refused_by_both() {
    let validator = validator();
    let mut refused = 0;
    for path in gates("tests/data/plans/bad") {
        let bytes = std::fs::read(&path).expect("a bad file");
        let name = name_of(&path);
        let Some(value) = std::str::from_utf8(&bytes).ok().and_then(json) else { continue };
        if MEANING.contains(&name.trim_end_matches(".toml")) {
            continue;
        }
        assert!(!validator.is_valid(&value), "{name} fits the schema");
        assert!(Plan::read(&source(&name, &bytes)).is_err(), "{name} is read");
        refused += 1;
    }
    assert!(refused >= 10, "{refused} files were looked at");
}

/// Each place where keys are fixed, with its keys by the schema.
fn tables(schema: &Value) -> Vec<(String, BTreeSet<String>)> {
    let keys = |table: &Value| {
        let properties = table["properties"].as_object().expect("a table has properties");
        properties.keys().cloned().collect::<BTreeSet<_>>()
    };
    let definitions = schema["$defs"].as_object().expect("definitions");
    let named = definitions.iter().filter(|(_, table)| table["properties"].is_object());
    let mut all: Vec<_> = named.map(|(name, table)| (name.clone(), keys(table))).collect();
    all.push(("File".to_owned(), keys(schema)));
    all
}

const SCENARIO: &str = "[[scenario]]\nname = \"a\"\nsteps = [{ get = \"/\" }]";

/// A gate file whose only step has one more key.
fn step(more: &str) -> String {
    let steps = format!("steps = [{{ get = \"/\", {more} }}]");
    gate(&format!("[[scenario]]\nname = \"a\"\n{steps}"), "max = \"< 1s\"")
}

/// A gate file that exports.
fn export(more: &str) -> String {
    gate("[[request]]\nget = \"/\"", &format!("max = \"< 1s\"\n[export]\n{more}"))
}

/// A gate file with a key nobody knows in the table of that name.
fn with_unknown_key(table: &str) -> Option<String> {
    let key = "zzzzzzzz = 1";
    let request = |more: &str| format!("[[request]]\nget = \"/\"\n{more}");
    let usual = gate(&request(""), "max = \"< 1s\"");
    Some(match table {
        "File" => format!("{key}\n{usual}"),
        "Target" => usual.replace("[load]", &format!("{key}\n[load]")),
        "Load" => usual.replace("duration", &format!("{key}\nduration")),
        "Ready" => usual.replace("[load]", &format!("ready = {{ get = \"/\", {key} }}\n[load]")),
        "Tls" => usual.replace("[load]", &format!("tls = {{ {key} }}\n[load]")),
        "Stage" => format!("{usual}\n[[load.stage]]\nduration = \"1s\"\nto = 1\n{key}"),
        "Request" => gate(&request(key), "max = \"< 1s\""),
        "Expect" => gate(&request(&format!("expect = {{ {key} }}")), "max = \"< 1s\""),
        "EventsTable" => gate(&request(&format!("sse = {{ {key} }}")), "max = \"< 1s\""),
        "ExchangeTable" => {
            gate(&format!("[[request]]\nws = \"/\"\ntalk = [{{ {key} }}]"), "max = \"< 1s\"")
        }
        "SaidTable" => {
            let sse = format!("sse = {{ expect = {{ {key} }} }}");
            gate(&request(&sse), "max = \"< 1s\"")
        }
        "BodyTable" => {
            let expect = format!("expect = {{ body = {{ contains = \"x\", {key} }} }}");
            gate(&request(&expect), "max = \"< 1s\"")
        }
        "HeaderTable" => {
            let expect = format!("expect = {{ header = {{ a = {{ present = true, {key} }} }} }}");
            gate(&request(&expect), "max = \"< 1s\"")
        }
        "ValueTable" => {
            let expect = format!("expect = {{ json = {{ \"$.a\" = {{ equals = 1, {key} }} }} }}");
            gate(&request(&expect), "max = \"< 1s\"")
        }
        "Scenario" => gate(&format!("{SCENARIO}\n{key}"), "max = \"< 1s\""),
        "Own" => {
            gate(&format!("{SCENARIO}\n[scenario.load]\nrate = \"1/s\"\n{key}"), "max = \"< 1s\"")
        }
        "Task" => {
            let task = "[[scenario]]\nname = \"a\"\n[[scenario.task]]\nname = \"b\"";
            gate(&format!("{task}\nsteps = [{{ get = \"/\" }}]\n{key}"), "max = \"< 1s\"")
        }
        "Step" => step(key),
        "Take" => step(&format!("extract.a = {{ {key} }}")),
        "Graphql" => step(&format!("graphql = {{ query = \"{{ a }}\", {key} }}")),
        "Grpc" => step(&format!("grpc = {{ method = \"a.B/C\", {key} }}")),
        "Auth" => step(&format!("auth = {{ {key} }}")),
        "Basic" => step(&format!("auth.basic = {{ {key} }}")),
        "Oauth2" => step(&format!("auth.oauth2 = {{ {key} }}")),
        "Exponential" => step(&format!("wait = {{ exponential = \"1s\", {key} }}")),
        "Regression" => {
            gate(&request(""), &format!("max = \"< 1s\"\n[regression]\n{key}\np50 = \"+5%\""))
        }
        "AcceptAsk" => gate(&request(""), &format!("max = \"< 1s\"\n[[accept]]\n{key}")),
        "ProbeAsk" => {
            let sla = format!("max = \"< 1s\"\n[probe.cpu]\ncommand = \"echo 1\"\n{key}");
            gate(&request(""), &sla)
        }
        "ProbeRule" => {
            let rule = format!("probe.cpu.max = {{ fail = \"< 1\", {key} }}");
            gate(&request(""), &format!("{rule}\n[probe.cpu]\ncommand = \"echo 1\""))
        }
        "ExportAsk" => export(key),
        "Scrape" => export(&format!("prometheus = {{ listen = \"[::]:1\", {key} }}")),
        "SinkAsk" => export(&format!("otlp = {{ url = \"http://h\", {key} }}")),
        "StatsdAsk" => export(&format!("statsd = {{ address = \"h:1\", {key} }}")),
        "JsonAsk" => export(&format!("json = {{ {key} }}")),
        "Data" => {
            let data = format!("data = {{ csv = \"users.csv\", {key} }}");
            gate(&format!("{SCENARIO}\n{data}"), "max = \"< 1s\"")
        }
        _ => return None,
    })
}

#[test]
fn the_keys_of_the_reader_are_the_properties_of_the_schema() {
    let tables = tables(&plan::schema());
    let names: Vec<&str> = tables.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.len() >= 11, "{names:?}");
    for (name, keys) in &tables {
        let text = with_unknown_key(name).expect(name);
        let faults = Plan::read(&source("gate.toml", text.as_bytes())).expect_err(name);
        let listed = faults.0.iter().find(|fault| fault.message.contains("zzzzzzzz"));
        let hint = listed.and_then(|fault| fault.hint.clone()).unwrap_or_default();
        let listed = hint.strip_prefix("allowed here: ").unwrap_or_default();
        let listed: BTreeSet<String> = listed.split(", ").map(ToOwned::to_owned).collect();
        assert_eq!(&listed, keys, "{name}");
    }
}

#[test]
fn every_key_is_described() {
    fn look(at: &str, value: &Value, missing: &mut Vec<String>) {
        for (key, table) in value["properties"].as_object().into_iter().flatten() {
            if table["description"].as_str().unwrap_or_default().is_empty() {
                missing.push(format!("{at}.{key}"));
            }
        }
        for (name, inner) in value["$defs"].as_object().into_iter().flatten() {
            look(name, inner, missing);
        }
    }
    let mut missing = Vec::new();
    look("File", &plan::schema(), &mut missing);
    assert_eq!(missing, Vec::<String>::new());
}
