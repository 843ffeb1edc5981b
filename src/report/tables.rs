//! The tables of `report.html` that are looked up, not read: failures, load, generator,
//! environment.

use maud::{Markup, html};

use super::bar::Line;
use super::facts::{Facts, Fitness, Generator};
use super::measured::Measured;
use super::stack::{self, Column, column};
use super::{text, words};
use crate::metric::Value;
use crate::run::{Model, Starved};
use crate::sample::Failure;
use crate::sanitise::Clean;
use crate::unit::Ratio;

const DIFFERENCES: [Column; 5] = [
    column("way", ""),
    column("what", ""),
    column("base", ""),
    column("change", ""),
    column("by", "n"),
];
const FAILURES: [Column; 6] = [
    column("endpoint", ""),
    column("class", "w"),
    column("requests", "n"),
    column("share", "n"),
    column("statuses", ""),
    column("one of them", "rest"),
];

/// How the gate file differs from the base commit's.
#[must_use]
pub fn differences(facts: &Facts) -> Markup {
    let Some(bar) = facts.bar.as_ref().filter(|bar| !bar.differences.is_empty()) else {
        return html! {};
    };
    let cell = |text: &Option<Clean>| text.as_ref().map_or("–".to_owned(), ToString::to_string);
    let row = |line: &Line| {
        let class = if line.loosens { "pill fail" } else { "pill" };
        let told = [cell(&line.from), cell(&line.to), cell(&line.by)];
        let first = [html! { span class=(class) { (line.way.name()) } }, html! { (line.what) }];
        first.into_iter().chain(told.iter().map(|text| html! { (text) })).collect()
    };
    html! {
        section aria-labelledby="policy" {
            h2 id="policy" { "The gate file since " (bar.base) }
            (stack::table("policy", &DIFFERENCES, 1, bar.differences.iter().map(row)))
        }
    }
}

/// Failed requests by endpoint and class.
#[must_use]
pub fn failures(facts: &Facts) -> Markup {
    let failed = || facts.endpoints.iter().filter(|endpoint| endpoint.failed > 0);
    html! {
        @if facts.whole.count > 0 {
            section aria-labelledby="failures" {
                h2 id="failures" { "Failures by class" }
                @if facts.whole.failed == 0 {
                    p { "No request of the judged time failed." }
                } @else {
                    (stack::table("failures", &FAILURES, 0, failed().flat_map(rows)))
                }
            }
        }
    }
}

fn rows(measured: &Measured) -> impl Iterator<Item = Vec<Markup>> {
    measured.failures.iter().enumerate().map(|(nth, (why, count))| {
        let codes = if nth == 0 { words::bad_statuses(&measured.statuses) } else { String::new() };
        vec![
            html! { (measured.name) },
            html! { (why) },
            html! { (words::count(*count)) },
            html! { (share(*count, measured.count)) },
            html! { (codes) },
            html! {
                @if *why == Failure::Expectation && !measured.missed.is_empty() {
                    ul { @for missed in &measured.missed { li { (text::missed(missed)) } } }
                } @else { (example(measured, *why)) }
            },
        ]
    })
}

fn example(measured: &Measured, why: Failure) -> &str {
    let told = measured.examples.iter().find(|(class, _)| *class == why);
    told.map_or("", |(_, what)| what.as_str())
}

fn share(part: u64, whole: u64) -> String {
    Ratio::of(part, whole).map_or_else(|| "–".to_owned(), |share| words::percent(share.share()))
}

/// Names and values, side by side where there is room.
fn facts_of(id: &str, title: &str, facts: &[(&str, String)]) -> Markup {
    section(id, title, &html! {}, facts)
}

/// The same, with something to say before them.
fn section(id: &str, title: &str, first: &Markup, facts: &[(&str, String)]) -> Markup {
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { (title) }
            (first)
            dl.facts {
                @for (name, value) in facts { @if !value.is_empty() {
                    div { dt { (name) } dd { (value) } }
                } }
            }
        }
    }
}

