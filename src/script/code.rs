//! The status codes of gRPC.

use std::fmt;

/// How a gRPC call ended: zero is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code(pub u32);

/// The names of the codes, each at its number (gRPC, "Status codes and their use").
pub const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

impl Code {
    /// The call ended well.
    pub const OK: Self = Self(0);

    /// The code of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let place = CODES.iter().position(|known| *known == name)?;
        u32::try_from(place).ok().map(Self)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = usize::try_from(self.0).ok().and_then(|place| CODES.get(place));
        match name {
            Some(name) => write!(out, "{} {name}", self.0),
            None => write!(out, "{}", self.0),
        }
    }
}
