//! A client that an authorization server gives tokens to.

use std::fmt;

/// Where a token comes from, and for whom: the client credentials grant of OAuth 2.0 (RFC 6749,
/// section 4.4).
#[derive(Clone, PartialEq, Eq)]
pub struct Grant {
    /// TLS or not.
    pub secure: bool,
    /// Name or address of the authorization server, without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The path that gives tokens.
    pub path: String,
    /// Its address as a person wrote it; what came from the environment as `${NAME}`.
    pub shown: String,
    /// Who we are.
    pub client_id: String,
    /// How we prove it.
    pub client_secret: String,
    /// What the token is to allow, words with spaces between them.
    pub scope: Option<String>,
    /// Whom the token is for.
    pub audience: Option<String>,
}

impl fmt::Debug for Grant {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Grant({})", self.shown)
    }
}
