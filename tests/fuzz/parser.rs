//! Reads bytes as a format of results: the one by whose name this target is called. No bytes make a
//! reader panic, and what is read adds up, can be written, and is read again as the same.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use loadgate::archive;
use loadgate::ingest::{self, Ask, File, Format, Unit};
use loadgate::run::{Evidence, Run};

fuzz_target!(|bytes: &[u8]| {
    let format = Format::named(env!("CARGO_BIN_NAME")).expect("each target is named after one");
    if format == Format::Loadgate {
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        return archive::read(text).iter().for_each(again);
    }
    let unit = (format == Format::Hlog).then_some(Unit::Micros);
    for partial in [false, true] {
        let windows = &[];
        let (gate, gate_hash, format) = ("gate.toml", "", Some(format));
        let ask = Ask { gate, gate_hash, windows, format, partial, unit };
        let file = File { name: "a file".to_owned(), bytes: Box::new(Cursor::new(bytes.to_vec())) };
        let Ok(run) = ingest::read(vec![file], &ask) else { continue };
        let count =
            |one: &Evidence| one.quotes.as_ref().map_or(one.whole.count(), |quotes| quotes.count);
        assert_eq!(run.endpoints.iter().map(count).sum::<u64>(), run.load.sent);
        again(&run);
    }
});

/// What is written is read as it was.
fn again(run: &Run) {
    let text = archive::write(run);
    if let Ok(again) = archive::read(&text) {
        assert_eq!(archive::write(&again), text);
    }
}
