//! What programs that nobody of us wrote read in the files for one host alone.

use std::collections::HashSet;
use std::process::{Command, Stdio};

use loadgate::report::{Facts, Format, gitlab, render, taurus};
use loadgate::sample::Failure;

use super::cases::all;
use super::outsiders::ask;
use super::{hostile, named};
use crate::support::gate::Gate;

/// Reads stdin as `OpenMetrics`, then as GitLab does: `#` begins a comment, the rest are a shell's
/// words. Prints the number of samples, then each word by which GitLab tells them apart.
const READ: &str = r"
import re, shlex, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
text = sys.stdin.read()
print(sum(len(family.samples) for family in text_string_to_metric_families(text)))
for line in text.splitlines():
    words = shlex.split(re.sub('#.*$', '', line))
    if words:
        assert len(words) == 2, line
        float(words[1])
        print(words[0])
";

/// The Python that `ci/tools` brings the parser to.
fn python() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/python/bin/python3");
    let tried = Command::new(path).arg("--version").stdout(Stdio::null()).status();
    assert!(tried.is_ok(), "the parser must be installed for this test: `bash ci/tools`");
    path.to_owned()
}

fn names() -> Vec<String> {
    hostile().into_iter().map(str::to_owned).collect()
}

#[test]
fn metrics_are_read_by_openmetrics_and_by_gitlab_whatever_endpoints_are_called() {
    let python = python();
    for made in all().iter().chain([&named(&names())]) {
        let facts = Facts::of(&made.case());
        let text = gitlab::metrics(&facts);
        let rows = std::iter::once(&facts.whole).chain(&facts.endpoints);
        let per_row = |row: &loadgate::report::measured::Measured| {
            let latency = if row.latency.is_some() { 3 } else { 0 };
            latency + row.error_rate.iter().count() + row.throughput.iter().count()
        };
        let expected: usize = rows.map(per_row).sum();
        let seen = ask(&python, &["-c", READ], &text);
        let mut lines = seen.lines();
        assert_eq!(lines.next(), Some(expected.to_string().as_str()), "{text}");
        let words: Vec<_> = lines.collect();
        let apart: HashSet<_> = words.iter().collect();
        assert_eq!((words.len(), apart.len()), (expected, expected), "{}: {text}", made.name);
        let mut values = text.lines().filter_map(|line| line.rsplit_once("} "));
        let short = |value: &str| value.bytes().filter(u8::is_ascii_digit).count() <= 8;
        assert!(values.all(|(_, value)| short(value)), "{text}");
    }
}

#[test]
fn the_performance_plugin_gets_taurus_groups_with_every_percentile() {
    for made in all().iter().chain([&named(&names())]) {
        let facts = Facts::of(&made.case());
        let xml = taurus::render(&facts);
        ask("xmllint", &["--noout", "--nonet", "-"], &xml);
        let document = roxmltree::Document::parse(&xml).expect("it is XML");
        assert_eq!(document.root_element().tag_name().name(), "FinalStatus");
        let groups: Vec<_> =
            document.descendants().filter(|node| node.has_tag_name("Group")).collect();
        assert_eq!(groups.len(), facts.endpoints.len() + 1, "{}", made.name);
        assert_eq!(groups.last().and_then(|group| group.attribute("label")), Some(""));
        for (group, row) in groups.iter().zip(facts.endpoints.iter().chain([&facts.whole])) {
            let number = |name: &str| {
                let node = group.children().find(|node| node.has_tag_name(name))?;
                node.attribute("value")?.parse::<u64>().ok()
            };
            let sum = number("succ").zip(number("fail")).map(|(good, bad)| good + bad);
            assert_eq!((number("throughput"), sum), (Some(row.count), Some(row.count)));
            let times = group.children().filter(|node| node.has_tag_name("perc"));
            let times: Vec<f64> =
                times.filter_map(|node| node.attribute("value")?.parse().ok()).collect();
            let known = if row.latency.is_some() { 6 } else { 0 };
            assert!(times.len() == known && times.is_sorted(), "{}: {times:?}", made.name);
        }
    }
}

