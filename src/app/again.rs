//! A load with all that belongs to it: the reference service before and after it, and a second run
//! where the first one is suspicious.

use std::sync::Arc;

use super::attend::Signals;
use super::beside::Beside;
use super::measure::measure;
use super::past::Earlier;
use super::stand::Stand;
use super::swarm::Swarm;
use super::voice::Voice;
use crate::chance::Key;
use crate::judge::wants_second;
use crate::load::reference;
use crate::plan::{Drive, Plan};
use crate::run::{Reference, Run, Stop};
use crate::store::Store;

/// Who puts the load on.
#[derive(Clone, Copy)]
pub(super) enum Engine<'a> {
    /// We do.
    Own(&'a Drive),
    /// Locust does.
    Locust(&'a Swarm),
}

/// What is sent, and whoever is told of it.
#[derive(Clone, Copy)]
pub(super) struct Load<'a> {
    /// What is asked for.
    pub plan: &'a Plan,
    /// Who puts its load on.
    pub engine: Engine<'a>,
    /// Where it is put on.
    pub stand: &'a Stand,
    /// Where it is saved.
    pub store: &'a Arc<Store>,
    /// Who says how it goes.
    pub voice: &'a Voice,
    /// Who is told how it goes by `[export]`, and what is asked meanwhile.
    pub beside: &'a Beside,
}

/// Puts the load on; where it is compared with earlier runs and suspicious, once more.
pub(super) async fn measured(load: &Load<'_>, earlier: Option<&Earlier>, signals: &Signals) -> Run {
    let Some(earlier) = earlier else { return once(load, signals).await };
    let mut run = with_reference(load, signals).await;
    if !wants_second(load.plan, &run, &earlier.of(&run)) {
        return run;
    }
    load.voice
        .note("worse than the runs before it: a second run decides, as planned for such a case");
    let second = match load.engine {
        Engine::Own(drive) => {
            let mut drive = drive.clone();
            // Drawn from the first seed, so that one seed still tells all of it. Small enough to
            // be typed.
            drive.load.seed = Some(Key::new(run.origin.seed, 1).bits(0) >> 32);
            with_reference(&Load { engine: Engine::Own(&drive), ..*load }, signals).await
        }
        Engine::Locust(_) => with_reference(load, signals).await,
    };
    if let Stop::Signal(_) = second.stop {
        run.stop = second.stop;
        return run;
    }
    run.again = Some(Box::new(second.bare()));
    run
}

async fn once(load: &Load<'_>, signals: &Signals) -> Run {
    let Load { plan, stand, store, voice, beside, .. } = *load;
    let mut run = match load.engine {
        Engine::Own(drive) => measure(plan, drive, stand, store, (voice, beside), signals).await,
        Engine::Locust(swarm) => swarm.measured(plan, stand, store, (voice, beside, signals)).await,
    };
    run.probes = beside.end();
    run
}

/// The load with the reference service before and after it; a machine that cannot tell how fast it
/// is says nothing of it.
async fn with_reference(load: &Load<'_>, signals: &Signals) -> Run {
    let before = reference(load.voice).await;
    let mut run = once(load, signals).await;
    if run.stop == Stop::End
        && let Some(before) = before
        && let Some(after) = reference(load.voice).await
    {
        run.reference = Some(Reference { before, after });
    }
    run
}

async fn reference(voice: &Voice) -> Option<std::time::Duration> {
    voice.step("measuring the machine by the reference service");
    let (send, measured) = tokio::sync::oneshot::channel();
    let measure = move || {
        let _ = send.send(reference::measure().ok());
    };
    // A machine that gives no more threads is not measured by it.
    std::thread::Builder::new().name("reference".to_owned()).spawn(measure).ok()?;
    measured.await.ok().flatten()
}
