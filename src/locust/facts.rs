//! What the plugin's files tell beside the requests one by one: when the run began, grew and ended,
//! who took part, and what was wrong.

use std::collections::BTreeSet;
use std::time::Duration;

use super::frames::{Asked, Frame, Note, Request};
use crate::tally::Times;
use crate::unit::Quantile;

/// Answers are told apart in time by tenths of a second, to find when none came.
const TICK: f64 = 0.1;
/// Clocks that are no further apart than this, in seconds, are one.
const SAME_CLOCK: f64 = 0.25;
/// Silences shorter than this are none, whatever else is asked.
pub(super) const LEAST_SILENCE: Duration = Duration::from_secs(1);
/// Exceptions of the script that are told in words, at most.
const MOST_RAISED: usize = 100;
/// Long requests that are remembered, at most.
const MOST_LONG: usize = 100_000;

/// All that is known so far.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Locust's version.
    pub(super) version: String,
    /// What was asked of Locust.
    pub(super) asked: Asked,
    /// The name of the `LoadTestShape`.
    pub(super) shape: Option<String>,
    /// When the head began the test, in seconds since 1970, as all times here.
    pub(super) begun: Option<f64>,
    /// When all users had begun for the first time.
    pub(super) grown: Option<f64>,
    /// When users were first told to end.
    pub(super) stopping: Option<f64>,
    /// The exit code that the script set.
    pub(super) code: Option<i64>,
    /// The exit code that Locust ended with, as it says.
    pub(super) exit: Option<i64>,
    /// Requests that Locust itself counted.
    pub(super) known: u64,
    /// How often Locust warned that it has no CPU left.
    pub(super) warned: u64,
    /// Whether a test that had begun was begun again: a web interface or a script did that.
    pub(super) again: bool,
    /// Users alive, as the head knew them.
    pub(super) users: Vec<(f64, u64)>,
    /// Most workers at once, and the most that were gone.
    pub(super) workers: (u64, u64),
    /// Every process that wrote a file.
    pub(super) processes: Vec<Process>,
    /// Requests that came to their end.
    pub(super) counted: u64,
    /// When the first of them was sent.
    pub(super) first: Option<f64>,
    /// When the last of them ended.
    pub(super) last: Option<f64>,
    /// How long they took.
    pub(super) times: Times,
    /// Failed ones among them.
    pub(super) failed: u64,
    /// Those without a time.
    pub(super) untimed: u64,
    /// Requests that were cut off.
    pub(super) cut: Vec<Cut>,
    /// Exceptions of the script in words, the first ones.
    pub(super) raised: Vec<String>,
    answers: BTreeSet<i64>,
    tick: Option<i64>,
    long: Vec<(f64, f64)>,
}

/// A process of Locust.
#[derive(Clone, Debug, Default)]
pub(super) struct Process {
    /// `local`, `master` or `worker`; empty where it did not come so far.
    pub(super) role: String,
    /// It told its end.
    pub(super) ended: bool,
    /// Its file ends in the middle of a frame, or holds something else.
    pub(super) torn: bool,
    /// Requests in its file.
    pub(super) written: u64,
    /// Requests that it says it made.
    pub(super) claimed: u64,
    /// Exceptions of its script.
    pub(super) raised: u64,
    /// Listeners of the plugin that failed.
    pub(super) lost: u64,
    /// Requests under way when it was heard of last, and the age of the oldest.
    pub(super) flying: (u64, f64),
    /// When it was heard of last.
    pub(super) heard: f64,
    /// Its CPU time, second by second: when, and what share of a core.
    pub(super) cpu: Vec<(f64, f64)>,
    /// How far its clock is ahead of ours, in seconds, less the way here: another machine's.
    ahead: Option<f64>,
    /// Its clock was set on the way.
    pub(super) stepped: bool,
    last: Option<(f64, f64, f64)>,
}

/// A request that was cut off when its user was ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cut {
    /// When it had begun.
    pub(super) began: f64,
    /// When it was cut off.
    pub(super) ended: f64,
    /// Its method.
    pub(super) method: String,
    /// Its name.
    pub(super) name: String,
}

/// A time in which nothing was answered though requests waited.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Silence {
    pub(super) from: f64,
    pub(super) to: f64,
    /// It lasted to the end.
    pub(super) for_good: bool,
}

