//! A comfortable client for the same target: for questions beside the load, where ease outweighs
//! speed. It trusts whom the load trusts, asks at the same addresses, and follows nobody elsewhere.

use std::error::Error as _;
use std::io;
use std::net::SocketAddr;

use reqwest::{Client, redirect};

use super::{AGENT, Unfit, Unreachable, fault, tls};
use crate::plan::{Http, Target};
use crate::sample::Failure;

/// A client that asks the target at those addresses.
///
/// # Errors
/// A certificate or key of the gate file cannot be used.
pub fn client(target: &Target, addresses: &[SocketAddr]) -> Result<Client, Unfit> {
    let mut builder = Client::builder()
        .user_agent(AGENT)
        .timeout(target.timeout)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .resolve_to_addrs(&target.host, addresses);
    builder = match target.http {
        Http::One => builder.http1_only(),
        Http::Two => builder.http2_prior_knowledge(),
        Http::Auto => builder,
    };
    // Given in the clear too: the client asks for one while it is built, and never uses it.
    let mut config = tls::config(&target.tls)?;
    config.alpn_protocols = match target.http {
        Http::One => vec![b"http/1.1".to_vec()],
        Http::Two => vec![b"h2".to_vec()],
        Http::Auto => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
    };
    builder
        .tls_backend_preconfigured(config)
        .build()
        .map_err(|error| Unfit(format!("no client can be made: {}", error.without_url())))
}

/// The address of a path of the target, its prefix included in the path.
#[must_use]
pub fn address(target: &Target, path: &str) -> String {
    let scheme = if target.secure { "https" } else { "http" };
    let host =
        if target.host.contains(':') { format!("[{}]", target.host) } else { target.host.clone() };
    format!("{scheme}://{host}:{}{path}", target.port)
}

/// Why an answer did not come, in the classes and words of the load.
#[must_use]
pub fn told(error: &reqwest::Error) -> Unreachable {
    if error.is_timeout() {
        let what = "no answer came before the deadline".to_owned();
        return Unreachable { why: Failure::Timeout, what };
    }
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(system) = inner.downcast_ref::<io::Error>() {
            return of_system(system, error.is_connect());
        }
        cause = inner.source();
    }
    let what = "the answer broke off or is not HTTP".to_owned();
    Unreachable { why: Failure::Malformed, what }
}

fn of_system(mut error: &io::Error, connecting: bool) -> Unreachable {
    // The client wraps one error of the system in another.
    while let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref::<io::Error>()) {
        error = inner;
    }
    let secure = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()).is_some();
    let fault = match (secure, connecting) {
        (true, _) => fault::Fault::new(Failure::Tls, tls::told(error)),
        (false, true) => fault::connecting(error),
        (false, false) => fault::exchanging(error),
    };
    Unreachable { why: fault.why, what: fault.what.into_owned() }
}
