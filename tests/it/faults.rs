//! Faults of target, machine, signals and gate files, on the built binary.

/// What a service and its network can do to us.
mod target;
/// What can be wrong with a step of a user.
mod steps;
/// What the machine that we run on lacks.
#[cfg(target_os = "linux")]
mod machine;
/// Disks that are full, directories and files that become others.
#[cfg(target_os = "linux")]
mod files;
/// Signals at moments that nobody expects.
#[cfg(target_os = "linux")]
mod signals;

use std::process::{Command, Stdio};
use std::time::Duration;

use super::silence::nobody;
use super::support::certs::{Issuer, Leaf, self_signed};
use super::support::gate::{Done, Gate, Running, undisturbed};
use super::support::server::{Act, Script, Server, answer, ok, raw, status};

/// A gate on these paths, each in its turn, with the request's timeout at half a second.
fn gate(server: &Server, load: &str, paths: &[&str], sla: &str) -> Gate {
    let requests: Vec<String> =
        paths.iter().map(|path| format!("[[request]]\nget = \"{path}\"\n")).collect();
    let requests = requests.concat();
    Gate::new(&format!(
        "[target]\nurl = \"{}\"\ntimeout = \"500ms\"\n[load]\n{load}\n{requests}[sla]\n{sla}\n",
        server.url("")
    ))
}

const SECOND: &str = "rate = \"50/s\"\nduration = \"1s\"";

fn steady() -> Server {
    Server::start(Script::new().on("/ok", [ok("hello")]))
}

/// The failures of one endpoint, by class, as `verdict.json` has them.
fn failures(done: &Done, endpoint: &str) -> Vec<String> {
    let verdict = done.verdict();
    let endpoints = verdict["facts"]["endpoints"].as_array().expect("an array of endpoints");
    let found = endpoints.iter().find(|facts| facts["name"] == endpoint).expect("it is there");
    let classes = found["failures"].as_object().expect("failures by class");
    classes.keys().cloned().collect()
}

#[test]
fn whatever_a_service_does_to_an_answer_is_counted_under_its_name() {
    let head = "HTTP/1.1 200 OK\r\n";
    let drip = |text: &str| Act::Drip(text.as_bytes().to_vec(), Duration::from_millis(100));
    let many = format!("{head}{}\r\n", "a: b\r\n".repeat(10_000));
    let half = format!("{head}content-length: 100\r\n\r\nhalf");
    let two = format!("{head}content-length: 1\r\ncontent-length: 2\r\n\r\nab");
    let wide = format!("{head}a: {}\r\n\r\n", "b".repeat(1_000_000));
    let chunked = format!("{head}transfer-encoding: chunked\r\n");
    let cases: [(&str, Vec<Act>, &str); 14] = [
        ("/reset", vec![Act::Reset], "reset"),
        ("/reset-inside", vec![raw(&half), Act::Reset], "reset"),
        ("/truncated", vec![raw(&half), Act::Close], "truncated"),
        ("/slow-head", vec![drip(head)], "timeout"),
        ("/slow-body", vec![raw(&half), drip(&"x".repeat(96))], "timeout"),
        ("/stalled", vec![Act::Stall], "timeout"),
        ("/many-headers", vec![raw(&many)], "malformed"),
        ("/no-http", vec![raw("SSH-2.0-OpenSSH_9.7\r\n\r\n"), Act::Close], "malformed"),
        ("/two-lengths", vec![raw(&two)], "malformed"),
        ("/wide-header", vec![raw(&wide)], "malformed"),
        ("/no-status", vec![raw("HTTP/1.1 abc OK\r\n\r\n")], "malformed"),
        ("/bad-chunk", vec![raw(&format!("{chunked}\r\nxyz\r\n"))], "malformed"),
        (
            "/length-and-chunks",
            vec![raw(&format!("{chunked}content-length: 2\r\n\r\n0\r\n\r\n"))],
            "malformed",
        ),
        ("/failed", vec![status(503)], "status"),
    ];
    let script = cases.iter().fold(Script::new().on("/ok", [ok("hello")]), |script, case| {
        script.on(case.0, case.1.clone())
    });
    let server = Server::start(script);
    let mut paths: Vec<&str> = cases.iter().map(|case| case.0).collect();
    paths.push("/ok");
    let done =
        gate(&server, "rate = \"150/s\"\nduration = \"1s\"", &paths, "error_rate = \"< 1%\"");
    let done = done.undisturbed(&["run", "gate.toml"]);
    done.code(1).reports();
    for (path, _, class) in &cases {
        let seen = failures(&done, &format!("GET {path}"));
        assert!(seen.iter().any(|name| name == class), "{path}: {seen:?}, not {class}");
    }
    assert!(failures(&done, "GET /ok").is_empty());
}

