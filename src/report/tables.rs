//! The tables of `report.html` that are looked up, not read: failures, load, generator,
//! environment.

use maud::{Markup, html};

use super::facts::{Facts, Fitness, Generator};
use super::measured::Measured;
use super::{text, words};
use crate::metric::Value;
use crate::run::{Model, Starved};
use crate::sample::Failure;
use crate::sanitise::Clean;
use crate::unit::Ratio;

/// How the gate file differs from the base commit's.
#[must_use]
pub fn differences(facts: &Facts) -> Markup {
    let Some(bar) = facts.bar.as_ref().filter(|bar| !bar.differences.is_empty()) else {
        return html! {};
    };
    let cell = |text: &Option<Clean>| text.as_ref().map_or("–".to_owned(), ToString::to_string);
    html! {
        section aria-labelledby="policy" {
            h2 id="policy" { "The gate file since " (bar.base) }
            div.scroll tabindex="0" role="group" aria-labelledby="policy" {
                table cellpadding="6" {
                    thead { tr {
                        th scope="col" { "way" }
                        th scope="col" { "what" }
                        th scope="col" { "base" }
                        th scope="col" { "change" }
                        th.n scope="col" { "by" }
                    } }
                    tbody { @for line in &bar.differences { tr {
                        td { span class=(if line.loosens { "pill fail" } else { "pill" }) {
                            (line.way.name())
                        } }
                        th scope="row" { (line.what) }
                        td { (cell(&line.from)) }
                        td { (cell(&line.to)) }
                        td.n { (cell(&line.by)) }
                    } } }
                }
            }
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
                    div.scroll tabindex="0" role="group" aria-labelledby="failures" {
                        table cellpadding="6" {
                            thead { tr {
                                th scope="col" { "endpoint" }
                                th scope="col" { "class" }
                                th.n scope="col" { "requests" }
                                th.n scope="col" { "share" }
                                th scope="col" { "statuses" }
                                th scope="col" { "one of them" }
                            } }
                            tbody { @for endpoint in failed() { (rows(endpoint)) } }
                        }
                    }
                }
            }
        }
    }
}

fn rows(measured: &Measured) -> Markup {
    let codes = words::bad_statuses(&measured.statuses);
    html! {
        @for (nth, (why, count)) in measured.failures.iter().enumerate() {
            tr {
                th scope="row" { (measured.name) }
                td.w { (why) }
                td.n { (words::count(*count)) }
                td.n { (share(*count, measured.count)) }
                td { @if nth == 0 { (codes) } }
                td.rest {
                    @if *why == Failure::Expectation && !measured.missed.is_empty() {
                        ul { @for missed in &measured.missed { li { (text::missed(missed)) } } }
                    } @else { (example(measured, *why)) }
                }
            }
        }
    }
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
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { (title) }
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
        return facts_of("generator", "Generator", &all);
    }
    let generator = &facts.generator;
    let percent = |share: &Ratio| words::percent(share.share());
    let reasons: Vec<_> = generator.reasons.iter().map(ToString::to_string).collect();
    let lag = generator.lag.map(|lag| {
        let [p50, p99, max] = lag.map(|time| words::value(Value::Time(time)));
        format!("p50 {p50}, p99 {p99}, max {max}")
    });
    let descriptors = generator
        .descriptors
        .map(|(most, limit)| format!("{} of {} at most", words::count(most), words::count(limit)));
    let all = [
        ("fitness", generator.fitness.said().to_owned()),
        ("why not", reasons.join("; ")),
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
    facts_of("generator", "Generator", &all)
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
