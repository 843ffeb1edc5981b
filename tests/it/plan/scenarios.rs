//! Scenarios, their steps and templates.

use std::time::Duration;

use loadgate::plan::Drive;
use loadgate::plan::scenario::{Live, Pace, Share, Think, Wanted, Work};
use loadgate::script::Value;
use loadgate::script::state::State;
use loadgate::script::template::Template;

use super::{drive, gate, good, told};

const MAX: &str = "max = \"< 1s\"";

fn closed(text: &str) -> String {
    gate(text, MAX).replace("rate = \"10/s\"", "users = 10")
}

fn steps(more: &str) -> String {
    gate(&format!("[[scenario]]\nname = \"s\"\nsteps = [{more}]"), MAX)
}

/// What a template gives to a user who knows these names.
fn written(template: &Template, known: &[(&str, &str)]) -> String {
    let mut state = State::new(0, 3);
    for (name, value) in known {
        state.keep(&(*name).into(), Value::from(*value));
    }
    let mut out = Vec::new();
    template.render(&state, &mut out).expect("a text for this user");
    String::from_utf8(out).expect("text")
}

fn live(drive: &Drive, index: usize) -> &Live {
    drive.requests[index].live.as_ref().expect("a request that changes")
}

#[test]
fn requests_that_never_change_are_no_scenarios() {
    let plan = good(&gate("[[request]]\nget = \"/\"\n[[request]]\nget = \"/b\"", MAX));
    let drive = drive(&plan);
    assert!(drive.scenarios.is_empty());
    assert!(drive.requests.iter().all(|request| request.live.is_none()));
    let places: Vec<usize> = drive.requests.iter().map(|request| request.endpoint).collect();
    assert_eq!((places, drive.endpoints.len()), (vec![0, 1], 2));
}

#[test]
fn a_request_with_a_template_is_a_scenario_of_one_step() {
    let plan = good(&gate(
        "[[request]]\nget = \"/u/{{ user }}?q=1\"\nweight = 3\n\
         [[request]]\nname = \"h\"\nget = \"/h\"",
        MAX,
    ));
    let drive = drive(&plan);
    let names: Vec<_> = drive.scenarios.iter().map(|one| (one.name.as_str(), one.share)).collect();
    assert_eq!(names, [("GET /u/{{ user }}", Share::Weight(3)), ("h", Share::Weight(1))]);
    assert_eq!(drive.endpoints, ["GET /u/{{ user }}", "h"]);
    assert_eq!(written(&live(drive, 0).path, &[]), "/u/3?q=1");
    assert!(drive.requests[1].live.is_none());
}

#[test]
fn a_scenario_is_what_it_says() {
    let plan = good(&closed(
        r#"
[[scenario]]
name = "shopper"
weight = 3
wait = "1s..3s"
tags = ["a", "b"]
start = [{ post = "/login", extract.token = { json = "$.t" } }]
steps = [
  { name = "same", get = "/a/{{ token }}", wait = "500ms" },
  { name = "same", get = "/b" },
]
[[scenario]]
name = "clerk"
fixed = 2
paced = "5s"
[[scenario.task]]
name = "one"
repeat = "1..3"
steps = [{ get = "/c" }]
[[scenario.task]]
name = "two"
weight = 4
tasks = [{ name = "inner", repeat = 2, steps = [{ name = "same", get = "/d" }] }]
"#,
    ));
    let drive = drive(&plan);
    assert_eq!(drive.endpoints, ["POST /login", "same", "GET /c"]);
    let places: Vec<usize> = drive.requests.iter().map(|request| request.endpoint).collect();
    assert_eq!(places, [0, 1, 1, 2, 1]);
    let [shopper, clerk] = &drive.scenarios[..] else { unreachable!("two scenarios") };
    let second = Duration::from_secs(1);
    assert_eq!(shopper.pace, Pace::Wait(Think::Between(second, 3 * second)));
    assert_eq!((shopper.share, shopper.tags.len()), (Share::Weight(3), 2));
    let Work::Steps(steps) = &shopper.work else { unreachable!("steps") };
    assert_eq!(steps[0].wait, Some(Think::Constant(Duration::from_millis(500))));
    assert_eq!((clerk.share, clerk.pace), (Share::Fixed(2), Pace::Paced(5 * second)));
    let Work::Tasks(tasks) = &clerk.work else { unreachable!("tasks") };
    assert_eq!((tasks[0].repeat, tasks[1].repeat, tasks[1].weight), ((1, 3), (1, 1), 4));
}

