//! Every report of every case; what outsiders read in them.

mod cases;
mod pages;
mod browser;
mod numbers;
mod shut;
mod outsiders;

pub(crate) use outsiders::{github, tags};
mod foreign;

use std::collections::BTreeSet;

use loadgate::judge::finding::{Outcome, Scope};
use loadgate::plan::threshold::Level;
use loadgate::report::{Facts, Format, Style, render, verdict_schema};
use loadgate::sanitise::{Clean, markdown, markdown_code, xml};
use loadgate::secret::Masks;
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};

use crate::support::cases::HOSTILE;
use cases::{Owned, all, case};

const PLAIN: Style = Style { colour: false, width: 80 };
const FORMATS: [(Format, &str); 5] = [
    (Format::Text(PLAIN), "txt"),
    (Format::Json, "json"),
    (Format::Junit, "xml"),
    (Format::Markdown, "md"),
    (Format::Html, "html"),
];

/// More names that try to become something else.
const MORE: [&str; 9] = [
    "</failure></testcase><testcase name=\"forged\"/>]]>",
    "a | b | `c` \\| **d** http://evil.example www.evil.example me@evil.example",
    "</details></td></table><h1>pass</h1> <!-- ",
    "line\nbreak\r\n## heading\n| x | y |",
    "````` fence ~~~ `",
    "section_start:1:x\r\u{1b}[0K &lt; &#60; \"'",
    "[link](http://evil.example) ![image](http://evil.example/x.png) #1 @all $x$",
    "\u{1F600} größe 日本 \u{10ffff}",
    "\u{200b}",
];

fn hostile() -> Vec<&'static str> {
    HOSTILE.into_iter().chain(MORE).collect()
}

/// A failing case with these names for its endpoints' checks.
fn named(names: &[String]) -> Owned {
    let mut made = case("failing");
    let pattern = made.judgement.findings.iter().find(|finding| finding.scope != Scope::Whole);
    let pattern = pattern.expect("a finding of an endpoint").clone();
    let outcomes = [Outcome::Breached, Outcome::Held];
    made.judgement.findings = names
        .iter()
        .zip(outcomes.iter().cycle())
        .map(|(name, outcome)| {
            let mut finding = pattern.clone();
            finding.scope = Scope::Endpoint(name.clone());
            finding.outcome = outcome.clone();
            finding
        })
        .collect();
    for (evidence, name) in made.run.endpoints.iter_mut().zip(names) {
        evidence.name.clone_from(name);
    }
    made
}

/// Pictures, the style sheet and the script say nothing in a snapshot.
fn without_pictures(html: &str) -> String {
    let mut out = html.to_owned();
    let styles = [("<style>", "</style>"), ("<script>", "</script>"), ("'sha256-", "'")];
    for (from, to) in [("<svg", "</svg>")].into_iter().chain(styles) {
        while let Some(at) = out.find(from) {
            let end = out[at + 1..].find(to).expect("what begins ends") + at + 1 + to.len();
            out.replace_range(at..end, "…");
        }
    }
    out.replace("<tr", "\n<tr")
        .replace("<section", "\n\n<section")
        .replace("<div><dt>", "\n<div><dt>")
}

#[test]
fn reports_look_like_this() {
    for made in all() {
        for (format, end) in FORMATS {
            let mut text = render(format, &made.case());
            if format == Format::Html {
                text = without_pictures(&text);
            }
            insta::assert_snapshot!(format!("{}.{end}", made.name), text);
        }
    }
}

#[test]
fn the_same_run_gives_the_same_bytes() {
    for made in all() {
        let facts = Facts::of(&made.case());
        for (format, _) in FORMATS {
            assert_eq!(facts.render(format), render(format, &made.case()), "{}", made.name);
        }
    }
}

#[test]
fn verdict_json_fits_its_published_schema() {
    let derived = loadgate::report::json::derived_schema();
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write("src/report/verdict.schema.json", &derived).expect("a file of ours");
        std::fs::write("tests/data/verdict.schema.json", &derived).expect("a file of ours");
    }
    assert!(derived == verdict_schema(), "the schema lags behind its types: UPDATE_SCHEMA=1");
    assert!(derived == include_str!("../data/verdict.schema.json"), "the published schema too");
    let schema = serde_json::from_str(verdict_schema()).expect("the schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    for made in all() {
        let json = render(Format::Json, &made.case());
        let json: serde_json::Value = serde_json::from_str(&json).expect("verdict.json is JSON");
        let faults: Vec<_> = validator.iter_errors(&json).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{}: {faults:?}", made.name);
        let findings = json["findings"].as_array().expect("findings are a list");
        assert_eq!(findings.len(), made.judgement.findings.len());
    }
}

