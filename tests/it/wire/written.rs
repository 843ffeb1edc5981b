//! What is written: lines, headers, bodies.

use loadgate::load::wire::{AGENT, HttpWire};
use loadgate::plan::{Body, Drive, Request};

use super::{PATIENCE, drive, drive_at, fire_all, get, hub, run};
use crate::support::server::{Script, Server, ok};

/// What the server reads of one request, as changed by the caller.
fn heard(change: impl FnOnce(&mut Drive)) -> Vec<String> {
    let server = Server::start(Script::new().on("/x", [ok("")]));
    let mut drive = drive_at(server.address(), vec![get("/x")]);
    change(&mut drive);
    run(async { fire_all(&hub(&drive, server.address()), &[0], PATIENCE).await });
    let heard = server.heard();
    assert_eq!(heard.len(), 1);
    heard[0].split("\r\n").map(str::to_owned).collect()
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn a_request_names_its_host_and_us() {
    let lines = heard(|drive| drive.requests[0].path = "/x?q=ä b".to_owned());
    assert_eq!(lines[0], "GET /x?q=%C3%A4%20b HTTP/1.1");
    assert!(lines[1].starts_with("host: 127.0.0.1:"), "{lines:?}");
    assert_eq!(lines[2], format!("user-agent: {AGENT}"));
    assert!(!lines.iter().any(|line| line.starts_with("accept-encoding")), "{lines:?}");
}

#[test]
fn headers_of_a_request_replace_those_of_the_target_in_any_case() {
    let lines = heard(|drive| {
        drive.target.headers =
            vec![pair("X-Env", "all"), pair("X-Twice", "a"), pair("X-Twice", "b")];
        drive.requests[0].headers = vec![pair("x-env", "one"), pair("Host", "shop.example")];
    });
    assert!(
        lines.contains(&"x-env: one".to_owned()) && !lines.iter().any(|line| line.ends_with("all"))
    );
    assert!(lines.contains(&"x-twice: a".to_owned()) && lines.contains(&"x-twice: b".to_owned()));
    assert!(lines.contains(&"host: shop.example".to_owned()), "{lines:?}");
}

#[test]
fn a_user_agent_of_the_gate_file_is_kept_and_signed() {
    let lines = heard(|drive| drive.target.headers = vec![pair("User-Agent", "Mozilla/5.0")]);
    assert!(lines.contains(&format!("user-agent: Mozilla/5.0 {AGENT}")), "{lines:?}");
}

#[test]
fn a_body_goes_with_its_true_length_and_its_content_type() {
    let post = |headers: Vec<(String, String)>| {
        heard(move |drive| {
            let body =
                Body { bytes: b"{\"a\":1}".to_vec(), content_type: Some("application/json") };
            let request: &mut Request = &mut drive.requests[0];
            (request.method, request.body, request.headers) = ("POST".into(), Some(body), headers);
        })
    };
    let lines = post(vec![pair("Content-Length", "99")]);
    assert_eq!(lines.last().map(String::as_str), Some("{\"a\":1}"));
    assert_eq!(lines.iter().filter(|line| line.starts_with("content-length")).count(), 1);
    assert!(lines.contains(&"content-length: 7".to_owned()));
    assert!(lines.contains(&"content-type: application/json".to_owned()));
    let lines = post(vec![pair("Content-Type", "text/x")]);
    assert!(lines.contains(&"content-type: text/x".to_owned()), "{lines:?}");
    let lines = heard(|drive| drive.requests[0].method = "POST".to_owned());
    assert!(lines.contains(&"content-length: 0".to_owned()), "{lines:?}");
}

#[test]
fn a_head_request_waits_for_no_body() {
    let server = Server::start(Script::new().on(
        "/x",
        [super::super::support::server::raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n")],
    ));
    let mut drive = drive_at(server.address(), vec![get("/x")]);
    drive.requests[0].method = "HEAD".to_owned();
    let answers = run(async { fire_all(&hub(&drive, server.address()), &[0, 0], PATIENCE).await });
    assert!(answers.iter().all(|answer| answer.end.is_good()), "{answers:?}");
    assert_eq!(server.connections(), 1);
}

#[test]
fn what_http_cannot_carry_is_told_by_name_and_never_by_value() {
    for (name, value, told) in [
        ("x-token", "s3cret\r\nx-evil: 1", "header `x-token`"),
        ("x y", "s3cret", "`x y` is not a header name"),
        ("x:\n", "s3cret", "`x:\\n` is not a header name"),
        ("Transfer-Encoding", "chunked", "`transfer-encoding` cannot be set"),
    ] {
        let mut drive = drive("127.0.0.1", 1, vec![get("/x")]);
        drive.requests[0].headers = vec![pair(name, value)];
        let unfit = HttpWire::prepare(&drive, &[]).err().expect("it cannot be sent").to_string();
        assert!(unfit.starts_with("GET /x: ") && unfit.contains(told), "{unfit}");
        assert!(!unfit.contains("s3cret"), "{unfit}");
    }
}