#[test]
fn a_redirect_is_an_answer_and_is_not_followed() {
    let server =
        Server::start(Script::new().on("/loop", [answer(302, "location: /elsewhere\r\n", "")]));
    let gate = gate(&server, SECOND, &["/loop"], "p50 = \"< 1s\"");
    gate.undisturbed(&["run", "gate.toml"]).code(0);
    assert_eq!(server.hits("/elsewhere"), 0);
}

#[test]
fn a_service_that_goes_down_and_returns_is_judged_by_its_error_rate() {
    let down = || {
        let script = Script::new().on("/ok", [ok("hello")]);
        Server::start(script.down(Duration::from_millis(700), Duration::from_millis(400)))
    };
    let load = "rate = \"50/s\"\nduration = \"2s\"";
    for (limit, code) in [("< 90%", 0), ("< 1%", 1)] {
        let sla = format!("error_rate = \"{limit}\"");
        let done = undisturbed(|| gate(&down(), load, &["/ok"], &sla).go());
        done.code(code).reports();
        let seen = failures(&done, "GET /ok");
        assert!(seen.iter().any(|name| name == "connect"), "{seen:?}");
    }
}

#[test]
fn a_service_that_goes_down_for_good_ends_the_run_and_fails_it() {
    let down = || {
        let script = Script::new().on("/ok", [ok("hello")]);
        Server::start(script.down(Duration::from_millis(500), Duration::from_mins(1)))
    };
    let load = "rate = \"50/s\"\nduration = \"40s\"\nabort_after = \"1s\"";
    let done = undisturbed(|| gate(&down(), load, &["/ok"], "error_rate = \"< 1%\"").go());
    done.code(1).reports();
    assert!(done.took < Duration::from_secs(10), "took {:?}", done.took);
}

#[test]
fn a_name_that_does_not_resolve_is_inconclusive_and_named() {
    let gate = Gate::new(
        "[target]\nurl = \"http://loadgate.invalid\"\n[load]\nrate = \"50/s\"\nduration = \"1s\"\n\
         [[request]]\nget = \"/\"\n[sla]\np50 = \"< 1s\"\n",
    );
    gate.go().code(3).says("loadgate.invalid").reports();
}

#[test]
fn a_certificate_that_is_not_trusted_is_inconclusive_and_says_why() {
    let (issuer, other) = (Issuer::new(), Issuer::new());
    let own = self_signed(&Leaf::loopback(), false).0;
    let expired = Leaf { expired: true, ..Leaf::loopback() };
    let elsewhere = Leaf::of(&["elsewhere.test"]);
    let cases = [
        (other.server(&Leaf::loopback(), &[]), "authority"),
        (issuer.server(&expired, &[]), "expired"),
        (issuer.server(&elsewhere, &[]), "elsewhere"),
        (own, "self-signed"),
    ];
    for (config, words) in cases {
        let script = Script::new().on("/ok", [ok("hello")]);
        let server = Server::start_tls(script, config);
        let gate = secured(&server, "tls = { ca = \"ca.pem\" }", &issuer);
        let done = gate.go();
        done.code(3).says("tls").reports();
        assert!(done.stderr.to_lowercase().contains(words), "{words}:\n{}", done.stderr);
        assert_eq!(server.requests(), 0);
    }
}

