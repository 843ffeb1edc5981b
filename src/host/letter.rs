//! The comment under a pull request: whose it is, which run wrote it, and the page itself.
//!
//! The first line marks it as ours and says of which gate it speaks; the second says which run
//! wrote it, so that an older run never overwrites what a newer one has said.

use serde::{Deserialize, Serialize};

use super::Place;

/// The most bytes of a comment: forges take 65,536 characters.
pub const MOST_BYTES: usize = 65_000;
/// The longest key, in characters.
const LONGEST_KEY: usize = 64;
const BEGIN: &str = "<!-- loadgate:v1 key=";
const META: &str = "<!-- loadgate-meta ";
const END: &str = " -->";

/// The name that tells the comments of several gates apart: `checkout`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// Reads a key that a user wrote.
    ///
    /// # Errors
    /// When it is empty, too long, or has other signs than `a-z`, `0-9`, `.`, `_` and `-`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let plain =
            |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || "._-".contains(sign);
        if (1..=LONGEST_KEY).contains(&text.len()) && text.chars().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("a key has 1 to {LONGEST_KEY} of the signs a-z, 0-9, `.`, `_` and `-`"))
        }
    }

    /// The key of a gate file that has none given: `thresholds/checkout.toml` is
    /// `thresholds-checkout`, wherever the repository lies.
    #[must_use]
    pub fn of_gate(name: &str) -> Self {
        let name = name.replace('\\', "/");
        let name = name.strip_suffix(".toml").unwrap_or(&name);
        let parts: Vec<_> =
            name.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect();
        let last = &parts[parts.len().saturating_sub(2)..];
        let plain = |sign: char| match sign.to_ascii_lowercase() {
            sign if sign.is_ascii_alphanumeric() || "._-".contains(sign) => sign,
            _ => '-',
        };
        let key: String = last.join("-").chars().map(plain).collect();
        let key = &key[key.len().saturating_sub(LONGEST_KEY)..];
        Self(if key.is_empty() { "gate".to_owned() } else { key.to_owned() })
    }

    /// The key itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first line of its comment.
    #[must_use]
    pub fn marker(&self) -> String {
        format!("{BEGIN}{}{END}", self.0)
    }
}

/// Which run wrote a comment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// The run's number at the host.
    pub run: Option<u64>,
    /// How often it was started.
    pub attempt: u64,
    /// The commit it judged.
    pub sha: Option<String>,
}

impl Stamp {
    /// The stamp of a run that stands there.
    #[must_use]
    pub fn of(place: &Place) -> Self {
        Self { run: place.run, attempt: place.attempt, sha: place.head.clone() }
    }

    /// The stamp in the second line of a comment.
    #[must_use]
    pub fn read(body: &str) -> Option<Self> {
        let line = body.lines().nth(1)?.trim_end();
        serde_json::from_str(line.strip_prefix(META)?.strip_suffix(END)?).ok()
    }

    /// Whether a run that wrote this one came later than ours.
    #[must_use]
    pub fn is_newer_than(&self, ours: &Self) -> bool {
        match (self.run, ours.run) {
            (Some(theirs), Some(own)) => (theirs, self.attempt) > (own, ours.attempt),
            (Some(_) | None, _) => false,
        }
    }
}

/// A comment, ready to be posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Of which gate it speaks.
    pub key: Key,
    /// Which run writes it.
    pub stamp: Stamp,
    /// All of it.
    pub text: String,
    /// The same with fewer rows, for a forge that finds it too long.
    pub short: String,
}

impl Letter {
    /// Puts the marks above a page and the way back to the run below it. `page` and `short` are
    /// Markdown that is safe to show.
    #[must_use]
    pub fn new(key: Key, place: &Place, page: &str, short: &str) -> Self {
        let stamp = Stamp::of(place);
        let meta = serde_json::to_string(&stamp).expect("numbers and a text are JSON");
        let head = format!("{}\n{META}{meta}{END}\n", key.marker());
        let foot = format!("\n{}\n", foot(place, &key));
        let whole = |page: &str| format!("{head}{}\n{foot}", page.trim_end());
        let (text, short) = (whole(page), whole(short));
        let text = if text.len() > MOST_BYTES { short.clone() } else { text };
        Self { key, stamp, text, short }
    }
}

/// `run 17 · commit abc1234 · attempt 2 · gate api`, with a link where there is one.
fn foot(place: &Place, key: &Key) -> String {
    let mut parts = Vec::new();
    let name = place.run.map_or_else(|| "run".to_owned(), |run| format!("run {run}"));
    match &place.url {
        Some(url) => parts.push(format!("[{name}]({url})")),
        None if place.run.is_some() => parts.push(name),
        None => {}
    }
    parts.extend(place.head.as_deref().map(|head| format!("commit `{}`", &head[..7])));
    if place.attempt > 1 {
        parts.push(format!("attempt {}", place.attempt));
    }
    parts.push(format!("loadgate `{}`", key.as_str()));
    format!("<sub>{}</sub>", parts.join(" · "))
}
