//! The shards of one run, added up to the whole: exactly, in whatever order they are given.

use std::collections::BTreeMap;
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::run::{Delivered, Evidence, Generator, Merged, Origin, Pulse, Run, Series, Slice, Stop};
use crate::sanitise::Clean;
use crate::shard::Shard;
use crate::tally::{Damaged, Packed};

/// Why some runs cannot be added up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unmerged {
    /// There are none.
    #[error("there is no run to merge")]
    Nothing,
    /// One is not a part of anything.
    #[error("`{}` is a whole run and no shard; judge it with `loadgate check`", Clean::line(.0))]
    Whole(String),
    /// Two are not of one run.
    #[error(
        "`{}` and `{}` are not shards of one run: {}",
        Clean::line(.one), Clean::line(.other), Clean::line(.what)
    )]
    Foreign {
        /// A file.
        one: String,
        /// A file that does not fit it.
        other: String,
        /// In what they differ.
        what: String,
    },
    /// Two are the same part.
    #[error(
        "`{}` and `{}` are both {shard}; give each once", Clean::line(.one), Clean::line(.other)
    )]
    Twice {
        /// A file.
        one: String,
        /// Another file, or the same.
        other: String,
        /// Which shard both are.
        shard: Shard,
    },
    /// Some are not there.
    #[error("{} missing, so the whole cannot be judged", missing(.0))]
    Missing(Vec<Shard>),
    /// One did not come to its end.
    #[error("`{}`, {shard}, did not come to its end; run all shards again", Clean::line(.file))]
    Unended {
        /// The file.
        file: String,
        /// Which shard it is.
        shard: Shard,
    },
    /// A histogram in one is damaged.
    #[error("`{}` is a damaged run: {why}", Clean::line(.file))]
    Damaged {
        /// The file.
        file: String,
        /// How.
        why: Damaged,
    },
}

fn missing(shards: &[Shard]) -> String {
    let names: Vec<String> = shards.iter().map(ToString::to_string).collect();
    format!("{} {}", names.join(", "), if shards.len() == 1 { "is" } else { "are" })
}

/// Adds up the shards of one run, each with the name of its file: counts and histograms exactly,
/// slices by their time. What cannot be added is the worst of any shard.
///
/// # Errors
/// They are not all the shards of one run, each once and whole.
pub fn merge(mut shards: Vec<(String, Run)>) -> Result<Run, Unmerged> {
    shards.sort_by(|(one, a), (other, b)| {
        (a.origin.shard.index(), one).cmp(&(b.origin.shard.index(), other))
    });
    belong(&shards)?;
    let merged = Merged { shards: shards.len() as u64, apart: apart(&shards) };
    let mut shards = shards.into_iter();
    let Some((_, mut whole)) = shards.next() else { return Err(Unmerged::Nothing) };
    for (file, shard) in shards {
        add(&mut whole, shard).map_err(|why| Unmerged::Damaged { file, why })?;
    }
    whole.origin.id = format!("{}+{}", whole.origin.id, merged.shards - 1);
    whole.origin.shard = Shard::ALONE;
    whole.load.merged = Some(merged);
    Ok(whole)
}

/// Whether these are all the shards of one run, each once and whole; they are in order.
fn belong(shards: &[(String, Run)]) -> Result<(), Unmerged> {
    let Some((one, first)) = shards.first() else { return Err(Unmerged::Nothing) };
    if let Some((file, _)) = shards.iter().find(|(_, run)| run.origin.shard.is_alone()) {
        return Err(Unmerged::Whole(file.clone()));
    }
    for (other, run) in shards {
        if let Some(what) = differ(first, run) {
            return Err(Unmerged::Foreign { one: one.clone(), other: other.clone(), what });
        }
    }
    for ((one, a), (other, b)) in shards.iter().zip(shards.iter().skip(1)) {
        if a.origin.shard == b.origin.shard {
            let (one, other, shard) = (one.clone(), other.clone(), a.origin.shard);
            return Err(Unmerged::Twice { one, other, shard });
        }
    }
    let there = |index: u64| shards.iter().any(|(_, run)| run.origin.shard.index() == index);
    let all = u32::try_from(first.origin.shard.of()).unwrap_or(u32::MAX);
    let lacking = (0..all).filter(|index| !there(u64::from(*index)));
    let lacking: Vec<Shard> = lacking.filter_map(|index| Shard::new(index, all)).collect();
    if !lacking.is_empty() {
        return Err(Unmerged::Missing(lacking));
    }
    match shards.iter().find(|(_, run)| !is_ended(&run.stop)) {
        Some((file, run)) => Err(Unmerged::Unended { file: file.clone(), shard: run.origin.shard }),
        None => Ok(()),
    }
}

