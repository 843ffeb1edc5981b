use std::time::Duration;

use serde_json::Value;

use super::support::gate::{Done, Gate};
use super::support::server::{Act, Script, Server, answer, ok};

fn gate(server: &Server, load: &str, rest: &str) -> Gate {
    let top =
        format!("[target]\nurl = \"{}\"\n[load]\n{load}\nduration = \"1s\"\n", server.url(""));
    Gate::new(&format!("{top}{rest}\n"))
}

fn endpoint(done: &Done, name: &str) -> Value {
    let verdict = done.verdict();
    let all = verdict["facts"]["endpoints"].as_array().expect("endpoints");
    all.iter().find(|one| one["name"] == name).cloned().expect(name)
}

#[test]
fn misses_are_counted_by_what_was_asked_and_show_no_more_than_the_value() {
    let slow = vec![Act::Wait(Duration::from_millis(60)), ok("{}")];
    let json = r#"{"items":[],"secret":"hunter22","token":"abc"}"#;
    let items = answer(200, "content-type: application/json\r\n", json);
    let script = Script::new().on("/items", [items]).on("/slow", slow);
    let server = Server::start(script);
    let requests = "[[request]]\nget = \"/items\"\n[request.expect.json]\n\
                    \"$.token\" = { type = \"string\" }\n\"$.items\" = \"not-empty\"\n\
                    [[request]]\nget = \"/slow\"\nexpect = { max_time = \"50ms\" }\n\
                    [[request]]\nname = \"shape\"\nget = \"/items\"\n\
                    expect = { schema = \"s.json\", size = \"< 1kB\" }\n\
                    [sla]\nerror_rate = \"< 1%\"";
    let schema = r#"{"properties":{"secret":{"type":"number"}}}"#;
    let done = gate(&server, "rate = \"30/s\"", requests)
        .file("s.json", schema)
        .undisturbed(&["run", "gate.toml"]);
    done.code(1).reports();
    let missed = |name: &str| endpoint(&done, name)["missed"][0].clone();
    let items = missed("GET /items");
    assert_eq!(items["asked"], "json $.items not-empty");
    assert_eq!(items["got"], "an array with no items");
    assert_eq!(items["count"], endpoint(&done, "GET /items")["count"]);
    assert_eq!(missed("GET /slow")["asked"], "max_time 50ms");
    assert_eq!(missed("shape")["asked"], "schema s.json");
    let said = done.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("expectation: json $.items not-empty, got an array"), "{said}");
    for file in ["run.json", "summary.md", "report.html"] {
        assert!(done.file(file).contains("not-empty"), "{file}");
    }
    assert!(!done.file("run.json").contains("abc"));
}

#[test]
fn a_group_is_judged_by_the_sum_of_its_steps_without_rests() {
    for load in ["rate = \"40/s\"", "users = 12"] {
        let page = vec![Act::Wait(Duration::from_millis(20)), ok("{}")];
        let script = Script::new().on("/a", page.clone()).on("/b", page.clone()).on("/c", page);
        let server = Server::start(script);
        let steps = "[[scenario]]\nname = \"buyer\"\nsteps = [\n\
                     { get = \"/a\", group = \"checkout\", wait = \"150ms\" },\n\
                     { get = \"/b\", group = \"checkout / pay\" },\n{ get = \"/c\" }]\n\
                     [sla]\nerror_rate = \"< 20%\"\n[sla.\"group:checkout\"]\np50 = \"< 2s\"\n\
                     [sla.\"*\"]\nmax = \"< 9s\"";
        let done = gate(&server, load, steps).undisturbed(&["run", "gate.toml"]);
        done.code(0).reports();
        let (whole, inner) =
            (endpoint(&done, "group:checkout"), endpoint(&done, "group:checkout / pay"));
        let p50 = |of: &Value| of["latency_ms"]["p50"].as_f64().expect("a time");
        assert!((40.0..150.0).contains(&p50(&whole)), "{whole}");
        assert!((20.0..p50(&whole)).contains(&p50(&inner)), "{inner}");
        let sum: u64 = ["GET /a", "GET /b", "GET /c"]
            .map(|name| endpoint(&done, name)["count"].as_u64().expect("a count"))
            .iter()
            .sum();
        assert_eq!(done.verdict()["facts"]["whole"]["count"], sum, "groups are in no sum");
        let findings = done.verdict()["findings"].as_array().expect("findings").clone();
        let of = |scope: &str| findings.iter().filter(|one| one["scope"] == scope).count();
        assert_eq!((of("group:checkout"), of("GET /a"), of("group:checkout / pay")), (1, 1, 0));
    }
}

#[test]
fn a_group_fails_with_a_step_and_is_planned_by_its_passes() {
    let server = Server::start(Script::new().on("/a", [ok("a")]).on("/b", [answer(500, "", "")]));
    let steps = "[[scenario]]\nname = \"buyer\"\nsteps = [\n{ get = \"/a\", group = \"pay\" },\n\
                 { get = \"/b\", group = \"pay\" }]\n\
                 [sla]\n[sla.\"group:pay\"]\nerror_rate = \"< 1%\"";
    let done = gate(&server, "rate = \"20/s\"", steps).undisturbed(&["run", "gate.toml"]);
    done.code(1);
    let pay = endpoint(&done, "group:pay");
    assert_eq!(
        (&pay["planned"], &pay["count"], &pay["errors"]),
        (&20.into(), &20.into(), &20.into())
    );
    assert_eq!(pay["failures"]["status"], 20);
}

#[test]
fn a_walk_through_the_scenarios_knows_what_is_too_late() {
    let slow = vec![Act::Wait(Duration::from_millis(60)), ok("{}")];
    let server = Server::start(Script::new().on("/slow", slow));
    let step = "get = \"/slow\"\nexpect = { max_time = \"50ms\" }";
    for asked in [
        format!("[[request]]\n{step}"),
        format!("[[scenario]]\nname = \"a\"\n[[scenario.steps]]\n{step}"),
    ] {
        let rest = format!("{asked}\n[sla]\nerror_rate = \"< 1%\"");
        let done = gate(&server, "users = 1", &rest).run(&["run", "gate.toml", "--once"]);
        done.code(3);
        assert!(done.stdout.contains("failed: later than 50ms"), "{}", done.stdout);
        let lenient = rest.replace("50ms", "9s");
        gate(&server, "users = 1", &lenient).run(&["run", "gate.toml", "--once"]).code(0);
    }
}