#[test]
fn readiness_is_asked_under_the_same_trust_as_the_load() {
    let (issuer, other) = (Issuer::new(), Issuer::new());
    let ready = "tls = { ca = \"ca.pem\" }\nready = { get = \"/ok\", within = \"500ms\" }";
    for (signer, trusted) in [(&issuer, true), (&other, false)] {
        let script = Script::new().on("/ok", [ok("hello")]);
        let server = Server::start_tls(script, signer.server(&Leaf::loopback(), &[]));
        let gate = secured(&server, ready, &issuer);
        if trusted {
            gate.undisturbed(&["run", "gate.toml"]).code(0).reports();
        } else {
            gate.go().code(3).says("GET /ok was not ready").says("authority").reports();
            assert_eq!(server.requests(), 0);
        }
    }
}

fn secured(server: &Server, tls: &str, issuer: &Issuer) -> Gate {
    let text = format!(
        "[target]\nurl = \"{}\"\ntimeout = \"1s\"\n{tls}\n[load]\n{SECOND}\n[[request]]\n\
         get = \"/ok\"\n[sla]\np50 = \"< 1s\"\n",
        server.url("")
    );
    Gate::new(&text).file("ca.pem", issuer.pem())
}

#[test]
fn certificates_are_left_unchecked_only_where_every_report_says_so() {
    let issuer = Issuer::new();
    let script = Script::new().on("/ok", [ok("hello")]);
    let server = Server::start_tls(script, issuer.server(&Leaf::of(&["elsewhere.test"]), &[]));
    let done =
        secured(&server, "tls = { insecure = true }", &issuer).undisturbed(&["run", "gate.toml"]);
    done.code(0).says("insecure");
    for name in ["summary.md", "report.html", "verdict.json", "junit.xml"] {
        assert!(done.file(name).contains("insecure"), "{name} does not say it");
    }
}

#[test]
fn a_handshake_that_stalls_is_inconclusive_within_the_deadline() {
    let server = Server::start(Script::new().greet([Act::Stall]));
    let text = format!(
        "[target]\nurl = \"{}\"\ntimeout = \"500ms\"\n[load]\n{SECOND}\n[[request]]\nget = \"/\"\n\
         [sla]\np50 = \"< 1s\"\n",
        server.url("").replace("http://", "https://")
    );
    let done = Gate::new(&text).go();
    done.code(3).reports();
    assert!(done.took < Duration::from_secs(10), "took {:?}", done.took);
}

#[test]
fn answers_that_outlast_the_run_are_counted_with_their_age() {
    let script = Script::new().on("/late", [Act::Wait(Duration::from_secs(30)), ok("")]);
    let server = Server::start(script.on("/ok", [ok("hello")]));
    let done = gate(&server, SECOND, &["/ok", "/late"], "p50 = \"< 1s\"\nmax = \"< 10s\"")
        .undisturbed(&["run", "gate.toml"]);
    done.code(1).reports();
    assert!(!failures(&done, "GET /late").is_empty());
}

#[test]
fn too_few_descriptors_are_our_fault_and_no_verdict_on_the_service() {
    let script = Script::new().on("/late", [Act::Wait(Duration::from_millis(400)), ok("")]);
    let server = Server::start(script);
    let load = "rate = \"400/s\"\nduration = \"1s\"";
    let gate = gate(&server, load, &["/late"], "p50 = \"< 1s\"").limited("-n 48");
    let done = gate.go();
    let code = done.status.code();
    assert!(code == Some(3) || code == Some(2), "{code:?}\n{}", done.stderr);
    done.says("open files");
}

/// The binary as a shell starts it.
fn in_shell(gate: &Gate, line: &str) -> Running {
    let mut command = Command::new("sh");
    command.args(["-c", line, env!("CARGO_BIN_EXE_loadgate")]).current_dir(gate.path(""));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    Running::of(command)
}

#[test]
fn nobody_listening_to_what_is_said_changes_nothing() {
    for redirect in ["2>&-", ">&- 2>&-", ">/dev/full 2>/dev/full"] {
        let server = steady();
        let gate = gate(&server, SECOND, &["/ok"], "p50 = \"< 1s\"");
        let line = format!("exec \"$0\" run gate.toml {redirect}");
        undisturbed(|| in_shell(&gate, &line).end(&gate)).code(0).reports();
    }
}

