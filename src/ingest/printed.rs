//! Times, sizes and percentiles as programs print them for people.

use std::time::Duration;

use super::number::{MICRO, MILLI, SECOND, scaled};
use crate::run::{Band, Quotes, Ranks};
use crate::unit::Quantile;
use std::collections::BTreeMap;

/// The longest text output.
pub(super) const MOST_TEXT: u64 = 16 * 1024 * 1024;

/// A time such as `5.78ms`, `329.00us`, `1.02s`, `2.00m`: known to its last printed digit.
pub(super) fn time(text: &str) -> Option<Band> {
    let text = text.trim();
    let end = text.find(|sign: char| sign.is_ascii_alphabetic()).unwrap_or(text.len());
    let unit = match &text[end..] {
        "ns" => 1,
        "us" | "µs" => MICRO,
        "ms" => MILLI,
        "s" => SECOND,
        "m" => 60 * SECOND,
        "h" => 3_600 * SECOND,
        _ => return None,
    };
    digits(&text[..end], unit)
}

/// A number in a unit, known to its last printed digit.
pub(super) fn digits(text: &str, unit: u64) -> Option<Band> {
    let text = text.trim();
    let nanos = scaled(text.as_bytes(), unit)?;
    let places = text.split_once('.').map_or(0, |(_, part)| part.len());
    let step = unit / 10_u64.checked_pow(u32::try_from(places).ok()?)?.max(1);
    Some(Band::rounded(Duration::from_nanos(nanos), Duration::from_nanos(step)))
}

/// A percentile such as `50%`, `97.5%`, `99.000%`.
pub(super) fn percentile(text: &str) -> Option<Quantile> {
    let share = scaled(text.trim().strip_suffix('%')?.as_bytes(), 10_000)?;
    Quantile::from_millionths(u32::try_from(share).ok()?)
}

/// The path of an address; the address itself where it has none.
pub(super) fn path(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find('/').map_or("/", |at| &rest[at..]);
    path.split(['?', '#']).next().unwrap_or(path)
}

/// Quotes of so many requests, of which nothing else is known yet.
pub(super) fn quotes(count: u64, failed: u64, timed: u64) -> Quotes {
    Quotes {
        count,
        failed: failed.min(count),
        timed: timed.min(count),
        times: Ranks::Fixed(Vec::new()),
        mean: None,
        most: None,
        statuses: BTreeMap::new(),
        bytes: 0,
    }
}

/// Percentiles in rising order, each once.
pub(super) fn ranks(mut all: Vec<(Quantile, Band)>) -> Ranks {
    all.sort_by_key(|(at, _)| *at);
    all.dedup_by_key(|(at, _)| *at);
    Ranks::Fixed(all)
}
