//! GitHub as others play it: its own description checks each request, and an emulator remembers.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::desk::{HEAD, job, judge};
use crate::support::gate::Gate;

/// Longer than any of them takes to start on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

const CONTRACT: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/forge/github-rest.min.json");
/// What is read at GitHub beside that, as it describes it.
pub(super) const READING: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/forge/github-reading.min.json");
const SEED: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/forge/github-emulator-seed.yaml");

/// A program from npm that listens on a port of its own; ends when dropped.
pub(super) struct Program {
    child: Child,
    port: u16,
}

impl Program {
    /// Starts it and waits until it listens; `arguments` are made from its port.
    fn start(name: &str, arguments: impl Fn(&str) -> Vec<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
        let port = listener.local_addr().expect("a listener has an address").port();
        drop(listener);
        let tools = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/node/node_modules/.bin");
        let child = Command::new(format!("{tools}/node"))
            .arg(format!("{tools}/{name}"))
            .args(arguments(&port.to_string()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        assert!(child.is_ok(), "{name} must be installed for this test (ci/tools): {child:?}");
        let mut program = Self { child: child.expect("checked just before"), port };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = program.child.try_wait().expect("a child can be waited for");
            assert!(ended.is_none(), "{name} ended: {ended:?}; is it installed (ci/tools)?");
            assert!(begun.elapsed() < PATIENCE, "{name} does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        program
    }

    /// A GitHub that remembers.
    pub(super) fn emulator() -> Self {
        let words = |port: &str| {
            ["start", "--service", "github", "--port", port, "--seed", SEED].map(str::to_owned)
        };
        Self::start("emulate", |port| words(port).into())
    }

    /// GitHub's description, in front of another program or by itself.
    fn contract(before: Option<&Self>) -> Self {
        Self::prism(CONTRACT, before.map(Self::url).as_deref())
    }

    /// A forge's description, in front of what listens at an address or by itself.
    pub(super) fn prism(description: &str, before: Option<&str>) -> Self {
        Self::start("prism", |port| {
            let mut words = vec![if before.is_some() { "proxy" } else { "mock" }.to_owned()];
            words.extend(["--errors", "-p", port, description].map(str::to_owned));
            words.extend(before.map(str::to_owned));
            words
        })
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Asks it something as somebody.
    pub(super) fn ask(&self, method: &str, path: &str, token: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.0\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(head.as_bytes()).expect("it listens");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
        assert!(head.contains(" 200 ") || head.contains(" 201 "), "{method} {path}: {head}");
        serde_json::from_str(body).expect("it answers in JSON")
    }

    fn comment(&self, token: &str, text: &str) {
        let path = "/repos/octocat/shop/issues/7/comments";
        self.ask("POST", path, token, &json!({ "body": text }));
    }

    /// Our comments of a gate, by number and text.
    fn of_gate(&self, key: &str) -> Vec<(u64, String)> {
        let mut all = Vec::new();
        for page in 1..=3 {
            let path = format!("/repos/octocat/shop/issues/7/comments?per_page=100&page={page}");
            let listed = self.ask("GET", &path, "tok_write", &Value::Null);
            all.extend(listed.as_array().expect("a list").clone());
        }
        let marker = format!("<!-- loadgate:v1 key={key} -->");
        let ours = all.iter().filter(|one| one["user"]["login"] == "octocat");
        let ours = ours.filter_map(|one| Some((one["id"].as_u64()?, one["body"].as_str()?)));
        let ours = ours.filter(|(_, body)| body.starts_with(&marker));
        ours.map(|(id, body)| (id, body.to_owned())).collect()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run_of(gate: Gate, number: &str) -> Gate {
    gate.set("GITHUB_TOKEN", "tok_write").set("GITHUB_RUN_ID", number)
}

#[test]
fn one_comment_for_each_gate_however_often_it_runs_and_whoever_else_speaks() {
    let emulator = Program::emulator();
    let contract = Program::contract(Some(&emulator));
    for _ in 0..7 {
        emulator.ask("POST", "/repos/octocat/shop/issues", "tok_write", &json!({ "title": "x" }));
    }
    let forged = "<!-- loadgate:v1 key=api -->\nforged";
    emulator.comment("tok_fork", forged);
    for nth in 0..35 {
        emulator.comment("tok_fork", &format!("comment {nth}"));
    }
    let flags = ["--publish", "require", "--comment-key", "api"];
    // The first run creates, the second updates the same one.
    judge(&run_of(job(false, &contract.url()), "17"), &flags).code(1).says("in a comment");
    let first = emulator.of_gate("api");
    assert!(first.len() == 1 && first[0].1.contains("❌ fail"), "{first:?}");
    for nth in 0..80 {
        emulator.comment("tok_fork", &format!("more {nth}"));
    }
    judge(&run_of(job(true, &contract.url()), "18"), &flags).code(0).says("in a comment");
    let second = emulator.of_gate("api");
    assert!(second.len() == 1 && second[0].0 == first[0].0, "{second:?}");
    assert!(second[0].1.contains("✅ pass"), "{second:?}");
    // An older run that comes late says nothing.
    let late = judge(&run_of(job(false, &contract.url()), "17"), &flags);
    late.code(1).says("a newer run has commented already");
    assert_eq!(emulator.of_gate("api"), second);
    // Another gate has a comment of its own.
    let other = ["--publish", "require", "--comment-key", "shop"];
    judge(&run_of(job(false, &contract.url()), "18"), &other).code(1).says("in a comment");
    assert_eq!((emulator.of_gate("api"), emulator.of_gate("shop").len()), (second, 1));
    // Nobody else's comment was touched.
    let path = "/repos/octocat/shop/issues/7/comments?per_page=100";
    let listed = emulator.ask("GET", path, "tok_write", &Value::Null);
    assert_eq!(listed[0]["body"], forged);
}

#[test]
fn a_check_ends_with_the_verdict_at_a_forge_that_remembers() {
    let emulator = Program::emulator();
    let flags = ["--check", "--comment", "never", "--publish", "require"];
    judge(&run_of(job(false, &emulator.url()), "17"), &flags).code(1);
    let path = "/repos/octocat/shop/check-runs/1";
    let check = emulator.ask("GET", path, "tok_write", &Value::Null);
    assert_eq!((&check["conclusion"], &check["head_sha"]), (&"failure".into(), &HEAD.into()));
    assert_eq!(check["status"], "completed");
}

#[test]
fn every_request_is_as_github_describes_it() {
    let contract = Program::contract(None);
    let token = |gate: Gate| run_of(gate, "17");
    let flags = ["--check", "--publish", "require", "--comment", "never"];
    judge(&token(job(false, &contract.url())), &flags).code(1);
    judge(&token(job(true, &contract.url())), &flags).code(0);
    // A status by itself.
    let gitea = token(job(true, &contract.url())).set("GITEA_ACTIONS", "true");
    judge(&gitea, &flags).code(0);
}
