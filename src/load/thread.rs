//! A load thread: its own runtime, its own connections, from the start signal to the last answer.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use super::bell::Bell;
use super::flight::Place;
use super::lane::Lane;
use super::ledger::{Ledger, Record, Word, said};
use super::open::Open;
use super::probe::{Hub, Wire};
use super::reasons::Reasons;
use super::{Order, closed};
use crate::plan::timetable::Timetable;
use crate::run::Model;

/// A load thread is awake so long before the start.
const EARLY: Duration = Duration::from_millis(3);

/// What a load thread needs.
pub(super) struct Job<W> {
    pub(super) order: Arc<Order>,
    pub(super) tables: Arc<Vec<Timetable>>,
    /// One for each version.
    pub(super) wires: Vec<W>,
    pub(super) index: usize,
    pub(super) lanes: usize,
    pub(super) words: UnboundedSender<Word>,
    pub(super) commands: UnboundedReceiver<Command>,
    pub(super) spare: Receiver<Vec<Record>>,
}

/// What a load thread is told.
#[derive(Clone, Copy, Debug)]
pub(super) enum Command {
    /// The load starts at that moment.
    Start(Instant),
    /// Nothing new from now on; the rest may take until then. Without `at_once`, what was due by
    /// now still goes out.
    Drain { by: Instant, at_once: bool },
}

/// Starts a load thread. It says [`Word::Done`] as its last word, whatever happens to it.
pub(super) fn start<W: Wire>(job: Job<W>) -> io::Result<()> {
    let name = format!("load-{}", job.index);
    let thread = std::thread::Builder::new().name(name).spawn(move || {
        let (words, index) = (job.words.clone(), job.index);
        let ended = catch_unwind(AssertUnwindSafe(|| work(job)));
        let ended = match ended {
            Ok(Ok(reasons)) => Ok(reasons),
            Ok(Err(error)) => Err(Word::Unstarted(error.to_string())),
            Err(panic) => Err(Word::Panicked(said(panic.as_ref()))),
        };
        let reasons = ended.unwrap_or_else(|trouble| {
            let _ = words.send(trouble);
            Reasons::default()
        });
        let _ = words.send(Word::Done(index, reasons));
    });
    thread.map(drop)
}

fn work<W: Wire>(job: Job<W>) -> io::Result<Reasons> {
    // Tasks that stay on their thread, without a second queue on top of the runtime's own.
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    Ok(runtime.block_on(live(job)))
}

/// From the wait for the start signal to the last answer; why requests failed.
async fn live<W: Wire>(job: Job<W>) -> Reasons {
    let Job { order, tables, wires, index, lanes, words, mut commands, spare } = job;
    let hubs = wires.into_iter().map(Wire::hub).collect();
    let bell = Bell::new();
    let pacing = match order.load.profile.model {
        Model::Open => bell.name(),
        Model::Closed => "users",
    };
    let ledger = Ledger::new(index, Arc::clone(&order), words, spare);
    ledger.say(Word::Ready(pacing));
    let Some(Command::Start(start)) = commands.recv().await else { return Reasons::default() };
    let place = Place { order, tables, index, lanes, start };
    let lane = Rc::new(Lane::new(place, hubs, ledger));
    // The pulse begins with the load, not with the wait for it. This timer rounds up; the bell does
    // not.
    tokio::time::sleep_until(start.checked_sub(EARLY).unwrap_or(start).into()).await;
    drop(lane.spawn(None, Rc::clone(&lane).tick()));
    let (releasing, open) = release(&lane, lanes, bell);
    finish(&lane, releasing, &mut commands).await;
    for open in &open {
        open.close();
    }
    lane.close();
    lane.noted.borrow().reasons(lane.examples())
}

/// Releases users and arrivals, part by part of the load, until the last of them.
fn release<H: Hub>(
    lane: &Rc<Lane<H>>,
    lanes: usize,
    bell: Bell,
) -> (tokio::task::JoinHandle<()>, Vec<Rc<Open<H>>>) {
    let (users, arrivals): (Vec<_>, Vec<_>) = lane
        .order
        .parts()
        .into_iter()
        .enumerate()
        .partition(|(_, part)| part.profile.model == Model::Closed);
    let (mut base, mut releasing) = (0, Vec::new());
    for (part, of) in users {
        releasing.push(Releasing(lane.spawn(None, closed::crowd(Rc::clone(lane), part, base))));
        let users = lane.order.load.shard.part(of.profile.peak().div_ceil(1_000_000));
        let users = users.div_ceil(lanes as u64);
        base += usize::try_from(users).unwrap_or(0);
    }
    let versions = if arrivals.is_empty() { 0 } else { lane.order.versions() };
    let open: Vec<_> = (0..versions).map(|arm| Open::new(Rc::clone(lane), base, arm)).collect();
    let mut bell = Some(bell);
    for (part, _) in arrivals {
        let bell = bell.take().unwrap_or_else(Bell::new);
        let pace = super::open::pace(Rc::clone(lane), open.clone(), part, bell);
        releasing.push(Releasing(lane.spawn(None, pace)));
    }
    for open in &open {
        drop(lane.spawn(None, Rc::clone(open).glance()));
    }
    let all = lane.spawn(None, async move {
        for one in &mut releasing {
            // A panic in it has been told where it was caught.
            let _ = (&mut one.0).await;
        }
    });
    (all, open)
}

/// Something that releases, and ends with whoever waits for it.
struct Releasing(tokio::task::JoinHandle<()>);

impl Drop for Releasing {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Waits for the word to end, and then for what is under way.
async fn finish<H: Hub>(
    lane: &Lane<H>,
    mut releasing: tokio::task::JoinHandle<()>,
    commands: &mut UnboundedReceiver<Command>,
) {
    let mut told = commands.recv().await;
    while let Some(Command::Drain { by, at_once }) = told {
        let landed = async {
            if at_once || tokio::time::timeout_at(by.into(), &mut releasing).await.is_err() {
                releasing.abort();
            }
            lane.drain(by).await;
        };
        told = tokio::select! {
            () = landed => return,
            // A signal while the last answers are waited for: they get less time.
            sooner = commands.recv() => sooner,
        };
    }
}
