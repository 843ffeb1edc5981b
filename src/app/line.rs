//! `run`, `demo` and `check`: from a gate file to an exit code, in one straight line each.

use std::path::Path;
use std::sync::Arc;

use super::again::{self, Engine, Load};
use super::around::{Around, Ending};
use super::attend::Signals;
use super::bar::{self, Barred};
use super::beside::Beside;
use super::deliver;
use super::past;
use super::read::Ask;
use super::rounds::compare;
use super::scene::Scene;
use super::stand;
use super::swarm::{self, Swarm};
use super::telling::{self, Telling};
use super::voice::Voice;
use crate::archive;
use crate::baseline::History;
use crate::error::{Error, Exit};
use crate::judge::{judge_after, judge_both};
use crate::load::health;
use crate::load::wire::{HttpWire, reflect};
use crate::plan::{Drive, Plan};
use crate::report::{Case, words};
use crate::run::{Run, Stop};
use crate::shard::Shard;
use crate::store::{self, Store};

/// Puts the load on, judges what came back, writes the reports.
///
/// Whatever can be found wrong is found before the first request.
pub(super) async fn run(ask: &Ask, voice: Voice, signals: Signals) -> Result<Exit, Error> {
    let mut scene = ask.scene();
    let mut asked = bar::read(ask, scene.as_mut())?;
    let mut around = around(ask, scene, &mut asked.plan, &voice);
    let voice = voice.knowing(&asked.plan);
    asked.doubts().iter().for_each(|doubt| voice.remark(&format!("warning: {doubt}")));
    let plan = asked.driven();
    let engine = ready(ask, &plan).await?;
    let earlier = past::read(ask, &asked)?;
    let lines = telling::files(&asked.plan);
    let more: Vec<&str> =
        around.files().iter().copied().chain(lines.iter().map(String::as_str)).collect();
    let store = Arc::new(deliver::open(&ask.out, &more, &[])?);
    around.begin(&voice);
    around.fold();
    let (stand, engine) = match &engine {
        Ready::Own(drive) => {
            (stand::look(ask, || stand::load_hash(&asked.written, drive)), Engine::Own(drive))
        }
        Ready::Locust(swarm) => (stand::look(ask, || swarm.fingerprint()), Engine::Locust(swarm)),
    };
    let shard = plan.drive.as_ref().map_or(Shard::ALONE, |drive| drive.load.shard);
    let telling = Telling::open(&asked.plan, shard, &store, &voice);
    let beside = Beside::new(&asked.plan, telling);
    let (store, voice, ears) = (&store, &voice, (&voice, &beside, &signals));
    let load = Load { plan: &plan, engine, stand: &stand, store, voice, beside: &beside };
    let mut run = again::measured(&load, earlier.as_ref(), &signals).await;
    if let Engine::Own(drive) = engine {
        run = compare(&plan, drive, run, store, ears).await;
    }
    let telling = beside.telling;
    around.unfold();
    let run = run.hidden(&plan.masks);
    let kept = deliver::keep(store, &run, voice);
    if !run.origin.shard.is_alone() {
        telling.conclude(&run, None);
        telling.close(&run.stop, voice, &signals).await;
        return Ok(set_aside(&run, kept, store, voice));
    }
    let history = earlier.map(|earlier| earlier.of(&run));
    let told = Told { asked: &asked, run: &run, kept, history, telling: &telling };
    let stop = async {
        signals.first().await;
    };
    let exit = conclude(&told, store, voice, &mut around, stop);
    telling.close(&run.stop, voice, &signals).await;
    Ok(exit)
}

/// Whoever puts the load on, and can.
enum Ready<'a> {
    Own(&'a Drive),
    Locust(Box<Swarm>),
}

/// Finds whoever puts the load on.
async fn ready<'a>(ask: &Ask, plan: &'a Plan) -> Result<Ready<'a>, Error> {
    if let Some(locust) = &plan.locust {
        let swarm = swarm::find(ask, plan, locust).await.map_err(Error::Locust)?;
        return Ok(Ready::Locust(Box::new(swarm)));
    }
    let drive = plan.drive.as_ref().ok_or_else(|| Error::NothingToSend(plan.name.clone()))?;
    fits(drive).map_err(|why| Error::Unfit(plan.name.clone(), why))?;
    Ok(Ready::Own(drive))
}

