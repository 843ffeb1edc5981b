//! One comment for one gate at any forge: looked for, made, updated or left; looked for again
//! before it is made again.

use super::Outcome;
use super::patience::Patience;
use crate::host::letter::Letter;
use crate::host::reply::{Deed, Refusal};
use crate::host::sticky::{Left, Listed, Step, decide};
use crate::host::{Forge, place};

/// What became of a comment.
pub(super) enum Stuck {
    /// It is there; its page.
    There(Option<String>),
    /// It was left as it is: why, as a sentence.
    Left(&'static str),
}

/// Sees to it that there is one comment. `write` takes the number of the comment to replace, or
/// none to make one, and gives its page.
pub(super) async fn stick(
    patience: Patience,
    mut letter: Letter,
    ours: impl Fn(&str) -> bool,
    may_create: bool,
    list: impl AsyncFn() -> Result<Vec<Listed>, Refusal>,
    write: impl AsyncFn(Option<u64>, String) -> Result<Option<String>, Refusal>,
) -> Result<Stuck, Refusal> {
    let mut tried = 0;
    loop {
        tried += 1;
        let text = letter.text.clone();
        let written = match decide(&list().await?, &letter, &ours, may_create) {
            Step::Leave(Left::Same(url)) => return Ok(Stuck::There(url)),
            Step::Leave(Left::Newer) => {
                return Ok(Stuck::Left("a newer run has commented already"));
            }
            Step::Leave(Left::Unwanted) => {
                return Ok(Stuck::Left("no comment: the gate passed"));
            }
            Step::Update(id) => match write(Some(id), text.clone()).await {
                // Deleted in between.
                Err(Refusal::NotFound) => write(None, text).await,
                written => written,
            },
            Step::Create => write(None, text).await,
        };
        match written {
            Ok(page) => return Ok(Stuck::There(page)),
            Err(Refusal::TooLong) if letter.text != letter.short => {
                letter.text.clone_from(&letter.short);
            }
            Err(open) if open.is_open() && patience.pause(&open, tried).await => {}
            Err(refusal) => return Err(refusal),
        }
    }
}

/// Says what became of the comment under a pull request.
pub(super) fn told(
    stuck: Result<Stuck, Refusal>,
    forge: Forge,
    number: u64,
    outcome: &mut Outcome,
) {
    match stuck {
        Ok(Stuck::There(url)) => {
            outcome.comment = url.as_deref().and_then(place::link);
            let place = outcome.comment.clone().unwrap_or_else(|| format!("pull request {number}"));
            outcome.said.push(format!("the verdict is in a comment: {place}"));
        }
        Ok(Stuck::Left(why)) => outcome.said.push(why.to_owned()),
        Err(refusal) => outcome.miss(refusal.told(forge, Deed::Comment)),
    }
}
