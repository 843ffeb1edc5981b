//! What is asked beside a load: a played service, a real Prometheus, commands; and everything that
//! can be no answer.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use loadgate::judge::finding::{Asked, Finding, Outcome, Scope, Verdict};
use loadgate::judge::judge;
use loadgate::metric::Value as Measured;
use loadgate::plan::Plan;
use loadgate::plan::probe::{Gauge, ProbeLimit};
use loadgate::plan::threshold::{Level, Limit, Relation};
use loadgate::run::{Run, Series};
use loadgate::{archive, policy};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::exports::free_port;
use crate::exports::prometheus::Prometheus;
use crate::support::gate::{Done, Gate};
use crate::support::judged::{minute, usual};
use crate::support::made::asked;
use crate::support::server::{Act, Script, Server, ok, status};
use crate::support::serving::Serving;

/// A gate that asks little of the service, and whatever beside it.
fn gate(service: &Server, more: &str) -> Gate {
    Gate::new(&format!(
        "[target]\nurl = \"{}\"\n[load]\nrate = \"50/s\"\nduration = \"3s\"\nwarm_up = \"1s\"\n\
         [[request]]\nget = \"/ok\"\n[sla]\nmax = \"< 5s\"\n{more}",
        service.url("")
    ))
}

fn service() -> Server {
    Server::start(Script::new().on("/ok", [ok("hello")]))
}

/// What the verdict has of a probe's limit.
fn finding(done: &Done, probe: &str) -> Value {
    let verdict = done.verdict();
    let all = verdict["findings"].as_array().cloned().unwrap_or_default();
    let scope = format!("probe.{probe}");
    let found = all.into_iter().find(|one| one["scope"] == scope.as_str());
    found.expect("each limit has a finding")
}

/// Answers as Prometheus' API does, and as a service with numbers of its own.
fn stats() -> Serving {
    let api = || async {
        let result = json!([{ "metric": {}, "value": [1.0, "55.5"] }]);
        let data = json!({ "resultType": "vector", "result": result });
        json!({ "status": "success", "data": data }).to_string()
    };
    let own = || async { json!({ "queue": { "length": "7" }, "a/b": 3 }).to_string() };
    Serving::routes(Router::new().route("/api/v1/query", get(api)).route("/stats", get(own)))
}

#[test]
fn queries_documents_and_commands_are_asked_judged_shown_and_kept() {
    let (service, stats) = (service(), stats());
    let more = format!(
        "probe.cpu = {{ max = \"< 80%\", p50 = \"> 50%\" }}\n\
         probe.queue.mean = {{ fail = \"< 10\", warn = \"< 5\" }}\n\
         probe.disk.last = \"<= 12.5GB\"\n\
         [probe.cpu]\nprometheus = \"http://{0}\"\nquery = \"cpu{{host='a'}}\"\nunit = \"%\"\n\
         every = \"100ms\"\n\
         [probe.queue]\nget = \"http://{0}/stats\"\njson = \"/queue/length\"\nevery = \"200ms\"\n\
         [probe.disk]\ncommand = \"printf 12.5; sleep 0.01\"\nunit = \"GB\"\nevery = \"200ms\"\n",
        stats.address()
    );
    let gate = gate(&service, &more);
    let done = gate.undisturbed(&["run", "gate.toml"]);
    done.code(0).says("probe.cpu").says("probe.queue mean 7");
    let cpu = finding(&done, "cpu");
    assert_eq!((&cpu["outcome"], &cpu["got"]["unit"]), (&"held".into(), &"%".into()), "{cpu}");
    assert_eq!((&cpu["metric"], &cpu["got"]["value"]), (&"max".into(), &55.5.into()));
    let probes = &done.verdict()["facts"]["probes"];
    let count = |what: &str| probes[0][what].as_u64().expect("a count");
    let (asked, answered) = (count("asked"), count("answered"));
    // Two seconds are judged; on a busy machine some answers come late.
    assert!((19..=22).contains(&asked), "{probes}");
    assert!(answered * 2 > asked, "{probes}");
    assert_eq!((&probes[1]["name"], &probes[1]["max"]), (&"queue".into(), &7.0.into()));
    let page = done.file("report.html");
    for text in ["Probe cpu, in %", "Probe queue", "max &lt; 80 %", "[sla.probe.cpu]"] {
        assert!(page.contains(text), "{text} is not on the page");
    }
    // Judged again from the file: the same, and tighter.
    let again = gate.run(&["check", "gate.toml", "loadgate-out/run.json"]);
    again.code(0);
    assert_eq!(finding(&again, "cpu"), cpu);
    let text = std::fs::read_to_string(gate.path("gate.toml")).expect("the gate file");
    let gate = gate.file("tight.toml", text.replace("< 80%", "< 55%"));
    gate.run(&["check", "tight.toml", "loadgate-out/run.json"]).code(1).says("probe.cpu");
    let plan = gate.run(&["plan", "gate.toml"]).code(0).stdout.clone();
    assert!(plan.contains("probe.cpu") && plan.contains("a command: printf 12.5"), "{plan}");
}

