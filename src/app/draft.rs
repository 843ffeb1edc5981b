//! A first gate file, written where none is yet.

use std::path::Path;

use super::voice::{self, Voice};
use crate::cli;
use crate::error::{Error, Exit};
use crate::init::{self, Blank, Draft, Shape, Source};
use crate::sanitise::Clean;
use crate::store;

/// One byte more than the largest file that a draft is made from, so that its reader can say so.
const MOST: u64 = 16 * 1024 * 1024 + 1;

/// Drafts a gate file and writes it, or prints it where its name is `-`.
pub(super) fn init(ask: &cli::Init, voice: &Voice) -> Result<Exit, Error> {
    let Draft { toml, notes } = draft(ask)?;
    if ask.gate == Path::new("-") {
        voice::data(&toml).map_err(Error::Stdout)?;
    } else {
        store::create(&ask.gate, toml.as_bytes()).map_err(Error::NotCreated)?;
    }
    for note in &notes {
        voice.note(Clean::line(note).as_str());
    }
    if ask.gate != Path::new("-") {
        let name = ask.gate.to_string_lossy();
        let name = Clean::line(&name);
        voice.note(&format!("wrote {name}; `loadgate plan {name}` says what it would send"));
    }
    Ok(Exit::Pass)
}

fn draft(ask: &cli::Init) -> Result<Draft, Error> {
    let sources = [
        (Source::OpenApi, &ask.from_openapi),
        (Source::Har, &ask.from_har),
        (Source::Postman, &ask.from_postman),
    ];
    let given = sources.into_iter().find_map(|(source, path)| Some((source, path.as_ref()?)));
    let Some((source, path)) = given else {
        let blank = Blank::of(&ask.target).map_err(|why| Error::NoAddress(why.to_string()))?;
        return Ok(Draft { toml: init::blank(&blank), notes: Vec::new() });
    };
    let bytes = store::read(path, MOST)?;
    let how = init::Ask {
        include_writes: ask.include_writes,
        include_assets: ask.include_assets,
        shape: Shape::Requests,
    };
    init::draft(source, &bytes, how)
        .map_err(|why| Error::NoDraft { path: path.clone(), why: why.to_string() })
}
