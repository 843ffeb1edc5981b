//! `${NAME}` and `${NAME:-default}` in a text, filled in from the environment.

use std::ops::Range;

/// A text with its references filled in, and what was found on the way.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Filled {
    /// The text. References that could not be filled in are left out.
    pub(super) value: String,
    /// The text as it may be shown: what came from the environment as `${NAME}`.
    pub(super) shown: String,
    /// The text with every reference as `${NAME}`, so that it is the same in every environment.
    pub(super) template: String,
    /// The text as the source of a template, in which nothing from the environment is a tag.
    pub(super) script: String,
    /// The text with [`FOREIGN`] for every value that came from the environment.
    pub(super) probe: String,
    /// Names and values that came from the environment.
    pub(super) used: Vec<(String, String)>,
    /// What could not be filled in.
    pub(super) wrong: Vec<Wrong>,
}

/// Stands for a value of the environment where only the text around it matters.
pub(super) const FOREIGN: char = '\u{0}';

/// A brace in the source of a template that begins no tag.
const BRACE: &str = "{{ '{' }}";

/// The source of a template that gives exactly this text.
pub(super) fn literal(text: &str) -> String {
    text.replace('{', BRACE)
}

/// A reference that could not be filled in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// The variable is not set and there is no default.
    Unset(String),
    /// It is not a reference: no end, or no name.
    Malformed(String),
}

/// Fills in every reference. `$${` stands for `${` itself; `${env:NAME}` is the long form.
pub(super) fn fill(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Filled {
    let mut filled = Filled::default();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let before = &rest[..at];
        rest = &rest[at + 2..];
        if let Some(literal) = before.strip_suffix('$') {
            filled.push(literal);
            filled.push("${");
            continue;
        }
        filled.push(before);
        let Some(end) = rest.find('}') else {
            filled.wrong.push(Wrong::Malformed(format!("${{{rest}")));
            return filled;
        };
        filled.reference(&rest[..end], lookup);
        rest = &rest[end + 1..];
    }
    filled.push(rest);
    filled
}

impl Filled {
    fn push(&mut self, text: &str) {
        self.value.push_str(text);
        self.shown.push_str(text);
        self.template.push_str(text);
        self.script.push_str(text);
        self.probe.push_str(text);
    }

    /// A value that came from the environment: it is text, whatever it looks like.
    fn push_foreign(&mut self, value: &str) {
        self.value.push_str(value);
        self.probe.push(FOREIGN);
        // A brace before it must not become a tag with its first sign.
        if value.starts_with(['{', '%'])
            && let Some(before) = self.script.strip_suffix('{')
        {
            self.script = format!("{before}{BRACE}");
        }
        self.script.push_str(&literal(value));
    }

    fn reference(&mut self, inner: &str, lookup: &dyn Fn(&str) -> Option<String>) {
        let (name, default) = match inner.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inner, None),
        };
        let name = name.strip_prefix("env:").unwrap_or(name);
        if !is_name(name) {
            self.wrong.push(Wrong::Malformed(format!("${{{inner}}}")));
            return;
        }
        let reference = format!("${{{name}}}");
        self.template.push_str(&reference);
        match (lookup(name), default) {
            (Some(value), _) => {
                self.push_foreign(&value);
                self.shown.push_str(&reference);
                self.used.push((name.to_owned(), value));
            }
            (None, Some(default)) => {
                self.value.push_str(default);
                self.shown.push_str(default);
                self.script.push_str(default);
                self.probe.push_str(default);
            }
            (None, None) => self.wrong.push(Wrong::Unset(name.to_owned())),
        }
    }
}

fn is_name(name: &str) -> bool {
    let starts = name.starts_with(|sign: char| sign.is_ascii_alphabetic() || sign == '_');
    starts && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Where a reference to that variable, or the broken text itself, stands within a source text.
pub(super) fn place(source: &str, wrong: &Wrong) -> Option<Range<usize>> {
    match wrong {
        Wrong::Unset(name) => ["${", "${env:"].iter().find_map(|open| {
            let start = source.find(&format!("{open}{name}}}"))?;
            Some(start..start + open.len() + name.len() + 1)
        }),
        Wrong::Malformed(text) => {
            let start = source.find(text.as_str())?;
            Some(start..start + text.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, value: &str, wrong: &[Wrong]) {
        let lookup = |name: &str| match name {
            "HOST" => Some("web".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        let filled = fill(text, &lookup);
        assert_eq!((filled.value.as_str(), filled.wrong.as_slice()), (value, wrong), "{text}");
    }

    #[test]
    fn references_are_filled_in_from_the_environment_or_by_default() {
        check("http://${HOST}:80", "http://web:80", &[]);
        check("${env:HOST}${HOST}", "webweb", &[]);
        check("${NONE:-a:-b}", "a:-b", &[]);
        check("${EMPTY:-full}", "", &[]);
        check("${NONE:-}", "", &[]);
        check("$${HOST} costs $5 {}", "${HOST} costs $5 {}", &[]);
    }

    #[test]
    fn what_cannot_be_filled_in_is_named() {
        check("a ${NONE} b", "a  b", &[Wrong::Unset("NONE".to_owned())]);
        check("${1X}", "", &[Wrong::Malformed("${1X}".to_owned())]);
        check("${HOST", "", &[Wrong::Malformed("${HOST".to_owned())]);
        check("${}", "", &[Wrong::Malformed("${}".to_owned())]);
    }
}