/// The load asked for and put on.
#[must_use]
pub fn load(facts: &Facts) -> Markup {
    let load = &facts.load;
    let mut all = vec![
        ("profile", format!("{}, {} model", load.profile, words::model(load.model))),
        ("planned to last", words::duration(load.duration)),
        ("lasted", words::moment(load.lasted)),
        ("warm-up, not judged", words::duration(load.warm_up)),
        ("planned arrivals", load.planned.map(words::count).unwrap_or_default()),
        ("requests sent", words::count(load.sent)),
    ];
    all.extend(load.arrived.map(|arrived| ("users that arrived", words::count(arrived))));
    match load.model {
        Model::Open => all.push(("dropped", words::count(load.dropped))),
        Model::Closed => all.push(("users", words::count(load.users))),
    }
    all.push(("deadline of a request", words::duration(load.timeout)));
    all.push(("connections opened", words::count(load.connections)));
    all.push(("requests repeated on a fresh connection", words::count(load.reconnects)));
    if let Some(connecting) = load.connecting {
        let [p50, _, p99] = connecting.percentiles().map(words::value);
        all.push(("opening a connection took", format!("p50 {p50}, p99 {p99}")));
    }
    all.push(("bytes read", words::count(facts.whole.bytes)));
    facts_of("load", "Load", &all)
}

/// How fit the generator was.
#[must_use]
pub fn generator(facts: &Facts) -> Markup {
    if let Some(source) = &facts.source {
        let all = [("put on by", source.tool.to_string()), ("times", source.precision.clone())];
        return section("generator", "Generator", &reasons(facts), &all);
    }
    let generator = &facts.generator;
    let percent = |share: &Ratio| words::percent(share.share());
    let lag = generator.lag.map(|lag| {
        let [p50, p99, max] = lag.map(|time| words::value(Value::Time(time)));
        format!("p50 {p50}, p99 {p99}, max {max}")
    });
    let descriptors = generator
        .descriptors
        .map(|(most, limit)| format!("{} of {} at most", words::count(most), words::count(limit)));
    let all = [
        ("fitness", generator.fitness.said().to_owned()),
        ("late by", lag.unwrap_or_default()),
        ("load threads", words::count(generator.threads)),
        ("CPU of each", generator.cpu.iter().map(percent).collect::<Vec<_>>().join(", ")),
        ("seconds above 90 % of a core", percent(&generator.saturated)),
        ("seconds short of CPU", short_of_cpu(generator)),
        ("open descriptors", descriptors.unwrap_or_default()),
        ("CPU taken by the hypervisor", generator.steal.as_ref().map(percent).unwrap_or_default()),
        ("released by", generator.pacing.to_string()),
        ("clock", words::clock(generator.clock).unwrap_or("steady").to_owned()),
    ];
    section("generator", "Generator", &reasons(facts), &all)
}

/// Why it was not fit, each reason on its own.
fn reasons(facts: &Facts) -> Markup {
    let reasons = &facts.generator.reasons;
    html! {
        @if !reasons.is_empty() {
            p { "Not to be trusted because:" }
            ul.reasons { @for reason in reasons { li { (reason) } } }
        }
    }
}

/// Where to read the reasons that are not told in full for want of room.
#[must_use]
pub fn more(count: usize) -> String {
    format!("{} below, under Generator", words::plural(count as u64, "more reason"))
}

fn short_of_cpu(generator: &Generator) -> String {
    match (generator.starved, generator.fitness) {
        (_, Fitness::Unused | Fitness::Foreign) => String::new(),
        (None, Fitness::Fit | Fitness::Unfit) => "this system does not tell".to_owned(),
        (Some(Starved { share, wait }), Fitness::Fit | Fitness::Unfit) => {
            let each = format!(", {} each time", words::value(Value::Time(wait)));
            let each = if share == Ratio::ZERO { "" } else { &each };
            format!("{}{each}", words::percent(share.share()))
        }
    }
}

/// Where the run comes from.
#[must_use]
pub fn environment(facts: &Facts) -> Markup {
    let origin = &facts.origin;
    let memory = words::float(origin.memory) / 1_073_741_824.0;
    let all = [
        ("target", origin.target.to_string()),
        ("protocol", origin.protocol.to_string()),
        (
            "certificates",
            if origin.insecure { "not checked" } else { "checked, where there are any" }.to_owned(),
        ),
        ("gate file", origin.gate.to_string()),
        ("its SHA-256", origin.gate_hash.to_string()),
        ("seed", origin.seed.to_string()),
        ("CPU", format!("{}, {}", origin.cpu, words::plural(origin.cores, "core"))),
        ("memory", format!("{memory:.1} GiB")),
        ("system", format!("{}, {}", origin.os, origin.arch)),
    ];
    facts_of("environment", "Environment", &all)
}

/// What it was judged by, as a gate file has it.
#[must_use]
pub fn gate(facts: &Facts) -> Markup {
    html! {
        section aria-labelledby="gate" {
            h2 id="gate" { "The gate as judged" }
            div.scroll tabindex="0" role="group" aria-labelledby="gate" {
                pre { @for line in &facts.gate { (line) "\n" } }
            }
        }
    }
}
