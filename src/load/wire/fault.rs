//! What went wrong in an exchange, and the class an operating system's error belongs to.

use std::borrow::Cow;
use std::io::{self, ErrorKind};

use crate::sample::Failure;

/// Why an exchange failed: its class, and half a sentence for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The class, as reports count it.
    pub why: Failure,
    /// What was seen; never a piece of the answer itself.
    pub what: Cow<'static, str>,
}

/// Why the target cannot be reached.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Unreachable {
    /// The class: `dns`, `connect`, `tls`, or one of our own limits.
    pub why: Failure,
    /// Half a sentence that names the target and what to do.
    pub what: String,
}

/// Why a request cannot be sent at all: a fault of the gate file, told without any value it holds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unfit(pub String);

impl Fault {
    /// A fault of that class.
    pub fn new(why: Failure, what: impl Into<Cow<'static, str>>) -> Self {
        Self { why, what: what.into() }
    }

    /// What came is not HTTP.
    pub(super) fn malformed(what: &'static str) -> Self {
        Self::new(Failure::Malformed, what)
    }
}

/// Whose fault an error of the operating system is, where it says that we ran out of something.
#[must_use]
pub fn ours(error: &io::Error) -> Option<Fault> {
    // EMFILE and ENFILE; WSAEMFILE on Windows. The standard library has no stable kind for them.
    let files: &[i32] = if cfg!(windows) { &[10024] } else { &[23, 24] };
    if error.raw_os_error().is_some_and(|code| files.contains(&code)) {
        return Some(Fault::new(Failure::LocalFd, "no file descriptors are left on this machine"));
    }
    matches!(error.kind(), ErrorKind::AddrNotAvailable | ErrorKind::AddrInUse).then(|| {
        let what = "this machine has no free port, or no address of that kind, to connect from";
        Fault::new(Failure::LocalPort, what)
    })
}

/// The fault that an error means while a connection is made.
#[must_use]
#[expect(clippy::wildcard_enum_match_arm, reason = "the list of kinds is not ours, and open")]
pub fn connecting(error: &io::Error) -> Fault {
    ours(error).unwrap_or_else(|| {
        let what = match error.kind() {
            ErrorKind::ConnectionRefused => "connection refused",
            ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => "connection reset at once",
            ErrorKind::HostUnreachable => "no route to the host",
            ErrorKind::NetworkUnreachable => "no route to the network",
            ErrorKind::PermissionDenied => "a firewall of this machine forbids it",
            ErrorKind::TimedOut => "nobody answered",
            _ => return Fault::new(Failure::Connect, format!("no connection: {}", error.kind())),
        };
        Fault::new(Failure::Connect, what)
    })
}

/// The fault that an error means once a connection was made.
#[must_use]
#[expect(clippy::wildcard_enum_match_arm, reason = "the list of kinds is not ours, and open")]
pub fn exchanging(error: &io::Error) -> Fault {
    if let Some(fault) = ours(error) {
        return fault;
    }
    let what = match error.kind() {
        ErrorKind::BrokenPipe | ErrorKind::NotConnected => "closed while the request was sent",
        ErrorKind::TimedOut => "the connection was lost",
        // What rustls reports of a record it cannot accept.
        ErrorKind::InvalidData => return Fault::new(Failure::Tls, "TLS broke off"),
        _ => "connection reset",
    };
    Fault::new(Failure::Reset, what)
}
