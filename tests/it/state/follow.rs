use axum::Router;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::{any, get};
use serde_json::{Value, json};

use super::{MODELS, examples, gate, holds};
use crate::support::gate::Gate;
use crate::support::serving::Serving;

/// Answers with a status, leads to `to` and sets a cookie.
async fn lead(Path(status): Path<u16>, Query(to): Query<Vec<(String, String)>>) -> Response {
    let to = to.into_iter().next().map(|(_, to)| to).unwrap_or_default();
    let status = StatusCode::from_u16(status).unwrap_or_default();
    let headers = AppendHeaders([("location", to), ("set-cookie", "hop=1; Path=/".to_owned())]);
    (status, headers, "led").into_response()
}

/// Leads on so many times.
async fn count(Path(left): Path<u8>) -> Response {
    if left == 0 {
        return "there".into_response();
    }
    (StatusCode::FOUND, AppendHeaders([("location", (left - 1).to_string())])).into_response()
}

/// Repeats what came.
async fn echo(method: Method, headers: HeaderMap, body: String) -> String {
    let shown = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("-");
    let [own, proof, kind, cookie] =
        ["x-own", "authorization", "content-type", "cookie"].map(shown);
    format!("[{method} {own} {proof} {kind} {cookie} {body}]")
}

fn service() -> Serving {
    let router = Router::new()
        .route("/lead/{status}", any(lead))
        .route("/count/{left}", get(count))
        .route("/loop", get(async || (StatusCode::FOUND, AppendHeaders([("location", "/loop")]))))
        .route(
            "/lost",
            get(async || (StatusCode::FOUND, AppendHeaders([("location", "mailto:a@b")]))),
        )
        .route("/nowhere", get(async || StatusCode::FOUND))
        .route("/echo", any(echo));
    Serving::routes(router)
}

/// A step that is led to `to` and sees this there.
fn step(method: &str, status: u16, to: &str, shown: &str) -> String {
    let json = if method == "get" || method == "head" { "" } else { ", body = \"b\"" };
    format!(
        "{{ name = \"{method} {status}\", {method} = \"/lead/{status}?to={to}\"{json},\n\
         headers.x-own = \"o\", auth.bearer = \"t\", expect.body = \"[{shown}]\" }},\n"
    )
}

fn scenario(steps: &str) -> String {
    format!("[[scenario]]\nname = \"a\"\nsteps = [\n{steps}]\n")
}

#[test]
fn each_status_leads_on_as_in_browsers() {
    let (got, text) = ("GET o Bearer t - hop=1 ", "text/plain; charset=utf-8");
    let kept = |method: &str| format!("{method} o Bearer t {text} hop=1 b");
    let rows = [
        step("get", 301, "/echo", got),
        step("get", 302, "../echo", got),
        step("get", 303, "/echo", got),
        step("get", 307, "/echo", got),
        step("get", 308, "/echo", got),
        step("post", 301, "/echo", got),
        step("post", 302, "/echo", got),
        step("post", 303, "/echo", got),
        step("post", 307, "/echo", &kept("POST")),
        step("post", 308, "/echo", &kept("POST")),
        step("put", 301, "/echo", &kept("PUT")),
        step("put", 303, "/echo", got),
        step("put", 307, "/echo", &kept("PUT")),
        step("get", 300, "/echo", "").replace("expect.body = \"[]\"", "expect.status = 300"),
        step("get", 302, "/echo", "").replace("expect.body = \"[]\"", "expect.status = 302"),
        "{ get = \"/count/5\", expect.body = \"there\" },\n".to_owned(),
        "{ get = \"/nowhere\", expect.status = 302 },\n".to_owned(),
    ];
    holds(&service(), "follow = 5", &scenario(&rows.concat()));
}

#[test]
fn what_was_written_for_one_host_is_not_shown_to_another() {
    let (own, other) = (service(), service());
    let to = format!("http://{}/echo", other.address());
    let rows = [
        step("post", 303, &to, "GET - - - hop=1 "),
        step("post", 307, &to, "POST - - text/plain; charset=utf-8 hop=1 b"),
    ];
    let also = format!("follow = 1\nalso = \"http://{}\"", other.address());
    holds(&own, &also, &scenario(&rows.concat()));
}

#[test]
fn redirects_that_are_not_followed_fail_in_words_of_their_own() {
    let (own, other) = (service(), service());
    let done = format!(
        "[[request]]\nget = \"/count/6\"\n[[request]]\nget = \"/loop\"\n\
         [[request]]\nget = \"/lost\"\n\
         [[request]]\nname = \"abroad\"\nget = \"/lead/302?to=http://{}/echo\"\n\
         [[request]]\nname = \"metadata\"\nget = \"/lead/302?to=http://0xa9fea9fe/\"\n\
         [[request]]\nname = \"off\"\nget = \"/lead/302?to=/echo\"\nfollow = 0\n\
         expect.status = 200\n",
        other.address()
    );
    let many = json!({ "status": "more than 5 redirects, one after the other" });
    let elsewhere = |origin: String| {
        let what = format!("redirect to {origin}: neither `target.url` nor one of `target.also`");
        json!({ "status": what })
    };
    for model in MODELS {
        let text = gate(&own, "follow = 5", model, &done);
        let ended = Gate::new(&text).undisturbed(&["run", "gate.toml"]);
        let told = examples(&ended);
        ended.code(1);
        let check = |name: &str, what: &Value| assert_eq!(told.get(name), Some(what), "{model:?}");
        check("GET /count/6", &many);
        check("GET /loop", &many);
        check("GET /lost", &json!({ "malformed": "a redirect to what is no address of HTTP" }));
        check("abroad", &elsewhere(format!("http://{}", other.address())));
        check("metadata", &elsewhere("http://169.254.169.254".to_owned()));
        check("off", &json!({ "status": "status 302" }));
    }
}

#[test]
fn the_time_of_each_hop_is_part_of_the_whole() {
    let slow = async || {
        tokio::time::sleep(std::time::Duration::from_millis(60)).await;
        (StatusCode::FOUND, AppendHeaders([("location", "/end")]))
    };
    let end = async || tokio::time::sleep(std::time::Duration::from_millis(60)).await;
    let service = Serving::routes(Router::new().route("/a", get(slow)).route("/end", get(end)));
    let done = "[[request]]\nget = \"/a\"\nfollow = 1\n[sla.\"GET /a\"]\nmean = \"< 110ms\"\n";
    let text = gate(&service, "", MODELS[1], done);
    let ended = Gate::new(&text).undisturbed(&["run", "gate.toml"]);
    assert_eq!(examples(&ended).len(), 0);
    let run: Value = serde_json::from_str(&ended.file("run.json")).expect("run.json is JSON");
    assert!(run["endpoints"].to_string().contains("GET /a"));
    ended.code(1);
}
