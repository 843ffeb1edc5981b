//! An HTTP/1.1 answer, read from bytes as they come: the head parsed, the body counted.
//!
//! No I/O: whatever way an answer is cut into pieces, it reads the same.

use std::mem::MaybeUninit;
use std::ops::Range;

use httparse::{ParserConfig, Response, Status};

use super::chunks::Chunks;
use super::expect;
use super::fault::Fault;
use super::framing::{Framing, framing, not_http};
use super::known::{Head, Known};
use crate::plan::Expect;
use crate::sample::{Failure, Unmet};

/// The largest body that is read.
pub const BODY_CAP: u64 = 64 * 1024 * 1024;
/// The largest head that is read.
pub const HEAD_CAP: usize = 64 * 1024;
/// How many headers are read.
pub const HEADERS: usize = 100;
/// How many interim answers (1xx) may come before the answer.
pub const INTERIM: u8 = 16;

/// Spilled bytes up to this size stay allocated for the next answer of the connection.
const KEPT: usize = 4 * 1024;

/// What the request was, as far as it decides how the answer reads.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The method is `HEAD`: the answer has no body, whatever its head says.
    pub head: bool,
    /// What makes the answer good.
    pub expect: &'a Expect,
    /// The head that answered the same request before.
    pub known: Option<&'a Known>,
}

/// One answer, so far.
#[derive(Debug, Default)]
pub struct Reader {
    stage: Stage,
    interim: u8,
    reusable: bool,
    heard: bool,
    status: u16,
    counted: u64,
    /// An incomplete head.
    head: Vec<u8>,
    /// The body, where it is looked at and did not come in one piece.
    body: Vec<u8>,
    /// The expectation on a header that was not met.
    unmet: Option<Box<Unmet>>,
    /// What of it is kept, whatever is expected.
    keep: Keep,
    /// Which headers are kept, whatever is expected.
    heads: Heads,
    /// The headers, where the answer is kept.
    headers: Vec<(String, Vec<u8>)>,
}

/// Which headers of an answer are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Heads {
    #[default]
    None,
    /// Those that tell a user what to do next.
    Steering,
    All,
}

/// What of an answer is kept beside what is expected of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Keep {
    #[default]
    Nothing,
    /// Headers and body.
    Whole,
    /// The body, to be taken piece by piece.
    Pieces,
}

/// How far we are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// Before the end of the head.
    #[default]
    Head,
    /// In a body of which so much is left.
    Length(u64),
    /// In a chunked body.
    Chunked(Chunks),
    /// In a body that ends with the connection.
    UntilClose,
    /// Behind the last byte.
    Whole,
}

/// What a piece of bytes was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// More must come.
    More,
    /// The answer is whole.
    Whole {
        /// How many of the bytes belong to it; what follows was not asked for.
        used: usize,
        /// Where its whole body lies in those bytes, if it is to be looked at and came in one
        /// piece.
        body: Option<Range<usize>>,
    },
}

impl Reader {
    /// Forgets the last answer.
    pub fn reset(&mut self) {
        if self.body.capacity() > 0 {
            self.body = Vec::new();
        }
        if self.head.capacity() > KEPT {
            self.head = Vec::new();
        }
        self.head.clear();
        (self.stage, self.interim, self.reusable) = (Stage::Head, 0, false);
        (self.heard, self.status, self.counted) = (false, 0, 0);
        self.unmet = None;
        (self.keep, self.heads) = (Keep::Nothing, Heads::None);
        self.headers.clear();
    }

    /// Keeps headers and body of the answer that comes next; of a brief one only the headers that
    /// tell a user what to do next.
    pub(super) fn keep(&mut self, brief: bool) {
        (self.keep, self.heads) =
            if brief { (Keep::Nothing, Heads::Steering) } else { (Keep::Whole, Heads::All) };
    }

    /// Keeps the body of the answer that comes next, to be taken piece by piece.
    pub(super) fn stream(&mut self) {
        self.keep = Keep::Pieces;
    }

    /// Forgets what was kept of the body so far.
    pub(super) fn forget(&mut self) {
        self.body.clear();
    }

    /// The headers that were kept.
    pub(super) fn headers(&self) -> &[(String, Vec<u8>)] {
        &self.headers
    }

