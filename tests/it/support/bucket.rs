//! Storage that speaks as much S3 as kept runs need: put if absent, get, list, delete.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use super::serving::Serving;

type Objects = BTreeMap<String, Bytes>;

/// A bucket called `runs`; it ends when dropped.
pub(crate) struct Bucket {
    serving: Serving,
    held: Arc<Mutex<Held>>,
}

/// What lies in it, and how it behaves.
#[derive(Default)]
struct Held {
    objects: Objects,
    /// So many requests are refused next, with this status and code.
    refusing: (usize, u16, &'static str),
    requests: usize,
}

impl Bucket {
    /// An empty one.
    pub(crate) fn open() -> Self {
        let held = Arc::new(Mutex::new(Held::default()));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&held));
        Self { serving: Serving::routes(router), held }
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.serving.address())
    }

    /// What lies in it.
    pub(crate) fn names(&self) -> Vec<String> {
        lock(&self.held).objects.keys().cloned().collect()
    }

    /// Refuses the next requests; how many there have been so far.
    pub(crate) fn refuse(&self, count: usize, status: u16, code: &'static str) -> usize {
        let mut held = lock(&self.held);
        held.refusing = (count, status, code);
        held.requests
    }

    /// How many requests there have been.
    pub(crate) fn requests(&self) -> usize {
        lock(&self.held).requests
    }

    /// Damages what lies under a name.
    pub(crate) fn cut(&self, name: &str) {
        let mut held = lock(&self.held);
        let object = held.objects.get_mut(name).expect("there is such an object");
        *object = object.slice(..object.len() / 2);
    }
}

fn lock(held: &Mutex<Held>) -> std::sync::MutexGuard<'_, Held> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(
    State(held): State<Arc<Mutex<Held>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut held = lock(&held);
    held.requests += 1;
    let signed = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let ours = "AWS4-HMAC-SHA256 Credential=me/";
    if !signed.is_some_and(|signed| signed.starts_with(ours) && signed.contains("/eu-central-1/")) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let (left, status, code) = held.refusing;
    if left > 0 {
        held.refusing.0 -= 1;
        let status = StatusCode::from_u16(status).expect("a status");
        let signed = signed.unwrap_or_default();
        let text =
            format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Of>{signed}</Of></Error>");
        return (status, text).into_response();
    }
    let objects = &mut held.objects;
    let name = uri.path().trim_start_matches("/runs").trim_start_matches('/').to_owned();
    let query = uri.query().unwrap_or_default();
    match method {
        Method::PUT if headers.contains_key("if-none-match") && objects.contains_key(&name) => {
            StatusCode::PRECONDITION_FAILED.into_response()
        }
        Method::PUT => {
            objects.insert(name, body);
            [(header::ETAG, "\"1\"")].into_response()
        }
        Method::GET if query.contains("list-type=2") => listed(objects, query).into_response(),
        Method::GET => match objects.get(&name) {
            Some(bytes) => {
                let when = "Mon, 30 Nov 2026 00:00:00 GMT";
                let told = [(header::LAST_MODIFIED, when), (header::ETAG, "\"1\"")];
                (told, bytes.clone()).into_response()
            }
            None => StatusCode::NOT_FOUND.into_response(),
        },
        Method::POST if query.starts_with("delete") => {
            let text = String::from_utf8_lossy(&body).into_owned();
            let keys = text.split("<Key>").skip(1).filter_map(|rest| rest.split("</Key>").next());
            let mut out = "<DeleteResult>".to_owned();
            for key in keys {
                objects.remove(key);
                out.extend(["<Deleted><Key>", key, "</Key></Deleted>"]);
            }
            (out + "</DeleteResult>").into_response()
        }
        Method::DELETE => {
            objects.remove(&name);
            StatusCode::NO_CONTENT.into_response()
        }
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

fn listed(objects: &Objects, query: &str) -> String {
    let prefix = query.split('&').find_map(|pair| pair.strip_prefix("prefix="));
    let prefix = prefix.unwrap_or_default().replace("%2F", "/");
    let entries = objects.iter().filter(|(name, _)| name.starts_with(&prefix));
    let entry = |(name, bytes): (&String, &Bytes)| {
        format!(
            "<Contents><Key>{name}</Key><LastModified>2026-11-30T00:00:00.000Z</LastModified>\
             <ETag>\"1\"</ETag><Size>{}</Size></Contents>",
            bytes.len()
        )
    };
    let entries: String = entries.map(entry).collect();
    format!("<ListBucketResult><IsTruncated>false</IsTruncated>{entries}</ListBucketResult>")
}