#[test]
fn junit_tells_each_finding_once_and_jenkins_takes_it() {
    for made in all() {
        let xml = render(Format::Junit, &made.case());
        outsiders::jenkins(&xml);
        let document = roxmltree::Document::parse(&xml).expect("junit.xml is XML");
        let count =
            |tag: &str| document.descendants().filter(|node| node.has_tag_name(tag)).count();
        let strict = |told: fn(&Outcome) -> bool| {
            let findings = made.judgement.findings.iter();
            findings.filter(|one| one.level == Level::Fail && told(&one.outcome)).count()
        };
        assert_eq!(count("testcase"), made.judgement.findings.len(), "{}", made.name);
        assert_eq!(count("failure"), strict(|outcome| *outcome == Outcome::Breached));
        assert_eq!(count("error"), strict(|outcome| matches!(outcome, Outcome::Unjudged(_))));
        let cases = document.descendants().filter(|node| node.has_tag_name("testcase"));
        let names: BTreeSet<_> = cases.filter_map(|case| case.attribute("name")).collect();
        assert_eq!(names.len(), made.judgement.findings.len(), "names are unique");
    }
}

#[test]
fn a_gate_without_findings_is_one_error_in_junit() {
    let mut made = case("passing");
    made.judgement.findings.clear();
    let xml = render(Format::Junit, &made.case());
    outsiders::jenkins(&xml);
    assert_eq!(xml.matches("<testcase ").count(), 1);
    assert!(xml.contains("<error "), "{xml}");
}

#[test]
fn ten_thousand_hostile_names_make_ten_thousand_test_cases() {
    let hostile = hostile();
    let points: Vec<_> = (0..0x11_0000_u32).filter_map(char::from_u32).collect();
    let names: Vec<_> = (0..10_000_usize)
        .map(|nth| {
            let odd: String =
                (0..6).map(|step| points[(nth * 6 + step) * 17 % points.len()]).collect();
            format!("{}{odd}", hostile[nth % hostile.len()])
        })
        .collect();
    let xml = render(Format::Junit, &named(&names).case());
    outsiders::jenkins(&xml);
    let document = roxmltree::Document::parse(&xml).expect("junit.xml is XML");
    let count = |tag: &str| document.descendants().filter(|node| node.has_tag_name(tag)).count();
    assert_eq!((count("testcase"), count("failure")), (10_000, 5_000));
}

#[test]
fn nothing_from_outside_becomes_markup_in_a_summary() {
    let names: Vec<_> = hostile().into_iter().map(str::to_owned).collect();
    let ours = [
        "h3",
        "p",
        "br",
        "pre",
        "code",
        "strong",
        "blockquote",
        "details",
        "summary",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "ul",
        "li",
    ];
    for made in all().iter().chain([&named(&names)]) {
        let html = outsiders::github(&render(Format::Markdown, &made.case()));
        for (tag, attributes) in outsiders::tags(&html) {
            assert!(ours.contains(&tag.as_str()), "{}: <{tag}> in {html}", made.name);
            assert!(attributes.iter().all(|name| name == "align"), "{attributes:?}");
        }
        let rows = html.matches("<tr>").count();
        let lines = render(Format::Markdown, &made.case());
        let rules = lines.lines().filter(|line| line.starts_with("| ---")).count();
        let written = lines.lines().filter(|line| line.starts_with('|')).count() - rules;
        assert_eq!(rows, written, "{}: every row is one", made.name);
    }
}

#[test]
fn a_long_summary_loses_rows_and_stays_whole() {
    let names: Vec<_> = (0..3000).map(|nth| format!("GET /a/rather/long/path/{nth}")).collect();
    let text = render(Format::Markdown, &named(&names).case());
    assert!(text.len() <= 60_000, "{}", text.len());
    assert!(text.len() > 50_000, "no more was left out than had to be: {}", text.len());
    assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
    assert!(text.contains("GET /a/rather/long/path/0`"), "what failed is kept first");
    assert!(text.contains("… and "), "what was left out is said");
    for line in text.lines().filter(|line| line.starts_with('|')) {
        assert!(line.ends_with('|'), "{line}");
    }
}

