//! How a value is written into the place it is meant for, so that it cannot break out of it.

use std::fmt::{self, Write};
use std::io;

use minijinja::Value;

/// A rendered text may be as long as this, in bytes.
pub const OUTPUT_LIMIT: usize = 1 << 20;

/// The place a template is written for. Only values are changed for it, never the text around them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A body: values as they are.
    Body,
    /// The inside of a JSON string: quotes, backslashes and control characters escaped.
    JsonString,
    /// A path and query: what no URL may hold is percent-encoded; `/`, `?` and `&` stay.
    Url,
    /// The value of a header: line breaks and other control characters are refused.
    Header,
    /// A field of a form: percent-encoded, all that has a meaning in a form too.
    Form,
}

/// Why a value was not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unwritten {
    /// The text would be too long.
    TooLong,
    /// A header cannot hold it.
    Control,
    /// It is no value at all.
    NoValue,
}

impl Place {
    /// Writes a value: a text as it is, everything else as JSON.
    pub(super) fn write(self, out: &mut impl Write, value: &Value) -> Result<(), Unwritten> {
        match value.as_str() {
            Some(text) => self.write_text(out, text),
            None => self.write_json(out, value),
        }
    }

    /// Writes a text.
    pub(super) fn write_text(self, out: &mut impl Write, text: &str) -> Result<(), Unwritten> {
        match self {
            Self::JsonString => write_escaped(out, text),
            Self::Url => write_encoded(out, text, &NOT_IN_URL),
            Self::Form => write_encoded(out, text, &RESERVED),
            Self::Header if text.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') => {
                return Err(Unwritten::Control);
            }
            Self::Body | Self::Header => out.write_str(text),
        }
        .map_err(|fmt::Error| Unwritten::TooLong)
    }

    fn write_json(self, out: &mut impl Write, value: &Value) -> Result<(), Unwritten> {
        if value.is_undefined() {
            return Err(Unwritten::NoValue);
        }
        let mut sink = Sink { place: self, out, why: Unwritten::NoValue, room: OUTPUT_LIMIT };
        serde_json::to_writer(&mut sink, value).map_err(|_| sink.why)
    }
}

/// Takes JSON as bytes and writes it as a text for its place.
struct Sink<'a, W> {
    place: Place,
    out: &'a mut W,
    why: Unwritten,
    room: usize,
}

impl<W: Write> io::Write for Sink<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = std::str::from_utf8(bytes).map_err(io::Error::other)?;
        let room = self.room.checked_sub(bytes.len()).ok_or(Unwritten::TooLong);
        let written = room.and_then(|room| {
            self.room = room;
            self.place.write_text(self.out, text)
        });
        match written {
            Ok(()) => Ok(bytes.len()),
            Err(why) => {
                self.why = why;
                Err(io::ErrorKind::Other.into())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The text of a value, as it stands in a body.
pub(super) fn text_of(value: &Value) -> Result<String, Unwritten> {
    let mut text = Bounded::new(String::new());
    Place::Body.write(&mut text, value)?;
    Ok(text.into_inner())
}

/// The JSON of a value.
pub(super) fn json_of(value: &Value) -> Result<String, Unwritten> {
    let mut text = Bounded::new(String::new());
    Place::Body.write_json(&mut text, value)?;
    Ok(text.into_inner())
}

/// Escapes the inside of a JSON string (RFC 8259, section 7).
pub(super) fn write_escaped(out: &mut impl Write, text: &str) -> fmt::Result {
    let special = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    let mut rest = text;
    while let Some(place) = rest.bytes().position(special) {
        out.write_str(&rest[..place])?;
        match rest.as_bytes()[place] {
            b'"' => out.write_str("\\\"")?,
            b'\\' => out.write_str("\\\\")?,
            b'\n' => out.write_str("\\n")?,
            b'\r' => out.write_str("\\r")?,
            b'\t' => out.write_str("\\t")?,
            byte => write!(out, "\\u{byte:04x}")?,
        }
        rest = &rest[place + 1..];
    }
    out.write_str(rest)
}

/// Percent-encodes all but the unreserved characters (RFC 3986, section 2.3).
pub(super) fn url_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    write_encoded(&mut out, text, &RESERVED).expect("a String takes every text");
    out
}

/// Bytes that no URL may hold, and `#`, which would cut it.
const NOT_IN_URL: [bool; 256] = encoded(b"-._~:/?[]@!$&'()*+,;=%");
/// Bytes that have a meaning in a URL, or may not be in it.
const RESERVED: [bool; 256] = encoded(b"-._~");

/// The bytes to encode: all but letters, digits and these.
const fn encoded(kept: &[u8]) -> [bool; 256] {
    let mut table = [true; 256];
    let mut byte = 0;
    while byte < 128_u8 {
        table[byte as usize] = !byte.is_ascii_alphanumeric();
        byte += 1;
    }
    let mut place = 0;
    while place < kept.len() {
        table[kept[place] as usize] = false;
        place += 1;
    }
    table
}

fn write_encoded(out: &mut impl Write, text: &str, encode: &[bool; 256]) -> fmt::Result {
    let mut rest = text;
    while let Some(place) = rest.bytes().position(|byte| encode[usize::from(byte)]) {
        out.write_str(&rest[..place])?;
        // A character of several bytes is encoded whole: what is left begins with a character.
        let len = rest[place..].chars().next().map_or(1, char::len_utf8);
        for byte in rest[place..place + len].bytes() {
            write!(out, "%{byte:02X}")?;
        }
        rest = &rest[place + len..];
    }
    out.write_str(rest)
}

/// Takes texts up to the limit.
pub(super) struct Bounded<B> {
    inner: B,
    room: usize,
}

impl<B> Bounded<B> {
    pub(super) fn new(inner: B) -> Self {
        Self { inner, room: OUTPUT_LIMIT }
    }

    /// Room for the text of the template itself, which is no longer than it was written.
    pub(super) fn with_more_room(mut self, more: usize) -> Self {
        self.room += more;
        self
    }

    fn into_inner(self) -> B {
        self.inner
    }

    fn take(&mut self, len: usize) -> fmt::Result {
        self.room = self.room.checked_sub(len).ok_or(fmt::Error)?;
        Ok(())
    }
}

impl Write for Bounded<String> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.take(text.len())?;
        self.inner.push_str(text);
        Ok(())
    }
}

impl Write for Bounded<&mut Vec<u8>> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.take(text.len())?;
        self.inner.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

impl io::Write for Bounded<&mut Vec<u8>> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.take(bytes.len()).map_err(io::Error::other)?;
        self.inner.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
