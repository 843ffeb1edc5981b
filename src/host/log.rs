//! The log of a job: parts that fold, and a guard against text that a host would take for commands.

use super::Ci;

/// The line that begins a part of the log that folds. `id` has letters and digits alone; `seconds`
/// count from 1970.
#[must_use]
pub fn begin(ci: Ci, title: &str, id: &str, seconds: u64) -> Option<String> {
    match ci {
        Ci::GitHub | Ci::Gitea => Some(format!("::group::{title}")),
        Ci::Azure => Some(format!("##[group]{title}")),
        Ci::GitLab => {
            Some(format!("\u{1b}[0Ksection_start:{seconds}:{id}[collapsed=true]\r\u{1b}[0K{title}"))
        }
        Ci::Buildkite => Some(format!("--- {title}")),
        Ci::Bitbucket | Ci::CircleCi | Ci::Jenkins => None,
    }
}

/// The line that ends it.
#[must_use]
pub fn end(ci: Ci, id: &str, seconds: u64) -> Option<String> {
    match ci {
        Ci::GitHub | Ci::Gitea => Some("::endgroup::".to_owned()),
        Ci::Azure => Some("##[endgroup]".to_owned()),
        Ci::GitLab => Some(format!("\u{1b}[0Ksection_end:{seconds}:{id}\r\u{1b}[0K")),
        Ci::Buildkite | Ci::Bitbucket | Ci::CircleCi | Ci::Jenkins => None,
    }
}

/// The lines between which a host obeys nothing: a second wall behind the sanitiser. The word is
/// random, so that no text from outside can end it.
#[must_use]
pub fn deaf(ci: Ci, word: &str) -> Option<(String, String)> {
    match ci {
        Ci::GitHub | Ci::Gitea => Some((format!("::stop-commands::{word}"), format!("::{word}::"))),
        Ci::GitLab | Ci::Azure | Ci::Bitbucket | Ci::CircleCi | Ci::Buildkite | Ci::Jenkins => None,
    }
}
