//! From what readers gave to a run.

use std::collections::BTreeMap;
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Ask;
use super::beside;
use super::fault::Unreadable;
use super::intake::{Counted, Intake, Told};
use super::number::SECOND;
use crate::run::{
    Band, Delivered, Evidence, Generator, Imported, Model, Origin, Precision, Pulse, Quotes, Ranks,
    Run, Slice, Stop,
};
use crate::tally::{Packed, Packer, Sliver, Tally, Times};
use crate::unit::show_duration;

/// Silence at the end is told from this on.
const SILENT: Duration = Duration::from_secs(5);

/// The run that readers told of.
pub(super) fn run(mut intake: Intake, ask: &Ask<'_>) -> Result<Run, Unreadable> {
    let counted = intake.counted()?;
    let quoted = std::mem::take(&mut intake.quoted);
    if quoted.iter().any(|(name, _)| name.contains('\0')) {
        return Err(Unreadable::Unread("it has a name with a NUL in it".to_owned()));
    }
    let mut told = intake.told;
    let beside = told.whole.is_some() || !quoted.is_empty();
    let (endpoints, slices, lasted) = match counted {
        Some(mut counted) if !beside => {
            told.began = Some(counted.began).filter(|_| !told.relative);
            told.unsound.extend(silence(&counted, told.users));
            let slices = slices(&counted, told.users);
            (evidence(&mut counted), slices, counted.lasted)
        }
        counted => {
            if let Some(counted) = counted {
                beside::join(&counted, &quoted, &mut told)?;
            }
            beside::percentiles(&mut told)?;
            let evidence = summaries(quoted, &mut told)?;
            let lasted = told.lasted.unwrap_or_default();
            (evidence, vec![whole_slice(lasted)], lasted)
        }
    };
    let sent = endpoints.iter().map(requests).sum();
    let duration = slices.last().map_or(lasted, |slice: &Slice| slice.to.max(lasted));
    Ok(Run {
        origin: origin(ask, &told, sent),
        load: delivered(&told, sent, lasted, duration),
        generator: Generator::unknown(),
        slices,
        endpoints,
        stop: Stop::End,
        reference: None,
        probes: Vec::new(),
        again: None,
        rounds: None,
        imported: Some(imported(told)),
    })
}

fn requests(evidence: &Evidence) -> u64 {
    evidence.quotes.as_ref().map_or(evidence.whole.count(), |quotes| quotes.count)
}

/// Why a run that went silent before it ended cannot be judged: what still waits is in no file.
fn silence(counted: &Counted, users: u64) -> Option<String> {
    let gap = counted.alive.saturating_sub(counted.lasted);
    let quiet = |beats: &[(u64, u64)]| {
        let (mut now, mut longest) = (0_u32, 0_u32);
        for (_, ended) in beats {
            now = if *ended == 0 { now + 1 } else { 0 };
            longest = longest.max(now);
        }
        longest
    };
    let end = counted.beats.iter().rposition(|(_, ended)| *ended > 0).unwrap_or(0);
    let usual = counted.width * quiet(&counted.beats[..end]);
    (gap > SILENT.max(usual * 3)).then(|| silent(gap, counted.alive, users))
}

/// The same in words.
pub(super) fn silent(gap: Duration, lasted: Duration, users: u64) -> String {
    let seconds = |time: Duration| show_duration(Duration::from_secs(time.as_secs()));
    let meanwhile =
        if users > 0 { format!(", while there were {users} users") } else { String::new() };
    format!(
        "nothing was answered in the last {} of {}{meanwhile}: requests that wait for an answer \
         are in no file",
        seconds(gap),
        seconds(lasted)
    )
}

fn evidence(counted: &mut Counted) -> Vec<Evidence> {
    let slices = counted.beats.len();
    let mut packer = Packer::default();
    let names = std::mem::take(&mut counted.names).into_iter();
    let tracks = std::mem::take(&mut counted.tracks).into_iter();
    let told = names.zip(tracks).map(|(name, track)| {
        let mut sum = Sliver::default();
        let mut pieces = Vec::with_capacity(slices);
        for mut sliver in track {
            sum.merge(&sliver);
            pieces.push(sliver.tally().pack_by(&mut packer));
        }
        pieces.resize(slices, Packed::default());
        let mut evidence = blank(name);
        (evidence.whole, evidence.slices) = (sum.tally(), pieces);
        evidence
    });
    told.collect()
}

fn blank(name: String) -> Evidence {
    Evidence {
        name,
        planned: None,
        whole: Tally::default(),
        slices: Vec::new(),
        examples: BTreeMap::new(),
        missed: Vec::new(),
        quotes: None,
    }
}

fn slices(counted: &Counted, users: u64) -> Vec<Slice> {
    let (mut begun, mut ended) = (0, 0);
    let slice = |(index, (sent, done)): (usize, &(u64, u64))| {
        (begun, ended) = (begun + sent, ended + done);
        let from = counted.width * u32::try_from(index).unwrap_or(u32::MAX);
        let in_flight = begun.saturating_sub(ended);
        let (sent, dropped) = (*sent, 0);
        let pulse = Pulse { planned: sent, released: sent, sent, dropped, in_flight, users };
        Slice { from, to: from + counted.width, stage: 0, warm_up: false, pulse }
    };
    counted.beats.iter().enumerate().map(slice).collect()
}

/// The only slice of a run of which nothing is known moment by moment.
fn whole_slice(lasted: Duration) -> Slice {
    let (from, to) = (Duration::ZERO, lasted);
    Slice { from, to, stage: 0, warm_up: false, pulse: Pulse::default() }
}

