use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::get;

use super::{MODELS, examples, fails, gate, holds};
use crate::support::gate::Gate;
use crate::support::serving::Serving;

/// The number of the last session.
static SESSIONS: AtomicU64 = AtomicU64::new(0);

fn cookie(headers: &HeaderMap) -> String {
    let cookies = headers.get_all("cookie").iter();
    let cookies = cookies.map(|value| String::from_utf8_lossy(value.as_bytes()));
    cookies.collect::<Vec<_>>().join("|")
}

/// Begins a session that no other user has.
async fn login() -> Response {
    let session = SESSIONS.fetch_add(1, Ordering::Relaxed);
    let set = format!("session=s{session}; HttpOnly");
    (AppendHeaders([("set-cookie", set)]), format!("s{session}")).into_response()
}

/// Answers well to who shows the session it was given.
async fn me(Path(session): Path<String>, headers: HeaderMap) -> StatusCode {
    let good = cookie(&headers) == format!("session={session}");
    if good { StatusCode::OK } else { StatusCode::UNAUTHORIZED }
}

/// Sets the cookies of the query, one for each value of it.
async fn set(Query(all): Query<Vec<(String, String)>>) -> Response {
    let headers = all.into_iter().map(|(_, value)| ("set-cookie", value)).collect::<Vec<_>>();
    (AppendHeaders(headers), "set").into_response()
}

async fn shown(headers: HeaderMap) -> String {
    format!("[{}]", cookie(&headers))
}

fn shop() -> Serving {
    let router = Router::new()
        .route("/login", get(login))
        .route("/me/{session}", get(me))
        .route("/set", get(set))
        .route("/shown", get(shown))
        .route("/shown/deep", get(shown))
        .route("/shownelsewhere", get(shown));
    Serving::routes(router)
}

const SESSION: &str = r#"[[scenario]]
name = "user"
COOKIES
start = [{ get = "/login", extract.session = { body = true } }]
steps = [{ name = "me", get = "/me/{{ session }}" }]
"#;

#[test]
fn a_login_sets_a_cookie_and_no_user_shows_that_of_another() {
    holds(&shop(), "", &SESSION.replace("COOKIES", ""));
}

#[test]
fn without_cookies_nothing_is_sent_back() {
    let told = fails(&shop(), "", &SESSION.replace("COOKIES", "cookies = false"));
    assert_eq!(told["me"], serde_json::json!({ "status": "status 401" }));
}

/// A user that gets these cookies, and shows them at a path.
fn user(set: &[&str], path: &str, shown: &str, more: &str) -> String {
    let pairs = set.iter().map(|cookie| {
        let encoded =
            cookie.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
        format!("c={encoded}")
    });
    let query = pairs.collect::<Vec<_>>().join("&");
    format!(
        "[[scenario]]\nname = \"NAME\"\nsteps = [\n\
         {{ name = \"set\", get = \"/set?{query}\" }},\n\
         {{ name = {:?}, get = \"{path}\", expect.body = {shown:?}{more} }},\n]\n",
        format!("{path} shows {shown}"),
    )
}

#[test]
fn paths_hosts_and_ages_decide_which_cookies_go_out() {
    let rows = [
        user(&["a=1", "b=2; Path=/"], "/shown", "[a=1; b=2]", ""),
        user(&["a=1; Path=/shown"], "/shown/deep", "[a=1]", ""),
        user(&["a=1; Path=/shown"], "/shownelsewhere", "[]", ""),
        user(&["a=1; Path=/shown/deep", "a=2; Path=/"], "/shown/deep", "[a=1; a=2]", ""),
        user(&["a=1; Path=/other"], "/shown", "[]", ""),
        user(&["a=1", "a=2"], "/shown", "[a=2]", ""),
        user(&["a=1", "a=; Max-Age=0"], "/shown", "[]", ""),
        user(&["a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], "/shown", "[]", ""),
        user(&["a=1; Max-Age=3600", "b=2; Max-Age=-1"], "/shown", "[a=1]", ""),
        user(&["a=1; Domain=shop.test"], "/shown", "[]", ""),
        user(&["a=1; Domain=test"], "/shown", "[]", ""),
        user(&["a=1; HttpOnly; SameSite=Strict"], "/shown", "[a=1]", ""),
        user(&["no-cookie", "=", "a=\u{ff}"], "/shown", "[a=\u{ff}]", ""),
        user(&["a=1"], "/shown", "[mine]", ", headers = { cookie = \"mine\" }"),
    ];
    let rows = rows.iter().enumerate();
    let rows: Vec<_> = rows.map(|(row, text)| text.replace("NAME", &row.to_string())).collect();
    let (shop, done) = (shop(), rows.concat());
    for model in [("rate = \"60/s\"", "1.1"), ("users = 28", "2")] {
        let ended = Gate::new(&gate(&shop, "", model, &done)).undisturbed(&["run", "gate.toml"]);
        assert_eq!(examples(&ended), BTreeMap::new(), "{model:?}");
        ended.code(0);
    }
}

#[test]
fn a_cookie_that_grew_old_is_not_sent_any_more() {
    let shop = shop();
    let text = "[[scenario]]\nname = \"user\"\nsteps = [\n\
                { get = \"/set?c=a%3D1%3BMax-Age%3D1\" },\n\
                { name = \"young\", get = \"/shown\", expect.body = \"[a=1]\",\n\
                wait = \"1200ms\" },\n\
                { name = \"old\", get = \"/shown\", expect.body = \"[]\" },\n]\n";
    let text = gate(&shop, "", MODELS[1], text).replace("600ms", "3s");
    let text = format!("{text}[sla.old]\nerror_rate = \"< 1%\"\n");
    Gate::new(&text).undisturbed(&["run", "gate.toml"]).code(0);
}

#[test]
fn what_an_answer_sets_though_it_fails_is_kept_too() {
    let refuse = || async { (StatusCode::CONFLICT, AppendHeaders([("set-cookie", "a=1")])) };
    let router = Router::new().route("/refuse", get(refuse)).route("/shown", get(shown));
    let text = "[[scenario]]\nname = \"user\"\nsteps = [\n\
                { get = \"/refuse\", expect.status = 409 },\n\
                { get = \"/shown\", expect.body = \"[a=1]\" },\n]\n";
    holds(&Serving::routes(router), "", text);
}
