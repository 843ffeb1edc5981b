//! `junit.xml`, for the test tabs of CI hosts: one test case for each expectation, held ones
//! included.
//!
//! The crate that writes it takes texts as they come, and knows neither lines nor properties; so
//! texts are escaped before they reach it and what it leaves out is put in behind it. This is the
//! only file that knows it.

use std::collections::HashMap;
use std::fmt::Write as _;

use junit_report::{Report, TestCase, TestCaseBuilder, TestSuite};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::bar::Bar;
use super::check::{Check, Mark};
use super::facts::Facts;
use super::text;
use super::words;
use crate::judge::finding::{Outcome, Rule};
use crate::metric::Value;
use crate::plan::threshold::Level;
use crate::sanitise::{self, Clean};

/// The longest message in one line, in characters.
const MOST_MESSAGE: usize = 300;

/// Writes the report.
#[must_use]
pub fn render(facts: &Facts) -> String {
    let names = unique_names(&facts.checks);
    let mut cases: Vec<_> = facts
        .checks
        .iter()
        .zip(&names)
        .map(|(check, name)| test_case(facts, check, name))
        .collect();
    if cases.is_empty() {
        let nothing = "no checks ran";
        let mut case = TestCase::error(nothing, Duration::ZERO, "no-checks", nothing);
        case.set_classname("loadgate.configuration");
        cases.push(case);
    }
    let suite = TestSuite {
        name: facts.origin.gate.to_string(),
        package: "loadgate".to_owned(),
        timestamp: OffsetDateTime::parse(facts.origin.started.as_str(), &Rfc3339)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH),
        hostname: String::new(),
        testcases: cases,
        system_out: None,
        system_err: None,
    };
    let (tests, failures, errors) = (suite.tests(), suite.failures(), suite.errors());
    let mut report = Report::new();
    report.add_testsuite(suite);
    let mut written = Vec::new();
    report
        .write_xml(&mut written)
        .expect("writing into memory does not fail, and every year has four digits");
    let written = String::from_utf8(written).expect("what is written are strings");
    let root = format!(
        "<testsuites name=\"loadgate\" tests=\"{tests}\" failures=\"{failures}\" \
         errors=\"{errors}\">"
    );
    completed(&written, &root, facts)
}

/// The names of the cases: the same from run to run, without limits and numbers, each only once.
fn unique_names(checks: &[Check]) -> Vec<String> {
    let mut seen: HashMap<String, u32> = HashMap::new();
    let taken = |check: &Check| {
        let name = name(check);
        let nth = seen.entry(name.clone()).or_default();
        *nth += 1;
        if *nth == 1 { name } else { format!("{name} #{nth}") }
    };
    checks.iter().map(taken).collect()
}

fn name(check: &Check) -> String {
    let over = check.over.map(|over| format!(" each {}", words::duration(over)));
    let during = check.during.as_ref().map(|stage| format!(" during {stage}"));
    let warn = if check.level == Level::Warn { " (warn)" } else { "" };
    let more = over.unwrap_or_default() + &during.unwrap_or_default();
    let change = if check.rule == Rule::Regression { " change" } else { "" };
    format!("{} {}{change}{more}{warn}", check.place(), check.metric)
}

fn test_case(facts: &Facts, check: &Check, name: &str) -> TestCase {
    let excess = check.excess.as_ref().map(|excess| format!(" ({excess})")).unwrap_or_default();
    let said = format!("{} {}{excess}", check.place(), check.said());
    let message: String = said.chars().take(MOST_MESSAGE).collect();
    let body = sanitise::xml(&body(facts, check, &said));
    let time = time_of(facts, check);
    let kind = format!("{}.{}", check.rule.name(), check.metric);
    let mut case = match (check.mark, &check.outcome) {
        (Mark::Fail, _) => TestCaseBuilder::failure(name, time, &kind, &message),
        (Mark::Doubt, Outcome::Unjudged(doubt)) => {
            TestCaseBuilder::error(name, time, doubt.name(), &message)
        }
        (Mark::Doubt | Mark::Warn | Mark::Unsure | Mark::Open | Mark::Held, _) => {
            TestCaseBuilder::success(name, time)
        }
    };
    case.set_trace(&body);
    if matches!(check.mark, Mark::Warn | Mark::Unsure | Mark::Open) {
        case.set_system_out(&format!("warning: {body}"));
    }
    // A dot would part the name into packages and classes.
    case.set_classname(&format!("loadgate.{}", check.place().replace('.', "_")));
    case.set_filepath(facts.origin.gate.as_str());
    case.build()
}

