//! k6: every point of `--out json` and `--out csv`, and its three dialects of a summary.

pub(super) mod ndjson;
pub(super) mod csv;
pub(super) mod summary;

use super::class::{Ended, end};

/// The name of an endpoint: k6's `name` where the script gave one; method and path where k6 put the
/// address there.
pub(super) fn name(method: &str, name: &str) -> String {
    let Some((_, rest)) = name.split_once("://") else { return name.to_owned() };
    let path = rest.find('/').map_or("/", |at| &rest[at..]);
    let path = path.split(['?', '#']).next().unwrap_or(path);
    if method.is_empty() { path.to_owned() } else { format!("{method} {path}") }
}

/// How a request ended: by k6's own `expected_response`, by the status where the script switched
/// that off.
pub(super) fn ended(expected: Option<bool>, status: Option<u16>, said: &[u8]) -> Ended {
    let good = expected.unwrap_or(status.is_some_and(|status| status < 400));
    end(good, status, said)
}
