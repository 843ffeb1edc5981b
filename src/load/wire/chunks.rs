//! The chunked transfer coding, taken apart byte by byte (RFC 9112, section 7.1).

use super::fault::Fault;

/// How long the line with a chunk's size may be, and all trailers together.
const SURROUND: u32 = 64 * 1024;

/// Where in a chunked body we are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Chunks {
    place: Place,
    /// What is left of the chunk; while its size is read, the size so far.
    left: u64,
    /// Bytes of this size line, or of all trailers.
    surround: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// Before the first digit of a size.
    #[default]
    Begin,
    /// Behind at least one digit.
    Size,
    /// Behind a size, where only space or an extension may stand.
    Pad,
    /// In an extension.
    Extension,
    /// Behind the `\r` of a size line.
    SizeEnd,
    /// In the data.
    Data,
    /// Behind the data, before `\r\n`.
    DataEnd,
    /// Between that `\r` and its `\n`.
    DataFeed,
    /// At the start of a trailer line.
    Trailer,
    /// In a trailer line.
    TrailerLine,
    /// Behind the `\r` of a trailer line.
    TrailerFeed,
    /// Behind the `\r` of the empty line that ends all.
    LastFeed,
    /// Behind the last byte.
    Over,
}

impl Chunks {
    /// Takes bytes, hands pieces of data to `keep`; how many bytes were taken, all unless the body
    /// is over.
    pub(super) fn feed(
        &mut self,
        bytes: &[u8],
        mut keep: impl FnMut(&[u8]) -> Result<(), Fault>,
    ) -> Result<usize, Fault> {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if self.is_over() {
                break;
            }
            if self.place == Place::Data {
                let rest = &bytes[at..];
                let take = usize::try_from(self.left).map_or(rest.len(), |n| n.min(rest.len()));
                keep(&rest[..take])?;
                self.left -= take as u64;
                at += take;
                if self.left == 0 {
                    self.place = Place::DataEnd;
                }
            } else {
                self.place = self.step(byte)?;
                at += 1;
            }
        }
        Ok(at)
    }

    /// Whether the last byte was taken.
    pub(super) fn is_over(&self) -> bool {
        self.place == Place::Over
    }

    fn step(&mut self, byte: u8) -> Result<Place, Fault> {
        const BAD: &str = "a chunk that is not as RFC 9112 has it";
        let next = match (self.place, byte) {
            (Place::Begin | Place::Size, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                self.digit(byte)?;
                Place::Size
            }
            (Place::Size | Place::Pad, b' ' | b'\t') => self.around(Place::Pad)?,
            (Place::Size | Place::Pad, b';') => Place::Extension,
            (Place::Size | Place::Pad | Place::Extension, b'\r') => Place::SizeEnd,
            (Place::Extension, 1..=9 | 11..) => self.around(Place::Extension)?,
            (Place::SizeEnd, b'\n') => {
                self.surround = 0;
                if self.left == 0 { Place::Trailer } else { Place::Data }
            }
            (Place::DataEnd, b'\r') => Place::DataFeed,
            (Place::DataFeed, b'\n') => Place::Begin,
            (Place::Trailer, b'\r') => Place::LastFeed,
            (Place::TrailerLine, b'\r') => Place::TrailerFeed,
            (Place::Trailer | Place::TrailerLine, 1..=9 | 11..) => {
                self.around(Place::TrailerLine)?
            }
            (Place::TrailerFeed, b'\n') => Place::Trailer,
            (Place::LastFeed, b'\n') => Place::Over,
            (
                Place::Begin
                | Place::Size
                | Place::Pad
                | Place::Extension
                | Place::SizeEnd
                | Place::DataEnd
                | Place::DataFeed
                | Place::Trailer
                | Place::TrailerLine
                | Place::TrailerFeed
                | Place::LastFeed
                | Place::Data
                | Place::Over,
                _,
            ) => return Err(Fault::malformed(BAD)),
        };
        Ok(next)
    }

    fn digit(&mut self, byte: u8) -> Result<(), Fault> {
        let digit = char::from(byte).to_digit(16).map_or(0, u64::from);
        let size = self.left.checked_mul(16).and_then(|size| size.checked_add(digit));
        self.left = size.ok_or_else(|| Fault::malformed("a chunk larger than any memory"))?;
        // Zeros in front make no chunk larger, and could go on for ever.
        self.around(Place::Size).map(drop)
    }

    fn around(&mut self, next: Place) -> Result<Place, Fault> {
        self.surround += 1;
        if self.surround > SURROUND {
            return Err(Fault::malformed("64 KiB around the data of a chunk"));
        }
        Ok(next)
    }
}