/// What summaries quote, as evidence; all endpoints together where buckets can be added.
fn summaries(quoted: Vec<(String, Quotes)>, told: &mut Told) -> Result<Vec<Evidence>, Unreadable> {
    let all = quoted.iter().map(|(_, quotes)| quotes).chain(&told.whole);
    match all.map(|quotes| quotes.count).max() {
        None => return Err(Unreadable::Nothing("holds not one request".to_owned())),
        Some(0) => {
            let why = "tells of not one request: the tool ran, and sent nothing".to_owned();
            return Err(Unreadable::Nothing(why));
        }
        Some(_) => {}
    }
    if told.whole.is_none() {
        told.whole = match quoted.as_slice() {
            [(_, only)] => Some(only.clone()),
            several => sum(several),
        };
    }
    let quoted = if quoted.is_empty() {
        let name = told.named.clone().unwrap_or_else(|| "all requests".to_owned());
        told.whole.iter().map(|whole| (name.clone(), whole.clone())).collect()
    } else {
        quoted
    };
    let evidence = |(name, quotes)| {
        let slices = vec![Packed::default()];
        Evidence { quotes: Some(quotes), slices, ..blank(name) }
    };
    Ok(quoted.into_iter().map(evidence).collect())
}

/// Several endpoints' buckets as one; `None` where one has percentiles instead.
pub(super) fn sum(quoted: &[(String, Quotes)]) -> Option<Quotes> {
    let mut parts = quoted.iter().map(|(_, quotes)| quotes);
    let mut whole = parts.next()?.clone();
    for part in parts {
        add(&mut whole, part)?;
    }
    Some(whole)
}

/// Adds what another summary quotes, where that can be added exactly.
pub(super) fn add(whole: &mut Quotes, part: &Quotes) -> Option<()> {
    let (Ranks::Buckets(ours), Ranks::Buckets(theirs)) = (&mut whole.times, &part.times) else {
        return None;
    };
    let mut counts: BTreeMap<_, u64> = ours.drain(..).collect();
    for (band, count) in theirs {
        *counts.entry(*band).or_default() += count;
    }
    *ours = counts.into_iter().collect();
    let (one, other) = (u128::from(whole.timed), u128::from(part.timed));
    whole.mean = whole.mean.zip(part.mean).map(|(ours, theirs)| {
        let mean = |part: fn(Band) -> Duration| {
            let sum = part(ours).as_nanos() * one + part(theirs).as_nanos() * other;
            Duration::from_nanos(u64::try_from(sum / (one + other).max(1)).unwrap_or(u64::MAX))
        };
        Band {
            low: mean(|band| band.low),
            high: mean(|band| band.high),
            said: mean(|band| band.said),
        }
    });
    whole.most = whole.most.zip(part.most).map(|(ours, theirs)| Band {
        low: ours.low.max(theirs.low),
        high: ours.high.max(theirs.high),
        said: ours.said.max(theirs.said),
    });
    whole.count = whole.count.saturating_add(part.count);
    whole.timed = whole.timed.saturating_add(part.timed);
    whole.failed = whole.failed.saturating_add(part.failed);
    whole.bytes = whole.bytes.saturating_add(part.bytes);
    for (status, count) in &part.statuses {
        *whole.statuses.entry(*status).or_default() += count;
    }
    Some(())
}

fn origin(ask: &Ask<'_>, told: &Told, sent: u64) -> Origin {
    let began = told.began.unwrap_or(0);
    let seconds = i64::try_from(began / SECOND).unwrap_or(0);
    let moment = OffsetDateTime::from_unix_timestamp(seconds).ok().filter(|_| began > 0);
    let started = moment.and_then(|moment| moment.format(&Rfc3339).ok());
    let format = told.format.map_or("", super::Format::name);
    Origin {
        id: format!("{format}-{began:x}-{sent}"),
        started: started.unwrap_or_default(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        target: told.target.clone(),
        gate: ask.gate.to_owned(),
        gate_hash: ask.gate_hash.to_owned(),
        ..Origin::default()
    }
}

fn delivered(told: &Told, sent: u64, lasted: Duration, duration: Duration) -> Delivered {
    let tool = told.format.map_or("another tool", super::Format::tool);
    Delivered {
        model: Model::Closed,
        profile: format!("put on by {tool}"),
        stages: vec![String::new()],
        duration,
        lasted,
        warm_up: Duration::ZERO,
        timeout: Duration::ZERO,
        planned: None,
        released: None,
        sent,
        dropped: 0,
        users: told.users,
        connections: 0,
        reconnects: 0,
        connecting: Times::default(),
        refused: Vec::new(),
        merged: None,
    }
}

fn imported(told: Told) -> Imported {
    let quoted = told.whole.is_some();
    let precision = match (&told.whole, told.precision) {
        (Some(Quotes { times: Ranks::Buckets(_), .. }), _) => Precision::Buckets,
        (Some(_), _) => Precision::Fixed,
        (None, precision) => precision,
    };
    debug_assert!(quoted || precision != Precision::Fixed, "samples are more than percentiles");
    Imported {
        format: told.format.map_or("", super::Format::name).to_owned(),
        tool: told.format.map_or("the tool", super::Format::tool).to_owned(),
        precision,
        untold: told.untold,
        unsound: told.unsound,
        notes: told.notes,
        whole: told.whole,
        script: None,
    }
}
