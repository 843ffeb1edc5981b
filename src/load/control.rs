//! The control thread: starts the load threads, counts what they tell, knows when to end.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::course::Course;
use super::ledger::{Record, Word};
use super::probe::Wire;
use super::thread::{Command, Job, start};
use super::{Order, health, nanos};
use crate::run::{Pulse, Run, Stop};
use crate::tally::Tally;

/// How long what is under way may take when a run is ended early.
const DRAIN: Duration = Duration::from_secs(5);
/// A request gets to its own deadline before it is called unfinished.
const SLACK: Duration = Duration::from_millis(100);
/// A load thread that says nothing for so long after its time is left to itself.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often the run is watched.
const WATCH: Duration = Duration::from_secs(1);
/// Between the start signal and the start, so that no thread comes too late.
const HEAD_START: Duration = Duration::from_millis(20);

/// A run as it stands, for whoever watches it.
pub struct Progress<'a> {
    course: &'a Course,
    recent: &'a [Tally],
    elapsed: Duration,
    draining: bool,
}

impl Progress<'_> {
    /// How long the load has lasted.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// How long it is planned to last.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.course.order.load.profile.duration()
    }

    /// All judged samples so far, all endpoints together.
    #[must_use]
    pub fn whole(&self) -> Tally {
        self.course.whole()
    }

    /// Planned, sent and dropped so far; in flight and users alive now.
    #[must_use]
    pub fn pulse(&self) -> Pulse {
        self.course.pulse()
    }

    /// What ended since the last look, warm-up included, endpoint by endpoint; nothing where the
    /// order does not ask for it.
    #[must_use]
    pub fn recent(&self) -> &[Tally] {
        self.recent
    }

    /// Whether nothing more is sent, and only answers are waited for.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining
    }

    /// The run so far, as a checkpoint.
    #[must_use]
    pub fn run(&self) -> Run {
        self.course.run(Stop::Checkpoint, self.elapsed)
    }

    /// The same without its slices: cheap enough for every second.
    #[must_use]
    pub fn sketch(&self) -> Run {
        self.course.sketch(self.elapsed)
    }
}

/// The control thread's own.
pub(super) struct Control<W> {
    course: Course,
    wires: Vec<W>,
    lanes: Vec<Lane>,
    ready: usize,
    start: Option<Instant>,
    ending: Option<Ending>,
    /// Whoever asks for the end has done so, and does so once.
    told: bool,
    last_tick: Instant,
    next_watch: Duration,
}

/// A load thread, seen from here.
struct Lane {
    commands: UnboundedSender<Command>,
    spare: Sender<Vec<Record>>,
    done: bool,
}

/// Why and when the load ended, and how long is waited for the load threads.
struct Ending {
    stop: Stop,
    lasted: Duration,
    by: Instant,
}

impl<W: Wire> Control<W> {
    pub(super) fn new(order: Order, wires: Vec<W>) -> Self {
        let threads = health::threads(&order.load);
        Self {
            course: Course::new(order, threads),
            wires,
            lanes: Vec::with_capacity(threads),
            ready: 0,
            start: None,
            ending: None,
            told: false,
            last_tick: Instant::now(),
            next_watch: WATCH,
        }
    }