/// All there is to say of a check.
fn body(facts: &Facts, check: &Check, said: &str) -> String {
    let mut lines = vec![said.to_owned()];
    lines.extend(check.remarks());
    if check.is_policy() {
        lines.extend(facts.bar.iter().flat_map(told));
        return lines.join("\n");
    }
    let endpoint = facts.endpoints.iter().find(|one| !check.whole && one.name == check.scope);
    lines.extend(endpoint.into_iter().flat_map(text::remarks));
    lines.push(format!("{} behind it", words::plural(check.samples, "sample")));
    let load = &facts.load;
    lines.push(format!(
        "load: {}, {} model, against {}",
        load.profile,
        words::model(load.model),
        facts.origin.target
    ));
    lines.extend(facts.notes.iter().map(ToString::to_string));
    lines.join("\n")
}

/// Each difference from the base commit's gate file.
fn told(bar: &Bar) -> impl Iterator<Item = String> {
    bar.differences.iter().map(|line| format!("{} {}", line.way.name(), line.text()))
}

/// The measured latency where there is one, the judged time else; in whole milliseconds.
fn time_of(facts: &Facts, check: &Check) -> Duration {
    let time = match check.got {
        Some(Value::Time(time)) => time,
        Some(
            Value::Never | Value::Share(_) | Value::Rate(_) | Value::Count(_) | Value::Number(..),
        )
        | None => facts.load.judged,
    };
    let millis = (time.as_nanos() + 500_000) / 1_000_000;
    Duration::milliseconds(i64::try_from(millis).unwrap_or(i64::MAX))
}

/// Puts in what the crate leaves out: counts at the root, properties, lines of the gate file, line
/// breaks.
///
/// Every `<` that is not the crate's own is escaped by now, also within what it takes for CDATA; so
/// tags are found by their text, and the marks around CDATA can go.
fn completed(written: &str, root: &str, facts: &Facts) -> String {
    let mut xml = written
        .replace("<![CDATA[", "")
        .replace("]]>", "")
        .replace(" hostname=\"\"", "")
        .replace(" timestamp=\"1970-01-01T00:00:00Z\"", "")
        .replace("<testsuites>", &format!("\n{root}"))
        .replace("</testsuite>", "\n</testsuite>")
        .replace("</testsuites>", "\n</testsuites>\n")
        .replace("<failure ", "\n    <failure ")
        .replace("<error ", "\n    <error ")
        .replace("<system-out>", "\n    <system-out>")
        .replace("</testcase>", "\n  </testcase>");
    if let (Some(from), Some(to)) = (xml.find("<testsuite id"), xml.find("<testcase ")) {
        let tag = format!("\n{}{}", timed(&xml[from..to], facts), properties(facts));
        xml.replace_range(from..to, &tag);
    }
    let mut parts = xml.split("<testcase ");
    let mut out = parts.next().unwrap_or_default().to_owned();
    let lines = facts.checks.iter().map(|check| check.line).chain(std::iter::once(0));
    for (part, line) in parts.zip(lines) {
        out.push_str("\n  <testcase ");
        if line > 0 {
            let _ = write!(out, "line=\"{line}\" ");
        }
        out.push_str(part);
    }
    out
}

/// The tag of the suite with the time the load lasted, where the crate adds up its cases.
fn timed(tag: &str, facts: &Facts) -> String {
    let lasted = facts.load.lasted.as_secs_f64();
    match tag.rfind(" time=\"") {
        Some(at) => format!("{} time=\"{lasted:.3}\">", &tag[..at]),
        None => tag.to_owned(),
    }
}

fn properties(facts: &Facts) -> String {
    let seed = facts.origin.seed.to_string();
    let (sent, dropped) = (facts.load.sent.to_string(), facts.load.dropped.to_string());
    let planned = facts.load.planned.map(|planned| planned.to_string());
    let released = facts.load.released.map(|released| released.to_string());
    let all = [
        ("verdict", facts.verdict.name()),
        ("why", facts.why.as_str()),
        ("version", facts.origin.version.as_str()),
        ("run", facts.origin.id.as_str()),
        ("target", facts.origin.target.as_str()),
        ("profile", facts.load.profile.as_str()),
        ("model", words::model(facts.load.model)),
        ("planned", planned.as_deref().unwrap_or("")),
        ("released", released.as_deref().unwrap_or("")),
        ("sent", &sent),
        ("dropped", &dropped),
        ("seed", &seed),
        ("generator", facts.generator.fitness.said()),
    ];
    let notes = facts.notes.iter().map(Clean::as_str).map(|note| ("note", note));
    let mut out = String::from("\n  <properties>");
    let policy: Vec<String> = facts.bar.iter().flat_map(told).collect();
    let policy = policy.iter().map(|line| ("policy", line.as_str()));
    for (name, value) in all.into_iter().chain(notes).chain(policy) {
        let value = sanitise::xml(value);
        let _ = write!(out, "\n    <property name=\"loadgate.{name}\" value=\"{value}\"/>");
    }
    out + "\n  </properties>"
}
