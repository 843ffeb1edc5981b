//! `export`: a run in a format of another tool.

use std::path::Path;

use super::deliver;
use super::line;
use super::voice;
use crate::cli;
use crate::error::{Error, Exit};
use crate::export::{To, export};
use crate::store;

/// Writes a run in another format, to stdout or to a file that is not there yet.
pub(super) fn write(ask: &cli::Export) -> Result<Exit, Error> {
    let path = if ask.run.is_dir() { ask.run.join(deliver::RUN) } else { ask.run.clone() };
    let run = line::recall(&path)?;
    let to: To = ask.to.into();
    let unfit = |why: crate::export::Unexported| Error::UnfitRun {
        path: path.clone(),
        why: why.to_string(),
    };
    let text = export(&run, to).map_err(unfit)?;
    if ask.output == Path::new("-") {
        voice::data(&text).map_err(Error::Stdout)?;
    } else {
        store::create(&ask.output, text.as_bytes()).map_err(Error::NotCreated)?;
    }
    Ok(Exit::Pass)
}
