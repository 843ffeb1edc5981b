//! Is the measurement itself fit to be judged?

use std::time::Duration;

use super::finding::{Asked, Doubt};
use super::window::{is_cut_short, nothing};
use crate::metric::{Metric, Value};
use crate::plan::Plan;
use crate::plan::threshold::{Level, Relation, Selector, Threshold};
use crate::run::{Imported, Merged, Model, Run, Starved, Stop, Subject};
use crate::sample::Failure;
use crate::unit::{Ratio, show_time};

/// Later than this, arrivals come in bursts that nobody planned, however lenient the limits are.
const MOST_LAG: Duration = Duration::from_millis(50);
/// No limit is so tight that less lag than this must be asked for.
const LEAST_LAG: Duration = Duration::from_millis(1);
/// More seconds than this with a full core, and answers wait for us.
const MOST_SATURATED: f64 = 0.05;
/// The same of seconds in which a load thread had to wait for a CPU.
const MOST_STARVED: f64 = 0.05;
/// One second alone tells nothing, however short the run.
const LEAST_STARVED: f64 = 1.5;
/// Of the planned requests, at least so many in a hundred must have been sent.
const LEAST_SENT: u128 = 98;
/// Shards may begin so much of the load's duration apart: a twentieth.
const SHARE_APART: u32 = 20;
const CURE: &str = "add `threads`, lower `rate`, or move the generator to a machine of its own";

/// Why nothing can be judged at all; `None` for a measurement that is fit.
pub(super) fn doubt(plan: &Plan, run: &Run) -> Option<Doubt> {
    if !run.origin.shard.is_alone() {
        return Some(Doubt::OneShard(run.origin.shard));
    }
    let unsound = run.imported.as_ref().map(|imported| &imported.unsound);
    if let Some(reasons) = unsound.filter(|reasons| !reasons.is_empty()) {
        let driven = run.imported.as_ref().is_some_and(Imported::is_driven);
        let doubt = if driven { Doubt::Invalid } else { Doubt::Unsound };
        return Some(doubt(reasons.clone()));
    }
    if let Some(why) = endless(plan, run) {
        return Some(Doubt::Unsound(vec![why]));
    }
    let own_fault =
        run.failed_by_us() > 0 || matches!(run.stop, Stop::Panic(_) | Stop::NoThread(_));
    let unreachable = matches!(run.stop, Stop::Unreachable(..));
    if (unreachable || !run.anything_answered()) && !own_fault {
        return Some(Doubt::NoAnswers);
    }
    let reasons = reasons(plan, run);
    if !reasons.is_empty() {
        return Some(Doubt::FellBehind(reasons));
    }
    (run.counted() == 0).then(|| nothing(run))
}

/// Why a summary that does not tell how long the run was meant to last is not taken for a whole
/// one: unless the gate file says how many requests there must be.
fn endless(plan: &Plan, run: &Run) -> Option<String> {
    let why = run.imported.as_ref()?.untold.get(&Subject::End)?;
    let floor = |threshold: &Threshold| {
        threshold.metric == Metric::Count
            && threshold.selector == Selector::Whole
            && threshold.level == Level::Fail
            && !threshold.limit.relation.is_upper()
    };
    let asked = plan.thresholds.iter().any(floor);
    (!asked).then(|| format!("{why}; or ask for a `count` of requests in the gate file"))
}

/// Whether the only trouble is that arrivals were dropped. Then the service had less to do than was
/// planned, and what it breached all the same, it breached.
pub(super) fn is_only_dropped(plan: &Plan, run: &Run) -> bool {
    let released = run.load.released.unwrap_or(run.load.sent);
    let enough = is_enough(released.saturating_add(run.load.dropped), run);
    let whole = run.origin.shard.is_alone();
    whole
        && dropped(run).is_some()
        && enough
        && run.anything_answered()
        && apart(plan, run).is_empty()
}

