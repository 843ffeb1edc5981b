//! One request: which kind it was, when it happened, and how it ended.

use std::fmt;
use std::time::Duration;

/// Where the codes of gRPC stand among the statuses of answers: behind those of HTTP, which end at
/// 999. Code 5 is 1005.
pub const GRPC: u16 = 1000;

/// The index of an endpoint in its plan; the name is kept once, there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointId(pub u16);

/// One request. All times count from the start of the load.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Which endpoint was asked.
    pub endpoint: EndpointId,
    /// When it should have been sent (open model); when it was sent (closed model).
    pub due: Duration,
    /// When its first byte was handed to the operating system.
    pub sent: Duration,
    /// When its last byte was read, or when it was given up.
    pub done: Duration,
    /// How it ended.
    pub end: End,
    /// Bytes of the answer, head and body, as they came over the wire.
    pub bytes: u64,
}

impl Sample {
    /// Counted from when it was due, so that a request which had to wait its turn was slow.
    #[must_use]
    pub fn latency(&self) -> Duration {
        self.done.saturating_sub(self.due)
    }

    /// Counted from when it was sent: what the service alone took.
    #[must_use]
    pub fn service_time(&self) -> Duration {
        self.done.saturating_sub(self.sent)
    }
}

/// How a request ended. Whatever a server can do to us is an `End`, never an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// A whole answer that is as expected.
    Good(u16),
    /// An answer, or none, that is not.
    Failed {
        /// What went wrong.
        why: Failure,
        /// The status of the answer, where one came.
        status: Option<u16>,
    },
}

impl End {
    /// Whether the answer was good.
    #[must_use]
    pub fn is_good(self) -> bool {
        matches!(self, Self::Good(_))
    }

    /// The status of the answer, where one came.
    #[must_use]
    pub fn status(self) -> Option<u16> {
        match self {
            Self::Good(status) => Some(status),
            Self::Failed { status, .. } => status,
        }
    }
}

/// An expectation that an answer did not meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmet {
    /// What was asked, in the words under which it is counted: `json $.items not-empty`.
    pub asked: String,
    /// What was there instead, bounded: no more of the answer than the value that was looked at.
    pub got: String,
    /// Why it failed, in words that quote no answer.
    pub what: String,
}

impl Unmet {
    /// One that says all in its words.
    #[must_use]
    pub fn told(what: impl Into<String>) -> Self {
        let what = what.into();
        Self { asked: what.clone(), got: String::new(), what }
    }
}

/// Why a request failed. The names are the error classes of every report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Failure {
    /// The name did not resolve.
    Dns,
    /// No connection: refused, unreachable, or not made in time.
    Connect,
    /// The TLS handshake failed.
    Tls,
    /// No whole answer within the deadline of a request.
    Timeout,
    /// The connection was reset, or closed before an answer began.
    Reset,
    /// The connection ended inside an answer.
    Truncated,
    /// What came is not HTTP.
    Malformed,
    /// The answer is larger than the cap.
    TooLarge,
    /// The status is one that fails.
    Status,
    /// The answer is whole, and not what was expected.
    Expectation,
    /// Our own file descriptors were used up.
    LocalFd,
    /// Our own ports were used up.
    LocalPort,
    /// Still unanswered when the run ended; its age is a lower bound of its latency.
    Unfinished,
}

impl Failure {
    /// Every class, in the order of reports.
    pub const ALL: [Self; 13] = [
        Self::Dns,
        Self::Connect,
        Self::Tls,
        Self::Timeout,
        Self::Reset,
        Self::Truncated,
        Self::Malformed,
        Self::TooLarge,
        Self::Status,
        Self::Expectation,
        Self::LocalFd,
        Self::LocalPort,
        Self::Unfinished,
    ];

    /// The name of the class in every file we write.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Reset => "reset",
            Self::Truncated => "truncated",
            Self::Malformed => "malformed",
            Self::TooLarge => "too-large",
            Self::Status => "status",
            Self::Expectation => "expectation",
            Self::LocalFd => "local-fd",
            Self::LocalPort => "local-port",
            Self::Unfinished => "unfinished",
        }
    }

    /// The class of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|failure| failure.name() == name)
    }

    /// Whether this machine, and not the service, was at fault.
    #[must_use]
    pub fn is_ours(self) -> bool {
        matches!(self, Self::LocalFd | Self::LocalPort)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}
