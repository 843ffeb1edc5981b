//! The built binary, run and recorded.