/// Why the generator was not fit, each in one sentence with numbers and what to do.
pub(super) fn reasons(plan: &Plan, run: &Run) -> Vec<String> {
    let not_sent = [dropped(run), unsent(run)];
    apart(plan, run).into_iter().chain(not_sent.into_iter().flatten()).collect()
}

/// The same, apart from what was not sent.
fn apart(plan: &Plan, run: &Run) -> Vec<String> {
    let checks = [
        panicked(plan, run),
        without_thread(plan, run),
        late(&plan.thresholds, run),
        saturated(run),
        starved(&plan.thresholds, run),
        without(run, Failure::LocalFd),
        without(run, Failure::LocalPort),
        suspended(run),
        asunder(run),
    ];
    checks.into_iter().flatten().collect()
}

fn panicked(plan: &Plan, run: &Run) -> Option<String> {
    let Stop::Panic(said) = run.stop.hidden(&plan.masks) else { return None };
    Some(format!("a load thread panicked ({said}): that is a bug of loadgate, please report it"))
}

fn without_thread(plan: &Plan, run: &Run) -> Option<String> {
    let Stop::NoThread(said) = run.stop.hidden(&plan.masks) else { return None };
    Some(format!(
        "a load thread could not start ({said}): raise the limits of processes and memory \
         (`ulimit -u`, `ulimit -v`), or lower `threads`"
    ))
}

fn late(thresholds: &[Threshold], run: &Run) -> Option<String> {
    let most = tolerated(thresholds);
    let lag = run.generator.lag_p99.filter(|lag| *lag > most)?;
    let (lag, most) = (show_time(lag), show_time(most));
    Some(format!(
        "arrivals were released up to {lag} late (99th percentile, at most {most} is tolerated): \
         {CURE}"
    ))
}

/// A delay of our own making that hardly shows beside the tightest limit on latency.
fn tolerated(thresholds: &[Threshold]) -> Duration {
    let limits = thresholds.iter().filter_map(latency_limit);
    let tenth = limits.min().map_or(MOST_LAG, |limit| limit / 10);
    tenth.min(MOST_LAG).max(LEAST_LAG)
}

/// Users that wait for a CPU of ours read their answers late.
fn starved(thresholds: &[Threshold], run: &Run) -> Option<String> {
    run.generator.starved.filter(|starved| starved.wait > tolerated(thresholds))?;
    starving(run)
}

/// Users that wait for a CPU of ours ask less often, however short each wait is: that too few asked
/// tells nothing of the service then, while enough are enough.
pub(super) fn asks_less(run: &Run) -> Option<Doubt> {
    starving(run).map(|reason| Doubt::FellBehind(vec![reason]))
}

/// Whether load threads waited for a CPU too often, in words. In the open model lag tells, arrival
/// by arrival.
fn starving(run: &Run) -> Option<String> {
    let Starved { share, wait } =
        run.generator.starved.filter(|_| run.load.model == Model::Closed)?;
    let seconds = share.share() * run.load.lasted.as_secs_f64();
    if share.share() <= MOST_STARVED || seconds <= LEAST_STARVED {
        return None;
    }
    let (share, wait) = (percent(share), show_time(wait));
    Some(format!(
        "a load thread waited for a CPU in more than 10 % of the time in {share} of the seconds \
         (at most 5 % is tolerated), {wait} each time: end what else runs on this machine, or move \
         the generator to a machine of its own"
    ))
}

/// Whether a limit is breached by asking too little.
pub(super) fn asks_for_many(asked: &Asked) -> bool {
    match asked {
        Asked::Limit { metric, limit, .. } => {
            let counts = matches!(metric, Metric::Throughput | Metric::Count);
            counts && !limit.relation.is_upper()
        }
        Asked::Change { metric, .. } => *metric == Metric::Throughput,
        Asked::Gauge { .. }
        | Asked::Fit
        | Asked::Sound
        | Asked::Valid
        | Asked::Script(_)
        | Asked::Policy(_) => false,
    }
}

