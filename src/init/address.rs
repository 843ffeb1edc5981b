//! Addresses taken apart: base, path and query; which parts of a path are identifiers.

use std::fmt::Write as _;

/// An absolute `http` or `https` address, without its fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// Scheme, host and port: `https://shop.example:8443`.
    pub(super) origin: String,
    /// The path, starting with `/`, as it was written.
    pub(super) path: String,
    /// The query's names and values, percent-decoded; a name without `=` has no value.
    pub(super) query: Vec<(String, Option<String>)>,
    /// A name or a password stood before the host, and was dropped.
    pub(super) had_credentials: bool,
}

/// Takes an address apart; `None` for anything but HTTP with a plausible host.
pub(super) fn parse(url: &str) -> Option<Address> {
    let (scheme, rest) = url.trim().split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    if scheme != "http" && scheme != "https" {
        return None;
    }
    let rest = rest.split('#').next().unwrap_or_default();
    let end = rest.find(['/', '?', '\\']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    let host = host(authority.rsplit('@').next()?, if scheme == "https" { 443 } else { 80 })?;
    let (path, query) = split_query(rest);
    Some(Address {
        origin: format!("{scheme}://{host}"),
        path: if path.starts_with('/') { path.to_owned() } else { format!("/{path}") },
        query,
        had_credentials: authority.contains('@'),
    })
}

/// Host and port in their shortest spelling; `None` where no gate file takes them.
fn host(authority: &str, usual: u16) -> Option<String> {
    let lower = authority.to_ascii_lowercase();
    let (host, port) = match lower.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        Some(_) | None => (lower.as_str(), ""),
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let named = !host.is_empty() && host.len() <= 253 && host.bytes().all(plain);
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let six = inner.is_some_and(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok());
    if !named && !six {
        return None;
    }
    if port.is_empty() {
        return Some(host.to_owned());
    }
    let number: u16 = port.parse().ok().filter(|port| *port > 0 && !lower.contains('+'))?;
    Some(if number == usual { host.to_owned() } else { format!("{host}:{number}") })
}

/// A path and its query, taken apart.
pub(super) fn split_query(rest: &str) -> (&str, Vec<(String, Option<String>)>) {
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    (path, pairs(query))
}

/// The names and values of a query or a URL-encoded form.
pub(super) fn pairs(query: &str) -> Vec<(String, Option<String>)> {
    let pair = |part: &str| match part.split_once('=') {
        Some((name, value)) => (form_decoded(name), Some(form_decoded(value))),
        None => (form_decoded(part), None),
    };
    query.split('&').filter(|part| !part.is_empty()).map(pair).collect()
}

/// Percent-decoding, with `+` as a space; what is not UTF-8 is replaced.
pub(super) fn form_decoded(text: &str) -> String {
    decoded(&text.replace('+', " "))
}

/// Percent-decoding; what is not UTF-8 is replaced.
pub(super) fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        if let Some(byte) = hex.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            out.push(byte);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Percent-encoding for a path segment or a query value (RFC 3986, unreserved and some more).
pub(super) fn encoded(text: &str) -> String {
    encode(text, |byte| byte.is_ascii_alphanumeric() || b"-._~:@!,;()*'".contains(&byte))
}

/// Percent-encoding as a form has it, with `+` for a space.
pub(super) fn form_encoded(text: &str) -> String {
    encode(text, |byte| byte.is_ascii_alphanumeric() || b"-._* ".contains(&byte)).replace(' ', "+")
}

/// A path that was already written as one: only what no path may hold is encoded.
pub(super) fn path(text: &str) -> String {
    encode(text, |byte| byte.is_ascii_alphanumeric() || b"/-._~:@!,;()*'+=&%".contains(&byte))
}

fn encode(text: &str, plain: impl Fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if plain(byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The path with `:id` for each part that identifies one thing among many.
pub(super) fn template(path: &str) -> String {
    let part = |part: &str| if is_id(part) { ":id".to_owned() } else { part.to_owned() };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// Whether a part of a path identifies one thing among many: a number, a UUID, a hash, a long code.
pub(super) fn is_id(part: &str) -> bool {
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    let letters = part.bytes().filter(u8::is_ascii_alphabetic).count();
    let joints = part.bytes().filter(|byte| *byte == b'-' || *byte == b'_').count();
    if digits == 0 || digits + letters + joints != part.len() {
        return false;
    }
    let hex = part.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    letters == 0 && joints == 0
        || hex && digits + letters >= 8 && (joints == 0 || joints == 4)
        || part.len() >= 16 && letters > 0 && digits * 5 >= part.len() && joints < 3
}

#[cfg(test)]
mod tests {
    use super::{encoded, is_id, parse, path, template};

    #[test]
    fn an_address_comes_apart() {
        let address = parse("HTTPS://me:pw@Shop.example:443/a/b?x=1%202&y#z").expect("an address");
        assert_eq!(address.origin, "https://shop.example");
        assert_eq!(address.path, "/a/b");
        assert_eq!(address.query, [("x".into(), Some("1 2".into())), ("y".into(), None)]);
        assert!(address.had_credentials);
        for bad in ["", "http://", "ws://x/", "data:,x", "http://a b/", "http://{host}/", "://"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn identifiers_are_told_from_words() {
        let ids = [
            "17",
            "507f1f77bcf86cd799439011",
            "3fa85f64-5717-4562-b3fc-2c963f66afa6",
            "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "deadbeef01",
        ];
        let words = ["products", "v1", "red-shoe-42", "", "oauth2", "app.js", "a1b2"];
        assert!(ids.iter().all(|id| is_id(id)));
        assert!(!words.iter().any(|word| is_id(word)));
        assert_eq!(template("/v1/products/17/reviews/23"), "/v1/products/:id/reviews/:id");
    }

    #[test]
    fn nothing_in_a_path_starts_a_variable() {
        assert_eq!(path("/a b/${HOME}/ü%20"), "/a%20b/%24%7BHOME%7D/%C3%BC%20");
        assert_eq!(encoded("a/b?c&${x}"), "a%2Fb%3Fc%26%24%7Bx%7D");
    }
}
