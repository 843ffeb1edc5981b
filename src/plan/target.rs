//! `[target]` as it is written, made into a target: address, trust, readiness.

use std::time::Duration;

use super::address::{Address, path_is_good};
use super::auth;
use super::endpoint;
use super::fault::Fault;
use super::file;
use super::live;
use super::payload::{self, Files};
use super::reader::{At, Reader, Text};
use super::{Http, Identity, Proof, Ready, Site, Source, Target, Tls};

/// The deadline of a request when the file does not say.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);
const READY_WITHIN: Duration = Duration::from_mins(1);

/// The target, or nothing where the reader has been told what is wrong with it.
pub(super) fn target(
    at: Option<&At<file::Target>>,
    source: &Source<'_>,
    reader: &mut Reader<'_>,
) -> Option<Target> {
    let before = reader.faults.len();
    let address = address(at, source, reader);
    let written = at.map(|at| &at.value);
    let headers = written.and_then(|target| target.headers.value());
    for (_, text) in headers.iter().flat_map(|dict| &dict.0) {
        live::refuse(text, "a header of every request", "give it to requests or steps", reader);
    }
    let proof = written.and_then(|target| target.auth.get());
    let auth::Proof { headers: proven, grant } = auth::proof(proof, None, headers, reader);
    let is_ours = |(key, _): &&(At<String>, At<Text>)| key.value == "authorization";
    let header = proven.filter(|_| proof.is_some());
    let header = header.and_then(|dict| Some(dict.0.iter().find(is_ours)?.1.value.value.clone()));
    if let Some(at) = proof {
        auth::for_all(at, reader);
    }
    let headers = headers.map(|dict| endpoint::headers(dict, reader)).unwrap_or_default();
    let tls = written.and_then(|target| target.tls.get());
    let tls = tls.map(|at| tls_of(at, source.files, reader)).unwrap_or_default();
    let prefix = address.as_ref().map_or("", |(address, _)| &address.prefix);
    let ready = written
        .and_then(|target| target.ready.value())
        .and_then(|ready| ready_of(ready, prefix, reader));
    let also = also(written, reader);
    let (address, shown) = address?;
    let Address { secure, host, port, prefix } = address;
    (reader.faults.len() == before).then(|| Target {
        secure,
        host,
        port,
        prefix,
        shown,
        headers,
        timeout: written.and_then(|target| target.timeout.value()).map_or(TIMEOUT, |time| time.0),
        ready,
        tls,
        http: written.and_then(|target| target.http.value()).map_or(Http::One, |one| one.0),
        also,
        proof: Proof { header, grant },
    })
}

/// Where redirects may lead beside the target itself.
fn also(written: Option<&file::Target>, reader: &mut Reader<'_>) -> Vec<Site> {
    let all = written.and_then(|target| target.also.value());
    let mut sites = Vec::new();
    for At { value, span } in all.iter().flat_map(|list| &list.0) {
        match Address::parse(&value.value) {
            Ok(Address { secure, host, port, prefix }) if prefix.is_empty() => {
                sites.push(Site { secure, host, port, shown: value.shown.trim().to_owned() });
            }
            Ok(_) => {
                let hint = "write scheme, host and port alone".to_owned();
                reader.fault(span.clone(), "an address of `also` has a path", hint);
            }
            Err(bad) => {
                reader.fault(span.clone(), format!("an address of `also` {}", bad.why), bad.hint);
            }
        }
    }
    sites
}

/// The address, and how to show it: the file's own, or the one that stands in for it.
fn address(
    at: Option<&At<file::Target>>,
    source: &Source<'_>,
    reader: &mut Reader<'_>,
) -> Option<(Address, String)> {
    if let Some(url) = source.target {
        return match Address::parse(url) {
            Ok(address) => Some((address, url.trim().to_owned())),
            Err(bad) => {
                let message = format!("the address {}", bad.why);
                reader.faults.push(Fault::outside("--target", message, Some(bad.hint)));
                None
            }
        };
    }
    let at = at?;
    if at.value.url.is_absent() {
        let hint = "write `url = \"http://127.0.0.1:8080\"`".to_owned();
        reader.fault(at.span.clone(), "`url` is missing", hint);
    }
    let url = at.value.url.value()?;
    Some((url.address.clone()?, url.shown.trim().to_owned()))
}

fn ready_of(written: &file::Ready, prefix: &str, reader: &mut Reader<'_>) -> Option<Ready> {
    let path = written.get.get()?;
    if let Err(bad) = path_is_good(&path.value.value) {
        reader.fault(path.span.clone(), format!("the path {}", bad.why), bad.hint);
    }
    let within = written.within.value().map_or(READY_WITHIN, |time| time.0);
    Some(Ready { path: format!("{prefix}{}", path.value.value), within })
}

fn tls_of(at: &At<file::Tls>, files: Files<'_>, reader: &mut Reader<'_>) -> Tls {
    let written = &at.value;
    let insecure = written.insecure.value().is_some_and(|flag| flag.0);
    if let Some(ca) = written.ca.get().filter(|_| insecure) {
        let hint = "leave one of them out".to_owned();
        reader.fault(ca.span.clone(), "`insecure` makes `ca` meaningless", hint);
    }
    for (key, has, other) in
        [("cert", written.cert.is_absent(), "key"), ("key", written.key.is_absent(), "cert")]
    {
        if has && !(written.cert.is_absent() && written.key.is_absent()) {
            let hint = format!("`{other}` alone proves nothing; write both");
            reader.fault(at.span.clone(), format!("`{key}` is missing"), hint);
        }
    }
    let ca = written.ca.get().and_then(|at| pem(at, "CERTIFICATE", files, reader));
    let cert = written.cert.get().and_then(|at| pem(at, "CERTIFICATE", files, reader));
    let key = written.key.get().and_then(|at| pem(at, "PRIVATE KEY", files, reader));
    let identity = cert.zip(key).map(|(cert, key)| Identity { cert, key });
    Tls { ca, identity, insecure }
}

/// A PEM file that holds at least one block of that kind (RFC 7468).
fn pem(at: &At<Text>, kind: &str, files: Files<'_>, reader: &mut Reader<'_>) -> Option<Vec<u8>> {
    let bytes = payload::read_file(at, files, reader)?;
    let text = String::from_utf8_lossy(&bytes);
    let begins = |line: &str| line.starts_with("-----BEGIN ") && line.contains(kind);
    if !text.lines().any(begins) {
        let message = format!("the file `{}` holds no {}", at.value.shown, kind.to_lowercase());
        let hint = format!("a PEM file has a line `-----BEGIN {kind}-----`");
        reader.fault(at.span.clone(), message, hint);
        return None;
    }
    Some(bytes)
}
