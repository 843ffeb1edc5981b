//! `init`: a first gate file, written from a URL, an API description or a recording. Pure.
//!
//! What comes in is somebody else's file: its size and nesting are bounded, its texts cannot become
//! TOML of their own or name a variable of the system, and the secrets in it stay out of what is
//! written.

mod text;
mod names;
mod tree;
mod address;
mod value;
mod quote;
mod conceal;
mod body;
mod gate;
mod write;
mod finish;
mod multipart;
mod blank;
mod schema;
mod parameter;
mod security;
mod payload;
mod openapi;
mod recorded;
mod har;
mod variables;
mod postman_body;
mod postman;

pub use blank::{Blank, blank};

/// What a draft is to be made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// An `OpenAPI` 3.0 or 3.1 or a Swagger 2.0 description, in JSON or YAML.
    OpenApi,
    /// A recording of a browser or a proxy (HTTP Archive 1.2).
    Har,
    /// A Postman collection, v2.0 or v2.1.
    Postman,
}

/// How a draft is to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Send operations that change data, too (`OpenAPI`).
    pub include_writes: bool,
    /// Send requests for images, fonts, styles and scripts, too (HAR).
    pub include_assets: bool,
    /// How a recorded order is written.
    pub shape: Shape,
}

/// How a recorded order is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// As requests on their own, repeated ones merged into one with a weight.
    Requests,
    /// As one scenario whose steps keep the order.
    Scenario,
}

/// A gate file, and what a person should know about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The gate file.
    pub toml: String,
    /// What was left out or replaced, and why; one sentence each.
    pub notes: Vec<String>,
}

/// Why no draft can be made; a half sentence that follows the file's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Beyond 16 MiB.
    #[error("is larger than 16 MiB")]
    TooLarge,
    /// Some other encoding, or no text at all.
    #[error("is not UTF-8 text")]
    NotText,
    /// Nothing in it.
    #[error("is empty")]
    Empty,
    /// Neither JSON nor YAML.
    #[error("is not {format}: {why}")]
    Syntax {
        /// What it should have been.
        format: &'static str,
        /// What the reader said.
        why: String,
    },
    /// Some other kind of file.
    #[error("is not {wanted}: {why}")]
    OtherKind {
        /// What it should have been.
        wanted: &'static str,
        /// What tells it apart.
        why: String,
    },
    /// The right kind of file, and nothing in it to send.
    #[error("holds nothing to send: {why}")]
    Nothing {
        /// Why, and what to do.
        why: String,
    },
}

/// Makes a draft from a file's bytes.
///
/// # Errors
/// When the file is not of that kind, or holds nothing to send.
pub fn draft(source: Source, bytes: &[u8], ask: Ask) -> Result<Draft, Unreadable> {
    match source {
        Source::OpenApi => from_openapi(bytes, ask),
        Source::Har => from_har(bytes, ask),
        Source::Postman => from_postman(bytes, ask),
    }
}

/// Makes a draft from an `OpenAPI` 3.0 or 3.1 or a Swagger 2.0 description, in JSON or YAML.
///
/// # Errors
/// When it is none, or has no operation that may be sent.
pub fn from_openapi(bytes: &[u8], ask: Ask) -> Result<Draft, Unreadable> {
    openapi::draft(bytes, ask)
}

/// Makes a draft from a recording of a browser or a proxy (HTTP Archive 1.2).
///
/// # Errors
/// When it is none, or has no request that may be sent.
pub fn from_har(bytes: &[u8], ask: Ask) -> Result<Draft, Unreadable> {
    har::draft(bytes, ask)
}

/// Makes a draft from a Postman collection, v2.0 or v2.1.
///
/// # Errors
/// When it is none, or has no request that may be sent.
pub fn from_postman(bytes: &[u8], ask: Ask) -> Result<Draft, Unreadable> {
    postman::draft(bytes, ask)
}
