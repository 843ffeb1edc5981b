//! Whether a run of Locust can be judged at all: what Locust itself passes over in silence.

use std::time::Duration;

use super::counted::Counted;
use super::facts::{Facts, Process, Silence};
use super::find::{Found, is_too_old};
use crate::plan::locust::Locust;
use crate::run::Script;
use crate::unit::{show_count, show_duration, show_time};

/// A process that uses more of a core than this in a second cannot do more.
const BUSY: f64 = 0.9;
/// More seconds than this share with a full core, and answers wait for Locust.
const MOST_BUSY: f64 = 0.05;
/// One second alone tells nothing, however short the run.
const LEAST_BUSY: usize = 2;
/// A run may end so much earlier than was asked.
const EARLY: Duration = Duration::from_secs(1);

/// How Locust ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ended {
    /// Its exit code; `None` where it was killed, or never started.
    pub(super) code: Option<i32>,
    /// It was ended by us at a deadline: which one, in words.
    pub(super) late: Option<String>,
    /// We were asked to end it, or ended it as nothing was answered any more.
    pub(super) asked: bool,
    /// It could not be started, or followed: why.
    pub(super) failed: Option<String>,
    /// The last that it said.
    pub(super) said: Vec<String>,
    /// It did not end yet: only what is certain by now is told.
    pub(super) under_way: bool,
}

/// What a run of Locust is held against.
pub(super) struct Case<'a> {
    pub(super) locust: &'a Locust,
    pub(super) found: &'a Found,
    pub(super) facts: &'a Facts,
    pub(super) ended: &'a Ended,
    pub(super) counted: &'a Counted,
    /// From the beginning to the end.
    pub(super) lasted: Duration,
    pub(super) silences: &'a [Silence],
    /// When the run began, in seconds since 1970.
    pub(super) zero: f64,
}

/// What the script itself did.
pub(super) fn script(facts: &Facts) -> Script {
    let exceptions = facts.processes.iter().map(|process| process.raised).sum();
    let mut raised: Vec<String> = Vec::new();
    for told in &facts.raised {
        if !raised.contains(told) && raised.len() < 5 {
            raised.push(told.clone());
        }
    }
    Script { exceptions, raised, exit: facts.code.filter(|code| *code != 0) }
}

/// Why the run cannot be judged, each in one sentence.
pub(super) fn reasons(case: &Case<'_>) -> Vec<String> {
    let mut all = Vec::new();
    all.extend(clocks(case.facts));
    if case.facts.again {
        all.push("the test was started more than once: a gate judges one".to_owned());
    }
    if case.ended.under_way {
        return all;
    }
    all.extend(case.ended.failed.clone());
    all.extend(case.ended.late.clone());
    all.extend(exit(case));
    all.extend(nothing(case));
    all.extend(old(case.facts));
    all.extend(lost(case));
    all.extend(unheard(case));
    all.extend(workers(case));
    all.extend(users(case));
    all.extend(less(case));
    all.extend(short(case));
    all.extend(busy(case.facts));
    all.extend(silent(case));
    all
}

/// It ended with a code that no script set, and that does not say that requests failed.
fn exit(case: &Case<'_>) -> Option<String> {
    let Ended { code, late, asked, failed, said, .. } = case.ended;
    if late.is_some() || failed.is_some() || *asked {
        return None;
    }
    let facts = case.facts;
    let by_script = facts.code.is_some_and(|code| code != 0);
    let raised = facts.processes.iter().any(|process| process.raised > 0);
    let on_error = facts.asked.exit_code_on_error.and_then(whole);
    let by_failures = |code: i64| {
        (facts.failed > 0 || raised) && on_error.is_some_and(|told| i64::try_from(told) == Ok(code))
    };
    let is_good = |code: i64| code == 0 || by_script || by_failures(code);
    let last = said.last().map_or(String::new(), |last| format!(": {last}"));
    match *code {
        None => Some(format!("Locust was killed by somebody else{last}")),
        Some(code) if !is_good(code.into()) => {
            let who = named(case);
            Some(format!("{who} ended with exit code {code}{last}"))
        }
        // A command may end well though Locust did not.
        Some(_) => {
            let told = facts.exit.filter(|code| !is_good(*code));
            told.map(|code| format!("Locust ended with exit code {code}{last}"))
        }
    }
}

/// Whoever was started, in words.
fn named(case: &Case<'_>) -> String {
    if case.found.wraps { format!("`{}`", case.found.shown) } else { "Locust".to_owned() }
}

