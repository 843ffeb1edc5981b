//! The built binary against real loopback servers.

use std::time::Duration;

use loadgate::demo::Demo;

use super::support::gate::{Done, Gate, REPORTS};
use super::support::server::{Act, Script, Server, answer, ok, status};

fn steady() -> Server {
    Server::start(Script::new().on("/ok", [ok("{\"items\":[1]}")]).on("/health", [ok("up")]))
}

/// A gate that holds on the steady server.
fn holding(server: &Server) -> Gate {
    Gate::new(&format!(
        "[target]\nurl = \"{}\"\n[load]\nrate = \"100/s\"\nduration = \"1s\"\n\
         [[request]]\nname = \"items\"\nget = \"/ok\"\n\
         expect = {{ status = 200, json = {{ \"$.items\" = \"not-empty\" }} }}\n\
         [sla]\np50 = \"< 2s\"\n[sla.items]\nthroughput = \"> 1/s\"\n",
        server.url("")
    ))
}

#[test]
fn a_gate_that_holds_passes_and_writes_every_report() {
    let server = steady();
    let done = holding(&server).undisturbed(&["run", "gate.toml", "--seed", "7"]);
    done.code(0).reports();
    assert_eq!(done.stdout, "");
    insta::assert_snapshot!("a_gate_that_holds", without_numbers(&done.stderr, &server));
    let verdict = done.verdict();
    assert_eq!((&verdict["verdict"], &verdict["exit_code"]), (&"pass".into(), &0.into()));
    // The two that are asked for, the default error rate, and the trust in the measurement.
    assert_eq!(verdict["findings"].as_array().map(Vec::len), Some(4));
    assert!(server.hits("/ok") >= 95, "{}", server.hits("/ok"));
}

