//! Locust as the engine: the real one, by a locustfile that knows nothing of loadgate.
//!
//! A plugin stands first in Locust's `-f`. It writes every request of every process to a private
//! directory, together with what Locust keeps to itself: requests that are cut off, exceptions of
//! the script, users, workers. Files are read while they grow, to end a run that is not answered
//! any more, and once more in the end, to count everything on one time axis.
//!
//! Where a command calls Locust with words of its own, a shim brings the plugin to it: Python's
//! `sitecustomize`, which every Python below that command runs as it starts.

mod frames;
mod facts;
mod records;
mod counted;
mod child;
mod environment;
mod room;
mod find;
mod resolve;
mod call;
mod rules;
mod outcome;
mod watch;

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use crate::plan::Plan;
use crate::plan::locust::Locust;
use crate::run::{Origin, Run, Stop};
use crate::tally::Times;
use room::Room;

pub use call::{Call, beneath, call};
pub use environment::{Given, allowed};
pub use find::{Found, Line, Unfound, find, own, split};
pub use room::PLUGIN;

/// What Locust is to do.
pub struct Job<'a> {
    /// What is expected.
    pub plan: &'a Plan,
    /// What of it is for Locust.
    pub locust: &'a Locust,
    /// The Locust that does it.
    pub found: &'a Found,
    /// What Locust is told, without the plugin.
    pub call: Call,
    /// Variables that reach it.
    pub environment: Vec<(OsString, OsString)>,
    /// Where the run comes from.
    pub origin: Origin,
}

/// How a run of Locust stands.
pub struct Standing<'a> {
    /// Since the test began; since Locust was started, before that.
    pub elapsed: Duration,
    /// How long it is to last, where that is known.
    pub whole: Option<Duration>,
    /// Requests that came to their end.
    pub sent: u64,
    /// Failed ones among them.
    pub failed: u64,
    /// How long they took.
    pub times: &'a Times,
    /// Users alive.
    pub users: u64,
    /// Requests under way.
    pub in_flight: u64,
    /// The whole run so far, as one that was killed leaves it. All that was told is read anew.
    pub so_far: &'a dyn Fn() -> Option<Run>,
}

/// What is seen of a run of Locust.
pub enum Seen<'a> {
    /// It said a line.
    Said(&'a str),
    /// It stands like this.
    Stands(Standing<'a>),
}

/// Lets Locust put the load on, to its end or until told to stop, and gives back everything it
/// told. Whatever becomes of it is a run: also one that cannot be judged. Whoever sees how it
/// stands may end it.
pub async fn drive(
    job: &Job<'_>,
    see: impl FnMut(&Seen<'_>) -> Option<Stop>,
    stop: impl Future<Output = Stop>,
) -> Run {
    let refused = |why: String| {
        let nothing = records::Records::new(Path::new(""));
        let ended = rules::Ended { failed: Some(why), ..rules::Ended::default() };
        outcome::run(job, &nothing, &ended, Stop::End)
            .expect("there is no file that could not be read")
    };
    let room = match Room::new() {
        Ok(room) => room,
        Err(why) => return refused(why),
    };
    let (command, environment) = command(job, &room);
    let group = match child::Group::start(&command, &environment) {
        Ok(group) => group,
        Err(why) => return refused(format!("Locust cannot be started: {why}")),
    };
    let mut records = records::Records::new(room.path());
    let (ended, stop) = watch::Watch::new(job, group).until_the_end(&mut records, see, stop).await;
    match outcome::run(job, &records, &ended, stop) {
        Ok(run) => run,
        Err(why) => refused(format!("what Locust told cannot be read: {why}")),
    }
}

/// The run of a load that never began, and why.
#[must_use]
pub fn unbegun(job: &Job<'_>, stop: Stop) -> Run {
    let nothing = records::Records::new(Path::new(""));
    let ended = rules::Ended { asked: true, ..rules::Ended::default() };
    outcome::run(job, &nothing, &ended, stop).expect("there is no file that could not be read")
}

/// The whole command and its variables. The plugin comes first, so that it hears of a request
/// before a listener of the script can keep it from others; what a person typed comes last, and so
/// has the last word.
fn command(job: &Job<'_>, room: &Room) -> (Vec<OsString>, Vec<Given>) {
    let ours = ["--headless", "--only-summary", "--exit-code-on-error", "0"];
    let words = job.call.words.iter().map(String::as_str);
    let mut command = job.found.command.clone();
    let Some(named) = &job.call.files else {
        // Behind these come the command's own words, of which none may seem to be a tag.
        let words: Vec<&str> = ours.into_iter().chain(words).chain(["--only-summary"]).collect();
        return (command, room.beneath(&job.environment, &words));
    };
    let mut files: OsString = room.plugin().into();
    files.push(",");
    files.push(named);
    command.push("-f".into());
    command.push(files);
    command.extend(ours.into_iter().chain(words).map(OsString::from));
    (command, room.known(&job.environment))
}