#[test]
fn data_that_cannot_be_printed_is_an_error_and_a_reader_that_left_is_none() {
    let gate = Gate::new("");
    for (line, code) in
        [("exec \"$0\" schema >/dev/full", 4), ("\"$0\" schema | head -c 1; exit 0", 0)]
    {
        let done = in_shell(&gate, line).end(&gate);
        done.code(code);
        assert!(!done.stderr.contains("panicked"), "{}", done.stderr);
    }
}

#[test]
fn a_directory_that_vanishes_under_a_run_is_undelivered() {
    let server = steady();
    let gate = gate(&server, SECOND, &["/ok"], "p50 = \"< 1s\"");
    let done = undisturbed(|| {
        let before = server.requests();
        let mut running = gate.start(&["run", "gate.toml"]);
        running.until("the first request", |_| server.requests() > before);
        std::fs::remove_dir_all(gate.path("loadgate-out")).expect("the directory is there");
        running.end(&gate)
    });
    done.code(4).says("cannot write `loadgate-out/run.json`").no_reports();
}

#[test]
fn two_runs_in_one_directory_do_not_mix() {
    let server = steady();
    let gate = gate(&server, "rate = \"50/s\"\nduration = \"20s\"", &["/ok"], "p50 = \"< 1s\"");
    let mut first = gate.start(&["run", "gate.toml"]);
    first.until("the first request", |_| server.requests() > 0);
    let second = gate.command(&["run", "gate.toml"]).output().expect("the binary was built");
    assert_eq!(second.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&second.stderr).contains("in use by another run"));
    first.signal("TERM");
    first.end(&gate).code(143).reports();
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let server = Server::start(Script::new().on("/", [Act::Stall]));
    let text = format!(
        "[target]\nurl = \"{}\"\ntimeout = \"30s\"\n[load]\n{SECOND}\n[[request]]\nget = \"/\"\n\
         [sla]\np50 = \"< 1s\"\n",
        server.url("")
    );
    let gate = Gate::new(&text);
    let mut running = gate.start(&["run", "gate.toml"]);
    running.until("the first request", |_| server.requests() > 10);
    running.signal("INT");
    // The first one waits for answers that do not come; only what it says tells that it was heard.
    running.until("the answer to the first signal", |running| running.heard().contains("SIGINT"));
    let before = std::time::Instant::now();
    running.signal("TERM");
    let done = running.end(&gate);
    done.code(143);
    assert!(before.elapsed() < Duration::from_secs(1), "took {:?}", before.elapsed());
}

#[test]
fn a_killed_run_leaves_a_checkpoint_that_is_never_judged_as_whole() {
    let server = steady();
    let gate = gate(&server, "rate = \"50/s\"\nduration = \"40s\"", &["/ok"], "p50 = \"< 1s\"");
    let mut running = gate.start(&["run", "gate.toml"]);
    running.until("the checkpoint", |_| gate.path("loadgate-out/run.json").exists());
    running.signal("KILL");
    let done = running.end(&gate);
    assert_eq!(done.status.code(), None);
    let run = "loadgate-out/run.json";
    let checked = gate.run(&["check", "gate.toml", run, "--out", "checked"]);
    checked.code(3).says("was killed");
}

#[test]
fn a_signal_that_a_parent_had_ignored_is_heard() {
    let server = steady();
    let gate = gate(&server, "rate = \"50/s\"\nduration = \"40s\"", &["/ok"], "p50 = \"< 1s\"");
    let mut running = in_shell(&gate, "trap '' INT TERM HUP; exec \"$0\" run gate.toml");
    running.until("the first request", |_| server.requests() > 0);
    running.signal("INT");
    running.end(&gate).code(130).reports();
}

#[test]
fn a_run_that_was_stopped_and_continued_is_not_judged() {
    let server = steady();
    let gate = gate(&server, "rate = \"50/s\"\nduration = \"2s\"", &["/ok"], "p50 = \"< 1s\"");
    let mut running = gate.start(&["run", "gate.toml"]);
    running.until("the first request", |_| server.requests() > 0);
    running.signal("STOP");
    std::thread::sleep(Duration::from_millis(800));
    running.signal("CONT");
    running.end(&gate).code(3).reports();
}