/// Whether a run came to an end of its own: of its load, or of its target.
fn is_ended(stop: &Stop) -> bool {
    match stop {
        Stop::End | Stop::Dead(_) | Stop::Stalled(_) => true,
        Stop::Signal(_)
        | Stop::Breached(_)
        | Stop::Panic(_)
        | Stop::NoThread(_)
        | Stop::Unreachable(..)
        | Stop::Checkpoint => false,
    }
}

/// In what two runs differ that the shards of one run share.
fn differ(a: &Run, b: &Run) -> Option<String> {
    let (one, other) = (&a.origin, &b.origin);
    if one.gate_hash != other.gate_hash {
        return Some("their gate files differ".to_owned());
    }
    let pairs = [
        ("seeds", one.seed.to_string(), other.seed.to_string()),
        ("numbers of shards", one.shard.of().to_string(), other.shard.of().to_string()),
        ("versions of loadgate", one.version.clone(), other.version.clone()),
        ("targets", one.target.clone(), other.target.clone()),
        ("protocols", one.protocol.clone(), other.protocol.clone()),
        ("loads", a.load.profile.clone(), b.load.profile.clone()),
        ("tags", tags(one), tags(other)),
    ];
    if let Some((what, one, other)) = pairs.into_iter().find(|(_, one, other)| one != other) {
        return Some(format!("their {what} are {one} and {other}"));
    }
    let frame = |run: &Run| {
        let load = &run.load;
        (load.duration, load.warm_up, load.timeout, load.model == b.load.model)
    };
    if frame(a) != frame(b) || a.load.stages != b.load.stages {
        return Some("their stages, durations or deadlines differ".to_owned());
    }
    let names = |run: &Run| run.endpoints.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
    if names(a) != names(b) {
        return Some("their endpoints differ".to_owned());
    }
    let mut slices = a.slices.iter().zip(&b.slices);
    let same = |(one, other): (&Slice, &Slice)| {
        (one.from, one.stage, one.warm_up) == (other.from, other.stage, other.warm_up)
    };
    (!slices.all(same)).then(|| "their slices of time differ".to_owned())
}

/// The tags by which a run was chosen, in words.
fn tags(origin: &Origin) -> String {
    let listed = |tags: &[String]| if tags.is_empty() { "all".to_owned() } else { tags.join(", ") };
    match origin.exclude_tags.as_slice() {
        [] => listed(&origin.tags),
        left_out => format!("{} without {}", listed(&origin.tags), left_out.join(", ")),
    }
}

/// How long after the first shard the last one began.
fn apart(shards: &[(String, Run)]) -> Duration {
    let began = |run: &Run| OffsetDateTime::parse(&run.origin.started, &Rfc3339).ok();
    let times: Option<Vec<_>> = shards.iter().map(|(_, run)| began(run)).collect();
    let ends = times.and_then(|times| Some((*times.iter().min()?, *times.iter().max()?)));
    // Where nobody knows, they may have been any time apart.
    ends.and_then(|(first, last)| (last - first).try_into().ok()).unwrap_or(Duration::MAX)
}

fn add(whole: &mut Run, shard: Run) -> Result<(), Damaged> {
    // Shards compare nothing.
    let Run { origin, load, generator, slices, endpoints, stop, probes, .. } = shard;
    let ours = &mut whole.origin;
    ours.insecure |= origin.insecure;
    ours.cores = ours.cores.saturating_add(origin.cores);
    ours.memory = ours.memory.saturating_add(origin.memory);
    if origin.started < ours.started {
        ours.started = origin.started;
    }
    for (ours, theirs) in
        [(&mut ours.cpu, origin.cpu), (&mut ours.os, origin.os), (&mut ours.arch, origin.arch)]
    {
        if !ours.split(", ").any(|one| one == theirs) {
            *ours = format!("{ours}, {theirs}");
        }
    }
    add_load(&mut whole.load, load);
    add_generator(&mut whole.generator, generator);
    add_slices(&mut whole.slices, slices);
    for (ours, theirs) in whole.endpoints.iter_mut().zip(endpoints) {
        add_evidence(ours, theirs)?;
    }
    add_probes(&mut whole.probes, probes);
    whole.stop = match (&whole.stop, stop) {
        (Stop::Dead(ours), Stop::Dead(theirs)) => Stop::Dead(theirs.max(*ours)),
        (Stop::Dead(ours), _) => Stop::Dead(*ours),
        (_, theirs) => theirs,
    };
    Ok(())
}

