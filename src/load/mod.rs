//! The load engine: send what is due, count what returns.

pub mod probe;
pub mod wire;
