//! `[export]` made into outlets.

use std::net::SocketAddr;
use std::time::Duration;

use super::address::host_and_port;
use super::endpoint;
use super::export::{ExportAsk, JsonAsk, Scrape, SinkAsk, SinkUrl, StatsdAsk};
use super::live::refuse;
use super::outlet::{Export, Flavour, Kind, Outlet, Sink};
use super::reader::{At, Reader, Slot, Text};
use super::value::Dict;

/// The time between two tellings where the file does not say.
const INTERVAL: Duration = Duration::from_secs(5);
/// No shorter one is worth its cost.
const LEAST: Duration = Duration::from_secs(1);
/// What is written beside the reports where the file does not say.
const FILE: &str = "metrics.jsonl";
/// Names of labels that are ours.
const OURS: [&str; 12] = [
    "endpoint", "outcome", "gate", "le", "quantile", "scope", "metric", "unit", "asked", "shard",
    "version", "verdict",
];

/// Who is told; nothing where the file does not say, or the reader has been told what is wrong.
pub(super) fn export(slot: &Slot<ExportAsk>, reader: &mut Reader<'_>) -> Option<Export> {
    let At { value: asked, span } = slot.get()?;
    let before = reader.faults.len();
    let interval = asked.interval.get().map_or(INTERVAL, |at| {
        if at.value.0 < LEAST {
            reader.fault(at.span.clone(), "`interval` is too short", "write `1s`".to_owned());
        }
        at.value.0
    });
    let labels = asked.labels.value().map(|dict| labels(dict, reader)).unwrap_or_default();
    let outlets: Vec<Outlet> = [
        asked.prometheus.get().and_then(|at| scrape(&at.value, reader)),
        asked.remote_write.value().and_then(|ask| sink(ask, Kind::RemoteWrite, "", reader)),
        asked.otlp.value().and_then(|ask| sink(ask, Kind::Otlp, "/v1/metrics", reader)),
        asked.influxdb.value().and_then(|ask| sink(ask, Kind::Influx, "", reader)),
        asked.statsd.value().and_then(|ask| statsd(ask, reader)),
        asked.json.value().and_then(|ask| json(ask, reader)),
    ]
    .into_iter()
    .flatten()
    .collect();
    if reader.faults.len() > before {
        return None;
    }
    if outlets.is_empty() {
        let hint = "write whom: `prometheus`, `remote_write`, `otlp`, `influxdb`, `statsd`, `json`";
        reader.fault(span.clone(), "`[export]` tells nobody", hint.to_owned());
        return None;
    }
    Some(Export { interval, labels, outlets })
}

fn labels(dict: &Dict<Text>, reader: &mut Reader<'_>) -> Vec<(String, String)> {
    for (key, value) in &dict.0 {
        let name = key.value.as_str();
        let part = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
        let begins = name.starts_with(|sign: char| sign.is_ascii_alphabetic());
        if !begins || !name.chars().all(part) {
            let hint = "a letter, then letters, digits and `_`".to_owned();
            reader.fault(key.span.clone(), format!("`{name}` cannot name a label"), hint);
        } else if OURS.contains(&name) {
            let message = format!("the label `{name}` is written by loadgate itself");
            reader.fault(key.span.clone(), message, "choose another name".to_owned());
        }
        refuse(value, "a label", "write it out", reader);
        reader.warn_of_token(&value.value.template, &value.span);
    }
    let plain =
        |(key, value): &(At<String>, At<Text>)| (key.value.clone(), value.value.value.clone());
    dict.0.iter().map(plain).collect()
}

fn scrape(ask: &Scrape, reader: &mut Reader<'_>) -> Option<Outlet> {
    let at = ask.listen.get()?;
    let linger = ask.linger.value().map_or(Duration::ZERO, |time| time.0);
    let Ok(listen) = at.value.value.trim().parse::<SocketAddr>() else {
        let hint = "write an address and a port: `127.0.0.1:9464`, `0.0.0.0:9464`, `[::]:9464`";
        reader.fault(at.span.clone(), "`listen` is no address to listen on", hint.to_owned());
        return None;
    };
    let shown = at.value.shown.trim().to_owned();
    Some(Outlet { kind: Kind::Scrape { listen, linger }, shown })
}

fn sink(
    ask: &SinkAsk,
    kind: fn(Sink) -> Kind,
    usual: &str,
    reader: &mut Reader<'_>,
) -> Option<Outlet> {
    let headers = ask.headers.value();
    for (_, text) in headers.iter().flat_map(|dict| &dict.0) {
        refuse(text, "a header of `[export]`", "write it out", reader);
    }
    let headers = headers.map(|dict| endpoint::headers(dict, reader)).unwrap_or_default();
    let SinkUrl { bare, url, shown } = ask.url.value()?;
    let url = if *bare && !usual.is_empty() && !url.contains('?') {
        format!("{}{usual}", url.trim_end_matches('/'))
    } else {
        url.clone()
    };
    Some(Outlet { kind: kind(Sink { url, headers }), shown: shown.clone() })
}

fn statsd(ask: &StatsdAsk, reader: &mut Reader<'_>) -> Option<Outlet> {
    let at = ask.address.get()?;
    let flavour = ask.flavour.value().map_or(Flavour::Plain, |one| one.0);
    match host_and_port(at.value.value.trim(), 8125) {
        Ok((host, port)) => {
            let shown = at.value.shown.trim().to_owned();
            Some(Outlet { kind: Kind::Statsd { host, port, flavour }, shown })
        }
        Err(bad) => {
            reader.fault(at.span.clone(), format!("`address` {}", bad.why), bad.hint);
            None
        }
    }
}

fn json(ask: &JsonAsk, reader: &mut Reader<'_>) -> Option<Outlet> {
    let at = ask.file.get();
    let file = at.map_or(FILE, |at| at.value.value.trim()).to_owned();
    let plain = |sign: char| sign.is_ascii_alphanumeric() || "-_.".contains(sign);
    let named = !file.is_empty() && !file.starts_with('.') && file.chars().all(plain);
    if let Some(at) = at.filter(|_| !named || is_a_report(&file)) {
        let hint = "a name of its own in `--out`, beside the reports: `metrics.jsonl`".to_owned();
        reader.fault(at.span.clone(), "`file` cannot have that name", hint);
        return None;
    }
    let shown = at.map_or(FILE, |at| at.value.shown.trim()).to_owned();
    Some(Outlet { kind: Kind::Json { file }, shown })
}

/// Whether a report has that name; reports end with these.
fn is_a_report(file: &str) -> bool {
    const ENDS: [&str; 5] = [".json", ".xml", ".md", ".html", ".txt"];
    ENDS.iter().any(|end| file.to_ascii_lowercase().ends_with(end))
}
