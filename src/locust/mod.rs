//! Locust as the engine: the real one, by a locustfile that knows nothing of loadgate.
//!
//! A plugin stands first in Locust's `-f`. It writes every request of every process to a private
//! directory, together with what Locust keeps to itself: requests that are cut off, exceptions of
//! the script, users, workers. Files are read while they grow, to end a run that is not answered
//! any more, and once more in the end, to count everything on one time axis.

mod frames;
mod facts;
mod records;
mod counted;
mod child;
mod find;
mod resolve;
mod environment;
mod rules;
mod outcome;
mod watch;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::load::wire::control::address;
use crate::plan::Plan;
use crate::plan::locust::Locust;
use crate::run::{Origin, Run, Stop};
use crate::sanitise::Clean;
use crate::store;
use crate::tally::Times;

pub use environment::{Given, allowed};
pub use find::{Found, Unfound, find, split};

/// The plugin, and the name of its file: that of a module, unlike any of a user's.
const PLUGIN: &str = include_str!("plugin.py");
const PLUGIN_NAME: &str = "loadgate_listens.py";
/// The largest configuration file of Locust's.
const MOST_CONFIG: u64 = 1024 * 1024;

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

/// What Locust is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its locustfiles, with commas between them.
    pub files: String,
    /// Everything else.
    pub words: Vec<String>,
}

/// How a run of Locust stands.
#[derive(Debug)]
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
}

/// What is seen of a run of Locust.
#[derive(Debug)]
pub enum Seen<'a> {
    /// It said a line.
    Said(&'a str),
    /// It stands like this.
    Stands(Standing<'a>),
}

/// What Locust is told by the gate file and behind `--`, with its locustfile found as Locust does.
///
/// # Errors
/// When a locustfile is not there, or it would be told to be only a worker.
pub fn call(
    locust: &Locust,
    told: &[String],
    (tags, exclude_tags): (&[String], &[String]),
    beside: &Path,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Call, Unfound> {
    let mut words = asked(locust, tags, exclude_tags);
    let file = |path: &Path| {
        let bytes = store::read(path, MOST_CONFIG).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    };
    let told: Vec<String> = locust.args.iter().chain(told).cloned().collect();
    let (mut files, rest) = resolve::take(&told, &resolve::Sight { variable, file: &file });
    let named = told.len() > rest.len();
    if !named && !locust.locustfiles.is_empty() {
        let paths = locust.locustfiles.iter().map(|path| {
            let is_url = path.contains("://");
            if is_url { path.clone() } else { beside.join(path).to_string_lossy().into_owned() }
        });
        files = paths.collect::<Vec<_>>().join(",");
    }
    // A user class may be named behind the options, and `--tags` takes all words up to the next.
    words.extend(rest);
    if words.iter().any(|word| word == "--worker") {
        return Err(Unfound::Unfit(
            "a worker alone is no run: let loadgate start the master, and start workers beside it",
        ));
    }
    for path in files.split(',').map(str::trim) {
        let there = path.contains("://") || Path::new(path).exists();
        if !there {
            return Err(Unfound::NoFile(Clean::line(path)));
        }
    }
    Ok(Call { files, words })
}

/// What the gate file asks, in Locust's words.
fn asked(locust: &Locust, tags: &[String], exclude_tags: &[String]) -> Vec<String> {
    let mut words = Vec::new();
    let mut say = |name: &str, value: Option<String>| {
        words.extend(value.into_iter().flat_map(|value| [name.to_owned(), value]));
    };
    say("--host", locust.target.as_ref().map(|target| address(target, "")));
    say("--users", locust.users.map(|users| users.to_string()));
    say("--spawn-rate", locust.spawn_rate.map(|rate| rate.as_f64().to_string()));
    say("--run-time", locust.run_time.map(|time| format!("{}s", time.as_secs())));
    say("--expect-workers", locust.expect_workers.map(|workers| workers.to_string()));
    for (name, tags) in [("--tags", tags), ("--exclude-tags", exclude_tags)] {
        if !tags.is_empty() {
            words.push(name.to_owned());
            words.extend(tags.iter().cloned());
        }
    }
    words
}

/// Lets Locust put the load on, to its end or until told to stop, and gives back everything it
/// told. Whatever becomes of it is a run: also one that cannot be judged.
pub async fn drive(
    job: &Job<'_>,
    see: impl FnMut(&Seen<'_>),
    stop: impl Future<Output = Stop>,
) -> Run {
    let refused = |why: String| {
        let nothing = records::Records::new(Path::new(""));
        let ended = rules::Ended { failed: Some(why), ..rules::Ended::default() };
        outcome::run(job, &nothing, &ended, Stop::End)
            .expect("there is no file that could not be read")
    };
    let room = tempfile::Builder::new().prefix("loadgate-").tempdir();
    let room = match room {
        Ok(room) => room,
        Err(why) => return refused(format!("there is no room for what Locust tells: {why}")),
    };
    let plugin = room.path().join(PLUGIN_NAME);
    if let Err(unwritten) = store::create(&plugin, PLUGIN.as_bytes()) {
        return refused(unwritten.to_string());
    }
    let (command, environment) = (command(job, &plugin), environment(job, room.path()));
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

/// The whole command. The plugin comes first, so that it hears of a request before a listener of
/// the script can keep it from others; what a person typed comes last, and so has the last word.
fn command(job: &Job<'_>, plugin: &Path) -> Vec<OsString> {
    let mut files: OsString = plugin.into();
    files.push(",");
    files.push(&job.call.files);
    let ours = ["--headless", "--only-summary", "--exit-code-on-error", "0"];
    let mut command = job.found.command.clone();
    command.push("-f".into());
    command.push(files);
    command.extend(ours.map(OsString::from));
    command.extend(job.call.words.iter().map(OsString::from));
    command
}

fn environment(job: &Job<'_>, room: &Path) -> Vec<(OsString, OsString)> {
    let mut all = job.environment.clone();
    let room: PathBuf = room.to_owned();
    all.push(("LOADGATE_RECORDS".into(), room.into_os_string()));
    all.push(("LOADGATE_LIFELINE".into(), "1".into()));
    all
}
