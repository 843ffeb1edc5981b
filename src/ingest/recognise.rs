//! Which formats claim the beginning of a file.

use super::fault::Unreadable;
use super::format::Format;
use super::head::Head;
use super::{
    ab, artillery, autocannon, gatling, generic, h2load, hey, hlog, jmeter, k6, locust, oha, siege,
    taurus, vegeta, wrk,
};

/// The format of a file, by its beginning: exactly one may claim it.
///
/// # Errors
/// When none or several do.
pub fn recognise(head: &[u8]) -> Result<Format, Unreadable> {
    let head = Head::of(head);
    let all: Vec<Format> = Format::ALL.into_iter().filter(|one| claims(*one, &head)).collect();
    match all.as_slice() {
        [] => Err(Unreadable::Unknown),
        [one] => Ok(*one),
        several => Err(Unreadable::Ambiguous(several.iter().map(|one| one.name()).collect())),
    }
}

/// Whether the beginning of a file is that of a format.
fn claims(format: Format, head: &Head<'_>) -> bool {
    match format {
        Format::Loadgate => head.begins("{\"schema\":\"loadgate."),
        Format::LocustStats => locust::stats::claims(head),
        Format::LocustHistory => locust::history::claims(head),
        Format::LocustFailures => locust::failures::claims(head),
        Format::LocustExceptions => locust::exceptions::claims(head),
        Format::LocustJson => locust::json::claims(head),
        Format::LocustHtml => locust::html::claims(head),
        Format::LocustRequests => locust::requests::claims(head),
        Format::K6Ndjson => k6::ndjson::claims(head),
        Format::K6Csv => k6::csv::claims(head),
        Format::K6Summary => k6::summary::claims(head),
        Format::JmeterCsv => jmeter::csv::claims(head),
        Format::JmeterXml => jmeter::xml::claims(head),
        Format::GatlingText => gatling::text::claims(head),
        Format::GatlingBinary => gatling::binary::claims(head),
        Format::VegetaJson => vegeta::json::claims(head),
        Format::VegetaCsv => vegeta::csv::claims(head),
        Format::VegetaBin => vegeta::gob::claims(head),
        Format::VegetaReport => vegeta::report::claims(head),
        Format::Wrk => wrk::claims(head),
        Format::HeyCsv => hey::claims_csv(head),
        Format::HeyText => hey::claims_text(head),
        Format::H2loadLog => h2load::claims_log(head),
        Format::H2loadText => h2load::claims_text(head),
        Format::AbText => ab::claims_text(head),
        Format::AbPercent => ab::claims_percent(head),
        Format::AbGnuplot => ab::claims_gnuplot(head),
        Format::OhaJson => oha::claims_json(head),
        Format::OhaCsv => oha::claims_csv(head),
        Format::Autocannon => autocannon::claims(head),
        Format::Artillery => artillery::claims(head),
        Format::Siege => siege::claims(head),
        Format::TaurusCsv => taurus::claims_csv(head),
        Format::TaurusXml => taurus::claims_xml(head),
        Format::Hlog => hlog::claims(head),
        Format::Csv => generic::claims_csv(head),
        Format::Ndjson => generic::claims_ndjson(head),
    }
}
