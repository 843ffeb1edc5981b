//! Heads that came before. A service sends the same one again and again but for its date, and what
//! is the same to the letter reads the same, so that it need not be parsed again.

use std::cell::RefCell;

use super::framing::Framing;

/// The longest head that is remembered.
const MOST: usize = 4 * 1024;

/// What a head says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) framing: Framing,
    /// The connection stays open behind the answer.
    pub(super) stays: bool,
}

/// The last head that answered one request, and what it says. It must not be used for another
/// request: what a head says also depends on what was asked.
#[derive(Debug, Default)]
pub struct Known(RefCell<Option<(Vec<u8>, Head)>>);

impl Known {
    /// What the head says that the bytes begin with, and how long it is; `None` where it is not the
    /// known one.
    pub(super) fn recall(&self, bytes: &[u8]) -> Option<(usize, Head)> {
        let known = self.0.borrow();
        let (head, said) = known.as_ref()?;
        let begin = bytes.get(..head.len())?;
        is_same(head, begin).then_some((head.len(), *said))
    }

    /// Remembers a head in place of the one before.
    pub(super) fn learn(&self, head: &[u8], said: Head) {
        if head.len() > MOST {
            return;
        }
        let mut known = self.0.borrow_mut();
        let mut bytes = known.take().map(|(bytes, _)| bytes).unwrap_or_default();
        head.clone_into(&mut bytes);
        *known = Some((bytes, said));
    }
}

/// Whether two slices of one length are equal: in blocks that a few instructions compare, since not
/// every C library compares faster than byte by byte.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let ((blocks, rest), (others, last)) = (one.as_chunks::<64>(), other.as_chunks::<64>());
    blocks.iter().zip(others).all(|(block, other)| block == other) && rest == last
}
