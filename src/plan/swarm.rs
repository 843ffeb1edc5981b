//! What Locust would be told, in words, for `loadgate plan`.

use super::column::{Shown, say};
use super::locust::Locust;
use crate::unit::{show_count, show_duration};

/// Target, load and script of a run of Locust.
pub(super) fn outline(out: &mut String, locust: &Locust, shown: Shown<'_>) {
    let target = locust.target.as_ref().map_or("what the locustfile names", |target| &target.shown);
    say(out, format_args!("target     {}", shown.line(target)));
    if let Some(ready) = locust.target.as_ref().and_then(|target| target.ready.as_ref()) {
        let within = show_duration(ready.within);
        say(out, format_args!("           ready: GET {} within {within}", shown.line(&ready.path)));
    }
    let files = match locust.locustfiles.as_slice() {
        [] => "the one that Locust finds".to_owned(),
        some => some.join(", "),
    };
    say(out, format_args!("load       put on by Locust, closed model"));
    say(out, format_args!("           locustfile: {}", shown.line(&files)));
    if let Some(users) = locust.users {
        let rate = locust.spawn_rate.map(|rate| format!(", {} begin", rate.written()));
        let rate = rate.unwrap_or_default();
        say(out, format_args!("           {} users{rate}", show_count(users)));
    }
    if let Some(time) = locust.run_time {
        say(out, format_args!("           for {}", show_duration(time)));
    }
    if let Some(workers) = locust.expect_workers {
        say(out, format_args!("           by {} workers or more", show_count(workers)));
    }
    for word in locust.args.iter().chain(&locust.line) {
        say(out, format_args!("           told: {}", shown.line(word)));
    }
    let judged = match locust.warm_up {
        Some(warm_up) => format!("after {}", show_duration(warm_up)),
        None => "once all users have begun".to_owned(),
    };
    say(out, format_args!("           judged {judged}; requests: as many as answers allow"));
    let most = show_count(locust.max_script_exceptions);
    say(out, format_args!("           exceptions of the locustfile: at most {most}\n"));
}
