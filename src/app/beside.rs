//! What goes on beside a load: who is told of it, and what is asked meanwhile.

use std::cell::RefCell;
use std::time::Duration;

use super::telling::Telling;
use crate::load;
use crate::locust::Standing;
use crate::plan::Plan;
use crate::plan::probe::Probe;
use crate::probing::Sampler;
use crate::run::Series;

/// What goes on beside a load.
pub(super) struct Beside {
    /// Who is told of it.
    pub telling: Telling,
    probes: Vec<Probe>,
    asking: RefCell<Asking>,
}

/// Questions under way, and how long after the first of them the load began.
#[derive(Default)]
struct Asking {
    sampler: Option<Sampler>,
    offset: Duration,
    said: Vec<String>,
}

impl Beside {
    /// What a plan asks for: that of this checkout, whatever load a base puts on.
    pub(super) fn new(plan: &Plan, telling: Telling) -> Self {
        let (probes, asking) = (plan.probes.clone(), RefCell::default());
        Self { telling, probes, asking }
    }

    /// A load begins. One that is shared between two versions is compared and nothing else, so
    /// nothing is asked beside it.
    pub(super) fn begin(&self, shared: bool) {
        self.telling.begin();
        if shared || self.probes.is_empty() {
            return;
        }
        let started = Sampler::start(&self.probes);
        let mut asking = self.asking.borrow_mut();
        *asking = Asking::default();
        match started {
            Ok(sampler) => asking.sampler = Some(sampler),
            Err(why) => asking.said.push(format!("warning: no probe is asked: {why}")),
        }
    }

    /// Our own load stands like this.
    pub(super) fn own(&self, now: &load::Progress<'_>, shared: bool) {
        self.at(now.elapsed());
        self.telling.own(now, shared);
    }

    /// A load of Locust stands like this.
    pub(super) fn swarm(&self, now: &Standing<'_>) {
        self.at(now.elapsed);
        self.telling.swarm(now);
    }

    /// So long ago the load began, by its own clock.
    fn at(&self, elapsed: Duration) {
        let mut asking = self.asking.borrow_mut();
        if let Some(sampler) = &asking.sampler {
            asking.offset = sampler.elapsed().saturating_sub(elapsed);
        }
    }

    /// What should be said by now, each once.
    pub(super) fn said(&self) -> Vec<String> {
        let mut asking = self.asking.borrow_mut();
        let mut said = std::mem::take(&mut asking.said);
        if let Some(sampler) = &mut asking.sampler {
            said.extend(std::iter::from_fn(|| sampler.said()));
        }
        said
    }

    /// What was asked and answered so far.
    pub(super) fn series(&self) -> Vec<Series> {
        let asking = self.asking.borrow();
        asking.sampler.as_ref().map(|sampler| sampler.series(asking.offset)).unwrap_or_default()
    }

    /// The same, and nothing more is asked.
    pub(super) fn end(&self) -> Vec<Series> {
        let series = self.series();
        self.asking.borrow_mut().sampler = None;
        series
    }
}
