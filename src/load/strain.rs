//! How strained the load threads were: second by second, whether one of them had no CPU left.

use std::collections::BTreeSet;
use std::time::Duration;

use super::health::{Second, Waits};
use crate::run::Starved;
use crate::unit::Ratio;

/// What the load threads told of their seconds.
#[derive(Debug, Default)]
pub(super) struct Strain {
    busy: BTreeSet<u64>,
    starved: BTreeSet<u64>,
    /// Waits within the starved seconds, of whoever starved.
    waits: Waits,
    /// Some thread knows how long it waited.
    told: bool,
}

impl Strain {
    /// Takes what a thread did in a second of the load.
    pub(super) fn take(&mut self, at: u64, second: Second) {
        if second.busy {
            self.busy.insert(at);
        }
        let Some(waits) = second.waits else { return };
        self.told = true;
        if second.starved {
            self.starved.insert(at);
            self.waits.waited += waits.waited;
            self.waits.turns += waits.turns;
        }
    }

    /// The share of seconds in which some thread was busy all the time.
    pub(super) fn saturated(&self, lasted: Duration) -> Ratio {
        share(&self.busy, lasted)
    }

    /// How often, and how long each time, threads waited for a CPU; `None` where nothing tells.
    pub(super) fn starved(&self, lasted: Duration) -> Option<Starved> {
        let turns = u32::try_from(self.waits.turns).unwrap_or(u32::MAX).max(1);
        let (share, wait) = (share(&self.starved, lasted), self.waits.waited / turns);
        self.told.then_some(Starved { share, wait })
    }
}

fn share(seconds: &BTreeSet<u64>, lasted: Duration) -> Ratio {
    let some = seconds.len() as u64;
    Ratio::of(some, lasted.as_secs().max(some)).unwrap_or(Ratio::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_count_once_however_many_threads_starve_in_them() {
        let mut strain = Strain::default();
        let lasted = Duration::from_secs(4);
        assert_eq!(strain.starved(lasted), None);
        let second = |ms: u64, turns: u64, starved: bool| Second {
            busy: false,
            waits: Some(Waits { waited: Duration::from_millis(ms), turns }),
            starved,
        };
        for (at, second) in
            [(0, second(10, 900, false)), (1, second(200, 20, true)), (1, second(400, 40, true))]
        {
            strain.take(at, second);
        }
        let share = Ratio::of(1, 4).expect("a share");
        let expected = Starved { share, wait: Duration::from_millis(10) };
        assert_eq!(strain.starved(lasted), Some(expected));
        assert_eq!(strain.saturated(lasted), Ratio::ZERO);
    }
}
