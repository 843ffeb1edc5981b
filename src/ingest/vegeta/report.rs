//! `vegeta report -type json`: counts and four percentiles of a t-digest.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::ingest::MOST_SUMMARY;
use crate::ingest::class::status;
use crate::ingest::fault::Unreadable;
use crate::ingest::head::Head;
use crate::ingest::input::Input;
use crate::ingest::intake::Intake;
use crate::ingest::json::{count, parse, time};
use crate::ingest::number::moment;
use crate::run::{Band, Quotes, Ranks};
use crate::unit::Quantile;

const QUOTED: [(&str, u32); 5] = [
    ("50th", 500_000),
    ("90th", 900_000),
    ("95th", 950_000),
    ("99th", 990_000),
    ("max", 1_000_000),
];

/// Whether it is this format.
pub(in crate::ingest) fn claims(head: &Head<'_>) -> bool {
    head.begins("{\"latencies\":") && head.has("\"50th\"") && head.has("\"status_codes\"")
}

/// Reads it.
pub(in crate::ingest) fn read(input: Input<'_>, intake: &mut Intake) -> Result<(), Unreadable> {
    if intake.told.whole.is_some() {
        return Err(Unreadable::NotAdded);
    }
    let file = parse(&input.text(MOST_SUMMARY)?, "vegeta")?;
    let quotes = quotes(&file);
    let lacks = || Unreadable::Unlike("vegeta", "it lacks counts or latencies".to_owned());
    intake.told.whole = Some(quotes.ok_or_else(lacks)?);
    let span = time(&file["duration"], 1).zip(time(&file["wait"], 1));
    intake.told.lasted = span.map(|(sending, waiting)| sending + waiting);
    intake.told.began = file["earliest"].as_str().and_then(|at| moment(at.as_bytes()));
    super::told(intake);
    intake.note("vegeta's report estimates its percentiles (t-digest): its hits tell them exactly");
    Ok(())
}

fn quotes(file: &Value) -> Option<Quotes> {
    let all = count(&file["requests"])?;
    let codes = file["status_codes"].as_object()?;
    let codes = codes.iter().filter_map(|(code, times)| Some((code.as_str(), count(times)?)));
    let codes: Vec<(&str, u64)> = codes.collect();
    let good = codes
        .iter()
        .filter(|(code, _)| status(code.as_bytes()).is_some_and(|code| (200..400).contains(&code)));
    let good: u64 = good.map(|(_, times)| times).sum();
    // A body that broke off has an error beside a good status, so the share of successes decides.
    let share = file["success"].as_f64().filter(|share| (0.0..=1.0).contains(share))?;
    let known = |(code, times): &(&str, u64)| Some((status(code.as_bytes())?, *times));
    let statuses: BTreeMap<u16, u64> = codes.iter().filter_map(known).collect();
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a count below 2^53"
    )]
    let succeeded = (share * all as f64).round() as u64;
    let latencies = &file["latencies"];
    let mut ranks = Vec::new();
    for (name, at) in QUOTED {
        let at = Quantile::from_millionths(at)?;
        ranks.push((at, Band::exactly(time(&latencies[name], 1)?)));
    }
    Some(Quotes {
        count: all,
        failed: all.saturating_sub(succeeded.min(good)),
        timed: all,
        times: Ranks::Fixed(ranks),
        mean: time(&latencies["mean"], 1).map(Band::exactly),
        most: time(&latencies["max"], 1).map(Band::exactly),
        statuses,
        bytes: count(&file["bytes_in"]["total"]).unwrap_or(0),
    })
}
