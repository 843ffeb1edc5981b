//! What another tool's files told, as `run.json` has it: its form, outward and inward.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::MOST_TEXT;
use super::number::{Count, Nanos, few};
use crate::run::{self, Band, Precision, Subject};
use crate::unit::Quantile;

/// Percentiles, buckets, notes: of each at most so many.
const MOST: usize = 65_536;

#[derive(Serialize, Deserialize)]
pub(super) struct Imported<'a> {
    #[serde(borrow)]
    format: Cow<'a, str>,
    #[serde(borrow)]
    tool: Cow<'a, str>,
    precision: Exactness,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    step_ns: Option<Nanos>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digits: Option<u8>,
    #[serde(borrow, default, skip_serializing_if = "BTreeMap::is_empty")]
    untold: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    #[serde(deserialize_with = "few::<_, _, MOST>")]
    unsound: Vec<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    #[serde(deserialize_with = "few::<_, _, MOST>")]
    notes: Vec<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    whole: Option<Quotes>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    script: Option<Script<'a>>,
}

/// What a script did beside its requests.
#[derive(Serialize, Deserialize)]
struct Script<'a> {
    exceptions: Count,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    #[serde(deserialize_with = "few::<_, _, MOST>")]
    raised: Vec<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exit: Option<i64>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Exactness {
    Exact,
    Step,
    Digits,
    Buckets,
    Fixed,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Quotes {
    count: Count,
    failed: Count,
    timed: Count,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mean_ns: Option<Nanos>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    most_ns: Option<Nanos>,
    /// Between which times the mean lies, where it was rounded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mean_between_ns: Option<(Nanos, Nanos)>,
    /// The same of the largest time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    most_between_ns: Option<(Nanos, Nanos)>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    statuses: BTreeMap<u16, Count>,
    bytes: Count,
    ranks: Ranks,
    /// Millionths, or counts; then least, most and said.
    #[serde(deserialize_with = "few::<_, _, MOST>")]
    times: Vec<(Count, Nanos, Nanos, Nanos)>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Ranks {
    Percentiles,
    Buckets,
}

pub(super) fn outward(told: &run::Imported) -> Imported<'_> {
    let text = |text: &'_ str| {
        let end = text.floor_char_boundary(MOST_TEXT);
        Cow::Owned(text[..end].to_owned())
    };
    let (precision, step_ns, digits) = match told.precision {
        Precision::Exact => (Exactness::Exact, None, None),
        Precision::Step(step) => (Exactness::Step, Some(Nanos(step)), None),
        Precision::Digits(digits, step) => (Exactness::Digits, Some(Nanos(step)), Some(digits)),
        Precision::Buckets => (Exactness::Buckets, None, None),
        Precision::Fixed => (Exactness::Fixed, None, None),
    };
    let untold = told.untold.iter();
    Imported {
        format: text(&told.format),
        tool: text(&told.tool),
        precision,
        step_ns,
        digits,
        untold: untold.map(|(of, why)| (Cow::Borrowed(of.name()), text(why))).collect(),
        unsound: told.unsound.iter().map(|why| text(why)).collect(),
        notes: told.notes.iter().map(|note| text(note)).collect(),
        whole: told.whole.as_ref().map(quotes),
        script: told.script.as_ref().map(|script| Script {
            exceptions: Count(script.exceptions),
            raised: script.raised.iter().map(|told| text(told)).collect(),
            exit: script.exit,
        }),
    }
}

pub(super) fn quotes(told: &run::Quotes) -> Quotes {
    let row = |count: u64, band: &Band| {
        (Count(count), Nanos(band.low), Nanos(band.high), Nanos(band.said))
    };
    let (ranks, times) = match &told.times {
        run::Ranks::Fixed(all) => {
            let rows = all.iter().map(|(at, band)| row(u64::from(at.millionths()), band));
            (Ranks::Percentiles, rows.collect())
        }
        run::Ranks::Buckets(all) => {
            (Ranks::Buckets, all.iter().map(|(band, count)| row(*count, band)).collect())
        }
    };
    Quotes {
        count: Count(told.count),
        failed: Count(told.failed),
        timed: Count(told.timed),
        mean_ns: told.mean.map(|mean| Nanos(mean.said)),
        most_ns: told.most.map(|most| Nanos(most.said)),
        mean_between_ns: told.mean.and_then(between),
        most_between_ns: told.most.and_then(between),
        statuses: told.statuses.iter().map(|(code, count)| (*code, Count(*count))).collect(),
        bytes: Count(told.bytes),
        ranks,
        times,
    }
}

