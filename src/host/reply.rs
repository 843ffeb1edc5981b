//! What a forge's answer means: done, wait, try again, or give up and say what to grant.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use super::Forge;
use crate::sanitise::Clean;

/// The longest wait that a forge may ask of us.
pub const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// How often a request is made in all where the forge fails.
pub const TRIES: u32 = 3;

/// An answer of a forge, as far as we look at it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
    /// Requests left until the limit opens again.
    pub remaining: Option<u64>,
    /// When it does, in seconds since 1970.
    pub reset: Option<u64>,
    /// There is another page.
    pub more: bool,
    /// The body, as text.
    pub body: String,
    /// The same, byte for byte.
    pub raw: Bytes,
}

/// What was asked of a forge, for the sentence that says what to grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// To find a pull request.
    Find,
    /// To read comments.
    List,
    /// To write a comment.
    Comment,
    /// To write a check.
    Check,
    /// To write the status of a commit.
    Status,
    /// To write a report beside a commit.
    Report,
    /// To read a file.
    Read,
    /// To find out who approved a lowered bar.
    Approve,
}

/// Why a forge did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 401: the token is wrong.
    Token,
    /// 403: the token may not.
    Forbidden(String),
    /// The conversation is locked or gone: 410, or 403 that says so.
    Locked,
    /// 404: not there, or hidden from this token.
    NotFound,
    /// A limit is reached; it opens after so long, where that is told.
    Limited(Option<Duration>),
    /// 422: the text is too long.
    TooLong,
    /// Another 4xx: the forge does not take it.
    Invalid(u16, String),
    /// 3xx: it is somewhere else.
    Moved(u16),
    /// 5xx.
    Broken(u16),
    /// No answer came: why, as a half sentence.
    Unreachable(String),
    /// An answer came that is none we know: why, as a half sentence.
    Odd(String),
    /// The time for publishing is over.
    OutOfTime,
}

impl Reply {
    /// What it refuses; `now` in seconds since 1970.
    ///
    /// # Errors
    /// When the status is none of success.
    pub fn granted(self, now: u64) -> Result<Self, Refusal> {
        match self.status {
            200..=299 => Ok(self),
            300..=399 => Err(Refusal::Moved(self.status)),
            401 => Err(Refusal::Token),
            403 | 429 => Err(self.forbidden(now)),
            404 => Err(Refusal::NotFound),
            410 => Err(Refusal::Locked),
            422 if self.message().to_lowercase().contains("too long") => Err(Refusal::TooLong),
            500..=599 => Err(Refusal::Broken(self.status)),
            status => Err(Refusal::Invalid(status, self.message())),
        }
    }

    fn forbidden(&self, now: u64) -> Refusal {
        let message = self.message();
        let lower = message.to_lowercase();
        let spent = self.remaining == Some(0);
        if let Some(seconds) = self.retry_after {
            Refusal::Limited(Some(Duration::from_secs(seconds)))
        } else if let (true, Some(reset)) = (spent, self.reset) {
            Refusal::Limited(Some(Duration::from_secs(reset.saturating_sub(now))))
        } else if lower.contains("secondary rate limit") {
            // GitHub asks for "at least one minute" where it names no time.
            Refusal::Limited(Some(LONGEST_WAIT))
        } else if spent || self.status == 429 {
            Refusal::Limited(None)
        } else if lower.contains("locked") {
            Refusal::Locked
        } else {
            Refusal::Forbidden(message)
        }
    }

    /// What the forge says about it, in one line.
    fn message(&self) -> String {
        let json: Value = serde_json::from_str(&self.body).unwrap_or_default();
        // GitLab has lists of texts by field; Bitbucket has an object around its text.
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Object(fields) => Some(fields.values().map(ToString::to_string).collect()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
        };
        let detail = json["errors"]
            .as_array()
            .and_then(|all| all.first())
            .and_then(|first| text(&first["message"]).or_else(|| text(first)));
        let parts = [text(&json["message"]), text(&json["error"]["message"]), detail];
        let told = parts.into_iter().flatten().collect::<Vec<_>>().join(": ");
        Clean::line(&told).to_string()
    }
}

