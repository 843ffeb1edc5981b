use loadgate::plan::Http;
use loadgate::plan::scenario::{Step, Task, Wanted, Work};
use loadgate::run::{Model, Run};
use loadgate::sample::Failure;
use loadgate::script::extract::{Extract, Source};
use loadgate::script::json::Query;
use loadgate::script::template::{Place, Template};
use serde_json_path::JsonPath;

use super::{MS, counts, get, go, go_by, login, scenario, step};
use crate::support::server::{Script, Server, ok};
use crate::support::two::{Settings, Two};

fn template(place: Place, text: &str) -> Template {
    Template::parse_for(place, text).expect("a template")
}

fn json(path: &str, text: &str) -> Wanted {
    let query = Query::from(JsonPath::parse(path).expect("a path"));
    let template = Template::parse_json(&text.into()).expect("a template");
    Wanted::Json(query, template)
}

fn example(run: &Run, endpoint: usize) -> Option<&str> {
    run.endpoints[endpoint].examples.get(&Failure::Expectation).map(String::as_str)
}

#[test]
fn live_requests_go_over_http_2_like_over_http_1() {
    let server = Two::start(Settings::default());
    let mut ask = get(0, "/ok", None);
    ask.live = None;
    let mut tell = get(1, "/{{ \"ok\" }}", Some("{{ agent }}"));
    tell.method = "POST".to_owned();
    let live = tell.live.as_mut().expect("a live request");
    live.body = Some(template(Place::Body, "{{ agent }}"));
    let value = template(Place::Header, "{{ agent }}");
    live.expect = vec![Wanted::Header { name: "x-agent".to_owned(), value, whole: true }];
    let from = Source::Header("x-agent".to_owned());
    let extract = vec![Extract { into: "agent".into(), from, default: None }];
    let user = scenario("user", 1, vec![Step { extract, ..step(0) }, step(1)]);
    for (model, level) in [(Model::Open, 50), (Model::Closed, 2)] {
        let before = (server.requests(), server.body());
        let load = (model, level, 200 * MS);
        let requests = vec![ask.clone(), tell.clone()];
        let run = go_by(Http::Two, server.address(), load, requests, vec![user.clone()]);
        let counts = counts(&run);
        assert!(counts[1] >= 2 && run.whole().bad() == 0, "{counts:?} {:?}", example(&run, 1));
        assert_eq!(server.requests() - before.0, counts[0] + counts[1]);
        assert_eq!(server.body() - before.1, 3 * counts[1], "the body is the agent's name");
    }
}

#[test]
fn expectations_are_written_for_each_user() {
    let script = Script::new().on("/login", [ok(r#"{"token":"7"}"#)]);
    let server = Server::start(script.on("/me", [ok(r#"{"id":7,"name":"seven"}"#)]));
    let check = |wanted: Wanted, told: Option<&str>| {
        let mut me = get(1, "/me", None);
        me.live.as_mut().expect("a live request").expect = vec![wanted];
        let requests = vec![get(0, "/login", None), me];
        let user = scenario("user", 1, vec![login(0), step(1)]);
        let run = go(&server, (Model::Open, 20, 100 * MS), requests, vec![user]);
        assert_eq!(counts(&run), [2, 2]);
        assert_eq!(example(&run, 1), told);
        assert_eq!(run.endpoints[1].whole.bad(), if told.is_some() { 2 } else { 0 });
    };
    check(json("$.id", "{{ token }}"), None);
    check(json("$.name", "{{ token }}"), Some("$.name is not \"{{ token }}\""));
    check(json("$.nobody", "{{ token }}"), Some("$.nobody is missing"));
    check(Wanted::Body(template(Place::Body, "\"id\":{{ token }}")), None);
    let other = Wanted::Body(template(Place::Body, "id {{ token }}"));
    check(other, Some("body does not contain \"id {{ token }}\""));
    let value = template(Place::Header, "{{ token }}");
    let header = Wanted::Header { name: "x-none".to_owned(), value, whole: false };
    check(header, Some("no header \"x-none\""));
}

#[test]
fn a_path_that_does_not_begin_with_a_slash_is_not_sent() {
    let server = Server::start(Script::new().on("/login", [ok(r#"{"token":"evil.test"}"#)]));
    let requests = vec![get(0, "/login", None), get(1, "{{ token }}/x", None)];
    let user = scenario("user", 1, vec![login(0), step(1)]);
    let run = go(&server, (Model::Open, 20, 100 * MS), requests, vec![user]);
    let told = "path: `{{ token }}/x` does not begin with `/` once it is filled in";
    assert_eq!(example(&run, 1), Some(told));
    assert_eq!((server.requests(), run.endpoints[1].whole.bad()), (2, 2));
}

/// A task that comes until the token is the wanted one, three times at most.
fn until(condition: &str) -> Work {
    Work::Tasks(vec![Task {
        name: "poll".to_owned(),
        weight: 1,
        tags: Vec::new(),
        repeat: (3, 3),
        until: Some(template(Place::Body, condition)),
        work: Work::Steps(vec![login(0)]),
    }])
}

#[test]
fn a_task_comes_until_its_condition_is_met_and_fails_where_it_never_is() {
    let answers = || [vec![ok(r#"{"token":"wait"}"#)], vec![ok(r#"{"token":"done"}"#)]];
    let check = |condition: &str, count: u64, told: Option<&str>| {
        let server = Server::start(Script::new().turns("/job", answers()));
        let mut user = scenario("user", 1, Vec::new());
        user.work = until(condition);
        let load = (Model::Open, 10, 100 * MS);
        let run = go(&server, load, vec![get(0, "/job", None)], vec![user]);
        assert_eq!((counts(&run), example(&run, 0)), (vec![count], told));
    };
    check("{{ token == 'done' }}", 2, None);
    check("{{ nobody }}", 4, Some("`{{ nobody }}` was not met, 3 times in a row"));
}
