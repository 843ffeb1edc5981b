//! The load itself, from an unknown target to a run: wait, knock, drive.

use std::cell::RefCell;
use std::sync::Arc;

use super::attend::Signals;
use super::beside::Beside;
use super::checkpoint::Checkpoints;
use super::progress::Progress;
use super::ready;
use super::stand::Stand;
use super::voice::Voice;
use crate::judge::clearly_breached;
use crate::load::health;
use crate::load::wire::{HttpWire, Unreachable, reflect, resolve};
use crate::load::{self, Order};
use crate::machine;
use crate::plan::axis::axis;
use crate::plan::{Drive, Http, Plan};
use crate::run::{Origin, Run, Stop};
use crate::secret::Masks;
use crate::store::Store;

/// Puts the load on. Whatever becomes of it is a run: also one that never began.
pub(super) async fn measure(
    plan: &Plan,
    drive: &Drive,
    stand: &Stand,
    store: &Arc<Store>,
    (voice, beside): (&Voice, &Beside),
    signals: &Signals,
) -> Run {
    let seed = drive.load.seed.unwrap_or_else(machine::draw_seed);
    let order = |protocol: &str| {
        let origin = origin(plan, drive, stand, (seed, protocol));
        Order::new(drive, axis(&drive.load, &plan.thresholds), seed, origin)
    };
    let reached = tokio::select! {
        reached = reach(drive, voice) => reached,
        signal = signals.first() => {
            let stop = Stop::Signal(signal.name().to_owned());
            return load::unbegun(order(asked(drive.target.http)), stop);
        }
    };
    match reached {
        Ok(wire) => {
            let order = order(if wire.speaks_two() { "HTTP/2" } else { "HTTP/1.1" });
            let (profile, threads) = (&order.load.profile, health::threads(&order.load));
            voice.step(&format!("{profile} from {threads} load threads, seed {seed}"));
            let progress = Progress::new(voice, (plan, drive, false), beside, signals);
            let order = order.with_recent(progress.wants_recent());
            let checkpoints = Checkpoints::start(store, &plan.masks);
            send(plan, order, wire, progress, checkpoints, signals).await
        }
        Err(Unreachable { why, what }) => {
            let order = order(asked(drive.target.http));
            load::unbegun(order, Stop::Unreachable(why, what))
        }
    }
}

/// Whether a threshold may end the run early.
pub(super) fn may_abort(plan: &Plan) -> bool {
    plan.thresholds.iter().any(|threshold| threshold.abort.is_some())
}

/// The run of a load that nobody puts on: what it would be of.
pub(super) fn unsent(plan: &Plan, drive: &Drive, stand: &Stand) -> Run {
    let seed = drive.load.seed.unwrap_or_default();
    let origin = origin(plan, drive, stand, (seed, asked(drive.target.http)));
    let axis = axis(&drive.load, &plan.thresholds);
    load::unbegun(Order::new(drive, axis, seed, origin), Stop::Checkpoint)
}

/// Waits until the service is ready, finds out where it is, and knocks.
pub(super) async fn reach(drive: &Drive, voice: &Voice) -> Result<HttpWire, Unreachable> {
    if let Some(ready) = &drive.target.ready {
        voice.step(&format!("waiting for GET {}", ready.path));
        ready::wait(&drive.target, ready, voice).await?;
    }
    let addresses = resolve(&drive.target).await?;
    let described;
    let drive = if reflect::is_needed(drive) {
        voice.step("asking the service about its messages (gRPC reflection)");
        described = reflect::describe(drive, &addresses).await?;
        &described
    } else {
        drive
    };
    let mut wire = HttpWire::prepare(drive, &addresses).map_err(ready::unfit)?;
    wire.knock().await?;
    for site in &drive.target.also {
        let other = Drive { target: drive.target.elsewhere(site.clone()), ..drive.clone() };
        let addresses = resolve(&other.target).await?;
        wire.add(HttpWire::prepare(&other, &addresses).map_err(ready::unfit)?);
    }
    for reached in wire.reached() {
        if reached.used {
            voice.step(&format!("{} answers", reached.address));
        } else {
            voice.note(&reached.to_string());
        }
    }
    for source in wire.keys().sources() {
        voice.step(&format!("asking {source} for a token"));
    }
    wire.keys().fetch().await?;
    Ok(wire)
}

/// The tokens that were fetched so far, to be hidden.
fn tokens(wire: &HttpWire) -> Masks {
    let mut tokens = Masks::default();
    wire.keys().hide(&mut tokens);
    tokens
}

/// What would have been spoken, had anybody answered.
fn asked(http: Http) -> &'static str {
    match http {
        Http::One => "HTTP/1.1",
        Http::Two => "HTTP/2",
        Http::Auto => "HTTP/1.1 or HTTP/2",
    }
}

fn origin(plan: &Plan, drive: &Drive, stand: &Stand, (seed, protocol): (u64, &str)) -> Origin {
    Origin {
        target: drive.target.shown.clone(),
        protocol: protocol.to_owned(),
        insecure: drive.target.secure && drive.target.tls.insecure,
        seed,
        shard: drive.load.shard,
        ..stand.origin(plan)
    }
}

/// Drives the load, shows it, keeps checkpoints of it, and ends it early where that is clear.
async fn send(
    plan: &Plan,
    order: Order,
    wire: HttpWire,
    progress: Progress<'_>,
    mut checkpoints: Checkpoints,
    signals: &Signals,
) -> Run {
    let progress = RefCell::new(progress);
    // A shard does not see what the others do, and judges nothing.
    let alone = order.load.shard.is_alone();
    let early = alone && may_abort(plan);
    let watch = |now: &load::Progress<'_>| {
        progress.borrow_mut().show(now);
        let so_far = || Run { probes: progress.borrow().series(), ..now.run() };
        checkpoints.keep(now.elapsed(), || so_far().hidden(&tokens(&wire)));
        let breach = if early { clearly_breached(plan, &now.run()) } else { None };
        breach.map(Stop::Breached)
    };
    let stop = async {
        let signal = signals.first().await.name();
        let words = "waiting up to 5 s for answers; once more ends at once";
        progress.borrow().note(&format!("{signal}: {words}"));
        Stop::Signal(signal.to_owned())
    };
    let renewing = wire.keys().renew(|what| progress.borrow().note(what));
    let mut run = tokio::select! {
        run = load::drive(order, wire.clone(), watch, stop) => run,
        never = renewing => match never {},
    };
    let refused = wire.reached().into_iter().filter(|reached| reached.failed > 0);
    run.load.refused =
        refused.map(|reached| (reached.address.to_string(), reached.failed)).collect();
    run.hidden(&tokens(&wire))
}