#[test]
fn expat_counts_as_many_cases_as_there_are_hostile_names() {
    const COUNT: &str = r#"
import sys, xml.parsers.expat
count = {}
def begin(name, attributes):
    count[name] = count.get(name, 0) + 1
parser = xml.parsers.expat.ParserCreate()
parser.StartElementHandler = begin
parser.Parse(sys.stdin.buffer.read(), True)
print(count["testcase"], count["failure"], count["testsuite"])
"#;
    let odd = hostile();
    let names: Vec<_> = (0..10_000).map(|nth| format!("{}{nth}", odd[nth % odd.len()])).collect();
    let xml = render(Format::Junit, &named(&names).case());
    assert_eq!(ask("python3", &["-c", COUNT], &xml).trim(), "10000 5000 1");
}

/// A value from the environment, in eight ways it may be written.
fn written(secret: &str) -> [String; 8] {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    let each = |show: fn(u8) -> String| secret.bytes().map(show).collect::<String>();
    let percent = each(|byte| format!("%{byte:02X}"));
    let hex = each(|byte| format!("{byte:02x}"));
    let json = serde_json::Value::from(secret).to_string();
    [
        secret.to_owned(),
        percent,
        STANDARD.encode(secret),
        URL_SAFE.encode(secret),
        hex.to_uppercase(),
        hex,
        json.trim_matches('"').to_owned(),
        loadgate::sanitise::xml(secret),
    ]
}

#[test]
fn a_canary_is_in_no_file_of_any_host_and_in_no_comment_in_eight_encodings() {
    use crate::support::server::{Script, Server, answer, ok};
    const SECRET: &str = "c4n\"ary<&>?+9~Zq7";
    const NOTES: &str = "/api/v4/projects/42/merge_requests/7/notes";
    let forms = written(SECRET);
    let (_, mut run) = crate::support::cases::failing();
    for (evidence, nth) in run.endpoints.iter_mut().zip(0..) {
        let part: Vec<_> = forms.iter().skip(nth).step_by(3).map(String::as_str).collect();
        evidence.examples.insert(Failure::Status, part.join(" "));
    }
    run.origin.target = format!("http://x.test/?{}", forms.join("&"));
    let text = "[target]\nurl = \"http://127.0.0.1:1/\"\n\
                headers = { authorization = \"Bearer ${API_TOKEN}\" }\n[load]\nrate = \"1/s\"\n\
                duration = \"1s\"\n[[request]]\nget = \"/\"\n[sla.\"*\"]\np50 = \"< 1ms\"\n";
    for (host, more) in [("gitlab", 3), ("jenkins", 1), ("azure", 0), ("github", 0)] {
        let posted = r#"{"id":31,"body":"x","author":{"username":"us"}}"#;
        let script = Script::new().turns(NOTES, [vec![ok("[]")], vec![answer(201, "", posted)]]);
        let server = Server::start(script);
        let gate = Gate::new(text)
            .file("saved.json", loadgate::archive::write(&run))
            .set("API_TOKEN", SECRET)
            .set("CI_API_V4_URL", &server.url("/api/v4"))
            .set("CI_PROJECT_ID", "42")
            .set("LOADGATE_GITLAB_TOKEN", "glpat-0123456789")
            .set("NO_PROXY", "127.0.0.1");
        let flags = ["--ci", host, "--pr", "7", "--comment-author", "us"];
        let done = gate.run(&[&["check", "gate.toml", "saved.json"][..], &flags].concat());
        done.code(1);
        let files = std::fs::read_dir(gate.path("loadgate-out")).expect("reports");
        let mut all: Vec<_> =
            files.flatten().filter_map(|file| std::fs::read_to_string(file.path()).ok()).collect();
        assert_eq!(all.len(), 6 + more, "{host}: five reports, the lock, and the host's own");
        let heard = server.heard();
        assert_eq!(heard.iter().any(|ask| ask.starts_with("POST")), host == "gitlab");
        all.extend(heard);
        all.extend([done.stdout.clone(), done.stderr.clone()]);
        for (text, form) in all.iter().flat_map(|text| forms.iter().map(move |form| (text, form))) {
            assert!(!text.contains(form.as_str()), "{host}: {form} is in {text}");
        }
    }
}
