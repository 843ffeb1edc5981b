//! Whoever is told of a run by `[export]`: opened before the load, closed after the reports.

use std::cell::RefCell;
use std::time::Duration;

use super::attend::Signals;
use super::voice::Voice;
use crate::load;
use crate::locust::Standing;
use crate::outlets::Outlets;
use crate::plan::Plan;
use crate::plan::outlet::Kind;
use crate::report::Facts;
use crate::run::{Pulse, Run, Stop};
use crate::shard::Shard;
use crate::store::Store;
use crate::telemetry::Snapshot;

/// Everybody who is told; nobody where the gate file does not ask for it.
#[derive(Default)]
pub(super) struct Telling(Option<RefCell<Outlets>>);

/// The files beside the reports that a plan asks for.
pub(super) fn files(plan: &Plan) -> Vec<String> {
    let outlets = plan.export.iter().flat_map(|export| &export.outlets);
    let file = |kind: &Kind| match kind {
        Kind::Json { file } => Some(file.clone()),
        Kind::Scrape { .. }
        | Kind::RemoteWrite(_)
        | Kind::Otlp(_)
        | Kind::Influx(_)
        | Kind::Statsd { .. } => None,
    };
    outlets.filter_map(|outlet| file(&outlet.kind)).collect()
}

impl Telling {
    /// Opens what the gate file asks for. It is the one of this checkout that is heard, whatever a
    /// base asks for.
    pub(super) fn open(plan: &Plan, shard: Shard, store: &Store, voice: &Voice) -> Self {
        let Some(export) = &plan.export else { return Self::default() };
        let mut ours = vec![("gate".to_owned(), plan.name.clone())];
        if !shard.is_alone() {
            ours.push(("shard".to_owned(), format!("{}/{}", shard.index() + 1, shard.of())));
        }
        let (outlets, off) = Outlets::open(export, ours, store);
        for why in off {
            voice.note(&format!("warning: {why}"));
        }
        Self(Some(RefCell::new(outlets)))
    }

    /// A load begins.
    pub(super) fn begin(&self) {
        if let Some(outlets) = &self.0 {
            outlets.borrow_mut().begin();
        }
    }

    /// Tells how our own load stands, where it is time to.
    pub(super) fn own(&self, now: &load::Progress<'_>, shared: bool) {
        self.tell(now.elapsed(), || {
            let sketch = now.sketch();
            let snapshot = Snapshot::of(&sketch, now.pulse(), shared);
            Snapshot { elapsed: now.elapsed(), ..snapshot }
        });
    }

    /// Tells how a load of Locust stands, where it is time to: its sums alone are known before its
    /// end.
    pub(super) fn swarm(&self, now: &Standing<'_>) {
        let pulse = Pulse {
            planned: now.sent,
            released: now.sent,
            sent: now.sent,
            dropped: 0,
            in_flight: now.in_flight,
            users: now.users,
        };
        self.tell(now.elapsed, || Snapshot::sums(now.elapsed, pulse, now.failed, now.times));
    }

    fn tell(&self, elapsed: Duration, snapshot: impl FnOnce() -> Snapshot) {
        let Some(outlets) = &self.0 else { return };
        if outlets.borrow().is_due(elapsed) {
            outlets.borrow_mut().tell(snapshot());
        }
    }

    /// Tells how it ended, with the verdict where there is one.
    pub(super) fn conclude(&self, run: &Run, facts: Option<&Facts>) {
        if let Some(outlets) = &self.0 {
            outlets.borrow_mut().conclude(Snapshot::last(run, facts));
        }
    }

    /// Waits for whoever has not taken the last numbers, and says what was lost.
    pub(super) async fn close(self, stop: &Stop, voice: &Voice, signals: &Signals) {
        let Some(outlets) = self.0 else { return };
        // A signal that came before is why the run ended; only the next one would hurry us, and it
        // ends the process.
        let hurry = async {
            if stop.signal().is_some() {
                tokio::time::sleep(HURRY).await;
            } else {
                signals.first().await;
            }
        };
        for lost in outlets.into_inner().close(hurry).await {
            voice.note(&format!("warning: {lost}"));
        }
    }
}

/// How long the last numbers of an interrupted run are waited for.
const HURRY: Duration = Duration::from_secs(1);
