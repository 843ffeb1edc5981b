//! GitHub, and Gitea where it takes the same requests: the comment, the check, the commit status.

pub mod api;
mod reading;
mod label;

use super::patience::Patience;
use super::stick;
use super::{Comment, Desk, Opened, Outcome, Told};
use crate::host::reply::{Deed, Refusal};
use crate::host::{Forge, Pull};
use api::GitHub;

/// Opens the check; the status of the commit where there can be none.
pub(super) async fn open(
    desk: &Desk<'_>,
    patience: Patience,
    outcome: &mut Outcome,
) -> Option<Opened> {
    let forge = desk.door.place.forge?;
    let begun = async {
        let github = GitHub::new(desk.door, patience)?;
        let head = github.head(desk).await?;
        Ok((github, head))
    };
    let (github, head) = begun
        .await
        .map_err(|refusal: Refusal| outcome.miss(refusal.told(forge, Deed::Check)))
        .ok()?;
    if forge == Forge::GitHub {
        match github.open_check(desk, &head).await {
            Ok(id) => return Some(Opened::Check(id)),
            Err(refusal) if refusal.is_final() => {
                outcome.said.push(refusal.told(forge, Deed::Check));
            }
            Err(refusal) => {
                outcome.miss(refusal.told(forge, Deed::Check));
                return None;
            }
        }
    }
    match github.status(desk, &head, "pending", "the load is being put on").await {
        Ok(()) => Some(Opened::Status),
        Err(refusal) => {
            outcome.miss(refusal.told(forge, Deed::Status));
            None
        }
    }
}

/// Closes what was opened, and comments.
pub(super) async fn tell(
    desk: &Desk<'_>,
    opened: Option<Opened>,
    told: &Told,
    patience: Patience,
    outcome: &mut Outcome,
) {
    let Some(forge) = desk.door.place.forge else { return };
    let github = match GitHub::new(desk.door, patience) {
        Ok(github) => github,
        Err(refusal) => return outcome.miss(refusal.told(forge, Deed::Comment)),
    };
    // The check first: it is what a merge waits for.
    if let Some(opened) = opened {
        close(&github, desk, opened, told, outcome).await;
    }
    if desk.wish.comment != Comment::Never && told.is_whole() {
        comment(&github, desk, told, outcome).await;
    }
}

async fn close(
    github: &GitHub,
    desk: &Desk<'_>,
    opened: Opened,
    told: &Told,
    outcome: &mut Outcome,
) {
    let (closed, deed) = match opened {
        Opened::Check(id) => (github.close_check(id, told).await, Deed::Check),
        Opened::Status => {
            let status = async {
                let head = github.head(desk).await?;
                github.status(desk, &head, told.conclusion.status(), &told.title).await
            };
            (status.await, Deed::Status)
        }
    };
    if let Err(refusal) = closed {
        outcome.miss(refusal.told(github.forge(), deed));
    }
}

async fn comment(github: &GitHub, desk: &Desk<'_>, told: &Told, outcome: &mut Outcome) {
    let number = match &desk.door.place.pull {
        Pull::Number(number) => Ok(Some(*number)),
        Pull::ByHead(head) => github.pull_of(head).await,
        Pull::Queue | Pull::Nothing | Pull::Unknown(_) => return,
    };
    let number = match number {
        Ok(Some(number)) => number,
        Ok(None) => {
            return outcome
                .miss("no comment was posted: no open pull request ends here".to_owned());
        }
        Err(refusal) => return outcome.miss(refusal.told(github.forge(), Deed::Find)),
    };
    let selves = match github.selves(&desk.wish.authors).await {
        Ok(selves) => selves,
        Err(refusal) => return outcome.miss(refusal.told(github.forge(), Deed::Comment)),
    };
    let letter = desk.letter(told);
    let stuck = github.stick(number, letter, &selves, desk.may_create(told)).await;
    stick::told(stuck, github.forge(), number, outcome);
}
