//! Addresses and paths: where a request goes.

use std::borrow::Cow;
use std::net::Ipv6Addr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::reader::{Node, Read, Reader};
use super::value::schemas;
use crate::unit::BadUnit;

/// A service's address, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) secure: bool,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) prefix: String,
}

/// An address in a gate file; nothing where another one stands in for it.
#[derive(Clone, Debug)]
pub(super) struct Url {
    pub(super) address: Option<Address>,
    pub(super) shown: String,
}

impl Read for Url {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        if reader.aimed {
            return Some(Self { address: None, shown: String::new() });
        }
        let text = reader.text(node, "an address such as \"http://127.0.0.1:8080\"")?;
        match Address::parse(&text.value) {
            Ok(address) => Some(Self { address: Some(address), shown: text.shown }),
            Err(bad) => {
                reader.secret_bad(node, &bad.why, bad.hint);
                None
            }
        }
    }
}

impl Reader<'_> {
    /// Says what is wrong with a value that may hold credentials, without the value.
    pub(super) fn secret_bad(&mut self, node: Node<'_>, why: &str, hint: String) {
        self.fault(node.value.span(), format!("`{}` {why}", node.key), hint);
        // Credentials in the line itself must not be shown either.
        if let Some(fault) = self.faults.last_mut().filter(|fault| fault.source.contains('@')) {
            fault.source = String::new();
        }
    }
}

impl Address {
    /// Takes an `http://` or `https://` address apart. RFC 3986, section 3, without userinfo,
    /// query and fragment.
    pub(super) fn parse(text: &str) -> Result<Self, BadUnit> {
        let example = "write `http://host:port` or `https://host`";
        let bad = |why: &str| Err(BadUnit::new(why, example));
        let Some((scheme, rest)) = text.trim().split_once("://") else {
            return bad("has no scheme");
        };
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return bad("has a scheme that is neither `http` nor `https`"),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            let hint = "send them as a header: `authorization = \"Basic ${CREDENTIALS}\"`";
            return Err(BadUnit::new("holds credentials", hint));
        }
        if path.contains(['?', '#']) {
            return bad("holds a query or a fragment");
        }
        let (host, port) = host_and_port(authority, if secure { 443 } else { 80 })?;
        let prefix = path.trim_end_matches('/').to_owned();
        if !prefix.is_empty() {
            path_is_good(&prefix)?;
        }
        Ok(Self { secure, host, port, prefix })
    }
}

/// A host and its port, taken apart.
pub(super) fn host_and_port(authority: &str, usual: u16) -> Result<(String, u16), BadUnit> {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        Some(_) | None => (authority, None),
    };
    let port = match port {
        None => usual,
        Some(digits) => digits
            .parse()
            .ok()
            .filter(|port| *port > 0 && digits.bytes().all(|byte| byte.is_ascii_digit()))
            .ok_or_else(|| BadUnit::new("has a bad port", "ports go from 1 to 65535"))?,
    };
    if let Some(inner) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        let six = inner.parse::<Ipv6Addr>();
        return six
            .map(|_| (inner.to_owned(), port))
            .map_err(|_| BadUnit::new("has a bad IPv6 address", "write `http://[::1]:8080`"));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if host.is_empty() || host.len() > 253 || !host.bytes().all(plain) {
        let hint = "write a name or an address; names beyond ASCII in their `xn--` form";
        return Err(BadUnit::new("has a bad host", hint));
    }
    Ok((host.to_owned(), port))
}

/// Whether a text can be sent as a path with its query. Signs beyond ASCII are escaped on the way.
pub(super) fn path_is_good(path: &str) -> Result<(), BadUnit> {
    if !path.starts_with('/') {
        return Err(BadUnit::new("does not start with `/`", "write `\"/path\"`"));
    }
    if path.contains('#') {
        return Err(BadUnit::new("holds a fragment", "a fragment is never sent; leave it out"));
    }
    if path.len() > 8192 {
        return Err(BadUnit::new("is too long", "at most 8192 characters"));
    }
    match path.chars().find(|sign| sign.is_whitespace() || sign.is_control()) {
        None => Ok(()),
        Some(sign) => {
            let mut buffer = [0; 4];
            let bytes = sign.encode_utf8(&mut buffer).bytes();
            let encoded: Vec<String> = bytes.map(|byte| format!("%{byte:02X}")).collect();
            let why = "holds a character that a path cannot have";
            Err(BadUnit::new(why, format!("write `{}` for it", encoded.concat())))
        }
    }
}

schemas! {
    Url, |_generator| json_schema!({
        "type": "string",
        "pattern": r"^\s*[hH][tT][tT][pP][sS]?://[^@?#]+$|\$\{",
        "examples": ["${BASE_URL:-http://127.0.0.1:8080}"],
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let check = |text: &str, secure: bool, host: &str, port: u16, prefix: &str| {
            let (host, prefix) = (host.to_owned(), prefix.to_owned());
            assert_eq!(Address::parse(text), Ok(Address { secure, host, port, prefix }), "{text}");
        };
        check("http://localhost", false, "localhost", 80, "");
        check("https://api.test/", true, "api.test", 443, "");
        check("HTTP://10.0.0.1:8080/v1/", false, "10.0.0.1", 8080, "/v1");
        check("http://[::1]:81/a/b", false, "::1", 81, "/a/b");
        check("https://[2001:db8::1]", true, "2001:db8::1", 443, "");
    }

    #[test]
    fn what_is_no_address_says_why() {
        let check = |text: &str, why: &str| {
            assert_eq!(Address::parse(text).map_err(|bad| bad.why), Err(why.to_owned()), "{text}");
        };
        check("localhost:8080", "has no scheme");
        check("ftp://x", "has a scheme that is neither `http` nor `https`");
        check("http://user:word@host/", "holds credentials");
        check("http://host/?q=1", "holds a query or a fragment");
        check("http://host:0", "has a bad port");
        check("http://host:+80", "has a bad port");
        check("http://", "has a bad host");
        check("http://hö", "has a bad host");
        check("http://[::g]", "has a bad IPv6 address");
        check("http://host/a b", "holds a character that a path cannot have");
    }
}
