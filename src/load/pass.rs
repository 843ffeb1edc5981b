//! Passes of a user through groups of steps: how long their steps took together.

use super::lane::Lane;
use super::ledger::Record;
use super::probe::Hub;
use crate::plan::scenario::{Group, Step};
use crate::sample::{End, EndpointId, Failure};

/// A step that ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Made {
    /// When it was due, in nanoseconds from the start of the load.
    pub(super) due: u64,
    /// How long it took from then.
    pub(super) took: u64,
    pub(super) end: End,
}

/// Groups that a user is in, each with what its steps came to so far.
#[derive(Debug)]
pub(super) struct Passes {
    all: Vec<(usize, Made)>,
    /// How far the endpoints of its version are from those of the first.
    shift: usize,
}

impl Passes {
    /// In no group yet, of the version whose endpoints begin there.
    pub(super) fn of(shift: usize) -> Self {
        Self { all: Vec::new(), shift }
    }

    /// A step begins: groups that it does not belong to have been passed.
    pub(super) fn enter<H: Hub>(&mut self, step: &Step, lane: &Lane<H>) {
        let left = |group: usize| !step.groups.iter().any(|of| of.endpoint == group);
        let shift = self.shift;
        self.all.retain(|(group, made)| {
            let left = left(*group);
            if left {
                lane.pass(record(*group + shift, made));
            }
            !left
        });
    }

    /// A step ended. Rests between steps are not in the sum.
    pub(super) fn add(&mut self, groups: &[Group], made: Made) {
        for group in groups {
            match self.all.iter_mut().find(|(known, _)| *known == group.endpoint) {
                Some((_, sum)) => (sum.took, sum.end) = (sum.took + made.took, made.end),
                None => self.all.push((group.endpoint, made)),
            }
        }
    }

    /// A step could not be made.
    pub(super) fn refuse(&mut self, groups: &[Group], due: u64) {
        let end = End::Failed { why: Failure::Expectation, status: None };
        self.add(groups, Made { due, took: 0, end });
    }

    /// The sequence is over, to its end or where a step failed.
    pub(super) fn leave<H: Hub>(&mut self, lane: &Lane<H>) {
        for (group, made) in self.all.drain(..) {
            lane.pass(record(group + self.shift, &made));
        }
    }

    /// The load is over, or the user's life: what was not passed by then is not counted.
    pub(super) fn forget(&mut self) {
        self.all.clear();
    }
}

fn record(group: usize, made: &Made) -> Record {
    let Made { due, took, end } = *made;
    let endpoint = EndpointId(u16::try_from(group).expect("some thousand scopes at most"));
    Record { due, sent: due, done: due + took, bytes: 0, end, endpoint }
}
