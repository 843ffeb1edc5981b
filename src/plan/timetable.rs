//! When the n-th request is due: a pure function in whole nanoseconds, the same on every machine.
//!
//! Arrival `n` (from 0) is due when the area under the profile begins to exceed `n` arrivals, so
//! that a stretch without load holds none. Poisson arrivals walk the same area in exponential
//! steps.

use std::time::Duration;

use super::profile::Profile;
use super::{Arrivals, Load};
use crate::chance::{Key, ONE};

/// The area of one arrival: twice a millionth of an arrival per second, times a nanosecond.
const ARRIVAL: u128 = 2_000_000_000_000_000;
/// The stream of chance that spreads Poisson arrivals.
const SPREAD: u64 = u64::MAX;
/// Stages longer than two years are cut, so that the arithmetic below has room.
const LONGEST: u64 = 1 << 56;

/// When each arrival of an open load is due.
#[derive(Clone, Debug)]
pub struct Timetable {
    spans: Vec<Span>,
    end: u128,
    arrivals: Arrivals,
    key: Key,
}

/// A stage in which something arrives, with the area before and after it.
#[derive(Clone, Debug)]
struct Span {
    start: u64,
    length: u64,
    from: u128,
    to: u128,
    before: u128,
    after: u128,
}

/// Some of a timetable's arrivals in order: each `step`-th from the `first`.
#[derive(Clone, Debug)]
pub struct Share<'a> {
    table: &'a Timetable,
    walk: Walk,
}

/// A place in a timetable, from which to go on.
#[derive(Clone, Debug)]
pub struct Walk {
    next: u64,
    step: u64,
    span: usize,
    /// Poisson: the arrivals walked so far, and the area they took.
    walked: u64,
    area: u128,
}

/// An arrival: its number in the whole load and when it is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Its number, from 0.
    pub number: u64,
    /// When it is due, from the start of the load.
    pub due: Duration,
}

impl Timetable {
    /// The timetable of a load; the seed matters to Poisson arrivals only.
    #[must_use]
    pub fn new(load: &Load, seed: u64) -> Self {
        Self::of(&load.profile, load.arrivals, seed)
    }

    /// The timetable of a profile.
    #[must_use]
    pub fn of(profile: &Profile, arrivals: Arrivals, seed: u64) -> Self {
        let (mut spans, mut start, mut area) = (Vec::new(), 0_u64, 0);
        for stage in &profile.stages {
            let length = u64::try_from(stage.duration.as_nanos()).unwrap_or(LONGEST).min(LONGEST);
            let (from, to) = (u128::from(stage.from), u128::from(stage.to));
            let after = area + (from + to) * u128::from(length);
            if after > area {
                spans.push(Span { start, length, from, to, before: area, after });
            }
            (start, area) = (start.saturating_add(length), after);
        }
        Self { spans, end: area, arrivals, key: Key::new(seed, SPREAD) }
    }

    /// When the `n`-th arrival (from 0) is due; `None` once the load is over. Poisson arrivals are
    /// walked up to it.
    #[must_use]
    pub fn due(&self, n: u64) -> Option<Duration> {
        match self.arrivals {
            Arrivals::Even => self.at(u128::from(n) * ARRIVAL, 0).map(|(due, _)| due),
            Arrivals::Poisson => self.share(n, u64::MAX).next().map(|arrival| arrival.due),
        }
    }

