//! A reader that lets UTF-8 through and stops at the first byte that is not.

use std::io::{self, Read};

/// Bytes checked at a time.
const CHUNK: usize = 64 * 1024;

/// Where text stopped being UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not UTF-8 at byte {offset}")]
pub(super) struct NotUtf8 {
    /// Bytes before it.
    pub(super) offset: u64,
    /// Its line, counted from 1.
    pub(super) line: u64,
    /// Its column, counted from 1 in characters.
    pub(super) column: u64,
}

/// Lets UTF-8 through, without a byte order mark, and adds an end of its own.
pub(super) struct Checked<R> {
    inner: R,
    end: &'static [u8],
    buffer: Vec<u8>,
    served: usize,
    valid: usize,
    filled: usize,
    place: NotUtf8,
    begun: bool,
    ended: bool,
}

impl<R: Read> Checked<R> {
    /// Reads from there, and gives `end` once after the last byte.
    pub(super) fn new(inner: R, end: &'static [u8]) -> Self {
        let buffer = vec![0; CHUNK];
        let place = NotUtf8 { offset: 0, line: 1, column: 1 };
        let (served, valid, filled) = (0, 0, 0);
        Self { inner, end, buffer, served, valid, filled, place, begun: false, ended: false }
    }

    /// Makes more checked bytes ready, or none at the end.
    fn refill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.valid..self.filled, 0);
        self.filled -= self.valid;
        (self.served, self.valid) = (0, 0);
        // Read on while there is nothing but the beginning of a character.
        while self.valid == 0 && !self.ended {
            let read = match self.inner.read(&mut self.buffer[self.filled..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            self.filled += read;
            self.check(read == 0)?;
            if read == 0 {
                self.ended = true;
                self.buffer[..self.end.len()].copy_from_slice(self.end);
                (self.valid, self.filled) = (self.end.len(), self.end.len());
            }
        }
        Ok(())
    }

    /// Checks what is in the buffer; at the end nothing may be left over.
    fn check(&mut self, at_end: bool) -> io::Result<()> {
        let (valid, whole) = match std::str::from_utf8(&self.buffer[..self.filled]) {
            Ok(text) => (text.len(), true),
            Err(error) => (error.valid_up_to(), error.error_len().is_none() && !at_end),
        };
        let text = std::str::from_utf8(&self.buffer[..valid]).expect("it was checked");
        self.valid = valid;
        let mut marks = 0;
        if !self.begun && valid > 0 {
            self.begun = true;
            (self.served, marks) = if text.starts_with('\u{feff}') { (3, 1) } else { (0, 0) };
        }
        self.place.offset += valid as u64;
        let breaks = text.bytes().filter(|byte| *byte == b'\n').count() as u64;
        self.place.line += breaks;
        let last = text.rsplit('\n').next().map_or(0, |line| line.chars().count() as u64);
        let last = last.saturating_sub(marks);
        self.place.column = if breaks > 0 { 1 + last } else { self.place.column + last };
        if whole { Ok(()) } else { Err(io::Error::new(io::ErrorKind::InvalidData, self.place)) }
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.served == self.valid {
            if self.ended {
                return Ok(0);
            }
            self.refill()?;
        }
        let len = out.len().min(self.valid - self.served);
        out[..len].copy_from_slice(&self.buffer[self.served..self.served + len]);
        self.served += len;
        Ok(len)
    }
}
