//! From bytes to a tree of values, or to what TOML itself finds wrong with them.

use toml::de::{DeTable, DeValue};
use toml::{Spanned, de};

use super::fault::{Fault, Faults, Page};
use crate::metric::Metric;

/// The bytes as text, without a byte order mark.
pub(super) fn decode<'a>(name: &str, bytes: &'a [u8]) -> Result<&'a str, Faults> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(wrong) => {
            let at = wrong.valid_up_to();
            let good = std::str::from_utf8(&bytes[..at]).unwrap_or("");
            let message = format!("byte 0x{:02X} at offset {at} is not UTF-8", bytes[at]);
            let hint = "save the file as UTF-8".to_owned();
            Err(Faults(vec![Page::new(name, good).fault(at..at, message, Some(hint))]))
        }
    }
}

/// The tree of a text. Where it is not TOML, as many places as can be told, one for each line;
/// keys written twice leave a tree that can be read on.
pub(super) fn parse<'a>(page: &Page<'a>) -> (Option<Spanned<DeValue<'a>>>, Vec<Fault>) {
    let (table, errors) = DeTable::parse_recoverable(page.text);
    let broken = errors.iter().any(|error| !is_repeated(error));
    let mut faults: Vec<Fault> = errors
        .iter()
        .filter(|error| !broken || !is_repeated(error) || errors.len() == 1)
        .map(|error| fault(page, error))
        .collect();
    faults.sort_by_key(|fault| fault.span.start);
    // Behind the first mistake of a line the parser guesses.
    faults.dedup_by_key(|fault| fault.line);
    let span = table.span();
    let tree = (!broken).then(|| Spanned::new(span, DeValue::Table(table.into_inner())));
    (tree, faults)
}

/// Whether a key is there twice: the tree is whole but for that.
fn is_repeated(error: &de::Error) -> bool {
    error.message().starts_with("duplicate key")
        || error.message().starts_with("cannot extend value")
}

fn fault(page: &Page<'_>, error: &de::Error) -> Fault {
    let span = error.span().unwrap_or(0..0);
    let source = page.slice(&span);
    if is_repeated(error) {
        return repeated(page, span, source);
    }
    let (what, expected) =
        error.message().split_once(", expected ").unwrap_or((error.message(), ""));
    let hint = if what.starts_with("string values must be quoted") && !source.is_empty() {
        Some(format!("write `\"{source}\"`"))
    } else if what == "invalid basic string" && expected == "`\"`" {
        return page.fault(span, "the string does not end", Some("put `\"` at its end".to_owned()));
    } else {
        let says = !expected.is_empty() && expected != "nothing";
        says.then(|| format!("expected {expected}"))
    };
    page.fault(span, what, hint)
}

/// A key that stands twice. `p99` beside a bare `p99.9` looks like that to TOML.
fn repeated(page: &Page<'_>, span: std::ops::Range<usize>, key: &str) -> Fault {
    let bare = Metric::parse(key).and_then(|_| bare_percentile(page.text, key));
    if let Some(bare) = bare {
        let message = format!(
            "`{key}` and a bare `{bare}` cannot stand together: to TOML, `{bare}` is a key `{}` in \
             a table `{key}`",
            &bare[key.len() + 1..]
        );
        let hint = format!("write `{}` or `\"{bare}\"` for the latter", bare.replace('.', "_"));
        return page.fault(span, message, Some(hint));
    }
    let message = format!("`{key}` is there twice");
    page.fault(span, message, Some("write it once, all of it in one place".to_owned()))
}

/// A bare `p99.9` at the start of a line, for the key `p99`.
fn bare_percentile(text: &str, key: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let decimals = line.trim_start().strip_prefix(key)?.trim_start().strip_prefix('.')?;
        let decimals = decimals.trim_start();
        let end = decimals.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(decimals.len());
        (end > 0).then(|| format!("{key}.{}", &decimals[..end]))
    })
}
