//! Two versions side by side: the rounds after the load, until the comparison is clear.

use std::cell::RefCell;
use std::sync::Arc;

use super::attend::Signals;
use super::beside::Beside;
use super::deliver;
use super::measure::reach;
use super::progress::Progress;
use super::restart::Started;
use super::voice::Voice;
use crate::chance::Key;
use crate::judge::wants_more;
use crate::load::wire::HttpWire;
use crate::load::{self, Order};
use crate::plan::arms::{Arms, pieces, round_of};
use crate::plan::regression::Regression;
use crate::plan::{Drive, Plan, Site, Target};
use crate::run::{Origin, Rounds, Run, Stop};
use crate::store::Store;
use crate::unit::show_duration;

/// The streams of chance that give each round its seed, and the order of restarts.
const ROUNDS: u64 = u64::MAX - 3;
const RESTARTS: u64 = u64::MAX - 4;

/// Who says how it goes, who is told of it, and who may end it.
type Ears<'a> = (&'a Voice, &'a Beside, &'a Signals);

/// Both versions as they are asked, the one judged first.
struct Versions<'a> {
    plan: &'a Plan,
    regression: &'a Regression,
    drives: [Drive; 2],
    seed: u64,
}

/// Compares the target with the version that the plan names, where it names one; the rounds become
/// part of the run. After each of them the run is kept.
pub(super) async fn compare(
    plan: &Plan,
    drive: &Drive,
    mut run: Run,
    store: &Arc<Store>,
    (voice, beside, signals): Ears<'_>,
) -> Run {
    let Some(regression) = &plan.regression else { return run };
    let Some(site) = &regression.against else { return run };
    let mut rounds = Rounds { against: site.shown.clone(), rounds: Vec::new(), ended: None };
    if run.stop != Stop::End {
        rounds.ended = Some("the load ended before the comparison could begin".to_owned());
        run.rounds = Some(rounds);
        return run;
    }
    let versions = Versions::of((plan, regression), drive, site, run.origin.seed);
    let (all, lasts) = (regression.rounds(), show_duration(regression.round()));
    voice.note(&format!("comparing with {}: up to {all} rounds of {lasts}", rounds.against));
    while wants_more(plan, &run, &rounds) {
        let number = rounds.rounds.len();
        voice.step(&format!("round {}", number + 1));
        match versions.round(number, (voice, beside, signals)).await {
            Ok(round) => {
                let stop = round.stop.clone();
                rounds.rounds.push(round);
                if stop != Stop::End {
                    rounds.ended = Some(format!("round {} was cut short", number + 1));
                }
                if let Stop::Signal(name) = stop {
                    run.stop = Stop::Signal(name);
                }
            }
            Err(Halt::Trouble(why)) => rounds.ended = Some(why),
            Err(Halt::Signal(name)) => {
                rounds.ended = Some(format!("interrupted by {name}"));
                run.stop = Stop::Signal(name);
            }
        }
        run.rounds = Some(rounds.clone());
        deliver::keep(store, &run.clone().hidden(&plan.masks), voice);
    }
    run.rounds = Some(rounds);
    run
}

/// Why there is no round.
enum Halt {
    Trouble(String),
    Signal(String),
}

impl<'a> Versions<'a> {
    fn of(
        (plan, regression): (&'a Plan, &'a Regression),
        drive: &Drive,
        site: &Site,
        seed: u64,
    ) -> Self {
        let new = round_of(drive, regression);
        let Site { secure, host, port, shown } = site.clone();
        let target = Target { secure, host, port, shown, ..new.target.clone() };
        let base = Drive { target, ..new.clone() };
        Self { plan, regression, drives: [new, base], seed }
    }

    /// One round: both started anew where that is asked for, then under load.
    async fn round(&self, number: usize, (voice, beside, signals): Ears<'_>) -> Result<Run, Halt> {
        let ready = tokio::select! {
            ready = self.ready(number, voice) => ready,
            signal = signals.first() => return Err(Halt::Signal(signal.name().to_owned())),
        };
        let (started, wires) = ready.map_err(Halt::Trouble)?;
        let run = self.load(number, wires, (voice, beside, signals)).await;
        for one in started {
            one.end().await;
        }
        Ok(run)
    }

    /// Both versions, answering.
    async fn ready(
        &self,
        number: usize,
        voice: &Voice,
    ) -> Result<(Vec<Started>, [HttpWire; 2]), String> {
        let mut started = Vec::new();
        let mut wires = [None, None];
        let first = usize::from(Key::new(self.seed, RESTARTS).bits(number as u64) >> 63 == 1);
        for arm in [first, 1 - first] {
            let (drive, version) = (&self.drives[arm], ["new", "base"][arm]);
            let wire = if let Some(command) = &self.regression.restart {
                let (one, wire) = Started::anew(command, version, drive, voice).await?;
                started.push(one);
                wire
            } else {
                let reached = reach(drive, voice).await;
                reached.map_err(|no| format!("the {version} version is not there: {}", no.what))?
            };
            wires[arm] = Some(wire);
        }
        let [Some(new), Some(base)] = wires else {
            return Err("one of two versions was not started".to_owned());
        };
        Ok((started, [new, base]))
    }

    async fn load(
        &self,
        number: usize,
        wires: [HttpWire; 2],
        (voice, beside, signals): Ears<'_>,
    ) -> Run {
        let drive = &self.drives[0];
        let seed = Key::new(self.seed, ROUNDS).bits(number as u64);
        let arms = Arms::new(self.regression, &drive.load, seed);
        let axis = pieces(self.regression, &drive.load);
        let origin = Origin { seed, ..Origin::default() };
        let order = Order::new(drive, axis, seed, origin).shared(arms);
        let progress = Progress::new(voice, (self.plan, drive, true), beside, signals);
        let order = order.with_recent(progress.wants_recent());
        let progress = RefCell::new(progress);
        let watch = |now: &load::Progress<'_>| {
            progress.borrow_mut().show(now);
            None
        };
        let stop = async { Stop::Signal(signals.first().await.name().to_owned()) };
        let tell = |what: &str| progress.borrow().note(what);
        let renewing = [wires[0].clone(), wires[1].clone()];
        let mut run = tokio::select! {
            run = load::drive_both(order, wires, watch, stop) => run,
            never = renewing[0].keys().renew(tell) => match never {},
            never = renewing[1].keys().renew(tell) => match never {},
        };
        // What the comparison needs, and no more: of a round nothing else is reported.
        run.slices.clear();
        for evidence in &mut run.endpoints {
            evidence.slices.clear();
            evidence.examples.clear();
            evidence.missed.clear();
        }
        run
    }
}