#[test]
fn templates_are_written_for_their_place() {
    let plan = good(&steps(
        r#"
  { get = "/x", extract.v = { json = "$.v" } },
  { post = "/p/{{ v }}", headers = { A = "<{{ v }}>" }, json = { "k{" = "\"{{ v }}" } },
  { post = "/f", form = { a = "1 {{ v }}&", b = 2 } },
  { post = "/t", body = "t {{ v | upper }}" },
"#,
    ));
    let drive = drive(&plan);
    let known = [("v", "a \"b\"&c=d")];
    let body = |index: usize| written(live(drive, index).body.as_ref().expect("a body"), &known);
    assert_eq!(written(&live(drive, 1).path, &known), "/p/a%20%22b%22&c=d");
    let (name, header) = &live(drive, 1).headers[0];
    assert_eq!((name.as_str(), written(header, &known)), ("a", "<a \"b\"&c=d>".to_owned()));
    assert_eq!(body(1), r#"{"k{":"\"a \"b\"&c=d"}"#.replace("a \"b\"", r#"a \"b\""#));
    assert_eq!(body(2), "a=1%20a%20%22b%22%26c%3Dd%26&b=2");
    assert_eq!(body(3), "t A \"B\"&C=D");
    assert!(drive.requests[0].live.is_none());
}

#[test]
fn what_comes_from_the_environment_never_becomes_a_template() {
    let env = |name: &str| (name == "EVIL").then(|| "{{ user }}{% if".to_owned());
    let headers = r#"headers = { a = "${EVIL}", b = "{${EVIL}" }"#;
    let json = r#"json = { a = "${EVIL}", b = "{{ user }}" }"#;
    let text = steps(&format!("{{ post = \"/{{{{ iteration }}}}\", {headers}, {json} }}"));
    let source =
        loadgate::plan::Source { env: &env, ..super::source("gate.toml", text.as_bytes()) };
    let plan = loadgate::plan::Plan::read(&source).map_err(|faults| faults.to_string());
    let plan = plan.expect("a good gate file");
    let live = live(drive(&plan), 0);
    assert_eq!(written(&live.headers[0].1, &[]), "{{ user }}{% if");
    assert_eq!(written(&live.headers[1].1, &[]), "{{{ user }}{% if");
    let body = live.body.as_ref().expect("a body");
    assert_eq!(written(body, &[]), r#"{"a":"{{ user }}{% if","b":"3"}"#);
    let static_text = steps(r#"{ post = "/", body = "${EVIL}" }"#);
    let source = loadgate::plan::Source { bytes: static_text.as_bytes(), ..source };
    let plan = loadgate::plan::Plan::read(&source).map_err(|faults| faults.to_string());
    let plan = plan.expect("a good gate file");
    assert!(drive(&plan).requests[0].live.is_none());
}

#[test]
fn a_name_is_known_from_where_it_is_taken() {
    let take = "{ get = \"/\", extract.id = { json = \"$.id\" } }";
    let unused: [&str; 0] = [];
    assert_eq!(told(&steps(&format!("{take}, {{ get = \"/{{{{ id }}}}\" }}"))), unused);
    let early = good(&steps(&format!("{{ get = \"/{{{{ id }}}}\" }}, {take}")));
    assert_eq!(early.warnings[0].message, "`id` may be missing: no earlier step takes it");
    assert_eq!(
        told(&steps(&format!("{take}, {{ get = \"/{{{{ ids }}}}\" }}"))),
        ["unknown name `ids`, did you mean `id`?"]
    );
}

#[test]
fn names_of_scenarios_and_lone_requests_are_told_apart() {
    let scenario = "[[scenario]]\nname = \"health\"\nsteps = [{ get = \"/\" }]";
    let request = "[[request]]\nname = \"health\"\nget = \"/health\"";
    let told = told(&gate(&format!("{scenario}\n{request}"), MAX));
    assert_eq!(told, ["two scenarios are named `health`"]);
}

#[test]
fn expectations_with_templates_are_each_users_own() {
    let plan = good(&steps(
        r#"
  { get = "/x", extract.v = { json = "$.v" } },
  { get = "/y", expect = { status = 200, body = ["a", "<{{ v }}>"],
      header = { A = { contains = "{{ v }}" }, b = "b" },
      json = { "$.v" = "{{ v }}", "$.w" = 1, "$.x" = { equals = ["{{ v }}"] } } } },
"#,
    ));
    let request = &drive(&plan).requests[1];
    let fixed =
        (request.expect.body.len(), request.expect.headers.len(), request.expect.json.len());
    assert_eq!(fixed, (1, 1, 1));
    let wanted = &live(drive(&plan), 1).expect;
    let known = [("v", "\"7")];
    let [Wanted::Body(body), Wanted::Header { name, value, whole }, rest @ ..] = &wanted[..] else {
        unreachable!("{wanted:?}")
    };
    assert_eq!((written(body, &known), name.as_str(), *whole), ("<\"7>".to_owned(), "a", false));
    assert_eq!(written(value, &known), "\"7");
    let json = |at: usize| match &rest[at] {
        Wanted::Json(path, template) => format!("{path} {}", written(template, &known)),
        other @ (Wanted::Body(_) | Wanted::Lacks(_) | Wanted::Header { .. }) => {
            format!("{other:?}")
        }
    };
    assert_eq!((json(0), json(1)), (r#"$.v "\"7""#.to_owned(), r#"$.x ["\"7"]"#.to_owned()));
    assert_eq!(
        told(&steps(r#"{ get = "/", expect.json = { "$.a" = "{{ nobody }}" } }"#)),
        ["unknown name `nobody`"]
    );
}

#[test]
fn a_path_begins_with_a_slash_or_with_a_value() {
    let take = "{ get = \"/\", extract.next = { json = \"$.next\" } }";
    let path = |path: &str| told(&steps(&format!("{take}, {{ get = \"{path}\" }}")));
    assert_eq!(path("{{ next }}?page=2"), [""; 0]);
    assert_eq!(path("x{{ next }}"), ["the path does not start with `/`"]);
    assert_eq!(path("{{ next }} x"), ["the path holds a character that a path cannot have"]);
}

#[test]
fn a_conditiat_ends_a_task() {
    let scenario = |task: &str| {
        let step = "steps = [{ get = \"/job\", extract.state = { json = \"$.state\" } }]";
        gate(
            &format!("[[scenario]]\nname = \"s\"\n[[scenario.task]]\nname = \"t\"\n{step}\n{task}"),
            MAX,
        )
    };
    let plan = good(&scenario("until = \"{{ state == 'done' }}\""));
    let Work::Tasks(tasks) = &drive(&plan).scenarios[0].work else { unreachable!("tasks") };
    assert_eq!((tasks[0].repeat, tasks[0].until.is_some()), ((100, 100), true));
    let plan = good(&scenario("until = \"{{ state == 'done' }}\"\nrepeat = 20"));
    let Work::Tasks(tasks) = &drive(&plan).scenarios[0].work else { unreachable!("tasks") };
    assert_eq!(tasks[0].repeat, (20, 20));
    assert_eq!(told(&scenario("until = \"done\"")), ["`until` is the same for ever"]);
    assert_eq!(
        told(&scenario("until = \"{{ stat }}\"")),
        ["unknown name `stat`, did you mean `state`?"]
    );
}
