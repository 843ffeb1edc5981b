//! Annotations: what failed, shown by the CI host at the line of the gate file that asked for it.

use std::fmt::Write as _;

use super::Ci;
use crate::report::Facts;
use crate::report::check::{Check, Mark};

/// The most annotations of a step; a host drops what comes after its tenth without a word.
pub const MOST: usize = 9;

/// One remark at a line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// How bad it is.
    pub severity: Severity,
    /// The file, from the root of the repository; `None` for a remark on the whole.
    pub file: Option<String>,
    /// The line, 1-based; 0 for none.
    pub line: usize,
    /// A few words: `p99 over its limit`.
    pub title: String,
    /// The sentence.
    pub message: String,
}

/// How bad a remark is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The gate fails, or cannot judge.
    Error,
    /// It is only said.
    Warning,
}

/// One for each check that was not held, the most urgent first. `file` is the gate file as seen
/// from the root of the repository, where it lies in there.
#[must_use]
pub fn annotations(facts: &Facts, file: Option<&str>) -> Vec<Annotation> {
    let urgent = Mark::ALL.into_iter().filter(|mark| mark.is_urgent());
    let checks = urgent.flat_map(|mark| facts.marked(mark).map(move |check| (mark, check)));
    checks.map(|(mark, check)| annotation(mark, check, file)).collect()
}

fn annotation(mark: Mark, check: &Check, file: Option<&str>) -> Annotation {
    let (severity, what) = match mark {
        Mark::Fail => (Severity::Error, "breached"),
        Mark::Doubt => (Severity::Error, "not judged"),
        Mark::Warn => (Severity::Warning, "breached, only warns"),
        Mark::Unsure => (Severity::Warning, "not judged, only warns"),
        Mark::Open => (Severity::Warning, "not judged"),
        Mark::Held => (Severity::Warning, "held"),
    };
    let excess = check.excess.as_ref().map(|excess| format!(" ({excess})")).unwrap_or_default();
    let file = file.filter(|_| check.line > 0).map(str::to_owned);
    Annotation {
        severity,
        file,
        line: check.line,
        title: format!("{} {what}", check.metric),
        message: format!("{} {}{excess}", check.place(), check.said()),
    }
}

/// The lines that make a CI host show them: at most nine, and one that counts the rest. Empty for
/// hosts that have no such thing.
#[must_use]
pub fn commands(ci: Ci, all: &[Annotation]) -> String {
    let write: fn(&Annotation) -> String = match ci {
        Ci::GitHub | Ci::Gitea => github,
        Ci::Azure => azure,
        Ci::GitLab | Ci::Bitbucket | Ci::CircleCi | Ci::Buildkite | Ci::Jenkins => {
            return String::new();
        }
    };
    let mut out = String::new();
    for one in all.iter().take(MOST) {
        let _ = writeln!(out, "{}", write(one));
    }
    if let Some(first @ Annotation { severity, .. }) = all.get(MOST) {
        let more = all.len() - MOST;
        let rest = Annotation {
            severity: *severity,
            file: first.file.clone(),
            line: first.line,
            title: format!("and {more} more"),
            message: format!("and {more} more checks like these; the job summary lists all"),
        };
        let _ = writeln!(out, "{}", write(&rest));
    }
    out
}

/// GitHub's workflow command, escaped as its runner reads it (actions/runner, ActionCommand.cs).
fn github(one: &Annotation) -> String {
    let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let word = match one.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let place = one
        .file
        .as_ref()
        .map_or_else(String::new, |file| format!("file={},line={},", property(file), one.line));
    format!("::{word} {place}title={}::{}", property(&one.title), data(&one.message))
}

/// Azure's logging command, escaped as its agent reads it (azure-pipelines-agent, Command.cs).
fn azure(one: &Annotation) -> String {
    let data = |text: &str| text.replace('%', "%AZP25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| data(text).replace(';', "%3B").replace(']', "%5D");
    let word = match one.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let place = one.file.as_ref().map_or_else(String::new, |file| {
        format!("sourcepath={};linenumber={};", property(file), one.line)
    });
    let text = format!("{}: {}", one.title, one.message);
    format!("##vso[task.logissue type={word};{place}]{}", data(&text))
}
