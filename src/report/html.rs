//! `report.html`, for people: one page that loads nothing and works wherever it is kept. All of it
//! is there without a script, and can be read without a style; a script only sorts and filters.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::facts::Facts;
use super::measured::{Measured, Spread};
use super::{compare, findings, plots, tables, text, top, words};

/// The columns of the table of endpoints that hold numbers.
const COLUMNS: [&str; 8] = ["requests", "failed", "good/s", "p50", "p95", "p99", "max", "mean"];
/// The look of every page.
pub(super) const STYLE: &str = include_str!("page.css");
/// What sorts and filters the table of endpoints.
const SCRIPT: &str = include_str!("page.js");

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
                meta http-equiv="Content-Security-Policy" content=(policy(Some(SCRIPT)));
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                meta name="robots" content="noindex";
                link rel="icon" href="data:,";
                title { (facts.verdict.name()) " · " (facts.origin.gate) " · loadgate" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (top::header(facts))
                main {
                    (findings::checks(facts))
                    (compare::comparison(facts))
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
                    (tables::gate(facts))
                }
                footer {
                    "loadgate " (facts.origin.version) " · run " (facts.origin.id)
                    " · exit code " (facts.exit_code)
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

/// Nothing may be loaded, and nothing may run but one script, whatever found its way into the page.
pub(super) fn policy(script: Option<&str>) -> String {
    let hash = |text: &str| format!("'sha256-{}'", BASE64.encode(Sha256::digest(text)));
    let script = script.map(|script| format!("script-src {}; ", hash(script)));
    format!(
        "default-src 'none'; style-src {}; {}img-src data:; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        script.unwrap_or_default()
    )
}

fn endpoints(facts: &Facts) -> Markup {
    if facts.whole.count == 0 {
        return html! {};
    }
    html! {
        section aria-labelledby="endpoints" {
            h2 id="endpoints" { (words::plural(facts.endpoints.len() as u64, "endpoint")) }
            div.scroll tabindex="0" role="group" aria-labelledby="endpoints" {
                table id="endpoints-table" cellpadding="6" {
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
