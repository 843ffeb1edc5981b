//! What a change is made against: as the flag says, as the job's event says, or else as the forge
//! of its pull request does.

use super::base::{self, Around};
use crate::app::read::Ask;
use crate::app::scene::{self, Scene};
use crate::app::voice::Lookup;
use crate::cli::Bar as Flags;
use crate::git::Trouble;
use crate::host::Pull;
use crate::policy::{self, Origin};

/// What helps where nobody tells it.
const CURE: &str = "name the commit that it is made against with --base";
/// What helps where something else is tested.
const AWAY: &str = ": check that out, or where the service is started from elsewhere, name the \
                    commit that it is compared with by --base";

/// What is known of the commit that a change is made against.
#[derive(Clone, Debug)]
pub(in crate::app) enum Against {
    /// Names of it.
    Known(Origin),
    /// There is one, and nobody tells which: why.
    Unknown(String),
}

impl Against {
    /// Names of the commit, the surest first.
    pub(in crate::app) fn revisions(&self) -> &[String] {
        match self {
            Self::Known(origin) => &origin.revisions,
            Self::Unknown(_) => &[],
        }
    }
}

/// What the flag or the event says of it; `None` where neither knows of a change.
pub(in crate::app) fn told(flags: &Flags, lookup: Lookup) -> Option<Against> {
    if let Some(name) = &flags.base {
        let revisions = vec![name.clone()];
        return Some(Against::Known(Origin { revisions, by: "--base" }));
    }
    let event = scene::event(lookup);
    policy::origin(&|name| lookup(name), event.as_deref()).map(Against::Known)
}

/// What is known of it; `None` where this is no change. The forge is asked where there is a pull
/// request and the event is silent, or speaks of another one.
pub(super) fn against(ask: &Ask, scene: Option<&mut Scene>) -> Option<Against> {
    let told = told(&ask.bar, ask.lookup);
    let pull = ask.publishing.as_ref().and_then(|publishing| publishing.pr);
    let Some(scene) = scene else {
        return match pull.filter(|_| ask.bar.base.is_none()) {
            Some(number) => Some(Against::Unknown(format!(
                "no CI host is known that could tell what pull request {number} is made against; \
                 {CURE}"
            ))),
            None => told,
        };
    };
    let place = &scene.door.place;
    let named = told.as_ref().is_some_and(|told| !told.revisions().is_empty());
    if ask.bar.base.is_some() || (named && !place.foreign) {
        return told;
    }
    match &place.pull {
        Pull::Nothing => told,
        Pull::Queue => {
            let why = "the event does not say what the merge queue is made against";
            Some(Against::Unknown(format!("{why}; {CURE}")))
        }
        Pull::Unknown(why) => Some(Against::Unknown(format!("{why}; {CURE}"))),
        Pull::Number(_) | Pull::ByHead(_) => Some(asked(ask, scene)),
    }
}

/// What the forge says of it, where what is tested here belongs to that pull request.
fn asked(ask: &Ask, scene: &mut Scene) -> Against {
    let door = &mut scene.door;
    let by = door.place.forge.map_or("nobody", |forge| forge.name());
    let ends = match door.ends() {
        Ok(ends) => ends,
        Err(why) => return Against::Unknown(format!("{why}; {CURE}")),
    };
    // The head that started the job is one of the pull request's too, and may not be its last.
    let head = door.place.head.clone().unwrap_or(ends.head);
    match tested(ask, &head) {
        Ok(Some(head)) => door.place.head = Some(head),
        Ok(None) => {}
        Err(why) => {
            return Against::Unknown(format!("{why} of pull request {}{AWAY}", ends.number));
        }
    }
    Against::Known(Origin { revisions: ends.base, by })
}

/// The head of a pull request that what lies here was made of; `None` where nobody can tell, since
/// it lies in no clone.
fn tested(ask: &Ask, head: &str) -> Result<Option<String>, String> {
    let here = std::env::current_dir().map_err(|why| format!("no current folder: {why}"))?;
    let Ok(Around::Clone(git)) = base::around(&here, &ask.gate) else { return Ok(None) };
    let said = |trouble: Trouble| trouble.to_string();
    let Some(own) = git.commit("HEAD").map_err(said)? else { return Ok(None) };
    if let Some(head) = git.holds(&own, head).map_err(said)? {
        return Ok(Some(head));
    }
    let short = |hash: &str| hash.chars().take(12).collect::<String>();
    Err(format!("the clone is at {}, without the head {}", short(&own), short(head)))
}
