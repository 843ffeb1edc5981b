//! From bytes to a plan, or to every fault at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::accept::{self, Accept, AcceptAsk};
use super::cast::{self, Cast, Loads};
use super::changes;
use super::compare::Compare;
use super::confidence;
use super::fault::{Fault, Faults, Page};
use super::limits::{self, Setting};
use super::mix::users_at_once;
use super::parts::{parts, sum};
use super::probe::ProbeLimit;
use super::profile::Profile;
use super::reader::{At, Node, Read, Reader, Slot};
use super::regression::Regression;
use super::sla::Sla;
use super::tags::Tags;
use super::target::{self, TIMEOUT};
use super::threshold::{Selector, Threshold};
use super::value::Many;
use super::{Drive, Http, Load, Plan, Request, Source, Target};
use super::{file, glob, levels, locust, outlets, probes, shards, syntax};
use crate::secret::Masks;
use crate::unit::Ratio;

/// The most connections that are kept where the file does not say.
const MOST_USUAL: usize = 100_000;

/// Reads a gate file, and a second one for its thresholds where there is one.
pub(super) fn plan(source: &Source<'_>) -> Result<Plan, Faults> {
    let mut masks = Masks::default();
    let (name, bytes) = (source.name, source.bytes);
    let text = syntax::decode(name, bytes)?;
    let page = Page::new(name, text);
    let (tree, repeated) = syntax::parse(&page);
    let Some(tree) = tree else { return Err(Faults(repeated)) };
    let mut reader = Reader::new(page, source.env, &mut masks);
    reader.faults = repeated;
    reader.aimed = source.target.is_some();
    let file = file::File::read(Node { key: "", value: &tree }, &mut reader)
        .expect("the tree of a file is a table");
    let (locust, driven) = if locust::is_asked(&file, source) {
        (locust::locust(&file, source, &mut reader), None)
    } else {
        (None, drive(&file, source, &mut reader))
    };
    let (drive, left_out) = driven.unzip();
    let left_out: Vec<String> = left_out.unwrap_or_default();
    let probes = probes::probes(&file.probe, &mut reader);
    let named = drive.iter().flat_map(|drive| &drive.endpoints);
    let setting = Setting {
        load: drive.as_ref().map(|drive| &drive.load),
        lasts: (drive.as_ref().map(|drive| drive.load.profile.duration()))
            .or_else(|| locust.as_ref()?.run_time),
        alone: holds_thresholds_alone(&file),
        apart: has_own_loads(&file),
        stages: stages(&file),
        names: named.chain(&left_out).map(String::as_str).collect(),
        requests: drive.as_ref().map_or(&[][..], |drive| &drive.requests),
        probes: &probes,
        asked: probes::names(&file.probe),
    };
    let target = drive.as_ref().map(|drive| &drive.target);
    let export = outlets::export(&file.export, &mut reader);
    let mut bar = Bar::default();
    if source.thresholds.is_none() {
        let written = (&file.sla, &file.regression, &file.accept);
        bar = asked(written, &setting, target, source.against, &mut reader);
    }
    let (mut faults, mut warnings) = (reader.faults, reader.warnings);
    if let Some((name, bytes)) = source.thresholds {
        match elsewhere((name, bytes), source, &setting, target, &mut masks) {
            Ok((found, told)) => {
                bar = found;
                warnings.extend(told);
            }
            Err(Faults(told)) => faults.extend(told),
        }
    }
    let Bar { mut thresholds, probe_limits, confidence, regression, accepts } = bar;
    let aside = drive.as_ref().map(|drive| set_aside(&mut thresholds, drive, &left_out));
    let aside = aside.unwrap_or_default();
    let compared = regression.is_some();
    let asks = compared || !probe_limits.is_empty() || thresholds.iter().any(|one| !one.default);
    if faults.is_empty() && !aside.is_empty() && !asks {
        faults.push(Tags::of(source).nothing_asked());
    }
    in_order(&mut warnings);
    if !faults.is_empty() {
        in_order(&mut faults);
        return Err(Faults(faults));
    }
    let asked_in = source.thresholds.map_or(source.name, |(name, _)| name).to_owned();
    let (name, hash) = (source.name.to_owned(), hash(source));
    let left_out = aside;
    Ok(Plan {
        name,
        hash,
        asked_in,
        drive,
        locust,
        thresholds,
        confidence,
        regression,
        accepts,
        export,
        probes,
        probe_limits,
        left_out,
        tags: source.tags.to_vec(),
        exclude_tags: source.exclude_tags.to_vec(),
        masks,
        warnings,
    })
}