fn nothing(case: &Case<'_>) -> Option<String> {
    let told = case.ended.failed.is_some() || case.ended.asked;
    if case.found.wraps && case.facts.processes.is_empty() && !told {
        return Some(format!(
            "{} called no Locust that loadgate could reach: it must run on this machine, with the \
             variables that loadgate sets, and not by `python -E` or `-I`",
            named(case)
        ));
    }
    (case.counted.sent == 0 && case.facts.cut.is_empty() && !told).then(|| {
        "Locust sent not one request: see that its users have tasks that make some, and that \
         `--tags` leaves some"
            .to_owned()
    })
}

/// Requests that are certainly missing.
fn lost(case: &Case<'_>) -> Vec<String> {
    let mut all = Vec::new();
    let gone = case.facts.processes.iter().filter(|process| !process.ended);
    let gone = gone.filter(|process| process.role != "master").count();
    if gone > 0 && case.ended.late.is_none() {
        all.push(format!(
            "{} gone before the end of the run: what they did last is not known",
            if gone == 1 { "a process of Locust was".to_owned() } else { processes(gone) }
        ));
    }
    let missing = |process: &Process| process.claimed.saturating_sub(process.written);
    let missing: u64 = case.facts.processes.iter().map(missing).sum();
    if missing > 0 {
        let missing = show_count(missing);
        all.push(format!("{missing} requests that Locust made were not told to loadgate"));
    }
    let failed: u64 = case.facts.processes.iter().map(|process| process.lost).sum();
    if failed > 0 {
        all.push(format!(
            "loadgate's listener in Locust failed {failed} times: that is a bug of loadgate, \
             please report it with Locust's version"
        ));
    }
    if case.facts.processes.iter().any(|process| process.torn && process.ended) {
        all.push("what Locust told loadgate is damaged: was its disk full?".to_owned());
    }
    all
}

/// Requests of which only Locust knows.
fn unheard(case: &Case<'_>) -> Option<String> {
    let facts = case.facts;
    let heard = facts.processes.iter().filter(|process| process.role == "worker").count();
    let is_master = facts.processes.iter().any(|process| process.role == "master");
    let most = if is_master { facts.workers.0 } else { 0 };
    let silent = most.saturating_sub(u64::try_from(heard).unwrap_or(u64::MAX));
    if silent > 0 {
        let how = if case.found.wraps {
            "the command must start them itself, on this machine"
        } else {
            "let them take the locustfile from the master: `locust --worker -f -`"
        };
        return Some(format!("{silent} of {most} workers told nothing of their requests: {how}"));
    }
    (facts.known > facts.counted).then(|| {
        format!(
            "Locust counted {} requests, and {} were told to loadgate: does the script write to \
             Locust's statistics by itself?",
            show_count(facts.known),
            show_count(facts.counted)
        )
    })
}

/// A command may call a Locust that nobody asked for its version.
fn old(facts: &Facts) -> Option<String> {
    let version = &facts.version;
    is_too_old(version).then(|| format!("Locust {version} is too old: 2.11 or later is needed"))
}

/// A command with words of its own may ask for less than the gate file does.
fn less(case: &Case<'_>) -> Option<String> {
    let (locust, asked) = (case.locust, &case.facts.asked);
    if !case.found.wraps || case.facts.shape.is_some() {
        return None;
    }
    let users = locust.users.zip(asked.num_users.and_then(whole)).filter(|(ours, its)| its < ours);
    if let Some((ours, its)) = users {
        let who = named(case);
        return Some(format!("the gate file asks for {ours} users, and {who} for {its}"));
    }
    let time = asked.run_time.and_then(|time| Duration::try_from_secs_f64(time).ok());
    let (ours, its) = locust.run_time.zip(time).filter(|(ours, its)| its < ours)?;
    let (who, ours, its) = (named(case), show_duration(ours), show_duration(its));
    Some(format!("the gate file asks for a run of {ours}, and {who} for {its}"))
}

fn processes(count: usize) -> String {
    format!("{count} processes of Locust were")
}

fn workers(case: &Case<'_>) -> Option<String> {
    let facts = case.facts;
    let is_master = facts.processes.iter().any(|process| process.role == "master");
    if !is_master {
        let asked = case.locust.expect_workers?;
        return Some(format!(
            "{asked} workers were asked for, and Locust ran without any: add `--master` or \
             `--processes` to `args`"
        ));
    }
    let asked = case.locust.expect_workers.or(facts.asked.expect_workers.and_then(whole));
    let (most, gone) = facts.workers;
    let asked = asked.unwrap_or(1).max(1);
    if most < asked {
        return Some(format!("{most} of {asked} workers came"));
    }
    (gone > 0).then(|| format!("{gone} of {most} workers were lost on the way"))
}

