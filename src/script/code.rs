//! The status codes of gRPC.

use std::fmt;

use crate::sample::GRPC;

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

    /// The name of the code; `None` for one that gRPC does not know.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        usize::try_from(self.0).ok().and_then(|place| CODES.get(place)).copied()
    }

    /// Where the code stands among the statuses of answers.
    #[must_use]
    pub fn status(self) -> u16 {
        GRPC.saturating_add(u16::try_from(self.0).unwrap_or(u16::MAX))
    }

    /// The code that stands there; `None` for a status of HTTP.
    #[must_use]
    pub fn of(status: u16) -> Option<Self> {
        status.checked_sub(GRPC).map(|code| Self(u32::from(code)))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(out, "{} {name}", self.0),
            None => write!(out, "{}", self.0),
        }
    }
}
