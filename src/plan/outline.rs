//! What a gate file would do, in words and numbers, without doing it: `loadgate plan`.

use std::time::Duration;

use super::column::{NAME, Shown, say};
use super::crowd;
use super::mix::{ANSWER, users_at_once};
use super::parts::parts;
use super::planned::{Fewest, Planned};
use super::plot;
use super::profile::Profile;
use super::scenario::{Wanted, total};
use super::stream::Stream;
use super::threshold::{During, Level, Selector, Threshold};
use super::{Arrivals, Drive, Http, Plan, Request, glob, swarm, versus, watch};
use crate::run::Model;
use crate::unit::{Rate, show_count, show_duration};

/// The plan in words, at most 80 columns wide; without what came from the environment.
#[must_use]
pub fn outline(plan: &Plan) -> String {
    let shown = Shown(&plan.masks);
    let mut out = format!("{}\n\n", shown.line(&plan.name));
    let mut planned = None;
    match (&plan.drive, &plan.locust) {
        (_, Some(locust)) => swarm::outline(&mut out, locust, shown),
        (Some(drive), None) => {
            planned = Planned::of(drive, &plan.thresholds);
            target(&mut out, drive, shown);
            load(&mut out, drive, planned.as_ref(), shown);
            plot::scenarios(&mut out, drive, shown);
            endpoints(&mut out, drive, planned.as_ref(), shown);
            expected(&mut out, drive, shown);
        }
        (None, None) => {
            out.push_str("thresholds alone: for results that exist, with `loadgate check`\n\n");
        }
    }
    checks(&mut out, plan, planned.as_ref());
    watch::probes(&mut out, plan, shown);
    versus::compared(&mut out, plan);
    watch::told(&mut out, plan, shown);
    for threshold in &plan.left_out {
        let threshold = shown.line(&threshold.to_string());
        say(&mut out, format_args!("left out by its tags, never judged: {threshold}"));
    }
    for warning in &plan.warnings {
        let warning = plan.masks.apply(&warning.to_string());
        say(&mut out, format_args!("\nwarning: {warning}"));
    }
    out
}

fn target(out: &mut String, drive: &Drive, shown: Shown<'_>) {
    let target = &drive.target;
    let http = match target.http {
        Http::One => "HTTP/1.1",
        Http::Two => "HTTP/2",
        Http::Auto => "HTTP/2 or HTTP/1.1",
    };
    say(out, format_args!("target     {}", shown.line(&target.shown)));
    say(out, format_args!("           {http}, {} for a request", show_duration(target.timeout)));
    if target.tls.insecure {
        say(out, format_args!("           certificates are not checked"));
    }
    let mut sources: Vec<&str> =
        drive.requests.iter().filter_map(|one| Some(one.grant.as_ref()?.shown.as_str())).collect();
    sources.sort_unstable();
    sources.dedup();
    for source in sources {
        say(out, format_args!("           a token from {}", shown.line(source)));
    }
    if let Some(most) = drive.requests.iter().map(|one| one.follow).max().filter(|most| *most > 0) {
        say(out, format_args!("           follows up to {most} redirects"));
    }
    for site in &target.also {
        say(out, format_args!("           and to {}", shown.line(&site.shown)));
    }
    if let Some(ready) = &target.ready {
        let (path, within) = (shown.line(&ready.path), show_duration(ready.within));
        say(out, format_args!("           ready once GET {path} answers, {within} at most"));
    }
}

fn load(out: &mut String, drive: &Drive, planned: Option<&Planned>, shown: Shown<'_>) {
    let load = &drive.load;
    let profile = &load.profile;
    let kind = match (profile.model, load.arrivals) {
        (Model::Open, Arrivals::Even) => "open model, arrivals at even distances",
        (Model::Open, Arrivals::Poisson) => "open model, arrivals of independent users (Poisson)",
        (Model::Closed, _) => "closed model, each user waits for its answer",
    };
    say(out, format_args!("\nload       {kind}"));
    let mut start = Duration::ZERO;
    for stage in &profile.stages {
        let end = start + stage.duration;
        let (from, to) = (level(profile, stage.from), level(profile, stage.to));
        let way = if stage.from == stage.to { to } else { format!("{from} to {to}") };
        let name = stage.name.as_deref();
        let name = name.map_or(String::new(), |name| format!("  ({})", shown.line(name)));
        let time = format!("{} to {}", show_duration(start), show_duration(end));
        if !stage.duration.is_zero() {
            say(out, format_args!("           {time:<16} {way}{name}"));
        }
        start = end;
    }
    if !load.warm_up.is_zero() {
        let warm_up = show_duration(load.warm_up);
        say(out, format_args!("           warm-up {warm_up}: sent, never judged"));
    }
    amount(out, drive, planned);
}

