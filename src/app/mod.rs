//! The straight line from arguments to exit code.

mod voice;
mod flags;
mod attend;
mod scene;
mod read;
mod answers;
mod draft;
mod deliver;
mod extras;
mod agent;
mod around;
mod checkpoint;
mod lookout;
mod terminal;
mod telling;
mod beside;
mod progress;
mod ready;
mod bar;
mod stand;
mod past;
mod measure;
mod swarm;
mod again;
mod restart;
mod rounds;
mod line;
mod results;
mod export;
mod once;
mod publish;
mod merge;
mod baseline;
mod outlook;

use std::ffi::OsString;

use crate::cli::{self, Changes, Command};
use crate::demo::Demo;
use crate::error::{Error, Exit};
use crate::shard::Shard;
use attend::{Signals, attended};
use read::{Ask, Gate};
use results::Given;
use voice::Voice;

pub use voice::{Everything, Lookup};

/// The gate file of the demo, so that it works wherever the binary is.
const DEMO: Gate = Gate::Own("thresholds/demo.toml", include_str!("../../thresholds/demo.toml"));

/// Does what the arguments ask for.
#[must_use]
pub fn start(
    arguments: impl IntoIterator<Item = OsString>,
    lookup: Lookup,
    everything: Everything,
) -> Exit {
    let cli = match flags::read(arguments, lookup) {
        Ok(cli) => cli,
        Err(refused) => return refused.tell(),
    };
    let voice = Voice::new(&cli.tone, lookup);
    let done = match cli.command {
        Command::Run(ask) => run(ask, (lookup, everything), &voice),
        Command::Check(ask) => check(ask, lookup, &voice),
        Command::Merge(ask) => merge::merge(ask, lookup, &voice),
        Command::Export(ask) => export::write(&ask),
        Command::Publish(ask) => publish::publish(ask, lookup, &voice),
        Command::Baseline(ask) => baseline::baseline(ask, lookup, &voice),
        Command::Demo(ask) if ask.serve => serve(&ask, &voice),
        Command::Demo(ask) => demo(ask, lookup, &voice),
        Command::Plan(ask) => outlook::plan(ask, lookup),
        Command::Init(ask) => draft::init(&ask, &voice),
        Command::Explain { name } => answers::meaning(name.as_deref()),
        Command::Schema { of } => answers::schema(of),
        Command::Completions { shell } => answers::completions(shell),
        Command::LocustPlugin => answers::plugin(),
    };
    done.unwrap_or_else(|error| failed(&error, &voice))
}

fn run(
    ask: cli::Run,
    (lookup, everything): (Lookup, Everything),
    voice: &Voice,
) -> Result<Exit, Error> {
    let (gate, out) = (Gate::File(ask.gate), ask.out.out);
    let (changes, bar, past) = (ask.changes, ask.bar, ask.past);
    if ask.once {
        let (publishing, tells, voice) = (None, false, voice.clone());
        let ask = Ask { gate, changes, out, bar, past, publishing, tells, lookup, everything };
        let work = |signals| async move {
            let done = Box::pin(once::once(&ask, voice.clone(), signals)).await;
            done.unwrap_or_else(|error| failed(&error, &voice))
        };
        return attended(work).map_err(Error::System);
    }
    // What a shard leaves is told when all of them are merged.
    let tells = changes.shard.is_none_or(Shard::is_alone);
    let publishing = Some(ask.publishing);
    let ask = Ask { gate, changes, out, bar, past, publishing, tells, lookup, everything };
    watched(ask, voice)
}

fn check(ask: cli::Check, lookup: Lookup, voice: &Voice) -> Result<Exit, Error> {
    let (gate, out) = (Gate::File(ask.gate), ask.out.out);
    let publishing = Some(ask.publishing);
    let (format, unit, partial) = (ask.format, ask.unit, ask.allow_truncated_tail);
    let given = Given { files: ask.results, format, unit, partial };
    let changes = Changes::default();
    let (bar, past, tells) = (ask.bar, ask.past, true);
    let everything = Vec::new;
    let ask = Ask { gate, changes, out, bar, past, publishing, tells, lookup, everything };
    results::check(&ask, &given, voice.clone())
}

/// `run` on a service of our own.
fn demo(ask: cli::Demo, lookup: Lookup, voice: &Voice) -> Result<Exit, Error> {
    let demo = Demo::start(ask.port, ask.broken.map(Into::into)).map_err(Error::Demo)?;
    let target = Some(format!("http://{}", demo.address()));
    let changes = Changes { target, ..Changes::default() };
    let (bar, out) = (cli::Bar::default(), ask.out.out);
    let past = cli::Past::default();
    let (gate, publishing, tells, everything) = (DEMO, None, false, Vec::new);
    let ask = Ask { gate, changes, out, bar, past, publishing, tells, lookup, everything };
    watched(ask, voice)
}

/// Serves until a signal comes.
fn serve(ask: &cli::Demo, voice: &Voice) -> Result<Exit, Error> {
    let demo = Demo::start(ask.port, ask.broken.map(Into::into)).map_err(Error::Demo)?;
    voice::data(&format!("http://{}\n", demo.address())).map_err(Error::Stdout)?;
    voice.note("serving until interrupted: /fast /slow /tail /flaky /health, and POST /echo");
    let until = |signals: Signals| async move { signals.first().await.exit() };
    attended(until).map_err(Error::System)
}

/// The line of a run, within reach of signals.
fn watched(ask: Ask, voice: &Voice) -> Result<Exit, Error> {
    let voice = voice.clone();
    let work = |signals| async move {
        let done = Box::pin(line::run(&ask, voice.clone(), signals)).await;
        done.unwrap_or_else(|error| failed(&error, &voice))
    };
    attended(work).map_err(Error::System)
}

fn failed(error: &Error, voice: &Voice) -> Exit {
    voice.say(&error.to_string());
    error.exit()
}