    /// Gives away the headers that were kept.
    pub(super) fn take_headers(&mut self) -> Vec<(String, Vec<u8>)> {
        std::mem::take(&mut self.headers)
    }

    /// Whether any byte of an answer came.
    #[must_use]
    pub fn heard(&self) -> bool {
        self.heard
    }

    /// The status, once the head is whole.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        (self.status != 0).then_some(self.status)
    }

    /// Whether the connection can carry another request after this whole answer.
    #[must_use]
    pub fn reusable(&self) -> bool {
        self.reusable && self.stage == Stage::Whole
    }

    /// The body, where it is looked at and did not come in one piece.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The expectation on a header that was not met.
    #[must_use]
    pub fn unmet(&self) -> Option<&Unmet> {
        self.unmet.as_deref()
    }

    /// Gives away the expectation on a header that was not met.
    pub(super) fn take_unmet(&mut self) -> Option<Box<Unmet>> {
        self.unmet.take()
    }

    /// How long the body is, so far.
    pub(super) fn size(&self) -> u64 {
        self.counted
    }

    /// Takes bytes as they came.
    ///
    /// # Errors
    /// What came is not HTTP, or too large.
    pub fn feed(&mut self, asked: Asked<'_>, bytes: &[u8]) -> Result<Progress, Fault> {
        self.heard |= !bytes.is_empty();
        if self.stage != Stage::Head {
            return self.take_body(asked, bytes, 0);
        }
        if self.head.is_empty() {
            let (taken, whole) = self.take_heads(asked, bytes)?;
            if whole {
                return self.take_body(asked, bytes, taken);
            }
            self.head.extend_from_slice(&bytes[taken..]);
            return Ok(Progress::More);
        }
        let before = self.head.len();
        let mut head = std::mem::take(&mut self.head);
        head.extend_from_slice(bytes);
        let taken = self.take_heads(asked, &head);
        let (taken, whole) = taken?;
        if whole {
            head.clear();
            self.head = head;
            return self.take_body(asked, bytes, taken - before);
        }
        head.drain(..taken);
        self.head = head;
        Ok(Progress::More)
    }

    /// The connection ended; `clean` unless TLS ended without saying so.
    ///
    /// # Errors
    /// The answer is not whole.
    pub fn end(&mut self, clean: bool) -> Result<(), Fault> {
        let what = match self.stage {
            Stage::Whole => return Ok(()),
            Stage::UntilClose if clean => {
                self.stage = Stage::Whole;
                return Ok(());
            }
            Stage::Head if !self.heard => {
                let what = "closed before an answer began";
                return Err(Fault::new(Failure::Reset, what));
            }
            Stage::Head => "closed inside the head of an answer",
            Stage::UntilClose => "TLS ended without close_notify, and no length was given",
            Stage::Length(_) | Stage::Chunked(_) => "closed inside the body of an answer",
        };
        Err(Fault::new(Failure::Truncated, what))
    }

    /// Takes interim heads and the head: how many bytes that were, and whether the head was among
    /// them.
    fn take_heads(&mut self, asked: Asked<'_>, bytes: &[u8]) -> Result<(usize, bool), Fault> {
        let mut at = 0;
        loop {
            let rest = &bytes[at..];
            let Some(length) = self.take_head(asked, rest)? else {
                if rest.len() > HEAD_CAP {
                    return Err(Fault::malformed("a head larger than 64 KiB"));
                }
                return Ok((at, false));
            };
            if length > HEAD_CAP {
                return Err(Fault::malformed("a head larger than 64 KiB"));
            }
            at += length;
            if self.status != 0 {
                return Ok((at, true));
            }
            self.interim += 1;
            if self.interim > INTERIM {
                return Err(Fault::malformed("more than 16 interim answers (1xx)"));
            }
        }
    }

    /// Parses one head: its length, `None` while it is incomplete. The status stays zero for an
    /// interim one.
    fn take_head(&mut self, asked: Asked<'_>, bytes: &[u8]) -> Result<Option<usize>, Fault> {
        let looks = self.heads != Heads::None || asked.expect.needs_headers();
        let known = asked.known.filter(|_| !looks);
        if let Some((length, head)) = known.and_then(|known| known.recall(bytes)) {
            self.begin_body(head)?;
            return Ok(Some(length));
        }
        let mut headers = [const { MaybeUninit::uninit() }; HEADERS];
        let mut head = Response::new(&mut []);
        let config = ParserConfig::default();
        let parsed = config.parse_response_with_uninit_headers(&mut head, bytes, &mut headers);
        let length = match parsed {
            Ok(Status::Complete(length)) => length,
            Ok(Status::Partial) => return Ok(None),
            Err(error) => return Err(Fault::malformed(not_http(error, bytes))),
        };
        let status = head.code.unwrap_or(0);
        match status {
            101 => return Err(Fault::malformed("a switch of protocols that was not asked for")),
            100..=199 => return Ok(Some(length)),
            200..=999 => {}
            _ => return Err(Fault::malformed("a status below 100")),
        }
        let bodiless = asked.head || status == 204 || status == 304;
        let (framing, stays) = framing(head.headers, head.version == Some(1), bodiless)?;
        let said = Head { status, framing, stays };
        self.begin_body(said)?;
        if let Some(known) = known {
            known.learn(&bytes[..length], said);
        }
        if self.heads != Heads::None {
            let all = self.heads == Heads::All;
            let kept = head.headers.iter().filter(|kept| all || steers(kept.name));
            self.headers = kept.map(|kept| (kept.name.to_owned(), kept.value.to_vec())).collect();
        }
        if asked.expect.needs_headers() {
            self.unmet = expect::unmet_header(asked.expect, |name| {
                let named = head.headers.iter().filter(|h| h.name.eq_ignore_ascii_case(name));
                named.map(|header| header.value).collect()
            });
        }
        Ok(Some(length))
    }

    /// The head is whole: the body begins.
    fn begin_body(&mut self, head: Head) -> Result<(), Fault> {
        self.reusable = head.stays;
        self.stage = match head.framing {
            Framing::Length(length) if length > BODY_CAP => return Err(too_large()),
            Framing::Length(length) => Stage::Length(length),
            Framing::Chunked => Stage::Chunked(Chunks::default()),
            Framing::UntilClose => Stage::UntilClose,
        };
        self.status = head.status;
        Ok(())
    }

    /// Takes bytes of the body, from `from` on.
    fn take_body(
        &mut self,
        asked: Asked<'_>,
        bytes: &[u8],
        from: usize,
    ) -> Result<Progress, Fault> {
        // A body is looked at only where the status does not already decide.
        let kept = (self.keep != Keep::Nothing || asked.expect.needs_body())
            && asked.expect.allows(self.status);
        let rest = &bytes[from..];
        match &mut self.stage {
            Stage::Length(left) => {
                let taken = usize::try_from(*left).map_or(rest.len(), |left| left.min(rest.len()));
                *left -= taken as u64;
                let over = *left == 0;
                let in_one_piece = over && self.counted == 0 && self.keep != Keep::Pieces;
                self.count(&rest[..taken], kept && !in_one_piece)?;
                if !over {
                    return Ok(Progress::More);
                }
                self.stage = Stage::Whole;
                let used = from + taken;
                let body = (kept && in_one_piece).then_some(from..used);
                Ok(Progress::Whole { used, body })
            }
            Stage::Chunked(chunks) => {
                let mut chunks = *chunks;
                let used = chunks.feed(rest, |data| self.count(data, kept))?;
                let over = chunks.is_over();
                self.stage = if over { Stage::Whole } else { Stage::Chunked(chunks) };
                let whole = Progress::Whole { used: from + used, body: None };
                Ok(if over { whole } else { Progress::More })
            }
            Stage::UntilClose => self.count(rest, kept).map(|()| Progress::More),
            Stage::Head | Stage::Whole => Ok(Progress::Whole { used: from, body: None }),
        }
    }

    /// Counts data, and keeps it where it is looked at.
    fn count(&mut self, data: &[u8], kept: bool) -> Result<(), Fault> {
        self.counted += data.len() as u64;
        if self.counted > BODY_CAP {
            return Err(too_large());
        }
        if kept {
            self.body.extend_from_slice(data);
        }
        Ok(())
    }
}

/// Whether a header tells a user what to do next.
pub(super) fn steers(name: &str) -> bool {
    name.eq_ignore_ascii_case("set-cookie") || name.eq_ignore_ascii_case("location")
}

/// The fault of a body beyond [`BODY_CAP`].
pub(super) fn too_large() -> Fault {
    Fault::new(Failure::TooLarge, "the body is larger than 64 MiB")
}
