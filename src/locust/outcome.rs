//! From what Locust told to a run, judged and reported as any other.

use std::io;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Job;
use super::call::bytes_of;
use super::counted::{Counted, Window, count};
use super::facts::{Facts, apart};
use super::records::Records;
use super::rules::{self, Case, Ended, whole};
use crate::metric::Value;
use crate::plan::Plan;
use crate::plan::axis::{Piece, axis_of};
use crate::plan::profile::{Profile, Stage};
use crate::plan::threshold::Threshold;
use crate::run::{
    Clock, DRIVEN, Delivered, Generator, Imported, Model, Origin, Precision, Run, Stop,
};
use crate::tally::Times;
use crate::unit::{show_count, show_duration};

/// A request that was cut off younger than this never counts as failed.
const LEAST_OVERDUE: Duration = Duration::from_secs(1);
/// The same where no limit of the gate file says what is long.
const USUAL_OVERDUE: Duration = Duration::from_secs(5);

/// The run that Locust made.
pub(super) fn run(job: &Job<'_>, records: &Records, ended: &Ended, stop: Stop) -> io::Result<Run> {
    let (facts, locust) = (&records.facts, job.locust);
    let zero = facts.zero().unwrap_or_default();
    // Without a beginning there was no run, whatever a process said of itself.
    let end = facts.zero().and(facts.end());
    let lasted = end.map_or(Duration::ZERO, |end| apart(zero, end));
    // While users begin, nothing is judged yet.
    let none = if ended.under_way { lasted } else { Duration::ZERO };
    let grown = facts.grown.map_or(none, |grown| apart(zero, grown));
    let warm_up = locust.warm_up.unwrap_or_else(|| in_millis(grown)).min(lasted);
    let axis = pieces(lasted, warm_up, &job.plan.thresholds);
    let window = Window { zero, warm_up, lasted, axis };
    let counted = count(records, &window, overdue(job.plan))?;
    let patience = locust.stall_timeout.unwrap_or_else(|| facts.patience());
    let silences = facts.silences(patience);
    let stop = match silences.iter().find(|silence| silence.for_good) {
        Some(silence) if matches!(stop, Stop::End | Stop::Stalled(_)) => {
            Stop::Stalled(apart(silence.from, silence.to))
        }
        Some(_) | None => stop,
    };
    let (found, counts) = (job.found, &counted);
    let case =
        Case { locust, found, facts, ended, counted: counts, lasted, silences: &silences, zero };
    let unsound = rules::reasons(&case);
    let notes = rules::notes(&case, lasted.saturating_sub(warm_up));
    Ok(Run {
        origin: origin(job, facts, zero),
        load: delivered(job, facts, &counted, (lasted, warm_up)),
        generator: generator(facts),
        reference: None,
        probes: Vec::new(),
        again: None,
        rounds: None,
        imported: Some(Imported {
            format: DRIVEN.to_owned(),
            tool: format!("Locust {}", version(job, facts)),
            precision: Precision::Exact,
            untold: std::collections::BTreeMap::new(),
            unsound,
            notes,
            whole: None,
            script: Some(rules::script(facts)),
        }),
        slices: counted.slices,
        endpoints: counted.endpoints,
        stop,
    })
}

fn version<'a>(job: &'a Job<'_>, facts: &'a Facts) -> &'a str {
    if facts.version.is_empty() { &job.found.version } else { &facts.version }
}

/// The next whole millisecond: no person reads more.
fn in_millis(time: Duration) -> Duration {
    Duration::from_millis(u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX))
}

/// From which age on a request that was cut off certainly is too slow: none of the gate file's
/// limits lets it pass.
fn overdue(plan: &Plan) -> Duration {
    let limit = |threshold: &Threshold| match threshold.limit.bound {
        Value::Time(time) if threshold.limit.relation.is_upper() => Some(time),
        Value::Time(_)
        | Value::Never
        | Value::Share(_)
        | Value::Rate(_)
        | Value::Count(_)
        | Value::Number(..) => None,
    };
    let longest = plan.thresholds.iter().filter_map(limit).max();
    longest.unwrap_or(USUAL_OVERDUE).max(LEAST_OVERDUE)
}

