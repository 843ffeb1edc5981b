//! Binary formats, read a few bytes at a time.

use std::io::{BufReader, Read as _};

use super::fault::Unreadable;
use super::input::Input;

/// The longest text or block in a binary file.
const MOST: usize = 16 * 1024 * 1024;

/// A binary file.
pub(super) struct Bytes<'a> {
    input: BufReader<Input<'a>>,
    read: u64,
}

impl<'a> Bytes<'a> {
    pub(super) fn new(input: Input<'a>) -> Self {
        Self { input: BufReader::with_capacity(256 * 1024, input), read: 0 }
    }

    /// How many bytes were read.
    pub(super) fn read(&self) -> u64 {
        self.read
    }

    /// So many bytes.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Unreadable> {
        let mut bytes = [0; N];
        self.input.read_exact(&mut bytes).map_err(|why| broken(&why))?;
        self.read += N as u64;
        Ok(bytes)
    }

    /// One byte; `None` at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<u8>, Unreadable> {
        let mut byte = [0];
        match self.input.read(&mut byte) {
            Ok(0) => Ok(None),
            Ok(_) => {
                self.read += 1;
                Ok(Some(byte[0]))
            }
            Err(why) => Err(broken(&why)),
        }
    }

    /// A block of so many bytes, into a buffer.
    pub(super) fn block(&mut self, length: usize, into: &mut Vec<u8>) -> Result<(), Unreadable> {
        if length > MOST {
            let why = format!("it has a block of {length} bytes, near byte {}", self.read);
            return Err(Unreadable::Unread(why));
        }
        into.clear();
        let taken = (&mut self.input).take(length as u64).read_to_end(into);
        taken.map_err(|why| broken(&why))?;
        self.read += into.len() as u64;
        if into.len() < length { Err(Unreadable::Unclosed) } else { Ok(()) }
    }
}

fn broken(why: &std::io::Error) -> Unreadable {
    if why.kind() == std::io::ErrorKind::UnexpectedEof {
        return Unreadable::Unclosed;
    }
    Unreadable::Unread(why.to_string())
}
