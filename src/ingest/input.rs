//! The bytes of a file: unpacked where they are gzip, without a mark at their beginning, and
//! refused where they are no UTF-8 text at all.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use flate2::read::MultiGzDecoder;

use super::fault::Unreadable;

/// How much of a file is looked at to recognise it.
const HEAD: usize = 64 * 1024;
/// gzip that unpacks to more than this times its size is a trap.
const MOST_RATIO: u64 = 200;
/// Below this size no ratio is looked at.
const RATIO_FROM: u64 = 16 * 1024 * 1024;
/// No result is longer once unpacked: 8 GiB.
const MOST_UNPACKED: u64 = 8 * 1024 * 1024 * 1024;

/// A file, open at its beginning.
pub(super) struct Input<'a> {
    head: Vec<u8>,
    read: usize,
    rest: Box<dyn Read + 'a>,
}

impl<'a> Input<'a> {
    /// Looks at the beginning of a file.
    pub(super) fn open(mut file: Box<dyn Read + 'a>) -> Result<Self, Unreadable> {
        let head = fill(&mut file)?;
        if head.starts_with(&[0x1f, 0x8b]) {
            let packed = Rc::new(Cell::new(0));
            let counted =
                Counted { inner: io::Cursor::new(head).chain(file), seen: packed.clone() };
            let unpacked = Unpacked { inner: MultiGzDecoder::new(counted), packed, seen: 0 };
            return Self::plain(Box::new(unpacked));
        }
        Self::of(head, file)
    }

    fn plain(mut file: Box<dyn Read + 'a>) -> Result<Self, Unreadable> {
        let head = fill(&mut file)?;
        Self::of(head, file)
    }

    fn of(head: Vec<u8>, rest: Box<dyn Read + 'a>) -> Result<Self, Unreadable> {
        if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
            return Err(Unreadable::Encoding("UTF-16"));
        }
        if is_wide(&head) {
            return Err(Unreadable::Encoding("UTF-16"));
        }
        let read = if head.starts_with(&[0xef, 0xbb, 0xbf]) { 3 } else { 0 };
        if head[read..].iter().all(u8::is_ascii_whitespace) {
            return Err(Unreadable::Empty);
        }
        Ok(Self { head, read, rest })
    }

    /// The beginning of the file.
    pub(super) fn head(&self) -> &[u8] {
        &self.head[self.read.min(self.head.len())..]
    }

    /// All of a small file as text.
    pub(super) fn text(mut self, most: u64) -> Result<String, Unreadable> {
        let mut bytes = Vec::new();
        let read = (&mut self).take(most + 1).read_to_end(&mut bytes);
        read.map_err(|why| Unreadable::Unread(why.to_string()))?;
        if bytes.len() as u64 > most {
            let why = format!("it is longer than {most} bytes, which no summary is");
            return Err(Unreadable::Unread(why));
        }
        let text = String::from_utf8(bytes).map_err(|_| Unreadable::Encoding("not UTF-8"))?;
        // Lines of what programs print may end with CR alone, as those of rows do.
        let old = !text.contains('\n') && text.contains('\r');
        Ok(if old { text.replace('\r', "\n") } else { text })
    }
}

impl Read for Input<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.head.get(self.read..).unwrap_or_default();
        if left.is_empty() {
            return self.rest.read(into);
        }
        let length = left.len().min(into.len());
        into[..length].copy_from_slice(&left[..length]);
        self.read += length;
        Ok(length)
    }
}

/// Whether a text has a zero beside each of its letters.
fn is_wide(head: &[u8]) -> bool {
    let pairs = head.chunks_exact(2).take(64);
    let (all, letter) = (pairs.len(), |byte: u8| byte.is_ascii_graphic() || byte == b' ');
    let wide =
        pairs.filter(|pair| (pair[0] == 0 && letter(pair[1])) || (pair[1] == 0 && letter(pair[0])));
    all > 8 && wide.count() * 10 > all * 8
}

fn fill(file: &mut dyn Read) -> Result<Vec<u8>, Unreadable> {
    let mut head = Vec::with_capacity(HEAD);
    file.take(HEAD as u64)
        .read_to_end(&mut head)
        .map_err(|why| Unreadable::Unread(why.to_string()))?;
    Ok(head)
}

/// Counts what goes through.
struct Counted<R> {
    inner: R,
    seen: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(into)?;
        self.seen.set(self.seen.get() + length as u64);
        Ok(length)
    }
}

/// What comes out of gzip, as long as it is not too much.
struct Unpacked<R> {
    inner: R,
    packed: Rc<Cell<u64>>,
    seen: u64,
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(into)?;
        self.seen += length as u64;
        let ratio = self.seen / self.packed.get().max(1);
        if self.seen > MOST_UNPACKED || (self.seen > RATIO_FROM && ratio > MOST_RATIO) {
            return Err(io::Error::other("its gzip unpacks to far more than any result is long"));
        }
        Ok(length)
    }
}
