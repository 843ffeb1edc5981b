//! What the machine that we run on lacks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use loadgate::load::health::raise_descriptors;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::{failures, gate, steady};
use crate::support::gate::{Gate, turn};
use crate::support::server::{Act, Script, Server};

/// Threads that keep one core busy until dropped.
struct Hogs {
    core: usize,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Hogs {
    fn new(count: usize) -> Self {
        let cores = sched_getaffinity(None).expect("a thread may ask where it may run");
        let core = (0..CpuSet::MAX_CPU).find(|core| cores.is_set(*core)).expect("it runs here");
        let stop = Arc::new(AtomicBool::new(false));
        let hog = || {
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || {
                let mut only = CpuSet::new();
                only.set(core);
                sched_setaffinity(None, &only).expect("one of the cores it may run on");
                while !stop.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            })
        };
        let threads = (0..count).map(|_| hog()).collect();
        Self { core, stop, threads }
    }
}

impl Drop for Hogs {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // A panic in it has already been printed.
            let _ = thread.join();
        }
    }
}

#[test]
fn a_generator_without_its_core_is_inconclusive_and_told_what_to_do() {
    let server = steady();
    let load = "rate = \"3000/s\"\nduration = \"2s\"";
    let _turn = turn();
    let hogs = Hogs::new(4);
    // Of one core, the run gets about a twelfth; the limit tolerates 2 ms of lag.
    let script = format!("exec taskset -c {} nice -n 5 \"$0\" \"$@\"", hogs.core);
    let done = gate(&server, load, &["/ok"], "p95 = \"< 20ms\"").by(&script).go();
    drop(hogs);
    done.code(3).says("late").says("lower `rate`").says("a machine of its own").reports();
    let verdict = done.verdict();
    let findings = verdict["findings"].as_array().expect("an array of findings");
    assert!(findings.iter().all(|finding| finding["outcome"] == "unjudged"), "{findings:?}");
    assert!(findings.iter().any(|finding| finding["doubt"] == "fell-behind"), "{findings:?}");
}

#[test]
fn ten_thousand_requests_under_way_take_less_than_200_mb() {
    let limit = raise_descriptors();
    assert!(limit.is_none_or(|limit| limit >= 12_000), "12,000 open files are needed: {limit:?}");
    let server = Server::start(Script::new().on("/", [Act::Stall]));
    let gate = Gate::new(&format!(
        "[target]\nurl = \"{}\"\ntimeout = \"2500ms\"\n[load]\nrate = \"5200/s\"\n\
         duration = \"2s\"\nmax_in_flight = 11000\nconnections = 11000\n[[request]]\nget = \"/\"\n\
         [sla]\np50 = \"< 1s\"\n",
        server.url("")
    ));
    let _turn = turn();
    let (done, peak) = gate.start(&["run", "gate.toml"]).end_with_peak(&gate);
    done.code(3).reports();
    assert!(server.requests() >= 10_000, "{} requests\n{}", server.requests(), done.stderr);
    assert!(peak > 0 && peak < 200_000_000, "{peak} bytes of memory");
}

#[test]
fn too_few_local_ports_are_our_fault_and_no_verdict_on_the_service() {
    // Ten ports, and a service that is slow enough for more connections to be wanted.
    let script = "PATH=$PATH:/usr/sbin:/sbin\n\
        ip link set lo up && sysctl -qw net.ipv4.ip_local_port_range='40000 40009' || exit 98\n\
        \"$0\" demo --serve --port 8080 --break latency >served 2>said & server=$!\n\
        until [ -s served ]; do kill -0 $server || exit 97; sleep 0.02; done\n\
        \"$0\" \"$@\"; code=$?; kill $server; exit $code";
    let gate = Gate::new(
        "[target]\nurl = \"http://127.0.0.1:8080\"\ntimeout = \"1s\"\n[load]\nrate = \"200/s\"\n\
         duration = \"1s\"\n[[request]]\nget = \"/slow\"\n[sla]\np50 = \"< 5s\"\n",
    );
    let done = gate.with_own_network(script).go();
    done.code(3).says("ran out of free ports").says("lower `rate`").reports();
    assert!(failures(&done, "GET /slow").contains(&"local-port".to_owned()), "{}", done.stderr);
}

#[test]
fn a_machine_that_gives_no_threads_is_inconclusive_and_makes_nothing_panic() {
    let server = steady();
    let url = format!("http://localhost:{}", server.address().port());
    let text = format!(
        "[target]\nurl = \"{url}\"\n[load]\nusers = 50\nthreads = 8\nduration = \"1s\"\n\
         [[request]]\nget = \"/ok\"\n[sla]\np50 = \"< 1s\"\n"
    );
    // Room for so many stacks of 1 GiB each: of the line, the resolver, the checkpoints, the load.
    let said: Vec<String> = (0..6)
        .map(|stacks| {
            let limit = format!("-v {}", stacks * 1024 * 1024 + 512 * 1024);
            let gate = Gate::new(&text).limited(&limit).set("RUST_MIN_STACK", "1073741824");
            let done = gate.go();
            done.code(3);
            assert!(!done.stderr.contains("panicked at"), "{limit}:\n{}", done.stderr);
            if stacks > 0 {
                done.reports();
            }
            // Lines break where the terminal ends.
            done.stderr.split_whitespace().collect::<Vec<_>>().join(" ")
        })
        .collect();
    let seen = |words: &str| said.iter().any(|said| said.contains(words));
    assert!(seen("the system does not give what a run needs"), "{said:#?}");
    assert!(seen("gives no thread to look up the name localhost"), "{said:#?}");
    assert!(seen("a load thread could not start"), "{said:#?}");
    assert!(!seen("that is a bug of loadgate"), "{said:#?}");
}