/// The text with `#` for each number and the server's address named: what stays the same from run
/// to run.
fn without_numbers(text: &str, server: &Server) -> String {
    let text = text.replace(&server.url(""), "URL");
    let mut out = String::new();
    for sign in text.chars() {
        if sign.is_ascii_digit() {
            if !out.ends_with('#') {
                out.push('#');
            }
        } else {
            out.push(sign);
        }
    }
    let out = out.replace("#.#", "#").replace("threads", "thread");
    // How the lines break, and whether the service alone was quicker, depends on the numbers.
    let lines = out.lines().filter(|line| !line.contains("from sending"));
    lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_verdict_is_as_its_schema_says() {
    let server = steady();
    let gate = holding(&server);
    let schema = gate.run(&["schema", "verdict"]);
    let schema = serde_json::from_str(&schema.code(0).stdout).expect("the schema is JSON");
    let verdict = gate.run(&["run", "gate.toml"]).verdict();
    let faults: Vec<String> = jsonschema::validator_for(&schema)
        .expect("the schema is one")
        .iter_errors(&verdict)
        .map(|fault| fault.to_string())
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn the_demo_passes_in_under_twenty_seconds() {
    let done = Gate::new("").undisturbed(&["demo"]);
    done.code(0).says("10s of 12s").reports();
    assert!(done.took < Duration::from_secs(20), "took {:?}", done.took);
}

#[test]
fn the_demo_fails_when_its_service_is_broken() {
    let begun = ["latency", "errors", "stall"].map(|how| {
        let gate = Gate::new("");
        let running = gate.start(&["demo", "--break", how]);
        (how, gate, running)
    });
    let ended = begun.map(|(how, gate, running)| (how, running.end(&gate), gate));
    for (how, mut done, gate) in ended {
        if done.fell_behind() {
            done = gate.undisturbed(&["demo", "--break", how]);
        }
        done.code(1).reports();
    }
}

#[test]
fn the_demo_service_serves_alone_until_interrupted() {
    let gate = Gate::new(
        "[target]\nurl = \"${URL}\"\n[load]\nrate = \"20/s\"\nduration = \"1s\"\n\
         [[request]]\npost = \"/echo\"\njson = { a = 1 }\nexpect = { json = { \"$.a\" = 1 } }\n\
         [sla]\np50 = \"< 1s\"\n",
    );
    // A directory that is set for every command is no mistake here.
    let gate = gate.set("LOADGATE_OUT", "reports");
    let mut serving = gate.command(&["demo", "--serve"]).spawn().expect("the binary was built");
    let mut line = String::new();
    let out = serving.stdout.take().expect("it is piped");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).expect("a line");
    let done = gate.set("URL", line.trim()).undisturbed(&["run", "gate.toml"]);
    serving.kill().expect("a child of ours can be killed");
    serving.wait().expect("it was killed");
    done.code(0);
}

#[test]
fn the_demo_service_does_what_a_service_does() {
    let demo = Demo::start(0, None).expect("a port on loopback");
    let requests =
        ["fast", "slow", "tail", "health"].map(|path| format!("[[request]]\nget = \"/{path}\"\n"));
    let gate = Gate::new(&format!(
        "[target]\nurl = \"http://{}\"\n[load]\nrate = \"50/s\"\nduration = \"2s\"\n{}\
         [[request]]\nname = \"head\"\nmethod = \"HEAD\"\npath = \"/fast\"\n\
         [[request]]\nname = \"none\"\nget = \"/none\"\nexpect.status = 404\n\
         [sla]\np50 = \"< 200ms\"\n[sla.\"GET /slow\"]\nmax = \"< 1s\"\n",
        demo.address(),
        requests.concat(),
    ));
    let done = gate.undisturbed(&["run", "gate.toml"]);
    done.code(0);
    let verdict = done.verdict();
    let endpoints = verdict["facts"]["endpoints"].as_array().expect("an array of endpoints");
    let slow = endpoints.iter().find(|facts| facts["name"] == "GET /slow").expect("it is there");
    assert!(slow["latency_ms"]["p50"].as_f64().is_some_and(|ms| ms >= 38.0), "{slow}");
}

#[test]
fn flags_change_the_gate_file_and_may_contradict_it() {
    let server = steady();
    let text = "[target]\nurl = \"http://127.0.0.1:1\"\n\
         [load]\nrate = \"50/s\"\nduration = \"50s\"\n\
         warm_up = \"1s\"\n[[request]]\nget = \"/ok\"\n[sla]\nstatus_2xx = \"< 1%\"\n";
    let gate = Gate::new(text).file("main.toml", "[sla]\np50 = \"< 2s\"\n");
    let url = server.url("");
    let flags =
        ["--target", &url, "--duration", "2s", "--thresholds", "main.toml", "--seed", "4711"];
    let done = gate.undisturbed(&[&["run", "gate.toml"][..], &flags].concat());
    done.code(0).reports();
    assert!(done.file("verdict.json").contains("4711") && done.took < Duration::from_secs(20));
    gate.run(&["run", "gate.toml", "--target", &url, "--duration", "1s"]).code(2).says("warm_up");
    let gate = gate.set("LOADGATE_TARGET", &url).set("LOADGATE_DURATION", "2s");
    gate.undisturbed(&["run", "gate.toml"]).code(1);
}

#[test]
fn a_gate_file_may_stand_behind_two_dashes_and_no_other_word_behind_it() {
    let gate = Gate::new(
        "[target]\nurl = \"http://127.0.0.1:1\"\n[load]\nrate = \"5/s\"\nduration = \"2s\"\n\
         [[request]]\nget = \"/\"\n[sla]\np95 = \"< 1s\"\n",
    );
    gate.run(&["plan", "--", "gate.toml"]).code(0);
    for command in ["plan", "run"] {
        let done = gate.run(&[command, "gate.toml", "stray", "--seed", "1"]);
        done.code(2).says("unexpected argument 'stray'");
    }
    gate.run(&["plan", "gate.toml", "--", "locust", "-f", "a.py"])
        .code(2)
        .says("means nothing to Locust");
}

#[test]
fn a_clear_breach_ends_the_run_early_and_fails_it() {
    let late = [Act::Wait(Duration::from_millis(80)), ok("")];
    let server = Server::start(Script::new().on("/late", late));
    // Users, since arrivals would have to keep to their timetable by 1 ms for a limit of 10 ms.
    let done = Gate::new(&format!(
        "[target]\nurl = \"{}\"\n[load]\nusers = 4\nduration = \"40s\"\n\
         [[request]]\nget = \"/late\"\n\
         [sla]\np50 = {{ fail = \"< 10ms\", abort = \"1s\" }}\n",
        server.url("")
    ))
    .undisturbed(&["run", "gate.toml"]);
    done.code(1).reports();
    assert!(done.took < Duration::from_secs(15), "took {:?}", done.took);
}

#[test]
fn what_came_from_the_environment_is_in_no_output() {
    let server = Server::start(Script::new().on("/ok", [answer(401, "", "bad s3cr3t-t0ken")]));
    let secret = "s3cr3t-t0ken";
    let gate = Gate::new(&format!(
        "[target]\nurl = \"{}\"\nheaders = {{ authorization = \"Bearer ${{API_TOKEN}}\" }}\n\
         [load]\nrate = \"50/s\"\nduration = \"1s\"\n\
         [[request]]\nget = \"/ok?key=${{API_TOKEN}}\"\n\
         expect = {{ body = \"${{API_TOKEN}} x\" }}\n\
         [sla]\np50 = \"< 1s\"\n",
        server.url("")
    ));
    let done = gate.set("API_TOKEN", secret).run(&["run", "gate.toml", "-v"]);
    done.reports();
    assert!(server.heard()[0].contains(secret), "the service must get it");
    let all = REPORTS.map(|name| done.file(name)).concat() + &done.stderr + &done.stdout;
    assert!(!all.contains(secret) && !all.contains("czNjcjN0"), "a secret was shown");
}

#[test]
fn the_load_waits_until_the_service_is_ready() {
    let turns = [vec![status(503)], vec![status(503)], vec![ok("up")]];
    let server = Server::start(Script::new().turns("/health", turns).on("/ok", [ok("")]));
    let gate = Gate::new(&format!(
        "[target]\nurl = \"{}\"\nready = {{ get = \"/health\", within = \"10s\" }}\n\
         [load]\nrate = \"50/s\"\nduration = \"1s\"\n[[request]]\nget = \"/ok\"\n\
         [sla]\np50 = \"< 1s\"\n",
        server.url("")
    ));
    gate.run(&["run", "gate.toml", "-v"]).says("not ready yet: status 503");
    assert_eq!(server.hits("/health"), 3);
    assert!(server.hits("/ok") > 0);
}

#[test]
fn quiet_says_the_verdict_and_nothing_else() {
    let server = steady();
    let loud = |arguments: &[&str]| -> Done { holding(&server).run(arguments) };
    let (quiet, verbose) = (loud(&["run", "gate.toml", "-q"]), loud(&["run", "gate.toml", "-v"]));
    assert!(quiet.stderr.lines().count() < verbose.stderr.lines().count());
    assert!(!quiet.stderr.is_empty());
}

#[test]
fn questions_are_answered_on_stdout() {
    let gate = Gate::new("");
    assert!(gate.run(&["explain", "p99"]).code(0).stdout.contains("percentile"));
    assert!(gate.run(&["explain"]).code(0).stdout.contains("no-samples"));
    gate.run(&["explain", "p99x"]).code(2).says("p99");
    assert!(gate.run(&["schema"]).code(0).stdout.contains("\"$schema\""));
    assert!(gate.run(&["completions", "bash"]).code(0).stdout.contains("loadgate"));
    let help = gate.run(&["--help"]);
    assert!(help.code(0).stdout.contains("143") && help.stderr.is_empty());
    assert!(gate.run(&["--version"]).code(0).stdout.starts_with("loadgate "));
}

#[test]
fn flags_that_are_wrong_are_refused_and_shown_without_their_tricks() {
    let gate = Gate::new("");
    gate.run(&[]).code(2).says("Usage");
    let done = gate.run(&["run", "gate.toml", "--dance", "\u{1b}]0;x\u{7}"]);
    done.code(2).says("--dance");
    let done = gate.run(&["run", "\u{1b}[31m::error::x"]);
    done.code(2);
    assert!(!done.stderr.contains('\u{1b}') && !done.stderr.contains("::error::"));
    gate.run(&["run", "absent.toml"]).code(2).says("absent.toml");
    gate.file("sla.toml", "[sla]\np50 = \"< 1s\"\n")
        .run(&["run", "sla.toml"])
        .code(2)
        .says("[load]");
}

#[test]
fn an_empty_variable_is_no_variable() {
    let server = steady();
    let names = ["TARGET", "THRESHOLDS", "DURATION", "SEED", "OUT", "COLOR", "QUIET"];
    let gate =
        names.iter().fold(holding(&server), |gate, name| gate.set(&format!("LOADGATE_{name}"), ""));
    let plan = gate.run(&["plan", "gate.toml"]);
    assert!(plan.code(0).stdout.contains("100 requests planned"), "{}", plan.stdout);
}

#[test]
fn a_fault_of_a_variable_names_the_variable_and_the_flag() {
    let set = |name: &str, value: &str| Gate::new("").set(name, value);
    let soon = set("LOADGATE_DURATION", "soon");
    let said = "`--duration` was set by the variable LOADGATE_DURATION";
    soon.run(&["plan", "gate.toml"]).code(2).says("'soon' for '--duration <D>'").says(said);
    let serve = set("LOADGATE_DEMO_SERVE", "1");
    let said = "`--serve` was set by the variable LOADGATE_DEMO_SERVE";
    serve.run(&["demo", "--out", "reports"]).code(2).says("cannot be used with").says(said);
    let quiet = set("LOADGATE_QUIET", "1");
    quiet.run(&["plan", "gate.toml", "-v"]).code(2).says("LOADGATE_QUIET");
    let typed = soon.run(&["plan", "gate.toml", "--duration", "later"]);
    assert!(!typed.code(2).says("'later'").stderr.contains("LOADGATE"), "{}", typed.stderr);
}