#[test]
fn a_real_prometheus_is_queried() {
    let (service, prometheus) = (service(), Prometheus::start(free_port()));
    let more = format!(
        "probe.up.max = \"<= 42\"\nprobe.many.max = {{ warn = \"< 1\" }}\n\
         [probe.up]\nprometheus = \"{0}\"\nquery = \"vector(40) + 2\"\nevery = \"100ms\"\n\
         [probe.many]\nprometheus = \"{0}/\"\nevery = \"100ms\"\n\
         query = 'label_replace(vector(1), \"a\", \"b\", \"\", \"\") or vector(2)'\n",
        prometheus.url()
    );
    let done = gate(&service, &more).undisturbed(&["run", "gate.toml"]);
    done.code(0).says("warning: probe many: the query finds 2 series, and not one");
    assert_eq!(finding(&done, "up")["got"]["value"], 42.0);
    assert_eq!(finding(&done, "many")["doubt"], "no-readings");
}

#[test]
fn one_reading_beyond_the_limit_breaches_and_warm_up_is_not_judged() {
    let service = service();
    // High in its first second, which is warm-up; too high once, later on.
    let later =
        "n=$(cat n 2>/dev/null || echo 0); echo $((n+1)) > n; [ $n -eq 9 ] && echo 95 || echo 5";
    let early = "[ -e early ] && echo 5 || { touch early; echo 95; }";
    let more = format!(
        "probe.later.max = \"< 80%\"\nprobe.early.max = \"< 80%\"\n\
         [probe.later]\ncommand = '{later}'\nunit = \"%\"\nevery = \"200ms\"\n\
         [probe.early]\ncommand = '{early}'\nunit = \"%\"\nevery = \"500ms\"\n"
    );
    let done = gate(&service, &more).undisturbed(&["run", "gate.toml"]);
    done.code(1).says("probe.later max 95 %, limit < 80 %");
    assert_eq!(finding(&done, "early")["outcome"], "held");
}

#[test]
fn one_answer_out_of_many_questions_passes_nothing() {
    let service = service();
    // Answers until half a second of the judged time is over, and then no more.
    let once = "n=$(cat n 2>/dev/null || echo 0); echo $((n+1)) > n; \
                [ $n -ge 4 ] && sleep 43212; echo 5";
    let more = format!(
        "probe.once.max = \"< 80%\"\n[probe.once]\ncommand = '{once}'\nunit = \"%\"\n\
         every = \"500ms\"\ntimeout = \"1m\"\n"
    );
    let done = gate(&service, &more).undisturbed(&["run", "gate.toml"]);
    done.code(3).says("questions were answered: answers came after the next was due");
    let found = finding(&done, "once");
    assert_eq!((&found["doubt"], &found["got"]["value"]), (&"no-readings".into(), &5.0.into()));
}

