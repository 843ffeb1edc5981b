//! Services that take numbers by HTTP.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request};

use super::Bring;
use crate::host::reply::Refusal;
use crate::plan::outlet::Sink;
use crate::publish::client::Client;
use crate::telemetry::{Snapshot, influx, otlp, remote_write};

/// An answer is looked at so far; nobody reads it.
const MOST_ANSWER: usize = 64 * 1024;

/// What is posted, and where.
pub(super) struct Post {
    client: Client,
    url: String,
    headers: HeaderMap,
    body: fn(&Snapshot) -> Vec<u8>,
}

impl Post {
    pub(super) fn remote_write(sink: &Sink) -> Result<Self, String> {
        let own = remote_write::HEADERS;
        Self::new(sink, remote_write::CONTENT_TYPE, &own, remote_write::render)
    }

    pub(super) fn otlp(sink: &Sink) -> Result<Self, String> {
        Self::new(sink, otlp::CONTENT_TYPE, &[], otlp::render)
    }

    pub(super) fn influx(sink: &Sink) -> Result<Self, String> {
        Self::new(sink, influx::CONTENT_TYPE, &[], |now| influx::render(now).into_bytes())
    }

    fn new(
        sink: &Sink,
        content_type: &str,
        own: &[(&str, &str)],
        body: fn(&Snapshot) -> Vec<u8>,
    ) -> Result<Self, String> {
        let client = Client::unsigned().map_err(|_| "no client can be made".to_owned())?;
        let mut headers = HeaderMap::new();
        let asked = sink.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let own = own.iter().copied().chain([(CONTENT_TYPE.as_str(), content_type)]);
        for (name, value) in own.chain(asked) {
            let name = HeaderName::from_bytes(name.as_bytes());
            let value = HeaderValue::from_str(value);
            let (Ok(name), Ok(mut value)) = (name, value) else {
                return Err("one of its headers cannot be sent".to_owned());
            };
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        Ok(Self { client, url: sink.url.clone(), headers, body })
    }
}

impl Bring for Post {
    async fn bring(&mut self, now: &Snapshot) -> Result<(), String> {
        let body = Bytes::from((self.body)(now));
        let request = Request::builder().method(Method::POST).uri(&self.url).body(body);
        let mut request = request.map_err(|_| "its address is none".to_owned())?;
        *request.headers_mut() = self.headers.clone();
        let answer = self.client.send_within(request, MOST_ANSWER).await;
        let status = answer.map_err(lost)?.status();
        if status.is_success() {
            return Ok(());
        }
        Err(format!("status {}", status.as_u16()))
    }
}

fn lost(refusal: Refusal) -> String {
    let (Refusal::Unreachable(why) | Refusal::Odd(why)) = refusal else {
        return "no whole answer came".to_owned();
    };
    why
}
