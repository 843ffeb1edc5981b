use super::support::gate::Gate;
use super::support::server::{Script, Server, answer, ok};

fn shop() -> Server {
    let token = answer(200, "content-type: application/json\r\n", r#"{"token":"s3cret"}"#);
    let script = Script::new().on("/login", [token]).on("/me/s3cret", [ok("me")]);
    Server::start(script.on("/list", [ok(r#"{"items":[{"id":1},{"id":2}]}"#)]))
}

fn gate(server: &Server, load: &str) -> Gate {
    Gate::new(&format!(
        r#"
[target]
url = "{}"
[load]
{load}
duration = "1s"
[[scenario]]
name = "shopper"
start = [{{ name = "login", post = "/login", json = {{ user = "u{{{{ user }}}}" }},
  extract.token = {{ json = "$.token" }} }}]
[[scenario.task]]
name = "browse"
tags = "read"
steps = [{{ name = "list", get = "/list?word={{{{ int(1, 9) }}}}" }}]
[[scenario.task]]
name = "account"
weight = 3
steps = [{{ name = "me", get = "/me/{{{{ token }}}}" }}]
[sla]
p50 = "< 2s"
"#,
        server.url("")
    ))
}

#[test]
fn arrivals_and_requests_are_both_told() {
    let server = shop();
    let gate = gate(&server, "rate = \"60/s\"");
    let done = gate.undisturbed(&["run", "gate.toml", "--seed", "3"]);
    done.code(0);
    // How the lines break depends on the numbers.
    let said = done.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("60 users of 60 planned, 120 requests sent"), "{said}");
    let verdict = done.verdict();
    let facts = &verdict["facts"];
    let counts = ["planned", "released", "sent"].map(|key| facts[key].as_u64());
    assert_eq!(counts, [Some(60), Some(60), Some(120)]);
    let run: serde_json::Value = serde_json::from_str(&done.file("run.json")).expect("JSON");
    assert_eq!(run["load"]["released"], "60");
    assert!(done.file("summary.md").contains("120 by 60 users of 60 planned"));
    assert!(done.file("report.html").contains("users that arrived"));
}

#[test]
fn once_walks_each_task_and_shows_no_value() {
    let server = shop();
    let done = gate(&server, "users = 2").run(&["run", "gate.toml", "--once"]);
    done.code(0).no_reports();
    let lines: Vec<&str> = done.stdout.lines().map(str::trim).collect();
    let starts = |at: usize, text: &str| assert!(lines[at].starts_with(text), "{}", done.stdout);
    starts(0, "shopper: login");
    starts(1, "> POST /login, 13 bytes");
    starts(2, "< 200 in ");
    assert!(lines[2].ends_with("application/json, 18 bytes: {token: text}"), "{}", lines[2]);
    starts(3, "took `token`");
    starts(4, "shopper / browse: list");
    starts(5, "> GET /list?word=…");
    assert!(lines[6].ends_with("bytes: {items: [2 × {id: number}]}"), "{}", lines[6]);
    starts(7, "shopper / account: me");
    assert_eq!(server.requests(), 3);
}

#[test]
fn a_fixed_body_goes_with_a_path_or_a_header_that_changes() {
    let server = Server::start(Script::new().on("/a", [ok("a")]).on("/b", [ok("b")]));
    let bodies = [
        ("json = { a = 1 }", r#"{"a":1}"#),
        ("form = { a = 1, b = \"c d\" }", "a=1&b=c+d"),
        ("body = \"as it is\"", "as it is"),
        ("file = \"body.txt\"", "out of a file"),
    ];
    let changing =
        ["post = \"/a?u={{ user }}\"", "post = \"/b\"\nheaders = { x-user = \"{{ user }}\" }"];
    let all = bodies.iter().flat_map(|body| changing.map(|change| (change, *body)));
    let requests = all.enumerate().map(|(at, (change, (body, _)))| {
        format!("[[request]]\nname = \"{at}\"\n{change}\n{body}\n")
    });
    let text = format!(
        "[target]\nurl = \"{}\"\n[load]\nrate = \"80/s\"\nduration = \"1s\"\n{}\
         [sla]\nmax = \"< 9s\"\n",
        server.url(""),
        requests.collect::<String>()
    );
    let gate = Gate::new(&text).file("body.txt", "out of a file");
    gate.undisturbed(&["run", "gate.toml"]).code(0);
    let heard = server.heard();
    for (_, body) in bodies {
        let length = format!("content-length: {}\r\n", body.len());
        for start in ["POST /a?u=", "POST /b "] {
            let whole = |text: &&String| {
                let lower = text.to_ascii_lowercase();
                text.starts_with(start)
                    && lower.contains(&length)
                    && text.ends_with(&format!("\r\n\r\n{body}"))
            };
            assert!(heard.iter().filter(whole).count() >= 8, "{start} {body}: {heard:#?}");
        }
    }
    let bare = |text: &&String| text.ends_with("\r\n\r\n");
    assert_eq!(heard.iter().filter(bare).count(), 0, "{heard:#?}");
}

#[test]
fn once_says_what_went_wrong() {
    let server = Server::start(Script::new().on("/login", [ok("{}")]));
    let done = gate(&server, "users = 2").run(&["run", "gate.toml", "--once"]);
    done.code(3);
    assert!(done.stdout.contains("failed: extract.token: $.token matched nothing"));
    assert!(done.stdout.contains("failed: path: `token` has no value"), "{}", done.stdout);
}

#[test]
fn tags_come_from_flags_and_the_environment() {
    let server = shop();
    let gate = gate(&server, "users = 2");
    let done = gate.run(&["plan", "gate.toml", "--tags", "read"]);
    done.code(0);
    assert!(done.stdout.contains("browse") && !done.stdout.contains("account"));
    let done = gate.set("LOADGATE_EXCLUDE_TAGS", "read").run(&["plan", "gate.toml"]);
    assert!(!done.stdout.contains("browse") && done.stdout.contains("account"));
}

#[test]
fn every_report_says_which_checks_the_tags_left_out() {
    let server = shop();
    let text = std::fs::read_to_string(gate(&server, "users = 2").path("gate.toml"));
    let text = text.expect("it was written") + "[sla.me]\np50 = \"< 1s\"\n";
    let done = Gate::new(&text).run(&["run", "gate.toml", "--tags", "read"]);
    let said = done.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    let note = "left out by its tags, not judged: me p50";
    assert!(said.contains(note), "{said}");
    for report in ["summary.md", "report.html", "junit.xml", "verdict.json"] {
        assert!(done.file(report).contains(note), "{report}: {}", done.file(report));
    }
    let verdict = done.verdict();
    assert_eq!(verdict["facts"]["left_out"], serde_json::json!(["me p50 < 1s"]));
    let findings = verdict["findings"].as_array().expect("findings");
    assert!(findings.iter().all(|finding| finding["scope"] != "me"));
}
