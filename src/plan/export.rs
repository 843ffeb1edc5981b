//! `[export]` as it is written.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::address::{Address, path_is_good};
use super::outlet::Flavour;
use super::reader::{Node, Read, Reader, Text, table};
use super::value::{Dict, Lasting, One, Time, Word, schemas};

table! {
    /// Where the numbers of a run go while it is under way, beside the reports. Nobody who is told
    /// changes the verdict or slows the load.
    ExportAsk as "`[export]` with `prometheus = { listen = \"127.0.0.1:9464\" }`" {
        /// The time between two tellings, a second at least. Default: 5s.
        interval: Lasting,
        /// Labels of everything that is told, such as { env = "staging" }. They are sent as they
        /// are.
        labels: Dict<Text>,
        /// A page for Prometheus to scrape, /metrics, while the run lasts.
        prometheus: Scrape,
        /// A receiver of Prometheus' remote write.
        remote_write: SinkAsk,
        /// A collector of OpenTelemetry: OTLP over HTTP. Without a path, /v1/metrics is meant.
        otlp: SinkAsk,
        /// The line protocol of Influx databases: their write endpoint, with org and bucket.
        influxdb: SinkAsk,
        /// A daemon for statistics (statsd), or Datadog's agent, by UDP.
        statsd: StatsdAsk,
        /// A file beside the reports, an object of JSON on each line.
        json: JsonAsk,
    }
}

table! {
    /// A page for Prometheus to scrape.
    Scrape as "`prometheus = { listen = \"127.0.0.1:9464\" }`" {
        /// The address and port it is on; only this machine sees 127.0.0.1.
        listen (required): Text,
        /// How long the last numbers, with the verdict, stay there until somebody took them.
        /// Default: not at all.
        linger: Time,
    }
}

table! {
    /// A service that is told by HTTP.
    SinkAsk as "`{ url = \"http://127.0.0.1:9090/api/v1/write\" }`" {
        /// Its address, `http://` or `https://`, with its query.
        url (required): SinkUrl,
        /// Headers of every request.
        headers: Dict<Text>,
    }
}

table! {
    /// A daemon for statistics, by UDP.
    StatsdAsk as "`statsd = { address = \"127.0.0.1:8125\" }`" {
        /// Name or address, and port.
        address (required): Text,
        /// statsd (default), where the endpoint is part of a name; or datadog, with tags.
        flavour: One<Flavour>,
    }
}

table! {
    /// A file beside the reports.
    JsonAsk as "`json = { file = \"metrics.jsonl\" }`" {
        /// Its name. Default: metrics.jsonl.
        file: Text,
    }
}

impl Word for Flavour {
    const NAME: &'static str = "Flavour";
    const ALL: &'static [(&'static str, Self)] =
        &[("statsd", Self::Plain), ("datadog", Self::Datadog)];
}

/// The address of a service that is told.
#[derive(Clone, Debug)]
pub(super) struct SinkUrl {
    /// Where its path is empty.
    pub(super) bare: bool,
    /// All of it.
    pub(super) url: String,
    /// The same as it may be shown, without its query.
    pub(super) shown: String,
}

impl Read for SinkUrl {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let text =
            reader.text(node, "an address such as \"http://127.0.0.1:9090/api/v1/write\"")?;
        let value = text.value.trim();
        let (place, query) = value.split_once('?').unwrap_or((value, ""));
        let address = Address::parse(place);
        let fits = address.and_then(|address| {
            path_is_good(&format!("/?{query}"))?;
            Ok(address)
        });
        match fits {
            Ok(address) => {
                let shown = text.shown.trim();
                let shown = shown.split_once('?').map_or(shown, |(place, _)| place).to_owned();
                Some(Self { bare: address.prefix.is_empty(), url: value.to_owned(), shown })
            }
            Err(bad) => {
                reader.secret_bad(node, &bad.why, bad.hint);
                None
            }
        }
    }
}

schemas! {
    SinkUrl, |_generator| json_schema!({
        "type": "string",
        "pattern": r"^\s*[hH][tT][tT][pP][sS]?://[^@#]+$|\$\{",
        "examples": ["http://127.0.0.1:9090/api/v1/write"],
    });
}
