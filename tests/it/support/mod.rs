//! What the tests share.

/// A raw TCP server that misbehaves by script.
pub mod server;
/// The built binary, run and recorded.
pub mod gate;
