//! First gate files from what other tools wrote.

mod command;
mod bounds;
mod hostile;
mod har;
mod openapi;
mod postman;
mod real;
mod walked;

use loadgate::init::{Ask, Draft, Shape, Source, Unreadable};
use loadgate::plan::{self, Plan};

const ASK: Ask = Ask { include_writes: false, include_assets: false, shape: Shape::Requests };
const WRITES: Ask = Ask { include_writes: true, ..ASK };
const SCENARIO: Ask = Ask { shape: Shape::Scenario, ..ASK };

/// Reads a gate file with a value for each variable that must be set.
fn read(toml: &str) -> Plan {
    let env = |name: &str| match name {
        // No draft may ask for it; one that does is caught by what it would send.
        "HOME" => Some("leaked-home".to_owned()),
        _ => toml.contains(&format!("${{{name}}}")).then(|| "1".to_owned()),
    };
    let read = read_with(toml, &env);
    assert_eq!(read.as_ref().err().map_or("", String::as_str), "", "{toml}");
    read.expect("no faults")
}

fn read_with(toml: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Plan, String> {
    let files = |_: &str| Err("no files here".to_owned());
    let source = plan::Source {
        name: "gate.toml",
        bytes: toml.as_bytes(),
        thresholds: None,
        env,
        files: &files,
        target: None,
        against: None,
        duration: None,
        seed: None,
        tags: &[],
        shard: loadgate::shard::Shard::ALONE,
        exclude_tags: &[],
        locust: &[],
        run: None,
    };
    Plan::read(&source).map_err(|faults| faults.to_string())
}

/// Drafts, and proves that the gate file can be read.
fn draft(source: Source, text: &str, ask: Ask) -> Draft {
    let draft = loadgate::init::draft(source, text.as_bytes(), ask).expect("a draft");
    if ask.shape == Shape::Requests {
        let _ = read(&draft.toml);
    }
    draft
}

/// The part of a gate file that differs: from the first request to the limits.
fn requests(toml: &str) -> String {
    let (_, rest) = toml.split_once("# sent, never judged\n").expect("a load");
    let (requests, _) = rest.split_once("\n# What you promise").expect("limits");
    requests.trim().to_owned()
}

fn why(source: Source, text: &str) -> String {
    let refused: Unreadable =
        loadgate::init::draft(source, text.as_bytes(), ASK).expect_err("no draft");
    refused.to_string()
}