    pub(super) async fn run(
        mut self,
        mut watch: impl FnMut(&Progress<'_>) -> Option<Stop>,
        stop: impl Future<Output = Stop>,
    ) -> Run {
        let mut stop = pin!(stop);
        let mut words = self.enlist();
        while !self.is_over() {
            let tick = self.next_tick();
            tokio::select! {
                biased;
                why = &mut stop, if !self.told => {
                    self.told = true;
                    self.end(why);
                }
                Some(word) = words.recv() => self.hear(word),
                () = tokio::time::sleep_until(tick.into()) => self.tick(&mut watch),
            }
        }
        let stop = self.ending.take().map(|ending| (ending.stop, ending.lasted));
        let (stop, lasted) = stop.unwrap_or_else(|| (Stop::End, self.elapsed()));
        self.course.run(stop, lasted)
    }

    /// Starts the load threads.
    fn enlist(&mut self) -> UnboundedReceiver<Word> {
        let (words, heard) = unbounded_channel();
        let lanes = health::threads(&self.course.order.load);
        for index in 0..lanes {
            let (commands, told) = unbounded_channel();
            let (spare, spared) = std::sync::mpsc::channel();
            let job = Job {
                order: Arc::clone(&self.course.order),
                tables: Arc::clone(&self.course.tables),
                wires: self.wires.clone(),
                index,
                lanes,
                words: words.clone(),
                commands: told,
                spare: spared,
            };
            let started = start(job);
            self.lanes.push(Lane { commands, spare, done: started.is_err() });
            if let Err(error) = started {
                self.end(Stop::NoThread(error.to_string()));
            }
        }
        heard
    }

    fn is_over(&self) -> bool {
        let late =
            self.ending.as_ref().is_some_and(|ending| Instant::now() >= ending.by + PATIENCE);
        late || self.lanes.iter().all(|lane| lane.done)
    }

    fn elapsed(&self) -> Duration {
        self.start.map_or(Duration::ZERO, |start| start.elapsed())
    }

    fn next_tick(&self) -> Instant {
        let tick = self.last_tick + health::TICK;
        let end = self.start.map(|start| start + self.course.order.load.profile.duration());
        end.filter(|_| self.ending.is_none()).map_or(tick, |end| end.min(tick))
    }

    fn hear(&mut self, word: Word) {
        match word {
            Word::Ready(pacing) => {
                self.ready += 1;
                if self.ready == self.lanes.len() && self.ending.is_none() {
                    self.begin(pacing);
                }
            }
            Word::Batch(batch) => {
                let lane = batch.lane;
                let emptied = self.course.take(*batch);
                // A thread that has ended takes nothing back.
                let _ = self.lanes[lane].spare.send(emptied);
            }
            Word::Panicked(said) => self.end(Stop::Panic(said)),
            Word::Unstarted(said) => self.end(Stop::NoThread(said)),
            Word::Done(lane, reasons) => {
                self.lanes[lane].done = true;
                self.course.remember(reasons);
                if self.ending.is_none() {
                    self.end(Stop::Panic("a load thread ended before its time".to_owned()));
                }
            }
        }
    }

    fn begin(&mut self, pacing: &'static str) {
        let start = Instant::now() + HEAD_START;
        self.course.begin(pacing);
        (self.start, self.last_tick) = (Some(start), start);
        self.tell(Command::Start(start));
    }

    /// A few times a second.
    fn tick(&mut self, watch: &mut impl FnMut(&Progress<'_>) -> Option<Stop>) {
        let now = Instant::now();
        if now.saturating_duration_since(self.last_tick) > health::TICK + health::STANDSTILL {
            let at = |moment: Instant| {
                self.start.map_or(0, |start| nanos(moment.saturating_duration_since(start)))
            };
            self.course.stood_still(at(self.last_tick), at(now));
        }
        self.last_tick = now;
        if self.start.is_none() {
            return;
        }
        let (elapsed, duration) = (self.elapsed(), self.course.order.load.profile.duration());
        if self.ending.is_none() {
            self.course.look(elapsed.min(duration));
        }
        if elapsed >= self.next_watch {
            self.next_watch = elapsed + WATCH.saturating_sub(health::TICK / 2);
            self.watched(elapsed.min(duration), watch);
        }
        if self.ending.is_none() && self.course.is_dead() {
            self.end(Stop::Dead(self.course.order.load.abort_after));
        }
        if self.ending.is_none() && elapsed >= duration {
            self.end(Stop::End);
        }
    }

    fn watched(
        &mut self,
        elapsed: Duration,
        watch: &mut impl FnMut(&Progress<'_>) -> Option<Stop>,
    ) {
        let elapsed = self.ending.as_ref().map_or(elapsed, |ending| ending.lasted);
        let draining = self.ending.is_some();
        let recent = self.course.take_recent();
        let (course, recent) = (&self.course, recent.as_slice());
        let stop = watch(&Progress { course, recent, elapsed, draining });
        if let Some(stop) = stop.filter(|_| !draining) {
            self.end(stop);
        }
    }

    /// Ends the load: nothing more is released, and what is under way gets a little time.
    fn end(&mut self, stop: Stop) {
        if let Some(ending) = &mut self.ending {
            match &stop {
                // What a panic took with it is missing, however the load ended.
                Stop::Panic(_) | Stop::NoThread(_) => ending.stop = stop,
                // Whoever asks for the end does not want to wait for the last answers.
                Stop::Signal(_) if ending.stop == Stop::End => {
                    ending.stop = stop;
                    ending.by = ending.by.min(Instant::now() + DRAIN);
                    let by = ending.by;
                    self.tell(Command::Drain { by, at_once: true });
                }
                Stop::End
                | Stop::Signal(_)
                | Stop::Breached(_)
                | Stop::Dead(_)
                | Stop::Stalled(_)
                | Stop::Unreachable(..)
                | Stop::Checkpoint => {}
            }
            return;
        }
        let at_once = stop != Stop::End;
        let timeout = self.course.order.timeout;
        let drain = if at_once { timeout.min(DRAIN) } else { timeout + SLACK };
        let (now, lasted) = (Instant::now(), self.elapsed());
        let lasted = lasted.min(self.course.order.load.profile.duration());
        if self.start.is_some() {
            self.course.look(lasted);
        }
        self.course.cut(lasted);
        let by = now + drain;
        self.ending = Some(Ending { stop, lasted, by });
        self.tell(Command::Drain { by, at_once });
    }

    fn tell(&self, command: Command) {
        for lane in &self.lanes {
            // One that has ended does not listen.
            let _ = lane.commands.send(command);
        }
    }
}