/// What is expected of a run, and what is let pass.
#[derive(Default)]
struct Bar {
    thresholds: Vec<Threshold>,
    probe_limits: Vec<ProbeLimit>,
    confidence: Option<Ratio>,
    regression: Option<Regression>,
    accepts: Vec<Accept>,
}

/// Takes out what is expected of endpoints that their tags leave out, all of them.
fn set_aside(all: &mut Vec<Threshold>, drive: &Drive, left_out: &[String]) -> Vec<Threshold> {
    all.extract_if(.., |threshold| is_left_out(threshold, drive, left_out)).collect()
}

/// Whether what a threshold looks at was left out by its tags, all of it.
fn is_left_out(threshold: &Threshold, drive: &Drive, left_out: &[String]) -> bool {
    let Selector::Endpoints(pattern) = &threshold.selector else { return false };
    let any = |names: &[String]| names.iter().any(|name| glob::selects(pattern, name));
    let meant = |names: &[String]| names.contains(pattern) || any(names);
    meant(left_out) && !meant(&drive.endpoints)
}

/// In the order of the files; what stands in no line comes first.
fn in_order(faults: &mut [Fault]) {
    let mut files: Vec<String> = Vec::new();
    for fault in faults.iter().filter(|fault| fault.line > 0) {
        if !files.contains(&fault.file) {
            files.push(fault.file.clone());
        }
    }
    let place = |fault: &Fault| files.iter().position(|file| *file == fault.file);
    faults.sort_by_cached_key(|fault| (fault.line > 0, place(fault), fault.span.start));
}

fn hash(source: &Source<'_>) -> String {
    let mut hash = Sha256::new_with_prefix(source.bytes);
    if let Some((_, bytes)) = source.thresholds {
        hash.update(bytes);
    }
    format!("{:x}", hash.finalize())
}

/// What another file asks. Nothing else in it is looked at: it is the gate file of another version,
/// and what it sends does not matter here.
fn elsewhere(
    (name, bytes): (&str, &[u8]),
    source: &Source<'_>,
    setting: &Setting<'_>,
    target: Option<&Target>,
    masks: &mut Masks,
) -> Result<(Bar, Vec<Fault>), Faults> {
    let text = syntax::decode(name, bytes)?;
    let page = Page::new(name, text);
    let (tree, repeated) = syntax::parse(&page);
    let Some(tree) = tree else { return Err(Faults(repeated)) };
    let mut reader = Reader::new(page, source.env, masks);
    reader.faults = repeated;
    let (sla, regression, accept) = match tree.get_ref().as_table() {
        Some(table) => (
            reader.slot::<Sla>(table, "sla"),
            reader.slot::<Compare>(table, "regression"),
            reader.slot::<Many<AcceptAsk>>(table, "accept"),
        ),
        None => (Slot::Absent, Slot::Absent, Slot::Absent),
    };
    let written = (&sla, &regression, &accept);
    let bar = asked(written, setting, target, source.against, &mut reader);
    if reader.faults.is_empty() { Ok((bar, reader.warnings)) } else { Err(Faults(reader.faults)) }
}