/// The longest latency that a threshold still lets pass.
fn latency_limit(threshold: &Threshold) -> Option<Duration> {
    match (threshold.limit.relation, threshold.limit.bound) {
        (Relation::Below | Relation::AtMost, Value::Time(limit)) => Some(limit),
        (
            Relation::Below | Relation::AtMost | Relation::Above | Relation::AtLeast,
            Value::Time(_)
            | Value::Never
            | Value::Share(_)
            | Value::Rate(_)
            | Value::Count(_)
            | Value::Number(..),
        ) => None,
    }
}

fn saturated(run: &Run) -> Option<String> {
    let share = run.generator.saturated;
    (share.share() > MOST_SATURATED).then(|| {
        let share = percent(share);
        format!(
            "a load thread used, or waited for, more than 90 % of a core in {share} of the seconds \
             (at most 5 % is tolerated): {CURE}"
        )
    })
}

fn dropped(run: &Run) -> Option<String> {
    let dropped = run.load.dropped;
    // Where the target went down for good, it is what the requests waited for.
    let by_target = matches!(run.stop, Stop::Dead(_));
    (dropped > 0 && !by_target).then(|| {
        format!(
            "{dropped} arrivals were dropped because as many requests as `max_in_flight` allows \
             were waiting for answers: raise it, shorten `timeout`, or lower `rate`"
        )
    })
}

fn unsent(run: &Run) -> Option<String> {
    let planned = run.load.planned?;
    let sent = run.load.released.unwrap_or(run.load.sent);
    if is_cut_short(run) || is_enough(sent, run) {
        return None;
    }
    let share = Ratio::of(sent, planned).map_or(String::new(), percent);
    if let Some(arrived) = run.load.arrived() {
        let requests = run.load.sent;
        return Some(format!(
            "{arrived} of {planned} planned users arrived ({share}, at least 98 % is needed) and \
             sent {requests} requests: {CURE}"
        ));
    }
    Some(format!(
        "{sent} of {planned} planned requests were sent ({share}, at least 98 % is needed): {CURE}"
    ))
}

/// Whether so many requests are as good as all that were planned.
fn is_enough(sent: u64, run: &Run) -> bool {
    let planned = run.load.planned.unwrap_or(0);
    u128::from(sent) * 100 >= u128::from(planned) * LEAST_SENT
}

/// Requests that failed for want of something of this machine.
fn without(run: &Run, why: Failure) -> Option<String> {
    let failed = run.alone().map(|endpoint| endpoint.whole.failed_by(why)).sum::<u64>();
    let (what, cure) = if why == Failure::LocalFd {
        ("file descriptors", "raise the limit (`ulimit -n`) or lower `connections`")
    } else {
        ("free ports", "let connections be kept open, lower `rate`, or use more machines")
    };
    (failed > 0)
        .then(|| format!("{failed} requests failed because this machine ran out of {what}: {cure}"))
}

fn suspended(run: &Run) -> Option<String> {
    run.generator.clock.suspended.then(|| {
        "the machine, or the process, stood still for more than 500 ms: run the gate again \
         where it is not paused"
            .to_owned()
    })
}

/// Shards that ran one after the other put on less load for longer than was planned.
fn asunder(run: &Run) -> Option<String> {
    let Merged { shards, apart } = run.load.merged?;
    // Their starts are known in whole seconds.
    let most = run.load.duration / SHARE_APART + Duration::from_secs(1);
    (apart > most).then(|| {
        let (apart, most) = (show_time(apart), show_time(most));
        format!(
            "the {shards} shards did not begin together but up to {apart} apart (at most {most} is \
             tolerated): start them at one time"
        )
    })
}

fn percent(share: Ratio) -> String {
    format!("{:.1} %", share.share() * 100.0)
}
