//! A file of every format, with what is known of it: what is done to all of them is done here once.

use loadgate::archive;
use loadgate::ingest::{Format, Unit, Unreadable};
use loadgate::run::Run;

use super::{ASK, Ask, plain, read_all};

/// How a format is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Rows with a header.
    Table,
    /// Lines that each tell something.
    Lines,
    Json,
    /// XML, or a page.
    Markup,
    /// What a program prints for people.
    Print,
    Binary,
}

use Kind::{Binary, Json, Lines, Markup, Print, Table};

/// A file of a format, what lies beside it, and a number without which it tells nothing true.
pub(super) struct Case(
    pub(super) Format,
    pub(super) Kind,
    pub(super) &'static str,
    pub(super) Option<&'static str>,
    pub(super) &'static str,
);

const DURATION: &str = "\"metric\":\"http_req_duration\",\"type\":\"Point\",\
                        \"data\":{\"time\":\"2026-11-23T20:56:01.558558654Z\",\"value\":#,";
const FAILED: &str = "\"name\": \"http_req_failed\",\n        \"type\": \"rate\",\n        \
                      \"values\": {\n          \"matches\": #,";
const STATS: Option<&str> = Some("locust/standalone/run_stats.csv");
pub(super) static CASES: [Case; 36] = [
    Case(Format::LocustStats, Table, "locust/standalone/run_stats.csv", None, "GET,/fast,#"),
    Case(Format::LocustHistory, Table, "locust/standalone/run_stats_history.csv", STATS, "\n#,"),
    Case(Format::LocustFailures, Table, "locust/standalone/run_failures.csv", STATS, "quota'),#,"),
    Case(Format::LocustExceptions, Table, "locust/standalone/run_exceptions.csv", STATS, "\n#,"),
    Case(Format::LocustJson, Json, "locust/rounding/final.json", None, "\"num_requests\": #,"),
    Case(Format::LocustHtml, Markup, "locust/report.html", None, "\"num_requests\": #,"),
    Case(Format::LocustRequests, Table, "locust/requests.csv", None, "/fast,#,"),
    Case(Format::K6Ndjson, Lines, "k6/out.ndjson.gz", None, DURATION),
    Case(Format::K6Csv, Table, "k6/out.csv.gz", None, "http_req_duration,1795467361,#,"),
    Case(Format::K6Summary, Json, "k6/machine.json", None, FAILED),
    Case(Format::JmeterCsv, Table, "jmeter/run-5.5.jtl", None, ",#,fast,200"),
    Case(Format::JmeterXml, Markup, "jmeter/run-5.5.xml.jtl", None, "<httpSample t=\"#\""),
    Case(Format::GatlingText, Lines, "gatling/text-331.log", None, "\t#\tOK"),
    Case(Format::GatlingBinary, Binary, "gatling/binary-3.12.1.log", None, ""),
    Case(Format::VegetaJson, Lines, "vegeta/results.json.gz", None, "\"latency\":#,"),
    Case(Format::VegetaCsv, Lines, "vegeta/results.csv.gz", None, ",200,#,"),
    Case(Format::VegetaBin, Binary, "vegeta/results.bin.gz", None, ""),
    Case(Format::VegetaReport, Json, "vegeta/report.json", None, "\"requests\":#,"),
    Case(Format::Wrk, Print, "wrk/wrk-flaky.txt", None, "  # requests in"),
    Case(Format::HeyCsv, Table, "hey/hey-flaky.csv", None, "\n#,"),
    Case(Format::HeyText, Print, "hey/hey-flaky.txt", None, "[200]\t#"),
    Case(Format::H2loadLog, Lines, "h2load/flaky.log", None, "\t200\t#\n"),
    Case(Format::H2loadText, Print, "h2load/flaky.txt", None, "done, # succeeded"),
    Case(Format::AbText, Print, "ab/ab-flaky.txt", None, "Complete requests:      #\n"),
    Case(Format::AbPercent, Table, "ab/ab-e.csv", Some("ab/ab-flaky.txt"), "\n50,#\n"),
    Case(Format::AbGnuplot, Table, "ab/ab-g.tsv", None, "2026\t#\t"),
    Case(Format::OhaJson, Json, "oha/oha-flaky.json", None, "\"200\": #"),
    Case(Format::OhaCsv, Table, "oha/oha.csv", None, "\n#,"),
    Case(Format::Autocannon, Json, "autocannon/autocannon-flaky.json", None, "\"sent\":#}"),
    Case(Format::Artillery, Json, "artillery/report.json", None, "\"http.requests\": #,"),
    Case(Format::Siege, Json, "siege/flaky.json", None, "\"transactions\":\t\t\t         #,"),
    Case(Format::TaurusCsv, Table, "taurus/dump.csv", None, "0.02323,#,"),
    Case(Format::TaurusXml, Markup, "taurus/dump.xml", None, "<succ value=\"#\""),
    Case(Format::Hlog, Lines, "hlog/tagged.hlog", None, "\n#,1.007"),
    Case(Format::Csv, Table, "= csv", None, ",#,200"),
    Case(Format::Ndjson, Lines, "= ndjson", None, "\"latency_ms\":#,"),
];

