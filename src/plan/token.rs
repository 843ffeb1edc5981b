//! Literals that look like tokens: they belong into the environment, not into a file, and never
//! into an output.

use std::ops::Range;

/// Beginnings of well-known tokens, and how long the token is at least.
const BEGINNINGS: [(&str, usize); 14] = [
    ("ghp_", 20),
    ("gho_", 20),
    ("ghu_", 20),
    ("ghs_", 20),
    ("ghr_", 20),
    ("github_pat_", 30),
    ("glpat-", 20),
    ("sk-", 20),
    ("xoxa-", 15),
    ("xoxb-", 15),
    ("xoxp-", 15),
    ("AKIA", 20),
    ("ASIA", 20),
    ("eyJ", 30),
];

/// Schemes of an `Authorization` header, behind which a credential stands.
const SCHEMES: [&str; 4] = ["Bearer ", "bearer ", "Basic ", "Token "];
const CREDENTIAL: usize = 16;

/// Where the first thing that looks like a token stands.
pub(super) fn find(text: &str) -> Option<Range<usize>> {
    let words = text.char_indices().filter(|(at, _)| {
        !text[..*at].ends_with(|sign: char| sign.is_ascii_alphanumeric() || sign == '_')
    });
    words.map(|(at, _)| at).find_map(|at| {
        let rest = &text[at..];
        let token = token_at(rest).or_else(|| credential_at(rest))?;
        Some(at + token.start..at + token.end)
    })
}

/// The same text with everything that looks like a token starred out, sign for sign.
pub(super) fn starred(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(token) = find(rest) {
        out.push_str(&rest[..token.start]);
        out.extend(std::iter::repeat_n('*', token.len()));
        rest = &rest[token.end..];
    }
    out + rest
}

fn token_at(rest: &str) -> Option<Range<usize>> {
    let (_, least) = BEGINNINGS.iter().find(|(start, _)| rest.starts_with(start))?;
    let length = run(rest);
    (length >= *least).then_some(0..length)
}

fn credential_at(rest: &str) -> Option<Range<usize>> {
    let scheme = SCHEMES.iter().find(|scheme| rest.starts_with(**scheme))?;
    let length = run(&rest[scheme.len()..]);
    (length >= CREDENTIAL).then(|| scheme.len()..scheme.len() + length)
}

/// How many signs of the alphabets of tokens stand in front. All are ASCII.
fn run(text: &str) -> usize {
    let belongs = |sign: char| sign.is_ascii_alphanumeric() || "_-.~+/=".contains(sign);
    text.find(|sign| !belongs(sign)).unwrap_or(text.len())
}