#[test]
fn whatever_is_no_answer_is_unjudged_with_its_reason() {
    let service = service();
    let long = format!("{{\"a\": \"{}\"}}", "x".repeat(100_000));
    let script = Script::new()
        .on("/never", [Act::Stall])
        .on("/broken", [status(500)])
        .on("/text", [ok("hello <script>")])
        .on("/nothing", [ok("{\"b\": 1}")])
        .on("/word", [ok("{\"a\": \"fast\"}")])
        .on("/inf", [ok("{\"a\": \"inf\"}")])
        .on("/long", [ok(&long)])
        .on("/reset", [Act::Reset]);
    let bad = Server::start(script);
    let cases = [
        ("never", "no answer came within 200ms"),
        ("broken", "status 500"),
        ("text", "the answer is no JSON"),
        ("nothing", "there is nothing at"),
        ("word", "is no number"),
        ("inf", "the answer is not a number"),
        ("long", ""),
        ("reset", ""),
    ];
    let mut more: Vec<String> =
        cases.iter().map(|(name, _)| format!("probe.{name}.max = \"< 80\"\n")).collect();
    let commands = [
        ("fails", "exit 3", "it failed (exit status: 3)"),
        ("hangs", "sleep 43210", "no answer came within 200ms"),
        ("silent", "true", "it printed no number first"),
        ("spawns", "sleep 43211 & exit 1", "it failed (exit status: 1)"),
    ];
    for (name, _, _) in commands {
        more.push(format!("probe.{name}.mean = \"< 80\"\n"));
    }
    more.push("probe.tolerated.mean = { fail = \"< 80\", required = false }\n".to_owned());
    let paced = "every = \"500ms\"\ntimeout = \"200ms\"\n";
    for (name, _) in cases {
        let url = bad.url(&format!("/{name}"));
        more.push(format!("[probe.{name}]\nget = \"{url}\"\njson = \"/a\"\n{paced}"));
    }
    for (name, command, _) in commands {
        more.push(format!("[probe.{name}]\ncommand = \"{command}\"\n{paced}"));
    }
    more.push(format!("[probe.tolerated]\ncommand = \"${{SECRET}}\"\n{paced}"));
    let gate = gate(&service, &more.concat()).set("SECRET", "exit 1 # tulips-and-daffodils");
    let done = gate.undisturbed(&["run", "gate.toml"]);
    done.code(3);
    let commands = commands.map(|(name, _, why)| (name, why));
    for (name, why) in cases.into_iter().chain(commands) {
        let finding = finding(&done, name);
        assert_eq!(finding["doubt"], "no-readings", "{finding}");
        let told = finding["why"].as_str().unwrap_or_default();
        assert!(told.contains("questions was answered") && told.contains(why), "{name}: {told}");
    }
    assert_eq!(finding(&done, "tolerated")["level"], "warn");
    done.says("warning: probe never: no answer came within 200ms");
    assert!(!done.stderr.contains("tulips") && !done.file("report.html").contains("tulips"));
    let left = std::process::Command::new("pgrep").args(["-f", "^sleep 4321[012]$"]).output();
    let left = left.expect("Debian's procps is installed; `bash ci/tools` does it").stdout;
    assert!(left.is_empty(), "still there: {}", String::from_utf8_lossy(&left));
}

#[test]
fn results_of_others_and_runs_without_the_probe_are_unjudged() {
    let gate = Gate::new("[sla]\nmax = \"< 5s\"\nprobe.cpu.max = \"< 80%\"\n");
    let lines = "{\"time\": 1, \"latency\": 0.01, \"name\": \"a\"}\n";
    let gate = gate.file("results.ndjson", lines.repeat(50));
    let arguments = ["check", "gate.toml", "results.ndjson", "--format", "ndjson", "--unit", "s"];
    let done = gate.run(&arguments);
    assert_ne!(done.status.code(), Some(0), "{}", done.stderr);
    let service = service();
    let gate = self::gate(&service, "").file("cpu.toml", "[sla]\nprobe.cpu.max = \"< 80%\"\n");
    gate.undisturbed(&["run", "gate.toml"]).code(0);
    let done = gate.run(&["check", "cpu.toml", "loadgate-out/run.json"]);
    done.code(3).says("the probe did not answer: nobody");
}

/// A limit on a probe named `cpu`.
fn limit(gauge: Gauge, relation: Relation, bound: f64) -> ProbeLimit {
    let bound = Measured::Number(bound, "%");
    let limit = Limit { relation, bound };
    ProbeLimit {
        probe: "cpu".to_owned(),
        gauge,
        limit,
        level: Level::Fail,
        required: true,
        line: 9,
    }
}

/// A run with those answers, one in each second.
fn answered(answers: &[Option<f64>]) -> (Plan, Run) {
    let (plan, mut run) = minute(vec![asked("max", "< 10s")], usual());
    let readings = answers.iter().zip(0..).map(|(answer, at)| (Duration::from_secs(at), *answer));
    let (name, unit, said) = ("cpu".to_owned(), "%".to_owned(), "status 500".to_owned());
    run.probes = vec![Series { name, unit, readings: readings.collect(), said }];
    (plan, run)
}

fn found(plan: &Plan, run: &Run) -> Finding {
    let scope = Scope::Probe("probe.cpu".to_owned());
    let all = judge(plan, run).findings;
    all.into_iter().find(|finding| finding.scope == scope).expect("each limit has a finding")
}

