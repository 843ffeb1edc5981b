//! Locust as the engine: found before anything is spent, and told to put the load on.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use super::attend::Signals;
use super::beside::Beside;
use super::checkpoint::Checkpoints;
use super::measure::may_abort;
use super::progress::Progress;
use super::read::{Ask, Gate};
use super::ready;
use super::stand::Stand;
use super::voice::Voice;
use crate::judge::clearly_breached;
use crate::locust::{self, Call, Found, Given, Job, Line, Seen, Standing, Unfound};
use crate::plan::Plan;
use crate::plan::locust::Locust;
use crate::run::{Run, Series, Stop};
use crate::sanitise::Clean;
use crate::store::Store;

/// Counting a run that is under way may take so little of its time: one part in twenty.
const SPARING: u32 = 20;

/// A Locust that is ready to put a load on.
pub(super) struct Swarm {
    locust: Locust,
    found: Found,
    call: Call,
    environment: Vec<Given>,
}

/// Finds Locust and the locustfile.
///
/// # Errors
/// When there is no Locust, it is too old, or there is no locustfile.
pub(super) async fn find(ask: &Ask, plan: &Plan, locust: &Locust) -> Result<Swarm, Unfound> {
    let environment = locust::allowed((ask.everything)(), &locust.env);
    let folder = match &ask.gate {
        Gate::File(gate) => gate.parent().unwrap_or(Path::new("")),
        Gate::Own(..) => Path::new(""),
    };
    let tags = (plan.tags.as_slice(), plan.exclude_tags.as_slice());
    let named = ask.changes.locust_cmd.as_deref();
    let (called, told) = match locust::split(&locust.line)? {
        Line::Locust(called, told) => (called, told),
        Line::Own(_) if named.is_some() => {
            return Err(Unfound::Unfit(
                "a command that calls Locust itself stands behind `--`: leave out `--locust-cmd`, \
                 or call Locust: `-- locust -f locustfile.py`",
            ));
        }
        Line::Own(words) => {
            let found = locust::own(words, &environment)?;
            let call = locust::beneath(locust, &[], tags)?;
            return Ok(Swarm { locust: locust.clone(), found, call, environment });
        }
    };
    let call = || locust::call(locust, told, tags, folder, &ask.lookup);
    if named.is_none() && called.len() < 2 {
        // What is wrong with the locustfile is told before Locust is looked for.
        call()?;
    }
    let mut found = locust::find(named, called, &environment).await?;
    let call = if !found.wraps {
        call()?
    } else if named.is_some() {
        locust::beneath(locust, told, tags)?
    } else {
        // What was typed behind it is its own.
        found.command.extend(told.iter().map(Into::into));
        locust::beneath(locust, &[], tags)?
    };
    Ok(Swarm { locust: locust.clone(), found, call, environment })
}

impl Swarm {
    /// What tells one load from another: what Locust is told, and its locustfiles.
    pub(super) fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        let mut tell = |bytes: &[u8]| {
            hash.update(bytes);
            hash.update([0]);
        };
        if let Some(warm_up) = self.locust.warm_up {
            tell(&warm_up.as_nanos().to_le_bytes());
        }
        if self.found.wraps {
            self.found.traits(&mut tell);
        }
        self.call.traits(tell);
        format!("{:x}", hash.finalize())
    }

    /// Lets Locust put the load on. Whatever becomes of it is a run.
    pub(super) async fn measured(
        &self,
        plan: &Plan,
        stand: &Stand,
        store: &Arc<Store>,
        (voice, beside, signals): (&Voice, &Beside, &Signals),
    ) -> Run {
        let job = Job {
            plan,
            locust: &self.locust,
            found: &self.found,
            call: self.call.clone(),
            environment: self.environment.clone(),
            origin: stand.origin(plan),
        };
        let target = self.locust.target.as_ref();
        if let Some((target, ready)) = target.and_then(|to| Some((to, to.ready.as_ref()?))) {
            voice.step(&format!("waiting for GET {}", ready.path));
            let stop = tokio::select! {
                reached = ready::wait(target, ready, voice) => match reached {
                    Ok(()) => None,
                    Err(why) => Some(Stop::Unreachable(why.why, why.what)),
                },
                signal = signals.first() => Some(Stop::Signal(signal.name().to_owned())),
            };
            if let Some(stop) = stop {
                return locust::unbegun(&job, stop);
            }
        }
        let (version, shown) = (&self.found.version, &self.found.shown);
        voice.note(&if self.found.wraps {
            format!("`{shown}` calls Locust, which puts the load on")
        } else {
            format!("Locust {version} (`{shown}`) puts the load on")
        });
        self.driven(&job, Kept::start(plan, store), (voice, beside, signals)).await
    }

    async fn driven(
        &self,
        job: &Job<'_>,
        mut kept: Kept<'_>,
        (voice, beside, signals): (&Voice, &Beside, &Signals),
    ) -> Run {
        let whole = self.locust.run_time.unwrap_or_default();
        let progress = RefCell::new(Progress::by_line(voice, whole, beside));
        let said = RefCell::new(Vec::new());
        let see = |seen: &Seen<'_>| match seen {
            Seen::Said(line) => {
                let line = Clean::line(line).to_string();
                progress.borrow().step(&format!("locust: {line}"));
                said.borrow_mut().push(line);
                let more = said.borrow().len().saturating_sub(20);
                said.borrow_mut().drain(..more);
                None
            }
            Seen::Stands(standing) => {
                progress.borrow_mut().swarm(standing);
                kept.look(standing, || progress.borrow().series())
            }
        };
        let stop = async {
            let signal = signals.first().await.name();
            let words = "Locust is told to end; once more ends at once";
            progress.borrow().note(&format!("{signal}: {words}"));
            Stop::Signal(signal.to_owned())
        };
        let run = locust::drive(job, see, stop).await;
        drop(progress);
        if run.load.sent == 0 && !voice.is_verbose() {
            // What went wrong in Locust is in its own words.
            for line in said.borrow().iter() {
                voice.note(&format!("locust: {line}"));
            }
        }
        run
    }
}

/// What is known of a run under way: kept on disk, and judged where it may end early.
struct Kept<'a> {
    plan: &'a Plan,
    checkpoints: Checkpoints,
    began: Instant,
    /// When it may be counted again.
    next: Duration,
}

impl<'a> Kept<'a> {
    fn start(plan: &'a Plan, store: &Arc<Store>) -> Self {
        let checkpoints = Checkpoints::start(store, &plan.masks);
        Self { plan, checkpoints, began: Instant::now(), next: Duration::ZERO }
    }

    /// Looks at the run as far as it came; what is clearly breached ends it.
    fn look(
        &mut self,
        standing: &Standing<'_>,
        probes: impl FnOnce() -> Vec<Series>,
    ) -> Option<Stop> {
        let (now, early) = (self.began.elapsed(), may_abort(self.plan));
        if now < self.next || !(early || self.checkpoints.are_due(now)) {
            return None;
        }
        let run = (standing.so_far)()?;
        let passed = self.began.elapsed();
        self.next = passed + passed.saturating_sub(now) * SPARING;
        let breach = if early { clearly_breached(self.plan, &run) } else { None };
        self.checkpoints.keep(now, || Run { probes: probes(), ..run });
        breach.map(Stop::Breached)
    }
}
