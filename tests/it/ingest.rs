//! Results of other tools: what they say, what they leave unsaid, and what is wrong with them.

use std::path::{Path, PathBuf};

use loadgate::ingest::{self, Ask, File, Refused, Unreadable};
use loadgate::run::Run;

/// Each file gives what its tool counted.
mod truth;
/// Files judged by the built binary.
mod gates;
/// Files that are not as they should be.
mod faults;
/// A file of every format.
mod cases;
/// All that files suffer, for every format.
mod table;
/// Properties that hold for every input.
mod laws;
/// Logs of HdrHistogram.
mod hlog;
/// Runs written in formats of other tools, and read back.
mod exports;

const ASK: Ask<'_> = Ask {
    gate: "gate.toml",
    gate_hash: "",
    windows: &[],
    format: None,
    partial: false,
    unit: None,
};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/ingest").join(name)
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(data(name)).expect("a file of ours")
}

/// The same without gzip.
fn plain(name: &str) -> Vec<u8> {
    use std::io::Read as _;
    let (mut unpacked, packed) = (Vec::new(), bytes(name));
    if !packed.starts_with(&[0x1f, 0x8b]) {
        return packed;
    }
    let mut decoder = flate2::read::GzDecoder::new(packed.as_slice());
    decoder.read_to_end(&mut unpacked).expect("gzip of ours");
    unpacked
}

fn read_all(files: &[&[u8]], ask: &Ask<'_>) -> Result<Run, Refused> {
    let file = |(at, bytes): (usize, &&[u8])| File {
        name: format!("file {at}"),
        bytes: Box::new(std::io::Cursor::new(bytes.to_vec())),
    };
    ingest::read(files.iter().enumerate().map(file).collect(), ask)
}

fn read(bytes: &[u8]) -> Result<Run, Unreadable> {
    read_all(&[bytes], &ASK).map_err(|refused| refused.why)
}

fn run(names: &[&str]) -> Run {
    let files: Vec<Vec<u8>> = names.iter().map(|name| bytes(name)).collect();
    let files: Vec<&[u8]> = files.iter().map(Vec::as_slice).collect();
    read_all(&files, &ASK).unwrap_or_else(|refused| unreachable!("{}: {}", names[0], refused.why))
}
