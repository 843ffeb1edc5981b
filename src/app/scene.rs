//! What is around a command before its gate file is read: the CI host, and the forge behind it.

use std::path::{Path, PathBuf};

use super::voice::Lookup;
use crate::cli::Publishing;
use crate::host::{Choice, Ci, Forge, Place, ci};
use crate::publish::Door;
use crate::publish::client::Token;
use crate::secret::Masks;
use crate::store;

/// The largest event that is read: GitHub's are a few hundred kilobytes.
const MOST_EVENT: u64 = 25 * 1024 * 1024;

/// The CI host around a command.
pub(super) struct Scene {
    /// Which one it is.
    pub ci: Ci,
    /// Its environment.
    pub lookup: Lookup,
    /// The forge.
    pub door: Door,
    /// Whom we take for us at the forge; found out where nobody is given.
    pub authors: Vec<String>,
}

impl Scene {
    /// Looks for a CI host; `None` where none is known.
    pub(super) fn look(ask: &Publishing, lookup: Lookup) -> Option<Self> {
        let ci = ci::detect(Choice::from(ask.ci), &lookup)?;
        let mut place = Place::read(ci, &lookup, event(lookup).as_deref());
        if let Some(number) = ask.pr {
            place = place.with_pull(number);
        }
        let token = place.forge.and_then(|forge| forge.token(&lookup));
        let token = token.map(|(_, value)| Token::new(value));
        let authors = ask.comment_author.clone();
        Some(Self { ci, lookup, door: Door { place, token }, authors })
    }

    /// Hides its tokens from then on.
    pub(super) fn hide(&self, masks: &mut Masks) {
        for name in self.door.place.forge.into_iter().flat_map(Forge::tokens) {
            if let Some(value) = (self.lookup)(name) {
                masks.hide(name, &value);
            }
        }
    }

    /// Where the repository lies on this machine, as the host says.
    pub(super) fn workspace(&self) -> Option<PathBuf> {
        let root = (self.lookup)(self.ci.workspace()).filter(|root| !root.is_empty());
        root.map(PathBuf::from)
    }
}

/// What GitHub and those like it say about what started the job.
pub(super) fn event(lookup: Lookup) -> Option<String> {
    let path = lookup("GITHUB_EVENT_PATH").filter(|path| !path.is_empty())?;
    let bytes = store::read(Path::new(&path), MOST_EVENT).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
