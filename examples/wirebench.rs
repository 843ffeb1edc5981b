#![allow(
    missing_docs,
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::allow_attributes
)]
use loadgate::load::probe::{Hub, Probe, Wire};
use loadgate::load::wire::{self, HttpWire};
use loadgate::plan::{
    profile::{Profile, Stage},
    *,
};
use loadgate::run::Model;
use loadgate::sample::*;
use loadgate::tally::Tally;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};
fn cpu() -> f64 {
    let s = std::fs::read_to_string("/proc/self/stat").unwrap();
    let r: Vec<&str> = s.rsplit(')').next().unwrap().split_whitespace().collect();
    (r[11].parse::<f64>().unwrap() + r[12].parse::<f64>().unwrap()) / 100.0
}
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let port: u16 = a[1].parse().unwrap();
    let conns: usize = a[2].parse().unwrap();
    let secs: f64 = a[3].parse().unwrap();
    let mode = a.get(4).map(|s| s.as_str()).unwrap_or("http");
    let http = match mode {
        "h2" | "h2c" => Http::Two,
        _ => Http::One,
    };
    let secure = matches!(mode, "https" | "h2");
    let drive = Drive {
        target: Target {
            secure,
            host: "127.0.0.1".into(),
            port,
            prefix: String::new(),
            shown: "x".into(),
            headers: vec![],
            timeout: Duration::from_secs(10),
            ready: None,
            tls: Tls { insecure: true, ..Tls::default() },
            http,
        },
        load: Load {
            profile: Profile {
                model: Model::Closed,
                stages: vec![Stage {
                    name: None,
                    duration: Duration::from_secs(5),
                    from: 1,
                    to: 1,
                }],
            },
            warm_up: Duration::ZERO,
            arrivals: Arrivals::Even,
            max_in_flight: 1000,
            connections: conns,
            threads: None,
            streams: 10,
            seed: None,
            abort_after: Duration::from_secs(30),
        },
        requests: vec![Request {
            name: "r".into(),
            method: "GET".into(),
            path: "/".into(),
            headers: vec![],
            body: None,
            weight: 1,
            expect: Expect::default(),
        }],
    };
    let rt = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let local = tokio::task::LocalSet::new();
    let spawn_local = std::env::var("LOCAL").is_ok();
    rt.block_on(local.run_until(async move {
        let addresses = wire::resolve(&drive.target).await.unwrap();
        let mut wire = HttpWire::prepare(&drive, &addresses).unwrap();
        wire.knock().await.unwrap();
        let hub = wire.hub();
        let tally = Rc::new(RefCell::new(Tally::default()));
        let stop = Rc::new(Cell::new(false));
        let start = Instant::now();
        let c0 = cpu();
        let mut hs = vec![];
        for _ in 0..conns {
            let mut probe = hub.probe();
            let (tally, stop) = (tally.clone(), stop.clone());
            let _ = spawn_local;
            hs.push(tokio::task::spawn_local(async move {
                let mut now = Instant::now();
                while !stop.get() {
                    let answer = {
                        let f = probe.fire(0, now + Duration::from_secs(10));
                        f.await
                    };
                    now = answer.done;
                    let s = Sample {
                        endpoint: EndpointId(0),
                        due: answer.sent - start,
                        sent: answer.sent - start,
                        done: answer.done - start,
                        end: answer.end,
                        bytes: answer.bytes,
                    };
                    tally.borrow_mut().record(&s);
                }
            }));
        }
        {
            let mut p = hub.probe();
            let f = p.fire(0, Instant::now());
            eprint!("fire {} B, probe {} B  ", std::mem::size_of_val(&f), 0);
            drop(f);
            eprint!("{} ", std::mem::size_of_val(&p));
        }
        tokio::time::sleep(Duration::from_secs_f64(secs)).await;
        stop.set(true);
        for h in hs {
            h.await.unwrap();
        }
        let c = cpu() - c0;
        let n = tally.borrow().count();
        let rss = std::fs::read_to_string("/proc/self/status")
            .unwrap()
            .lines()
            .find(|l| l.starts_with("VmHWM"))
            .unwrap()
            .to_owned();
        println!(
            "{conns} conns: {n} reqs, bad {}, cpu {:.2} us/req, {:.0}/s {} {:?}",
            tally.borrow().bad(),
            c * 1e6 / n as f64,
            n as f64 / start.elapsed().as_secs_f64(),
            rss,
            hub.examples()
        );
    }));
}