fn amount(out: &mut String, drive: &Drive, planned: Option<&Planned>) {
    let load = &drive.load;
    let Some(planned) = planned else {
        let sent = total(&drive.endpoints, &crowd::requests(drive));
        let (sent, answer) = (show_count(sent), show_duration(ANSWER));
        say(out, format_args!("           requests: as many as the answers allow;"));
        say(out, format_args!("           some {sent} where each answer takes {answer}\n"));
        return;
    };
    let all = |counts: &[u64]| total(&drive.endpoints, counts);
    let (sent, judged) = (all(planned.sent()), all(planned.judged()));
    let (sent, judged) = (show_count(sent), show_count(judged));
    let word = if drive.scenarios.is_empty() { "planned" } else { "expected" };
    say(out, format_args!("           {sent} requests {word}, {judged} of them judged"));
    if !drive.scenarios.is_empty() {
        let (users, answer) = (show_count(users_at_once(drive)), show_duration(ANSWER));
        let most = show_count(load.profile.peak().div_ceil(1_000_000));
        say(out, format_args!("           up to {most} users arrive in a second, some {users}"));
        say(out, format_args!("           on their way at once where an answer takes {answer}"));
    }
    beside(out, drive);
    if !load.shard.is_alone() {
        let (shard, of) = (load.shard, load.shard.of());
        say(out, format_args!("           {shard}: one in {of} of what is counted here"));
    }
    let limits = (show_count(load.max_in_flight as u64), show_count(load.connections as u64));
    say(out, format_args!("           at most {} in flight, {} connections", limits.0, limits.1));
    match load.seed {
        Some(seed) => say(out, format_args!("           seed {seed}\n")),
        None => {
            say(out, format_args!("           seed drawn anew; counts below are of seed 0\n"));
        }
    }
}

/// The users beside the arrivals, where there are some.
fn beside(out: &mut String, drive: &Drive) {
    let own = parts(&drive.scenarios, &drive.load.profile);
    let closed = own.iter().filter(|part| part.profile.model == Model::Closed);
    let users: u64 = closed.map(|part| part.profile.peak().div_ceil(1_000_000)).sum();
    if users == 0 {
        return;
    }
    let sent = total(&drive.endpoints, &crowd::requests(drive));
    let (users, sent, answer) = (show_count(users), show_count(sent), show_duration(ANSWER));
    say(out, format_args!("           beside them {users} users, who send what answers allow:"));
    say(out, format_args!("           some {sent} requests where each answer takes {answer}"));
}

/// A level of the load: arrivals per second, or users.
fn level(profile: &Profile, micro: u64) -> String {
    match profile.model {
        Model::Open => Rate::from_micro(micro).written(),
        Model::Closed => format!("{} users", show_count(micro / 1_000_000)),
    }
}

/// What is expected of answers, beyond a status below 400.
fn expected(out: &mut String, drive: &Drive, shown: Shown<'_>) {
    let asked = drive.requests.iter().map(|request| (request, request_asked(request)));
    let asked: Vec<_> = asked.filter(|(_, asked)| !asked.is_empty()).collect();
    if asked.is_empty() {
        return;
    }
    say(out, format_args!("expected of an answer"));
    for (request, asked) in asked {
        say(out, format_args!("  {}", shown.line(&request.name)));
        for asked in asked {
            say(out, format_args!("    {}", shown.line(&asked)));
        }
    }
    out.push('\n');
}

fn request_asked(request: &Request) -> Vec<String> {
    let live = request.live.iter().flat_map(|live| &live.expect).map(Wanted::asked);
    let stream = request.stream.iter().flat_map(Stream::asked);
    request.expect.asked().into_iter().chain(live).chain(stream).collect()
}

fn endpoints(out: &mut String, drive: &Drive, planned: Option<&Planned>, shown: Shown<'_>) {
    let plain = drive.scenarios.is_empty();
    let (weight, sent) = if plain { ("weight", "planned") } else { ("", "expected") };
    let head = format!("{:<NAME$} {weight:>9}", "endpoint");
    match planned {
        Some(_) => say(out, format_args!("{head} {sent:>15} {:>15}", "judged")),
        None => say(out, format_args!("{head} {:>15} {:>15}", "some", "share")),
    }
    let crowd = crowd::requests(drive);
    let all = total(&drive.endpoints, &crowd);
    for (place, name) in drive.endpoints.iter().enumerate() {
        let weight = drive.requests.get(place).filter(|_| plain);
        let weight = weight.map_or(String::new(), |request| request.weight.to_string());
        let line = format!("{} {weight:>9}", shown.cell(name, NAME));
        if let Some(planned) = planned.filter(|planned| planned.is_untold(place)) {
            // Arrivals may send to it too.
            let some = planned.sent()[place].saturating_add(crowd[place]);
            say(
                out,
                format_args!("{line} {:>15} {:>15}", format!("some {}", show_count(some)), "?"),
            );
        } else if let Some(planned) = planned {
            let sent = show_count(planned.sent()[place]);
            let judged = show_count(planned.judged().get(place).copied().unwrap_or(0));
            say(out, format_args!("{line} {sent:>15} {judged:>15}"));
        } else {
            let some = crowd.get(place).copied().unwrap_or(0);
            let share = u128::from(some) * 1_000 / u128::from(all.max(1));
            let (some, share) = (show_count(some), format!("{}.{}%", share / 10, share % 10));
            say(out, format_args!("{line} {some:>15} {share:>15}"));
        }
    }
    out.push('\n');
}

