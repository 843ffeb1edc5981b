//! Operations of GraphQL against a small service.

use axum::Json;
use axum::Router;
use axum::http::HeaderMap;
use axum::routing::post;
use serde_json::{Value, json};

use crate::support::gate::{Done, Gate};
use crate::support::serving::Serving;

/// A running service.
fn shop() -> Serving {
    Serving::routes(Router::new().route("/graphql", post(answer)))
}

async fn answer(headers: HeaderMap, Json(asked): Json<Value>) -> Json<Value> {
    let accepted = headers.get("accept").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let id = &asked["variables"]["id"];
    Json(match asked["operationName"].as_str() {
        _ if !accepted.contains("application/graphql-response+json") => json!("not GraphQL"),
        Some("Broken") => json!({
            "errors": [{ "message": "no product for key 9f8e7d6c5b4a39281706f5e4" }, {}],
            "data": null,
        }),
        Some("Empty") => json!({ "data": null }),
        Some("Odd") => json!([1]),
        Some("Neither") => json!({ "message": "hello" }),
        Some(_) | None => json!({ "data": { "product": { "id": id, "query": asked["query"] } } }),
    })
}

fn go(shop: &Serving, load: &str, requests: &str) -> Done {
    let text = format!(
        "[target]\nurl = \"http://{}\"\n[load]\n{load}\nduration = \"1s\"\n{requests}\n\
         [sla]\nerror_rate = \"< 1%\"\n",
        shop.address()
    );
    Gate::new(&text).undisturbed(&["run", "gate.toml"])
}

fn examples(done: &Done) -> Vec<String> {
    let run: Value = serde_json::from_str(&done.file("run.json")).expect("run.json is JSON");
    let endpoints = run["endpoints"].as_array().expect("endpoints");
    endpoints.iter().map(|one| format!("{}: {}", one["name"], one["examples"])).collect()
}

#[test]
fn an_operation_is_answered_with_data() {
    let shop = shop();
    let request = r#"[[request]]
post = "/graphql"
expect = { json = { "$.data.product.id" = "7" } }
[request.graphql]
query = "query Product($id: ID!) { product(id: $id) { id } }"
variables = { id = "7" }
operation = "Product"
"#;
    for load in ["rate = \"50/s\"", "users = 1"] {
        go(&shop, load, request).code(0).says("POST /graphql Product");
    }
}

#[test]
fn values_of_users_go_into_variables_and_come_out_of_answers() {
    let shop = shop();
    let steps = r#"[[scenario]]
name = "reader"
[[scenario.steps]]
post = "/graphql"
graphql = { query = "{ product { id } }", variables = { id = "\"{{ user }}" } }
extract.id = { json = "$.data.product.id" }
[[scenario.steps]]
name = "again"
post = "/graphql"
graphql = { query = "{ product { id } }", variables = { id = "{{ id }}" } }
expect = { json = { "$.data.product.id" = "not-empty" } }
"#;
    for load in ["rate = \"50/s\"", "users = 1"] {
        let done = go(&shop, load, steps);
        let lines = examples(&done);
        assert!(lines.iter().all(|line| line.ends_with(": null")), "{lines:?}");
        done.code(0);
    }
}

#[test]
fn an_error_in_an_answer_with_status_200_fails() {
    let shop = shop();
    let requests = ["Broken", "Empty", "Odd", "Neither"].map(|name| {
        format!(
            "[[request]]\nname = \"{name}\"\npost = \"/graphql\"\n\
             graphql = {{ query = \"query {name} {{ a }}\", operation = \"{name}\" }}\n"
        )
    });
    let done = go(&shop, "rate = \"50/s\"", &requests.concat());
    done.code(1);
    let told = "\
        \"Broken\": {\"expectation\":\"2 GraphQL errors, the first: no product for key …\"}\n\
        \"Empty\": {\"expectation\":\"GraphQL answer without an error whose `data` is null\"}\n\
        \"Odd\": {\"expectation\":\"the body is no GraphQL answer\"}\n\
        \"Neither\": {\"expectation\":\"the body is no GraphQL answer: no `data`, no `errors`\"}";
    assert_eq!(examples(&done).join("\n"), told);
}
