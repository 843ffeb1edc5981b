//! oha: its JSON, whose `successRate` counts answers of 500 as success, and its CSV, which leaves
//! failed requests out.

use serde_json::Value;

use super::MOST_SUMMARY;
use super::class::{end, status};
use super::fault::Unreadable;
use super::head::Head;
use super::input::Input;
use super::intake::{Intake, Sample};
use super::json::{count, parse, time};
use super::lines::{Lines, Rows, places};
use super::number::{SECOND, scaled, took, whole};
use super::printed;
use crate::run::{Band, Quotes, Subject};
use crate::unit::Quantile;

const ASKED: [&str; 4] = ["request-start", "request-duration", "bytes", "status"];

/// Whether it is the JSON.
pub(super) fn claims_json(head: &Head<'_>) -> bool {
    head.begins("{") && head.has("\"successRate\"") && head.has("\"summary\"")
}

/// Whether it is the CSV.
pub(super) fn claims_csv(head: &Head<'_>) -> bool {
    head.columns(&ASKED)
}

/// Reads the CSV.
pub(super) fn read_csv(input: Input<'_>, intake: &mut Intake) -> Result<(), Unreadable> {
    let mut rows = Rows::new(Lines::new(input, intake.partial), b',');
    let header = rows.header()?;
    let [start, duration, bytes, code] = places(&header, ASKED)?;
    intake.told.relative = true;
    let tail = rows.each(|row| {
        let endpoint = intake.endpoint(b"all requests")?;
        let sent = scaled(row.get(start), SECOND).ok_or("has no start")?;
        let took = took(row.get(duration), SECOND, "`request-duration`")?;
        let code = status(row.get(code));
        let good = code.is_some_and(|code| code < 400);
        let bytes = whole(row.get(bytes)).unwrap_or(0);
        intake.sample(Sample { endpoint, sent, took, end: end(good, code, b""), bytes })
    })?;
    intake.tail(tail);
    let why = "oha's CSV leaves out requests without an answer: give its JSON";
    intake.told.untold.insert(Subject::Failures, why.to_owned());
    Ok(())
}

/// Reads the JSON.
pub(super) fn read_json(input: Input<'_>, intake: &mut Intake) -> Result<(), Unreadable> {
    if intake.told.whole.is_some() {
        return Err(Unreadable::NotAdded);
    }
    let file = parse(&input.text(MOST_SUMMARY)?, "oha")?;
    let lacks = |what: &str| Unreadable::Unlike("oha", format!("it lacks `{what}`"));
    let codes = file["statusCodeDistribution"].as_object();
    let codes = codes.ok_or_else(|| lacks("statusCodeDistribution"))?;
    let (mut answers, mut refused) = (0_u64, 0_u64);
    let mut statuses = std::collections::BTreeMap::new();
    for (code, times) in codes {
        let known = status(code.as_bytes()).zip(count(times));
        let (code, times) = known.ok_or_else(|| lacks("statusCodeDistribution"))?;
        answers = answers.saturating_add(times);
        refused = refused.saturating_add(if code >= 400 { times } else { 0 });
        *statuses.entry(code).or_insert(0) += times;
    }
    let errors = file["errorDistribution"].as_object();
    let errors = errors.into_iter().flatten();
    // What the end of the run cut off is neither good nor failed.
    let errors = errors.filter(|(what, _)| *what != "aborted due to deadline");
    let errors = errors.filter_map(|(_, times)| count(times)).fold(0, u64::saturating_add);
    let ranks = file["latencyPercentiles"].as_object().into_iter().flatten();
    let ranks = ranks.filter_map(|(name, value)| {
        let at = Quantile::parse_percent(name.strip_prefix('p')?).ok()?;
        Some((at, Band::exactly(time(value, SECOND)?)))
    });
    let all = answers.saturating_add(errors);
    let quotes = printed::quotes(all, refused.saturating_add(errors), answers);
    let summary: &Value = &file["summary"];
    intake.told.lasted = time(&summary["total"], SECOND);
    intake.told.whole = Some(Quotes {
        times: printed::ranks(ranks.collect()),
        mean: time(&summary["average"], SECOND).map(Band::exactly),
        most: time(&summary["slowest"], SECOND).map(Band::exactly),
        statuses,
        bytes: count(&summary["totalData"]).unwrap_or(0),
        ..quotes
    });
    Ok(())
}
