//! Does the built binary tell the truth? A server answers in exactly 5 ms and freezes once for 2 s; under an open
//! model of 1,000/s for 30 s the percentiles that loadgate reports are compared with the computed ones.

#![expect(clippy::print_stdout, clippy::panic, reason = "it speaks to whoever runs it")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, ExitCode};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

const ANSWER: Duration = Duration::from_millis(5);
const FREEZE_AT: Duration = Duration::from_secs(15);
const FREEZE: Duration = Duration::from_secs(2);
const LOAD: Duration = Duration::from_secs(30);
const WARM_UP: Duration = Duration::from_secs(1);
const PER_SECOND: u32 = 1000;

fn main() -> ExitCode {
    let address = serve();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let gate = folder.path().join("truth.toml");
    std::fs::write(&gate, gate_file(address)).expect("the folder is ours");
    let out = folder.path().join("out");
    let run = Command::new(env!("CARGO_BIN_EXE_loadgate"))
        .args(["run".as_ref(), gate.as_os_str(), "-q".as_ref(), "--out".as_ref(), out.as_os_str()])
        .output()
        .expect("the binary was built for this");
    let text = std::fs::read_to_string(out.join("verdict.json")).unwrap_or_else(|why| {
        panic!("no verdict: {why}\n{}", String::from_utf8_lossy(&run.stderr));
    });
    let verdict: serde_json::Value = serde_json::from_str(&text).expect("verdict.json is JSON");
    compare(&verdict)
}

fn gate_file(address: SocketAddr) -> String {
    format!(
        "[target]\nurl = \"http://{address}\"\n[load]\nrate = \"{PER_SECOND}/s\"\nduration = \"{}s\"\n\
         warm_up = \"{}s\"\n[[request]]\nget = \"/\"\n\
         [sla]\np50 = \"< 1h\"\np99 = \"< 1h\"\np99_9 = \"< 1h\"\nmax = \"< 1h\"\n",
        LOAD.as_secs(),
        WARM_UP.as_secs()
    )
}

/// Prints each figure beside the truth; fails when one is off by more than 1 % and 1 ms.
fn compare(verdict: &serde_json::Value) -> ExitCode {
    let truth = truth();
    let at = |millionths: usize| truth[(truth.len() * millionths).div_ceil(1_000_000) - 1];
    let expected = [
        ("p50", at(500_000)),
        ("p99", at(990_000)),
        ("p99.9", at(999_000)),
        ("max", at(1_000_000)),
    ];
    let mut honest = true;
    for (metric, truth) in expected {
        let finding = verdict["findings"].as_array().into_iter().flatten();
        let got = finding
            .filter(|finding| finding["metric"] == metric)
            .find_map(|finding| finding["got"]["value"].as_f64());
        let got = got.unwrap_or_else(|| panic!("{metric} was not measured: {verdict:#}"));
        let truth = truth.as_secs_f64() * 1e3;
        let held = (got - truth).abs() <= truth * 0.01 + 1.0;
        honest &= held;
        let word = if held { "ok" } else { "MISSED" };
        println!("  {metric:<8} {got:>10.3} ms   truth {truth:>10.3} ms   {word:>8}");
    }
    if honest { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The latency of every judged arrival, counted from when it was due, in rising order.
fn truth() -> Vec<Duration> {
    let arrivals = LOAD.as_secs() * u64::from(PER_SECOND);
    let due =
        (0..arrivals).map(|n| Duration::from_secs(1) / PER_SECOND * u32::try_from(n).expect("few"));
    let thaw = FREEZE_AT + FREEZE;
    let waits =
        |due: Duration| if due >= FREEZE_AT { thaw.saturating_sub(due) } else { Duration::ZERO };
    let mut latencies: Vec<Duration> =
        due.filter(|due| *due >= WARM_UP).map(|due| waits(due) + ANSWER).collect();
    latencies.sort();
    latencies
}

/// Starts the server: a thread for each connection, whose sleep is exact to the kernel's timer slack.
fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = listener.local_addr().expect("a bound socket has an address");
    let first = Arc::new(OnceLock::new());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let first = Arc::clone(&first);
            let small = thread::Builder::new().stack_size(64 * 1024);
            small.spawn(move || answer(stream, &first)).expect("a thread for each connection");
        }
    });
    address
}

fn answer(mut stream: TcpStream, first: &OnceLock<Instant>) {
    let _ = stream.set_nodelay(true);
    let mut buffer = [0; 2048];
    while stream.read(&mut buffer).is_ok_and(|read| read > 0) {
        let now = Instant::now();
        let began = *first.get_or_init(|| now);
        let (from, to) = (began + FREEZE_AT, began + FREEZE_AT + FREEZE);
        let frozen = if (from..to).contains(&now) { to - now } else { Duration::ZERO };
        thread::sleep(frozen + ANSWER);
        if stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").is_err() {
            return;
        }
    }
}