/// A shard is whole once it is saved; what it is worth is judged with the others.
fn set_aside(run: &Run, kept: bool, store: &Store, voice: &Voice) -> Exit {
    let (shard, path) = (run.origin.shard, store.path(deliver::RUN));
    let exit = match &run.stop {
        Stop::End => Exit::Pass,
        Stop::Signal(name) if name == "SIGINT" => Exit::Interrupted,
        Stop::Signal(_) => Exit::Terminated,
        Stop::Breached(_)
        | Stop::Dead(_)
        | Stop::Stalled(_)
        | Stop::Panic(_)
        | Stop::NoThread(_)
        | Stop::Unreachable(..)
        | Stop::Checkpoint => Exit::Inconclusive,
    };
    let ended = words::stop(&run.stop, run.load.lasted).map(|why| format!(": {why}"));
    let ended = ended.unwrap_or_else(|| ", and nothing is judged yet".to_owned());
    if kept {
        let path = path.display();
        voice.conclude(&format!("{shard} is saved in {path}{ended}; `loadgate merge` adds all\n"));
    }
    if kept { exit } else { exit.undelivered() }
}

/// The CI host around us, where it is wanted.
fn around(ask: &Ask, scene: Option<Scene>, plan: &mut Plan, voice: &Voice) -> Around {
    if let Some(scene) = &scene {
        scene.hide(&mut plan.masks);
    }
    match ask.publishing.as_ref().filter(|_| ask.tells) {
        Some(publishing) => Around::of(scene, publishing, plan, voice),
        None => Around::nothing(),
    }
}

/// Whether the load can be sent at all: certificates, headers, and the open files it takes.
pub(super) fn fits(drive: &Drive) -> Result<(), String> {
    HttpWire::prepare(&reflect::known(drive), &[]).map_err(|unfit| unfit.to_string())?;
    let limit = health::raise_descriptors();
    limit.map_or(Ok(()), |limit| health::fits(drive, limit)).map_err(|many| many.to_string())
}

/// Judges a run that lies in a file.
pub(super) fn judged(
    ask: &Ask,
    scene: Option<Scene>,
    mut asked: Barred,
    (saved, run): (&Path, Run),
    voice: Voice,
) -> Result<Exit, Error> {
    let mut around = around(ask, scene, &mut asked.plan, &voice);
    let voice = voice.knowing(&asked.plan);
    asked.doubts().iter().for_each(|doubt| voice.remark(&format!("warning: {doubt}")));
    // It may be the run of another gate file, which had other values to hide.
    let run = run.hidden(&asked.plan.masks);
    // What is judged stays as it is, also where the reports go beside it.
    let own = store::same_file(saved, &ask.out.join(deliver::RUN));
    let spared: &[&str] = if own { &[deliver::RUN] } else { &[] };
    let store = deliver::open(&ask.out, around.files(), spared)?;
    let kept = own || deliver::keep(&store, &run, &voice);
    around.begin(&voice);
    let history = past::read(ask, &asked)?.map(|earlier| earlier.of(&run));
    let telling = Telling::default();
    let told = Told { asked: &asked, run: &run, kept, history, telling: &telling };
    Ok(conclude(&told, &store, &voice, &mut around, std::future::pending()))
}

/// Reads a saved run.
pub(super) fn recall(path: &Path) -> Result<Run, Error> {
    let most = archive::MOST_BYTES as u64;
    let bytes = store::read(path, most).map_err(Error::UnreadRun)?;
    let unfit = |why: String| Error::UnfitRun { path: path.to_owned(), why };
    let text = String::from_utf8(bytes).map_err(|_| unfit("is not UTF-8 text".to_owned()))?;
    archive::read(&text).map_err(|why| unfit(why.to_string()))
}

/// A run that is to be judged.
struct Told<'a> {
    asked: &'a Barred,
    run: &'a Run,
    /// It lies where it should.
    kept: bool,
    /// The runs before it, where it is compared with them.
    history: Option<History>,
    /// Who is told of it by `[export]`.
    telling: &'a Telling,
}

/// From a run to reports, a verdict and an exit code.
fn conclude(
    told: &Told<'_>,
    store: &Store,
    voice: &Voice,
    around: &mut Around,
    stop: impl Future<Output = ()> + Send,
) -> Exit {
    let Told { asked: Barred { plan, base, policy, .. }, run, kept, .. } = *told;
    let history = told.history.as_ref();
    let judgement = match policy {
        Some(policy) => judge_both(plan, base.as_ref(), policy.clone(), run, history),
        None => judge_after(plan, run, history),
    };
    let exit = Exit::of(&judgement);
    let case = Case { plan, run, judgement: &judgement, exit_code: exit.code() };
    let delivered = deliver::tell(store, &case, voice);
    told.telling.conclude(run, Some(&delivered.facts));
    let exit = if kept && delivered.whole { exit } else { exit.undelivered() };
    let ending = Ending { judgement: &judgement, delivered: &delivered, store, exit };
    around.tell(plan, &ending, stop)
}