/// What a file told, once it agrees with itself; what contradicts it else.
pub(super) fn inward(form: Imported<'_>) -> Result<run::Imported, &'static str> {
    let text = |text: Cow<'_, str>| {
        if text.len() > MOST_TEXT { Err("its text is too long") } else { Ok(text.into_owned()) }
    };
    let precision = match (form.precision, form.step_ns, form.digits) {
        (Exactness::Exact, None, None) => Precision::Exact,
        (Exactness::Step, Some(step), None) => Precision::Step(step.0),
        (Exactness::Digits, Some(step), Some(digits)) if digits <= 5 => {
            Precision::Digits(digits, step.0)
        }
        (Exactness::Buckets, None, None) => Precision::Buckets,
        (Exactness::Fixed, None, None) => Precision::Fixed,
        (
            Exactness::Exact
            | Exactness::Step
            | Exactness::Digits
            | Exactness::Buckets
            | Exactness::Fixed,
            ..,
        ) => return Err("its precision contradicts its `step_ns` or `digits`"),
    };
    let untold = form.untold.into_iter().map(|(of, why)| {
        Ok((Subject::named(&of).ok_or("it leaves something unknown untold")?, text(why)?))
    });
    let script = form.script.map(|script| {
        Ok::<_, &'static str>(run::Script {
            exceptions: script.exceptions.0,
            raised: script.raised.into_iter().map(text).collect::<Result<_, _>>()?,
            exit: script.exit,
        })
    });
    Ok(run::Imported {
        format: text(form.format)?,
        tool: text(form.tool)?,
        precision,
        untold: untold.collect::<Result<_, &'static str>>()?,
        unsound: form.unsound.into_iter().map(text).collect::<Result<_, _>>()?,
        notes: form.notes.into_iter().map(text).collect::<Result<_, _>>()?,
        whole: form.whole.map(believed).transpose()?,
        script: script.transpose()?,
    })
}

/// The ends of a band, where it is more than one time.
fn between(band: Band) -> Option<(Nanos, Nanos)> {
    (band != Band::exactly(band.said)).then_some((Nanos(band.low), Nanos(band.high)))
}

/// A time, and between which others it lies.
fn rounded(said: Option<Nanos>, between: Option<(Nanos, Nanos)>) -> Option<Band> {
    let said = said?.0;
    let (low, high) = between.map_or((said, said), |(low, high)| (low.0, high.0));
    Some(Band { low, high, said })
}

/// Quotes that agree with themselves.
pub(super) fn believed(form: Quotes) -> Result<run::Quotes, &'static str> {
    let band =
        |low: Nanos, high: Nanos, said: Nanos| Band { low: low.0, high: high.0, said: said.0 };
    let ends = [form.mean_between_ns, form.most_between_ns];
    let ordered = form.times.iter().all(|(_, low, high, _)| low.0 <= high.0)
        && ends.iter().flatten().all(|(low, high)| low.0 <= high.0);
    let total = form.times.iter().try_fold(0_u64, |sum, (count, ..)| sum.checked_add(count.0));
    let times = match form.ranks {
        Ranks::Percentiles => {
            let all = form.times.into_iter().map(|(at, low, high, said)| {
                let at = u32::try_from(at.0).ok().and_then(Quantile::from_millionths);
                Ok((at.ok_or("it quotes what is no percentile")?, band(low, high, said)))
            });
            run::Ranks::Fixed(all.collect::<Result<_, &'static str>>()?)
        }
        Ranks::Buckets => {
            let all = form.times.into_iter();
            run::Ranks::Buckets(
                all.map(|(count, low, high, said)| (band(low, high, said), count.0)).collect(),
            )
        }
    };
    let rising = match &times {
        run::Ranks::Fixed(all) => all.is_sorted_by_key(|(at, _)| *at),
        run::Ranks::Buckets(all) => all.is_sorted_by_key(|(band, _)| (band.low, band.high)),
    };
    let statuses = form.statuses.values().try_fold(0_u64, |sum, count| sum.checked_add(count.0));
    let adds_up = total.is_some() && statuses.is_some_and(|all| all <= form.count.0);
    let counted = form.failed.0 <= form.count.0 && form.timed.0 <= form.count.0;
    if !ordered || !rising || !adds_up || !counted {
        return Err("what it quotes does not add up");
    }
    Ok(run::Quotes {
        count: form.count.0,
        failed: form.failed.0,
        timed: form.timed.0,
        times,
        mean: rounded(form.mean_ns, form.mean_between_ns),
        most: rounded(form.most_ns, form.most_between_ns),
        statuses: form.statuses.into_iter().map(|(code, count)| (code, count.0)).collect(),
        bytes: form.bytes.0,
    })
}