/// What is asked; it is a fault to ask nothing.
fn asked(
    (sla, compare, accept): (&Slot<Sla>, &Slot<Compare>, &Slot<Many<AcceptAsk>>),
    setting: &Setting<'_>,
    target: Option<&Target>,
    against: Option<&str>,
    reader: &mut Reader<'_>,
) -> Bar {
    let regression = changes::regression(compare, setting, target, against, reader);
    let compared = regression.is_some() || matches!(compare, Slot::Bad);
    let thresholds = match sla {
        Slot::Is(At { value, .. }) if value.written > 0 => {
            limits::thresholds(value, setting, reader)
        }
        Slot::Is(_) | Slot::Absent if compared => vec![limits::default_error_rate()],
        Slot::Is(_) | Slot::Absent => {
            let hint = "write what you expect: `[sla]` with `p95 = \"< 300ms\"`".to_owned();
            let name = reader.page.name;
            let message = "the file asks nothing, so nothing could fail";
            reader.faults.push(Fault::outside(name, message, Some(hint)));
            Vec::new()
        }
        Slot::Bad => Vec::new(),
    };
    let probes = sla.value().map_or(&[][..], |sla| &sla.probes);
    let probe_limits = probes::limits(probes, setting, reader);
    let accepts = accept::accepts(accept, &setting.names, compared, reader);
    let confidence = match sla {
        Slot::Is(At { value, .. }) => {
            confidence::in_time(value.confidence.as_ref(), setting.load, reader)
        }
        Slot::Absent | Slot::Bad => None,
    };
    Bar { thresholds, probe_limits, confidence, regression, accepts }
}

fn holds_thresholds_alone(file: &file::File) -> bool {
    let nothing = file.request.is_absent() && file.scenario.is_absent();
    file.target.is_absent() && file.load.is_absent() && nothing
}

/// What to send, and the endpoints that were left out by their tags; nothing where the file holds
/// thresholds alone, or where something is wrong.
fn drive(
    file: &file::File,
    source: &Source<'_>,
    reader: &mut Reader<'_>,
) -> Option<(Drive, Vec<String>)> {
    if holds_thresholds_alone(file) || locust::is_misspelt(file) {
        return None;
    }
    locust::alone(file, reader);
    whole(file, reader);
    let mut target = target::target(file.target.get(), source, reader);
    let timeout = target.as_ref().map_or(TIMEOUT, |target| target.timeout);
    let own = own_loads(file, reader);
    let (load, shared) = load_of(file, &own, timeout, source.duration, reader).unzip();
    let shared: Option<Profile> = shared.flatten();
    if load.is_some() && shared.is_none() {
        nobody_shares(file, reader);
    }
    let prefix = target.as_ref().map_or("", |target| &target.prefix);
    let tags = Tags::of(source);
    let loads = Loads { shared: shared.as_ref(), own: &own };
    let cast = cast::cast(file, prefix, source.files, &loads, &tags, reader);
    let Cast { requests, endpoints, scenarios, left_out } = cast;
    let calls = requests.iter().any(|request| request.call.is_some());
    let http = spoken(file, calls, reader);
    streams_fit(file, http, reader);
    somebody_follows(file, &requests, reader);
    if let Some(target) = &mut target {
        target.http = http;
    }
    let mut load: Load = load?;
    if !own.is_empty() {
        // Without what was left out by its tags.
        let none = Profile { model: load.profile.model, stages: Vec::new() };
        let parts = parts(&scenarios, shared.as_ref().unwrap_or(&none));
        load.profile = sum(&parts.iter().map(|part| &part.profile).collect::<Vec<_>>());
    }
    load.seed = source.seed.or(load.seed);
    load.shard = source.shard;
    let mut drive = Drive { target: target?, load, requests, endpoints, scenarios };
    if file.load.value().is_some_and(|load| load.connections.is_absent()) {
        // Each user on its way keeps a connection, and twice as many leave room for slow answers.
        let users = usize::try_from(users_at_once(&drive).saturating_mul(2)).unwrap_or(MOST_USUAL);
        drive.load.connections = drive.load.connections.max(users.min(MOST_USUAL));
    }
    reader.faults.extend(shards::unfit(&drive));
    Some((drive, left_out))
}

/// Whether some scenario says how much there is of it.
fn has_own_loads(file: &file::File) -> bool {
    let scenarios = file.scenario.value().map_or(&[][..], |many| &many.0);
    scenarios.iter().any(|at| !at.value.load.is_absent())
}

/// The load, and what of it the scenarios share that do not say so themselves.
fn load_of(
    file: &file::File,
    own: &BTreeMap<usize, Arc<Profile>>,
    timeout: Duration,
    duration: Option<Duration>,
    reader: &mut Reader<'_>,
) -> Option<(Load, Option<Profile>)> {
    let all: Vec<_> = own.values().cloned().collect();
    let at = file.load.get()?;
    // What every scenario says for itself, though wrongly, is not missing here.
    let lost = own.is_empty() && has_own_loads(file);
    if lost && !levels::is_shared(&at.value) {
        nobody_shares(file, reader);
        return None;
    }
    levels::load(at, timeout, duration, &all, reader)
}