impl Case {
    pub(super) fn bytes(&self) -> Vec<u8> {
        let csv = |at: u64| format!("/a,{},{},200,\n", 1_795_466_743 + at, at % 9);
        let ndjson = |at: u64| format!("{{\"name\":\"/a\",\"latency_ms\":{at},\"status\":200}}\n");
        match self.2 {
            "= csv" => {
                let rows: String = (0..300).map(csv).collect();
                format!("name,start,latency_ms,status,error\n{rows}").into_bytes()
            }
            "= ndjson" => (0..300).map(ndjson).collect::<String>().into_bytes(),
            name => plain(name),
        }
    }

    pub(super) fn is_text(&self) -> bool {
        self.1 != Binary
    }

    pub(super) fn is_lines(&self) -> bool {
        matches!(self.1, Table | Lines)
    }

    pub(super) fn ask(&self) -> Ask<'static> {
        let unit = (self.0 == Format::Hlog).then_some(Unit::Nanos);
        let format = self.3.is_none().then_some(self.0);
        Ask { unit, format, ..ASK }
    }

    pub(super) fn run(&self, bytes: &[u8], ask: &Ask<'_>) -> Result<Run, Unreadable> {
        let beside = self.3.map(plain);
        let files: Vec<&[u8]> = beside.iter().map(Vec::as_slice).chain([bytes]).collect();
        read_all(&files, ask).map_err(|refused| refused.why)
    }

    /// What is read, written down.
    pub(super) fn read(&self, bytes: &[u8]) -> Result<String, Unreadable> {
        self.run(bytes, &self.ask()).map(|run| archive::write(&run))
    }

    /// What is wrong where a fault is not told.
    pub(super) fn refuses(&self, bytes: &[u8], what: &str) -> Option<String> {
        let sent = self.run(bytes, &self.ask()).map(|run| run.load.sent).ok()?;
        Some(format!("{} {what}: {sent} requests", self.0.name()))
    }

    /// What is wrong where something makes a difference that should make none.
    pub(super) fn same(&self, bytes: &[u8], what: &str) -> Option<String> {
        let (one, two) = (self.read(&self.bytes()), self.read(bytes));
        let why = one.as_ref().err().or(two.as_ref().err()).map(ToString::to_string);
        let name = self.0.name();
        (one.is_err() || one != two).then(|| format!("{name} {what}: {}", why.unwrap_or_default()))
    }
}

/// Lines that end as they are told to.
pub(super) fn ended(bytes: &[u8], end: &str) -> Vec<u8> {
    let text = String::from_utf8(bytes.to_vec()).expect("it is text");
    text.replace("\r\n", "\n").replace('\n', end).into_bytes()
}

/// All that is wrong, at once.
pub(super) fn none(faults: impl IntoIterator<Item = Option<String>>) {
    let faults: Vec<String> = faults.into_iter().flatten().collect();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}
