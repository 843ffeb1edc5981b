//! `_stats.csv`: a row of counts and percentiles for each endpoint, and one for all.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{bucket, endless, name, place};
use crate::ingest::fault::{No, Unreadable};
use crate::ingest::head::Head;
use crate::ingest::input::Input;
use crate::ingest::intake::Intake;
use crate::ingest::lines::{Lines, Row, Rows, places};
use crate::ingest::number::{MILLI, scaled, whole};
use crate::run::{Band, Quotes, Ranks, Subject};
use crate::unit::Quantile;

const ASKED: [&str; 4] = ["Type", "Name", "Request Count", "Failure Count"];

/// Whether it is this format.
pub(in crate::ingest) fn claims(head: &Head<'_>) -> bool {
    head.columns(&ASKED)
}

/// Where the columns are.
struct Columns {
    kind: usize,
    name: usize,
    count: usize,
    failed: usize,
    mean: Option<usize>,
    least: Option<usize>,
    most: Option<usize>,
    rate: Option<usize>,
    /// Percentiles in millionths.
    percentiles: Vec<(usize, u64)>,
}

impl Columns {
    fn of(header: &[String]) -> Result<Self, Unreadable> {
        let at = |name: &str| header.iter().position(|column| column == name);
        let [kind, name, count, failed] = places(header, ASKED)?;
        let percent = |(index, column): (usize, &String)| {
            let share = scaled(column.strip_suffix('%')?.as_bytes(), 10_000)?;
            (1..=1_000_000).contains(&share).then_some((index, share))
        };
        Ok(Self {
            kind,
            name,
            count,
            failed,
            mean: at("Average Response Time"),
            least: at("Min Response Time"),
            most: at("Max Response Time"),
            rate: at("Requests/s"),
            percentiles: header.iter().enumerate().filter_map(percent).collect(),
        })
    }
}

/// Reads it.
pub(in crate::ingest) fn read(input: Input<'_>, intake: &mut Intake) -> Result<(), Unreadable> {
    if intake.told.whole.is_some() || !intake.quoted.is_empty() {
        return Err(Unreadable::NotAdded);
    }
    let mut rows = Rows::new(Lines::new(input, intake.partial), b',');
    let columns = Columns::of(&rows.header()?)?;
    let mut listed = Vec::new();
    let mut all = None;
    let mut span_of_all = Duration::ZERO;
    let tail = rows.each(|row| {
        let (endpoint, quotes) = entry(&columns, row)?;
        span_of_all = span_of_all.max(span(&columns, row, quotes.count).unwrap_or_default());
        if endpoint == "Aggregated" && row.get(columns.kind).is_empty() {
            all = Some(quotes);
        } else {
            listed.push((endpoint, quotes));
        }
        Ok(())
    })?;
    let Some(all) = all.or_else(|| super::super::whole::sum(&listed)) else {
        return Err(Unreadable::Nothing("has no row `Aggregated`: it is not whole".to_owned()));
    };
    if all.count == 0 {
        let why = "tells of not one request: Locust ran, and sent nothing".to_owned();
        return Err(Unreadable::Nothing(why));
    }
    intake.tail(tail);
    intake
        .note("Locust writes its CSV up to a second before the end: the last requests are not in");
    untold(intake);
    endless(intake);
    intake.told.whole = Some(all);
    intake.quoted = listed;
    intake.told.lasted = Some(span_of_all);
    Ok(())
}

/// What none of Locust's summaries tells.
pub(super) fn untold(intake: &mut Intake) {
    let why = "Locust's summaries do not tell the status of answers: give the CSV of its \
               CsvRequestLogger";
    intake.told.untold.insert(Subject::Statuses, why.to_owned());
}

/// Locust counts its rate over the time from the start to the last answer.
fn span(columns: &Columns, row: Row<'_>, count: u64) -> Option<Duration> {
    let rate = scaled(row.get(columns.rate?), 1_000_000_000).filter(|rate| *rate > 0)?;
    let nanos = u128::from(count) * 1_000_000_000_000_000_000 / u128::from(rate);
    Some(Duration::from_nanos(u64::try_from(nanos).ok()?))
}

fn entry(columns: &Columns, row: Row<'_>) -> Result<(String, Quotes), No> {
    let text = |at: usize| {
        std::str::from_utf8(row.get(at)).map_err(|_| No::from("has a name that is no UTF-8"))
    };
    let count = |at: usize, what: &'static str| {
        whole(row.get(at)).ok_or_else(|| No::from(format!("has no number for {what}")))
    };
    let all = count(columns.count, "`Request Count`")?;
    let failed = count(columns.failed, "`Failure Count`")?;
    if failed > all {
        return Err(No::from("has more failures than requests"));
    }
    let time = |at: Option<usize>| {
        let text = at.map(|at| row.get(at)).filter(|text| *text != b"N/A")?;
        Some(scaled(text, MILLI).map(Duration::from_nanos))
    };
    let known = |at| match time(at) {
        Some(None) => Err(No::from("has a response time that is none")),
        Some(Some(time)) => Ok(Some(time)),
        None => Ok(None),
    };
    let (least, most, mean) = (known(columns.least)?, known(columns.most)?, known(columns.mean)?);
    let mut ranks = Vec::new();
    for (at, share) in &columns.percentiles {
        let text = row.get(*at);
        if all == 0 || matches!(text, b"N/A" | b"") {
            continue;
        }
        let millis = scaled(text, MILLI).ok_or("has a percentile that is no time")?;
        let band = bucket(Duration::from_nanos(millis).as_secs_f64() * 1e3);
        let band = band.ok_or("has a percentile that is no time")?.within(least, most);
        ranks.extend(place(*share, all).map(|place| (place, band)));
    }
    let first = Quantile::from_millionths(1).zip(least.map(Band::exactly));
    ranks.extend(first.filter(|_| all > 0));
    ranks.sort_by_key(|(place, _)| *place);
    let quotes = Quotes {
        count: all,
        failed,
        timed: all,
        times: Ranks::Fixed(ranks),
        mean: mean.map(Band::exactly),
        most: most.map(Band::exactly),
        statuses: BTreeMap::new(),
        bytes: 0,
    };
    Ok((name(text(columns.kind)?, text(columns.name)?), quotes))
}