/// The time axis: the warm-up, and what is judged in slices that fit the windows asked for.
fn pieces(lasted: Duration, warm_up: Duration, thresholds: &[Threshold]) -> Vec<Piece> {
    let duration = lasted.max(Duration::from_nanos(1));
    let stages = vec![Stage { name: None, duration, from: 1, to: 1 }];
    let profile = Profile { model: Model::Closed, stages };
    axis_of((&profile, warm_up), thresholds)
}

#[expect(clippy::cast_possible_truncation, reason = "seconds since 1970 fit")]
fn origin(job: &Job<'_>, facts: &Facts, zero: f64) -> Origin {
    let began = OffsetDateTime::from_unix_timestamp(zero as i64).ok();
    let began = began.filter(|_| zero > 0.0).and_then(|moment| moment.format(&Rfc3339).ok());
    let host = facts.asked.host.clone().filter(|host| !host.is_empty());
    let target = job.locust.target.as_ref().map(|target| target.shown.clone());
    let mut load_hash = job.origin.load_hash.clone();
    if let Some(files) = facts.asked.locustfile.as_deref().filter(|_| job.call.files.is_none()) {
        // Which locustfiles a command names, nobody knows before.
        load_hash = with_files(&load_hash, files);
    }
    Origin {
        load_hash,
        started: began.unwrap_or_else(|| job.origin.started.clone()),
        target: target.or(host).unwrap_or_else(|| "what the locustfile names".to_owned()),
        protocol: format!("Locust {}", version(job, facts)),
        ..job.origin.clone()
    }
}

fn with_files(load_hash: &str, files: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(load_hash.as_bytes());
    bytes_of(files, &mut |bytes| hash.update(bytes));
    format!("{:x}", hash.finalize())
}

fn delivered(
    job: &Job<'_>,
    facts: &Facts,
    counted: &Counted,
    (lasted, warm_up): (Duration, Duration),
) -> Delivered {
    let most = facts.users.iter().map(|(_, users)| *users).max().unwrap_or(0);
    Delivered {
        model: Model::Closed,
        profile: profile(job, facts, most),
        stages: vec![String::new()],
        duration: lasted,
        lasted,
        warm_up,
        timeout: Duration::ZERO,
        planned: None,
        released: None,
        sent: counted.sent,
        dropped: 0,
        users: most,
        connections: 0,
        reconnects: 0,
        connecting: Times::default(),
        refused: Vec::new(),
        merged: None,
    }
}

/// The load in words: what was asked of Locust, and not what came of it.
fn profile(job: &Job<'_>, facts: &Facts, most: u64) -> String {
    let by = format!("by Locust {}", version(job, facts));
    if let Some(shape) = &facts.shape {
        return format!("{shape} {by}, up to {} users", show_count(most));
    }
    let users = facts.asked.num_users.and_then(whole).unwrap_or(most);
    let users = if users == 1 { "1 user".to_owned() } else { format!("{users} users") };
    let rate = facts.asked.spawn_rate.map_or(String::new(), |rate| format!(" at {rate}/s"));
    let time = facts.asked.run_time.and_then(|time| Duration::try_from_secs_f64(time).ok());
    let time = time.map_or(String::new(), |time| format!(" for {}", show_duration(time)));
    format!("{users}{rate}{time} {by}")
}

/// What is known of Locust's processes; what loadgate's own threads do is nobody's business here.
fn generator(facts: &Facts) -> Generator {
    let stepped = facts.processes.iter().any(|process| process.stepped);
    Generator { clock: Clock { stepped, suspended: false }, ..Generator::unknown() }
}
