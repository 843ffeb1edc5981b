//! One turn of a user's work: which steps it makes, in which order.

use super::scenario::{Step, Task, Work};
use crate::chance::{Key, below};
use crate::script::template::Template;

/// The stream of chance that tasks are drawn with; requests and rows have others.
const TURNS: u64 = u64::MAX - 1;

/// What a user draws in one of its turns: the same for a seed, a user and a turn, whatever it drew
/// before and whatever became of it.
#[derive(Clone, Debug)]
pub struct Dice {
    key: Key,
    thrown: u64,
}

/// One turn of a user's work, step by step. Tasks are drawn as they are come to.
#[derive(Clone, Debug)]
pub struct Turn<'a> {
    frames: Vec<Frame<'a>>,
    dice: Dice,
}

/// Something begun and not ended yet.
#[derive(Clone, Debug)]
enum Frame<'a> {
    /// What is left of a sequence of steps.
    Steps(std::slice::Iter<'a, Step>),
    /// A task that may come again.
    Again { task: &'a Task, left: u32, begun: bool },
}

/// What comes next in a turn.
#[derive(Clone, Copy, Debug)]
pub enum Next<'a> {
    /// A step, and whether its sequence ends with it.
    Step(&'a Step, bool),
    /// A task came as often as it may, and what was waited for did not happen.
    InVain(&'a Task),
}

impl Dice {
    /// The draws of one turn of a user.
    #[must_use]
    pub fn new(seed: u64, user: u64, turn: u64) -> Self {
        let user = Key::new(Key::new(seed, TURNS).bits(user), 0);
        Self { key: Key::new(user.bits(turn), 0), thrown: 0 }
    }

    /// The next number below a limit; nothing is drawn where there is no choice.
    pub fn below(&mut self, limit: u64) -> u64 {
        if limit <= 1 {
            return 0;
        }
        let drawn = self.key.bits(self.thrown);
        self.thrown += 1;
        below(drawn, limit)
    }
}

impl<'a> Turn<'a> {
    /// The beginning of a turn.
    #[must_use]
    pub fn new(work: &'a Work, dice: Dice) -> Self {
        let mut turn = Self { frames: Vec::new(), dice };
        turn.begin(work);
        turn
    }

    /// The step it begins with.
    #[must_use]
    pub fn first(&self) -> Option<&'a Step> {
        match self.clone().next(|_| false) {
            Some(Next::Step(step, _)) => Some(step),
            Some(Next::InVain(_)) | None => None,
        }
    }

    /// What comes next; `holds` says whether the condition that ends a task is met.
    pub fn next(&mut self, holds: impl Fn(&Template) -> bool) -> Option<Next<'a>> {
        loop {
            match self.frames.last_mut()? {
                Frame::Steps(steps) => match steps.next() {
                    Some(step) => return Some(Next::Step(step, steps.as_slice().is_empty())),
                    None => drop(self.frames.pop()),
                },
                Frame::Again { task, left, begun } => {
                    let task = *task;
                    let met = *begun && task.until.as_ref().is_some_and(&holds);
                    if met || *left == 0 {
                        self.frames.pop();
                        if !met && task.until.is_some() {
                            return Some(Next::InVain(task));
                        }
                        continue;
                    }
                    (*left, *begun) = (*left - 1, true);
                    self.begin(&task.work);
                }
            }
        }
    }

    fn begin(&mut self, work: &'a Work) {
        match work {
            Work::Steps(steps) => self.frames.push(Frame::Steps(steps.iter())),
            Work::Tasks(tasks) => {
                let Some(task) = self.drawn(tasks) else { return };
                let (least, most) = task.repeat;
                let more = self.dice.below(u64::from(most.saturating_sub(least)) + 1);
                let left = least.saturating_add(u32::try_from(more).unwrap_or(u32::MAX));
                self.frames.push(Frame::Again { task, left, begun: false });
            }
        }
    }

    fn drawn(&mut self, tasks: &'a [Task]) -> Option<&'a Task> {
        let all: u64 = tasks.iter().map(|task| u64::from(task.weight)).sum();
        let mut slot = if tasks.len() > 1 { self.dice.below(all) } else { 0 };
        tasks.iter().find(|task| {
            let weight = u64::from(task.weight);
            let hit = slot < weight;
            slot = slot.saturating_sub(weight);
            hit
        })
    }
}
