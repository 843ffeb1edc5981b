use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::json;

use super::{MODELS, examples, fails, gate, holds};
use crate::support::gate::Gate;
use crate::support::serving::Serving;

/// An authorization server, and what it guards.
struct Guard {
    begun: Instant,
    tokens: AtomicU64,
    /// How long its tokens last.
    lasts: u64,
    /// It takes the client's secret in the body alone.
    in_body: bool,
}

impl Guard {
    fn start(lasts: u64, in_body: bool) -> (Serving, Arc<Self>) {
        let (begun, tokens) = (Instant::now(), AtomicU64::new(0));
        let guard = Arc::new(Self { begun, tokens, lasts, in_body });
        let router = Router::new()
            .route("/token", post(token))
            .route("/guarded", get(guarded))
            .route("/told", get(told))
            .route("/closed", get(closed))
            .route("/starting", get(starting))
            .route("/echo", get(echo))
            .with_state(Arc::clone(&guard));
        (Serving::routes(router), guard)
    }
}

/// Who asks, from the header or from the body.
fn client(headers: &HeaderMap, body: &str) -> Option<&'static str> {
    // "ci%3Aid:s3cret%2Fs3cret", as RFC 6749 has a name and a secret in a header.
    let basic = "Basic Y2klM0FpZDpzM2NyZXQlMkZzM2NyZXQ=";
    if headers.get("authorization").is_some_and(|value| value == basic) {
        return Some("header");
    }
    let both = ["client_id=ci%3Aid", "client_secret=s3cret%2Fs3cret"];
    both.iter().all(|part| body.contains(part)).then_some("body")
}

async fn token(State(guard): State<Arc<Guard>>, headers: HeaderMap, body: String) -> Response {
    let known = client(&headers, &body);
    let fit = body.contains("grant_type=client_credentials") && body.contains("scope=read+write");
    if known.is_none() || !fit || (guard.in_body && known != Some("body")) {
        let refusal = axum::Json(json!({ "error": "invalid_client" }));
        return (StatusCode::UNAUTHORIZED, refusal).into_response();
    }
    guard.tokens.fetch_add(1, Ordering::Relaxed);
    let ends = guard.begun.elapsed() + Duration::from_secs(guard.lasts);
    let token = format!("token-until-{}", ends.as_millis());
    let answer = json!({
        "access_token": token, "token_type": "Bearer", "expires_in": guard.lasts,
    });
    axum::Json(answer).into_response()
}

/// Answers well to a token that has not ended.
async fn guarded(State(guard): State<Arc<Guard>>, headers: HeaderMap) -> StatusCode {
    let shown = headers.get("authorization").and_then(|value| value.to_str().ok());
    let ends = shown.and_then(|shown| shown.strip_prefix("Bearer token-until-"));
    let ends = ends.and_then(|ends| ends.parse().ok()).map(Duration::from_millis);
    if ends.is_some_and(|ends| ends > guard.begun.elapsed()) {
        StatusCode::OK
    } else {
        StatusCode::UNAUTHORIZED
    }
}