#[test]
fn a_gate_file_that_is_wrong_is_refused_before_anything_is_sent() {
    let head = "[target]\nurl = \"URL\"\n[load]\nrate = \"50/s\"\nduration = \"1s\"\n";
    let request = "[[request]]\nget = \"/ok\"\n";
    let check = |text: &str, words: &str| {
        let server = steady();
        let done = Gate::new(&text.replace("URL", &server.url(""))).go();
        done.code(2).says(words).no_reports();
        assert_eq!(server.connections(), 0, "{words}");
    };
    let with = |sla: &str| format!("{head}{request}[sla]\n{sla}\n");
    check(&with("erorr_rate = \"< 1%\""), "error_rate");
    check(&with("p95 = \"< 1s\"\np95 = \"< 2s\""), "twice");
    check(&with("p95 = 250"), "gate.toml:9:");
    for limit in ["< nan", "< infs", "< -1s", "> 0ms", "250ms"] {
        check(&with(&format!("p95 = \"{limit}\"")), "gate.toml:9:");
    }
    check(&with("p100 = \"< 1s\""), "p100");
    check(&with("p0 = \"< 1s\""), "p0");
    check(&with("p95 = \"< 2s\"\np99 = \"< 1s\""), "p99");
    check(&with("p99 = { fail = \"< 1s\", warn = \"< 2s\" }"), "warn");
    check(&with("p99 = \"< ${UNSET_LIMIT}\""), "UNSET_LIMIT");
    check("", "nothing");
    let zero = with("p95 = \"< 1s\"").replace("50/s", "0/s");
    check(&zero, "rate");
    let endless = with("p95 = \"< 1s\"").replace("50/s", "99999999999999999999999999/s");
    check(&endless, "gate.toml:4:");
    let brief = with("p95 = \"< 1s\"").replace("duration = \"1s\"", "duration = \"0s\"");
    check(&brief, "gate.toml:5:");
    check(&with("p95 = [250]"), "gate.toml:9:");
    let crowd: Vec<String> =
        (0..1001).map(|n| format!("[[request]]\nname = \"r{n}\"\nget = \"/{n}\"\n")).collect();
    let crowd = crowd.concat();
    check(&format!("{head}{crowd}[sla]\np95 = \"< 1s\"\n"), "1000 at most");
}

#[test]
fn bytes_that_are_no_text_are_refused_with_their_place_and_marks_of_windows_are_not() {
    let server = steady();
    let text = format!(
        "[target]\nurl = \"{}\"\n[load]\n{SECOND}\n[[request]]\nget = \"/ok\"\n\
         [sla]\np50 = \"< 1s\"\n",
        server.url("")
    );
    let mut bytes = text.clone().into_bytes();
    bytes.extend(b"# \xff\n");
    let place = (text.len() + 2).to_string();
    Gate::new("").file("gate.toml", bytes).go().code(2).says(&place).no_reports();
    let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    Gate::new(&windows).undisturbed(&["run", "gate.toml"]).code(0);
}

#[test]
fn rare_percentiles_need_enough_samples() {
    let server = steady();
    let gate = gate(&server, SECOND, &["/ok"], "p99_9 = \"< 1s\"");
    gate.undisturbed(&["run", "gate.toml"]).code(3).says("10000").reports();
}

#[test]
fn a_service_that_never_becomes_ready_is_inconclusive_and_gets_no_load() {
    let server = Server::start(Script::new().on("/health", [status(503)]).on("/ok", [ok("")]));
    let text = format!(
        "[target]\nurl = \"{}\"\nready = {{ get = \"/health\", within = \"500ms\" }}\n\
         [load]\n{SECOND}\n[[request]]\nget = \"/ok\"\n[sla]\np50 = \"< 1s\"\n",
        server.url("")
    );
    Gate::new(&text).go().code(3).says("/health").says("503").reports();
    assert_eq!((server.hits("/ok"), server.hits("/health") > 0), (0, true));
    Gate::new(&text.replace(&server.url(""), &nobody())).go().code(3).reports();
}
