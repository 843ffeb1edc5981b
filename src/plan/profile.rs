//! The load over time: stages, and for the closed model which virtual users live when.

use std::fmt;
use std::time::Duration;

use crate::run::Model;
use crate::unit::{Rate, show_duration};

/// The level of a load over time: stages, each linear from one level to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Whether levels are arrival rates (open) or virtual users (closed).
    pub model: Model,
    /// The stages, in order. Never empty; their durations sum to more than nothing.
    pub stages: Vec<Stage>,
}

/// A piece of a profile, linear from one level to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Its name, for `during = "…"`.
    pub name: Option<String>,
    /// How long it lasts; zero is a jump.
    pub duration: Duration,
    /// The level at its start, in millionths: of an arrival per second, or of a user.
    pub from: u64,
    /// The level at its end.
    pub to: u64,
}

/// A time in which a virtual user lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// When it starts, from the start of the load.
    pub from: Duration,
    /// When it asks for the last time, at the latest.
    pub to: Duration,
}

/// Millionths in one arrival per second, or in one user.
const MILLION: u128 = 1_000_000;

impl Profile {
    /// How long the load lasts.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.stages.iter().map(|stage| stage.duration).sum()
    }

    /// The highest level, in millionths.
    #[must_use]
    pub fn peak(&self) -> u64 {
        self.stages.iter().map(|stage| stage.from.max(stage.to)).max().unwrap_or(0)
    }

    /// How many virtual users live at a time: as many as the level, the last one begun counted
    /// whole.
    #[must_use]
    pub fn users_at(&self, time: Duration) -> u64 {
        let lasting = self.starts().find(|(start, stage)| time < *start + stage.duration);
        lasting.map_or(0, |(start, stage)| stage.users_at(time.saturating_sub(start)))
    }

    /// The most virtual users at once until a time.
    #[must_use]
    pub fn most_users(&self, until: Duration) -> u64 {
        let begun = self.starts().filter(|(start, _)| *start < until);
        begun.map(|(start, stage)| stage.most_users(until.saturating_sub(start))).max().unwrap_or(0)
    }

    /// When the `user`-th virtual user (from 0) lives: it starts as the level rises to it and stops
    /// as the level falls back to it.
    #[must_use]
    pub fn lives(&self, user: u64) -> Vec<Life> {
        let mut lives: Vec<Life> = Vec::new();
        for (start, stage) in self.starts() {
            let Some((from, to)) = stage.life(user) else { continue };
            let (from, to) = (start + from, start + to);
            match lives.last_mut().filter(|last| last.to == from) {
                Some(last) => last.to = to,
                None => lives.push(Life { from, to }),
            }
        }
        lives
    }

    /// Each stage that takes time, with its start.
    fn starts(&self) -> impl Iterator<Item = (Duration, &Stage)> {
        let all = self.stages.iter().scan(Duration::ZERO, |at, stage| {
            let start = *at;
            *at += stage.duration;
            Some((start, stage))
        });
        all.filter(|(_, stage)| !stage.duration.is_zero())
    }
}

impl Stage {
    /// The level at a time within the stage, as a fraction in millionths: numerator and
    /// denominator.
    fn level(&self, time: Duration) -> (u128, u128) {
        let (length, time) = (self.duration.as_nanos(), time.min(self.duration).as_nanos());
        let (from, to) = (u128::from(self.from), u128::from(self.to));
        (from * (length - time) + to * time, length)
    }

    fn users_at(&self, time: Duration) -> u64 {
        let (level, unit) = self.level(time);
        if self.to > self.from {
            let begun = level / (unit * MILLION) + 1;
            return count(begun.min(u128::from(self.to).div_ceil(MILLION)));
        }
        count(level.div_ceil(unit * MILLION))
    }

    fn most_users(&self, until: Duration) -> u64 {
        if self.to > self.from {
            let last = until.min(self.duration).saturating_sub(Duration::from_nanos(1));
            return self.users_at(last);
        }
        self.users_at(Duration::ZERO)
    }

    /// When within the stage the level stands above `user` users.
    fn life(&self, user: u64) -> Option<(Duration, Duration)> {
        let (from, to, wanted) =
            (u128::from(self.from), u128::from(self.to), u128::from(user) * MILLION);
        let length = self.duration.as_nanos();
        // The first nanosecond at which the level has come as far as `wanted`.
        let reached = |far: u128| nanos((far * length).div_ceil(from.abs_diff(to)));
        match (from > wanted, to > wanted) {
            (true, true) => Some((Duration::ZERO, self.duration)),
            (true, false) => Some((Duration::ZERO, reached(from - wanted))),
            (false, true) => Some((reached(wanted - from), self.duration)),
            (false, false) => None,
        }
        .filter(|(start, end)| start < end)
    }
}

impl fmt::Display for Profile {
    /// The load in words: `0/s to 200/s in 10s, 200/s for 50s`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lasting = self.stages.iter().filter(|stage| !stage.duration.is_zero());
        for (place, stage) in lasting.enumerate() {
            let (gap, time) = (if place == 0 { "" } else { ", " }, show_duration(stage.duration));
            let (from, to) = (self.words(stage.from), self.words(stage.to));
            if from == to {
                write!(out, "{gap}{to} for {time}")?;
            } else {
                write!(out, "{gap}{from} to {to} in {time}")?;
            }
        }
        Ok(())
    }
}

impl Profile {
    fn words(&self, level: u64) -> String {
        let rate =
            Rate::of(level, Duration::from_secs(1_000_000)).unwrap_or(Rate::ZERO).to_string();
        match self.model {
            Model::Open => rate,
            Model::Closed if level == 1_000_000 => "1 user".to_owned(),
            Model::Closed => format!("{} users", rate.trim_end_matches("/s")),
        }
    }
}

fn count(number: u128) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn nanos(number: u128) -> Duration {
    Duration::from_nanos(count(number))
}
