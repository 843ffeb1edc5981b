//! Questions that need no load: what a name means, what a file may hold, what a shell may complete.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::voice;
use crate::cli::{Cli, Schema};
use crate::error::{Error, Exit};
use crate::judge::{explain, subjects};
use crate::locust;
use crate::plan;
use crate::report::verdict_schema;

/// The page of a name, or all names.
pub(super) fn meaning(name: Option<&str>) -> Result<Exit, Error> {
    let page = match name {
        None => subjects().collect::<Vec<_>>().join("\n"),
        Some(name) => explain(name).map(str::to_owned).ok_or_else(|| unknown(name))?,
    };
    print(&page)
}

fn unknown(name: &str) -> Error {
    let near = subjects()
        .map(|subject| (strsim::damerau_levenshtein(subject, name), subject))
        .filter(|(distance, _)| *distance <= 2)
        .min();
    Error::Unknown { name: name.to_owned(), near: near.map(|(_, subject)| subject) }
}

/// The JSON Schema of a file.
pub(super) fn schema(of: Schema) -> Result<Exit, Error> {
    match of {
        Schema::Gate => print(&format!("{:#}", plan::schema())),
        Schema::Verdict => print(verdict_schema()),
    }
}

/// A completion script.
pub(super) fn completions(shell: Shell) -> Result<Exit, Error> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "loadgate", &mut script);
    print(&String::from_utf8_lossy(&script))
}

/// What a Locust must load that nobody brings it to.
pub(super) fn plugin() -> Result<Exit, Error> {
    print(locust::PLUGIN)
}

fn print(text: &str) -> Result<Exit, Error> {
    voice::data(&format!("{}\n", text.trim_end())).map_err(Error::Stdout)?;
    Ok(Exit::Pass)
}
