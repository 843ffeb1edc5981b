//! `[probe.NAME]` made into probes, and their limits made to agree with them.

use std::time::Duration;

use super::endpoint;
use super::export::SinkUrl;
use super::gauge::{Entry, ProbeAsk};
use super::limits::Setting;
use super::live::refuse;
use super::probe::{Asks, Probe, ProbeLimit};
use super::reader::{At, Reader, Slot, Text, nearest};
use super::threshold::Level;
use super::value::Dict;

/// The time between two questions where the file does not say.
const EVERY: Duration = Duration::from_secs(1);
/// No shorter one: a question is asked beside a load, not as one.
const LEAST: Duration = Duration::from_millis(100);
/// How long one answer may take where the file does not say.
const TIMEOUT: Duration = Duration::from_secs(2);
/// Probes of one file, at most.
const MOST: usize = 100;

/// Every probe that is written without fault.
pub(super) fn probes(slot: &Slot<Dict<ProbeAsk>>, reader: &mut Reader<'_>) -> Vec<Probe> {
    let Some(At { value: Dict(all), span }) = slot.get() else { return Vec::new() };
    if all.len() > MOST {
        let message = format!("{} probes are too many", all.len());
        reader.fault(span.clone(), message, format!("at most {MOST}"));
    }
    all.iter().filter_map(|(name, ask)| probe(name, ask, reader)).collect()
}

fn probe(name: &At<String>, at: &At<ProbeAsk>, reader: &mut Reader<'_>) -> Option<Probe> {
    let ask = &at.value;
    let before = reader.faults.len();
    let part = |sign: char| sign.is_ascii_alphanumeric() || "-_".contains(sign);
    if name.value.is_empty() || name.value.len() > 64 || !name.value.chars().all(part) {
        let hint = "letters, digits, `-` and `_`, at most 64 of them".to_owned();
        reader.fault(name.span.clone(), "a probe cannot have that name", hint);
    }
    if let Some(every) = ask.every.get().filter(|every| every.value.0 < LEAST) {
        reader.fault(every.span.clone(), "`every` is too short", "write `100ms`".to_owned());
    }
    for text in [&ask.query, &ask.json, &ask.command].into_iter().filter_map(Slot::get) {
        refuse(text, "a probe", "write it out", reader);
    }
    let (asks, shown) = asks(name, at, reader)?;
    let lasting = |slot: &Slot<super::value::Lasting>, usual| slot.value().map_or(usual, |it| it.0);
    (reader.faults.len() == before).then(|| Probe {
        name: name.value.clone(),
        asks,
        unit: ask.unit.value().map_or("", |unit| unit.0),
        every: lasting(&ask.every, EVERY),
        timeout: lasting(&ask.timeout, TIMEOUT),
        shown,
    })
}

/// How it is asked, and whom.
fn asks(name: &At<String>, at: &At<ProbeAsk>, reader: &mut Reader<'_>) -> Option<(Asks, String)> {
    let ask = &at.value;
    let ways = [!ask.prometheus.is_absent(), !ask.get.is_absent(), !ask.command.is_absent()];
    if ways.iter().filter(|way| **way).count() != 1 {
        let hint = "write one of `prometheus` with `query`, `get`, `command`".to_owned();
        let message = format!("the probe `{}` does not ask in one way", name.value);
        reader.fault(name.span.clone(), message, hint);
        return None;
    }
    for (key, needs, slot) in [("query", "prometheus", &ask.query), ("json", "get", &ask.json)] {
        let there = if needs == "get" { ways[1] } else { ways[0] };
        if let Some(text) = slot.get().filter(|_| !there) {
            let message = format!("`{key}` means nothing without `{needs}`");
            reader.fault(text.span.clone(), message, "leave it out".to_owned());
        }
    }
    if let Some(headers) = ask.headers.get().filter(|_| ways[2]) {
        let hint = "leave them out".to_owned();
        reader.fault(headers.span.clone(), "a command has no headers", hint);
    }
    let headers = ask.headers.value().map(|dict| endpoint::headers(dict, reader));
    let headers = headers.unwrap_or_default();
    if let Some(command) = ask.command.get() {
        let shown = command.value.shown.trim().to_owned();
        return Some((Asks::Command(command.value.value.clone()), shown));
    }
    if let Some(SinkUrl { url, shown, .. }) = ask.prometheus.value() {
        if ask.query.is_absent() {
            let hint = "write `query = \"…\"`".to_owned();
            reader.fault(name.span.clone(), "`query` is missing", hint);
        }
        let query = ask.query.value()?.value.clone();
        let url = url.trim_end_matches('/').to_owned();
        return Some((Asks::Prometheus { url, query, headers }, shown.clone()));
    }
    let SinkUrl { url, shown, .. } = ask.get.value()?;
    let pointer = pointer(ask.json.get(), reader)?;
    Some((Asks::Json { url: url.clone(), pointer, headers }, shown.clone()))
}

/// A JSON pointer (RFC 6901): empty, or beginning with `/`.
fn pointer(at: Option<&At<Text>>, reader: &mut Reader<'_>) -> Option<String> {
    let Some(at) = at else { return Some(String::new()) };
    let text = &at.value.value;
    if text.is_empty() || text.starts_with('/') {
        return Some(text.clone());
    }
    let plain = text.trim_start_matches("$.").replace('.', "/");
    let hint = format!("write a pointer, RFC 6901: `/{plain}`");
    reader.fault(at.span.clone(), "`json` does not begin with `/`", hint);
    None
}

/// The names of the probes as they are written.
pub(super) fn names(slot: &Slot<Dict<ProbeAsk>>) -> Vec<&str> {
    let all = slot.value().map_or(&[][..], |dict| &dict.0);
    all.iter().map(|(name, _)| name.value.as_str()).collect()
}

/// Limits that fit the probes of the file; of any probe where the file holds thresholds alone.
pub(super) fn limits(
    entries: &[Entry],
    setting: &Setting<'_>,
    reader: &mut Reader<'_>,
) -> Vec<ProbeLimit> {
    let mut all = Vec::new();
    let any = setting.alone && setting.asked.is_empty();
    for entry in entries {
        let name = entry.probe.value.as_str();
        if !any && !setting.asked.contains(&name) {
            let hint = match nearest(name, &setting.asked) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("write `[probe.{name}]`: how it is asked"),
            };
            reader.fault(entry.probe.span.clone(), format!("there is no probe `{name}`"), hint);
            continue;
        }
        let probe = setting.probes.iter().find(|one| one.name == name);
        let levels = [(Level::Fail, &entry.fail), (Level::Warn, &entry.warn)];
        for (level, limit) in
            levels.into_iter().filter_map(|(at, limit)| Some((at, limit.as_ref()?)))
        {
            let unit = limit.value.bound.unit();
            if let Some(probe) = probe.filter(|probe| probe.unit != unit) {
                let message = format!("the limit is in {unit:?}, and `{name}` in {:?}", probe.unit);
                let hint =
                    "write both in one unit: `unit` in the probe, and in the limit".to_owned();
                reader.fault(limit.span.clone(), message, hint);
            }
            all.push(ProbeLimit {
                probe: entry.probe.value.clone(),
                gauge: entry.gauge,
                limit: limit.value,
                level,
                required: entry.required,
                line: reader.page.line(limit.span.start),
            });
        }
    }
    all
}
