//! The beginning of a file, by which its format is recognised.

/// The beginning of a file.
pub(super) struct Head<'a> {
    /// Its first 64 KiB.
    pub(super) text: &'a [u8],
    /// Its first line that is not blank.
    pub(super) line: &'a [u8],
    /// Its first 64 KiB, blanks at the beginning included.
    pub(super) raw: &'a [u8],
}

impl<'a> Head<'a> {
    pub(super) fn of(text: &'a [u8]) -> Self {
        let mut lines = text.split(|byte| matches!(byte, b'\n' | b'\r'));
        let line = lines.find(|line| !line.trim_ascii().is_empty()).unwrap_or_default();
        Self { text: text.trim_ascii_start(), line, raw: text }
    }

    /// The first line alone.
    pub(super) fn first(&self) -> Self {
        Self { text: self.line, line: self.line, raw: self.line }
    }

    /// Whether a text occurs in it.
    pub(super) fn has(&self, text: &str) -> bool {
        memchr::memmem::find(self.text, text.as_bytes()).is_some()
    }

    /// Whether it begins with a text.
    pub(super) fn begins(&self, text: &str) -> bool {
        self.text.starts_with(text.as_bytes())
    }

    /// Whether the first line has all of these columns, whatever stands between them.
    pub(super) fn columns(&self, names: &[&str]) -> bool {
        let line = String::from_utf8_lossy(self.line);
        let apart = |sign: char| matches!(sign, ',' | ';' | '\t' | '|' | '"');
        let there: Vec<&str> = line.split(apart).map(str::trim).collect();
        names.iter().all(|name| there.contains(name))
    }
}