impl Facts {
    /// Takes a frame of a process.
    pub(super) fn take(&mut self, of: usize, frame: Frame) {
        match frame {
            Frame::Request(request) => self.request(of, request),
            Frame::Note(note) => self.note(of, *note),
            Frame::Name(..) | Frame::Error(..) => {}
        }
    }

    fn request(&mut self, of: usize, request: Request) {
        let process = &mut self.processes[of];
        process.written += 1;
        self.counted += 1;
        self.failed += u64::from(request.error > 0);
        let start = request.start - process.ahead();
        let took = f64::from(request.took.unwrap_or(0.0)) / 1_000.0;
        let end = start + took;
        self.first = Some(self.first.map_or(start, |first| first.min(start)));
        self.last = Some(self.last.map_or(end, |last| last.max(end)));
        match request.took {
            Some(took) => self.times.record(millis(took)),
            None => self.untimed += 1,
        }
        let tick = tick(end);
        if self.tick != Some(tick) {
            self.answers.insert(tick);
            self.tick = Some(tick);
        }
        if took >= LEAST_SILENCE.as_secs_f64() && self.long.len() < MOST_LONG {
            self.long.push((start, end));
        }
    }

    fn note(&mut self, of: usize, mut note: Note) {
        let process = &mut self.processes[of];
        if note.event != "taken" {
            let ahead = process.ahead();
            note.t -= ahead;
            note.began = note.began.map(|began| began - ahead);
        }
        process.heard = process.heard.max(note.t);
        process.claimed = process.claimed.max(note.count.unwrap_or(0));
        process.raised = process.raised.max(note.raised.unwrap_or(0));
        process.lost = process.lost.max(note.lost.unwrap_or(0));
        if let Some(role) = &note.role {
            process.role.clone_from(role);
        }
        let is_head = process.role != "worker";
        match note.event.as_str() {
            "beat" => self.beat(of, &note),
            "taken" => process.hear(&note),
            "quitting" | "exit" => {
                process.end();
                if is_head {
                    self.code = self.code.or(note.code);
                    self.known = self.known.max(note.known.unwrap_or(0));
                }
            }
            "quit" if is_head => self.exit = self.exit.or(note.code),
            "cpu_warning" => self.warned += 1,
            // A worker on another machine is not heard after its last report, which comes then.
            "test_stop" if !is_head => process.end(),
            "raised" => {
                process.raised += u64::from(note.raised.is_none());
                self.raise(&note);
            }
            "cut" => self.cut.push(Cut {
                began: note.began.unwrap_or(note.t),
                ended: note.t,
                method: note.method.unwrap_or_default(),
                name: note.name.unwrap_or_default(),
            }),
            "init" | "test_start" | "spawning_complete" | "test_stopping" | "test_stop"
                if is_head =>
            {
                self.head(note);
            }
            _ => {}
        }
    }

    fn beat(&mut self, of: usize, note: &Note) {
        let process = &mut self.processes[of];
        process.beat(note);
        if process.role == "worker" {
            return;
        }
        if let Some(users) = note.users {
            self.users.push((note.t, users));
        }
        let (most, gone) = self.workers;
        let (now, missing) = (note.workers.unwrap_or(0), note.missing.unwrap_or(0));
        self.workers = (most.max(now), gone.max(missing));
    }

    /// What happened to the whole test.
    fn head(&mut self, note: Note) {
        if let Some(version) = note.locust {
            self.version = version;
        }
        self.shape = note.shape.or(self.shape.take());
        if let Some(asked) = note.asked {
            self.asked = asked;
        }
        match note.event.as_str() {
            "test_start" => {
                self.again |= self.stopping.is_some();
                self.begun = self.begun.or(Some(note.t));
            }
            "spawning_complete" => self.grown = self.grown.or(Some(note.t)),
            "test_stopping" | "test_stop" => self.stopping = self.stopping.or(Some(note.t)),
            _ => {}
        }
    }

    fn raise(&mut self, note: &Note) {
        if self.raised.len() < MOST_RAISED {
            let [kind, text, user] = [&note.kind, &note.text, &note.user]
                .map(|part| part.as_deref().unwrap_or_default());
            self.raised.push(format!("{user}: {kind}: {text}"));
        }
    }

    /// Whether any process tells of the whole test.
    pub(super) fn has_head(&self) -> bool {
        self.begun.is_some()
    }

    /// When the run began: with the test, or with a request where nobody told of that.
    pub(super) fn zero(&self) -> Option<f64> {
        let first = self.cut.iter().map(|cut| cut.began).chain(self.first);
        self.begun.or_else(|| first.reduce(f64::min))
    }

