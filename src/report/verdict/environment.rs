//! The shape of what `verdict.json` says of the machine.

use schemars::JsonSchema;
use serde::Serialize;

/// The machine that put the load on.
#[derive(Serialize, JsonSchema)]
pub(in crate::report) struct Environment<'a> {
    /// CPU model.
    pub(in crate::report) cpu: &'a str,
    /// Logical cores.
    pub(in crate::report) cores: u64,
    /// Memory.
    pub(in crate::report) memory_bytes: u64,
    /// Operating system and kernel.
    pub(in crate::report) os: &'a str,
    /// Architecture.
    pub(in crate::report) arch: &'a str,
}
