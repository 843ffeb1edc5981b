//! The files that one CI host or a plugin of it reads, written there alone.

use super::deliver::is_there;
use super::voice::Voice;
use crate::host::{Ci, Place, gitlab as job};
use crate::report::{Facts, gitlab, taurus};
use crate::store::Store;

/// The names and texts for the host of a place. `report` is where `report.html` lies, from the root
/// of the repository.
pub(super) fn all(
    facts: &Facts,
    place: &Place,
    report: Option<&str>,
) -> Vec<(&'static str, String)> {
    let texts = match place.ci {
        Ci::GitLab => {
            let label = format!("loadgate: {}", facts.verdict.name());
            vec![
                gitlab::load_performance(facts),
                gitlab::metrics(facts),
                job::annotations(place, &label, report),
            ]
        }
        Ci::Jenkins => vec![taurus::render(facts)],
        Ci::GitHub | Ci::Gitea | Ci::Azure | Ci::Bitbucket | Ci::CircleCi | Ci::Buildkite => {
            Vec::new()
        }
    };
    place.ci.files().iter().copied().zip(texts).collect()
}

/// Writes them, each whether or not another could be written. Whether all lie where they should.
pub(super) fn write(all: &[(&'static str, String)], store: &Store, voice: &Voice) -> bool {
    let lost = |(name, text): &&(&'static str, String)| {
        !is_there(store.write(name, text.as_bytes()), voice)
    };
    all.iter().filter(lost).count() == 0
}
