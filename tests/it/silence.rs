//! Every way of having nothing to judge, and its exit code, on the built binary.

use std::time::Duration;

use super::support::gate::{Gate, undisturbed};
use super::support::server::{Act, Script, Server, ok, status};

/// A gate file that puts 50/s on a path for a second, and what it expects.
fn gate(server: &Server, path: &str, sla: &str) -> Gate {
    gate_at(&server.url(""), path, sla)
}

fn gate_at(url: &str, path: &str, sla: &str) -> Gate {
    Gate::new(&format!(
        "[target]\nurl = \"{url}\"\ntimeout = \"1s\"\n[load]\nrate = \"50/s\"\nduration = \"1s\"\n\
         [[request]]\nget = \"{path}\"\n[sla]\n{sla}\n"
    ))
}

fn quick() -> Server {
    Server::start(Script::new().on("/ok", [ok("hello")]))
}

/// An address on which nobody listens: the port was free a moment ago.
pub(super) fn nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
    format!("http://{}", listener.local_addr().expect("a listener has an address"))
}

#[test]
fn a_target_that_refuses_all_connections_is_inconclusive() {
    let done = gate_at(&nobody(), "/", "p95 = \"< 1s\"").go();
    done.code(3).says("connect").reports();
    assert_eq!(done.verdict()["verdict"], "inconclusive");
    assert!(done.took < Duration::from_secs(10), "took {:?}", done.took);
}

#[test]
fn a_target_that_stalls_for_ever_is_inconclusive_in_the_planned_time_plus_the_timeout() {
    let server = Server::start(Script::new().on("/", [Act::Stall]));
    let done = gate(&server, "/", "p50 = \"< 1s\"").go();
    done.code(3).reports();
    assert!(done.took < Duration::from_secs(6), "took {:?}", done.took);
}

#[test]
fn a_target_that_answers_and_then_stalls_for_good_fails_in_both_models() {
    let loads = [
        "rate = \"100/s\"\nduration = \"2s\"",
        "rate = \"100/s\"\nduration = \"2s\"\nmax_in_flight = 20",
        "users = 10\nduration = \"3s\"",
    ];
    for load in loads {
        let done = undisturbed(|| {
            let script = Script::new().on("/ok", [ok("hello")]);
            let after = Duration::from_millis(600);
            let server = Server::start(script.freeze(after, Duration::from_mins(1)));
            let text = format!(
                "[target]\nurl = \"{}\"\ntimeout = \"500ms\"\n[load]\n{load}\n\
                 [[request]]\nget = \"/ok\"\n[sla]\np50 = \"< 1s\"\n",
                server.url("")
            );
            Gate::new(&text).go()
        });
        done.code(1).says("error_rate").reports();
    }
}

#[test]
fn fast_errors_fail_a_gate_that_only_asks_for_latency() {
    let server = Server::start(Script::new().on("/", [status(500)]));
    let gate = gate(&server, "/", "p50 = \"< 1s\"\nerror_rate = { warn = \"< 1%\" }");
    gate.undisturbed(&["run", "gate.toml"]).code(1).says("never").reports();
}

#[test]
fn a_gate_that_asks_nothing_is_wrong() {
    let server = quick();
    let text = format!(
        "[target]\nurl = \"{}\"\n[load]\nrate = \"50/s\"\nduration = \"1s\"\n\
         [[request]]\nget = \"/ok\"\n",
        server.url("")
    );
    Gate::new(&text).go().code(2).no_reports();
    assert_eq!(server.requests(), 0);
}

#[test]
fn a_threshold_on_an_endpoint_that_never_occurs_is_inconclusive() {
    let server = quick();
    let done = gate(&server, "/ok", "p50 = \"< 1s\"\n[sla.\"GET /oj\"]\np50 = \"< 1s\"").go();
    done.code(3).says("GET /oj").says("did you mean `GET /ok`?").reports();
}

#[test]
fn a_threshold_on_an_endpoint_that_never_occurs_holds_up_nobody_where_that_is_said() {
    let server = quick();
    let sla = "p50 = \"< 1s\"\n[sla.\"GET /oj\"]\np50 = { fail = \"< 1s\", required = false }";
    let done = gate(&server, "/ok", sla).undisturbed(&["run", "gate.toml"]);
    done.code(0).says("GET /oj").reports();
}

#[test]
fn a_service_that_freezes_is_judged_by_when_requests_were_due() {
    let done = undisturbed(|| {
        let script = Script::new().on("/ok", [ok("hello")]);
        let (after, lasting) = (Duration::from_millis(500), Duration::from_millis(900));
        let server = Server::start(script.freeze(after, lasting));
        let text = format!(
            "[target]\nurl = \"{}\"\n[load]\nrate = \"100/s\"\nduration = \"2s\"\n\
             [[request]]\nget = \"/ok\"\n[sla]\np75 = \"< 100ms\"\n",
            server.url("")
        );
        Gate::new(&text).go()
    });
    // Four in ten were due 100 ms or more before anything answered again.
    done.code(1).says("p75").reports();
}