impl Refusal {
    /// How long to wait before the same request is worth making again; `None` where it is not.
    /// `tried` counts the requests made; `jitter` is a draw from 0 to 1.
    #[must_use]
    pub fn again(&self, tried: u32, jitter: f64) -> Option<Duration> {
        let pause = Duration::from_secs(1 << tried.saturating_sub(1).min(2));
        match self {
            Self::Limited(Some(wait)) if *wait <= LONGEST_WAIT && tried < 2 => Some(*wait),
            Self::Broken(_) | Self::Unreachable(_) if tried < TRIES => {
                Some(pause.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0))
            }
            Self::Limited(_)
            | Self::Broken(_)
            | Self::Unreachable(_)
            | Self::Token
            | Self::Forbidden(_)
            | Self::Locked
            | Self::NotFound
            | Self::TooLong
            | Self::Invalid(..)
            | Self::Moved(_)
            | Self::Odd(_)
            | Self::OutOfTime => None,
        }
    }

    /// Whether it may have been done all the same, so that one must look before asking again.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Broken(_) | Self::Unreachable(_) | Self::Odd(_))
    }

    /// Whether another way may be open: this one is not for this token, or not there at all.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Forbidden(_) | Self::NotFound | Self::Invalid(..) | Self::Moved(_))
    }

    /// One line: what was not done, why, and what to do about it.
    #[must_use]
    pub fn told(&self, forge: Forge, deed: Deed) -> String {
        let name = forge.name();
        let what = deed.name();
        match self {
            Self::Token => format!("{name} rejects the token (401), {what}: renew it"),
            Self::Forbidden(message) => {
                let said = if message.is_empty() { String::new() } else { format!(" {message}.") };
                format!(
                    "{name} does not let this token (403), {what}.{said} Grant {}; the token of a \
                     pull request from a fork or Dependabot can only read",
                    deed.permission(forge)
                )
            }
            Self::Locked => format!("the conversation is locked or deleted (410), {what}"),
            Self::NotFound => format!(
                "{name} has no such repository, pull request or commit, or hides it from this \
                 token (404), {what}"
            ),
            Self::Limited(Some(wait)) => format!(
                "{name} asks to wait {} s (rate limit), longer than we do, {what}",
                wait.as_secs()
            ),
            Self::Limited(None) => format!("{name}'s rate limit is used up (429), {what}"),
            Self::TooLong => format!("{name} finds the text too long (422), {what}"),
            Self::Invalid(status, message) => {
                format!("{name} does not take it ({status} {message}), {what}")
            }
            Self::Moved(status) => format!(
                "{name} answers with a redirect ({status}), {what}: was the repository renamed, or \
                 is the address of its API wrong?"
            ),
            Self::Broken(status) => format!("{name} fails ({status}), {what}"),
            Self::Unreachable(why) => format!("{name} cannot be reached: {why}, {what}"),
            Self::Odd(why) => format!("{name}'s answer is not understood: {why}, {what}"),
            Self::OutOfTime => format!("the time for publishing was over, {what}"),
        }
    }
}

impl Deed {
    fn name(self) -> &'static str {
        match self {
            Self::Find => "so the pull request was not found",
            Self::List => "so the comments were not read",
            Self::Comment => "so the comment was not posted",
            Self::Check => "so the check was not written",
            Self::Status => "so the commit status was not written",
            Self::Report => "so the report was not written",
            Self::Read => "so the file was not read",
            Self::Approve => "so nobody knows who set the label",
        }
    }

    fn permission(self, forge: Forge) -> &'static str {
        match (forge, self) {
            (Forge::GitHub, Self::Approve) => "`pull-requests: read` and `contents: read`",
            (Forge::GitHub, Self::Find | Self::List) => "`pull-requests: read`",
            (Forge::GitHub, Self::Comment) => "`pull-requests: write`",
            (Forge::GitHub, Self::Check | Self::Report) => "`checks: write`",
            (Forge::GitHub, Self::Status) => "`statuses: write`",
            (Forge::GitHub, Self::Read) => "`contents: read`",
            (Forge::Gitea, Self::List) => "the scope `read:issue`",
            (Forge::Gitea, Self::Comment) => "the scope `write:issue`",
            (Forge::Gitea, Self::Check | Self::Status | Self::Report) => {
                "the scope `write:repository`"
            }
            (Forge::Gitea, Self::Find | Self::Read | Self::Approve) => {
                "the scope `read:repository`"
            }
            (Forge::GitLab, _) => "a project access token with the scope `api`",
            (Forge::Azure, Self::Find | Self::Read) => {
                "\"Read\" on the repository to the build service"
            }
            (Forge::Azure, _) => "\"Contribute to pull requests\" to the build service",
            (Forge::Bitbucket, Self::Find) => "the scope `pullrequest`",
            (Forge::Bitbucket, _) => "the scope `repository`",
        }
    }
}
