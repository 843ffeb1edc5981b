//! `--json` and `--json-file`: the fullest of Locust's summaries, with counts by bucket.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::stats::untold;
use super::{bucket, endless, name};
use crate::archive::MOST_ENDPOINTS;
use crate::ingest::MOST_SUMMARY;
use crate::ingest::fault::Unreadable;
use crate::ingest::head::Head;
use crate::ingest::input::Input;
use crate::ingest::intake::Intake;
use crate::ingest::json::broken;
use crate::ingest::number::{MILLI, SECOND, time_of};
use crate::ingest::whole::add;
use crate::run::{Band, Quotes, Ranks};

/// Whether it is this format.
pub(in crate::ingest) fn claims(head: &Head<'_>) -> bool {
    let empty = head.text.split(u8::is_ascii_whitespace).all(|part| matches!(part, b"" | b"[]"));
    head.begins("[")
        && (head.has("\"num_requests\"") && head.has("\"last_request_timestamp\"") || empty)
}

/// One endpoint, as Locust has it.
#[derive(Deserialize)]
struct Entry {
    name: String,
    method: Option<String>,
    last_request_timestamp: Option<f64>,
    start_time: f64,
    num_requests: u64,
    #[serde(default)]
    num_none_requests: u64,
    num_failures: u64,
    total_response_time: f64,
    max_response_time: f64,
    min_response_time: Option<f64>,
    #[serde(default)]
    total_content_length: u64,
    response_times: BTreeMap<String, u64>,
}

/// Reads it.
pub(in crate::ingest) fn read(input: Input<'_>, intake: &mut Intake) -> Result<(), Unreadable> {
    let text = input.text(MOST_SUMMARY)?;
    let mut full = None;
    for entries in serde_json::Deserializer::from_str(&text).into_iter::<Vec<Entry>>() {
        let entries = entries.map_err(|why| broken(&why, "Locust"))?;
        if entries.is_empty() {
            continue;
        }
        if full.replace(entries).is_some() {
            let why = "it holds more than one report".to_owned();
            return Err(Unreadable::Unlike("Locust", why));
        }
    }
    let entries = full.ok_or_else(|| {
        let why = "tells of not one request: with --processes Locust's workers overwrite this \
                   file, and with both --json and --json-file the second is empty";
        Unreadable::Nothing(why.to_owned())
    })?;
    if entries.len() > MOST_ENDPOINTS {
        return Err(Unreadable::Names(MOST_ENDPOINTS));
    }
    span(&entries, intake);
    for entry in &entries {
        let (name, quotes) =
            (name(entry.method.as_deref().unwrap_or(""), &entry.name), quotes(entry)?);
        match intake.quoted.iter_mut().find(|(known, _)| *known == name) {
            Some((_, ours)) => add(ours, &quotes).ok_or(Unreadable::NotAdded)?,
            None => intake.quoted.push((name, quotes)),
        }
    }
    untold(intake);
    endless(intake);
    Ok(())
}

/// When the run began and when its last answer came.
fn span(entries: &[Entry], intake: &mut Intake) {
    let began = entries.iter().map(|entry| entry.start_time).fold(f64::INFINITY, f64::min);
    let ended = entries.iter().filter_map(|entry| entry.last_request_timestamp);
    let ended = ended.fold(0.0, f64::max);
    let told = &mut intake.told;
    let lasted = time_of((ended - began).max(0.0), SECOND).unwrap_or_default();
    told.lasted = Some(told.lasted.unwrap_or_default().max(lasted));
    let moment = time_of(began, SECOND).and_then(|time| u64::try_from(time.as_nanos()).ok());
    told.began = told.began.into_iter().chain(moment).min();
}

fn quotes(entry: &Entry) -> Result<Quotes, Unreadable> {
    let unlike = |why: &str| Unreadable::Unlike("Locust", format!("`{}` {why}", entry.name));
    let time = |millis: f64| time_of(millis, MILLI).ok_or_else(|| unlike("has no such time"));
    let most = time(entry.max_response_time)?;
    let least = entry.min_response_time.map(time).transpose()?;
    let mut bands: BTreeMap<Band, u64> = BTreeMap::new();
    let mut timed = 0_u64;
    for (millis, count) in &entry.response_times {
        let band =
            millis.parse().ok().and_then(bucket).ok_or_else(|| unlike("has no such time"))?;
        *bands.entry(band.within(least, Some(most))).or_default() += count;
        timed = timed.saturating_add(*count);
    }
    // Requests without a time cannot be ranked, and are none that a user waited for.
    let counted = entry.num_requests.saturating_sub(entry.num_none_requests);
    if counted != timed || entry.num_failures > entry.num_requests {
        return Err(unlike("contradicts itself: its counts do not add up"));
    }
    let mean = time(entry.total_response_time)?;
    let divisor = u32::try_from(timed.max(1)).unwrap_or(u32::MAX);
    Ok(Quotes {
        count: entry.num_requests,
        failed: entry.num_failures,
        timed,
        times: Ranks::Buckets(bands.into_iter().collect()),
        mean: (timed > 0).then(|| Band::exactly(mean / divisor)),
        most: (timed > 0).then_some(Band::exactly(most)),
        statuses: BTreeMap::new(),
        bytes: entry.total_content_length,
    })
    .map(|quotes: Quotes| Quotes {
        most: quotes.most.or(Some(Band::exactly(Duration::ZERO))),
        ..quotes
    })
}
