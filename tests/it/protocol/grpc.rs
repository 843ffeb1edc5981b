//! Calls of gRPC against a service made with tonic, and one that misbehaves.

use std::collections::BTreeMap;

use crate::support::certs::{Issuer, Leaf};
use crate::support::gate::{Done, Gate};
use crate::support::grpc::{Reflection, Shop};
use crate::support::proto::{ODD, descriptor};

/// A gate on that service: this load and these requests, and a limit that holds.
fn gate(shop: &Shop, load: &str, requests: &str) -> Gate {
    let text = format!(
        "[target]\nurl = \"http://{}\"\ntimeout = \"1s\"\n[load]\n{load}\nduration = \"1s\"\n\
         {requests}\n[sla]\nerror_rate = \"< 1%\"\n",
        shop.address()
    );
    Gate::new(&text).file("shop.binpb", descriptor())
}

const OPEN: &str = "rate = \"50/s\"";
const ADD: &str = r#"[[request]]
expect.json = { "$.totalItems" = 5, "$.ids[1]" = "y", "$.wrapped" = true, "$.cart" = "a" }
[request.grpc]
method = "shop.v1.Cart/Add"
descriptor = "shop.binpb"
[request.grpc.message]
cart = "a"
gift = true
size = "LARGE"
at = "2024-05-01T12:00:00Z"
notes = { x = 1 }
items = [{ id = "x", quantity = 2 }, { id = "y", quantity = 3 }]
"#;

/// The same without a file: the service is asked.
fn reflected() -> String {
    ADD.replace("descriptor = \"shop.binpb\"\n", "")
}

/// The failures of each endpoint, as the run has them.
fn failures(done: &Done) -> BTreeMap<String, String> {
    let run: serde_json::Value =
        serde_json::from_str(&done.file("run.json")).expect("run.json is JSON");
    let endpoints = run["endpoints"].as_array().expect("endpoints");
    let told = |one: &serde_json::Value| {
        let name = one["name"].as_str().expect("a name").to_owned();
        (name, one["examples"].to_string())
    };
    endpoints.iter().map(told).collect()
}

#[test]
fn a_call_described_by_a_file_is_answered_over_http_2() {
    let shop = Shop::start(Reflection::None, None);
    let done = gate(&shop, OPEN, ADD).undisturbed(&["run", "gate.toml"]);
    done.code(0).says("shop.v1.Cart/Add").says("HTTP/2");
    assert!(shop.calls() >= 45, "{}", shop.calls());
}

#[test]
fn a_service_describes_itself_in_both_versions_of_reflection() {
    for reflection in [Reflection::V1, Reflection::Alpha] {
        let shop = Shop::start(reflection, None);
        let done = gate(&shop, "users = 2", &reflected()).undisturbed(&["run", "gate.toml"]);
        done.code(0);
        assert!(shop.calls() > 0);
    }
}

#[test]
fn a_service_that_answers_nobody_without_proof_is_asked_about_itself_with_it() {
    for reflection in [Reflection::V1, Reflection::Alpha] {
        let shop = Shop::guarded(reflection, "Basic Y2k6cDp3");
        let told = |password: &str| {
            let auth =
                format!("auth = {{ basic = {{ user = \"ci\", password = \"{password}\" }} }}");
            let text = format!(
                "[target]\nurl = \"http://{}\"\n{auth}\n[load]\nusers = 2\nduration = \"1s\"\n{}\n\
                 [sla]\nerror_rate = \"< 1%\"\n",
                shop.address(),
                reflected()
            );
            Gate::new(&text).undisturbed(&["run", "gate.toml"])
        };
        told("wrong").code(3).says("gRPC reflection failed").says("who asks?");
        assert_eq!(shop.calls(), 0);
        let done = told("p:w");
        assert!(failures(&done).values().all(|told| told == "null"), "{:?}", failures(&done));
        done.code(0);
        assert!(shop.calls() > 0);
    }
}

