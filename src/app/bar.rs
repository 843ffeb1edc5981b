//! The gate file of the commit a change is made against, read and compared.

mod base;
mod against;
mod driven;

use std::cell::RefCell;
use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::read::{self, Ask};
use super::scene::Scene;
use crate::error::Error;
use crate::plan::Plan;
use crate::policy::{self, Approval, Copy, Policy, Standing};
use crate::sanitise::{strip, unarmed};
pub(super) use against::{Against, told};
use base::Found;

/// A gate file together with the bar of its base, where there is one.
pub(super) struct Barred {
    /// What the gate file asks for.
    pub plan: Plan,
    /// What the base commit's asks for.
    pub base: Option<Plan>,
    /// What the comparison came to; `None` where nobody told of a base.
    pub policy: Option<Policy>,
    /// What this is made against; `None` where it is no change.
    pub against: Option<Against>,
    /// The gate file as it is written.
    pub written: Written,
}

/// A gate file as it is written, with the SHA-256 of the files it names.
#[derive(Default)]
pub(super) struct Written {
    /// Its bytes.
    pub gate: Vec<u8>,
    /// The files, by their path beside it.
    pub files: BTreeMap<String, String>,
}

/// Reads a gate file, and that of the base where this is a change.
pub(super) fn read(ask: &Ask, mut scene: Option<&mut Scene>) -> Result<Barred, Error> {
    let files = RefCell::new(BTreeMap::new());
    let seen = |path: &str, bytes: &[u8]| {
        files.borrow_mut().insert(path.to_owned(), hash(bytes));
    };
    let texts = read::texts(&ask.gate, &ask.changes)?;
    let beside = |path: &str| {
        let bytes = read::beside(&ask.gate, path)?;
        seen(path, &bytes);
        Ok(bytes)
    };
    let mut plan = read::plan(&texts, &ask.changes, ask.lookup, &beside)?;
    let files = files.into_inner();
    let written = Written { gate: texts.gate.1.clone(), files: files.clone() };
    let Some(against) = against::against(ask, scene.as_deref_mut()) else {
        return Ok(Barred { plan, base: None, policy: None, against: None, written });
    };
    let scene = scene.as_deref();
    let own = Copy { plan: plan.clone(), bytes: texts.gate.1.clone(), files };
    let (named, found) = match &against {
        Against::Known(origin) => base::found(ask, &texts, origin, scene),
        Against::Unknown(why) => ("the base".to_owned(), Err(why.clone())),
    };
    let (base, standing) = match found {
        Ok(Found::Copy(copy)) => {
            plan.masks.join(&copy.plan.masks);
            let standing = Standing::Compared(policy::compare(&copy, &own));
            (Some(copy.plan), standing)
        }
        Ok(Found::New) => (None, Standing::New),
        Ok(Found::Outside) => (None, Standing::Outside),
        Err(why) => (None, Standing::Unreadable(why)),
    };
    let approval = approval(ask, &standing, scene);
    let policy = Policy { base: named, standing, approval };
    Ok(Barred { plan, base, policy: Some(policy), against: Some(against), written })
}

/// Who approved that less is asked for. A label is looked for where there is something that it
/// could approve; nobody can approve by it what nobody could read.
pub(super) fn approval(ask: &Ask, standing: &Standing, scene: Option<&Scene>) -> Approval {
    let flag = Approval::flag(ask.bar.accept_policy_change);
    match scene.filter(|_| !flag.is_given() && standing.is_lower()) {
        Some(scene) => scene.door.approval(&scene.authors),
        None => flag,
    }
}

impl Barred {
    /// What stood in the way of comparing or approving, in full: reports show its beginning.
    pub(super) fn doubts(&self) -> Vec<String> {
        let Some(policy) = &self.policy else { return Vec::new() };
        let unread = match &policy.standing {
            Standing::Unreadable(why) => Some(format!("no bar of the base: {why}")),
            Standing::Compared(_) | Standing::New | Standing::Outside => None,
        };
        let refused = match &policy.approval {
            Approval::Refused(why) => Some(why.clone()),
            Approval::Nobody | Approval::Flag | Approval::Label(_) => None,
        };
        let cleaned = |text: &String| unarmed(&strip(text)).replace('\n', " ");
        unread.iter().chain(&refused).map(cleaned).collect()
    }
}

/// The SHA-256 of a file, as it is compared.
pub(super) fn hash(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}
