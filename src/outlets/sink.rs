//! Services that take numbers by HTTP.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap};
use http::{Method, Request};

use super::Bring;
use crate::plan::outlet::Sink;
use crate::publish::client::{Client, headers, lost};
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
        let asked = sink.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let own = own.iter().copied().chain([(CONTENT_TYPE.as_str(), content_type)]);
        let headers = headers(own.chain(asked))?;
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