#[test]
fn a_call_goes_over_tls_too() {
    let issuer = Issuer::new();
    let tls = issuer.server(&Leaf::loopback(), &[b"h2"]);
    let shop = Shop::start(Reflection::V1, Some(tls));
    let text = format!(
        "[target]\nurl = \"https://{}\"\ntls = {{ ca = \"ca.pem\" }}\n[load]\nusers = 1\n\
         duration = \"1s\"\n{}\n[sla]\nerror_rate = \"< 1%\"\n",
        shop.address(),
        reflected()
    );
    let done = Gate::new(&text).file("ca.pem", issuer.pem()).undisturbed(&["run", "gate.toml"]);
    done.code(0).says("over HTTP/2");
}

#[test]
fn a_status_that_is_not_ok_fails_with_its_name_and_what_may_be_shown_of_its_words() {
    let shop = Shop::start(Reflection::None, None);
    let call = |name: &str, cart: &str, more: &str| {
        format!(
            "[[request]]\nname = \"{name}\"\ngrpc = {{ method = \"shop.v1.Cart/Add\", \
             descriptor = \"shop.binpb\", message = {{ cart = \"{cart}\" }}{more} }}\n"
        )
    };
    let requests = call("missing", "missing", "")
        + &call("awaited", "missing", "")
        + "expect.grpc = [\"NOT_FOUND\", \"OK\"]\n"
        + &call("private", "private", "")
        + &call("known", "private", ", metadata = { x-tenant = \"blue\" }");
    let done = gate(&shop, OPEN, &requests).undisturbed(&["run", "gate.toml"]);
    done.code(1);
    let told = failures(&done);
    let missing = "{\"status\":\"gRPC status 5 NOT_FOUND: no cart of … number … in §\"}";
    assert_eq!(told["missing"], missing);
    assert_eq!(told["private"], "{\"status\":\"gRPC status 16 UNAUTHENTICATED: who is there?\"}");
    done.says("(grpc NOT_FOUND: ").says("(grpc UNAUTHENTICATED: ");
    let verdict = done.verdict();
    let of = |name: &str| {
        let all = verdict["facts"]["endpoints"].as_array().expect("endpoints");
        let one = all.iter().find(|one| one["name"] == name).expect("the endpoint is told");
        (one["statuses"].clone(), one["count"].clone())
    };
    let (statuses, count) = of("missing");
    assert_eq!(statuses, serde_json::json!({ "grpc NOT_FOUND": count }));
    let (statuses, count) = of("known");
    assert_eq!(statuses, serde_json::json!({ "200": count }));
    assert_eq!((told["awaited"].as_str(), told["known"].as_str()), ("null", "null"));
}

#[test]
fn every_odd_answer_has_its_words() {
    let shop = Shop::start(Reflection::None, None);
    let calls = ODD.map(|name| {
        format!(
            "[[request]]\nname = \"{name}\"\n\
             grpc = {{ method = \"shop.v1.Odd/{name}\", descriptor = \"shop.binpb\" }}\n{}",
            if name == "Garbage" { "expect.json = { \"$.cart\" = \"a\" }\n" } else { "" }
        )
    });
    let done = gate(&shop, "rate = \"100/s\"", &calls.concat()).go();
    done.code(1);
    let told = failures(&done);
    for (name, words) in ODD_WORDS {
        let expected = words.map(|(why, what)| serde_json::json!({ why: what }).to_string());
        assert_eq!(told[name], expected.unwrap_or("null".to_owned()), "{name}");
    }
    assert_eq!(ODD_WORDS.map(|(name, _)| name), ODD);
}

