//! Locust as the engine: found before anything is spent, and told to put the load on.

use std::cell::RefCell;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::attend::Signals;
use super::progress::Progress;
use super::read::{Ask, Gate};
use super::ready;
use super::stand::Stand;
use super::voice::Voice;
use crate::error::Error;
use crate::locust::{self, Call, Found, Given, Job, Seen};
use crate::machine;
use crate::plan::Plan;
use crate::plan::locust::Locust;
use crate::run::{Origin, Run, Stop};
use crate::sanitise::Clean;
use crate::store;

/// The largest locustfile whose bytes tell one load from another.
const MOST_SCRIPT: u64 = 16 * 1024 * 1024;

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
pub(super) async fn find(ask: &Ask, plan: &Plan, locust: &Locust) -> Result<Swarm, Error> {
    let environment = locust::allowed((ask.everything)(), &locust.env);
    let (called, told) = locust::split(&locust.line).map_err(Error::Locust)?;
    let folder = match &ask.gate {
        Gate::File(gate) => gate.parent().unwrap_or(Path::new("")),
        Gate::Own(..) => Path::new(""),
    };
    let tags = (plan.tags.as_slice(), plan.exclude_tags.as_slice());
    let call = locust::call(locust, told, tags, folder, &ask.lookup).map_err(Error::Locust)?;
    let named = ask.changes.locust_cmd.as_deref();
    let found = locust::find(named, called, &environment).await.map_err(Error::Locust)?;
    Ok(Swarm { locust: locust.clone(), found, call, environment })
}

impl Swarm {
    /// What tells one load from another: what Locust is told, and its locustfiles.
    pub(super) fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for word in &self.call.words {
            hash.update(word.as_bytes());
            hash.update([0]);
        }
        for path in self.call.files.split(',').map(str::trim) {
            let text = store::read(Path::new(path), MOST_SCRIPT).unwrap_or_default();
            hash.update(if text.is_empty() { path.as_bytes() } else { &text });
            hash.update([0]);
        }
        format!("{:x}", hash.finalize())
    }

    /// Lets Locust put the load on. Whatever becomes of it is a run.
    pub(super) async fn measured(
        &self,
        plan: &Plan,
        stand: &Stand,
        voice: &Voice,
        signals: &Signals,
    ) -> Run {
        let job = Job {
            plan,
            locust: &self.locust,
            found: &self.found,
            call: self.call.clone(),
            environment: self.environment.clone(),
            origin: origin(plan, stand),
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
        voice.note(&format!("Locust {version} (`{shown}`) puts the load on"));
        self.driven(&job, voice, signals).await
    }

    async fn driven(&self, job: &Job<'_>, voice: &Voice, signals: &Signals) -> Run {
        let whole = self.locust.run_time.unwrap_or_default();
        let progress = RefCell::new(Progress::new(voice, whole));
        let said = RefCell::new(Vec::new());
        let see = |seen: &Seen<'_>| match seen {
            Seen::Said(line) => {
                let line = Clean::line(line).to_string();
                progress.borrow().step(&format!("locust: {line}"));
                said.borrow_mut().push(line);
                let more = said.borrow().len().saturating_sub(20);
                said.borrow_mut().drain(..more);
            }
            Seen::Stands(standing) => progress.borrow_mut().swarm(standing),
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

fn origin(plan: &Plan, stand: &Stand) -> Origin {
    let (started, machine) = (machine::now(), machine::look());
    Origin {
        id: machine::run_id(&started),
        started,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        gate: plan.name.clone(),
        gate_hash: plan.hash.clone(),
        load_hash: stand.load_hash.clone(),
        commit: stand.commit.clone(),
        runner: stand.runner.clone(),
        tags: plan.tags.clone(),
        exclude_tags: plan.exclude_tags.clone(),
        cpu: machine.cpu,
        cores: machine.cores,
        memory: machine.memory,
        os: machine.os,
        arch: machine.arch,
        ..Origin::default()
    }
}
