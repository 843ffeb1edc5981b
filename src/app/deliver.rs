//! Reports into files, each whether or not another could be written.

use std::panic::resume_unwind;
use std::path::Path;

use super::voice::Voice;
use crate::archive;
use crate::report::{Case, Facts, Format, Style};
use crate::run::Run;
use crate::store::{Store, Unusable, Unwritten};

/// The measurement itself, beside its reports.
pub(super) const RUN: &str = "run.json";

/// Takes a directory for reports and `more` files, proves it usable, and clears it of an earlier
/// run's, but for `spared`.
pub(super) fn open(dir: &Path, more: &[&str], spared: &[&str]) -> Result<Store, Unusable> {
    let reports = Format::FILES.into_iter().filter_map(Format::file_name);
    let mut names: Vec<&str> = std::iter::once(RUN).chain(reports).collect();
    names.extend(more);
    let store = Store::open(dir, &names)?;
    let old: Vec<&str> = names.into_iter().filter(|name| !spared.contains(name)).collect();
    store.clear(&old)?;
    Ok(store)
}

/// Writes what was measured. Whether it lies where it should.
pub(super) fn keep(store: &Store, run: &Run, voice: &Voice) -> bool {
    is_there(store.write(RUN, archive::write(run).as_bytes()), voice)
}

/// Reports that were written.
pub(super) struct Delivered {
    /// All of them lie where they should.
    pub whole: bool,
    /// What they tell.
    pub facts: Facts,
    /// The text of `summary.md`.
    pub page: String,
}

/// Writes every report and says the verdict.
pub(super) fn tell(store: &Store, case: &Case<'_>, voice: &Voice) -> Delivered {
    let facts = Facts::of(case);
    // All at once: most of the time a disk is waited for.
    let written = std::thread::scope(|scope| {
        let write = |format: Format| {
            let text = facts.render(format);
            let name = format.file_name();
            (name.map_or(Ok(()), |name| store.write(name, text.as_bytes())), text)
        };
        let writing = Format::FILES.map(|format| {
            let thread = std::thread::Builder::new().spawn_scoped(scope, move || write(format));
            (format, thread)
        });
        writing.map(|(format, thread)| {
            let done = match thread {
                Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
                // Where the machine gives no more threads, the reports are written one by one.
                Err(_) => write(format),
            };
            (format, done)
        })
    });
    let (mut whole, mut page) = (true, String::new());
    for (format, (written, text)) in written {
        whole &= is_there(written, voice);
        if format == Format::Markdown {
            page = text;
        }
    }
    let style = Style { colour: voice.paint, width: usize::from(voice.width) };
    voice.conclude(&facts.render(Format::Text(style)));
    voice.note(&format!("reports are in {}", store.path("").display()));
    Delivered { whole, facts, page }
}

pub(super) fn is_there(written: Result<(), Unwritten>, voice: &Voice) -> bool {
    written.inspect_err(|unwritten| voice.say(&unwritten.to_string())).is_ok()
}
