//! A Prometheus of our own, that scrapes and takes what is written to it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::{endpoint, free_port, gate, number, service};

/// Debian's Prometheus on a port of its own; it ends when dropped.
pub(crate) struct Prometheus {
    child: Child,
    port: u16,
    _home: TempDir,
}

impl Prometheus {
    /// Starts it: it scrapes that port twice in a second.
    pub(crate) fn start(scraped: u16) -> Self {
        let home = tempfile::tempdir().expect("a temporary directory");
        let config = format!(
            "global:\n  scrape_interval: 500ms\n  scrape_timeout: 400ms\nscrape_configs:\n\
             - job_name: loadgate\n  static_configs:\n  - targets: ['127.0.0.1:{scraped}']\n"
        );
        let file = home.path().join("prometheus.yml");
        std::fs::write(&file, config).expect("a file in a temporary directory");
        let port = free_port();
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", home.path().join("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--web.enable-remote-write-receiver")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Debian's prometheus is installed; `bash ci/tools` does it");
        let prometheus = Self { child, port, _home: home };
        let ready = || prometheus.get("/-/ready").is_some_and(|text| text.contains("200 OK"));
        within_a_minute("Prometheus", || ready().then_some(()));
        prometheus
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The answer to one question, head and body; `None` while nobody answers.
    fn get(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        let head = format!("GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n");
        stream.write_all(head.as_bytes()).ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        Some(text)
    }

    /// The one number that a query answers; waited for, since a sample is seen a moment after it
    /// was taken.
    fn asked(&self, query: &str) -> f64 {
        let encoded: Vec<String> = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let path = format!("/api/v1/query?query={}", encoded.concat());
        within_a_minute(query, || {
            let answer = self.get(&path)?;
            let (_, body) = answer.split_once("\r\n\r\n")?;
            let body: Value = serde_json::from_str(body).ok()?;
            let result = body["data"]["result"].as_array()?;
            let value = result.first()?["value"][1].as_str()?;
            value.parse::<f64>().ok().filter(|_| result.len() == 1)
        })
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Tries until there is an answer.
#[track_caller]
fn within_a_minute<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_mins(1);
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "{what}: no answer within a minute");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_real_prometheus_scrapes_takes_what_is_written_and_agrees_on_quantiles() {
    let (service, scraped) = (service(), free_port());
    let prometheus = Prometheus::start(scraped);
    let export = format!(
        "prometheus = {{ listen = \"127.0.0.1:{scraped}\", linger = \"30s\" }}\n\
         remote_write = {{ url = \"http://127.0.0.1:{}/api/v1/write\" }}",
        prometheus.port
    );
    let done = gate(&service, &export).undisturbed(&["run", "gate.toml"]);
    done.code(0);
    assert!(!done.stderr.contains("warning: export"), "{}", done.stderr);
    let facts = endpoint(&done, "GET /ok");
    let p95 = number(&facts["latency_ms"]["p95"]) / 1e3;
    let edges = loadgate::telemetry::EDGES;
    let at = edges.iter().position(|edge| *edge >= p95).expect("it took less than a minute");
    let (low, high) = (if at == 0 { 0.0 } else { edges[at - 1] }, edges[at]);
    // The scraped ones have the name of their job; the others were written to it.
    for job in ["loadgate", ""] {
        let of = format!("{{job=\"{job}\",endpoint=\"GET /ok\",env=\"test\"");
        let seen = |metric: &str, more: &str| format!("last_over_time({metric}{of}{more}}}[5m])");
        let count = prometheus.asked(&seen("loadgate_requests_total", ",outcome=\"good\""));
        assert!((count - number(&facts["count"])).abs() < 0.5, "{count} of {}", facts["count"]);
        let buckets = seen("loadgate_request_duration_seconds_bucket", "");
        let quantile = prometheus.asked(&format!("histogram_quantile(0.95, {buckets})"));
        assert!(low <= quantile && quantile <= high, "{quantile} is not in {low} to {high}");
        let verdict = format!("loadgate_verdict{{job=\"{job}\",verdict=\"pass\"}}");
        let verdict = prometheus.asked(&format!("last_over_time({verdict}[5m])"));
        assert!((verdict - 1.0).abs() < 0.5);
    }
}
