//! What the steps after ours read, and the summary of the job.

use std::fmt::Write as _;

/// The most bytes of GitHub's job summary, with what is in it already: above 1 MiB the host drops
/// all of it.
pub const MOST_SUMMARY: usize = 1_000_000;

/// The outputs of a step, as `GITHUB_OUTPUT` takes them. The delimiter is a random word, so that no
/// value can end itself early.
#[must_use]
pub fn outputs(pairs: &[(&str, &str)], delimiter: &str) -> String {
    let mut out = String::new();
    let safe = pairs.iter().filter(|(_, value)| !value.contains(delimiter));
    for (name, value) in safe {
        let _ = write!(out, "{name}<<{delimiter}\n{value}\n{delimiter}\n");
    }
    out
}

/// The command that shows a page of Markdown beside an Azure job; `None` for a path that no command
/// can have.
#[must_use]
pub fn shown_beside(path: &str) -> Option<String> {
    let plain = !path.chars().any(char::is_control);
    plain.then(|| format!("##vso[task.uploadsummary]{}\n", path.replace('%', "%AZP25")))
}

/// The first page that fits behind what is in the summary already; `None` where none does.
#[must_use]
pub fn fitting<'a>(pages: &[&'a str], already: u64) -> Option<&'a str> {
    let room = MOST_SUMMARY.saturating_sub(usize::try_from(already).unwrap_or(usize::MAX));
    pages.iter().copied().find(|page| page.len() < room)
}