/// Each shard asks for itself: all of its answers count.
fn add_probes(ours: &mut Vec<Series>, theirs: Vec<Series>) {
    for series in theirs {
        match ours.iter_mut().find(|one| (&one.name, &one.unit) == (&series.name, &series.unit)) {
            Some(one) => {
                one.readings.extend(series.readings);
                one.readings.sort_by_key(|(at, _)| *at);
                if one.said.is_empty() {
                    one.said = series.said;
                }
            }
            None => ours.push(series),
        }
    }
}

fn both(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    Some(one?.saturating_add(other?))
}

fn add_load(ours: &mut Delivered, theirs: Delivered) {
    ours.lasted = ours.lasted.max(theirs.lasted);
    ours.planned = both(ours.planned, theirs.planned);
    ours.released = both(ours.released, theirs.released);
    let sums = [
        (&mut ours.sent, theirs.sent),
        (&mut ours.dropped, theirs.dropped),
        (&mut ours.users, theirs.users),
        (&mut ours.connections, theirs.connections),
        (&mut ours.reconnects, theirs.reconnects),
    ];
    for (ours, theirs) in sums {
        *ours = ours.saturating_add(theirs);
    }
    ours.connecting.merge(&theirs.connecting);
    let mut refused: BTreeMap<String, u64> = BTreeMap::new();
    for (address, count) in std::mem::take(&mut ours.refused).into_iter().chain(theirs.refused) {
        let sum = refused.entry(address).or_default();
        *sum = sum.saturating_add(count);
    }
    ours.refused = refused.into_iter().collect();
}

/// Each shard's generator must have been fit: of what cannot be added, the worst stands.
fn add_generator(ours: &mut Generator, theirs: Generator) {
    ours.threads = ours.threads.saturating_add(theirs.threads);
    ours.lag_p50 = ours.lag_p50.max(theirs.lag_p50);
    ours.lag_p99 = ours.lag_p99.max(theirs.lag_p99);
    ours.lag_max = ours.lag_max.max(theirs.lag_max);
    ours.cpu.extend(theirs.cpu);
    if theirs.saturated > ours.saturated {
        ours.saturated = theirs.saturated;
    }
    if let Some(starved) = theirs.starved {
        let worst = ours.starved.get_or_insert(starved);
        worst.wait = worst.wait.max(starved.wait);
        if starved.share > worst.share {
            worst.share = starved.share;
        }
    }
    // The fullest: nearest to its limit.
    let room = |descriptors: Option<(u64, u64)>| {
        descriptors.map_or(u64::MAX, |(most, limit)| limit.saturating_sub(most))
    };
    if room(theirs.descriptors) < room(ours.descriptors) {
        ours.descriptors = theirs.descriptors;
    }
    if theirs.steal > ours.steal {
        ours.steal = theirs.steal;
    }
    ours.clock.stepped |= theirs.clock.stepped;
    ours.clock.suspended |= theirs.clock.suspended;
}

fn add_slices(ours: &mut Vec<Slice>, theirs: Vec<Slice>) {
    for (at, slice) in theirs.into_iter().enumerate() {
        let Some(ours) = ours.get_mut(at) else {
            ours.push(slice);
            continue;
        };
        // One of them may have been cut short.
        ours.to = ours.to.max(slice.to);
        let (one, other) = (ours.pulse, slice.pulse);
        ours.pulse = Pulse {
            planned: one.planned.saturating_add(other.planned),
            released: one.released.saturating_add(other.released),
            sent: one.sent.saturating_add(other.sent),
            dropped: one.dropped.saturating_add(other.dropped),
            in_flight: one.in_flight.saturating_add(other.in_flight),
            users: one.users.saturating_add(other.users),
        };
    }
}

fn add_evidence(ours: &mut Evidence, theirs: Evidence) -> Result<(), Damaged> {
    ours.planned = both(ours.planned, theirs.planned);
    ours.whole.merge(&theirs.whole);
    for (at, packed) in theirs.slices.into_iter().enumerate() {
        match ours.slices.get_mut(at) {
            Some(one) => add_packed(one, packed)?,
            None => ours.slices.push(packed),
        }
    }
    for missed in theirs.missed {
        match ours.missed.iter_mut().find(|one| one.asked == missed.asked) {
            Some(one) => one.count = one.count.saturating_add(missed.count),
            None => ours.missed.push(missed),
        }
    }
    ours.missed.sort_by(|a, b| (b.count, &a.asked).cmp(&(a.count, &b.asked)));
    for (why, what) in theirs.examples {
        ours.examples.entry(why).or_insert(what);
    }
    Ok(())
}

fn add_packed(ours: &mut Packed, theirs: Packed) -> Result<(), Damaged> {
    let nothing = Packed::default();
    if *ours == nothing {
        *ours = theirs;
    } else if theirs != nothing {
        let mut sum = ours.unpack()?;
        sum.merge(&theirs.unpack()?);
        *ours = sum.pack();
    }
    Ok(())
}
