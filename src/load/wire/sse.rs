//! Server-sent events out of a stream of bytes (WHATWG HTML, section 9.2.6).
//!
//! No I/O: whatever way a stream is cut into pieces, it reads the same.

use std::borrow::Cow;

/// The largest event, and the longest line, that is read.
pub const MOST_EVENT: usize = 1024 * 1024;

/// The mark that may stand before the first line.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// An event is larger than [`MOST_EVENT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge;

/// An event as it is dispatched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// Its type; `message` where the stream does not say.
    pub kind: Cow<'a, str>,
    /// Its data, lines joined by `\n`.
    pub data: Cow<'a, str>,
    /// The last identifier that the stream gave, up to this event.
    pub id: Cow<'a, str>,
}

/// A stream of events, so far.
#[derive(Clone, Debug, Default)]
pub struct Parser {
    /// The first line has ended.
    begun: bool,
    /// A line ended with `\r`: a `\n` that follows belongs to it.
    returned: bool,
    line: Vec<u8>,
    /// Every line of data ends with a `\n` here.
    data: Vec<u8>,
    kind: Vec<u8>,
    id: Vec<u8>,
    retry: Option<u64>,
}

impl Parser {
    /// Takes bytes as they came, and shows each event that they complete.
    ///
    /// # Errors
    /// A line or an event is too large; nothing of the stream can be read from then on.
    pub fn feed(
        &mut self,
        mut bytes: &[u8],
        mut show: impl FnMut(&Event<'_>),
    ) -> Result<(), TooLarge> {
        while let Some(first) = bytes.first() {
            if std::mem::take(&mut self.returned) && *first == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let part = &bytes[..end.unwrap_or(bytes.len())];
            if self.line.len() + self.data.len() + part.len() > MOST_EVENT {
                return Err(TooLarge);
            }
            self.line.extend_from_slice(part);
            let Some(end) = end else { break };
            self.returned = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            self.end_line(&mut show);
        }
        Ok(())
    }

    /// The data of an event whose empty line has not come. A stream that ends here has not sent it.
    #[must_use]
    pub fn unfinished(&self) -> Option<Cow<'_, str>> {
        let data = self.data.strip_suffix(b"\n")?;
        Some(String::from_utf8_lossy(data))
    }

    /// After how many milliseconds the stream asks to be opened again.
    #[must_use]
    pub fn retry(&self) -> Option<u64> {
        self.retry
    }

    fn end_line(&mut self, show: &mut impl FnMut(&Event<'_>)) {
        let mut line = std::mem::take(&mut self.line);
        let marked = !std::mem::replace(&mut self.begun, true);
        let text = line.strip_prefix(BYTE_ORDER_MARK).filter(|_| marked).unwrap_or(&line);
        if text.is_empty() {
            self.dispatch(show);
        } else {
            self.field(text);
        }
        line.clear();
        self.line = line;
    }

    fn field(&mut self, line: &[u8]) {
        let colon = line.iter().position(|byte| *byte == b':');
        let (name, value) = colon.map_or((line, &[][..]), |at| (&line[..at], &line[at + 1..]));
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"data" => {
                self.data.extend_from_slice(value);
                self.data.push(b'\n');
            }
            b"event" => value.clone_into(&mut self.kind),
            b"id" if !value.contains(&0) => value.clone_into(&mut self.id),
            b"retry" if value.iter().all(u8::is_ascii_digit) => {
                let digits = std::str::from_utf8(value).ok();
                self.retry = digits.and_then(|digits| digits.parse().ok()).or(self.retry);
            }
            // A comment, or a field that is none.
            _ => {}
        }
    }

    fn dispatch(&mut self, show: &mut impl FnMut(&Event<'_>)) {
        if let Some(data) = self.data.strip_suffix(b"\n") {
            let kind = if self.kind.is_empty() { b"message" } else { self.kind.as_slice() };
            let [kind, data, id] = [kind, data, &self.id].map(String::from_utf8_lossy);
            show(&Event { kind, data, id });
        }
        self.data.clear();
        self.kind.clear();
    }
}