fn checks(out: &mut String, plan: &Plan, planned: Option<&Planned>) {
    let head = format!("{:<width$} {:<18} {:>14}", "check", "", "limit", width = NAME);
    say(out, format_args!("{head} {:>13}", "samples"));
    for (index, threshold) in plan.thresholds.iter().enumerate() {
        let scope = scope(index, threshold, plan, planned);
        let level = if threshold.level == Level::Warn { " (warn)" } else { "" };
        let metric = format!("{}{level}", threshold.metric);
        let limit = threshold.limit.to_string();
        let fewest = planned.map(|planned| planned.fewest(index, &threshold.selector));
        let samples = match fewest {
            Some(Fewest::Whole(count) | Fewest::Of(_, count)) => show_count(count),
            Some(Fewest::Nothing) => "0".to_owned(),
            Some(Fewest::Untold) | None => String::new(),
        };
        let line = format!(
            "{} {metric:<18} {limit:>14} {samples:>13}",
            Shown(&plan.masks).cell(&scope, NAME)
        );
        say(out, format_args!("{}", line.trim_end()));
        for note in notes(threshold, plan, fewest) {
            say(out, format_args!("  {note}"));
        }
    }
    if let Some(sure) = plan.confidence {
        say(out, format_args!("  {sure} sure: what lies between is inconclusive"));
    }
}

fn scope(index: usize, threshold: &Threshold, plan: &Plan, planned: Option<&Planned>) -> String {
    let Selector::Endpoints(pattern) = &threshold.selector else {
        return threshold.selector.to_string();
    };
    let Some(drive) = plan.drive.as_ref().filter(|_| glob::is_pattern(pattern)) else {
        return threshold.selector.to_string();
    };
    let count = match planned {
        Some(planned) => planned.endpoints(index),
        None => drive.endpoints.iter().filter(|name| glob::selects(pattern, name)).count(),
    };
    format!("{} ({count})", threshold.selector)
}

/// What else there is to know of a check: its window, and whether it can be judged.
fn notes(threshold: &Threshold, plan: &Plan, fewest: Option<Fewest<'_>>) -> Vec<String> {
    let (mut notes, shown) = (Vec::new(), Shown(&plan.masks));
    let stages = plan.drive.as_ref().map_or(&[][..], |drive| &drive.load.profile.stages);
    let during = threshold.window.during.as_ref().and_then(|during| match during {
        During::Index(index) => stages.get(*index)?.name.as_deref(),
        During::Named(name) => Some(name.as_str()),
    });
    if let Some(name) = during {
        notes.push(format!("in the stage {}", shown.line(name)));
    }
    if let Some(over) = threshold.window.over {
        notes.push(format!("in every window of {}, and over all", show_duration(over)));
    }
    if let Some(abort) = threshold.abort {
        let after = show_duration(abort);
        notes.push(format!("ends the run once clearly breached, after {after} at the earliest"));
    }
    if !threshold.required {
        notes.push("not required: having no samples is tolerated".to_owned());
    }
    if threshold.default {
        notes.push("not written: every gate has it".to_owned());
    }
    notes.extend(shortfall(threshold, fewest));
    if let (Some(Fewest::Of(name, _)), Selector::Endpoints(pattern)) = (fewest, &threshold.selector)
        && glob::is_pattern(pattern)
    {
        notes.push(format!("the fewest: {}", shown.cell(name, 60).trim_end()));
    }
    notes
}

/// Whether there will be samples enough; `None` where there will.
fn shortfall(threshold: &Threshold, fewest: Option<Fewest<'_>>) -> Option<String> {
    let need = threshold.metric.samples_needed();
    let short = |have: u64| {
        let (have, metric, asked) = (show_count(have), threshold.metric, show_count(need));
        let verb = if have == "1" { "is" } else { "are" };
        format!("cannot be judged: {metric} needs {asked} requests, {have} {verb} planned")
    };
    match fewest {
        Some(Fewest::Untold) | None if need > 1 => {
            Some(format!("needs {} requests", show_count(need)))
        }
        Some(Fewest::Nothing) => Some("cannot be judged: no endpoint has that name".to_owned()),
        Some(Fewest::Whole(have) | Fewest::Of(_, have)) if have < need => Some(short(have)),
        Some(Fewest::Whole(_) | Fewest::Of(..) | Fewest::Untold) | None => None,
    }
}
