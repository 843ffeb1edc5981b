//! Summaries in three dialects: `--summary-export`, the data of `handleSummary`, and
//! `--new-machine-readable-summary`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::archive::MOST_ENDPOINTS;
use crate::ingest::MOST_SUMMARY;
use crate::ingest::fault::Unreadable;
use crate::ingest::head::Head;
use crate::ingest::input::Input;
use crate::ingest::intake::Intake;
use crate::ingest::json::{count, parse, time};
use crate::ingest::number::{MILLI, SECOND, time_of};
use crate::run::{Band, Quotes, Ranks, Subject};
use crate::unit::{Quantile, Ratio};
use std::time::Duration;

/// Whether it is this format.
pub(in crate::ingest) fn claims(head: &Head<'_>) -> bool {
    let metrics = head.has("\"metrics\"") && head.has("\"http_req");
    let kind = head.has("\"root_group\"") || head.has("\"testRunDurationMs\"");
    let machine = head.has("\"k6Version\"") || (head.has("\"results\"") && head.has("\"trend\""));
    head.begins("{") && !head.has("\"type\":\"Point\"") && ((metrics && kind) || machine)
}

/// Metrics by name, whichever dialect they were in, each with its values.
type Metrics = BTreeMap<String, Map<String, Value>>;

/// Reads it.
pub(in crate::ingest) fn read(input: Input<'_>, intake: &mut Intake) -> Result<(), Unreadable> {
    if intake.told.whole.is_some() {
        return Err(Unreadable::NotAdded);
    }
    let file = parse(&input.text(MOST_SUMMARY)?, "k6")?;
    let metrics = metrics(&file);
    let all = metrics.get("http_req_duration");
    let all = all.ok_or_else(|| unlike("it has no metric `http_req_duration`"))?;
    let whole = quotes(all, "", &metrics).ok_or_else(|| {
        let why = "tells neither how many requests there were nor how many failed: k6 sent none";
        Unreadable::Nothing(why.to_owned())
    })?;
    if whole.count == 0 {
        return Err(Unreadable::Nothing("tells of not one request".to_owned()));
    }
    for (name, values) in &metrics {
        let Some(tags) = name.strip_prefix("http_req_duration{") else { continue };
        let named = tags.strip_suffix('}').and_then(|tags| tags.strip_prefix("name:"));
        let Some(named) = named else { continue };
        if intake.quoted.len() >= MOST_ENDPOINTS {
            return Err(Unreadable::Names(MOST_ENDPOINTS));
        }
        let tags = format!("{{{}", &name["http_req_duration{".len()..]);
        if let Some(quotes) = quotes(values, &tags, &metrics) {
            intake.quoted.push((super::name("", named), quotes));
        } else {
            intake.note(format!(
                "`{named}` is left out, since the summary does not tell how many of its requests \
                 failed: put a threshold on `http_req_failed{tags}` into the script"
            ));
        }
    }
    intake.told.lasted = lasted(&file, &metrics, whole.count);
    if intake.told.lasted.is_none() {
        let why = "this summary of k6 does not tell how long the run lasted";
        intake.told.untold.insert(Subject::Span, why.to_owned());
    }
    let users = metrics.get("vus_max").and_then(|values| values.get("max").or(values.get("value")));
    intake.told.users = users.and_then(count).unwrap_or(0);
    let why = "a summary of k6 does not tell the status of answers: give its `--out json`";
    intake.told.untold.insert(Subject::Statuses, why.to_owned());
    super::ndjson::told(intake);
    intake.note("k6 draws a line between two samples for a percentile: it lies within their gap");
    intake.told.whole = Some(whole);
    Ok(())
}

fn unlike(why: &str) -> Unreadable {
    Unreadable::Unlike("k6", why.to_owned())
}

/// The metrics of any dialect.
fn metrics(file: &Value) -> Metrics {
    let mut all = Metrics::new();
    let machine = file["results"]["metrics"].as_array().or(file["metrics"].as_array());
    let named = machine.into_iter().flatten().filter_map(|metric| {
        Some((metric["name"].as_str()?.to_owned(), metric["values"].as_object()?))
    });
    for (name, values) in named {
        all.insert(name, values.clone());
    }
    let old = file["metrics"].as_object().or(file["results"]["metrics"].as_object());
    for (name, metric) in old.into_iter().flatten() {
        let values = metric["values"].as_object().or(metric.as_object());
        all.insert(name.clone(), values.cloned().unwrap_or_default());
    }
    all
}

