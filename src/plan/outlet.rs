//! Where the numbers of a run go while it is under way, beside the reports.

use std::net::SocketAddr;
use std::time::Duration;

/// What is told of a run, how often, and to whom.
#[derive(Clone, Debug)]
pub struct Export {
    /// The time between two tellings.
    pub interval: Duration,
    /// Labels of everything that is told, beside our own, by name.
    pub labels: Vec<(String, String)>,
    /// Whom it is told to. Never empty.
    pub outlets: Vec<Outlet>,
}

/// Somebody who is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlet {
    /// Who, and in what language.
    pub kind: Kind,
    /// Where, as a person wrote it; without a query, and what came from the environment as
    /// `${NAME}`.
    pub shown: String,
}

/// Who is told, and in what language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Whoever scrapes us: Prometheus' text format.
    Scrape {
        /// Where we listen.
        listen: SocketAddr,
        /// How long the last numbers are kept ready for somebody who has not seen them.
        linger: Duration,
    },
    /// A receiver of Prometheus' remote write 1.0.
    RemoteWrite(Sink),
    /// A collector of OpenTelemetry, by OTLP over HTTP in protobuf.
    Otlp(Sink),
    /// `InfluxDB`, by its line protocol.
    Influx(Sink),
    /// `StatsD`, by UDP.
    Statsd {
        /// Name or address, without brackets.
        host: String,
        /// The port.
        port: u16,
        /// Which dialect.
        flavour: Flavour,
    },
    /// A file beside the reports, an object of JSON on each line.
    Json {
        /// Its name.
        file: String,
    },
}

impl Kind {
    /// Its name, as the gate file has it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Scrape { .. } => "prometheus",
            Self::RemoteWrite(_) => "remote_write",
            Self::Otlp(_) => "otlp",
            Self::Influx(_) => "influxdb",
            Self::Statsd { .. } => "statsd",
            Self::Json { .. } => "json",
        }
    }
}

/// A service that takes what is sent to it by HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sink {
    /// Where, with its query.
    pub url: String,
    /// Headers of every request, names in lower case.
    pub headers: Vec<(String, String)>,
}

/// A dialect of `StatsD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// As Etsy's has it: the endpoint is part of the name.
    Plain,
    /// As Datadog's agent has it: with tags.
    Datadog,
}
