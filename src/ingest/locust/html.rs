//! `--html`: the report keeps its numbers in one object, complete up to the last request.

use std::collections::BTreeMap;

use serde_json::Value;

use super::stats::untold;
use super::{Beside, bucket, name, place};
use crate::archive::MOST_ENDPOINTS;
use crate::ingest::MOST_SUMMARY;
use crate::ingest::fault::Unreadable;
use crate::ingest::head::Head;
use crate::ingest::input::Input;
use crate::ingest::intake::Intake;
use crate::ingest::json::{broken, count, time};
use crate::ingest::number::{MILLI, moment, scaled};
use crate::ingest::whole::silent;
use crate::run::{Band, Quotes, Ranks};
use std::time::Duration;

const MARK: &str = "window.templateArgs = {\"";
const SILENT: Duration = Duration::from_secs(11);

/// Whether it is this format.
pub(in crate::ingest) fn claims(head: &Head<'_>) -> bool {
    let begins = head.text[..head.text.len().min(64)].to_ascii_lowercase();
    let page = begins.starts_with(b"<!doctype html") || begins.starts_with(b"<html");
    page && (head.has("<title>Locust") || head.has("window.templateArgs"))
}

/// Reads it.
pub(in crate::ingest) fn read(input: Input<'_>, intake: &mut Intake) -> Result<(), Unreadable> {
    if intake.told.whole.is_some() || !intake.quoted.is_empty() {
        return Err(Unreadable::NotAdded);
    }
    let text = input.text(MOST_SUMMARY)?;
    let at = text.rfind(MARK).ok_or_else(|| {
        let why = "it holds no `window.templateArgs`: reports are read from Locust 2.11 on";
        Unreadable::Unlike("Locust", why.to_owned())
    })?;
    let object = &text[at + MARK.len() - 2..];
    let mut documents = serde_json::Deserializer::from_str(object).into_iter::<Value>();
    let page = documents.next().ok_or(Unreadable::Empty)?.map_err(|why| broken(&why, "Locust"))?;
    let list = |name: &str| page[name].as_array().map_or(&[][..], Vec::as_slice);
    if list("requests_statistics").len() > MOST_ENDPOINTS {
        return Err(Unreadable::Names(MOST_ENDPOINTS));
    }
    for entry in list("requests_statistics") {
        let found = list("response_time_statistics")
            .iter()
            .find(|other| other["name"] == entry["name"] && other["method"] == entry["method"]);
        let (method, path) = (entry["method"].as_str().unwrap_or(""), entry["name"].as_str());
        let path = path.unwrap_or_default();
        let quotes = quotes(entry, found).ok_or_else(|| {
            Unreadable::Unlike("Locust", format!("`{path}` lacks counts or times"))
        })?;
        if method.is_empty() && path == "Aggregated" {
            intake.told.whole = Some(quotes);
        } else {
            intake.quoted.push((name(method, path), quotes));
        }
    }
    if intake.told.whole.as_ref().is_none_or(|whole| whole.count == 0) {
        let why = "tells of not one request: Locust ran, and sent nothing".to_owned();
        return Err(Unreadable::Nothing(why));
    }
    failures(list("failures_statistics"), intake);
    story(&page, list("history"), intake);
    untold(intake);
    Ok(())
}

fn quotes(entry: &Value, times: Option<&Value>) -> Option<Quotes> {
    let (all, failed) = (count(&entry["num_requests"])?, count(&entry["num_failures"])?);
    let mut ranks = Vec::new();
    for (share, value) in times.and_then(Value::as_object).into_iter().flatten() {
        let (Some(share), Some(millis)) = (scaled(share.as_bytes(), 1_000_000), value.as_f64())
        else {
            continue;
        };
        let place = place(share.min(1_000_000), all).filter(|_| all > 0 && share > 0);
        ranks.extend(place.zip(bucket(millis)));
    }
    ranks.sort_by_key(|(place, _)| *place);
    Some(Quotes {
        count: all,
        failed: failed.min(all),
        timed: all,
        times: Ranks::Fixed(ranks),
        mean: time(&entry["avg_response_time"], MILLI).map(Band::exactly),
        most: time(&entry["max_response_time"], MILLI).map(Band::exactly),
        statuses: BTreeMap::new(),
        bytes: 0,
    })
}

fn failures(list: &[Value], intake: &mut Intake) {
    let told = |one: &Value| {
        let text = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
        let what = format!("{}: {}", name(&text("method"), &text("name")), text("error"));
        Some((count(&one["occurrences"])?, what))
    };
    let failures = list.iter().filter_map(told).collect();
    Beside { story: None, failures }.settle(intake);
}

/// Its `end_time` is that of the last answer; its history goes on for as long as there were users.
fn story(page: &Value, history: &[Value], intake: &mut Intake) {
    let at = |value: &Value| moment(value.as_str()?.as_bytes());
    let (began, ended) = (at(&page["start_time"]), at(&page["end_time"]));
    let last = history.iter().filter_map(|beat| at(&beat["time"])).max();
    let users = |beat: &Value| count(&beat["user_count"][1]);
    let told = &mut intake.told;
    told.users = history.iter().filter_map(users).max().unwrap_or(0);
    told.began = began;
    let since = |from: Option<u64>, to: Option<u64>| {
        Duration::from_nanos(to.unwrap_or(0).saturating_sub(from.unwrap_or(0)))
    };
    let lasted = since(began, ended.max(last));
    told.lasted = Some(lasted);
    let gap = since(ended, last);
    if gap > SILENT && last.is_some() {
        told.unsound.push(silent(gap, lasted, told.users));
    }
    page["host"].as_str().unwrap_or_default().clone_into(&mut told.target);
}