    /// Each `step`-th arrival from the `first`, in order: the part of one of `step` load threads.
    #[must_use]
    pub fn share(&self, first: u64, step: u64) -> Share<'_> {
        Share { table: self, walk: Walk::new(first, step) }
    }

    /// How many arrivals are due in the whole load.
    #[must_use]
    pub fn planned(&self) -> u64 {
        self.before(&[Duration::MAX])[0]
    }

    /// How many arrivals are due before each of some times, which rise.
    #[must_use]
    pub fn before(&self, times: &[Duration]) -> Vec<u64> {
        let mut walk = Walk::new(0, 1);
        times.iter().map(|time| self.count_on(&mut walk, *time)).collect()
    }

    /// How many arrivals are due before a time; `walk` is where the last, earlier time was counted
    /// to.
    #[must_use]
    pub fn count_on(&self, walk: &mut Walk, time: Duration) -> u64 {
        match self.arrivals {
            Arrivals::Even => self.even_before(time),
            Arrivals::Poisson => loop {
                let here = walk.clone();
                if walk.next(self).is_none_or(|arrival| arrival.due >= time) {
                    *walk = here;
                    return walk.next;
                }
            },
        }
    }

    fn even_before(&self, time: Duration) -> u64 {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let area = self.spans.iter().rev().find(|span| span.start < nanos);
        let area = area.map_or(0, |span| span.area(nanos - span.start));
        let mut count = u64::try_from(area.div_ceil(ARRIVAL)).unwrap_or(u64::MAX);
        // Where rounding puts an arrival on the other side of the time, what `due` says holds.
        while count > 0 && self.due(count - 1).is_none_or(|due| due >= time) {
            count -= 1;
        }
        while self.due(count).is_some_and(|due| due < time) {
            count += 1;
        }
        count
    }

    /// When the area begins to exceed `area`, and in which span; to be looked for from span `from`
    /// on.
    fn at(&self, area: u128, from: usize) -> Option<(Duration, usize)> {
        let here = self.spans.get(from).is_some_and(|span| area < span.after);
        let index = if here {
            from
        } else {
            from + self.spans.get(from..)?.partition_point(|span| span.after <= area)
        };
        let span = self.spans.get(index)?;
        let within = span.when(area.saturating_sub(span.before));
        Some((Duration::from_nanos(span.start + within), index))
    }
}

impl Walk {
    /// The start of each `step`-th arrival from the `first`.
    #[must_use]
    pub fn new(first: u64, step: u64) -> Self {
        Self { next: first, step: step.max(1), span: 0, walked: 0, area: 0 }
    }

    /// The next arrival of the timetable that is walked; `None` once the load is over.
    pub fn next(&mut self, table: &Timetable) -> Option<Arrival> {
        let area = match table.arrivals {
            Arrivals::Even => u128::from(self.next) * ARRIVAL,
            Arrivals::Poisson => {
                while self.walked <= self.next && self.area < table.end {
                    self.area += (table.key.exponential(self.walked) * ARRIVAL) / ONE;
                    self.walked += 1;
                }
                self.area
            }
        };
        let (due, span) = table.at(area, self.span)?;
        let number = self.next;
        self.span = span;
        self.next = number.saturating_add(self.step);
        Some(Arrival { number, due })
    }
}

impl Iterator for Share<'_> {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        self.walk.next(self.table)
    }
}

impl Span {
    /// The area from its start to a time within it: 2·from·t + (to − from)·t²/length, rounded
    /// towards `from`.
    fn area(&self, time: u64) -> u128 {
        let (time, length) = (u128::from(time.min(self.length)), u128::from(self.length));
        let change = self.from.abs_diff(self.to) * time;
        let bent = change / length * time + change % length * time / length;
        let flat = 2 * self.from * time;
        if self.to >= self.from { flat + bent } else { flat - bent }
    }

    /// The last nanosecond at which the area has not exceeded `area`.
    ///
    /// With the level s = √(from² + (to − from)·area/length) at that time, it is area / (from + s):
    /// the form of the quadratic's solution that loses no digits. `s` carries half as many bits
    /// behind the point as the radicand, and that as many as 127 bits allow.
    fn when(&self, area: u128) -> u64 {
        let length = u128::from(self.length);
        if self.from == self.to {
            return self.clip(area / (2 * self.from));
        }
        let change = self.from.abs_diff(self.to);
        let (whole, rest) = (area / length, area % length);
        let square = self.from.max(self.to).pow(2);
        let room = square.leading_zeros().min((change * length).leading_zeros()) - 2;
        let half = room / 2;
        let bent = ((change * whole) << (2 * half)) + ((change * rest) << (2 * half)) / length;
        let start = self.from.pow(2) << (2 * half);
        let radicand = if self.to > self.from { start + bent } else { start.saturating_sub(bent) };
        let speeds = (self.from << half) + radicand.isqrt();
        self.clip((area << half).checked_div(speeds).unwrap_or(0))
    }

    /// Rounding never moves an arrival into the next stage.
    fn clip(&self, time: u128) -> u64 {
        u64::try_from(time).unwrap_or(u64::MAX).min(self.length - 1)
    }
}
