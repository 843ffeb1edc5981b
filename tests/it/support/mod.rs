//! What the tests share.

/// A raw TCP server that misbehaves by script.
pub(crate) mod server;
/// The built binary, run and recorded.
pub(crate) mod gate;
