//! `[load]` with `engine = "locust"`: what Locust is told, and what is expected of it.

use std::ops::Range;
use std::time::Duration;

use super::engine::Engine;
use super::fault::Fault;
use super::reader::{At, Reader, Slot, Text};
use super::value::OneOrMany;
use super::{Source, Target, file, target};
use crate::unit::Rate;

/// A load that Locust puts on, by a locustfile that knows nothing of loadgate.
#[derive(Clone, Debug, Default)]
pub struct Locust {
    /// Words behind `--`: what calls Locust, and what it is told. Empty where nobody typed any.
    pub line: Vec<String>,
    /// Locustfiles, by their paths beside the gate file; found as Locust does where there are none.
    pub locustfiles: Vec<String>,
    /// What else Locust is told, in its own words.
    pub args: Vec<String>,
    /// Whom the load is put on, and whether it is waited for; what the script says where `None`.
    pub target: Option<Target>,
    /// Users at once; what Locust is told otherwise where `None`, as in the fields below.
    pub users: Option<u64>,
    /// Users that begin in a second.
    pub spawn_rate: Option<Rate>,
    /// How long the run lasts from its first user on, in whole seconds.
    pub run_time: Option<Duration>,
    /// Workers that must be there.
    pub expect_workers: Option<u64>,
    /// What is not judged, from the start; the time until all users have begun where `None`.
    pub warm_up: Option<Duration>,
    /// Exceptions of the script that are let pass.
    pub max_script_exceptions: u64,
    /// How long nothing may be answered while requests wait; five seconds, or ten times the 99th
    /// percentile, where `None`.
    pub stall_timeout: Option<Duration>,
    /// Names of variables that reach Locust beside the usual ones; `*` stands for any end.
    pub env: Vec<String>,
}

/// Whether Locust is the engine: the gate file says so, or the command line calls it.
pub(super) fn is_asked(file: &file::File, source: &Source<'_>) -> bool {
    let engine = file.load.value().and_then(|load| load.engine.value());
    engine.is_some_and(|one| one.0 == Engine::Locust) || !source.locust.is_empty()
}

/// Whether nobody knows which engine is meant, which has been told.
pub(super) fn is_misspelt(file: &file::File) -> bool {
    file.load.value().is_some_and(|load| matches!(load.engine, Slot::Bad))
}

/// What is asked of Locust, or nothing where the reader has been told what is wrong with it.
pub(super) fn locust(
    file: &file::File,
    source: &Source<'_>,
    reader: &mut Reader<'_>,
) -> Option<Locust> {
    let before = reader.faults.len();
    foreign(file, source, reader);
    let aimed = !file.target.is_absent() || reader.aimed;
    let target = aimed.then(|| target::target(file.target.get(), source, reader)).flatten();
    let texts = |slot: Option<&Slot<OneOrMany<Text>>>| -> Vec<String> {
        let all = slot.and_then(Slot::value).into_iter().flat_map(|many| &many.0);
        all.map(|at| at.value.value.clone()).collect()
    };
    let load = file.load.value();
    let run_time = load.and_then(|load| load.run_time.get());
    if let Some(at) = run_time.filter(|at| at.value.0.subsec_nanos() > 0) {
        let hint = "Locust counts whole seconds: `run_time = \"60s\"`".to_owned();
        reader.fault(at.span.clone(), "`run_time` has a part of a second", hint);
    }
    let run_time = source.duration.or(run_time.map(|at| at.value.0));
    let warm_up = load.and_then(|load| load.warm_up.get());
    if let (Some(at), Some(whole)) = (warm_up, run_time)
        && at.value.0 >= whole
    {
        let hint = "make it shorter than `run_time`".to_owned();
        reader.fault(at.span.clone(), "the warm-up leaves nothing to judge", hint);
    }
    let locust = Locust {
        line: source.locust.to_vec(),
        locustfiles: texts(load.map(|load| &load.locustfile)),
        args: texts(load.map(|load| &load.args)),
        target,
        users: load.and_then(|load| Some(load.users.value()?.0)),
        spawn_rate: load.and_then(|load| Some(load.spawn_rate.value()?.0)),
        run_time,
        expect_workers: load.and_then(|load| Some(load.expect_workers.value()?.0)),
        warm_up: warm_up.map(|at| at.value.0),
        max_script_exceptions: load
            .and_then(|load| load.max_script_exceptions.value())
            .map_or(0, |int| int.0),
        stall_timeout: load.and_then(|load| Some(load.stall_timeout.value()?.0)),
        env: texts(load.map(|load| &load.env)),
    };
    told(load, reader);
    (reader.faults.len() == before).then_some(locust)
}