#[test]
fn every_mistake_of_a_gate_file_is_told_at_once_with_its_place() {
    let server = quick();
    let done =
        gate(&server, "/ok", "p59x = \"< 1s\"\np95 = \"< 250\"\n[laod]\nrate = \"1/s\"").go();
    done.code(2).no_reports().says("gate.toml:").says("p59x").says("250ms").says("laod").says("^");
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_saved_run_that_is_empty_truncated_or_of_another_kind_is_inconclusive() {
    let server = quick();
    let gate = gate(&server, "/ok", "p50 = \"< 1s\"");
    let whole = gate.undisturbed(&["run", "gate.toml"]).code(0).file("run.json");
    let half = &whole[..whole.len() / 2];
    let newer = whole.replacen("loadgate.run/1", "loadgate.run/2", 1);
    for (name, text) in [("empty", ""), ("half", half), ("other", "{\"a\":1}"), ("newer", &newer)] {
        let gate = gate_at("http://127.0.0.1:1", "/ok", "p50 = \"< 1s\"").file(name, text);
        gate.run(&["check", "gate.toml", name]).code(3).says(name).no_reports();
    }
    let gate = gate_at("http://127.0.0.1:1", "/ok", "p50 = \"< 1s\"").file("whole", &whole);
    gate.run(&["check", "gate.toml", "whole"]).code(0).reports();
    gate.run(&["check", "gate.toml", "absent"]).code(3).says("absent");
}

#[test]
fn a_generator_that_falls_behind_is_inconclusive_and_says_what_it_planned_and_sent() {
    let server =
        Server::start(Script::new().on("/", [Act::Wait(Duration::from_millis(900)), ok("")]));
    let text = format!(
        "[target]\nurl = \"{}\"\n[load]\nrate = \"100/s\"\nduration = \"2s\"\nmax_in_flight = 5\n\
         [[request]]\nget = \"/\"\n[sla]\np50 = \"< 2s\"\n",
        server.url("")
    );
    Gate::new(&text).go().code(3).says("dropped").reports();
}

#[test]
fn a_directory_that_cannot_take_reports_is_found_before_the_load() {
    let server = quick();
    let gate = gate(&server, "/ok", "p50 = \"< 1s\"").file("taken", "");
    gate.run(&["run", "gate.toml", "--out", "taken"]).code(2).says("not a directory");
    gate.run(&["run", "gate.toml", "--out", "taken/below"]).code(2).says("taken/below");
    // Nobody may write there, not even root.
    gate.run(&["run", "gate.toml", "--out", "/proc/loadgate"]).code(2).says("/proc/loadgate");
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_report_that_cannot_be_written_takes_a_pass_away_and_nothing_else() {
    for (sla, with, without) in [("p50 = \"< 1s\"", 4, 0), ("status_2xx = \"< 1%\"", 1, 1)] {
        let server = quick();
        let gate = gate(&server, "/ok", sla);
        let mut running = gate.start(&["run", "gate.toml"]);
        running.until("the first request", |_| server.requests() > 0);
        std::fs::create_dir(gate.path("loadgate-out/summary.md")).expect("the directory is there");
        let done = running.end(&gate);
        let disturbed = done.file("verdict.json").contains("fell-behind");
        if !disturbed {
            done.code(with).says("summary.md");
        }
        assert!(done.try_file("report.html").is_some() && done.try_file("junit.xml").is_some());
        std::fs::remove_dir(gate.path("loadgate-out/summary.md")).expect("it is empty");
        gate.undisturbed(&["run", "gate.toml"]).code(without).reports();
    }
}

#[test]
fn an_interrupted_run_writes_its_reports_and_says_so() {
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 143)] {
        let server = quick();
        let text = format!(
            "[target]\nurl = \"{}\"\n[load]\nrate = \"50/s\"\nduration = \"50s\"\n\
             [[request]]\nget = \"/ok\"\n[sla]\np50 = \"< 1s\"\n",
            server.url("")
        );
        let gate = Gate::new(&text);
        let mut running = gate.start(&["run", "gate.toml"]);
        running.until("the tenth request", |_| server.requests() > 10);
        running.signal(signal);
        let done = running.end(&gate);
        done.code(code).says(&format!("SIG{signal}")).reports();
        assert!(done.took < Duration::from_secs(7), "took {:?}", done.took);
        assert!(done.file("summary.md").contains(&format!("SIG{signal}")));
    }
}

#[test]
fn the_same_run_judged_twice_gives_the_same_bytes() {
    let server = quick();
    let gate = gate(&server, "/ok", "p50 = \"< 1s\"");
    let done = gate.undisturbed(&["run", "gate.toml"]);
    done.code(0).reports();
    for out in ["one", "two"] {
        let run = "loadgate-out/run.json";
        gate.run(&["check", "gate.toml", run, "--out", out]).code(0);
    }
    for name in super::support::gate::REPORTS {
        let [one, two] = ["one", "two"]
            .map(|out| std::fs::read_to_string(gate.path(out).join(name)).expect("it was written"));
        assert_eq!(one, two, "{name} differs");
        assert_eq!(one, done.file(name), "{name} of `check` differs from that of `run`");
    }
}
