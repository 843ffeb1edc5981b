//! Artillery: the JSON report, with estimates to one percent (DDSketch) of the time to the first
//! byte.

use std::time::Duration;

use serde_json::{Map, Value};

use super::MOST_SUMMARY;
use super::class::status;
use super::fault::Unreadable;
use super::head::Head;
use super::input::Input;
use super::intake::Intake;
use super::json::{count, parse, time};
use super::number::{MILLI, SECOND};
use super::printed;
use crate::archive::MOST_ENDPOINTS;
use crate::run::{Band, Quotes};
use crate::unit::Quantile;

const QUOTED: [(&str, u32); 7] = [
    ("p50", 500_000),
    ("p75", 750_000),
    ("p90", 900_000),
    ("p95", 950_000),
    ("p99", 990_000),
    ("p999", 999_000),
    ("max", 1_000_000),
];
const NAMED: &str = "plugins.metrics-by-endpoint.";

/// Whether it is this format.
pub(super) fn claims(head: &Head<'_>) -> bool {
    head.begins("{") && head.has("\"aggregate\"") && head.has("\"counters\"")
}

/// Reads it.
pub(super) fn read(input: Input<'_>, intake: &mut Intake) -> Result<(), Unreadable> {
    if intake.told.whole.is_some() {
        return Err(Unreadable::NotAdded);
    }
    let file = parse(&input.text(MOST_SUMMARY)?, "Artillery")?;
    let all = &file["aggregate"];
    let counters = all["counters"].as_object();
    let lacks = || Unreadable::Unlike("Artillery", "it lacks `aggregate.counters`".to_owned());
    let counters = counters.ok_or_else(lacks)?;
    if let Some((name, _)) = counters.iter().find(|(_, value)| count(value).is_none()) {
        return Err(Unreadable::Unlike("Artillery", format!("`{name}` is no count")));
    }
    let number = |name: &str| counters.get(name).and_then(count).unwrap_or(0);
    let (sent, answers) = (number("http.requests"), number("http.responses"));
    let empty = Map::new();
    let summaries = all["summaries"].as_object().unwrap_or(&empty);
    let codes = statuses(counters, "http.codes.");
    let refused = refused(&codes).saturating_add(number("plugins.expect.failed"));
    // What was sent and never answered, errors among it, is in no time.
    let lost = sent.saturating_sub(answers);
    let quotes = printed::quotes(sent, lost.saturating_add(refused), answers);
    let times = summaries.get("http.response_time");
    intake.told.whole = Some(Quotes { statuses: codes, ..with(quotes, times) });
    for (name, times) in summaries {
        let Some(name) = name.strip_prefix(NAMED).and_then(|n| n.strip_prefix("response_time."))
        else {
            continue;
        };
        if intake.quoted.len() >= MOST_ENDPOINTS {
            return Err(Unreadable::Names(MOST_ENDPOINTS));
        }
        let codes = statuses(counters, &format!("{NAMED}{name}.codes."));
        let answers = times["count"].as_u64().unwrap_or(0);
        let errors = counters.iter().filter(|(key, _)| {
            key.strip_prefix(NAMED).is_some_and(|key| key.starts_with(&format!("{name}.errors.")))
        });
        let lost = errors.filter_map(|(_, times)| count(times)).fold(0, u64::saturating_add);
        let failed = super::artillery::refused(&codes).saturating_add(lost);
        let quotes = printed::quotes(answers.saturating_add(lost), failed, answers);
        intake
            .quoted
            .push((name.to_owned(), Quotes { statuses: codes, ..with(quotes, Some(times)) }));
    }
    let moment = |name: &str| all[name].as_f64();
    let span = moment("firstMetricAt").zip(moment("lastMetricAt"));
    intake.told.lasted =
        span.and_then(|(first, last)| super::number::time_of((last - first).max(0.0), MILLI));
    if intake.told.lasted.is_none() {
        intake.told.lasted = time(&all["period"], SECOND);
    }
    intake.note("Artillery times a request to the first byte of its answer, and estimates to 1 %");
    Ok(())
}

fn statuses(counters: &Map<String, Value>, prefix: &str) -> std::collections::BTreeMap<u16, u64> {
    let code = |(name, times): (&String, &Value)| {
        Some((status(name.strip_prefix(prefix)?.as_bytes())?, count(times)?))
    };
    counters.iter().filter_map(code).collect()
}

fn refused(codes: &std::collections::BTreeMap<u16, u64>) -> u64 {
    codes.range(400..).map(|(_, times)| *times).fold(0, u64::saturating_add)
}

/// The same with what a summary quotes of its times.
fn with(quotes: Quotes, times: Option<&Value>) -> Quotes {
    let Some(times) = times else { return quotes };
    let ranks = QUOTED.iter().filter_map(|(name, at)| {
        let said = time(&times[*name], MILLI)?;
        let off: Duration = said / 100;
        let (low, high) = (said.saturating_sub(off), said.saturating_add(off));
        Some((Quantile::from_millionths(*at)?, Band { low, high, said }))
    });
    Quotes {
        times: printed::ranks(ranks.collect()),
        mean: time(&times["mean"], MILLI).map(Band::exactly),
        most: time(&times["max"], MILLI).map(Band::exactly),
        ..quotes
    }
}
