//! Names of HTTP headers that belong to loadgate and not to whoever writes a request.

/// Headers that follow from the request itself, or that change how the connection is used
/// (RFC 9110 and RFC 9112).
const OURS: [&str; 8] = [
    "content-length",
    "expect",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Whether loadgate writes the header of that lower-case name itself.
#[must_use]
pub fn is_ours(name: &str) -> bool {
    OURS.contains(&name)
}