fn gauges() -> impl Strategy<Value = Gauge> {
    let names = ["max", "min", "mean", "last", "p50"];
    prop::sample::select(names.map(|name| Gauge::parse(name).expect("a gauge")).to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_tighter_limit_never_helps_and_silence_never_passes(
        answers in prop::collection::vec(prop::option::of(0.0..100.0_f64), 0..60),
        gauge in gauges(),
        upper: bool,
        bounds in (0.0..100.0_f64, 0.0..100.0_f64),
    ) {
        let (plan, run) = answered(&answers);
        let relation = if upper { Relation::Below } else { Relation::AtLeast };
        let judged = |bound: f64| {
            let limits = vec![limit(gauge, relation, bound)];
            found(&Plan { probe_limits: limits, ..plan.clone() }, &run)
        };
        let (low, high) = (bounds.0.min(bounds.1), bounds.0.max(bounds.1));
        let (tight, loose) = if upper { (low, high) } else { (high, low) };
        let (tight, loose) = (judged(tight), judged(loose));
        prop_assert!(tight.outcome.verdict() >= loose.outcome.verdict());
        let said = answers.iter().flatten().count();
        prop_assert_eq!(loose.samples <= said as u64, true);
        if said * 2 < answers.len() || said == 0 {
            prop_assert_ne!(&loose.outcome, &Outcome::Held);
        }
        if said == 0 {
            prop_assert_eq!(loose.outcome.verdict(), Verdict::Inconclusive);
        }
    }

    #[test]
    fn answers_written_and_read_are_themselves(
        answers in prop::collection::vec(prop::option::of(-1e12..1e12_f64), 0..20),
    ) {
        let (_, run) = answered(&answers);
        let read = archive::read(&archive::write(&run)).map_err(|why| why.to_string());
        prop_assert_eq!(read.map(|read| read.probes), Ok(run.probes));
    }
}

#[test]
fn values_are_those_of_the_readings() {
    let (plan, run) = answered(&[Some(10.0), None, Some(40.0), Some(30.0), Some(20.0)]);
    let check = |name: &str, expected: f64| {
        let gauge = Gauge::parse(name).expect("a gauge");
        let limits = vec![limit(gauge, Relation::AtMost, expected)];
        let finding = found(&Plan { probe_limits: limits, ..plan.clone() }, &run);
        assert_eq!(finding.got, Some(Measured::Number(expected, "%")), "{name}");
        assert!(matches!(finding.asked, Asked::Gauge { .. }) && finding.samples == 4);
    };
    check("max", 40.0);
    check("min", 10.0);
    check("mean", 25.0);
    check("last", 20.0);
    check("p50", 20.0);
}

#[test]
fn a_change_cannot_drop_a_limit_on_a_probe_or_ask_something_else() {
    let written = |sla: &str, probe: &str| {
        let text = format!(
            "[target]\nurl = \"http://h\"\n[load]\nrate = \"9/s\"\nduration = \"9s\"\n\
             [[request]]\nget = \"/\"\n[sla]\nmax = \"< 1s\"\n{sla}\n{probe}"
        );
        let plan = crate::plan::good(&text);
        policy::Copy { plan, bytes: text.into_bytes(), files: BTreeMap::default() }
    };
    let probe = "[probe.cpu]\ncommand = \"echo 1\"";
    let base = written("probe.cpu.max = \"< 80\"", probe);
    let check = |sla: &str, probe: &str, loosened: &str| {
        let all = policy::compare(&base, &written(sla, probe));
        let told: Vec<String> = all
            .iter()
            .filter(|one| one.loosens())
            .map(|one| format!("{} {one}", one.way.name()))
            .collect();
        assert_eq!(told.join("; "), loosened, "{sla} {probe}");
    };
    check("probe.cpu.max = \"< 80\"", probe, "");
    check("probe.cpu.max = \"< 70\"", probe, "");
    check("probe.cpu.max = \"< 90\"", probe, "loosened probe.cpu max: < 80 → < 90");
    check("probe.cpu.max = { warn = \"< 80\" }", probe, "removed probe.cpu max: < 80");
    check("", probe, "removed probe.cpu max: < 80");
    let other = "[probe.cpu]\ncommand = \"echo 0\"";
    let told = "loosened probe cpu: what it asked → asks something else";
    check("probe.cpu.max = \"< 80\"", other, told);
    let paced = |every: &str| format!("{probe}\nevery = \"{every}\"");
    let told = "loosened probe cpu: every 1s → every 5s";
    check("probe.cpu.max = \"< 80\"", &paced("5s"), told);
    check("probe.cpu.max = \"< 80\"", &paced("500ms"), "");
}
