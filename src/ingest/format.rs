//! The formats: their names, whose they are, and which go together.

/// A format of result files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// A `run.json` of loadgate.
    Loadgate,
    /// Locust's `_stats.csv`.
    LocustStats,
    /// Locust's `_stats_history.csv`.
    LocustHistory,
    /// Locust's `_failures.csv`.
    LocustFailures,
    /// Locust's `_exceptions.csv`.
    LocustExceptions,
    /// Locust's `--json` and `--json-file`.
    LocustJson,
    /// Locust's `--html`.
    LocustHtml,
    /// The CSV of Locust's `CsvRequestLogger`.
    LocustRequests,
    /// k6's `--out json`.
    K6Ndjson,
    /// k6's `--out csv`.
    K6Csv,
    /// k6's `--summary-export`, the data of `handleSummary`, and the machine-readable summary.
    K6Summary,
    /// A JTL of `JMeter` or Taurus, as CSV.
    JmeterCsv,
    /// A JTL of `JMeter`, as XML.
    JmeterXml,
    /// Gatling's `simulation.log` up to 3.12.
    GatlingText,
    /// Gatling's `simulation.log` from 3.13 on.
    GatlingBinary,
    /// `vegeta encode --to json`.
    VegetaJson,
    /// `vegeta encode --to csv`.
    VegetaCsv,
    /// vegeta's own `results.bin`.
    VegetaBin,
    /// `vegeta report -type json`.
    VegetaReport,
    /// What wrk and wrk2 print with `--latency`.
    Wrk,
    /// `hey -o csv`.
    HeyCsv,
    /// What hey prints.
    HeyText,
    /// `h2load --log-file`.
    H2loadLog,
    /// What h2load prints.
    H2loadText,
    /// What ab prints.
    AbText,
    /// `ab -e`.
    AbPercent,
    /// `ab -g`.
    AbGnuplot,
    /// oha's JSON.
    OhaJson,
    /// oha's CSV.
    OhaCsv,
    /// `autocannon --json`.
    Autocannon,
    /// Artillery's JSON report.
    Artillery,
    /// The JSON that siege prints.
    Siege,
    /// Taurus's final statistics as CSV.
    TaurusCsv,
    /// Taurus's final statistics as XML.
    TaurusXml,
    /// `HdrHistogram`'s interval log.
    Hlog,
    /// Samples as CSV with named columns.
    Csv,
    /// Samples as NDJSON with named members.
    Ndjson,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 37] = [
        Self::Loadgate,
        Self::LocustStats,
        Self::LocustHistory,
        Self::LocustFailures,
        Self::LocustExceptions,
        Self::LocustJson,
        Self::LocustHtml,
        Self::LocustRequests,
        Self::K6Ndjson,
        Self::K6Csv,
        Self::K6Summary,
        Self::JmeterCsv,
        Self::JmeterXml,
        Self::GatlingText,
        Self::GatlingBinary,
        Self::VegetaJson,
        Self::VegetaCsv,
        Self::VegetaBin,
        Self::VegetaReport,
        Self::Wrk,
        Self::HeyCsv,
        Self::HeyText,
        Self::H2loadLog,
        Self::H2loadText,
        Self::AbText,
        Self::AbPercent,
        Self::AbGnuplot,
        Self::OhaJson,
        Self::OhaCsv,
        Self::Autocannon,
        Self::Artillery,
        Self::Siege,
        Self::TaurusCsv,
        Self::TaurusXml,
        Self::Hlog,
        Self::Csv,
        Self::Ndjson,
    ];

    /// Its name for `--format`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Loadgate => "loadgate",
            Self::LocustStats => "locust-stats",
            Self::LocustHistory => "locust-history",
            Self::LocustFailures => "locust-failures",
            Self::LocustExceptions => "locust-exceptions",
            Self::LocustJson => "locust-json",
            Self::LocustHtml => "locust-html",
            Self::LocustRequests => "locust-requests",
            Self::K6Ndjson => "k6-ndjson",
            Self::K6Csv => "k6-csv",
            Self::K6Summary => "k6-summary",
            Self::JmeterCsv => "jmeter-csv",
            Self::JmeterXml => "jmeter-xml",
            Self::GatlingText => "gatling-text",
            Self::GatlingBinary => "gatling-binary",
            Self::VegetaJson => "vegeta-json",
            Self::VegetaCsv => "vegeta-csv",
            Self::VegetaBin => "vegeta-bin",
            Self::VegetaReport => "vegeta-report",
            Self::Wrk => "wrk",
            Self::HeyCsv => "hey-csv",
            Self::HeyText => "hey-text",
            Self::H2loadLog => "h2load-log",
            Self::H2loadText => "h2load-text",
            Self::AbText => "ab-text",
            Self::AbPercent => "ab-percent",
            Self::AbGnuplot => "ab-gnuplot",
            Self::OhaJson => "oha-json",
            Self::OhaCsv => "oha-csv",
            Self::Autocannon => "autocannon",
            Self::Artillery => "artillery",
            Self::Siege => "siege",
            Self::TaurusCsv => "taurus-csv",
            Self::TaurusXml => "taurus-xml",
            Self::Hlog => "hlog",
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }

    /// Whether a tool writes several files of one run, of which one tells what another hides.
    fn is_in_parts(self) -> bool {
        matches!(self.tool(), "JMeter" | "hey" | "h2load" | "ab" | "oha")
    }

    /// Whether a file of another format may belong to the same run.
    #[must_use]
    pub fn goes_with(self, other: Self) -> bool {
        let beside = |format: Self| {
            matches!(
                format,
                Self::LocustStats
                    | Self::LocustHistory
                    | Self::LocustFailures
                    | Self::LocustExceptions
                    | Self::LocustJson
            )
        };
        self == other
            || (beside(self) && beside(other))
            || (self.is_in_parts() && self.tool() == other.tool())
    }

    /// The format of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Whose format it is.
    #[must_use]
    pub fn tool(self) -> &'static str {
        match self {
            Self::Loadgate => "loadgate",
            Self::LocustStats
            | Self::LocustHistory
            | Self::LocustFailures
            | Self::LocustExceptions
            | Self::LocustJson
            | Self::LocustHtml
            | Self::LocustRequests => "Locust",
            Self::K6Ndjson | Self::K6Csv | Self::K6Summary => "k6",
            Self::JmeterCsv | Self::JmeterXml => "JMeter",
            Self::GatlingText | Self::GatlingBinary => "Gatling",
            Self::VegetaJson | Self::VegetaCsv | Self::VegetaBin | Self::VegetaReport => "vegeta",
            Self::Wrk => "wrk",
            Self::HeyCsv | Self::HeyText => "hey",
            Self::H2loadLog | Self::H2loadText => "h2load",
            Self::AbText | Self::AbPercent | Self::AbGnuplot => "ab",
            Self::OhaJson | Self::OhaCsv => "oha",
            Self::Autocannon => "autocannon",
            Self::Artillery => "Artillery",
            Self::Siege => "siege",
            Self::TaurusCsv | Self::TaurusXml => "Taurus",
            Self::Hlog => "HdrHistogram",
            Self::Csv | Self::Ndjson => "another tool",
        }
    }
}