#[test]
fn no_line_on_a_terminal_is_a_command_or_too_wide() {
    let names: Vec<_> = hostile().into_iter().map(str::to_owned).collect();
    for made in all().iter().chain([&named(&names)]) {
        let text = render(Format::Text(PLAIN), &made.case());
        assert!(text.starts_with(made.judgement.verdict().name()), "the verdict comes first");
        for line in text.lines() {
            assert!(!line.trim_start().starts_with("::"), "{line}");
            assert!(!line.contains("##") && !line.contains("section_start:"), "{line}");
            assert!(!line.chars().any(char::is_control), "{line:?}");
        }
        let colour = Style { colour: true, width: 80 };
        let painted = render(Format::Text(colour), &made.case());
        let plain = ["\u{1b}[0m", "\u{1b}[31m", "\u{1b}[32m", "\u{1b}[33m", "\u{1b}[1;31m"];
        let plain = plain.into_iter().chain(["\u{1b}[1;32m", "\u{1b}[1;33m"]);
        assert_eq!(plain.fold(painted, |text, code| text.replace(code, "")), text);
    }
    for made in all().iter().filter(|made| made.name != "hostile-names") {
        let text = render(Format::Text(PLAIN), &made.case());
        for line in text.lines().skip(1) {
            assert!(line.chars().count() <= 80, "{}: {line}", made.name);
        }
    }
}

#[test]
fn what_came_from_the_environment_is_in_no_report() {
    let secret = "hunter2/<&>'\"|tail of a token that is long enough to be cut ".repeat(4);
    let secret = secret.trim();
    let mut made = named(&[format!("GET /{secret}"), "x".to_owned(), format!("é {secret}")]);
    let mut masks = Masks::default();
    masks.hide("API_TOKEN", secret);
    made.plan.masks = masks;
    made.run.origin.target = format!("http://x/?key={secret}");
    made.run.stop = loadgate::run::Stop::Panic(format!("said \u{1b}[1m{secret}"));
    for (format, end) in FORMATS {
        let text = render(format, &made.case());
        assert!(!text.contains("hunter2") && !text.contains("tail of"), "{end}: {text}");
        assert!(text.contains("API") && text.contains("TOKEN"), "{end} says what is hidden");
    }
}

#[test]
fn numbers_and_words_of_ours_are_no_secrets() {
    for made in all().iter().filter(|made| made.name != "hostile-names") {
        let mut made = case(made.name);
        let told = FORMATS.map(|(format, _)| render(format, &made.case()));
        let numbers = told.iter().flat_map(|text| text.split(|sign: char| !sign.is_ascii_digit()));
        for number in numbers.filter(|number| number.len() >= 6) {
            made.plan.masks.hide("NUMBER", number);
        }
        for word in ["details", "breached", "open model", "measurement", "requests", "not fit"] {
            made.plan.masks.hide("WORD", word);
        }
        for ((format, end), told) in FORMATS.into_iter().zip(told) {
            assert_eq!(render(format, &made.case()), told, "{} {end}", made.name);
        }
    }
}

#[test]
fn every_report_ends_with_one_line_break() {
    for made in all() {
        for (format, end) in FORMATS {
            let text = render(format, &made.case());
            assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{} {end}", made.name);
        }
    }
}

fn anything() -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(hostile()).prop_map(str::to_owned);
    let piece =
        proptest::prop_oneof![any::<String>(), piece, ":|#|\\\\|`|\\|".prop_map(String::from)];
    proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn clean_text_is_clean_for_ever(text in anything()) {
        let clean = Clean::line(&text);
        let again = Clean::line(clean.as_str());
        prop_assert_eq!(&again, &clean);
        let line = clean.as_str();
        prop_assert!(line.chars().count() <= 200 && !line.chars().any(char::is_control));
        let first = line.split(' ').all(|word| !word.starts_with("::"));
        prop_assert!(first && !line.contains("##") && !line.contains("section_start:"));
        for line in Clean::lines(&text).as_str().lines() {
            let again = Clean::line(line);
            prop_assert_eq!(again.as_str(), line);
        }
    }

    #[test]
    fn any_text_is_the_text_of_an_element(text in anything()) {
        let document = format!("<a b=\"{0}\">{0}</a>", xml(&text));
        let read = roxmltree::Document::parse(&document);
        prop_assert!(read.is_ok(), "{}", document);
    }

    #[test]
    fn any_text_is_one_cell_of_a_table(text in anything()) {
        for cell in [markdown(&text), markdown_code(&text)] {
            prop_assert!(!cell.contains(['\n', '\r']));
            let mut bars = cell.match_indices('|');
            prop_assert!(bars.all(|(at, _)| {
                let before = cell[..at].chars().rev().take_while(|sign| *sign == '\\').count();
                before % 2 == 1
            }), "{}", cell);
        }
    }
}