/// What is said of each odd answer: class and words.
type Words = Option<(&'static str, &'static str)>;
const ODD_WORDS: [(&str, Words); 14] = [
    ("Fine", None),
    ("WrongType", Some(("malformed", "the content type is not `application/grpc`"))),
    ("Status503", Some(("status", "status 503 instead of a gRPC answer"))),
    ("Compressed", Some(("malformed", "the message is compressed, which nobody asked for"))),
    ("Cut", Some(("malformed", "the message is cut short"))),
    ("Two", Some(("malformed", "more than one message came"))),
    ("Nothing", Some(("malformed", "no message came"))),
    ("Huge", Some(("too-large", "the message is larger than 64 MiB"))),
    ("Garbage", Some(("malformed", "the message is not of its shape"))),
    ("NoStatus", Some(("malformed", "no `grpc-status` came"))),
    ("BadStatus", Some(("malformed", "a `grpc-status` that is no number"))),
    ("TrailersOnly", Some(("status", "gRPC status 8 RESOURCE_EXHAUSTED: at most two%zz"))),
    ("Slow", Some(("timeout", "the answer was not whole at the deadline"))),
    ("Closed", Some(("reset", "the target reset the stream (INTERNAL_ERROR)"))),
];

#[test]
fn a_user_walks_from_call_to_call() {
    let shop = Shop::start(Reflection::V1, None);
    let steps = r#"[[scenario]]
name = "shopper"
[[scenario.steps]]
name = "first"
expect.json = { "$.wrapped" = true }
extract = { cart = { json = "$.cart" }, total = { json = "$.totalItems" } }
[scenario.steps.grpc]
method = "shop.v1.Cart/Add"
[scenario.steps.grpc.message]
cart = "c{{ user }}"
gift = "{{ true }}"
items = [{ id = "x", quantity = "{{ int(2, 2) }}" }]
[[scenario.steps]]
name = "second"
expect.json = { "$.totalItems" = 2 }
[scenario.steps.grpc]
method = "shop.v1.Cart/Add"
message = { cart = "{{ cart }}", items = [{ id = "y", quantity = "{{ total }}" }] }
metadata = { x-cart = "{{ cart }}" }
[[scenario.steps]]
name = "third"
expect.json = { "$.cart" = "same" }
[scenario.steps.grpc]
method = "shop.v1.Cart/Add"
message = { cart = "same" }
metadata = { x-cart = "{{ cart }}" }
"#;
    for load in [OPEN, "users = 2"] {
        let done = gate(&shop, load, steps).undisturbed(&["run", "gate.toml"]);
        assert!(failures(&done).values().all(|told| told == "null"), "{:?}", failures(&done));
        done.code(0);
    }
}

#[test]
fn a_rendered_message_that_does_not_fit_fails_its_step() {
    let shop = Shop::start(Reflection::None, None);
    let steps = r#"[[scenario]]
name = "shopper"
[[scenario.steps]]
name = "add"
[scenario.steps.grpc]
method = "shop.v1.Cart/Add"
descriptor = "shop.binpb"
message = { items = [{ quantity = "{{ uuid() }}" }] }
"#;
    let done = gate(&shop, OPEN, steps).go();
    let told = "{\"expectation\":\"message: `items.0.quantity` is a string; it should be of type \
                int32\"}";
    assert_eq!(failures(&done)["add"], told);
    assert_eq!(shop.calls(), 0);
}

/// What is said where reflection does not lead to messages; nothing is judged then.
fn unbegun(shop: &Shop, requests: &str, says: &str) {
    let done = gate(shop, OPEN, requests).go();
    done.code(3).says(says);
    assert_eq!(shop.calls(), 0);
}

#[test]
fn what_a_service_does_not_describe_is_told_before_the_load() {
    let shop = Shop::start(Reflection::V1, None);
    let ask = |from: &str, to: &str| reflected().replace(from, to);
    unbegun(&shop, &ask("Cart/Add", "Cart/Adds"), "did you mean `shop.v1.Cart/Add`?");
    unbegun(&shop, &ask("Cart/Add", "Cart/Watch"), "is a stream");
    unbegun(&shop, &ask("v1.Cart/Add", "v2.Cart/Add"), "`shop.v2.Cart`");
    unbegun(&shop, &ask("gift = true", "gif = true"), "did you mean `gift`?");
    let silent = Shop::start(Reflection::None, None);
    unbegun(&silent, &reflected(), "reflection");
}
