//! The one client for all forges: deadlines, proxies from the environment, no redirects, no token
//! in the clear, no answer larger than a forge's largest page.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full};
use octocrab::OctoBody;
use reqwest::redirect;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};

use crate::host::reply::{Refusal, Reply};
use crate::load::wire::control;

/// How long connecting to a forge may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long one request may take, all of it.
const TOTAL: Duration = Duration::from_secs(30);
/// The largest answer: a page of a hundred long comments fits.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// Who asks.
const AGENT: &str = concat!("loadgate/", env!("CARGO_PKG_VERSION"));

/// A token, which is shown nowhere.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// Keeps it.
    #[must_use]
    pub fn new(value: String) -> Self {
        Self(value)
    }

    /// Whether it begins like this.
    #[must_use]
    pub fn begins(&self, with: &str) -> bool {
        self.0.starts_with(with)
    }

    /// The header by which Azure takes what a person made: without a name before it.
    ///
    /// # Errors
    /// When it has signs that no header can have.
    pub fn basic(&self) -> Result<HeaderValue, Refusal> {
        secret(&format!("Basic {}", STANDARD.encode(format!(":{}", self.0))))
    }

    /// The header that shows it to a forge: `Bearer …`, `token …`.
    ///
    /// # Errors
    /// When it has signs that no header can have.
    pub fn header(&self, scheme: &str) -> Result<HeaderValue, Refusal> {
        secret(&format!("{scheme} {}", self.0))
    }

    /// The token itself, for a forge that wants it in a header of its own.
    ///
    /// # Errors
    /// When it has signs that no header can have.
    pub fn value(&self) -> Result<HeaderValue, Refusal> {
        secret(&self.0)
    }
}

fn secret(text: &str) -> Result<HeaderValue, Refusal> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| Refusal::Odd("the token has a line break or other odd sign".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

impl std::fmt::Debug for Token {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Token(…)")
    }
}

/// A client that knows who it is.
#[derive(Clone, Debug)]
pub struct Client {
    inner: reqwest::Client,
    /// Sent with every request.
    headers: HeaderMap,
}

impl Client {
    /// A client for a forge at this address, that sends this header with every request.
    ///
    /// # Errors
    /// When a token would cross a network in the clear, or no client can be made.
    pub fn new(base: &str, name: HeaderName, value: HeaderValue) -> Result<Self, Refusal> {
        let headers = HeaderMap::from_iter([(name, value)]);
        if !is_private(base) {
            let why =
                "its address is plain http, and a token must not cross a network in the clear";
            return Err(Refusal::Unreachable(why.to_owned()));
        }
        Ok(Self { inner: built(None)?, headers })
    }

    /// A client without a token, behind a proxy that adds what is needed.
    ///
    /// # Errors
    /// When the proxy's address is none, or no client can be made.
    pub fn behind(proxy: &str) -> Result<Self, Refusal> {
        Ok(Self { inner: built(Some(proxy))?, headers: HeaderMap::new() })
    }

    /// A client that shows nobody who we are: for requests that are signed already.
    ///
    /// # Errors
    /// When no client can be made.
    pub fn unsigned() -> Result<Self, Refusal> {
        Ok(Self { inner: built(None)?, headers: HeaderMap::new() })
    }

    /// Makes one request, and reads its whole answer.
    ///
    /// # Errors
    /// When no whole answer came in time.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Refusal> {
        self.send_within(request, MOST_BYTES).await
    }

    /// The same for an answer of so many bytes at most.
    ///
    /// # Errors
    /// When no whole answer came in time.
    pub async fn send_within(
        &self,
        mut request: Request<Bytes>,
        most: usize,
    ) -> Result<Response<Bytes>, Refusal> {
        request.headers_mut().extend(self.headers.clone());
        let lost = |error: &reqwest::Error| Refusal::Unreachable(control::told(error).what);
        let request = reqwest::Request::try_from(request).map_err(|error| lost(&error))?;
        let mut answer = self.inner.execute(request).await.map_err(|error| lost(&error))?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut body = BytesMut::new();
        while let Some(part) = answer.chunk().await.map_err(|error| lost(&error))? {
            if body.len() + part.len() > most {
                return Err(Refusal::Odd(format!("it is longer than {} MiB", most >> 20)));
            }
            body.extend_from_slice(&part);
        }
        let mut response = Response::new(body.freeze());
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }

    /// Makes one request with a JSON body, or none.
    ///
    /// # Errors
    /// When no whole answer came in time.
    pub async fn json(
        &self,
        method: http::Method,
        address: &str,
        body: Option<&serde_json::Value>,
    ) -> Result<Reply, Refusal> {
        let bytes = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let request = Request::builder()
            .method(method)
            .uri(address)
            .header(http::header::CONTENT_TYPE, "application/json")
            .header(http::header::ACCEPT, "application/json")
            .body(bytes)
            .map_err(|_| Refusal::Odd("its address is none".to_owned()))?;
        Ok(reply(&self.send(request).await?))
    }
}

