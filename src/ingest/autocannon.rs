//! autocannon: `--json`. It counts no request that a reset connection took with it, and with `-R`
//! it makes up samples.

use std::time::Duration;

use super::MOST_SUMMARY;
use super::class::status;
use super::fault::Unreadable;
use super::head::Head;
use super::input::Input;
use super::intake::Intake;
use super::json::{count, parse, time};
use super::number::{MILLI, SECOND, moment, scaled};
use super::printed;
use crate::run::{Band, Quotes, Subject};
use crate::unit::Quantile;

/// Whether it is this format.
pub(super) fn claims(head: &Head<'_>) -> bool {
    head.begins("{") && head.has("\"non2xx\"") && head.has("\"pipelining\"")
}

/// Reads it.
pub(super) fn read(input: Input<'_>, intake: &mut Intake) -> Result<(), Unreadable> {
    if intake.told.whole.is_some() {
        return Err(Unreadable::NotAdded);
    }
    let file = parse(&input.text(MOST_SUMMARY)?, "autocannon")?;
    let number = |name: &'static str| {
        let lacks = || Unreadable::Unlike("autocannon", format!("it lacks `{name}`"));
        file.pointer(name).and_then(count).ok_or_else(lacks)
    };
    let (done, errors) = (number("/requests/total")?, number("/errors")?);
    let (timeouts, refused) = (number("/timeouts")?, number("/non2xx")?);
    let streams = number("/connections")?.saturating_mul(number("/pipelining")?.max(1));
    let ended = done.saturating_add(errors).saturating_add(timeouts);
    // One request for each connection may be cut off by the end of the run; more were lost.
    let lost = number("/requests/sent")?.saturating_sub(ended).saturating_sub(streams);
    let failed = [refused, errors, timeouts, lost].into_iter().fold(0, u64::saturating_add);
    let quotes = printed::quotes(ended.saturating_add(lost), failed, done);
    if file.pointer("/latency/totalCount").and_then(count).is_some_and(|timed| timed != done) {
        let why =
            "autocannon made up latencies to fill gaps of its rate (`-R`): measure without it";
        intake.told.untold.insert(Subject::Latency, why.to_owned());
    }
    let latency = file["latency"].as_object().into_iter().flatten();
    let ranks = latency.filter_map(|(name, value)| {
        let digits = name.strip_prefix('p')?.replacen('_', ".", 1);
        let at = u32::try_from(scaled(digits.as_bytes(), 10_000)?).ok()?;
        let low = time(value, MILLI)?;
        let high = low.saturating_add(Duration::from_nanos(MILLI - 1));
        Some((Quantile::from_millionths(at)?, Band { low, high, said: low }))
    });
    let codes = file["statusCodeStats"].as_object().into_iter().flatten();
    let codes =
        codes.filter_map(|(code, of)| Some((status(code.as_bytes())?, count(&of["count"])?)));
    intake.told.whole = Some(Quotes {
        times: printed::ranks(ranks.collect()),
        mean: time(&file["latency"]["mean"], MILLI).map(Band::exactly),
        most: time(&file["latency"]["max"], MILLI).map(Band::exactly),
        statuses: codes.collect(),
        bytes: file.pointer("/throughput/total").and_then(count).unwrap_or(0),
        ..quotes
    });
    let url = file["url"].as_str().unwrap_or_default();
    intake.told.named = Some(printed::path(url).to_owned());
    url.clone_into(&mut intake.told.target);
    intake.told.lasted = time(&file["duration"], SECOND);
    intake.told.began = file["start"].as_str().and_then(|at| moment(at.as_bytes()));
    intake.told.users = streams;
    intake.note("autocannon keeps latencies in whole milliseconds, and no 95th percentile");
    Ok(())
}