/// All users must have begun.
fn users(case: &Case<'_>) -> Option<String> {
    let facts = case.facts;
    if facts.grown.is_some() || !facts.has_head() || case.ended.asked {
        return None;
    }
    let most = facts.users.iter().map(|(_, users)| *users).max().unwrap_or(0);
    let asked = facts.asked.num_users.and_then(whole).filter(|_| facts.shape.is_none());
    let of = asked.map_or(String::new(), |asked| format!(" of {}", show_count(asked)));
    Some(format!(
        "the run ended before all users had begun, there were {}{of}: raise `spawn_rate` or \
         `run_time`",
        show_count(most)
    ))
}

/// A run that is over too soon puts less on the service than was asked.
fn short(case: &Case<'_>) -> Option<String> {
    if case.ended.asked || case.facts.shape.is_some() || !case.facts.has_head() {
        return None;
    }
    let asked = case.facts.asked.run_time?;
    let asked = Duration::try_from_secs_f64(asked).ok()?;
    (case.lasted + EARLY < asked).then(|| {
        let (lasted, asked) = (show_time(case.lasted), show_duration(asked));
        format!("Locust ended after {lasted} of {asked}")
    })
}

fn busy(facts: &Facts) -> Option<String> {
    let (from, to) = (facts.zero()?, facts.end()?);
    let share = |process: &Process| {
        let within = process.cpu.iter().filter(|(t, _)| *t > from && *t <= to + 0.5);
        let (mut all, mut full) = (0_usize, 0_usize);
        for (_, share) in within {
            all += 1;
            full += usize::from(*share > BUSY);
        }
        let fraction = crate::stats::size(full) / crate::stats::size(all.max(1));
        (full >= LEAST_BUSY).then_some(fraction)
    };
    let most = facts.processes.iter().filter_map(share).reduce(f64::max)?;
    (most > MOST_BUSY).then(|| {
        format!(
            "a process of Locust used more than 90 % of a core in {:.1} % of the seconds (at most \
             5 % is tolerated), so that answers waited for Locust: add `--processes`, use \
             `FastHttpUser`, or lower `users`",
            most * 100.0
        )
    })
}

/// A silence that was over before the run was. One that lasted is the service's own.
fn silent(case: &Case<'_>) -> Option<String> {
    let over = case.silences.iter().filter(|silence| !silence.for_good);
    let longest = over.max_by(|one, other| {
        let long = |silence: &Silence| silence.to - silence.from;
        long(one).total_cmp(&long(other))
    })?;
    let long = super::facts::apart(longest.from, longest.to);
    let at = super::facts::apart(case.zero, longest.from);
    let (long, at) = (tenths(long), tenths(at));
    Some(format!(
        "nothing was answered for {long} from {at} on, while requests waited: users who wait ask \
         for nothing, so that percentiles hide it; raise `stall_timeout` where that may be"
    ))
}

fn clocks(facts: &Facts) -> Option<String> {
    facts.processes.iter().any(|process| process.stepped).then(|| {
        "a clock was set during the run, or a machine stood still: run the gate again".to_owned()
    })
}

/// What a reader must know to believe the numbers.
pub(super) fn notes(case: &Case<'_>, judged: Duration) -> Vec<String> {
    let counted = case.counted;
    let mut all = vec![format!(
        "judged are requests sent in {} after {}",
        tenths(judged),
        match case.locust.warm_up {
            Some(_) => "the warm-up".to_owned(),
            None if case.facts.grown.is_some() => "all users had begun".to_owned(),
            None => "the start".to_owned(),
        }
    )];
    if counted.before + counted.after > 0 {
        all.push(format!(
            "{} requests before that and {} after it are not judged",
            show_count(counted.before),
            show_count(counted.after)
        ));
    }
    let (left, oldest) = counted.left;
    if left > 0 {
        let (left, oldest) = (show_count(left), show_time(oldest));
        all.push(format!(
            "{left} requests were cut off as users ended, after {oldest} at most: too young to \
             count as failed"
        ));
    }
    if case.facts.untimed > 0 {
        let count = show_count(case.facts.untimed);
        all.push(format!("{count} requests have no time and are left out"));
    }
    if case.facts.warned > 0 {
        let times = show_count(case.facts.warned);
        all.push(format!("Locust warned of a full CPU, so many times: {times}"));
    }
    if counted.crowded {
        all.push("there are more names than can be told apart: give requests a `name`".to_owned());
    }
    all
}

/// A time in tenths of a second, for people.
fn tenths(time: Duration) -> String {
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX) / 100 * 100;
    show_duration(Duration::from_millis(millis))
}

/// A count that Python has as any number.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within bounds")]
pub(super) fn whole(number: f64) -> Option<u64> {
    (0.0..1e15).contains(&number).then_some(number as u64)
}