/// Headers that a person wrote, none of which is ever shown.
///
/// # Errors
/// When one of them cannot be sent; half a sentence.
pub fn headers<'a>(all: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<HeaderMap, String> {
    let mut map = HeaderMap::new();
    for (name, value) in all {
        let name = HeaderName::from_bytes(name.as_bytes());
        let (Ok(name), Ok(mut value)) = (name, HeaderValue::from_str(value)) else {
            return Err("one of its headers cannot be sent".to_owned());
        };
        value.set_sensitive(true);
        map.insert(name, value);
    }
    Ok(map)
}

/// Why no answer came, as half a sentence.
#[must_use]
pub fn lost(refusal: Refusal) -> String {
    let (Refusal::Unreachable(why) | Refusal::Odd(why)) = refusal else {
        return "no whole answer came".to_owned();
    };
    why
}

/// A client; by this proxy, or by what the environment says.
fn built(proxy: Option<&str>) -> Result<reqwest::Client, Refusal> {
    let lost = |error: &reqwest::Error| Refusal::Unreachable(control::told(error).what);
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring speaks TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut builder = reqwest::Client::builder()
        .user_agent(AGENT)
        .connect_timeout(CONNECT)
        .timeout(TOTAL)
        .redirect(redirect::Policy::none())
        .http1_only()
        .tls_backend_preconfigured(config);
    if let Some(proxy) = proxy {
        builder = builder.proxy(reqwest::Proxy::all(proxy).map_err(|error| lost(&error))?);
    }
    builder.build().map_err(|error| lost(&error))
}

/// What we look at in an answer.
#[must_use]
pub fn reply(answer: &Response<Bytes>) -> Reply {
    let headers = answer.headers();
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let count = |name: &str| text(name).and_then(|value| value.trim().parse().ok());
    Reply {
        status: answer.status().as_u16(),
        retry_after: count("retry-after"),
        remaining: count("x-ratelimit-remaining").or_else(|| count("ratelimit-remaining")),
        reset: count("x-ratelimit-reset").or_else(|| count("ratelimit-reset")),
        more: text("link").is_some_and(|link| link.contains("rel=\"next\"")),
        body: String::from_utf8_lossy(answer.body()).into_owned(),
        raw: answer.body().clone(),
    }
}

/// Whether a token may be sent there: over TLS, or no further than this machine.
#[must_use]
pub fn is_private(base: &str) -> bool {
    let Ok(address) = reqwest::Url::parse(base) else { return false };
    let loopback = || match address.host_str() {
        Some("localhost") => true,
        Some(host) => {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        None => false,
    };
    address.scheme() == "https" || (address.scheme() == "http" && loopback())
}

/// The client where octocrab expects a service.
#[derive(Clone, Debug)]
pub(super) struct Transport(pub(super) Client);

/// What a service of octocrab's may fail with.
type Failure = Box<dyn std::error::Error + Send + Sync>;

impl tower_service::Service<Request<OctoBody>> for Transport {
    type Response = Response<Full<Bytes>>;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Failure>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<OctoBody>) -> Self::Future {
        let client = self.0.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
            let sent = client.send(Request::from_parts(parts, body)).await;
            sent.map(|answer| answer.map(Full::new)).map_err(|refusal| Lost(refusal).into())
        })
    }
}

/// A refusal on its way through octocrab.
#[derive(Clone, Debug, thiserror::Error)]
#[error("no answer")]
pub(super) struct Lost(pub(super) Refusal);