/// The same once it has started, which takes longer than a token of a second lasts.
async fn starting(State(guard): State<Arc<Guard>>, headers: HeaderMap) -> StatusCode {
    if guard.begun.elapsed() < Duration::from_millis(2_500) {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    guarded(State(guard), headers).await
}

/// Answers well to those who know the password.
async fn closed(headers: HeaderMap) -> StatusCode {
    let shown = headers.get("authorization").is_some_and(|value| value == "Basic Y2k6cDp3");
    if shown { StatusCode::OK } else { StatusCode::UNAUTHORIZED }
}

/// Tells tokens, but not the first one.
async fn echo(State(guard): State<Arc<Guard>>, headers: HeaderMap) -> Response {
    let late = guard.tokens.load(Ordering::Relaxed) > 1;
    let told = told(headers).await;
    let token = told.trim_start_matches("[Bearer ").trim_end_matches(']');
    let shown = if late { token } else { "early" };
    axum::Json(json!({ "shown": shown })).into_response()
}

/// Repeats what it was shown.
async fn told(headers: HeaderMap) -> String {
    let shown = headers.get_all("authorization").iter();
    let shown = shown.map(|value| value.to_str().unwrap_or_default());
    format!("[{}]", shown.collect::<Vec<_>>().join("|"))
}

fn oauth2(service: &Serving) -> String {
    format!(
        "auth.oauth2 = {{ token_url = \"http://{}/token\", client_id = \"ci:id\", \
         client_secret = \"${{CLIENT_SECRET}}\", scope = \"read write\" }}",
        service.address()
    )
}

const GUARDED: &str = "[[request]]\nget = \"/guarded\"";

fn run(text: &str) -> crate::support::gate::Done {
    Gate::new(text).set("CLIENT_SECRET", "s3cret/s3cret").undisturbed(&["run", "gate.toml"])
}

#[test]
fn a_token_is_renewed_before_it_ends_and_no_request_fails_for_it() {
    for (model, in_body) in MODELS.into_iter().zip([false, true]) {
        let (service, guard) = Guard::start(1, in_body);
        let text = gate(&service, &oauth2(&service), model, GUARDED).replace("600ms", "3s");
        let done = run(&text);
        assert_eq!(examples(&done).len(), 0, "{:?}", examples(&done));
        let tokens = guard.tokens.load(Ordering::Relaxed);
        // Eight in three seconds, and eight runs where the machine was busy with something else.
        assert!((4..=64).contains(&tokens), "{tokens} tokens in three seconds");
        for report in crate::support::gate::REPORTS {
            let text = done.file(report);
            assert!(!text.contains("s3cret") && !text.contains("token-until"), "{report}");
        }
        assert!(!done.stderr.contains("s3cret") && !done.stderr.contains("token-until"));
        done.code(0);
    }
}

#[test]
fn a_server_that_gives_no_token_ends_the_run_before_the_load() {
    let (service, _) = Guard::start(60, false);
    let slow = async || std::future::pending::<()>().await;
    let odd = async || "no JSON";
    let none = async || axum::Json(json!({ "token_type": "bearer" }));
    let mac = async || axum::Json(json!({ "access_token": "t", "token_type": "mac" }));
    let router = Router::new().route("/slow", post(slow)).route("/odd", post(odd));
    let wrong = Serving::routes(router.route("/none", post(none)).route("/mac", post(mac)));
    let gone = Serving::routes(Router::new());
    let gone_at = gone.address();
    drop(gone);
    let told = |url: String, secret: &str| {
        let auth = oauth2(&service).replace(&format!("http://{}/token", service.address()), &url);
        let target = format!("timeout = \"400ms\"\n{auth}");
        let text = gate(&service, &target, MODELS[0], GUARDED);
        let done = Gate::new(&text).set("CLIENT_SECRET", secret).go();
        let run: serde_json::Value =
            serde_json::from_str(&done.file("run.json")).expect("run.json is JSON");
        done.code(3);
        run["stop"].to_string().replace(&url, "URL")
    };
    let right = "s3cret/s3cret";
    let refused = told(format!("http://{}/token", service.address()), "another");
    assert!(refused.contains("no token from URL: status 401, invalid_client\""), "{refused}");
    for (path, what) in [
        ("slow", "no answer came before the deadline"),
        ("odd", "the answer is no JSON"),
        ("none", "the answer holds no `access_token`"),
        ("mac", "the token is of another kind than `Bearer`"),
        ("nowhere", "status 404"),
    ] {
        let heard = told(format!("http://{}/{path}", wrong.address()), right);
        assert!(heard.contains(&format!("no token from URL: {what}\"")), "{heard}");
    }
    let heard = told(format!("http://{gone_at}/token"), right);
    assert!(heard.contains("no token from URL: connection refused\""), "{heard}");
}

#[test]
fn what_proves_a_sender_is_the_steps_the_scenarios_or_the_targets() {
    let (service, _) = Guard::start(60, false);
    let target = "auth = { basic = { user = \"ci\", password = \"p:w\" } }";
    let step = |name: &str, more: &str, shown: &str| {
        format!("{{ name = \"{name}\", get = \"/told\"{more}, expect.body = \"[{shown}]\" }},\n")
    };
    let taken = ", extract.t = { body = true }";
    let own = ", auth.bearer = \"{{ user }}x\"";
    let pair = ", auth.basic = { user = \"u{{ iteration * 0 }}\", password = \"p\" }";
    let header = ", headers.authorization = \"mine\"";
    let steps = [
        step("target", taken, "Basic Y2k6cDp3"),
        step("pair", pair, "Basic dTA6cA=="),
        step("none", ", auth = false", ""),
        step("header", header, "mine"),
    ];
    let late = [
        step("not yet", ", extract.t = { regex = \"^.\" }", ""),
        step("scenario", "", "Bearer ["),
        step("own", own, "Bearer {{ user }}x"),
    ];
    let done = format!(
        "[[scenario]]\nname = \"a\"\nsteps = [\n{}]\n[[scenario]]\nname = \"b\"\n\
         auth.bearer = \"{{{{ t }}}}\"\nsteps = [\n{}]\n",
        steps.concat(),
        late.concat()
    );
    holds(&service, target, &done);
    let told = fails(&service, "", "[[request]]\nget = \"/guarded\"\nauth.bearer = \"wrong\"");
    assert_eq!(told["GET /guarded"], json!({ "status": "status 401" }));
}

#[test]
fn whether_a_service_is_ready_is_asked_with_the_same_proof() {
    let (service, _) = Guard::start(60, false);
    let basic = "auth = { basic = { user = \"ci\", password = \"p:w\" } }";
    for (auth, path) in [(basic.to_owned(), "/closed"), (oauth2(&service), "/guarded")] {
        let target = format!("{auth}\nready = {{ get = \"{path}\", within = \"2s\" }}");
        let done =
            run(&gate(&service, &target, MODELS[0], &format!("[[request]]\nget = \"{path}\"")));
        assert_eq!(examples(&done).len(), 0, "{}", done.stderr);
        done.code(0);
        let without = target.replace(&auth, "");
        let done = run(&gate(&service, &without, MODELS[0], GUARDED));
        done.code(3).says("ready within 2s: status 401");
    }
}

#[test]
fn a_service_may_take_longer_to_start_than_a_token_lasts() {
    let (service, _) = Guard::start(1, false);
    let ready = "\nready = { get = \"/starting\", within = \"20s\" }";
    let done = run(&gate(&service, &(oauth2(&service) + ready), MODELS[0], GUARDED));
    assert_eq!(examples(&done).len(), 0, "{}", done.stderr);
    done.code(0);
}

#[test]
fn tokens_that_come_later_are_hidden_too() {
    let (service, guard) = Guard::start(1, false);
    let request = "[[request]]\nget = \"/echo\"\nexpect.json = { \"$.shown\" = \"early\" }";
    let text = gate(&service, &oauth2(&service), MODELS[0], request).replace("600ms", "2s");
    let done = run(&text);
    done.says("json $.shown equals").reports();
    assert!(guard.tokens.load(Ordering::Relaxed) > 2);
    for report in crate::support::gate::REPORTS {
        assert!(!done.file(report).contains("token-until"), "{report}");
    }
    assert!(!done.stderr.contains("token-until"));
}