/// What a locustfile says itself, or Locust has no word for.
fn foreign(file: &file::File, source: &Source<'_>, reader: &mut Reader<'_>) {
    let script = "the locustfile says what is asked, and how users behave";
    for at in file.request.get().into_iter().flat_map(|many| &many.value.0) {
        reader.fault(at.span.clone(), format!("a request beside Locust: {script}"), None);
    }
    for at in file.scenario.get().into_iter().flat_map(|many| &many.value.0) {
        reader.fault(at.span.clone(), format!("a scenario beside Locust: {script}"), None);
    }
    for (key, span, hint) in load_keys(file).into_iter().chain(target_keys(file)) {
        let message = format!("`{key}` means nothing to Locust");
        reader.fault(span, message, hint.to_owned());
    }
    let against = file.regression.value().and_then(|compare| compare.keys.against.get());
    if let Some(at) = against {
        let hint = "compare with earlier runs: `baseline = \"main\"`".to_owned();
        reader.fault(at.span.clone(), "Locust cannot share its load between two versions", hint);
    }
    let flags = [
        ("--seed", source.seed.is_some(), "seed `random` in the locustfile"),
        ("--shard", !source.shard.is_alone(), "give Locust workers: `--processes`, `--master`"),
        ("--against", source.against.is_some(), "compare with earlier runs instead"),
    ];
    for (flag, _, hint) in flags.into_iter().filter(|(_, given, _)| *given) {
        let message = "means nothing to Locust";
        reader.faults.push(Fault::outside(flag, message, Some(hint.to_owned())));
    }
}

type Key = (&'static str, Range<usize>, &'static str);

fn span<T>(slot: &Slot<T>) -> Option<Range<usize>> {
    slot.get().map(|at: &At<T>| at.span.clone())
}

fn load_keys(file: &file::File) -> Vec<Key> {
    let Some(load) = file.load.value() else { return Vec::new() };
    let users = "Locust's users wait for their answers: write `users`";
    let script = "leave it out; the locustfile says it, or `args`";
    let shape = "write a `LoadTestShape` in the locustfile";
    let keys = [
        ("rate", span(&load.rate), users),
        ("duration", span(&load.duration), "write `run_time = \"60s\"`"),
        ("ramp", span(&load.ramp), "write `spawn_rate = \"10/s\"`"),
        ("ramp_down", span(&load.ramp_down), shape),
        ("stage", span(&load.stage), shape),
        ("arrivals", span(&load.arrivals), users),
        ("max_in_flight", span(&load.max_in_flight), users),
        ("connections", span(&load.connections), script),
        ("threads", span(&load.threads), "write `args = [\"--processes\", \"4\"]`"),
        ("streams", span(&load.streams), script),
        ("seed", span(&load.seed), "seed `random` in the locustfile"),
        ("abort_after", span(&load.abort_after), "write `stall_timeout`"),
    ];
    keys.into_iter().filter_map(|(key, span, hint)| Some((key, span?, hint))).collect()
}

fn target_keys(file: &file::File) -> Vec<Key> {
    let Some(target) = file.target.value() else { return Vec::new() };
    let script = "the locustfile says it; of `[target]` only `url` and `ready` reach Locust";
    let keys = [
        ("headers", span(&target.headers)),
        ("also", span(&target.also)),
        ("follow", span(&target.follow)),
        ("auth", span(&target.auth)),
        ("timeout", span(&target.timeout)),
        ("tls", span(&target.tls)),
        ("http", span(&target.http)),
    ];
    keys.into_iter().filter_map(|(key, span)| Some((key, span?, script))).collect()
}

/// What must not be among the arguments.
fn told(load: Option<&file::Load>, reader: &mut Reader<'_>) {
    let args = load.and_then(|load| load.args.value());
    for at in args.into_iter().flat_map(|many| &many.0) {
        let word = at.value.value.as_str();
        let hint = match word {
            "--worker" => "loadgate runs the master, or all of it; start workers beside it",
            "-f" | "--locustfile" => "write `locustfile = \"locustfile.py\"`",
            _ => continue,
        };
        reader.fault(at.span.clone(), format!("`{word}` cannot be one of `args`"), hint.to_owned());
    }
    let names = load.and_then(|load| load.env.value());
    for at in names.into_iter().flat_map(|many| &many.0) {
        let name = at.value.value.strip_suffix('*').unwrap_or(&at.value.value);
        let fits = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
        if name.is_empty() || !name.chars().all(fits) {
            let hint = "write names such as \"SHOP_USER\" or \"SHOP_*\"".to_owned();
            let message = format!("`{}` is no name of a variable", at.value.shown);
            reader.fault(at.span.clone(), message, hint);
        }
    }
}

/// Keys that only Locust understands, where it is not the engine.
pub(super) fn alone(file: &file::File, reader: &mut Reader<'_>) {
    let Some(load) = file.load.value() else { return };
    let keys = [
        ("locustfile", span(&load.locustfile)),
        ("args", span(&load.args)),
        ("run_time", span(&load.run_time)),
        ("expect_workers", span(&load.expect_workers)),
        ("max_script_exceptions", span(&load.max_script_exceptions)),
        ("stall_timeout", span(&load.stall_timeout)),
        ("env", span(&load.env)),
    ];
    for (key, span) in keys {
        if let Some(span) = span {
            let message = format!("`{key}` is for Locust");
            reader.fault(span, message, "write `engine = \"locust\"` beside it".to_owned());
        }
    }
}