    /// When it ended: as its users were told to end, or with the last sign of life.
    pub(super) fn end(&self) -> Option<f64> {
        let heard = self.processes.iter().map(|process| process.heard).reduce(f64::max);
        let last = [self.last, heard].into_iter().flatten().reduce(f64::max);
        self.stopping.or(last)
    }

    /// How long nothing may be answered while requests wait, where nobody says: 5 s, or ten times
    /// the 99th percentile.
    pub(super) fn patience(&self) -> Duration {
        let p99 = Quantile::from_millionths(990_000)
            .map(|p99| p99.rank(self.times.count()))
            .and_then(|rank| self.times.at_rank(rank));
        Duration::from_secs(5).max(p99.unwrap_or_default() * 10)
    }

    /// The longest request that was under way at a process' last sign of life, in seconds.
    pub(super) fn oldest(&self) -> f64 {
        self.processes.iter().map(|process| process.flying.1).fold(0.0, f64::max)
    }

    /// Times of so long and longer in which nothing was answered though requests waited.
    pub(super) fn silences(&self, least: Duration) -> Vec<Silence> {
        let (Some(zero), Some(end)) = (self.zero(), self.end()) else { return Vec::new() };
        let least = least.max(LEAST_SILENCE).as_secs_f64();
        let cut = self.cut.iter().map(|cut| (cut.began, cut.ended));
        let alive = self.processes.iter().filter(|process| process.flying.0 > 0);
        let alive = alive.map(|process| (process.heard - process.flying.1, process.heard));
        let waiting: Vec<(f64, f64)> = self.long.iter().copied().chain(cut).chain(alive).collect();
        let answers = self.answers.iter().map(|tick| seconds(*tick));
        let mut found = Vec::new();
        let mut before = zero;
        for (answer, last) in answers.map(|at| (at, false)).chain([(end, true)]) {
            let answer = answer.min(end);
            let covers = |(from, to): &(f64, f64)| {
                *from <= before + 3.0 * TICK && *to >= answer - 3.0 * TICK
            };
            if answer - before >= least && waiting.iter().any(covers) {
                found.push(Silence { from: before, to: answer, for_good: last });
            }
            before = before.max(answer);
        }
        found
    }
}

impl Process {
    /// It told its end.
    fn end(&mut self) {
        self.ended = true;
        self.flying = (0, 0.0);
    }

    /// A second went by in it.
    fn beat(&mut self, note: &Note) {
        self.flying = (note.flying.unwrap_or(0), note.oldest.unwrap_or(0.0));
        let (Some(cpu), Some(mono)) = (note.cpu, note.mono) else { return };
        if let Some((wall, before, used)) = self.last {
            let (passed, spent) = (mono - before, cpu - used);
            if passed > 0.2 {
                self.cpu.push((note.t, spent / passed));
            }
            self.stepped |= ((note.t - wall) - passed).abs() > 0.5;
        }
        self.last = Some((note.t, mono, cpu));
    }

    /// How far its clock is ahead of ours, in seconds; nothing where that may be the way here.
    pub(super) fn ahead(&self) -> f64 {
        self.ahead.filter(|ahead| ahead.abs() > SAME_CLOCK).unwrap_or(0.0)
    }

    /// Something of another machine came, which says when it sent that: the least delay tells most
    /// of the clocks.
    fn hear(&mut self, note: &Note) {
        let Some(sent) = note.sent else { return };
        let ahead = sent - note.t;
        self.ahead = Some(self.ahead.map_or(ahead, |known| known.max(ahead)));
    }
}

#[expect(clippy::cast_possible_truncation, reason = "tenths of seconds since 1970 fit")]
fn tick(moment: f64) -> i64 {
    (moment / TICK).floor() as i64
}

#[expect(clippy::cast_precision_loss, reason = "tenths of seconds since 1970 fit")]
fn seconds(tick: i64) -> f64 {
    tick as f64 * TICK
}

/// A time in milliseconds.
pub(super) fn millis(time: f32) -> Duration {
    Duration::try_from_secs_f64(f64::from(time) / 1_000.0).unwrap_or(Duration::MAX)
}

/// A difference of moments; zero where it is none.
pub(super) fn apart(from: f64, to: f64) -> Duration {
    Duration::try_from_secs_f64(to - from).unwrap_or_default()
}