/// What a trend says, with its failures from the rate beside it.
fn quotes(values: &Map<String, Value>, tags: &str, metrics: &Metrics) -> Option<Quotes> {
    let beside = |name: &str| metrics.get(&format!("{name}{tags}"));
    let (failed, of) = match beside("http_req_failed") {
        Some(rate) => failures(rate)?,
        None => (None, None),
    };
    let sent = beside("http_reqs").and_then(|reqs| reqs.get("count")).and_then(count);
    let all = values.get("count").and_then(count).or(sent).or(of)?;
    let mut ranks: Vec<(Quantile, Band)> = values.iter().filter_map(percentile).collect();
    ranks.sort_by_key(|(at, _)| *at);
    Some(Quotes {
        count: all,
        failed: failed.or_else(|| share(metrics, all))?.min(all),
        timed: all,
        times: Ranks::Fixed(ranks),
        mean: values.get("avg").and_then(|mean| time(mean, MILLI)).map(Band::exactly),
        most: values.get("max").and_then(|most| time(most, MILLI)).map(Band::exactly),
        statuses: BTreeMap::new(),
        bytes: 0,
    })
}

/// Failed requests, where the same must hold for an endpoint as for all: none failed.
fn share(metrics: &Metrics, _all: u64) -> Option<u64> {
    let (failed, _) = failures(metrics.get("http_req_failed")?)?;
    failed.filter(|failed| *failed == 0)
}

/// Failed ones and all, of a rate that counts failures: its `passes` are the requests for which
/// *failed* was true, where its share agrees. The machine-readable summary has `matches` and
/// `total` instead.
fn failures(rate: &Map<String, Value>) -> Option<(Option<u64>, Option<u64>)> {
    let number = |name: &str| rate.get(name).and_then(count);
    if let (Some(failed), Some(all)) = (number("matches"), number("total")) {
        return Some((Some(failed), Some(all)));
    }
    let (passes, fails) = (number("passes")?, number("fails")?);
    let all = passes.checked_add(fails)?;
    // The share beside them tells which of the two are the failed ones.
    let share = rate.get("rate").or(rate.get("value")).and_then(Value::as_f64);
    let off = |count: u64| {
        let own = Ratio::of(count, all).map_or(0.0, Ratio::share);
        share.map_or(0.0, |share| (own - share).abs())
    };
    let failed = if off(passes) <= off(fails) { passes } else { fails };
    Some((Some(failed), Some(all)))
}

/// `p(95)`, `p95`, `med`, `min` and `max` as percentiles.
fn percentile((name, value): (&String, &Value)) -> Option<(Quantile, Band)> {
    let digits = name.strip_prefix("p(").and_then(|rest| rest.strip_suffix(')'));
    let digits = digits.or_else(|| name.strip_prefix('p'));
    let at = match (name.as_str(), digits) {
        ("med", _) => Quantile::MEDIAN,
        ("max", _) | (_, Some("100")) => Quantile::MAX,
        ("min", _) => Quantile::from_millionths(1)?,
        (_, digits) => Quantile::parse_percent(digits?).ok()?,
    };
    Some((at, Band::exactly(time(value, MILLI)?)))
}

/// How long the run lasted: as the state has it, or by the rate of requests.
fn lasted(file: &Value, metrics: &Metrics, all: u64) -> Option<Duration> {
    let state = time(&file["state"]["testRunDurationMs"], MILLI);
    let config = time(&file["config"]["duration"], SECOND);
    let rate = metrics.get("http_reqs").and_then(|reqs| reqs.get("rate")).and_then(Value::as_f64);
    let by_rate = rate.filter(|rate| *rate > 0.0);
    #[expect(clippy::cast_precision_loss, reason = "counts beyond 2^53 are beyond any run")]
    let by_rate = by_rate.and_then(|rate| time_of(all as f64 / rate, SECOND));
    state.or(config).or(by_rate)
}
