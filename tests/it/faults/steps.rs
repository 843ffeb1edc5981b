//! Each fault of a step says what is wrong in words that a golden file keeps, and quotes no answer.

use serde_json::Value;

use crate::support::gate::{Done, Gate};
use crate::support::server::{Script, Server, answer, ok};
use crate::support::sockets::Sockets;

const STEPS: &str = include_str!("../../data/steps/steps.toml");
const SOCKETS: &str = include_str!("../../data/steps/sockets.toml");
const JSON: &str =
    r#"{"text":"canary-text","lines":"canary\nb","place":"canary.test","items":[{"id":7}]}"#;

/// The failures of every endpoint that has some, and the words that go with them.
fn told(done: &Done) -> String {
    let run: Value = serde_json::from_str(&done.file("run.json")).expect("run.json is JSON");
    let endpoints = run["endpoints"].as_array().expect("an array of endpoints");
    let mut lines = Vec::new();
    for endpoint in endpoints {
        let name = endpoint["name"].as_str().expect("a name");
        for (class, words) in endpoint["examples"].as_object().into_iter().flatten() {
            let words = words.as_str().unwrap_or_default();
            lines.push(format!("{name}\n  {class}: {words}"));
        }
    }
    lines.join("\n")
}

fn keep(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../data/steps");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn each_fault_of_a_step_has_its_words() {
    let page = |body: &str| answer(200, "content-type: text/plain\r\n", body);
    let script = Script::new().on("/json", [ok(JSON)]).on("/text", [page("canary")]);
    let script = script.on("/half", [ok(&JSON[..20])]).on("/empty", [ok("")]);
    let server = Server::start(script);
    let gate = Gate::new(STEPS).file("rows.csv", "word\nred\n").set("BASE_URL", &server.url(""));
    let done = gate.run(&["run", "gate.toml", "--seed", "5"]);
    done.reports();
    let told = told(&done);
    assert!(!told.contains("canary"), "{told}");
    keep("steps", &told);
}

#[test]
fn each_fault_of_a_web_socket_has_its_words() {
    let server = Sockets::start();
    let url = format!("http://{}", server.address());
    let done = Gate::new(SOCKETS).set("BASE_URL", &url).run(&["run", "gate.toml", "--seed", "5"]);
    done.reports();
    let told = told(&done);
    assert!(!told.contains("secret"), "{told}");
    keep("sockets", &told);
}
