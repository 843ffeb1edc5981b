//! `report.html`, for people: one page that loads nothing, runs nothing and works wherever it is
//! kept.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::check::{Check, Mark};
use super::facts::Facts;
use super::measured::{Measured, Spread};
use super::{plots, tables, text, words};
use crate::judge::finding::Verdict;

/// The columns of the table of endpoints that hold numbers.
const COLUMNS: [&str; 8] = ["requests", "failed", "good/s", "p50", "p95", "p99", "max", "mean"];
/// The look of every page.
pub(super) const STYLE: &str = include_str!("page.css");

/// Writes the report.
#[must_use]
pub fn render(facts: &Facts) -> String {
    page(facts).into_string() + "\n"
}

fn page(facts: &Facts) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                meta name="robots" content="noindex";
                link rel="icon" href="data:,";
                title { (facts.verdict.name()) " · " (facts.origin.gate) " · loadgate" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (header(facts))
                main {
                    (checks(facts))
                    (tables::differences(facts))
                    @let plots = plots::plots(facts);
                    @if !plots.is_empty() {
                        section aria-labelledby="time" {
                            h2 id="time" { "What happened" }
                            div.plots { @for plot in &plots { (plot.figure()) } }
                        }
                    }
                    (endpoints(facts))
                    (tables::failures(facts))
                    (tables::load(facts))
                    (tables::generator(facts))
                    (tables::environment(facts))
                }
                footer {
                    "loadgate " (facts.origin.version) " · run " (facts.origin.id)
                    " · exit code " (facts.exit_code)
                }
            }
        }
    }
}

/// Nothing may be loaded or run, whatever found its way into the page.
pub(super) fn policy() -> String {
    let hash = BASE64.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src data:; base-uri 'none'; \
         form-action 'none'"
    )
}

fn header(facts: &Facts) -> Markup {
    let class = match facts.verdict {
        Verdict::Pass => "pass",
        Verdict::Inconclusive => "doubt",
        Verdict::Fail => "fail",
    };
    html! {
        header {
            p class=(format!("badge {class}")) { (facts.verdict.name()) }
            h1 { (facts.why) }
            p.sub {
                (facts.origin.gate) " · " (facts.origin.target) " · " (facts.load.profile)
                ", " (words::model(facts.load.model)) " model · " (facts.origin.started)
            }
            @if !facts.notes.is_empty() {
                ul.notes { @for note in &facts.notes { li { (note) } } }
            }
            @if facts.whole.count > 0 { (tiles(facts)) }
        }
    }
}

fn tiles(facts: &Facts) -> Markup {
    let whole = &facts.whole;
    let time = |pick: fn(&Spread) -> crate::metric::Value| {
        whole.latency.map_or_else(|| "–".to_owned(), |all| words::value(pick(&all)))
    };
    let rate = whole.throughput.map_or_else(|| "–".to_owned(), |rate| rate.to_string());
    let errors =
        whole.error_rate.map_or_else(|| "–".to_owned(), |rate| words::percent(rate.share()));
    let tiles = [
        ("requests judged", words::count(whole.count)),
        ("failed", errors),
        ("good answers", rate),
        ("p50", time(|all| all.p50)),
        ("p95", time(|all| all.p95)),
        ("p99", time(|all| all.p99)),
        ("generator", facts.generator.fitness.said().to_owned()),
    ];
    html! {
        dl.tiles { @for (name, value) in &tiles { div { dt { (name) } dd { (value) } } } }
    }
}

fn checks(facts: &Facts) -> Markup {
    let sorted = || Mark::ALL.into_iter().flat_map(|mark| facts.marked(mark));
    html! {
        section aria-labelledby="checks" {
            h2 id="checks" { (words::plural(facts.checks.len() as u64, "check")) }
            div.scroll tabindex="0" role="region" aria-labelledby="checks" {
                table {
                    thead { tr {
                        th scope="col" { "outcome" }
                        th scope="col" { "of" }
                        th scope="col" { "metric" }
                        th.n scope="col" { "measured" }
                        th scope="col" { "limit" }
                        th.n scope="col" { "samples" }
                        th scope="col" { "remarks" }
                    } }
                    tbody { @for check in sorted() { (check_row(check)) } }
                }
            }
        }
    }
}

fn check_row(check: &Check) -> Markup {
    let class = match check.mark {
        Mark::Fail => "pill fail",
        Mark::Doubt | Mark::Warn | Mark::Unsure | Mark::Open => "pill doubt",
        Mark::Held => "pill pass",
    };
    let mut remarks: Vec<String> = check.excess.clone().into_iter().collect();
    if !check.doubt.as_str().is_empty() {
        remarks.push(check.doubt.to_string());
    }
    if check.told.is_some() && check.doubt.as_str().is_empty() {
        remarks.push(check.said());
    }
    remarks.extend(check.remarks());
    let line = (check.line > 0).then(|| format!("line {}", check.line));
    remarks.extend(line);
    html! {
        tr {
            td { span class=(class) { (check.mark.word()) } }
            th scope="row" { (check.place()) }
            td.w { (check.metric) }
            td.n { (check.measured()) }
            td.w { (check.limit) }
            td.n { @if check.samples > 0 { (words::count(check.samples)) } @else { "–" } }
            td.rest { (remarks.join("; ")) }
        }
    }
}

fn endpoints(facts: &Facts) -> Markup {
    if facts.whole.count == 0 {
        return html! {};
    }
    html! {
        section aria-labelledby="endpoints" {
            h2 id="endpoints" { (words::plural(facts.endpoints.len() as u64, "endpoint")) }
            div.scroll tabindex="0" role="region" aria-labelledby="endpoints" {
                table {
                    thead { tr {
                        th scope="col" { "endpoint" }
                        @for title in COLUMNS { th.n scope="col" { (title) } }
                        th scope="col" { "remarks" }
                    } }
                    tbody {
                        (endpoint(&facts.whole, "total"))
                        @for measured in &facts.endpoints { (endpoint(measured, "")) }
                    }
                }
            }
        }
    }
}

fn endpoint(measured: &Measured, class: &str) -> Markup {
    let none = || "–".to_owned();
    let errors = measured.error_rate.map_or_else(none, |rate| words::percent(rate.share()));
    let rate = measured.throughput.map_or_else(none, |rate| rate.to_string());
    let spread = |all: Spread| {
        let mean = all.mean.map_or_else(none, words::value);
        let [p50, p95, p99, max] = [all.p50, all.p95, all.p99, all.max].map(words::value);
        [p50, p95, p99, max, mean]
    };
    let times = measured.latency.map_or_else(|| std::array::from_fn(|_| none()), spread);
    html! {
        tr class=(class) {
            th scope="row" { (measured.name) }
            td.n { (words::count(measured.count)) }
            td.n { (errors) }
            td.n { (rate) }
            @for time in &times { td.n { (time) } }
            td.rest { (text::remarks(measured).join("; ")) }
        }
    }
}
