//! Reports into files, each whether or not another could be written.

use std::path::Path;

use super::voice::Voice;
use crate::archive;
use crate::report::{Case, Facts, Format, Style};
use crate::run::Run;
use crate::secret::Masks;
use crate::store::{Store, Unusable};

/// The measurement itself, beside its reports.
pub(super) const RUN: &str = "run.json";

/// Takes a directory for reports, proves it usable, and clears it of an earlier run's, but for
/// `spared`.
pub(super) fn open(dir: &Path, spared: &[&str]) -> Result<Store, Unusable> {
    let reports = Format::FILES.into_iter().filter_map(Format::file_name);
    let names: Vec<&str> = std::iter::once(RUN).chain(reports).collect();
    let store = Store::open(dir, &names)?;
    let old: Vec<&str> = names.into_iter().filter(|name| !spared.contains(name)).collect();
    store.clear(&old)?;
    Ok(store)
}

/// Writes what was measured. Whether it lies where it should.
pub(super) fn keep(store: &Store, run: &Run, voice: &Voice) -> bool {
    write(store, RUN, &archive::write(run), voice)
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
    let (mut whole, mut page) = (true, String::new());
    for format in Format::FILES {
        let Some(name) = format.file_name() else { continue };
        let text = facts.render(format);
        let text = match format {
            Format::Json => in_strings(&text, voice.masks()),
            Format::Text(_) | Format::Junit | Format::Markdown | Format::Html => {
                voice.masks().apply(&text)
            }
        };
        whole &= write(store, name, &text, voice);
        if format == Format::Markdown {
            page = text;
        }
    }
    let style = Style { colour: voice.paint, width: usize::from(voice.width) };
    voice.conclude(&facts.render(Format::Text(style)));
    voice.note(&format!("reports are in {}", store.path("").display()));
    Delivered { whole, facts, page }
}

fn write(store: &Store, name: &str, text: &str, voice: &Voice) -> bool {
    let written = store.write(name, text.as_bytes());
    written.inspect_err(|unwritten| voice.say(&unwritten.to_string())).is_ok()
}

/// Hides values in the texts of a JSON file, and leaves its numbers alone.
fn in_strings(json: &str, masks: &Masks) -> String {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(begin) = rest.find('"') {
        let (before, text) = rest.split_at(begin + 1);
        let mut escaped = false;
        let end = text.find(|sign| {
            let ends = sign == '"' && !escaped;
            escaped = sign == '\\' && !escaped;
            ends
        });
        let (text, behind) = text.split_at(end.unwrap_or(text.len()));
        out.push_str(before);
        out.push_str(&masks.apply(text));
        let quote = behind.len().min(1);
        out.push_str(&behind[..quote]);
        rest = &behind[quote..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_hidden_in_texts_and_numbers_stay() {
        let mut masks = Masks::default();
        masks.hide("TOKEN", "100000");
        let json = r#"{"n":100000,"a\\":"x 100000 \" y","b":100000.5}"#;
        let hidden = in_strings(json, &masks);
        assert_eq!(hidden, r#"{"n":100000,"a\\":"x ${TOKEN} \" y","b":100000.5}"#);
    }
}