/// The loads that scenarios have for themselves, by the place of the scenario.
fn own_loads(file: &file::File, reader: &mut Reader<'_>) -> BTreeMap<usize, Arc<Profile>> {
    let scenarios = file.scenario.value().map_or(&[][..], |many| &many.0);
    let own = scenarios.iter().filter_map(|at| {
        let profile = levels::own(at.value.load.get()?, reader)?;
        Some((at.span.start, Arc::new(profile)))
    });
    own.collect()
}

/// Where `[load]` does not say how much, every scenario must.
fn nobody_shares(file: &file::File, reader: &mut Reader<'_>) {
    let requests = file.request.value().map_or(&[][..], |many| &many.0);
    let scenarios = file.scenario.value().map_or(&[][..], |many| &many.0);
    let scenarios = scenarios.iter().filter(|at| at.value.load.is_absent()).map(|at| &at.span);
    for span in requests.iter().map(|at| &at.span).chain(scenarios) {
        let hint = "write a `rate` or `users` in `[load]`, or a `[scenario.load]` here".to_owned();
        reader.fault(span.clone(), "nothing says how much of this is sent", hint);
    }
}

/// The names of the stages as they are written.
fn stages(file: &file::File) -> Vec<&str> {
    let load = file.load.value().and_then(|load| load.stage.value());
    let stages = load.into_iter().flat_map(|stages| &stages.0);
    stages.filter_map(|stage| Some(stage.value.name.value()?.value.as_str())).collect()
}

/// A file that sends anything says all three: whom to ask, how much, and what.
fn whole(file: &file::File, reader: &mut Reader<'_>) {
    let no_request =
        file.request.is_absent() || file.request.value().is_some_and(|many| many.0.is_empty());
    let no_scenario =
        file.scenario.is_absent() || file.scenario.value().is_some_and(|many| many.0.is_empty());
    let missing = [
        (file.target.is_absent() && !reader.aimed, "target", "whom to ask: `[target]`"),
        (file.load.is_absent(), "load", "how much to send: `[load]`"),
        (no_request && no_scenario, "request", "what to ask: `[[request]]`"),
    ];
    for (_, name, hint) in missing.into_iter().filter(|(missing, _, _)| *missing) {
        let (page, message) = (reader.page.name, format!("`{name}` is missing"));
        reader.faults.push(Fault::outside(page, message, Some(format!("write {hint}"))));
    }
}

/// Which HTTP is spoken: gRPC takes HTTP/2, and where the file does not say, it is meant.
fn spoken(file: &file::File, calls: bool, reader: &mut Reader<'_>) -> Http {
    let Some(at) = file.target.value().and_then(|target| target.http.get()) else {
        return if calls { Http::Two } else { Http::One };
    };
    let http = at.value.0;
    if calls && http != Http::Two {
        let hint = "write `http = \"2\"` in `[target]`, or leave it out".to_owned();
        reader.fault(at.span.clone(), "gRPC is spoken over HTTP/2 alone", hint);
    }
    http
}

/// Warns of other services that nobody can be led to.
fn somebody_follows(file: &file::File, requests: &[Request], reader: &mut Reader<'_>) {
    let also = file.target.value().and_then(|target| target.also.get());
    let followed = requests.iter().any(|request| request.follow > 0);
    if let Some(at) = also.filter(|_| !followed && !requests.is_empty()) {
        let hint = "write `follow = 5` in `[target]`, a scenario or a step, or leave `also` out";
        let message = "`also` changes nothing: no request follows redirects";
        reader.warn(at.span.clone(), message.to_owned(), Some(hint.to_owned()));
    }
}

fn streams_fit(file: &file::File, http: Http, reader: &mut Reader<'_>) {
    let streams = file.load.value().and_then(|load| load.streams.get());
    if let Some(at) = streams.filter(|_| http == Http::One) {
        let hint = "leave it out, or write `http = \"2\"` in `[target]`".to_owned();
        reader.fault(at.span.clone(), "`streams` means nothing to HTTP/1.1", hint);
    }
}
