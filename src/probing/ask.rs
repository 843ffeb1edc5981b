//! One question and its answer: a number, or why there is none.

use bytes::Bytes;
use http::header::{ACCEPT, HeaderMap};
use http::{Method, Request};
use serde_json::Value;

use super::MOST_ANSWER;
use crate::plan::probe::Asks;
use crate::publish::client::{self, Client, lost};

/// Somebody who asks one question.
pub(super) enum Asker {
    /// By HTTP: the address, the headers, and how the number is found in the answer.
    Http(Box<(Client, String, HeaderMap, Find)>),
    /// By a command.
    Command(String),
}

/// How a number is found in a document of JSON.
pub(super) enum Find {
    /// As Prometheus has it.
    Prometheus,
    /// At a pointer (RFC 6901).
    At(String),
}

impl Asker {
    pub(super) fn new(asks: &Asks) -> Result<Self, String> {
        let (url, headers, find) = match asks {
            Asks::Prometheus { url, query, headers } => {
                let query: Vec<_> = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
                let url = format!("{url}/api/v1/query?query={}", query.concat());
                (url, headers, Find::Prometheus)
            }
            Asks::Json { url, pointer, headers } => {
                (url.clone(), headers, Find::At(pointer.clone()))
            }
            Asks::Command(command) => return Ok(Self::Command(command.clone())),
        };
        let asked = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let all =
            client::headers([(ACCEPT.as_str(), "application/json")].into_iter().chain(asked))?;
        let client = Client::unsigned().map_err(|_| "no client can be made".to_owned())?;
        Ok(Self::Http(Box::new((client, url, all, find))))
    }

    /// Asks it once.
    pub(super) async fn ask(&self) -> Result<f64, String> {
        match self {
            Self::Http(http) => {
                let (client, url, headers, find) = &**http;
                let request = Request::builder().method(Method::GET).uri(url).body(Bytes::new());
                let mut request = request.map_err(|_| "its address is none".to_owned())?;
                *request.headers_mut() = headers.clone();
                let answer = client.send_within(request, MOST_ANSWER).await.map_err(lost)?;
                if !answer.status().is_success() {
                    return Err(format!("status {}", answer.status().as_u16()));
                }
                let body = serde_json::from_slice(answer.body());
                let body = body.map_err(|_| "the answer is no JSON".to_owned())?;
                find.number(&body)
            }
            Self::Command(command) => by(command).await,
        }
    }
}

#[cfg(unix)]
async fn by(command: &str) -> Result<f64, String> {
    printed(&super::command::output(command).await?)
}

#[cfg(not(unix))]
async fn by(_command: &str) -> Result<f64, String> {
    Err("commands are asked on Unix alone".to_owned())
}

/// The number that a text begins with.
fn printed(text: &str) -> Result<f64, String> {
    let text = text.trim_start();
    let part = |sign: char| sign.is_ascii_digit() || "+-.eE".contains(sign);
    let end = text.find(|sign| !part(sign)).unwrap_or(text.len());
    finite(text[..end].parse().ok().ok_or_else(|| "it printed no number first".to_owned())?)
}

fn finite(number: f64) -> Result<f64, String> {
    if number.is_finite() { Ok(number) } else { Err("the answer is not a number".to_owned()) }
}

impl Find {
    fn number(&self, body: &Value) -> Result<f64, String> {
        match self {
            Self::At(pointer) => {
                let found = body.pointer(pointer);
                let found = found.ok_or_else(|| format!("there is nothing at {pointer:?}"))?;
                let text = || found.as_str().and_then(|text| text.trim().parse().ok());
                let number = found.as_f64().or_else(text);
                finite(number.ok_or_else(|| format!("what is at {pointer:?} is no number"))?)
            }
            Self::Prometheus => {
                let data = &body["data"];
                let sample = match (data["resultType"].as_str(), data["result"].as_array()) {
                    (Some("scalar"), Some(_)) => &data["result"],
                    (Some("vector"), Some(all)) if all.len() == 1 => &all[0]["value"],
                    (Some("vector"), Some(all)) => {
                        return Err(format!("the query finds {} series, and not one", all.len()));
                    }
                    _ => return Err("the answer is none of Prometheus'".to_owned()),
                };
                let number = sample[1].as_str().and_then(|text| text.parse().ok());
                finite(number.ok_or_else(|| "the answer is no number".to_owned())?)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_begins_with_a_number_or_says_why_not() {
        assert_eq!(printed(" 12.5%\nmore"), Ok(12.5));
        assert_eq!(printed("-3e2 x"), Ok(-300.0));
        assert!(printed("").is_err() && printed("cpu 3").is_err() && printed("1e999").is_err());
    }

    #[test]
    fn prometheus_answers_with_one_series_or_a_scalar() {
        let of = |kind: &str, result: Value| {
            Find::Prometheus.number(&json!({ "data": { "resultType": kind, "result": result } }))
        };
        assert_eq!(of("scalar", json!([1, "2.5"])), Ok(2.5));
        assert_eq!(of("vector", json!([{ "value": [1, "7"] }])), Ok(7.0));
        for bad in [json!([]), json!([{ "value": [1, "7"] }, { "value": [1, "8"] }])] {
            assert!(of("vector", bad).is_err());
        }
        assert!(of("vector", json!([{ "value": [1, "NaN"] }])).is_err());
        assert!(of("matrix", json!([])).is_err());
        assert!(Find::Prometheus.number(&json!("no")).is_err());
    }
}
